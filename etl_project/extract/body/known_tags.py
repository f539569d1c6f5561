r"""What a reader sees of the template tags that every site of a generator has, as HTML for the place of the tag.

    {% link text https://a.test [external] [title] %}              Hexo: a link
    {% post_link slug ["text"] %}  {% asset_link file ["text"] %}  a link; that of a post keeps the tag as its address
    {% img [class] /a.png [width] [height] ['"title" "alt"'] %}   a picture; `image` is the same
    {% asset_img [class] a.png ['"title" "alt"'] %}                a picture beside the post
    {% blockquote Author, Source [https://a.test] [title] %}       who is quoted stands below the quote; `quote` too
    {{< figure src="a.png" link="/b" caption="*c*" >}}             Hugo: a picture with its link, title and caption
    {{< details summary="*s*" >}} ... {{< /details >}}             its summary; `title="s"` and `"s"` of themes

Other tags print what only the site knows. Sources: `lib/plugins/tag/` of Hexo 8.1, `_shortcodes/` of Hugo
0.168.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from etl_project.dialects import Templates
from etl_project.extract.body.theme_tags import show_theme_tag

_WORDS = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")
_WEB_ADDRESS = re.compile(r"[A-Za-z]{3,9}://\S|www\.\S|mailto:\S")
_PARAMETER = re.compile(r"([A-Za-z][\w-]*)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`|([^\s\"`>]+))", re.DOTALL)
_ALTERNATIVE = re.compile(r"\"[^\"]*\"\s*\"(?P<double>[^\"]+)\"|'[^']*'\s*'(?P<single>[^']+)'")
"""`"title" "alt"` in quotes of their own, as Hexo's manual has it; without them all is the title."""
_CODE_OPTION = re.compile(r"(?:lang|line_number|line_threshold|first_line|wrap|mark|language_attr|highlight):\S*")
_FIRST_VALUE = re.compile(r"\{\{[<%]\s*[\w-]+\s+\"([^\"\n]*)\"")
_ESCAPED_QUOTE, _QUOTE = '\\"', '"'
_TAG_ENDS = re.compile(r"\{%[-+]?|[-+]?%\}")


def show_tag(templates: Templates, name: str, tag: str) -> str:
    """Give what a tag shows in its place.

    Args:
        templates: the language of the tag.
        name: its name.
        tag: all of it, with its braces.

    Returns:
        HTML without line feeds, Markdown in a caption; empty for tags that are not known.
    """
    if templates == "hugo":
        return _figure(tag) if name == "figure" else _summary(tag) if name == "details" else ""
    if templates != "nunjucks":
        return ""
    words = _words(tag)
    if name == "link":
        return _link(words)
    if name == "post_link" and words:
        return _anchor(f"{{% post_link {words[0]} %}}", words[1] if len(words) > 1 else "")
    if name == "asset_link" and words:
        return _anchor(words[0], " ".join(words[1:]) or words[0])
    if name in ("img", "image"):
        return _picture(words, lambda word: word.startswith("/") or _WEB_ADDRESS.match(word) is not None)
    if name == "asset_img":
        return _picture(words, lambda word: "." in word)
    return show_theme_tag(name, words)


def show_quoted(tag: str) -> str:
    """Give whom a quote of Hexo names, which stands below it; empty if nobody.

    Args:
        tag: its opening tag.
    """
    words = _words(tag)
    at = next((i for i, word in enumerate(words) if _WEB_ADDRESS.match(word)), len(words))
    author, source = " ".join(words[:at]), ""
    if at < len(words):
        source = _anchor(words[at], " ".join(words[at + 1 :]) or words[at].partition("://")[2].rstrip("/"))
    return " ".join(filter(None, (escape(author), source)))


def show_caption(tag: str, code: str) -> str:
    """Show code of Hexo below its caption: `{% codeblock [options] [title] [https://a.test [text]] %}`.

    Args:
        tag: its opening tag.
        code: the code, as HTML.

    Returns:
        HTML without line feeds; empty if the tag states no caption.
    """
    words = [word for word in _words(tag) if not _CODE_OPTION.fullmatch(word)]
    if not words:
        return ""
    at = next((i for i, word in enumerate(words) if i and word.startswith(("http://", "https://"))), len(words))
    caption = escape(" ".join(words[:at]))
    if at < len(words):
        caption += f" {_anchor(words[at], ' '.join(words[at + 1 :]) or 'link')}"
    return f"<figure><figcaption>{caption}</figcaption>{code}</figure>"


def _words(tag: str) -> list[str]:
    """The words after the name of a tag of Hexo; quotes hold one together."""
    return ["".join(groups) for groups in _WORDS.findall(_TAG_ENDS.sub(" ", tag))[1:]]


def _link(words: list[str]) -> str:
    at = next((i for i, word in enumerate(words) if _WEB_ADDRESS.match(word)), -1)
    return escape(" ".join(words)) if at < 0 else _anchor(words[at], " ".join(words[:at]))


def _picture(words: list[str], is_address: Callable[[str], bool]) -> str:
    at = next((i for i, word in enumerate(words) if is_address(word)), -1)
    if at < 0:
        return ""
    labels = words[at + 1 :]
    for _ in range(2):  # width and height
        labels = labels[1:] if labels and labels[0].isdecimal() else labels
    alternative = _ALTERNATIVE.match(" ".join(labels))
    return _image(words[at], alternative["double"] or alternative["single"] if alternative else "")


def _parameters(tag: str) -> dict[str, str]:
    return {name.lower(): " ".join("".join(values).split()) for name, *values in _PARAMETER.findall(tag)}


def _summary(tag: str) -> str:
    given = _parameters(tag)
    first = _FIRST_VALUE.match(tag)
    summary = given.get("summary") or given.get("title") or (first[1] if first else "")
    return f"<b></b><div>{summary.replace(_ESCAPED_QUOTE, _QUOTE)}</div>" if summary else ""


def _figure(tag: str) -> str:
    given = _parameters(tag)
    picture = _image(given["src"], given.get("alt", "")) if given.get("src") else ""
    if given.get("link"):
        picture = f'<a href="{escape(given["link"])}">{picture}</a>'
    source = given.get("attr", "")
    if source and given.get("attrlink"):
        source = _anchor(given["attrlink"], source)
    caption = " ".join(filter(None, (given.get("title"), given.get("caption"), source))).replace('\\"', '"')
    caption = f"<figcaption>{caption}</figcaption>" if caption else ""
    # A line that began with <figure> would be HTML up to the next blank line, and the caption is Markdown.
    return f"<b></b><figure>{picture}{caption}</figure>" if picture or caption else ""


def _anchor(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def _image(address: str, label: str) -> str:
    return f'<img src="{escape(address)}" alt="{escape(label)}">'
