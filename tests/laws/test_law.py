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
from histories import SEQUENCES, SHARDS, Step, replay, rules_not_taken, run_random_histories
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from etl_project.refresh.guard import RefreshStopped
from etl_project.scan.clock import Clock
from etl_project.sources import signature

HOUR_NS = 3_600_000_000_000
"""How long files are young here: longer than a history takes, so that they are until the machine's clock is set on."""

OPTIONS = st.sampled_from([{}, {}, {}, {"full": True}, {"verify": True}])
GOOD = "---\ntitle: Good\ntags: a\n---\n\nText.\n"
HALF = ["", "---\ntitle: Goo"]
A_RULE = '[[source.rules]]\nselector = "a"\ncolumn = "medium"\n'

NAME = ["2026-01-01-a", "2026-01-02-b", "2026-01-03-c", "2026-02-30-d", "e"]
FOLDER = ["_posts", "old_post"]
TEXT = [
    "---\ntitle: One\ntags: [a, B]\ncategories: news\n---\n\nText [x](https://one.example/), [b](2026-01-02-b.md).\n",
    "---\ntitle: Two\ntags: [A, c]\n---\n\n# Head\n\nOther text [c](/news/2026/01/03/c.html).\n",
    '---\ntitle: "他说"好"了"\ndate: 2026-01-05 10:00:00\ncategories: [News, x]\n---\n\n正文。\n',
    "---\ntitle: Far\ndate: 2098-01-05\ntags: late\n---\n\nLater.\n",
    "---\ntitle: Soon\ndate: 2097-06-01 23:30:00\ncategories: [news, later]\n---\n\nLater.\n",
    "---\ntitle: open\n",
    "---\n- a list\n---\n",
    "",
    "no front matter",
]
NAMES, FOLDERS, TEXTS = st.sampled_from(NAME), st.sampled_from(FOLDER), st.sampled_from(TEXT)


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
        self.exclude = ""
        self.rules = ""
        self.has_notes = True
        self.is_remembering = False
        self.seconds_ahead = 0
        notes = self.site.folder / "notes"
        notes.mkdir()
        for name in ("x", "y"):
            (notes / f"{name}.md").write_text(f"---\ntags: [a, {name}]\n---\n# {name}\n\n[z](/z)\n", "utf-8")
        self._configure()

    def _configure(self) -> None:
        order = ", ".join(f'"{p}"' for p in self.pattern_order)
        self.site.configure(
            f'dialect = "jekyll"\ntime_zone = "{self.zone}"\nnaive_dates = "{self.naive}"\ninclude = [{order}]\n'
            f'identity = "{self.identity}"\n{self.renamed_from}{self.exclude}{self.rules}',
            '[[source]]\nname = "notes"\nlocation = "notes"\n' if self.has_notes else "",
        )
        text = self.site.config.read_text("utf-8").replace('name = "site"', f'name = "{self.name}"')
        if self.is_remembering:
            text = text.replace("[warehouse]\n", "[warehouse]\nhistory = true\n")
        self.site.config.write_text(text, "utf-8")

    def now(self) -> Clock:
        ns = time.time_ns() + self.seconds_ahead * 1_000_000_000
        return Clock(dt.datetime.fromtimestamp(ns // 1_000 / 1_000_000, dt.UTC), ns)

    def _rest(self) -> None:
        """Let time pass until no file is young."""
        files = [*self.site.posts.rglob("*.md"), *(self.site.folder / "notes").glob("*.md")]
        written = [max(info.st_mtime_ns, info.st_ctime_ns) for info in map(Path.stat, files)]
        while any(abs(ns - self.now().started_ns) < HOUR_NS + HOUR_NS // 60 for ns in written):
            self.seconds_ahead += 600

    def _written(self, file: Path) -> None:
        """Give a file the time of the machine's own clock: it is young until that is set on."""
        ns = self.now().started_ns
        os.utime(file, ns=(ns, ns))

    def _file(self, folder: str, name: str) -> Path:
        (self.site.posts / folder).mkdir(exist_ok=True)
        return self.site.posts / folder / f"{name}.md"

    @rule(folder=FOLDERS, name=NAMES, text=TEXTS)
    def write(self, folder: str, name: str, text: str) -> None:
        file = self._file(folder, name)
        file.write_text(text, "utf-8")
        self._written(file)

    @rule(folder=FOLDERS, name=NAMES, text=TEXTS)
    def replace_atomically(self, folder: str, name: str, text: str) -> None:
        file = self._file(folder, name)
        beside = file.with_suffix(".tmp")
        beside.write_text(text, "utf-8")
        self._written(beside)
        beside.replace(file)

    @rule(folder=FOLDERS, name=NAMES)
    def overwrite_at_the_same_size_and_time(self, folder: str, name: str) -> None:
        file = self._file(folder, name)
        if file.exists() and (data := file.read_bytes()):
            info = file.stat()
            file.write_bytes(data.replace(b"e", b"o"))
            os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))

    @rule(folder=FOLDERS, name=NAMES)
    def delete(self, folder: str, name: str) -> None:
        self._file(folder, name).unlink(missing_ok=True)

    @rule(folder=FOLDERS, name=NAMES)
    def touch(self, folder: str, name: str) -> None:
        if (file := self._file(folder, name)).exists():
            os.utime(file, (1_600_000_000, 1_600_000_000))

    @rule(name=NAMES, into=FOLDERS, edit=st.booleans())
    def move(self, name: str, into: str, edit: bool) -> None:
        other = "_posts" if into == "old_post" else "old_post"
        if (file := self._file(other, name)).exists():
            file.replace(self._file(into, name))
            if edit:
                moved = self._file(into, name)
                moved.write_bytes(moved.read_bytes() + b"\nedited\n")
                self._written(moved)

    @rule(name=NAMES, other=NAMES, folder=FOLDERS)
    def copy(self, name: str, other: str, folder: str) -> None:
        if name != other and (file := self._file(folder, name)).exists():
            shutil.copy2(file, self._file(folder, other))

    @rule(folder=FOLDERS, name=NAMES, half=st.sampled_from(HALF), text=TEXTS, waits=st.booleans())
    def catch_half_written(self, folder: str, name: str, half: str, text: str, waits: bool) -> None:
        if not self._file(folder, name).exists():
            self.write(folder, name, GOOD)
            self.die_in_a_refresh(2)
        self.write(folder, name, half)
        self.die_in_a_refresh(2)
        if not waits:
            self.write(folder, name, text)

    @rule(what=st.sampled_from(["order", "exclude", "rules", "identity", "history", "zone", "naive"]))
    def change_a_setting(self, what: str) -> None:
        if what == "order":
            self.pattern_order.reverse()
        elif what == "exclude":
            self.exclude = "" if self.exclude else 'exclude = ["2026-01-02-*", "/old_post/e.md"]\n'
        elif what == "rules":
            self.rules = "" if self.rules else A_RULE
        elif what == "identity":
            self.identity = "path" if self.identity == "file_name" else "file_name"
        elif what == "history":
            self.is_remembering = not self.is_remembering
        elif what == "zone":
            self.zone = "America/New_York" if self.zone == "Asia/Shanghai" else "Asia/Shanghai"
        else:
            self.naive = "utc" if self.naive == "local" else "local"
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

    @rule(day=st.sampled_from(["2026-06-01", "2097-06-01", "2097-06-02", "2098-01-04", "2098-01-06"]))
    def set_the_clock_forward_or_back(self, day: str) -> None:
        self.seconds_ahead = round(dt.datetime.fromisoformat(f"{day}T00:00Z").timestamp() - time.time())

    @rule(options=OPTIONS, at_rest=st.booleans())
    def refresh(self, options: dict[str, bool] | None = None, *, at_rest: bool = False) -> None:
        if at_rest:
            self._rest()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            self.site.refresh(allow_deletes=True, **(options or {}))
            if at_rest:
                # Nothing is found to do, and that is remembered.
                self.site.refresh()

    @rule(options=OPTIONS, only=st.sampled_from(["posts", "notes", None]), allow_deletes=st.booleans())
    def refresh_some_or_be_stopped(self, options: dict[str, bool], only: str | None, allow_deletes: bool) -> None:
        names = {"posts": [self.name], "notes": ["notes"] if self.has_notes else []}.get(only or "", [])
        work = self.site.published.parent / ".work/posts.duckdb"
        before = work.stat() if work.exists() else None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            try:
                self.site.refresh(**options, sources=names, allow_deletes=allow_deletes)
            except RefreshStopped:
                assert not allow_deletes, "a person has said so"
                after = work.stat()
                assert before and (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    @rule(stage=st.integers(0, 3))
    def die_in_a_refresh(self, stage: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            refresh, plan = self.site.plan(allow_deletes=True)
            if plan.is_no_op or stage == 0:
                plan.close()
                return
            refresh.load_tables(plan)
            if stage > 1:
                broken = [r for r in refresh.run_checks("tables") if r.check.is_blocking and not r.passed]
                assert not broken, broken
            if stage > 2:
                refresh.build_aggregates()

    def teardown(self) -> None:
        try:
            # Without a refresh before, the last one would be the full build that it is compared with.
            if (self.site.folder / "warehouse").exists():
                self.refresh(at_rest=True)
                self._equals_a_full_build()
                assert_the_change_log_adds_up(self.site)
        finally:
            shutil.rmtree(self.site.folder, ignore_errors=True)

    def _equals_a_full_build(self) -> None:
        fresh = Site(self.site.folder / "fresh")
        fresh.folder.mkdir(exist_ok=True)
        text = self.site.config.read_text("utf-8").replace('location = "', f'location = "{self.site.folder}/')
        fresh.config.write_text(text, "utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            expected = fresh.built()
            again = self.site.refresh()
        ours = self.site.derived()
        for table in expected:
            assert ours[table] == expected[table], table
        assert again is None, "a second refresh finds nothing to do"


class FolderByName(Folder):
    """The same with the file name as the identity, so that files shadow one another."""

    identity = "file_name"


MACHINES = [Folder, FolderByName]


@pytest.fixture
def long_young(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are young until the clock of the machine is set on."""
    monkeypatch.setattr(signature, "YOUNG_NS", HOUR_NS)


def _at(folder: str, name: str, **values: str | bool) -> dict[str, str | bool]:
    return {"folder": folder, "name": name, **values}


BEGINNING: list[Step] = [
    # Every kind of post, and files that shadow one another.
    *(("write", _at("_posts", name, text=text)) for name, text in zip(NAME, TEXT[:5], strict=True)),
    *(("write", _at("old_post", name, text=text)) for name, text in zip(NAME, TEXT[4:], strict=True)),
    ("refresh", {}),
]
SETTINGS: list[Step] = [
    *(("change_a_setting", {"what": what}) for what in ("order", "exclude", "identity", "history")),
    ("die_in_a_refresh", {"stage": 0}),
    ("die_in_a_refresh", {"stage": 3}),
    *(("change_a_setting", {"what": what}) for what in ("rules", "zone", "naive", "identity", "exclude")),
    ("add_or_remove_a_source", {}),
    ("refresh", {"options": {"verify": True}, "at_rest": True}),
    ("add_or_remove_a_source", {}),
    ("catch_half_written", _at("_posts", "e", half=HALF[1], text=TEXT[0], waits=True)),
]
SOURCES: list[Step] = [
    ("rename_the_source", {}),
    ("change_a_setting", {"what": "history"}),
    ("refresh_some_or_be_stopped", {"options": {}, "only": "notes", "allow_deletes": True}),
    ("refresh", {"options": {"full": True}}),
    ("set_the_clock_forward_or_back", {"day": "2026-06-01"}),
    ("catch_half_written", _at("old_post", "2026-01-03-c", half=HALF[0], text=TEXT[1], waits=False)),
]
EDITS: list[Step] = [
    # After what has every file read again: from here on only changed files are.
    ("write", _at("_posts", "2026-02-30-d", text=TEXT[2])),
    ("replace_atomically", _at("_posts", "2026-01-01-a", text=TEXT[1])),
    ("overwrite_at_the_same_size_and_time", _at("_posts", "2026-01-02-b")),
    ("touch", _at("_posts", "2026-01-03-c")),
    ("delete", _at("old_post", "2026-01-01-a")),
    ("copy", {"folder": "_posts", "name": "2026-01-01-a", "other": "2026-01-03-c"}),
    ("refresh_some_or_be_stopped", {"options": {}, "only": "posts", "allow_deletes": True}),
    ("move", {"name": "2026-02-30-d", "into": "old_post", "edit": False}),
    ("move", {"name": "2026-01-02-b", "into": "old_post", "edit": True}),
    ("set_the_clock_forward_or_back", {"day": "2097-06-02"}),
    ("die_in_a_refresh", {"stage": 1}),
    ("write", _at("_posts", "2026-01-02-b", text=TEXT[5])),
    ("die_in_a_refresh", {"stage": 2}),
    ("set_the_clock_forward_or_back", {"day": "2097-06-01"}),
    *(("delete", _at(folder, name)) for folder in FOLDER for name in NAME[:3]),
    ("refresh_some_or_be_stopped", {"options": {}, "only": None, "allow_deletes": False}),
    ("write", _at("_posts", "2026-01-01-a", text=TEXT[0])),
]
FIRST_EDITS = 7
"""Steps until edits are refreshed: where no files shadow one another, the written history ends with them."""

WRITTEN = {
    Folder: [*BEGINNING, *SETTINGS, *EDITS[:FIRST_EDITS]],
    FolderByName: [*BEGINNING, *SOURCES, *EDITS],
}


@pytest.mark.usefixtures("long_young")
@pytest.mark.parametrize("machine", MACHINES)
def test_a_few_histories_end_in_the_tables_of_one_full_build(machine: type[Folder]) -> None:
    replay(machine, WRITTEN[machine])


def test_the_few_histories_take_every_step() -> None:
    assert rules_not_taken(Folder, [step for steps in WRITTEN.values() for step in steps]) == set()


@pytest.mark.prove("laws")
@pytest.mark.timeout(300 + 20 * SEQUENCES)
@pytest.mark.usefixtures("long_young")
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("machine", MACHINES)
def test_any_history_ends_in_the_tables_of_one_full_build(machine: type[Folder], shard: int) -> None:
    run_random_histories(machine, len(MACHINES), shard)
