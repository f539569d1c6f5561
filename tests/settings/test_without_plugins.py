"""Settings are made without looking for plugins of Pydantic, and nobody else is kept from them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from etl_project.settings.without_plugins import without_plugins

SWITCH = "PYDANTIC_DISABLE_PLUGINS"


@pytest.mark.parametrize("before", [None, "logfire-plugin"])
def test_the_environment_is_as_it_was(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    if before:
        monkeypatch.setenv(SWITCH, before)
    with pytest.raises(ValueError, match="inside"), without_plugins():
        assert os.environ[SWITCH] == "__all__"
        raise ValueError("inside")
    assert os.environ.get(SWITCH) == before


def test_settings_look_for_no_plugin_and_other_models_do() -> None:
    code = """
import etl_project.settings
from pydantic import BaseModel
from pydantic.plugin import _loader
before = _loader._plugins
class Other(BaseModel):
    name: str
print(before, _loader._plugins is not None)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["None", "True"]
