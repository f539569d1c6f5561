"""What the page needs of Altair and vl-convert: Vega as one script, and the charts compiled for it.

To make both takes three seconds of CPU, and they are the same for every page: they are kept in one file, which says of
which versions and of which declaration of charts it was made.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from etl_project.database.json_file import read_json, write_json

_CHARTS = Path(__file__).with_name("charts.py")

_SNIPPET = "window.vegaEmbed = vegaEmbed;"
"""What the script leaves behind for that of the page. All else in it stays private: the page loads it as a module."""


def read_libraries(kept: Path) -> tuple[str, dict[str, Any]]:
    """Read the script and the charts, or make them and keep them.

    Args:
        kept: the file to keep them in. Where it cannot be written, they are made at every call.

    Returns:
        The script, and the Vega specification of each chart by name.
    """
    made_of = _fingerprint()
    content = read_json(kept)
    if content.get("made_of") != made_of:
        script, charts = _make()
        content = {"made_of": made_of, "script": script, "charts": charts}
        try:
            write_json(kept, content)
        except OSError:  # the folder belongs to another user, or is full: the page can be written nevertheless
            return script, charts
    return str(content["script"]), dict(content["charts"])


def _fingerprint() -> str:
    parts = [version("altair"), version("vl-convert-python"), _SNIPPET, _CHARTS.read_text("utf-8")]
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _make() -> tuple[str, dict[str, Any]]:
    import vl_convert

    from etl_project.report.charts import compile_charts

    script = vl_convert.javascript_bundle(_SNIPPET)
    return script.replace("</script", r"<\/script").replace("<!--", r"<\!--"), compile_charts()
