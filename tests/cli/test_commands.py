"""Only the module of the command that is called is imported, and the tool knows all of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from etl_project.cli.commands import MODULES, load_app


def test_every_command_is_in_the_list_with_its_module_and_in_this_order() -> None:
    declared = {
        str(command.name or command.callback.__name__): command.callback.__module__.rpartition(".")[2]
        for command in load_app().registered_commands
        if command.callback
    }
    assert declared == {command: module for module, commands in MODULES.items() for command in commands}
    code = "from etl_project.cli import app; print(*[c.name or c.callback.__name__ for c in app.registered_commands])"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert listed == [command for commands in MODULES.values() for command in commands]


@pytest.mark.parametrize(("module", "command"), [(module, commands[-1]) for module, commands in MODULES.items()])
def test_a_command_is_loaded_without_the_modules_of_others(module: str, command: str) -> None:
    code = (
        "import sys; from etl_project.cli.commands import MODULES, load_app; load_app(sys.argv[1]); "
        "print(*[name for name in MODULES if f'etl_project.cli.{name}' in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code, command], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == [module]


@pytest.mark.parametrize("word", [None, "--help", "nonsense", "refresh.py", ""])
def test_whatever_is_no_command_is_asked_of_all_of_them(word: str | None) -> None:
    assert len(load_app(word).registered_commands) == sum(map(len, MODULES.values()))
