"""The law for a git source: whatever its history, the derived tables equal one full build of the present commit."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from conftest import Site
from git_site import GitSite
from histories import SEQUENCES, SHARDS, Step, replay, rules_not_taken, run_random_histories
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from etl_project.scan.clock import Clock

NAME = ["2026-01-01-a", "2026-01-02-b", "2026-01-03-c", "e"]
FOLDER = ["_posts", "old_post"]
BRANCHES = st.sampled_from(["main", "side"])
PLACE = ["git+{repo}", "{bare}", "file://{repo}", "file://{bare}"]
"""In place, a bare repository in place, and both through a copy of what is fetched."""

TEXT = [
    "---\ntitle: One\ntags: [a, B]\ncategories: news\n---\n\nText [x](https://one.example/).\n",
    "---\ntitle: Two\ntags: [A, c]\nlast_modified_at: 2026-03-01\n---\n\n# Head\n\nOther text.\n",
    "---\ntitle: Far\ndate: 2098-01-05\ntags: late\n---\n\nLater.\n",
    "---\ntitle: Soon\ndate: 2097-06-01 23:30:00\ncategories: [news, later]\n---\n\nLater.\n",
    "---\n- a list\n---\n",
    "",
    "---\r\ntitle: Three\r\n---\r\n\r\nText\r\n",
]
NAMES, FOLDERS, PLACES, TEXTS = (st.sampled_from(values) for values in (NAME, FOLDER, PLACE, TEXT))


class History(RuleBasedStateMachine):
    """A repository of posts that people commit to, merge, amend and rewrite, refreshed now and then."""

    identity = "path"

    def __init__(self) -> None:
        super().__init__()
        self.site = GitSite(Path(tempfile.mkdtemp(prefix="law-git-")))
        self.repo = self.site.repo
        self.bare = self.site.folder / "bare.git"
        self.repo.git("init", "-q", "--bare", str(self.bare))
        self.zone, self.updated_from, self.branch = "Asia/Shanghai", "git", "main"
        self.pattern_order = ["_posts/**", "old_post/**"]
        self.name = "site"
        self.renamed_from = ""
        self.has_notes = False
        self.seconds_ahead = 0
        for n in (1, 2, 3):
            self.repo.write(f"_posts/2026-01-0{n}-{'abc'[n - 1]}.md", tags=f"[t{n}]")
        self._commit()
        self.repo.git("branch", "side")

    def _configure(self) -> None:
        order = ", ".join(f'"{p}"' for p in self.pattern_order)
        # The notes are another branch of the same repository.
        notes = f'[[source]]\nname = "notes"\nlocation = "{self.site.location}"\nbranch = "side"\ndialect = "jekyll"\n'
        self.site.configure(
            f'dialect = "jekyll"\ntime_zone = "{self.zone}"\ninclude = [{order}]\n'
            f'identity = "{self.identity}"\nupdated_from = "{self.updated_from}"\nbranch = "{self.branch}"\n'
            f"{self.renamed_from}",
            notes if self.has_notes else "",
        )
        text = self.site.config.read_text("utf-8").replace('name = "site"', f'name = "{self.name}"')
        self.site.config.write_text(text, "utf-8")
        self.is_fresh = False

    def now(self) -> Clock:
        ns = time.time_ns() + self.seconds_ahead * 1_000_000_000
        return Clock(dt.datetime.fromtimestamp(ns // 1_000 / 1_000_000, dt.UTC), ns)

    @initialize(place=PLACES)
    def begin(self, place: str) -> None:
        self.move_the_repository(place)
        self.refresh()
        # These first posts need no comparison: what follows does.
        self.is_fresh = False

    @rule(place=PLACES)
    def move_the_repository(self, place: str) -> None:
        self.site.location = place.format(repo=self.repo.path, bare=self.bare)
        self._configure()

    def _commit(self, *, amend: bool = False) -> None:
        self.repo.commit(amend=amend)
        self.is_fresh = False

    @rule(folder=FOLDERS, name=NAMES, text=TEXTS)
    def write(self, folder: str, name: str, text: str) -> None:
        self.repo.write(f"{folder}/{name}.md", text.encode())
        self._commit()

    @rule(folder=FOLDERS, name=NAMES, text=TEXTS)
    def amend(self, folder: str, name: str, text: str) -> None:
        self.repo.write(f"{folder}/{name}.md", text.encode())
        self._commit(amend=True)

    @rule(folder=FOLDERS, name=NAMES)
    def delete(self, folder: str, name: str) -> None:
        (self.repo.path / folder / f"{name}.md").unlink(missing_ok=True)
        self._commit()

    @rule(name=NAMES, into=FOLDERS, edit=st.booleans())
    def rename(self, name: str, into: str, edit: bool) -> None:
        other = "_posts" if into == "old_post" else "old_post"
        here, there = (self.repo.path / folder / f"{name}.md" for folder in (other, into))
        if here.exists() and not here.is_symlink():
            there.parent.mkdir(exist_ok=True)
            here.replace(there)
            if edit:
                there.write_bytes(there.read_bytes() + b"\nedited\n")
            self._commit()

    @rule(folder=FOLDERS, name=NAMES, leads_to=NAMES)
    def link(self, folder: str, name: str, leads_to: str) -> None:
        path = self.repo.path / folder / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(f"../_posts/{leads_to}.md")
        self._commit()

    @rule(folder=FOLDERS, name=NAMES)
    def set_the_executable_bit(self, folder: str, name: str) -> None:
        path = self.repo.path / folder / f"{name}.md"
        if path.exists() and not path.is_symlink():
            path.chmod(path.stat().st_mode ^ 0o111)
            self._commit()

    @rule()
    def go_back_to_earlier_bytes(self) -> None:
        if self.repo.git("rev-parse", "--verify", "HEAD~1", check=False):
            self.repo.git("read-tree", "-u", "--reset", "HEAD~1")
            self._commit()

    @rule()
    def drop_the_last_commit(self) -> None:
        if self.repo.git("rev-parse", "--verify", "HEAD~1", check=False):
            self.repo.git("reset", "-q", "--hard", "HEAD~1")
            self.is_fresh = False

    @rule(branch=BRANCHES)
    def work_on(self, branch: str) -> None:
        self.repo.git("checkout", "-qf", branch)

    @rule(strategy=st.sampled_from(["ours", "theirs"]))
    def merge(self, strategy: str) -> None:
        here = self.repo.git("symbolic-ref", "--short", "HEAD")
        other = "side" if here == "main" else "main"
        self.repo.git("merge", "-q", "--no-ff", "--no-edit", "-X", strategy, other, check=False)
        self.repo.git("add", "--all")
        self.repo.git("commit", "-q", "--no-edit", check=False)
        self.repo.commits += 1
        self.is_fresh = False

    @rule()
    def sweep(self) -> None:
        self.repo.git("reflog", "expire", "--expire=now", "--all")
        self.repo.git("prune", "--expire=now")
        self._push()
        self.repo.git("--git-dir", str(self.bare), "prune", "--expire=now")

    def _push(self) -> None:
        self.repo.git("push", "-q", "--force", "--mirror", str(self.bare))

    @rule(zone=st.sampled_from(["Asia/Shanghai", "America/New_York"]))
    def change_the_zone(self, zone: str) -> None:
        self.zone = zone
        self._configure()

    @rule()
    def change_the_order_of_the_patterns(self) -> None:
        self.pattern_order.reverse()
        self._configure()

    @rule(updated_from=st.sampled_from(["git", "front_matter"]))
    def date_updates_otherwise(self, updated_from: str) -> None:
        self.updated_from = updated_from
        self._configure()

    @rule(branch=BRANCHES)
    def read_another_branch(self, branch: str) -> None:
        self.branch = branch
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
        self.is_fresh = False

    @precondition(lambda self: not self.is_fresh)
    @rule(options=st.sampled_from([{}, {}, {}, {"full": True}, {"verify": True}]))
    def refresh(self, options: dict[str, bool] | None = None) -> None:
        self._push()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            self.site.refresh(allow_deletes=True, **(options or {}))
        self.is_fresh = True

    @precondition(lambda self: not self.is_fresh)
    @rule(stage=st.integers(0, 3))
    def die_in_a_refresh(self, stage: int) -> None:
        self._push()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "now", self.now)
            refresh, plan = self.site.plan(allow_deletes=True)
            if plan.is_no_op or stage == 0:
                plan.close()
                return
            refresh.load_tables(plan)
            if stage > 1:
                refresh.run_checks("tables")
            if stage > 2:
                refresh.build_aggregates()

    @invariant()
    def equals_a_full_build(self) -> None:
        if not self.is_fresh:
            return
        fresh = Site(self.site.folder / "fresh")
        fresh.folder.mkdir()
        shutil.copyfile(self.site.config, fresh.config)
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
        try:
            # Many a history has no refresh after its last change, and some have none at all.
            if not self.is_fresh:
                self.refresh()
                self.equals_a_full_build()
        finally:
            shutil.rmtree(self.site.folder, ignore_errors=True)


class HistoryByName(History):
    """The same with the file name as the identity, so that files shadow one another."""

    identity = "file_name"


MACHINES = [History, HistoryByName]


def _at(folder: str, name: str, **values: str) -> dict[str, str]:
    return {"folder": folder, "name": name, **values}


IN_PLACE: list[Step] = [
    ("begin", {"place": PLACE[0]}),
    *(("write", _at("old_post", name, text=text)) for name, text in zip(NAME, TEXT[3:], strict=True)),
    ("change_the_zone", {"zone": "America/New_York"}),
    ("date_updates_otherwise", {"updated_from": "front_matter"}),
    ("die_in_a_refresh", {"stage": 3}),
    ("date_updates_otherwise", {"updated_from": "git"}),
    ("move_the_repository", {"place": PLACE[1]}),
    ("rename_the_source", {}),
    ("work_on", {"branch": "side"}),
    ("write", _at("_posts", "2026-01-01-a", text=TEXT[1])),
    ("read_another_branch", {"branch": "side"}),
    ("refresh", {}),
    ("read_another_branch", {"branch": "main"}),
    ("change_the_order_of_the_patterns", {}),
    ("refresh", {"options": {"verify": True}}),
]
FETCHED: list[Step] = [
    ("begin", {"place": PLACE[2]}),
    ("work_on", {"branch": "side"}),
    *(("write", _at("_posts", name, text=text)) for name, text in zip(NAME, TEXT, strict=False)),
    ("add_or_remove_a_source", {}),
    ("die_in_a_refresh", {"stage": 1}),
    ("move_the_repository", {"place": PLACE[3]}),
    ("refresh", {"options": {"full": True}}),
]
COMMITS: list[Step] = [
    # After what has every file read again: from here on only changed files are.
    ("work_on", {"branch": "main"}),
    ("merge", {"strategy": "theirs"}),
    ("write", _at("old_post", "e", text=TEXT[2])),
    ("link", _at("old_post", "2026-01-01-a", leads_to="2026-01-02-b")),
    ("set_the_executable_bit", _at("_posts", "2026-01-01-a")),
    ("refresh", {}),
    ("equals_a_full_build", {}),
    ("go_back_to_earlier_bytes", {}),
    ("write", _at("old_post", "2026-01-01-a", text=TEXT[0])),
    ("delete", _at("_posts", "2026-01-01-a")),
    ("set_the_clock_forward_or_back", {"day": "2097-06-02"}),
    ("die_in_a_refresh", {"stage": 0}),
    ("die_in_a_refresh", {"stage": 2}),
    ("rename", {"name": "2026-01-02-b", "into": "old_post", "edit": True}),
    ("rename", {"name": "2026-01-03-c", "into": "old_post", "edit": False}),
    ("drop_the_last_commit", {}),
    ("amend", _at("_posts", "e", text=TEXT[0])),
    ("sweep", {}),
    ("work_on", {"branch": "side"}),
    ("write", _at("_posts", "2026-01-03-c", text=TEXT[6])),
    ("work_on", {"branch": "main"}),
    ("merge", {"strategy": "ours"}),
]
FIRST_COMMITS = 6
"""Steps until commits are refreshed: in place, the written history ends with them."""

WRITTEN = {History: [*IN_PLACE, *COMMITS[:FIRST_COMMITS]], HistoryByName: [*FETCHED, *COMMITS]}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_few_histories_of_a_repository_end_in_the_tables_of_one_full_build(machine: type[History]) -> None:
    replay(machine, WRITTEN[machine])


def test_the_few_histories_take_every_step() -> None:
    assert rules_not_taken(History, [step for steps in WRITTEN.values() for step in steps]) == set()


@pytest.mark.prove("laws")
@pytest.mark.timeout(300 + 20 * SEQUENCES)
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("machine", MACHINES)
def test_any_history_of_a_repository_ends_in_the_tables_of_one_full_build(machine: type[History], shard: int) -> None:
    run_random_histories(machine, len(MACHINES), shard)
