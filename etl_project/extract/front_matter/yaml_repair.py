"""Repair front matter that YAML refuses or would change, by reading it line by line as `key: rest of the line`.

The block is split into entries: a key at the left margin, with the lines that belong to it. Each entry is read as YAML
on its own. An entry that is still in doubt is read as a person would read it, with a warning:

- a value between quotes is the text from the first to the last quote (`repaired_quotes`);
- any other value is the text exactly as written (`repaired_plain_scalar`);
- lines at the left margin that hold no key continue the value before them; a list below a value is joined with it;
- `layout:post` and `key：value` count as keys too, and so does a bare word above a list;
- lists and nested mappings are repaired item by item.

Lines indented with a TAB, complex keys and lines that belong to no key cannot be repaired.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from etl_project.extract.front_matter.yaml_events import NULLS, POST_KEYS, TITLES, Budget, Doubt, Value, read_events
from etl_project.reasons import PostWarning, Rejection

_KEY_START = re.compile(r"""("[^"]*"|'[^']*'|[^\W_][\w.$/-]*(?:[ ][\w.$/-]+){0,2}|_[\w.$/-]*|<<)[ \t]*:(?=[ \t]|$)""")
TIGHT_KEY = re.compile(
    r"""([A-Za-z_][A-Za-z0-9_-]*|"[A-Za-z_][\w-]*"|'[A-Za-z_][\w-]*')(?::(?!//)(?=\S)|[ ]:(?![/\s])|[ ]?：[ \t]*)"""
)
"""A key without white space after its colon, or with a full-width one."""
_WIDE = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_WIDE_SPACE = re.compile(f"[{_WIDE}]")
"""White space that input methods and web pages give, and that YAML takes for letters."""
_WIDE_INDENT = re.compile(rf"^[{_WIDE}][ {_WIDE}]*(?=-[ {_WIDE}]|[A-Za-z_][\w-]*[:：]|$)", re.MULTILINE)
_WIDE_AFTER = re.compile(rf"^([ ]*(?:-[ ]+)?[A-Za-z_][\w-]*[:：]|[ ]*-)[{_WIDE}][ {_WIDE}]*", re.MULTILINE)
_WIDE_END = re.compile(rf"(?<=[\"'\]])[{_WIDE}][ {_WIDE}]*$", re.MULTILINE)
_LINKS = re.compile(r"\[\[[^\[\]]+\]\][^\]]")
"""Links of notes without quotes, one after another: `[[Pat Doe]], [[Sam]]`."""
_STRAY_KEY = re.compile(r"[A-Za-z_][\w-]*:(?=[ \t]|$)")
_BARE_WORD = re.compile(r"[A-Za-z_][\w-]*[ \t]*")
_ITEM_START = re.compile(r"-(?=[ \t]|$)")
_ITEM = re.compile(r"[ ]*-[ \t]+[^\s]")
_TIGHT_ITEM = re.compile(r"-[^\s-]")
"""An item without white space after its dash; it counts below an item that has some."""
_BLOCK_SCALAR = re.compile(r"[|>][-+0-9]{0,2}")
_QUOTED_LINE = re.compile(rf"""(?:{POST_KEYS}:|-)[ \t]+(?:"[^"]+"|'[^']+')""")
_BEFORE_TEXT = r"""(?:[A-Za-z_][\w-]{2,}:|"[\w -]+":|'[\w -]+':|-)[ \t]+"""
_TEXT_LINE = re.compile(rf"""{_BEFORE_TEXT}(?:(?!""|'')|(?:""|'')$)""")
_LONE_QUOTE = re.compile(rf"""{_BEFORE_TEXT}["']""")
_TAG_START = re.compile(r"!+[A-Za-z<]")
_LIST_KEYS = frozenset(("tags", "tag", "categories", "category", "keywords", "authors", "author", "series", "aliases"))
"""Keys whose value may be a list of which somebody forgot the closing bracket."""
_QUOTES = "\"'"
_QUOTED_ITEMS = re.compile(r"""(?:"[^"]*"|'[^']*')(?:[ \t]*[,，][ \t]*(?:"[^"]*"|'[^']*'))+,?""")
_STAR = re.compile(r"[ ]*\*[ \t]+\S")
_LISTED = re.compile(r"""[ \t]*(?:"([^"]*)"[ \t]*(?=,|$)|'((?:[^']|'')*)'[ \t]*(?=,|$)|([^,]*))(?:,|$)""")
"""An item between brackets: a comma in quotes does not end it."""


@dataclass(slots=True)
class _Entry:
    """A key at the left margin, and the lines that belong to it."""

    key: str
    rest: str
    line: int
    lines: list[str]
    is_loose: bool = False
    """Whether a line at the left margin continues the entry, or YAML would not recognise its key."""
    margin: int = 0
    item_indent: int | None = None
    """Indentation of the list items below the key; None until there are any."""
    children: list[str] = field(default_factory=list)


def narrow_spaces(block: str, line: int) -> tuple[str, PostWarning | None]:
    """Write ASCII spaces for wide ones that indent a key or list item, or follow a key or the dash of an item.

    Those after a closing quote or bracket are left out.

    Args:
        block: the text.
        line: file line of its first line.

    Returns:
        The text, and a warning that names the first line that changed.
    """
    if block.isascii() or not _WIDE_SPACE.search(block):
        return block, None
    narrow = _WIDE_INDENT.sub(lambda indent: " " * len(indent[0]), block)
    narrow = _WIDE_AFTER.sub(lambda key: key[1].replace("：", ":") + " ", narrow)
    narrow = _WIDE_END.sub("", narrow)
    for number, (written, text) in enumerate(zip(block.split("\n"), narrow.split("\n"), strict=True)):
        if text != written and text.strip():
            return narrow, PostWarning("repaired_plain_scalar", text.strip()[:200], line + number)
    return narrow, None


def repair(block: str, budget: Budget, doubt: Doubt, *, line: int, depth: int = 0) -> dict[str, Value]:
    """Read a block line by line, and repair what YAML refuses.

    Args:
        block: the text, its keys at the left margin.
        budget: shared with the other parts of the front matter; warnings are added.
        doubt: why the block cannot be read as YAML; its message is used where there is no better one.
        line: file line of the first line of `block`.
        depth: nesting around the block.

    Raises:
        Rejection: `syntax` for a line that belongs to no key, and the rejections of `read_events`.
    """
    if depth >= budget.limits.depth:
        raise Rejection("depth_limit", f"Nested deeper than {budget.limits.depth} levels.", line)
    fields: dict[str, Value] = {}
    merged: list[dict[str, Value]] = []
    for entry in _split_entries(block, doubt, line):
        value = _read_entry(entry, block, budget, depth)
        if entry.key == "<<" and isinstance(value, dict):
            merged.append(value)
            continue
        if entry.key in fields and fields[entry.key] != value:
            budget.warnings.append(PostWarning("duplicate_key", entry.key, entry.line))
        fields[entry.key] = value
    for mapping in merged:
        for key, value in mapping.items():
            fields.setdefault(key, value)
    return fields


def _split_entries(block: str, doubt: Doubt, first: int) -> list[_Entry]:
    """Split a block into entries; `first` is the file line of its first line."""
    entries: list[_Entry] = []
    entry: _Entry | None = None
    lines = block.split("\n")
    for number, text in enumerate(lines):
        stripped = text.strip(" ")
        line = first + number
        if not stripped:
            if entry is not None:
                entry.lines.append("")
                entry.children.append("")
            continue
        if text[0] == "\t":
            if not text.strip():
                continue
            raise Rejection("syntax", "A line is indented with a TAB.", line)
        indent = len(text) - len(text.lstrip(" "))
        new_entry = None
        if indent == 0:
            if text[0] == "#":
                continue
            if text[:2] in ("? ", ": ") or text in ("?", ":"):
                raise Rejection("syntax", "A key is a list or a mapping.", line)
            new_entry = _start_entry(text, line, lines[number + 1] if number + 1 < len(lines) else "")
        elif entry is None or _is_stray_key(entry, stripped, indent):
            new_entry = _start_entry(stripped, line, "")
            if new_entry is not None:
                new_entry.margin = indent
                new_entry.is_loose = True
        if new_entry is not None:
            entry = new_entry
            entries.append(entry)
            continue
        if entry is None:
            raise Rejection("syntax", f"The front matter cannot be read: {doubt.message}.", doubt.line or line)
        if indent == entry.item_indent and _TIGHT_ITEM.match(stripped):
            text = f"{text[:indent]}- {stripped[1:]}"
            entry.is_loose = True
        text = text[min(indent, entry.margin) :]
        if indent == 0 and not _ITEM_START.match(text):
            entry.is_loose = True
            entry.lines.append("  " + text)
        else:
            if entry.item_indent is None and stripped[0] == "-" and _ITEM_START.match(stripped):
                entry.item_indent = indent
                entry.is_loose |= bool(entry.rest)
            entry.lines.append(text)
        entry.children.append(text)
    if not entries:
        raise Rejection("syntax", f"The front matter cannot be read: {doubt.message}.", doubt.line)
    return entries


def _start_entry(text: str, line: int, next_line: str) -> _Entry | None:
    """Make an entry of this line if it holds a key, else None."""
    match = _KEY_START.match(text)
    if match is not None:
        key = match[1]
        if key[0] in "\"'":
            key = key[1:-1]
        return _Entry(key, text[match.end() :].strip(" \t"), line, [text])
    match = TIGHT_KEY.match(text)
    if match is not None:
        key, rest = match[1].strip(_QUOTES), text[match.end() :].strip(" \t")
        return _Entry(key, rest, line, [f"{key}: {rest}"], is_loose=True)
    if _BARE_WORD.fullmatch(text) and _ITEM_START.match(next_line.lstrip(" ")):
        return _Entry(text.strip(), "", line, [f"{text.strip()}:"], is_loose=True)
    return None


def _is_stray_key(entry: _Entry, stripped: str, indent: int) -> bool:
    """Whether an indented line holds a key of its own: ` date: b` below `title: a`, ` category:` in a list."""
    if not _STRAY_KEY.match(stripped):
        return False
    if entry.rest:
        return entry.rest[0] not in "\"'[{&!|>"
    return entry.item_indent is not None and indent <= entry.item_indent


def _read_entry(entry: _Entry, block: str, budget: Budget, depth: int) -> Value:
    """Read an entry as YAML, else repair it. `<<` gives the mappings to merge, any other key its value."""
    warning_count, event_count = len(budget.warnings), budget.events
    try:
        value = read_events("\n".join(entry.lines), budget, line=entry.line, depth=depth)
    except Doubt as doubt:
        del budget.warnings[warning_count:]
        budget.events = event_count
        return _read_in_doubt(entry, block, budget, depth, doubt)
    if not isinstance(value, dict) or (len(value) != 1 and entry.key != "<<"):
        return _read_in_doubt(entry, block, budget, depth, Doubt("it is no `key: value`", entry.line))
    if entry.key in TITLES and _is_ambiguous(entry, block, in_doubt=False):
        raise Rejection("syntax", "Another line ends with a quote that may be the title's.", entry.line)
    if entry.is_loose:
        budget.warnings.append(PostWarning("repaired_plain_scalar", entry.key, entry.line))
    return value if entry.key == "<<" else next(iter(value.values()))


def _read_in_doubt(entry: _Entry, block: str, budget: Budget, depth: int, doubt: Doubt) -> Value:
    """Read an entry that YAML refuses or would change, as a person would read it, with a warning."""
    children = entry.children
    while children and not children[-1]:
        children.pop()
    content_lines = [child for child in children if child and not child.lstrip(" ").startswith("#")]
    rest = "" if entry.rest.startswith("#") and content_lines else entry.rest
    if _is_ambiguous(entry, block, in_doubt=True):
        raise Rejection("syntax", "A quoted value is not closed on its line.", entry.line)
    if not content_lines:
        return _read_literally(rest, entry, budget)
    if not rest and entry.key in _LIST_KEYS and all(_STAR.match(child) for child in content_lines):
        children = content_lines = [child.replace("*", "-", 1) for child in content_lines]  # as in Markdown
        budget.warnings.append(PostWarning("repaired_plain_scalar", entry.key, entry.line))
    margin = min(len(child) - len(child.lstrip(" ")) for child in content_lines)
    dedented = [child[margin:] if child.strip() else "" for child in children]
    if dedented[children.index(content_lines[0])][0] == " " and all(_ITEM.match(child) for child in content_lines):
        dedented = [child.strip() for child in children]  # a list whose first item is indented more than the others
        budget.warnings.append(PostWarning("repaired_plain_scalar", entry.key, entry.line))
    if _BLOCK_SCALAR.fullmatch(rest):
        budget.warnings.append(PostWarning("repaired_plain_scalar", entry.key, entry.line))
        return "\n".join(dedented)
    if all(_ITEM_START.match(child) or child.startswith((" ", "#")) or not child for child in dedented):
        items = _read_items(dedented, entry, budget, depth)
        if rest:
            items.insert(0, _read_literally(_ITEM_START.sub("", rest).strip(), entry, budget))
        return items
    if not rest and _KEY_START.match(next(child for child in dedented if child and child[0] != "#")):
        return repair("\n".join(dedented), budget, doubt, line=entry.line + 1, depth=depth + 1)
    return _read_literally(_fold_lines([rest, *(child.strip() for child in children)]), entry, budget)


def _read_items(dedented: list[str], entry: _Entry, budget: Budget, depth: int) -> list[Value]:
    """Read the items of a list, each as YAML, else repaired. `dedented` holds the lines below the key."""
    starts = [number for number, child in enumerate(dedented) if _ITEM_START.match(child)]
    items: list[Value] = []
    for start, stop in zip(starts, [*starts[1:], len(dedented)], strict=True):
        lines = [" " + dedented[start][1:], *dedented[start + 1 : stop]]
        while not lines[-1].strip():
            lines.pop()
            if not lines:
                break
        if not lines:
            items.append(None)
            continue
        line = entry.line + 1 + start
        margin = min(len(text) - len(text.lstrip(" ")) for text in lines if text.strip())
        text = "\n".join(text[margin:] for text in lines)
        if text[0] == "#":
            items.append(_read_literally(text, entry, budget, line))
            continue
        warning_count, event_count = len(budget.warnings), budget.events
        try:
            items.append(read_events(text, budget, line=line, depth=depth + 1))
        except Doubt as doubt:
            del budget.warnings[warning_count:]
            budget.events = event_count
            if _KEY_START.match(text) and ("\n" in text or any(isinstance(item, dict) for item in items)):
                items.append(repair(text, budget, doubt, line=line, depth=depth + 2))
            else:
                whole = _fold_lines([part.strip() for part in text.split("\n")])
                items.append(_read_literally(whole, entry, budget, line))
    return items


def _is_ambiguous(entry: _Entry, block: str, *, in_doubt: bool) -> bool:
    """Whether nobody can tell where the quoted value of an entry ends.

    The closing quote may have been forgotten, or the text may continue in other lines: then one of these ends with
    a quote but does not begin with one, or a key occurs twice. A title in doubt that continues in lines of its own,
    or consists of a single quote character, is ambiguous.
    """
    rest = entry.rest
    quote = rest[:1]
    if quote not in ('"', "'"):
        return False
    is_title = entry.key in TITLES
    if (in_doubt or entry.is_loose) and (rest == quote or any(entry.children)):
        return is_title
    is_closed = not in_doubt or rest.rstrip(",").endswith(quote)
    if is_closed and not is_title:
        return False
    own = entry.lines[0].strip()
    lines = [line for line in (_space_key(written.strip()) for written in block.split("\n")) if line != own]
    keys = [line.partition(":")[0] for line in lines if line and line[0] not in "-#"]
    if len(set(keys)) < len(keys):
        return True
    if not is_closed or len(rest) == 2:
        return any(
            line.startswith(quote) or (line.endswith(quote) and not _QUOTED_LINE.fullmatch(line)) for line in lines
        )
    # YAML would have read on from a quote escaped by a backslash to the next one, which explains a lone quote below.
    may_be_lone = rest[-2:-1] == "\\"
    for line in lines:
        if not line.endswith(quote) or (may_be_lone and _LONE_QUOTE.fullmatch(line)):
            continue
        if line.count(quote) % 2 or line[-2:-1] == "\\" or not _TEXT_LINE.match(line):
            return True
    return False


def _space_key(line: str) -> str:
    """Write a line whose key has no white space after its colon with some."""
    match = TIGHT_KEY.match(line)
    return f"{match[1].strip(_QUOTES)}: {line[match.end() :]}" if match else line


def _read_literally(text: str, entry: _Entry, budget: Budget, line: int | None = None) -> Value:
    """Read the text as a person does: between its quotes, as a list in brackets, else exactly as written."""
    if text in NULLS:
        return None
    if text[0] == "[" and entry.key not in TITLES and not _LINKS.match(text):
        closed = text.rstrip(", \t")
        if closed[-1] == "]" or (entry.key in _LIST_KEYS and "]" not in text):
            budget.warnings.append(PostWarning("repaired_plain_scalar", f"{entry.key}: {text[:200]}", entry.line))
            return _items_between_brackets(closed[1:].removesuffix("]"))
    if entry.key in _LIST_KEYS and _QUOTED_ITEMS.fullmatch(text):
        budget.warnings.append(PostWarning("repaired_plain_scalar", f"{entry.key}: {text[:200]}", entry.line))
        return _items_between_brackets(text.replace("，", ","))
    if _TAG_START.match(text):
        raise Rejection("unsafe_tag", f"The tag {text.split(' ', 1)[0][:80]} is not read.", line or entry.line)
    code = "repaired_plain_scalar"
    quote = text[0]
    if quote in "\"'":
        # A comma after the last quote comes from JSON.
        closed = text[:-1] if text.endswith(quote + ",") else text
        if len(closed) > 1 and closed[-1] == quote:
            text, code = closed[1:-1], "repaired_quotes"
        elif quote == '"' and text.count(quote) == 1:
            text, code = text[1:], "repaired_quotes"
    budget.warnings.append(PostWarning(code, f"{entry.key}: {text[:200]}", line or entry.line))
    return text


def _items_between_brackets(text: str) -> list[Value]:
    """Split the inside of a list in brackets at the commas that no quotes hold."""
    items: list[Value] = []
    for double, single, plain in _LISTED.findall(text):
        item = double or single.replace("''", "'") or plain.strip(" \t\"'")
        if item:
            items.append(item)
    return items


def _fold_lines(lines: list[str]) -> str:
    """Join lines the way YAML folds them: one space for a line end, a line end for an empty line."""
    parts: list[str] = []
    for text in lines:
        if not text:
            parts.append("\n")
        else:
            if parts and parts[-1] != "\n":
                parts.append(" ")
            parts.append(text)
    return "".join(parts).strip("\n")
