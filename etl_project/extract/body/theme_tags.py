r"""What a reader sees of the tags that the themes NexT and Butterfly of Hexo bring, and the plugin of Volantis' tags.

    {% label primary@text %}  {% label text blue %}        NexT, Butterfly: the text
    {% btn https://a.test, text, icon %}                   a link; `button` too
    {% note info no-icon A summary %} ... {% endnote %}    NexT: the summary above the note
    {% hideToggle title, colour %} ... {% endhideToggle %} Butterfly: the title above what it hides; `hideBlock` too
    {% hideInline text, title %}  {% timeline title %}
    {% span red, text %}  {% p center, text %}  {% u text %}  and `emp`, `wavy`, `del`, `kbd`, `psw`: the text
    <!-- tab name@icon -->  <!-- timeline name -->         in `tabs` and `timeline`: the name above its part

Many sites of Hexo use one of these themes, or one that took their tags over. Sources: `scripts/tags/` of
hexo-theme-next 8, `scripts/tag/` of hexo-theme-butterfly 5, hexo-butterfly-tag-plugins-plus.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from etl_project.extract.body.code_regions import compile_outside_code, substitute_outside_code

_CLASSES_OF_NOTES = frozenset(
    (
        "default", "primary", "info", "success", "warn", "warning", "danger", "error", "tip", "no-icon",
        "flat", "modern", "simple", "disabled",
        "icon", "blue", "pink", "red", "purple", "orange", "green", "gray", "grey", "yellow", "cyan", "light", "dark",
    )
)  # fmt: skip
"""Words that say how a note looks."""
_ICON = re.compile(r"fa[bsrl]?(?: |-|$)")
_TEXTS = frozenset(("u", "emp", "wavy", "del", "kbd", "psw"))
_STYLED_TEXTS = frozenset(("span", "p"))
_PART = compile_outside_code(r"<!--[ \t]*(?:tab|timeline)[ \t]+(?P<name>[^@\n>]*)(?:@[^\n>]*)?-->", r"<(?=!--)")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def show_theme_tag(name: str, words: Sequence[str]) -> str:
    """Give what a tag of a theme shows in its place.

    Args:
        name: its name.
        words: what follows its name, without quotes.

    Returns:
        HTML without line feeds; empty for tags that are not known.
    """
    if name == "label":
        text = " ".join(words)
        return _literally(text.split("@")[1] if "@" in text else words[0] if words else "")
    if name in ("btn", "button"):
        address, text = _parts(words, 2)
        return f'<a href="{_literally(address)}">{_literally(text)}</a>' if address else ""
    if name in ("note", "subnote"):
        return _title(" ".join(word for word in words if word not in _CLASSES_OF_NOTES and not _ICON.match(word)))
    if name in ("hideToggle", "hideBlock", "timeline"):
        return _title(_parts(words, 1)[0])
    if name == "hideInline":
        text, title = _parts(words, 2)
        return _literally(f"{title} {text}".strip())
    if name in _TEXTS:
        return _literally(" ".join(words))
    if name in _STYLED_TEXTS:
        return _literally(" ".join(words).partition(",")[2].strip())
    return ""


def show_names_of_parts(body: str) -> str:
    """Write the names of tabs and of the parts of a time line above these.

    Args:
        body: Markdown of a post.

    Returns:
        The body changed; the same object if it has no such part.
    """
    if "<!--" not in body or ("{% tabs" not in body and "{% timeline" not in body and "{% subtabs" not in body):
        return body
    return substitute_outside_code(_PART, lambda part: f"\n{_literally(part['name'].strip())}\n", body)


def _parts(words: Sequence[str], count: int) -> list[str]:
    """The first parts between commas, as many as wanted."""
    parts = [part.strip() for part in " ".join(words).split(",")]
    return [*parts, *[""] * count][:count]


def _title(text: str) -> str:
    return f"<p>{_literally(text)}</p>" if text else ""


def _literally(text: str) -> str:
    """Write a text so that neither HTML nor Markdown sees a sign in it."""
    return _PUNCTUATION.sub(lambda sign: f"&#{ord(sign[0])};", text)
