"""etl.toml and the ETL_* environment in, one `Settings` out; a bad setting is named with its line and the remedy."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from etl_project.checks.thresholds import Thresholds
from etl_project.dialects import DIALECTS
from etl_project.errors import BAD_USAGE, UserError
from etl_project.extract.body.rules import RuleBook
from etl_project.limits import Limits
from etl_project.sources.location import location_of, mirrors_of
from etl_project.sources.source import MentionRule, Rule, Source, place_problem

DEFAULT_FILE = "etl.toml"

_CRON = re.compile(
    r"(@(hourly|daily|weekly|monthly|yearly|midnight|annually))|([\d*/,\-A-Za-z]+ ){4}[\d*/,\-A-Za-z#L]+",
    re.A,
)


class SettingsError(UserError):
    """A setting that cannot be used: the message says which, in which file and line, and what to do."""

    exit_code = BAD_USAGE


class WarehouseSettings(BaseModel):
    """`[warehouse]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Path("warehouse/posts.duckdb")
    """The published file. Everything else a refresh makes lives beside it."""
    history: bool = False
    """Whether replaced versions of articles are kept, for `articles_as_of`."""


class ScheduleSettings(BaseModel):
    """`[schedule]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str = "*/15 * * * *"
    """When Dagster checks for changes, in UTC."""
    maintain_cron: str = "30 3 * * 0"
    """When the job `maintain` runs, in UTC."""
    stale_after_hours: float = Field(default=6, gt=0)
    """How long ago the sources may last have been checked before the published file is called stale."""
    keep_runs: int = Field(default=80, ge=1)
    """Most runs whose records are kept; older ones go as new ones end."""
    keep_days: int = Field(default=30, ge=0)
    """Age from which `maintain` deletes the records of runs and checks for changes."""

    @field_validator("cron", "maintain_cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        if not _CRON.fullmatch(cron.strip()):
            raise ValueError(f"{cron!r} is no cron expression; write five fields, such as '*/15 * * * *'")
        return cron.strip()


class AlertSettings(BaseModel):
    """`[alerts]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str | None = None
    """Program and arguments, without a shell; the alert is JSON on its standard input."""
    webhook: str | None = Field(default=None, repr=False)
    """Address that the alert is posted to as JSON."""
    timeout_seconds: float = Field(default=10, gt=0, le=300)
    """Longest that each of them may take."""
    rejected_jump: int = Field(default=10, ge=1)
    """How many more rejected files than at the refresh before are worth an alert."""

    @field_validator("command")
    @classmethod
    def _is_command(cls, command: str | None) -> str | None:
        try:
            words = shlex.split(command or "-")
        except ValueError as error:
            raise ValueError(f"{command!r} is no command: {error}") from None
        if not words:
            raise ValueError("the command is empty; name a program or leave the key out")
        return command

    @field_validator("webhook")
    @classmethod
    def _is_address(cls, webhook: str | None) -> str | None:
        if webhook is not None and (urlsplit(webhook).scheme not in ("http", "https") or not urlsplit(webhook).netloc):
            # The address is not repeated: it may hold a secret.
            raise ValueError("the webhook must be an address that begins with http:// or https://")
        return webhook


class Settings(BaseModel):
    """Everything a refresh needs to know, paths resolved."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    file: Path
    """The etl.toml that was read; relative paths in it are relative to its folder."""
    warehouse: WarehouseSettings = WarehouseSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    alerts: AlertSettings = AlertSettings()
    limits: Limits = Limits()
    checks: Thresholds = Thresholds()
    sources: Annotated[tuple[Source, ...], Field(alias="source")] = ()

    @field_validator("sources", mode="before")
    @classmethod
    def _located(cls, sources: object, info: ValidationInfo) -> object:
        warehouse = info.data.get("warehouse", WarehouseSettings()).path
        folder = info.data["file"].parent
        mirrors = mirrors_of(folder / warehouse)

        def located(source: object) -> object:
            if not isinstance(source, dict) or (location := source.get("location")) is None:
                return source
            if not isinstance(location, str):
                raise ValueError(f"location = {location!r} cannot be used: write a folder or a git address as a text")
            return {**source, "location": location_of(location, folder, mirrors, source.get("branch"))}

        return [located(source) for source in sources] if isinstance(sources, list) else sources

    @field_validator("sources")
    @classmethod
    def _can_be_used(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        if not sources:
            raise ValueError("there is no [[source]]; add one with a name and a location")
        return sources

    @model_validator(mode="after")
    def _resolve(self) -> Settings:
        folder = self.file.parent
        object.__setattr__(self, "warehouse", self.warehouse.model_copy(update={"path": folder / self.warehouse.path}))
        return self

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own state: DAGSTER_HOME, else `.dagster` beside the published file."""
        return Path(os.environ.get("DAGSTER_HOME") or self.warehouse.path.parent / ".dagster")


def find_settings_file(given: Path | None = None) -> Path:
    """Choose the settings file: the one given, else ETL_CONFIG, else etl.toml in the current folder."""
    return Path(given or os.environ.get("ETL_CONFIG") or DEFAULT_FILE).absolute()


def read_settings(given: Path | None = None) -> Settings:
    """Read and check the settings.

    Args:
        given: the settings file, as `--config` names it.

    Raises:
        SettingsError: with one sentence a line: the file, the line, what is wrong and what to do.
    """
    file = find_settings_file(given)
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(
            f"{file}: there is no such settings file. Name one with --config or ETL_CONFIG, "
            "or write one with: etl init FOLDER"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}.") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: is not TOML: {error}. Correct that line.") from None
    if "file" in raw:
        raise SettingsError(_unknown(("file",), file, text))
    asked = {**raw, "file": file}
    if elsewhere := os.environ.get("ETL_WAREHOUSE"):
        table = raw.get("warehouse")
        asked["warehouse"] = {**(table if isinstance(table, dict) else {}), "path": Path(elsewhere).absolute()}
    try:
        settings = Settings.model_validate(asked)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentences(error, file, text))) from None
    problems = list(_source_problems(settings, raw, file, text))
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _source_problems(settings: Settings, raw: Mapping[str, Any], file: Path, text: str) -> Iterable[str]:
    seen: dict[str, int] = {}
    for index, source in enumerate(settings.sources):

        def where(key: str, index: int = index) -> str:
            return f"{file}, line {line_of(text, ('source', index, key))}"

        if source.name in seen:
            yield (
                f"{where('name')}: two sources are named {source.name!r} (the other in line "
                f"{line_of(text, ('source', seen[source.name], 'name'))}); give each its own name."
            )
        seen.setdefault(source.name, index)
        if source.renamed_from is not None:
            yield from _rename_problems(settings, index, file, text)
        if not re.fullmatch(r"[\w.-]+", source.name):
            yield f"{where('name')}: the name {source.name!r} may only hold letters, digits, '_', '-' and '.'."
        if problem := place_problem(source):
            key, what = problem
            yield f"{where(key)}: {what}."
        if source.dialect not in DIALECTS:
            yield (
                f"{where('dialect')}: there is no dialect {source.dialect!r}"
                f"{_nearest(source.dialect, DIALECTS)} The dialects are {', '.join(sorted(DIALECTS))}."
            )
        try:
            ZoneInfo(source.time_zone)
        except (KeyError, ValueError, OSError):
            yield (
                f"{where('time_zone')}: {source.time_zone!r} is no time zone"
                f"{_nearest(source.time_zone, available_timezones())} Write an IANA name such as 'Asia/Shanghai'."
            )
        for encoding in source.encodings:
            try:
                "".encode(encoding)
            except LookupError:
                yield f"{where('encodings')}: there is no encoding {encoding!r}; write one such as 'gb18030'."
        try:
            RuleBook(source.rules, source.mentions)
        except ValueError as error:
            yield f"{where('rules')}: {error}."


def _rename_problems(settings: Settings, index: int, file: Path, text: str) -> Iterable[str]:
    old = settings.sources[index].renamed_from
    where = f"{file}, line {line_of(text, ('source', index, 'renamed_from'))}"
    for other, source in enumerate(settings.sources):
        if source.name == old:
            yield (
                f"{where}: renamed_from = {old!r} names a source that is still there (line "
                f"{line_of(text, ('source', other, 'name'))}); take this key out, or that source."
            )
        elif other < index and source.renamed_from == old:
            yield (
                f"{where}: two sources say that they were {old!r} (the other in line "
                f"{line_of(text, ('source', other, 'renamed_from'))}); leave the key with the one that has its posts."
            )


def _nearest(wrong: str, right: Iterable[str]) -> str:
    lower = {name.lower(): name for name in right}
    near = difflib.get_close_matches(wrong.lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean {lower[near[0]]!r}?" if near else "."


def _unknown(location: tuple[str | int, ...], file: Path, text: str) -> str:
    known = _keys_at(location[:-1])
    return (
        f"{file}, line {line_of(text, location)}: there is no setting {_dotted_name(location)!r}"
        f"{_nearest(str(location[-1]), known)} The settings here are {', '.join(known)}."
    )


def _dotted_name(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location if not isinstance(part, int))


def _sentences(error: ValidationError, file: Path, text: str) -> Iterable[str]:
    for problem in error.errors():
        location = tuple(problem["loc"])
        name = _dotted_name(location)
        where = f"{file}, line {line_of(text, location)}"
        if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            yield _unknown(location, file, text)
        elif problem["type"] in ("missing", "missing_argument"):
            yield f"{where}: the setting {name!r} is missing; add it."
        elif problem["type"] == "value_error":
            yield f"{where}: {problem['msg'].removeprefix('Value error, ')}."
        else:
            yield f"{where}: {name} = {problem['input']!r} cannot be used: {problem['msg']}."


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """Names of the settings allowed at a place, in the order they are declared."""
    names = tuple(part for part in location if not isinstance(part, int))
    if not names:
        return ["warehouse", "schedule", "alerts", "limits", "checks", "source"]
    if names == ("warehouse",):
        return list(WarehouseSettings.model_fields)
    if names == ("schedule",):
        return list(ScheduleSettings.model_fields)
    if names == ("alerts",):
        return list(AlertSettings.model_fields)
    kinds: dict[tuple[str, ...], type] = {
        ("limits",): Limits,
        ("checks",): Thresholds,
        ("source",): Source,
        ("source", "rules"): Rule,
        ("source", "mentions"): MentionRule,
    }
    return [field.name for field in dataclasses.fields(kinds[names]) if field.init] if names in kinds else []


def line_of(text: str, location: tuple[str | int, ...]) -> int:
    """Line of a setting in a TOML text, from 1.

    Args:
        text: the settings file.
        location: keys and list positions, as pydantic reports them: `("source", 1, "time_zone")`.

    Returns:
        The line of the key; of its table where the key is not written; 1 where neither is.
    """
    lines = text.split("\n")
    start, best = 0, 1
    path: list[str] = []
    rest = list(location)
    while rest:
        key = str(rest.pop(0))
        count = rest.pop(0) if rest and isinstance(rest[0], int) else 0
        path.append(key)
        header = re.compile(r"\s*\[\[?\s*" + r"\s*\.\s*".join(map(re.escape, path)) + r"\s*\]\]?")
        found = [i for i in range(start, len(lines)) if header.match(lines[i])]
        if len(found) > int(count):
            start = found[int(count)]
            best = start + 1
            continue
        assignment = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]")
        for i in range(start, len(lines)):
            if i > start and lines[i].lstrip().startswith("["):
                break
            if assignment.match(lines[i]):
                return i + 1
        break
    return best
