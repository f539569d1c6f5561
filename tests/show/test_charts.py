"""Charts: small enough to be shown in place, and harmless whatever a category is called."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET

from etl_project.show.charts import (
    BARS_SHOWN,
    DAYS_SHOWN,
    MAX_MARKDOWN_CHARS,
    draw_bars,
    draw_columns,
    svg_as_markdown,
)

SVG = "{http://www.w3.org/2000/svg}"


def test_the_largest_chart_is_small_enough_to_be_shown_in_place() -> None:
    days = [(dt.date(2026, 1, 1) + dt.timedelta(days=n), 1_000_000 - n) for n in range(DAYS_SHOWN)]
    assert len(svg_as_markdown("articles per day", draw_columns(days))) <= MAX_MARKDOWN_CHARS
    names: list[tuple[object, int]] = [
        (f"{n}宏观经济与市场新闻&国际要闻与评论员文章", 1_000_000 - n) for n in range(BARS_SHOWN)
    ]
    assert len(svg_as_markdown("articles per category", draw_bars(names))) <= MAX_MARKDOWN_CHARS


def test_a_name_cannot_break_out_of_its_chart() -> None:
    drawn = ET.fromstring(draw_bars([("</text><script>alert(1)</script>&'\"\x1b", 3), ("b", 0)]))
    assert {element.tag for element in drawn.iter()} == {f"{SVG}svg", f"{SVG}path", f"{SVG}text"}
    assert [text.text for text in drawn.iter(f"{SVG}text")] == ["</text><script>alert(… 3", "b 0"]


def test_a_day_without_articles_has_no_column() -> None:
    days = [(dt.date(2026, 1, n), count) for n, count in ((1, 2), (2, 0), (3, 4))]
    (path,) = ET.fromstring(draw_columns(days)).iter(f"{SVG}path")
    assert re.findall(r"v-(\d+)", path.attrib["d"]) == ["24", "48"]
