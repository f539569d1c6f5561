from __future__ import annotations

import re

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl_project.transform.sketches import MOST_MARKS, article_sketches

TEXTS = st.text(st.sampled_from("流入超今日 .,:/-%()x1203\n"), max_size=60)


def marks_by_hand(text: str) -> set[str]:
    """The marks of a text under an empty title, by splitting it at its numbers."""
    parts = re.split(r"([0-9]+(?:[.,:/-][0-9]+)*)", text)
    if len(parts) > 3 and not re.search(r"[^\W_]", parts[-1]):
        del parts[-2:]
    marks = set()
    for n in range(0, len(parts) - 1, 2):
        before = parts[n]
        place = before[-3:]
        if not (len(place) == 3 and place.isalpha() and place[-1] > "\x7f"):
            earlier = parts[n - 2][-9:] if n else ""
            letters = "".join(re.findall(r"[^\W\d_]", earlier + before[-12:]))
            place = letters[-3:] if letters[-1:] > "\x7f" else letters[-5:]
        if len(place) > 2:
            marks.add(f"{place}|{parts[n + 1]}")
    return marks


@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
@example(texts=["今日流入11日流入1", "流入超1.1.1流入超1", "流入超12 流入超2.", ""])
def test_marks_are_the_numbers_of_a_text_after_the_letters_before_them(texts: list[str]) -> None:
    posts = pl.DataFrame({"article_id": texts, "title": [""] * len(texts), "text": texts})
    for text, marks in zip(texts, article_sketches(posts)["marks"].to_list(), strict=True):
        assert marks == "\n".join(sorted(marks_by_hand(text))[:MOST_MARKS])
