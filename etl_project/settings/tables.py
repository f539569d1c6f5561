"""The tables of etl.toml as values, checked one by one."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from etl_project.checks.thresholds import Thresholds
from etl_project.insight import Insight
from etl_project.limits import Limits
from etl_project.settings.cron import is_cron
from etl_project.sources.location import bucket_of, location_of, mirrors_of
from etl_project.sources.secrets import without_secrets_in_value
from etl_project.sources.source import Source

MOST_NAME_BYTES = 200
"""Longest name of a source or a published file: file systems take 255 bytes, and names beside it have endings."""

MOST_PARTS = 65_536
"""Most parts of a lake: each table has at least a file for each part."""

MOST_DAYS = 36_500
"""Longest time that can be set: a date so far from now must still be one."""

_OWNER = re.compile(r"team:\S+|[^@\s]+@[^@\s]+\.[^@\s]+")
"""What Dagster takes for an owner."""

_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")


_ADDRESS = re.compile("[A-Za-z][A-Za-z0-9+.-]+:/")
"""Begins an address; of its two slashes a path keeps one. A single letter would be a disk."""


def expand(path: Path) -> Path:
    """Replace `~` at the beginning of a path by the home folder, as a shell does.

    Raises:
        ValueError: there is no such user, or the path holds a NUL character or is an address.
    """
    if "\0" in str(path):
        raise ValueError(f"{str(path)!r} is no path: it holds a NUL character")
    if scheme := _ADDRESS.match(str(path)):
        raise ValueError(f"a path that begins with '{scheme[0]}' is an address; write that of a file on this machine")
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(
            f"{str(path)!r} cannot be used: this machine has no such user, or not its home folder"
        ) from None


class WarehouseSettings(BaseModel):
    """`[warehouse]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Path("warehouse/posts.duckdb")
    """The published file. Everything else a refresh makes lives beside it."""
    history: bool = False
    """Whether replaced versions of articles are kept, for `articles_as_of`."""
    kind: Literal["file", "lake"] = "file"
    """Whether the tables are in one file on this machine, or Delta tables at `location`."""
    location: str | None = Field(default=None, repr=False)
    """Where the lake is: a folder, or `s3://bucket/prefix`, `gs://…`, `az://…`; None for the kind file."""
    parts: int = Field(default=64, ge=1, le=MOST_PARTS)
    """Parts of the tables of a lake: fixed when it is created."""
    keep_generations: int = Field(default=10, ge=2, le=10_000)
    """How many publications of a lake `etl maintain` keeps."""
    publish: Literal["file", "views"] = "file"
    """What the published file of a lake holds: all rows, or views of the large tables."""

    @field_validator("location")
    @classmethod
    def _is_location(cls, location: str | None) -> str | None:
        if location is None:
            return None
        bucket = bucket_of(location)
        if bucket and bucket.scheme == "memory":
            raise ValueError("a lake cannot be in memory; name a folder or a bucket in warehouse.location")
        if bucket and ("@" in bucket.bucket or ":" in bucket.bucket or not bucket.bucket):
            # Views and messages show the location.
            raise ValueError(
                "warehouse.location names a bucket and a prefix, such as 's3://bucket/lake', and nothing secret: "
                "credentials are taken from the environment"
            )
        return location if bucket else str(expand(Path(location)))

    @field_validator("parts")
    @classmethod
    def _is_power_of_two(cls, parts: int) -> int:
        if parts & (parts - 1):
            raise ValueError(f"warehouse.parts = {parts} is no power of two; write one such as 64")
        return parts

    @field_validator("path")
    @classmethod
    def _is_file_name(cls, path: Path) -> Path:
        path = expand(path)
        if not path.name or path.name == "..":
            raise ValueError(
                "warehouse.path names a folder; write the name of a file, such as 'warehouse/posts.duckdb'"
            )
        if len(os.fsencode(path.name)) > MOST_NAME_BYTES:
            raise ValueError(
                f"the name of the file in warehouse.path is longer than {MOST_NAME_BYTES} bytes; shorten it"
            )
        return path


class ScheduleSettings(BaseModel):
    """`[schedule]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str = "*/15 * * * *"
    """When Dagster checks for changes, in UTC."""
    maintain_cron: str = "30 3 * * 0"
    """When the job `maintain` runs, in UTC."""
    stale_after_hours: float = Field(default=6, gt=0, le=MOST_DAYS * 24)
    """How long ago the sources may last have been checked before the published file is called stale."""
    keep_runs: int = Field(default=80, ge=1)
    """Most runs whose records are kept; older ones go as new ones end."""
    keep_days: int = Field(default=30, ge=0, le=MOST_DAYS)
    """Age from which `maintain` deletes the records of runs and checks for changes."""
    owners: tuple[str, ...] = ()
    """Whom the pages of Dagster name as owners of the tables: addresses, or teams as `team:NAME`."""

    @field_validator("owners")
    @classmethod
    def _are_owners(cls, owners: tuple[str, ...]) -> tuple[str, ...]:
        for owner in owners:
            if not _OWNER.fullmatch(owner):
                raise ValueError(f"{owner!r} is no owner; write an address such as a@example.org, or team:NAME")
        return owners

    @field_validator("cron", "maintain_cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        normal = " ".join(cron.split())
        if not is_cron(normal):
            raise ValueError(
                f"{cron!r} is no cron expression that ever comes; write five fields (minute, hour, day, month, "
                "weekday), such as '*/15 * * * *'"
            )
        return normal


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
    _folder: Path | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path | None:
        """Folder of the settings file, in which the command runs; None where there is no file."""
        return self._folder

    @field_validator("command")
    @classmethod
    def _is_command(cls, command: str | None) -> str | None:
        try:
            words = shlex.split(command if command is not None else "-")
        except ValueError as error:
            raise ValueError(f"{command!r} is no command: {error}") from None
        if any("\0" in word for word in words):
            raise ValueError(f"{command!r} is no command: it holds a NUL character")
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


class EngineSettings(BaseModel):
    """`[engine]`: who reads the posts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["local", "ray"] = "local"
    """The processes of this machine, or those of a Ray cluster."""
    address: str | None = None
    """The cluster, `host:port`, or `auto` for the one that this machine is a node of; None starts Ray here."""
    in_flight: int | None = Field(default=None, ge=1, le=100_000)
    """Most batches that a cluster has at once; None for twice its processes."""

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        if address is None or address == "auto":
            return address
        host, _, port = address.rpartition(":")
        if not _HOST.fullmatch(host) or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise ValueError(
                f"engine.address = {without_secrets_in_value(address)!r} is no address of a Ray cluster; write "
                "'HOST:PORT', such as '10.0.0.1:6379', or 'auto' for the cluster that this machine is a node of"
            )
        return address


Language = Literal["en", "zh"]
"""Language of the words of the page that `etl report` writes."""


class ReportSettings(BaseModel):
    """`[report]`: the page that each refresh writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    """The page; None where refreshes write none."""
    lang: Language = "en"
    internal: bool = False
    """Whether the page of refreshes names rejected files and articles that are not live."""

    @field_validator("path")
    @classmethod
    def _is_file_name(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        path = expand(path)
        if not path.name or path.name == "..":
            raise ValueError("report.path names a folder; write the name of a file, such as 'warehouse/report.html'")
        return path


class Settings(BaseModel):
    """Everything a refresh needs to know, paths resolved."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    file: Path
    """The etl.toml that was read; relative paths in it are relative to its folder."""
    warehouse: WarehouseSettings = WarehouseSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    alerts: AlertSettings = AlertSettings()
    insight: Insight = Insight()
    engine: EngineSettings = EngineSettings()
    report: ReportSettings = ReportSettings()
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
                shown = repr(without_secrets_in_value(location))
                raise ValueError(f"location = {shown} cannot be used: write a folder or a git address as a text")
            if not location.strip():
                raise ValueError(
                    "a location is empty; write a folder or a git address, '.' for the folder of this file"
                )
            try:
                return {**source, "location": location_of(location, folder, mirrors, source.get("branch"))}
            except RuntimeError:  # `~name`, and no user has that name: there is no such folder
                return {**source, "location": folder / location}

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
        places: dict[str, object] = {"path": folder / self.warehouse.path}
        if (location := self.warehouse.location) and not bucket_of(location):
            places["location"] = str((folder / location).resolve())
        object.__setattr__(self, "warehouse", self.warehouse.model_copy(update=places))
        if self.report.path:
            object.__setattr__(self, "report", self.report.model_copy(update={"path": folder / self.report.path}))
        self.alerts._folder = folder
        return self

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own state: DAGSTER_HOME, else `.dagster` beside the published file."""
        elsewhere = os.environ.get("DAGSTER_HOME")
        return expand(Path(elsewhere)) if elsewhere else self.warehouse.path.parent / ".dagster"
