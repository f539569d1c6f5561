"""Stories after any changes are those of the same articles related anew, and every rule of the buckets holds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from retellings import FOOTERS, Told, copies, forms, templates
from shelf import Post, Shelf

from etl_project.database.sql import transaction
from etl_project.insight import Insight
from etl_project.load.relate import relate
from etl_project.load.sketches import note_articles_to_relate
from etl_project.related import pairs
from etl_project.related.stories import find_roots


@pytest.fixture(scope="module")
def tables() -> Iterator[Shelf]:
    shelf = Shelf.empty()
    with shelf.con:
        yield shelf


@pytest.fixture
def shelf(tables: Shelf) -> Shelf:
    return tables.emptied()


STORY = Told(
    "加拿大年金计划委员会手握190只中国股票",
    "近日，加拿大年金计划委员会披露最新财报，共190家中国企业现身其投资组合，市值超过500亿元人民币。按市值计算，该机构持有最多的中国"
    "股票为腾讯控股，截至报告期末持仓市值达11.82亿加元，约合人民币62亿元。此外，美的集团、阿里巴巴、宁德时代等均被持有。",
)
LONGER = replace(STORY, text=STORY.text + "（责任编辑：李四，电话 010-6277）")


def history(shelf: Shelf, rng: random.Random, steps: int) -> None:
    """Change a few articles again and again: copies, posts of templates, dates, titles, deletes, the clock."""
    originals = [STORY, *templates(6, rng.randrange(1000)), *forms(4, rng.randrange(1000))]
    pool = [
        *originals,
        *(copy for *_, copy in copies(originals, 24, rng.randrange(1000))),
        Told("", ""), Told("x", ""), Told("短", "同一句话"), Told("", "同一句话"), Told("另", "同一句话"),
    ]  # fmt: skip
    names = [f"s:{n:02}" for n in range(24)]
    for _ in range(steps):
        some = rng.sample(names, rng.choice([1, 1, 2, 6]))
        shelf.change(
            {
                name: None
                if rng.random() < 0.3
                else Post(rng.choice(pool), rng.choice([None, -2, -1, 1, 3]), rng.choice(["published"] * 4 + ["draft"]))
                for name in some
            }
        )
        if rng.random() < 0.2:
            day = rng.choice([-3, 0, 2, 4])
            shelf.note(shelf.posts)
            shelf.set_clock(day)
        if rng.random() < 0.7:
            assert shelf.relate() == shelf.related_anew()


@pytest.mark.parametrize("seed", range(2))
def test_after_a_few_histories_stories_are_those_related_anew(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(pairs, "MOST_IN_BUCKET", 4)
    monkeypatch.setattr(pairs, "MOST_OF_TITLE", 2)
    history(shelf, random.Random(seed), 6)


@pytest.mark.prove("laws")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("most", [2, 4, 32])
def test_after_any_history_stories_are_those_related_anew(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(pairs, "MOST_IN_BUCKET", most)
    monkeypatch.setattr(pairs, "MOST_OF_TITLE", most // 2)
    for _ in range(100):
        shelf, seed = Shelf.empty(), random.randrange(1 << 32)
        with shelf.con:
            try:
                history(shelf, random.Random(seed), 40)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}") from error


def test_an_earlier_post_that_arrives_late_is_the_first_and_names_the_story(shelf: Shelf) -> None:
    shelf.change({"s:b": Post(STORY, -3), "s:c": Post(LONGER, -2), "s:other": Post(Told("Other", "Something else."))})
    shelf.relate()
    assert shelf.story_of("s:c") == "s:b" and shelf.firsts() == ["s:b"]
    shelf.change({"s:z": Post(STORY, -9)})
    assert shelf.relate() == shelf.related_anew()
    assert shelf.story_of("s:b") == shelf.story_of("s:c") == "s:z" and shelf.firsts() == ["s:z"]


def test_the_next_is_first_when_the_first_is_deleted_and_copies_of_it_that_were_connected_by_it_part(
    shelf: Shelf,
) -> None:
    # Each copy is like the original, and the two state other numbers in one place.
    one = replace(STORY, text=STORY.text + "客服电话：400-820-8820，欢迎来电。")
    two = replace(STORY, text=STORY.text + "客服电话：010-6277-0334，欢迎来电。")
    shelf.change({"s:a": Post(STORY, -3), "s:b": Post(one, -2), "s:c": Post(two, -1)})
    shelf.relate()
    assert [shelf.story_of(name) for name in ("s:a", "s:b", "s:c")] == ["s:a"] * 3 and shelf.firsts() == ["s:a"]
    shelf.change({"s:a": None})
    assert shelf.relate() == shelf.related_anew()
    assert shelf.story_of("s:b") == "s:b" and shelf.story_of("s:c") == "s:c" and shelf.firsts() == ["s:b", "s:c"]


def test_time_alone_chooses_the_first_anew(shelf: Shelf) -> None:
    shelf.change({"s:a": Post(STORY, 5), "s:b": Post(LONGER, 9), "s:c": Post(STORY, -9, "draft")})
    shelf.relate()
    assert shelf.story_of("s:b") == "s:c" and shelf.firsts() == []
    shelf.note([])
    shelf.con.execute("INSERT INTO changing_articles VALUES ('s:a')")
    note_articles_to_relate(shelf.con)
    shelf.set_clock(6)
    assert shelf.relate() == shelf.related_anew()
    assert shelf.firsts() == ["s:a"], "the draft is earlier, and nobody can see it"


def test_short_texts_need_equal_titles_and_empty_ones_stand_alone(shelf: Shelf) -> None:
    short = "Slides are here."
    shelf.change(
        {
            "s:a": Post(Told("Talk one", short)), "s:b": Post(Told("Talk two", short)),
            "s:c": Post(Told("talk ONE", short)), "s:d": Post(Told("", short)), "s:e": Post(Told("", short)),
            "s:f": Post(Told("Empty", "")), "s:g": Post(Told("Empty", "!")), "s:h": Post(Told("Empty", "http://a.b/c")),
        }
    )  # fmt: skip
    told, _ = shelf.relate()
    assert told == [("s:a", "s:c", 1.0)]


def test_one_text_under_any_titles_is_one_story(shelf: Shelf) -> None:
    shelf.change({"s:a": Post(STORY), "s:b": Post(replace(STORY, title="Another headline")), "s:c": Post(STORY)})
    told, stories = shelf.relate()
    assert told == [("s:a", "s:b", 1.0), ("s:a", "s:c", 1.0)]
    assert {story for story, *_ in stories} == {"s:a"}


def test_a_thousand_copies_are_a_chain_and_hide_no_other_copy(shelf: Shelf) -> None:
    shelf.change({f"s:{n:04}": Post(STORY, -n) for n in range(1000)} | {"s:x": Post(LONGER)})
    told, stories = shelf.relate()
    assert len(told) == 1000 and {story for story, *_ in stories} == {"s:0999"}


def test_one_story_told_by_a_crowd_is_one(shelf: Shelf) -> None:
    told = [Told(f"{STORY.title}{'甲乙丙丁'[n % 4]}", f"{STORY.text}（第{n}家媒体转载，编辑{n}）") for n in range(60)]
    shelf.change({f"s:{n:02}": Post(one) for n, one in enumerate([*told, STORY])})
    _, stories = shelf.relate()
    assert {story for story, *_ in stories} == {"s:00"} and len(stories) == 61 > 3 * pairs.MOST_IN_BUCKET


def test_in_a_crowd_of_a_template_a_copy_is_found_by_its_title(shelf: Shelf) -> None:
    crowd = [post for post in templates(300, 1) if post.title.startswith("Speaker")]
    assert len(crowd) > pairs.MOST_IN_BUCKET
    shelf.change({f"s:{n:03}": Post(told) for n, told in enumerate(crowd)})
    shelf.change({"s:copy": Post(replace(crowd[0], text=f"{crowd[0].text} Tickets: call 555-0199."))})
    told, _ = shelf.relate()
    assert [(one, other) for one, other, _ in told] == [("s:000", "s:copy")]


def test_posts_of_one_form_and_one_title_are_stories_of_their_own_where_they_are_many(shelf: Shelf) -> None:
    crowd = {f"s:{n:03}": Post(told, -1) for n, told in enumerate(forms(300, 1))}
    names = [*crowd]
    for some in (names[:2], names[2:9], names[9:]):
        shelf.change({name: crowd[name] for name in some})
        assert shelf.relate() == shelf.related_anew()
    assert len(shelf.firsts()) >= 295, "nothing but their words tells those of one name and firm from each other"
    shelf.change(dict.fromkeys(names[3:]))
    assert shelf.relate() == shelf.related_anew()


def test_one_story_that_many_complete_under_one_title_is_one(shelf: Shelf) -> None:
    told = [replace(STORY, text=f"{STORY.text}{FOOTERS[n % 3]}{'转' * n}") for n in range(2 * pairs.MOST_OF_TITLE)]
    shelf.change({f"s:{n:02}": Post(one, -1) for n, one in enumerate([STORY, *told])})
    shelf.relate()
    assert shelf.firsts() == ["s:00"]


def test_a_name_that_is_in_two_places_of_a_form_is_told_in_both(shelf: Shelf) -> None:
    form = next(forms(1, 1)).text.split(".", 1)[1]
    one, other = (
        Told(f"Alice Ivanov joins {firm}", f"Alice Ivanov has joined {firm}.{form}")
        for firm in ("Ivanov Ltd", "Haddad Ltd")
    )
    shelf.change({"s:a": Post(one), "s:b": Post(other)})
    assert shelf.relate()[0] == []


def test_nothing_is_written_when_nothing_changed(shelf: Shelf) -> None:
    shelf.change({"s:a": Post(STORY), "s:b": Post(LONGER)})
    assert relate(shelf.con, Insight())
    shelf.con.execute("INSERT INTO internal.aggregates_built VALUES ('articles_by_date', 1, '')")
    assert not relate(shelf.con, Insight())
    shelf.note(["s:a", "s:b"])
    assert not relate(shelf.con, Insight()), "read again, and the same"
    assert shelf.con.execute("SELECT count(*) FROM internal.aggregates_built").fetchone() == (1,)
    assert relate(shelf.con, Insight(stories=False)) and shelf.rows() == ([], [])


def test_a_failure_leaves_everything_to_be_related_again(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.change({"s:a": Post(STORY)})
    shelf.relate()
    shelf.change({"s:b": Post(LONGER)})
    with monkeypatch.context() as patch:
        patch.setattr("etl_project.related.stories._replace_stories", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            relate(shelf.con, Insight())
    shelf.change({"s:b": Post(STORY), "s:c": Post(LONGER)})
    assert shelf.relate() == shelf.related_anew()
    with transaction(shelf.con):
        assert shelf.con.execute("SELECT count(*) FROM internal.articles_to_relate").fetchone() == (0,)


def test_what_is_connected_is_named_for_the_least() -> None:
    assert find_roots([("b", "c"), ("d", "e"), ("a", "c"), ("e", "d")]) == {
        "a": "a", "b": "a", "c": "a", "d": "d", "e": "d",
    }  # fmt: skip
    assert find_roots([]) == {}
