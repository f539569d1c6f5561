"""Draw small charts as SVG inside Markdown, for a page of Dagster.

A chart library writes tens of kilobytes, and a chart is recorded with every run. Dagster shows Markdown in place only
below a thousand characters, so a chart is smaller than that. Its colours can be read on white and on black.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

MAX_MARKDOWN_CHARS = 999
"""Most characters of Markdown that Dagster shows in place, not behind a click."""

DAYS_SHOWN, BARS_SHOWN = 40, 6
"""Most columns and most bars of a chart that fits."""

LINE_COLOUR, TEXT_COLOUR = "#4f7fd9", "#767b85"
"""Colours that can be read in both themes of Dagster."""

_WIDTH_PX, _COLUMNS_HEIGHT_PX, _BAR_ROW_PX = 320, 48, 14
_LABEL_BYTES = 24


def draw_columns(rows: Sequence[tuple[object, int]]) -> str:
    """Draw one column for each day, the first on the left.

    Args:
        rows: (day, number) in order of days, at most `DAYS_SHOWN`.

    Returns:
        An SVG document.
    """
    most = max(number for _, number in rows) or 1
    step = _WIDTH_PX // DAYS_SHOWN
    heights = [number * _COLUMNS_HEIGHT_PX // most for _, number in rows]
    path = f"M{step // 2} {_COLUMNS_HEIGHT_PX}" + f"m{step} 0".join(f"v-{h}v{h}" if h else "" for h in heights)
    caption = _text(0, _COLUMNS_HEIGHT_PX + 12, f"{rows[0][0]} … {rows[-1][0]}, at most {most:,}")
    return _svg(_COLUMNS_HEIGHT_PX + 15, path, step - 2, caption)


def draw_bars(rows: Sequence[tuple[object, int]]) -> str:
    """Draw one bar for each name, the first at the top.

    Args:
        rows: (name, number), at most `BARS_SHOWN`. A name may contain any characters; long ones are shortened.

    Returns:
        An SVG document.
    """
    most = max(number for _, number in rows) or 1
    half = _WIDTH_PX // 2
    bars = (f"M{half} {i * _BAR_ROW_PX + 7}h{1 + number * (half - 60) // most}" for i, (_, number) in enumerate(rows))
    labels = (_text(0, i * _BAR_ROW_PX + 11, f"{_shorten(str(name))} {n:,}") for i, (name, n) in enumerate(rows))
    return _svg(len(rows) * _BAR_ROW_PX, "".join(bars), _BAR_ROW_PX - 4, "".join(labels))


def svg_as_markdown(title: str, svg: str) -> str:
    """Write an SVG document as a Markdown image with a title."""
    return f"![{title}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _svg(height: int, path: str, thickness: int, texts: str) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH_PX}' height='{height}' font-size='11' "
        f"fill='{TEXT_COLOUR}' font-family='sans-serif'>"
        f"<path d='{path}' stroke='{LINE_COLOUR}' stroke-width='{thickness}'/>{texts}</svg>"
    )


def _text(x: int, y: int, content: str) -> str:
    return f"<text x='{x}' y='{y}'>{escape(content, quote=False)}</text>"


def _shorten(name: str) -> str:
    """Shorten a name to fit beside a bar. Bytes are counted: a character of three bytes is as wide as two of one."""
    shown = "".join(c for c in name if c.isprintable())
    if len(shown.encode()) <= _LABEL_BYTES:
        return shown
    return shown.encode()[: _LABEL_BYTES - 3].decode(errors="ignore") + "…"
