"""The same stories as sites of seven other kinds write them: the front matter, the folders and the body of each."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from benchmarks.corpus.finews import Story, story

Written = tuple[str, str]
"""Path below the folder of the source, and the text of the file."""


def _markdown(told: Story) -> str:
    """Body in Markdown: headings, a link and a list between the paragraphs."""
    parts = []
    for number, text in enumerate(told.paragraphs):
        if number % 4 == 3:
            parts.append(f"## {text[:9]}")
        if number % 3 == 2:
            text = f"{text[:20]}[{text[20:26]}](https://site{len(text) % 40}.example/{told.number}){text[26:]}"
        parts.append(text)
    if len(told.paragraphs) > 4:
        parts.append("\n".join(f"- **{text[:6]}** {text[6:18]}" for text in told.paragraphs[:3]))
    return "\n\n".join(parts) + "\n"


def hugo_toml(told: Story) -> Written:
    """Hugo with `+++`."""
    title, (slug, section) = json.dumps(told.title, ensure_ascii=False), told.section
    head = f'+++\ntitle = {title}\ndate = {told.published.isoformat()}+08:00\ndraft = false\ntags = ["{section}"]\n'
    return f"content/{slug}/{told.number}.md", f'{head}categories = ["{slug}"]\n+++\n\n{_markdown(told)}'


def hugo_yaml(told: Story) -> Written:
    """Hugo with `---`, one folder a post."""
    slug, section = told.section
    head = f"---\ntitle: '{told.title}'\ndate: {told.published.isoformat()}+08:00\nslug: p{told.number}\ntags:\n"
    head += f"  - {section}\n  - {told.title[:2]}\ncategories: [{slug}]\nauthor: {told.title[2:5]}\n---\n\n"
    return f"content/post/{told.published:%Y}/{told.number}/index.md", head + _markdown(told)


def hexo(told: Story) -> Written:
    """Hexo, whose front matter needs no fence above it."""
    slug, section = told.section
    head = f"title: {told.title}\ndate: {told.published}\ntags:\n- {section}\ncategories:\n- {slug}\n---\n"
    return f"source/_posts/{told.number}.md", head + _markdown(told)


def zola(told: Story) -> Written:
    """Zola: TOML with its terms in a table."""
    slug, section = told.section
    title = json.dumps(told.title, ensure_ascii=False)
    head = f"+++\ntitle = {title}\ndate = {told.published:%Y-%m-%d}\n\n[taxonomies]\n"
    head += f'tags = ["{section}"]\ncategories = ["{slug}"]\n+++\n\n'
    return f"content/{told.published:%Y}/{told.published:%Y-%m-%d}-{told.number}.md", head + _markdown(told)


def pelican(told: Story) -> Written:
    """Pelican: header lines without fences."""
    slug, section = told.section
    head = f"Title: {told.title}\nDate: {told.published:%Y-%m-%d %H:%M}\nCategory: {slug}\nTags: {section}, {slug}\n"
    return f"content/{slug}/{told.number}.md", f"{head}Authors: {told.title[2:5]}\n\n{_markdown(told)}"


def obsidian(told: Story) -> Written:
    """An Obsidian vault: the title is the file name, tags and links stand in the text."""
    _, section = told.section
    head = f"---\ncreated: {told.published:%Y-%m-%d}\ntags: [{section}]\naliases: [{told.title[:6]}]\n---\n"
    text = f"[[{told.title[4:8]}]] #{told.title[:2]}\n\n{_markdown(told)}"
    return f"{section}/{told.title[:8]} {told.number}.md", head + text


def plain(told: Story) -> Written:
    """Notes without front matter: a heading, and the date in the name."""
    return f"{told.published:%Y}/{told.published:%Y-%m-%d}-{told.number}.md", f"# {told.title}\n\n{_markdown(told)}"


SITES: dict[str, tuple[str, Callable[[Story], Written]]] = {
    "hugo-toml": ("hugo", hugo_toml),
    "hugo-yaml": ("hugo", hugo_yaml),
    "hexo": ("hexo", hexo),
    "zola": ("zola", zola),
    "pelican": ("pelican", pelican),
    "obsidian": ("obsidian", obsidian),
    "plain": ("plain", plain),
}
"""Source -> (its dialect, who writes its posts)."""


def post(rng: random.Random, source: str, index: int, posts: int) -> Written:
    """Write one post of a source of `SITES`; arguments as for `finews.story`."""
    return SITES[source][1](story(rng, index, posts))
