"""Read etl.toml and the ETL_* environment; a bad setting is named with its line and the remedy."""

from __future__ import annotations

import codecs
import os
import tomllib
from pathlib import Path

from pydantic import ValidationError

from etl_project.errors import BAD_USAGE, UserError
from etl_project.settings.problems import path_problems, sentences, source_problems, unknown_setting
from etl_project.settings.tables import Settings, expand
from etl_project.settings.wrong_values import values_of_another_kind

DEFAULT_FILE = "etl.toml"


class SettingsError(UserError):
    """A setting that cannot be used: the message says which, in which file and line, and what to do."""

    exit_code = BAD_USAGE


def find_settings_file(given: Path | None = None) -> Path:
    """Choose the settings file: the one given, else ETL_CONFIG, else etl.toml in the current folder.

    Raises:
        SettingsError: the name cannot be one of a file.
    """
    return _expanded(given or Path(os.environ.get("ETL_CONFIG") or DEFAULT_FILE)).absolute()


def read_settings(given: Path | None = None) -> Settings:
    """Read and check the settings.

    Args:
        given: the settings file, as `--config` names it.

    Raises:
        SettingsError: with one sentence a line: the file, the line, what is wrong and what to do.
    """
    file = find_settings_file(given)
    text = _read_text(file)
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of a number with thousands of digits, or tables in tables
        raise SettingsError(f"{file}: is not TOML: {error}. Correct that line.") from None
    if "file" in raw:
        raise SettingsError(unknown_setting(("file",), file, text))
    asked = {**raw, "file": file}
    if elsewhere := os.environ.get("ETL_WAREHOUSE"):
        table = raw.get("warehouse")
        asked["warehouse"] = {
            **(table if isinstance(table, dict) else {}),
            "path": _expanded(Path(elsewhere)).absolute(),
        }
    try:
        settings = Settings.model_validate(asked)
        if wrong := [*values_of_another_kind(raw, settings)]:
            raise ValidationError.from_exception_data("Settings", wrong)
    except ValidationError as error:
        raise SettingsError("\n".join(sentences(error, file, text))) from None
    problems = [*path_problems(settings, file, text), *source_problems(settings, file, text)]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _read_text(file: Path) -> str:
    """Text of a settings file without a byte order mark, which Windows' editors write.

    Raises:
        SettingsError: there is no such file, or it cannot be read as UTF-8.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise SettingsError(
            f"{file}: there is no such settings file. Name one with --config or ETL_CONFIG, "
            "or write one with: etl init FOLDER"
        ) from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}.") from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise SettingsError(f"{file}: is UTF-16 or UTF-32, and TOML is UTF-8. Save it as UTF-8.")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file}, line {line}: is not UTF-8, as TOML must be. Save it as UTF-8.") from None


def _expanded(path: Path) -> Path:
    try:
        return expand(path)
    except ValueError as error:
        raise SettingsError(f"{error}.") from None
