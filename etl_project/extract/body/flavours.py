"""How each kind of Markdown becomes HTML: passes over its text, options of the renderer, passes over the HTML.

All kinds are rendered by one fast CommonMark renderer. What a generator's own Markdown has beyond CommonMark is a
pass: a function from text to text that returns the same object when it finds nothing to do. Each pass begins with a
cheap `in`, as nearly every post needs none of them.

A body goes through, in this order: the templates of its dialect (`templates.py`), `before`, the renderer, `after`.
A body that is HTML already skips all but the templates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pyromark import Options

from etl_project.dialects import Markdown
from etl_project.extract.body.bare_addresses import (
    link_gfm_addresses,
    link_goldmark_addresses,
    link_marked_addresses,
    link_obsidian_addresses,
)
from etl_project.extract.body.callouts import strip_callout_signs, strip_container_marks
from etl_project.extract.body.escaped_braces import keep_escaped_braces
from etl_project.extract.body.footnotes import gather_all_footnotes, gather_footnotes, gather_inline_notes, part_marks
from etl_project.extract.body.kramdown import (
    convert_kramdown,
    convert_kramdown_with_html,
    convert_python_markdown,
    escape_colons,
    split_terms,
    strip_code_languages,
    strip_heading_attributes,
    strip_heading_braces,
    strip_heading_ids,
)
from etl_project.extract.body.line_breaks import break_lines
from etl_project.extract.body.link_definitions import close_brackets_of_addresses
from etl_project.extract.body.mdx import convert_mdx
from etl_project.extract.body.obsidian import (
    mark_embedded_pages,
    show_parts,
    strip_block_ids,
    strip_highlights,
    strip_obsidian_comments,
    strip_task_signs,
    write_formulas,
)
from etl_project.extract.body.paragraphs import begin_fences, begin_tables, begin_tables_of_text
from etl_project.extract.body.struck_text import keep_single_tildes, strike_text
from etl_project.extract.body.tasks import space_tasks
from etl_project.extract.body.wide_headings import narrow_headings

Pass = Callable[[str], str]
"""A step that reads a whole body and returns it changed, or the same object."""

_COMMON = Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_FOOTNOTES | Options.ENABLE_TASKLISTS


@dataclass(frozen=True, slots=True)
class Flavour:
    """One kind of Markdown."""

    options: Options = _COMMON
    """Options of the renderer."""
    before: tuple[Pass, ...] = ()
    """Passes over the Markdown, in this order."""
    after: tuple[Pass, ...] = ()
    """Passes over the HTML, in this order."""
    wikilinks: bool = False
    """Whether `[[page]]` and `[[page|label]]` are links."""


_AFTER_KRAMDOWN: tuple[Pass, ...] = (keep_escaped_braces, keep_single_tildes, strike_text)
_KRAMDOWN = Flavour(
    _COMMON | Options.ENABLE_DEFINITION_LIST,
    before=(part_marks, convert_kramdown, *_AFTER_KRAMDOWN),
    after=(strip_heading_ids, split_terms, gather_footnotes),
)
FLAVOURS: dict[Markdown, Flavour] = {
    "kramdown": _KRAMDOWN,
    "kramdown-with-html": replace(_KRAMDOWN, before=(part_marks, convert_kramdown_with_html, *_AFTER_KRAMDOWN)),
    "goldmark": Flavour(
        _COMMON | Options.ENABLE_DEFINITION_LIST,
        before=(
            part_marks,
            begin_tables,
            space_tasks,
            keep_escaped_braces,
            escape_colons,
            close_brackets_of_addresses,
            link_goldmark_addresses,
        ),
        after=(strip_heading_attributes, split_terms, gather_footnotes, strip_callout_signs),
    ),
    "marked": Flavour(
        _COMMON & ~Options.ENABLE_FOOTNOTES,
        before=(
            begin_fences,
            begin_tables,
            narrow_headings,
            close_brackets_of_addresses,
            link_marked_addresses,
            strike_text,
            break_lines,
        ),
    ),
    "pulldown-cmark": Flavour(_COMMON | Options.ENABLE_HEADING_ATTRIBUTES, after=(gather_all_footnotes,)),
    "python-markdown": Flavour(
        Options.ENABLE_TABLES | Options.ENABLE_FOOTNOTES | Options.ENABLE_DEFINITION_LIST,
        before=(part_marks, convert_python_markdown, keep_escaped_braces),
        after=(strip_heading_braces, strip_code_languages, split_terms, gather_all_footnotes),
    ),
    "obsidian": Flavour(
        _COMMON | Options.ENABLE_WIKILINKS | Options.ENABLE_MATH,
        before=(strip_obsidian_comments, part_marks, link_obsidian_addresses, break_lines),
        after=(
            gather_all_footnotes,
            gather_inline_notes,
            strip_callout_signs,
            strip_block_ids,
            strip_highlights,
            write_formulas,
            mark_embedded_pages,
            show_parts,
            strip_task_signs,
        ),
        wikilinks=True,
    ),
    "gfm": Flavour(
        before=(part_marks, begin_tables_of_text, strip_container_marks, link_gfm_addresses),
        after=(gather_footnotes, strip_callout_signs),
    ),
}
"""Every kind of Markdown that a dialect may name."""

MDX_BEFORE: tuple[Pass, ...] = (convert_mdx,)
"""Passes over a body in MDX (`.mdx`), before those of its flavour."""
