"""The charts of the page, as Altair declares them: marks, channels and axes, without data and without colours.

A chart names a data set, which the script of the page fills. Colours are custom properties of the style sheet, so that
a change of the system's theme needs no script. Importing Altair takes a second: only who builds the scripts does.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import altair as alt
import vl_convert

NAMES = ("days", "months", "hours", "tags", "rising")
"""Charts by name; each has the data set of the same name."""

SHADES = 6
"""Shades of a heat map, from few to many."""

_ROW_PX, _HOURS_ROW_PX, _DAYS_PX = 22, 36, 220
_FONT = "system-ui, sans-serif"

_AnyChart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart


def compile_charts() -> dict[str, Any]:
    """Compile every chart to a Vega specification.

    Returns:
        Name of the chart -> its specification. Its data set of that name is empty, its signal `width` is set by the
        page.
    """
    charts: dict[str, _AnyChart] = {
        "days": _days(),
        "months": _months(),
        "hours": _hours(),
        "tags": _tags(),
        "rising": _rising(),
    }
    return {name: _compiled(chart) for name, chart in charts.items()}


def _compiled(chart: _AnyChart) -> dict[str, Any]:
    quiet: dict[str, Any] = {"aria": False}
    spec = (
        chart.properties(width=600, background="transparent", padding=2)
        .configure(
            font=_FONT,
            # Labels of the first chart vanish after a resize where `resize` is not set.
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding", resize=True),
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor="var(--muted)", tickColor="var(--line)", domainColor="var(--line)", gridColor="var(--line)",
            labelFontSize=12, labelPadding=6, title=None, **quiet,
        )
    )  # fmt: skip
    compiled = vl_convert.vegalite_to_vega(json.loads(spec.to_json(validate=True)))
    if not isinstance(compiled, dict):
        raise TypeError("a specification is an object")
    return compiled


def _numbers(scale: str) -> alt.Axis:
    # Each label by itself: a format of the axis writes 0 as 0k where others are thousands. There is no half an article.
    label = "datum.value % 1 ? '' : format(datum.value, '~s')"
    count = alt.ExprRef(f"min(4, domain('{scale}')[1])")
    return alt.Axis(labelExpr=label, tickCount=count, tickMinStep=1, domain=False, ticks=False)


def _data(name: str) -> alt.NamedData:
    return alt.NamedData(name=name)


def _days() -> _AnyChart:
    """Articles of each day, week or month as steps, their mean as a line: columns `day`, `articles`, `mean`.

    Steps are one path however many days there are. The instants of `day` are in UTC: a day is the same everywhere.
    """
    days = alt.Axis(format="%Y-%m-%d", grid=False, labelOverlap="parity", labelSeparation=16, tickCount=8)
    day = alt.X("day:T", scale=alt.Scale(type="utc"), axis=days)
    steps = (
        alt.Chart()
        .mark_area(interpolate="step-after", color="var(--bar)", aria=False)
        .encode(
            x=day,
            y=alt.Y(
                "articles:Q",
                stack=None,
                axis=_numbers("y"),
            ),
        )
    )
    mean = alt.Chart().mark_line(color="var(--mean)", strokeWidth=2, aria=False).encode(x=day, y="mean:Q")
    return alt.layer(steps, mean, data=_data("days")).properties(height=_DAYS_PX)


def _shade() -> alt.Color:
    shades = list(range(SHADES))
    scale = alt.Scale(domain=shades, range=[f"var(--heat-{shade})" for shade in shades])
    return alt.Color("shade:O", scale=scale, legend=None)


def _in_order(place: str) -> alt.EncodingSortField:
    """The order of the numbers in a column: names that stay keep their place in a scale otherwise."""
    return alt.EncodingSortField(field=place, op="min", order="ascending")


def _heat(name: str, row: str, column: str, row_px: int) -> _AnyChart:
    """Rectangles of shades: columns named by `row` and `column`, `row_place`, `column_place`, `shade`.

    A row of data without a shade makes room for its row and column, and is not drawn.
    """
    columns = alt.Axis(labelOverlap="parity", labelSeparation=4, labelAngle=0, ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(_data(name))
        .mark_rect(aria=False, stroke="var(--panel)", strokeWidth=1)
        .encode(
            x=alt.X(f"{column}:O", sort=_in_order("column_place"), axis=columns),
            y=alt.Y(
                f"{row}:O",
                sort=_in_order("row_place"),
                axis=alt.Axis(labelLimit=120, ticks=False, domain=False),
            ),
            color=_shade(),
        )
        .properties(height=alt.Step(row_px))
    )
    return chart


def _months() -> _AnyChart:
    """Articles of each category (`category`) and month, quarter or year (`period`)."""
    return _heat("months", "category", "period", _ROW_PX)


def _hours() -> _AnyChart:
    """Articles of each weekday (`weekday`, its name) and hour (`hour`)."""
    return _heat("hours", "weekday", "hour", _HOURS_ROW_PX)


def _bars(name: str, term: str, number: str) -> _AnyChart:
    """Horizontal bars: columns named by `term` and `number`, and `row_place`."""
    chart: alt.Chart = (
        alt.Chart(_data(name))
        .mark_bar(color="var(--bar)", cornerRadiusEnd=2, height=14, aria=False)
        .encode(
            x=alt.X(f"{number}:Q", axis=_numbers("x")),
            y=alt.Y(
                f"{term}:O",
                sort=_in_order("row_place"),
                axis=alt.Axis(labelLimit=140, ticks=False, domain=False),
            ),
        )
        .properties(height=alt.Step(_ROW_PX))
    )
    return chart


def _tags() -> _AnyChart:
    """The tags with most articles: columns `tag` and `articles`."""
    return _bars("tags", "tag", "articles")


def _rising() -> _AnyChart:
    """Terms that rise, with a stroke where they usually are: columns `label`, `n`, `expected`."""
    bars = _bars("rising", "label", "n")
    usual = (
        alt.Chart()
        .mark_tick(color="var(--mean)", thickness=3, height=18, aria=False)
        .encode(x="expected:Q", y=alt.Y("label:O", sort=_in_order("row_place")))
    )
    return alt.layer(bars, usual, data=_data("rising")).properties(height=alt.Step(_ROW_PX))
