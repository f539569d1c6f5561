"""One post of a news site that scripts write, as their template of the day had it: nine eras from 2015 to 2026."""

from __future__ import annotations

import datetime as dt
import functools
import random
from dataclasses import dataclass

from benchmarks.corpus.vocabulary import Vocabulary, vocabulary

FIRST_DAY = dt.datetime(2015, 1, 1)
LAST_DAY = dt.datetime(2026, 9, 30)
AWKWARD_SHARE = 0.02
"""Posts whose front matter is not what a YAML reader hopes for."""

_HTML_SHARE = 0.34
"""Posts with the HTML of the agency; the others are a paragraph or two. Both as in real posts, which makes 2.3 kB."""

SECTIONS = tuple(
    (f"{slug}news", f"{name}新闻")
    for slug, name in (
        ("em", "滚动"), ("cls", "电报"), ("zq", "证券"), ("sh", "早报"), ("jj", "经济"), ("gg", "公告"), ("hk", "港股"),
        ("us", "美股"), ("fx", "外汇"), ("qh", "期货"), ("zx", "债券"), ("yj", "研究"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Era:
    """What the template of a time was like."""

    date: str
    """strftime format of the front matter."""
    footer: str
    host: str
    """Host of the originals."""
    gap: str
    """What stands between the front matter and the text."""
    quotes_lead: bool
    """The first paragraph is repeated as a quote, before the HTML."""
    stock_image: bool
    """Posts on a company begin with its chart."""
    keyword_links: bool
    """Companies are links in spans, not spans alone."""


_DATE, _ZONED, _MINUTE = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S +0800", "%Y-%m-%d %H:%M"
_RELATIVE = "[返回{name}](../{slug}/)\n[返回首页](../)\n"
_OLD_HOST = "[返回{name}](//old.news.example/{slug}/)\n[返回首页](//old.news.example/)\n"
_TWO_LINES = "[返回{name}](//news.example/{slug}/)\n[返回首页](//news.example/)\n"
_ONE_LINE = "[返回{name}](//news.example/{slug}/)｜[返回首页](//news.example/)\n"
_CATEGORY = "[返回{name}](//news.example/category/{slug}.html)｜[返回首页](//news.example/)"

ERAS = (
    Era(_DATE, "", "a.wire.example", "\n", False, False, False),
    Era(_MINUTE, "[返回首页](../)\n", "a.wire.example", "\n", False, False, False),
    Era(_DATE, _RELATIVE, "finance.wire.example", "\n", False, False, False),
    Era(_ZONED, _RELATIVE, "finance.wire.example", "\n", False, False, True),
    Era(_ZONED, _OLD_HOST, "finance.wire.example", "\n", False, True, True),
    Era(_ZONED, _TWO_LINES, "finance.wire.example", "\n", False, True, True),
    Era(_ZONED, _ONE_LINE, "finance.wire.example", "\n", True, True, True),
    Era(_ZONED, _ONE_LINE.rstrip("\n"), "stock.wire.example", "", True, True, True),
    Era(_ZONED, _CATEGORY, "share.wire.example", "", False, True, True),
)


@dataclass(frozen=True, slots=True)
class Story:
    """What a post tells, before a template is put around it."""

    title: str
    published: dt.datetime
    section: tuple[str, str]
    """Slug and name."""
    number: str
    """Number of the agency, part of the file name and of the address of the original."""
    paragraphs: list[str]
    """Text of a body in paragraphs, without markup; the first is the lead."""


def published_at(index: int, posts: int) -> dt.datetime:
    """Spread posts evenly over the years, so that the index orders them by date; additions are of the last day."""
    seconds = int((LAST_DAY - FIRST_DAY).total_seconds())
    return FIRST_DAY + dt.timedelta(seconds=seconds * min(index, posts) // posts)


def number_of(index: int, posts: int) -> str:
    """Number the agency gives a post: its day and the index."""
    return f"{published_at(index, posts):%Y%m%d}{index:09}"


def name_of(index: int, posts: int) -> str:
    """File name of a post, which an update keeps."""
    return f"{published_at(index, posts):%Y-%m-%d}-{number_of(index, posts)}.md"


def era_of(published: dt.datetime) -> Era:
    """Tell which template was in use."""
    share = (published - FIRST_DAY) / (LAST_DAY - FIRST_DAY)
    return ERAS[min(len(ERAS) - 1, max(0, int(share * len(ERAS))))]


def story(rng: random.Random, index: int, posts: int, *, repetitive: bool = False) -> Story:
    """Draw what a post tells.

    Args:
        rng: where everything that is drawn comes from.
        index: number of the post, from 0; later posts are younger.
        posts: how many there are.
        repetitive: the paragraphs are taken from a dozen instead of being drawn word by word.
    """
    words = vocabulary()
    published = published_at(index, posts)
    if rng.random() < _HTML_SHARE:
        count = min(40, max(3, round(rng.lognormvariate(2.1, 0.55))))
        characters = 135
    else:
        count = rng.choice((1, 1, 1, 2))
        characters = round(rng.lognormvariate(4.2, 0.45))
    if repetitive:
        pool = _dozen()
        paragraphs = [pool[rng.randrange(12)][:characters] for _ in range(count)]
    else:
        topic = words.draw(rng, 12)
        paragraphs = [paragraph(rng, words, characters, topic) for _ in range(count)]
    title = "".join(words.draw(rng, 4))[:28]
    section = SECTIONS[min(int(rng.expovariate(0.5)), len(SECTIONS) - 1)]
    return Story(title, published, section, number_of(index, posts), paragraphs)


@functools.cache
def _dozen() -> list[str]:
    rng, words = random.Random("dozen"), vocabulary()
    return [paragraph(rng, words, 250, words.draw(rng, 12)) for _ in range(12)]


def paragraph(rng: random.Random, words: Vocabulary, characters: int, topic: list[str]) -> str:
    """Draw a paragraph of sentences with figures in them, of about so many characters.

    A quarter of its words are of the topic: a text says its own words again and again.
    """
    drawn = words.draw(rng, max(4, characters // 3))
    drawn[1::4] = rng.choices(topic, k=len(drawn[1::4]))
    parts: list[str] = []
    length = since = 0
    for word in drawn:
        parts.append(word)
        length += len(word)
        since += len(word)
        if since > 11:
            chance = rng.getrandbits(5)
            if chance < 3:
                parts.append(f"{rng.randrange(1, 9_999) / 100}%")
            elif chance == 3:
                parts.append(f"{rng.randrange(1, 900)}亿元")
            elif chance == 4:
                parts.append(f"({rng.randrange(600_000, 604_000)})")
            parts.append("。" if chance > 21 else "，")
            since = 0
        if length >= characters:
            break
    if since:
        parts.append("。")
    else:
        parts[-1] = "。"
    return "".join(parts)


def post(rng: random.Random, index: int, posts: int, *, repetitive: bool = False, awkward: bool = True) -> bytes:
    """Write one post.

    Args:
        rng: as for `story`.
        index: as for `story`.
        posts: as for `story`.
        repetitive: as for `story`.
        awkward: 2 in 100 have front matter that gives a strict reader trouble, and 1 in 1,000 cannot be loaded.
    """
    told = story(rng, index, posts, repetitive=repetitive)
    era = era_of(told.published)
    text = _body(rng, told, era)
    slug, section = told.section
    footer = era.footer.format(name=section, slug=slug)
    date = told.published.strftime(era.date)
    head = f'layout: post\ntitle: "{told.title}"\ndate: {date}\ncategories: {slug}\ntags: {section}\n'
    original = f"<http://{era.host}/news/{rng.randrange(1_000, 1_600)},{told.number}.html>"
    rest = f"---\n{era.gap}{text}\n\n{original}\n\n{footer}"
    kind = rng.random()
    if awkward and kind < AWKWARD_SHARE:
        return _awkward(rng, told, head, date, rest)
    return f"---\n{head}{rest}".encode()


def _awkward(rng: random.Random, told: Story, head: str, date: str, rest: str) -> bytes:
    """Write a post whose front matter is one of the kinds that scripts get wrong."""
    title, section = told.title, told.section[1]
    quoted = f'title: "{title}"'
    kind = rng.randrange(40)
    if kind < 10:
        head = head.replace(quoted, f'title: "{title[:4]}"{title[4:9]}"{title[9:]}"')
    elif kind < 16:
        head = head.replace(quoted, f"title: {title[:5]}: {title[5:]}")
    elif kind < 21:
        head = head.replace(quoted, f"title: {title[:5]} #{rng.randrange(3_000)}点# {title[5:]}")
    elif kind < 25:
        head = head.replace(quoted, f"title: #快讯#{title}")
    elif kind < 29:
        head = head.replace("title:", "title：").replace("tags:", "tags：")
    elif kind < 33:
        head = head.replace(f"date: {date}", "date:  +0800")
    elif kind < 35:
        head = head.replace(f"tags: {section}", f"tags: [{section}, {section[:2]}, {rng.randrange(300_000):06}]")
    elif kind < 37:
        return f"---\n{head}{rest}".encode("gb18030")
    elif kind == 37:
        return f"\ufeff---\r\n{head}{rest}".replace("\r\n", "\n").replace("\n", "\r\n").encode()
    elif kind == 38:
        return f"---\n{head}".encode() + f"{title}\n".encode()  # never closed: rejected
    else:
        return bytes(rng.randrange(256) for _ in range(200)) + b"\0" + rest.encode()  # rejected
    return f"---\n{head}{rest}".encode()


def _body(rng: random.Random, told: Story, era: Era) -> str:
    """Put the markup of the agency around the paragraphs; a short post is text alone."""
    if len(told.paragraphs) < 3:
        return "\n\n".join(told.paragraphs)
    names = vocabulary().names
    parts = []
    if era.quotes_lead and rng.random() < 0.3:
        parts.append(f"> {told.paragraphs[0]}\n\n")
    if era.stock_image and rng.random() < 0.3:
        parts.append(_chart(rng.randrange(300_000)))
    for number, text in enumerate(told.paragraphs):
        if rng.random() < 0.18:
            text = f"<strong>{text[:18]}</strong>{text[18:]}"
        if rng.random() < 0.55:
            at = len(text) // 2
            text = text[:at] + _mention(rng, names, era) + text[at:]
        parts.append(f"<p>{text}</p>")
        if number % 9 == 8:
            parts.append(
                f'<center><img src="https://img.wire.example/download/D{rng.getrandbits(60)}.jpg" alt="Image" '
                'width="552" style="border:#d1d1d1 1px solid;padding:3px;margin:5px 0;" /></center>'
            )
    parts.append(f'<p class="em_media">（文章来源：{names[rng.randrange(40)]}）</p>')
    return "".join(parts)


def _mention(rng: random.Random, names: tuple[str, ...], era: Era) -> str:
    which = min(int(rng.expovariate(1 / 400)), len(names) - 1)
    if which % 5 == 0:
        key, kind, address = f"90,BK{which % 1_000:04}", "bk", f"90.BK{which % 1_000:04}"
    else:
        key, kind, address = f"{which % 2},{600_000 + which}", "stock", f"{which % 2}.{600_000 + which}"
    link = f"http://quote.wire.example/unify/r/{address}"
    if not era.keyword_links or rng.random() < 0.2:
        return f'<span web="1" href="{link}" class="em_stock_key_common" data-code="{key}">{names[which]}</span>'
    return (
        f'<span id="{kind}_{address}"><a href="{link}" class="keytip" data-code="{key}">{names[which]}</a></span>'
        f'<span id="{kind}quote_{address}"></span>'
    )


def _chart(code: int) -> str:
    return (
        '<p style="display:none;height:1px;overflow:hidden;"> </p><!-- EM_StockImg_Start -->'
        f'<p style="text-align:center;"><a href="http://quote.wire.example/unify/r/0.{code:06}" '
        f'data-code="{code:06}|0|2" data-code2="{code:06}|0|6|" class="EmImageRemark" target="_blank">'
        f'<img src="https://charts.wire.example/GetPic.aspx?nid=0.{code:06}&imageType=k" border="0" '
        f'alt="K图 {code:06}_0" data-code="K {code:06}|0|2" style="border:#d1d1d1 1px solid;" width="578" '
        'height="276" /></a></p><!-- EM_StockImg_End -->'
    )
