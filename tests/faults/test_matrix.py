"""Paths with every character that a name may hold, from every entry point, under locales, umasks and users."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Site
from locales import BUILT, NO_UTF8_MODE, environment_of

from etl_project.servers.dagster_home import TEMPLATE
from etl_project.sources.paths import escape_path, name_text

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NOBODY = 65534

COMMANDS = {
    "refresh": [sys.executable, "-m", "etl_project.cli", "refresh"],
    "maintain": [sys.executable, "-m", "etl_project.cli", "maintain"],
    "dg launch": [str(BIN / "dg"), "launch", "--assets", "*"],
}
"""Entry point -> its command line; ETL_CONFIG names the settings."""

LOCALES = ("C", "C.UTF-8", "zh_CN.GB18030", "en_US.ISO-8859-1")
UMASKS = (0o022, 0o077, 0o027)
USERS = ("own", "other")

PAIRWISE = (
    ("refresh", "C", 0o022, "own"),
    ("refresh", "C.UTF-8", 0o077, "other"),
    ("refresh", "zh_CN.GB18030", 0o027, "own"),
    ("refresh", "en_US.ISO-8859-1", 0o022, "other"),
    ("dg launch", "C", 0o077, "other"),
    ("dg launch", "C.UTF-8", 0o027, "own"),
    ("dg launch", "zh_CN.GB18030", 0o022, "other"),
    ("dg launch", "en_US.ISO-8859-1", 0o077, "own"),
    ("maintain", "C", 0o027, "own"),
    ("maintain", "C.UTF-8", 0o022, "other"),
    ("maintain", "zh_CN.GB18030", 0o077, "own"),
    ("maintain", "en_US.ISO-8859-1", 0o027, "other"),
)
"""Each value of one list meets each value of the others."""

LETTERS = (
    *(bytes([n]) for n in range(1, 128) if n not in b"/"),
    *(
        text.encode()
        for text in ("é", "e\u0301", "中", "𠮷", "😀", "\u2028", "\u00a0", "\ufeff", "\ufffd", "\u202e", "İ")
    ),
    *(b"\x80", b"\xff", b"\xd6\xd0", b"\xed\xa0\x80"),
    *(rb"\x41", rb"\xd6", b"%41", b"..", b"**", b"{a,b}", b"[!a]", b"$(id)", b"a=1&b", b"://", b" - "),
)
"""What a name holds: every character of ASCII, letters of more bytes, bytes that are no letter, and what some library
may take for more than it is."""


def names() -> Iterator[bytes]:
    """The paths of the posts: each letter within the name of a file, at its end, and in the name of a folder."""
    for letter in LETTERS:
        whole = letter.replace(b"/", b"")
        yield b"a" + whole + b"b.md"
        yield b"c" + whole + b".md"
        yield b"d" + whole + b"e/post.md"


def written(folder: Path) -> Site:
    """A site of these posts whose folders have names of other letters, too."""
    site = Site(folder / "现场", source='dialect = "plain"\n', warehouse="仓库 é/p'#[a]=*%.duckdb")
    site.configure()
    root = os.fsencode(site.posts)
    for number, name in enumerate(names()):
        path = root + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"---\ntitle: Post %d\ndate: 2024-01-02\n---\nText %d\n" % (number, number))
        os.utime(path, (1_700_000_000 + number,) * 2)
    return site


def expected() -> list[str]:
    return sorted({escape_path(name_text(name)) for name in names()})


def give(folder: Path, user: int) -> None:
    for parent, folders, files in os.walk(os.fsencode(folder)):
        for name in (b".", *folders, *files):
            os.chown(os.path.join(parent, name), user, user, follow_symlinks=False)


@functools.cache
def as_nobody() -> list[str]:
    """The beginning of a command line that runs as another user; one that may read what Python needs from anywhere."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it starts processes of another user")
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    begin = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    reads = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    for words in (begin, begin + reads):
        # Started once more, as a command does that goes over to UTF-8 mode.
        again = "import etl_project.cli, os, sys; os.execv(sys.executable, [sys.executable, '-c', 'import decimal'])"
        probe = [*words, sys.executable, "-c", again]
        if subprocess.run(probe, cwd=ROOT, capture_output=True).returncode == 0:
            return words
    pytest.skip("needs a Python and a checkout that other users may read")


def check_case(entry: str, locale: str, umask: int, user: str, locales: Path) -> None:
    """Run an entry point, and find every post in the published file under its own name, and nothing else written."""
    prefix, uid = (as_nobody(), NOBODY) if user == "other" else ([], os.geteuid())
    # Other users do not get through the folders of pytest.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        site, home = written(Path(place)), Path(place, "home")
        home.mkdir()
        shutil.copy(TEMPLATE, home)
        give(Path(place), uid)
        if entry == "maintain":
            site.refresh()
            give(site.published.parent, uid)
        environment = environment_of(locale, locales) | {
            "ETL_CONFIG": str(site.config),
            "HOME": str(home),
            "DAGSTER_HOME": str(home),
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        ended = subprocess.run(
            [*prefix, *COMMANDS[entry]], cwd=ROOT, env=environment, umask=umask, capture_output=True, timeout=240
        )
        assert ended.returncode == 0, (ended.stdout + ended.stderr).decode(errors="replace")[-4000:]
        made = [site.published, *(site.published.parent / ".work").iterdir()]
        facts = [path.stat() for path in made]
        assert {fact.st_uid for fact in facts} == {uid}
        if entry != "maintain":
            assert stat.S_IMODE(facts[0].st_mode) == 0o444 & ~umask
            assert {fact.st_mode & umask for fact in facts} == {0}
        assert sorted(os.listdir(os.fsencode(site.folder))) == sorted(map(os.fsencode, ("site", "etl.toml", "仓库 é")))
        rows = site.query("SELECT path, status FROM post_files ORDER BY path COLLATE C")
        assert [path for path, _ in rows] == expected()
        assert {status for _, status in rows} == {"loaded"}
        changed = [reason for reason in site.plan()[1].reasons if "file" in reason]
        assert changed == [], "each name is the same file under this locale"


@pytest.mark.parametrize(("entry", "locale", "umask", "user"), PAIRWISE)
def test_pairs_of_entry_locale_umask_and_user_change_no_name(
    tmp_path: Path, entry: str, locale: str, umask: int, user: str
) -> None:
    check_case(entry, locale, umask, user, tmp_path)


def test_the_cases_hold_every_pair() -> None:
    lists = (tuple(COMMANDS), LOCALES, UMASKS, USERS)
    for one, two in itertools.combinations(range(len(lists)), 2):
        assert {(case[one], case[two]) for case in PAIRWISE} == set(itertools.product(lists[one], lists[two]))


@pytest.mark.prove("faults")
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("umask", UMASKS)
@pytest.mark.parametrize("locale", [*dict.fromkeys([*LOCALES, *BUILT, "POSIX", NO_UTF8_MODE])])
@pytest.mark.parametrize("entry", COMMANDS)
def test_no_entry_locale_umask_or_user_changes_a_name(
    tmp_path: Path, entry: str, locale: str, umask: int, user: str
) -> None:
    check_case(entry, locale, umask, user, tmp_path)
