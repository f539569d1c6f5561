"""Turn the text of an Org file into HTML, as far as text, headings, links and code need it.

https://orgmode.org/worg/org-syntax.html; Hugo begins headings at the second level, as the title is the first.
"""

from __future__ import annotations

import html
import re

_HEADING = re.compile(r"(\*+)[ \t]+(?:(?:TODO|DONE)[ \t]+)?(?:\[#[A-Z0-9]\][ \t]+)?(.*)")
_HEADING_TAGS = re.compile(r"[ \t]+:[\w@#%:]{1,200}:[ \t]*$")
_BLOCK = re.compile(r"#\+(begin|end)_(\w+)", re.IGNORECASE)
_END = re.compile(r"^[ \t]*(?:#\+end_\w{1,40}|:end:)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_DRAWERS = frozenset({":properties:", ":logbook:"})
_NO_TEXT = re.compile(r"#\+[\w-]+(?:\[[^\]]*\])?:|#(?:[ \t]|$)")
_PLANNING = re.compile(r"(?:CLOSED|DEADLINE|SCHEDULED):[ \t]*[<\[]")
_ITEM = re.compile(r"[ \t]*(?:[-+]|[0-9]{1,9}[.)])[ \t]+(?:\[[ X-]\][ \t]+)?(.*)|[ \t]+\*[ \t]+(.*)")
_RULE = re.compile(r"-{5,}[ \t]*$")
_FIXED = re.compile(r":(?:[ ](.*))?$")
_TAGS = {"*": "b", "/": "i", "_": "u", "+": "del", "=": "code", "~": "code"}
_BEFORE_EMPHASIS = r"(?<![^\s({'\"-])"
_AFTER_EMPHASIS = r"(?=[\s.,:!?;'\")}\[\\-]|\Z)"
_EMPHASIS = "|".join(
    [
        rf"{_BEFORE_EMPHASIS}{m}[^\s{m}](?:[^{m}\n]{{0,500}}(?:\n[^{m}\n]{{0,500}})?[^\s{m}])?{m}{_AFTER_EMPHASIS}"
        for m in map(re.escape, _TAGS)
    ]
)
"""Only these signs of ASCII may stand beside emphasis, so `，*x*。` has none."""
_INLINE = re.compile(
    r"\[\[(?P<url>[^\[\]\n]{1,2000})\](?:\[(?P<name>(?:[^\[\]]|\[[^\[\]\n]{0,200}\]){1,1000})\])?\]"
    r"|\[fn:[\w-]{0,100}(?::(?P<note>(?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]{0,1000}\]){0,1000}\]){0,2000}))?\]"
    r"|@@(?P<backend>\w{1,20}):(?P<export>[^@\n]{0,1000}(?:@[^@\n]{1,1000}){0,20})@@"
    rf"|[_^]\{{(?P<script>[^{{}}\n]{{1,200}})\}}|(?P<break>\\\\[ \t]*(?=\n|\Z))|(?P<emphasis>{_EMPHASIS})"
    r"|\b(?P<bare>(?:https?|ftp)://[\w.~:/?#\[\]@!$&'()*+,;=%-]+)",
    re.ASCII,
)
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp")
_CODE = frozenset({"src", "example", "verbatim"})
_DROPPED = frozenset({"comment", "export"})


def org_to_html(text: str) -> str:
    r"""Turn Org text, without the keywords at its start, into HTML; lines end in `\n`."""
    reader = _OrgReader(text)
    for line in text.split("\n"):
        reader.read_line(line)
    return reader.finish()


class _OrgReader:
    """Turns one text into HTML, line by line."""

    def __init__(self, text: str) -> None:
        self._ends = frozenset(match[0].strip().lower() for match in _END.finditer(text))
        self._out: list[str] = []
        self._paragraph: list[str] = []
        self._opened = ""
        """Tag of the list, table or block of fixed width that the last line was in."""
        self._end = ""
        """Line that ends the block or drawer whose lines are code, or nothing at all."""
        self._is_code = False
        self._notes: list[str] = []

    def _show(self, text: str) -> str:
        return _inline(text, self._notes)

    def read_line(self, line: str) -> None:
        """Read the next line."""
        stripped = line.strip()
        if self._end:
            self._read_line_of_block(line, stripped.lower())
        elif not stripped:
            self._close("ul" if self._opened == "ul" else "")
        elif not (stripped[0] in "#*:-+|" or stripped[0].isdigit() or _PLANNING.match(stripped)):
            self._add_text(line, stripped)
        elif start := _BLOCK.match(stripped):
            self._close()
            self._begin_or_end(start[1].lower(), start[2].lower())
        elif heading := _HEADING.match(line):
            self._close()
            level = min(len(heading[1]) + 1, 6)
            self._out.append(f"<h{level}>{self._show(_HEADING_TAGS.sub('', heading[2]))}</h{level}>\n")
        elif stripped.lower() in _DRAWERS and ":end:" in self._ends:
            self._close()
            self._end, self._is_code = ":end:", False
        elif _NO_TEXT.match(stripped) or _PLANNING.match(stripped):
            self._close()
        elif fixed := _FIXED.match(stripped):
            self._close("pre")
            self._out.append(html.escape(fixed[1] or "", quote=False) + "\n")
        elif _RULE.match(line):
            self._close()
            self._out.append("<hr>\n")
        elif stripped[0] == "|":
            self._add_row(stripped)
        elif item := _ITEM.match(line):
            self._close("ul")
            self._out.append("<li>")
            self._paragraph.append(item[1] or item[2] or "")
        else:
            self._add_text(line, stripped)

    def finish(self) -> str:
        """End what is open and give the HTML; notes in the text stand at its end."""
        self._close()
        for note in self._notes:  # which may grow: a note may hold another
            self._out.append(f"<p>{self._show(note)}</p>")
        return "".join(self._out)

    def _read_line_of_block(self, line: str, lowered: str) -> None:
        if lowered == self._end:
            self._out.append("</code></pre>\n" if self._is_code else "")
            self._end = ""
        elif self._is_code:
            self._out.append(html.escape(line, quote=False) + "\n")

    def _begin_or_end(self, what: str, kind: str) -> None:
        if what == "begin" and kind in _CODE | _DROPPED and f"#+end_{kind}" in self._ends:
            self._end, self._is_code = f"#+end_{kind}", kind in _CODE
            self._out.append("<pre><code>" if self._is_code else "")
        elif kind == "quote":
            self._out.append("<blockquote>" if what == "begin" else "</blockquote>\n")

    def _add_text(self, line: str, stripped: str) -> None:
        if not self._paragraph or (self._opened == "ul" and line[:1] not in (" ", "\t")):
            self._close()
        self._paragraph.append(stripped)

    def _add_row(self, stripped: str) -> None:
        self._close("table")
        if not stripped.startswith("|-"):
            cells = stripped.strip("|").split("|")
            self._out.append("<tr>" + "".join([f"<td>{self._show(cell.strip())}</td>" for cell in cells]) + "</tr>\n")

    def _close(self, wanted: str = "") -> None:
        """End the paragraph, and what is open unless it is wanted; open what is wanted."""
        if self._paragraph:
            inside = self._show("\n".join(self._paragraph))
            self._out.append(f"{inside}</li>" if self._opened == "ul" else f"<p>{inside}</p>")
            self._paragraph.clear()
        if self._opened != wanted:
            self._out.append((f"</{self._opened}>\n" if self._opened else "") + (f"<{wanted}>" if wanted else ""))
            self._opened = wanted


def _inline(text: str, notes: list[str]) -> str:
    """Turn links, emphasis and addresses into HTML; notes in the text are added to `notes`."""

    def replace(match: re.Match[str]) -> str:
        kind = match.lastgroup
        if url := match["url"]:
            address = html.escape(url.removeprefix("file:"))
            name = match["name"]
            if (name or url).lower().endswith(_IMAGES) and (not name or "/" in name):
                picture = f'<img src="{html.escape((name or url).removeprefix("file:"))}" alt="">'
                return f'<a href="{address}">{picture}</a>' if name else picture
            return f'<a href="{address}">{_inline(name, notes) if name else html.escape(url, quote=False)}</a>'
        if kind == "emphasis":
            tag, inside = _TAGS[match[0][0]], match[0][1:-1]
            inside = html.escape(inside, quote=False) if tag == "code" else _inline(inside, notes)
            return f"<{tag}>{inside}</{tag}>"
        if kind == "bare":
            address = html.escape(match[0])
            return f'<a href="{address}">{address}</a>'
        if kind == "export":
            return match["export"] if match["backend"].lower() == "html" else ""
        if kind == "break":
            return "<br>"
        if kind == "script":
            return html.escape(match["script"], quote=False)
        if match["note"]:
            notes.append(match["note"])
        return ""

    parts: list[str] = []
    position = 0
    for match in _INLINE.finditer(text):
        parts += (html.escape(text[position : match.start()], quote=False), replace(match))
        position = match.end()
    return "".join([*parts, html.escape(text[position:], quote=False)])
