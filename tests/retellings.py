"""Copies of posts as media make them, and posts of one template, generated."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADLINES = (
    "快讯：{}",
    "{}（附全文）",
    "重磅！{}",
    "Update: {}",
    "这件事今天有了新的进展",
    "What everybody is talking about today",
)
FOOTERS = (
    "（本文来源：某某日报 2024-03-18，客服电话：400-820-8820，未经授权不得转载）",
    "Copyright 2019-2025 Example Media. Call +44 20 7946 0958 or write to desk 7, floor 12.",
    "责任编辑：张三 工号 30871 联系电话 010-62770334",
)
DATES = ("2024年3月18日讯 ", "March 18, 2024 - ", "（记者 李四 3月19日 08:30 报道）", "Published 2024-03-18 09:15. ")

FIRST = ("Alice", "Bruno", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hugo", "Ingrid", "Jonas", "Kenji", "Lena")
LAST = ("Abbott", "Becker", "Castro", "Duarte", "Eriksson", "Fischer", "Garcia", "Haddad", "Ivanov", "Jensen")
FIRMS, JOBS = ("Ltd", "Labs", "Group", "Works"), ("engineer", "designer", "analyst", "manager", "lawyer", "teacher")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫"
PLACES = ("贵州", "宁德", "长江", "万华", "恒瑞", "海天", "三一", "东方", "中南", "华北", "江南", "西部")
TRADES = ("茅台", "时代", "银行", "集团", "电力", "化学", "医药", "重工", "财富", "能源")
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"


@dataclass(frozen=True, slots=True)
class Told:
    """A title and a text."""

    title: str
    text: str


def copies(posts: list[Told], number: int, seed: int) -> Iterator[tuple[int, str, Told]]:
    """Copies of posts: position of the original, what was done to it, and the copy.

    One in four has all four changes at once.
    """
    rng = random.Random(seed)
    kinds = ("footer", "tail", "headline", "date", "all")
    for n in range(number):
        at = rng.randrange(len(posts))
        kind = kinds[n % len(kinds)]
        title, text = posts[at].title, posts[at].text
        if kind in ("tail", "all"):
            text = text[: round(len(text) * rng.uniform(0.82, 0.95))]
        if kind in ("date", "all"):
            text = rng.choice(DATES) + text
        if kind in ("footer", "all"):
            text = f"{text}\n\n{rng.choice(FOOTERS)}"
        if kind in ("headline", "all"):
            title = rng.choice(HEADLINES).format(title)
        yield at, kind, Told(title, text)


OTHER_SIGNS = str.maketrans({"“": '"', "”": '"', "，": ",", "。": ".", "：": ":", "（": "(", "）": ")"})
SENTENCE = re.compile(r".+?(?:[。！？\n]+|[.!?](?=\s)|$)\s*", re.DOTALL)
ADVERTISEMENTS = ("点击查看更多 ", "Read more: subscribe to our newsletter. ", "相关阅读：今日热点。")


def edited(posts: list[Told], number: int, seed: int) -> Iterator[tuple[int, str, Told]]:
    """Copies of posts as editors make them: position of the original, what was done to it, and the copy."""
    rng = random.Random(seed)
    kinds = ("left out", "advertised", "other signs", "misread", "beheaded", "quarter cut", "renamed with footer")
    for n in range(number):
        at = rng.randrange(len(posts))
        kind = kinds[n % len(kinds)]
        title, text = posts[at].title, posts[at].text
        sentences = SENTENCE.findall(text)
        if kind == "left out":
            text = "".join(sentence for sentence in sentences if rng.random() > 0.12)
        elif kind == "advertised":
            text = "".join(f"{s}{rng.choice(ADVERTISEMENTS) if n % 6 == 5 else ''}" for n, s in enumerate(sentences))
        elif kind == "other signs":
            title, text = title.translate(OTHER_SIGNS).upper(), text.translate(OTHER_SIGNS)
        elif kind == "misread":
            text = "".join("某" if rng.random() < 0.01 and letter.isalpha() else letter for letter in text)
        elif kind == "beheaded":
            text = "".join(sentences[1:])
        elif kind == "quarter cut":
            text = text[: len(text) * 3 // 4]
        else:
            title, text = rng.choice(HEADLINES[-2:]), f"{text}\n\n{rng.choice(FOOTERS)}"
        yield at, kind, Told(title, text)


def templates(number: int, seed: int) -> Iterator[Told]:
    """Posts of a dozen templates: no two tell the same, however much of their text is the same.

    Two have titles that differ in a name, as their texts do, and no number.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    makers = (_closing, _release, _report, _person, _persona, _episode)
    while len(seen) < number:
        post = makers[len(seen) % len(makers)](rng)
        if post.title not in seen:
            seen.add(post.title)
            yield post


def forms(number: int, seed: int) -> Iterator[Told]:
    """Posts of one title that differ in names and other words, and in no number: no two are of the same words."""
    rng = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < number:
        name, firm = f"{rng.choice(FIRST)} {rng.choice(LAST)}", f"{rng.choice(LAST)} {rng.choice(FIRMS)}"
        text = (
            f"{name} has joined {firm} as {rng.choice(JOBS)}. We wish {name} all the best for the first weeks. {firm} "
            "is a member of our network, and like all members it publishes who comes and who goes. If you have news of "
            "this kind for us, write to the desk; we print it free of charge, and correct what is wrong. The list of "
            "all members is on the website, where you also find how to become one, and what it costs."
        )
        if text not in seen:
            seen.add(text)
            yield Told("Profile", text)


def _closing(rng: random.Random) -> Told:
    n, a, b = rng.randint(20, 99), round(rng.uniform(1, 60), 2), round(rng.uniform(1, 60), 2)
    return Told(
        f"北向资金净流入超{n}亿",
        f"截至收盘，北向资金全天净流入超{n}亿元，其中沪股通净流入{a}亿元，深股通净流入{b}亿元。北向资金是指通过沪深股通进入"
        "内地市场的香港及海外资金，被许多投资者视为市场的风向标。市场有风险，投资需谨慎，本文不构成任何投资建议。",
    )


def _release(rng: random.Random) -> Told:
    version = f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 20)}"
    before = f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 20)}"
    return Told(
        f"Widget {version} released",
        f"Widget {version} has been released. This release includes security fixes. Please check the topics below for "
        f"details. After {version}, we will end the normal maintenance phase of Widget {before}, and it enters the "
        "security maintenance phase. We recommend you to make a plan to migrate to a newer version. Download the "
        "archive from the usual places. Many committers, developers and users who provided bug reports helped us to "
        "make this release. Thanks for their contributions.",
    )


def _report(rng: random.Random) -> Told:
    firm, share = f"{rng.choice(PLACES)}{rng.choice(TRADES)}", round(rng.uniform(1, 80), 2)
    return Told(
        f"{firm}发布年度业绩公告",
        f"{firm}今日晚间发布年度业绩公告，全年实现营业收入{rng.randint(100, 9000)}亿元，"
        f"归属于上市公司股东的净利润同比增长{share}%，拟向全体股东每10股派发现金红利{rng.randint(1, 300)}元（含税）。"
        "公司表示，报告期内主营业务保持稳定增长，研发投入持续加大，未来将继续推进数字化转型，不断提升核心竞争力，"
        "为股东创造更大的价值。分析人士认为，行业整体景气度有望继续回升。",
    )


def _person(rng: random.Random) -> Told:
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    other = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    return Told(
        f"Speaker profile: {name}",
        f"We are happy to welcome {name} as a speaker at our conference. The talk will be held in the main hall, and "
        f"questions can be asked afterwards. {name} will also be at the community table together with {other} during "
        "the breaks. The conference is the yearly meeting of everybody who builds things with open tools, and it is "
        "open to beginners and experts alike. Tickets are available on the website, and students get a discount.",
    )


def _persona(rng: random.Random) -> Told:
    name = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2))
    return Told(
        f"本期嘉宾介绍：{name}",
        f"本期节目我们邀请到的嘉宾是{name}。节目将在每周五晚间准时播出，听众可以通过各大平台收听，也可以在评论区留言提问。"
        f"{name}将与大家分享多年来的从业经历，以及对行业未来发展的看法。欢迎关注我们的公众号，获取更多精彩内容，"
        "也欢迎将节目推荐给身边的朋友，您的支持是我们坚持下去的最大动力。",
    )


def _episode(rng: random.Random) -> Told:
    n, minutes = rng.randint(1, 900), rng.randint(20, 99)
    return Told(
        f"Weekly notes #{n}",
        f"This is issue {n} of our weekly notes. As always, the newsletter is sent on Friday, and you can read it in "
        f"about {minutes} minutes. If you like what you read, tell your friends about it, or write to us: we answer "
        "every letter. The archive of all issues is on the website, where you can also subscribe or unsubscribe at any "
        "time. We do not share your address with anybody, and there are no advertisements in these notes.",
    )
