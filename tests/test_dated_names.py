"""Days in the names of files."""

from __future__ import annotations

import time

import pytest

from etl_project.dated_names import NOTE_NAME, PLAIN_NAME, date_of_name


@pytest.mark.parametrize(
    ("name", "day", "slug"),
    [
        ("2023-04-05", "2023-04-05", None),
        ("2023-04-05-topic", "2023-04-05", "topic"),
        ("20230405 topic 1", "2023-04-05", "topic 1"),
        ("2023_04_05", "2023-04-05", None),
        ("2023.04.05 topic", "2023-04-05", "topic"),
        ("202304051230 zettel", "2023-04-05", "zettel"),
        ("20230405T101500--title__tag", "2023-04-05", "title__tag"),
        ("20230405.1 topic", "2023-04-05", "topic"),
        ("2023-04-05会议", "2023-04-05", "会议"),
        ("2023年4月5日 日记", "2023-04-05", "日记"),
    ],
)
def test_a_day_begins_a_name_in_many_forms(name: str, day: str, slug: str | None) -> None:
    plain = PLAIN_NAME.fullmatch(name)
    assert plain is not None
    assert (date_of_name(plain), plain["slug"]) == (day, slug)
    note = NOTE_NAME.fullmatch(name)
    assert note is not None
    assert date_of_name(note) == day


@pytest.mark.parametrize("name", ["Meeting 2023-04-05 with Pat", "log 20230405", "(2023.04.05)", "日记2023年4月5日"])
def test_a_day_within_a_name_is_one_in_a_note_only(name: str) -> None:
    assert PLAIN_NAME.fullmatch(name) is None
    note = NOTE_NAME.fullmatch(name)
    assert note is not None
    assert (date_of_name(note), note["slug"]) == ("2023-04-05", None)


@pytest.mark.parametrize(
    "name", ["12345678 phone", "20231305", "20230400 x", "2023-0405", "1234567890123", "202112082206600001", "v2023"]
)
def test_digits_that_are_no_day_are_none(name: str) -> None:
    assert PLAIN_NAME.fullmatch(name) is None
    assert NOTE_NAME.fullmatch(name) is None


def test_a_long_name_takes_no_time() -> None:
    started = time.process_time()
    for name in ("2" * 100_000, "2023-04-0" * 30_000, "a" * 100_000, "2023年" * 30_000):
        NOTE_NAME.fullmatch(name)
    assert time.process_time() - started < 1
