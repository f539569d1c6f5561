"""The law for a git source: whatever its history, the derived tables equal one full build of the present commit."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from git_site import GitSite
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

SEQUENCES = int(os.environ.get("ETL_LAW_SEQUENCES", "60"))
"""Random histories, over all machines together."""

NAMES = st.sampled_from(["2026-01-01-a", "2026-01-02-b", "2026-01-03-c", "e"])
FOLDERS = st.sampled_from(["_posts", "old_post"])
BRANCHES = st.sampled_from(["main", "side"])
TEXTS = st.sampled_from(
    [
        "---\ntitle: One\ntags: [a, B]\ncategories: news\n---\n\nText [x](https://one.example/).\n",
        "---\ntitle: Two\ntags: [A, c]\nlast_modified_at: 2026-03-01\n---\n\n# Head\n\nOther text.\n",
        "---\n- a list\n---\n",
        "",
        "---\r\ntitle: Three\r\n---\r\n\r\nText\r\n",
    ]
)


class History(RuleBasedStateMachine):
    """A repository of posts that people commit to, merge, amend and rewrite, refreshed now and then."""

    identity = "path"

    def __init__(self) -> None:
        super().__init__()
        self.site = GitSite(Path(tempfile.mkdtemp(prefix="law-git-")))
        self.repo = self.site.repo
        self.zone, self.updated_from, self.branch = "Asia/Shanghai", "git", "main"
        self._configure()
        self.repo.write("README.txt", "posts")
        self._commit()
        self.repo.git("branch", "side")

    def _configure(self) -> None:
        self.site.configure(
            f'dialect = "jekyll"\ntime_zone = "{self.zone}"\ninclude = ["_posts/**", "old_post/**"]\n'
            f'identity = "{self.identity}"\nupdated_from = "{self.updated_from}"\nbranch = "{self.branch}"\n'
        )
        self.is_fresh = False

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

    @rule(zone=st.sampled_from(["Asia/Shanghai", "America/New_York"]))
    def change_the_zone(self, zone: str) -> None:
        self.zone = zone
        self._configure()

    @rule(updated_from=st.sampled_from(["git", "front_matter"]))
    def date_updates_otherwise(self, updated_from: str) -> None:
        self.updated_from = updated_from
        self._configure()

    @rule(branch=BRANCHES)
    def read_another_branch(self, branch: str) -> None:
        self.branch = branch
        self._configure()

    @precondition(lambda self: not self.is_fresh)
    @rule()
    def refresh(self) -> None:
        self.site.refresh(allow_deletes=True)
        self.is_fresh = True

    @invariant()
    def equals_a_full_build(self) -> None:
        if not self.is_fresh:
            return
        fresh = GitSite(self.site.folder / "fresh", self.site.source, location=self.site.location)
        fresh.refresh()
        ours, expected = self.site.derived(), fresh.derived()
        shutil.rmtree(fresh.folder)
        for table in expected:
            assert ours[table] == expected[table], table
        assert self.site.refresh() is None, "a second refresh finds nothing to do"

    def teardown(self) -> None:
        shutil.rmtree(self.site.folder, ignore_errors=True)


class HistoryByName(History):
    """The same with the file name as the identity, so that files shadow one another."""

    identity = "file_name"


MACHINES = [History, HistoryByName]


@pytest.mark.parametrize("machine", MACHINES)
def test_any_history_of_a_repository_ends_in_the_tables_of_one_full_build(machine: type[History]) -> None:
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
