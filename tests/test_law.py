"""The law: whatever happened to a folder, the derived tables equal one full build of what is there now."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from conftest import Site, assert_the_change_log_adds_up
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from etl_project.extract import tasks
from etl_project.extract.scan import Clock

SEQUENCES = int(os.environ.get("ETL_LAW_SEQUENCES", "60"))
"""Random histories, over all machines together."""

NAMES = st.sampled_from(["2026-01-01-a", "2026-01-02-b", "2026-01-03-c", "2026-02-30-d", "e"])
FOLDERS = st.sampled_from(["_posts", "old_post"])
TEXTS = st.sampled_from(
    [
        "---\ntitle: One\ntags: [a, B]\ncategories: news\n---\n\nText [x](https://one.example/).\n",
        "---\ntitle: Two\ntags: [A, c]\n---\n\n# Head\n\nOther text.\n",
        '---\ntitle: "他说"好"了"\ndate: 2026-01-05 10:00:00\ncategories: [News, x]\n---\n\n正文。\n',
        "---\ntitle: Far\ndate: 2098-01-05\ntags: late\n---\n\nLater.\n",
        "---\ntitle: Soon\ndate: 2097-06-01 23:30:00\ncategories: [news, later]\n---\n\nLater.\n",
        "---\ntitle: open\n",
        "---\n- a list\n---\n",
        "",
        "no front matter",
    ]
)


class Folder(RuleBasedStateMachine):
    """A folder of posts that people and scripts work on, refreshed now and then."""

    identity = "path"

    def __init__(self) -> None:
        super().__init__()
        self.site = Site(Path(tempfile.mkdtemp(prefix="law-")))
        self.pattern_order = ["_posts/**", "old_post/**"]
        self.zone = "Asia/Shanghai"
        self.naive = "local"
        self.name = "site"
        self.renamed_from = ""
        self.has_notes = False
        self.is_remembering = False
        self.seconds_ahead = 0
        notes = self.site.folder / "notes"
        notes.mkdir()
        for name in ("x", "y"):
            (notes / f"{name}.md").write_text(f"---\ntags: [a, {name}]\n---\n# {name}\n\n[z](/z)\n", "utf-8")
        self._configure()
        self.is_fresh = False

    def _configure(self) -> None:
        order = ", ".join(f'"{p}"' for p in self.pattern_order)
        self.site.configure(
            f'dialect = "jekyll"\ntime_zone = "{self.zone}"\nnaive_dates = "{self.naive}"\ninclude = [{order}]\n'
            f'identity = "{self.identity}"\n{self.renamed_from}',
            '[[source]]\nname = "notes"\nlocation = "notes"\n' if self.has_notes else "",
        )
        text = self.site.config.read_text("utf-8").replace('name = "site"', f'name = "{self.name}"')
        if self.is_remembering:
            text = text.replace("[warehouse]\n", "[warehouse]\nhistory = true\n")
        self.site.config.write_text(text, "utf-8")
        self.is_fresh = False

    def now(self) -> Clock:
        ns = time.time_ns() + self.seconds_ahead * 1_000_000_000
        return Clock(dt.datetime.fromtimestamp(ns // 1_000 / 1_000_000, dt.UTC), ns)

    def _file(self, folder: str, name: str) -> Path:
        (self.site.posts / folder).mkdir(exist_ok=True)
        return self.site.posts / folder / f"{name}.md"

    @rule(folder=FOLDERS, name=NAMES, text=TEXTS)
    def write(self, folder: str, name: str, text: str) -> None:
        self._file(folder, name).write_text(text, "utf-8")
        self.is_fresh = False

    @rule(folder=FOLDERS, name=NAMES, text=TEXTS)
    def replace_atomically(self, folder: str, name: str, text: str) -> None:
        file = self._file(folder, name)
        beside = file.with_suffix(".tmp")
        beside.write_text(text, "utf-8")
        beside.replace(file)
        self.is_fresh = False

    @rule(folder=FOLDERS, name=NAMES)
    def overwrite_at_the_same_size_and_time(self, folder: str, name: str) -> None:
        file = self._file(folder, name)
        if file.exists() and (data := file.read_bytes()):
            info = file.stat()
            file.write_bytes(data.replace(b"e", b"o"))
            os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
            self.is_fresh = False

    @rule(folder=FOLDERS, name=NAMES)
    def delete(self, folder: str, name: str) -> None:
        self._file(folder, name).unlink(missing_ok=True)
        self.is_fresh = False

    @rule(folder=FOLDERS, name=NAMES)
    def touch(self, folder: str, name: str) -> None:
        if (file := self._file(folder, name)).exists():
            os.utime(file, (1_600_000_000, 1_600_000_000))
            self.is_fresh = False

    @rule(name=NAMES, into=FOLDERS, edit=st.booleans())
    def move(self, name: str, into: str, edit: bool) -> None:
        other = "_posts" if into == "old_post" else "old_post"
        if (file := self._file(other, name)).exists():
            file.replace(self._file(into, name))
            if edit:
                moved = self._file(into, name)
                moved.write_bytes(moved.read_bytes() + b"\nedited\n")
            self.is_fresh = False

    @rule(name=NAMES, other=NAMES, folder=FOLDERS)
    def copy(self, name: str, other: str, folder: str) -> None:
        if name != other and (file := self._file(folder, name)).exists():
            shutil.copy2(file, self._file(folder, other))
            self.is_fresh = False

    @rule(folder=FOLDERS, name=NAMES, text=TEXTS)
    def truncate_and_write_after_a_refresh(self, folder: str, name: str, text: str) -> None:
        file = self._file(folder, name)
        file.write_bytes(b"")
        self.refresh()
        file.write_text(text, "utf-8")
        self.is_fresh = False

    @rule()
    def change_the_order_of_the_patterns(self) -> None:
        self.pattern_order.reverse()
        self._configure()

    @rule(zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]), naive=st.sampled_from(["local", "utc"]))
    def change_the_clock_of_the_site(self, zone: str, naive: str) -> None:
        self.zone, self.naive = zone, naive
        self._configure()

    @rule()
    def add_or_remove_a_source(self) -> None:
        self.has_notes = not self.has_notes
        self._configure()

    @rule()
    def rename_the_source(self) -> None:
        self.renamed_from = f'renamed_from = "{self.name}"\n'
        self.name = "site" if self.name == "paper" else "paper"
        self._configure()
        # Names are given one at a time: what was renamed twice between two refreshes is another source.
        self.refresh()

    @rule()
    def turn_history_on_or_off(self) -> None:
        self.is_remembering = not self.is_remembering
        self._configure()

    @rule(day=st.sampled_from(["2026-06-01", "2097-06-01", "2097-06-02", "2098-01-04", "2098-01-06"]))
    def set_the_clock_forward_or_back(self, day: str) -> None:
        self.seconds_ahead = round(dt.datetime.fromisoformat(f"{day}T00:00Z").timestamp() - time.time())
        self.is_fresh = False

    @precondition(lambda self: not self.is_fresh)
    @rule(options=st.sampled_from([{}, {}, {}, {"full": True}, {"verify": True}]))
    def refresh(self, options: dict[str, bool] | None = None) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            self.site.refresh(allow_deletes=True, **(options or {}))
        self.is_fresh = True

    @precondition(lambda self: not self.is_fresh)
    @rule(stage=st.integers(0, 3))
    def die_in_a_refresh(self, stage: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            refresh, look = self.site.look(allow_deletes=True)
            if look.is_idle or stage == 0:
                look.connection.close()
                return
            refresh.load_tables(look)
            if stage > 1:
                refresh.run_checks("tables")
            if stage > 2:
                refresh.build_aggregates()

    @invariant()
    def equals_a_full_build(self) -> None:
        if not self.is_fresh:
            return
        fresh = Site(self.site.folder / "fresh")
        fresh.folder.mkdir(exist_ok=True)
        text = self.site.config.read_text("utf-8").replace('location = "', f'location = "{self.site.folder}/')
        fresh.config.write_text(text, "utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            expected = fresh.built()
            again = self.site.refresh()
        ours = self.site.derived()
        shutil.rmtree(fresh.folder)
        for table in expected:
            assert ours[table] == expected[table], table
        assert again is None, "a second refresh finds nothing to do"

    def teardown(self) -> None:
        if self.site.published.exists():
            assert_the_change_log_adds_up(self.site)
        shutil.rmtree(self.site.folder, ignore_errors=True)


class FolderByName(Folder):
    """The same with the file name as the identity, so that files shadow one another."""

    identity = "file_name"


MACHINES = [Folder, FolderByName]


@pytest.mark.parametrize("machine", MACHINES)
def test_any_history_ends_in_the_tables_of_one_full_build(
    machine: type[Folder], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Here every file is at rest: no writer is at work while a refresh looks, so none is young.
    monkeypatch.setattr(tasks, "YOUNG_NS", 0)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=-(-SEQUENCES // len(MACHINES)),
            stateful_step_count=14,
            deadline=None,
            derandomize="ETL_LAW_SEQUENCES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
