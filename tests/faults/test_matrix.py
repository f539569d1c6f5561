"""Paths with every character that a name may hold, from every entry point, under locales, umasks and users."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from built_sites import BuiltSites
from conftest import Site
from entries import ENTRIES, NOBODY, ROOT, Call, Run, by_process, forks
from locales import BUILT, NO_UTF8_MODE, environment_of

from etl_project import definitions
from etl_project.sources.paths import escape_path, name_text

pytest_plugins = ["graph_fixtures"]

LOCALES = ("C", "C.UTF-8", "zh_CN.GB18030", "en_US.ISO-8859-1")
UMASKS = (0o022, 0o077, 0o027)
USERS = ("own", "other")

CASES = (
    ("refresh", "C", 0o022, "own"),
    ("refresh", "C.UTF-8", 0o077, "other"),
    ("dg launch", "C", 0o077, "other"),
    ("dg launch", "en_US.ISO-8859-1", 0o077, "own"),
    ("maintain", "zh_CN.GB18030", 0o077, "own"),
    ("maintain", "en_US.ISO-8859-1", 0o027, "other"),
)
"""Each entry point meets each user, and every locale and umask is met."""

ASCII = tuple(bytes([n]) for n in range(1, 128) if n not in b"/")

OTHER_LETTERS = (
    *(
        text.encode()
        for text in ("é", "e\u0301", "中", "𠮷", "😀", "\u2028", "\u00a0", "\ufeff", "\ufffd", "\u202e", "İ")
    ),
    *(b"\x80", b"\xff", b"\xd6\xd0", b"\xed\xa0\x80"),
    *(rb"\x41", rb"\xd6", b"%41", b"..", b"**", b"{a,b}", b"[!a]", b"$(id)", b"a=1&b", b" - "),
)
"""Letters of more bytes, bytes that are no letter, and what some library may take for more than it is."""

LETTERS = ASCII + OTHER_LETTERS
"""What a name holds."""


def names(letters: Sequence[bytes] = LETTERS) -> Iterator[bytes]:
    """The paths of the posts: each letter within the name of a file, at its end, and in the name of a folder."""
    for letter in letters:
        yield b"a" + letter + b"b.md"
        yield b"c" + letter + b".md"
        yield b"d" + letter + b"e/post.md"


def written(folder: Path, letters: Sequence[bytes] = LETTERS) -> Site:
    """A site of these posts in a folder; that of its warehouse has a name of other letters, too."""
    site = Site(folder, source='dialect = "plain"\n', warehouse="仓库 é/p'#[a]=*%.duckdb")
    site.configure()
    root = os.fsencode(site.posts)
    for number, name in enumerate(names(letters)):
        path = root + b"/" + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"---\ntitle: Post %d\ndate: 2024-01-02\n---\nText %d\n" % (number, number))
        os.utime(path, (1_700_000_000 + number,) * 2)
    return site


def refreshed(folder: Path) -> Site:
    """A site of all these posts, refreshed once."""
    site = written(folder)
    site.refresh()
    return site


def give(folder: Path, user: int) -> None:
    for parent, folders, files in os.walk(os.fsencode(folder)):
        for name in (b".", *folders, *files):
            os.chown(os.path.join(parent, name), user, user, follow_symlinks=False)


def check_case(
    run: Run, letters: Sequence[bytes], built_sites: BuiltSites, empty_home: Path, entry: str, umask: int, user: str,
    base: dict[str, str],
) -> None:  # fmt: skip
    """Run an entry point, and find every post in the published file under its own name, and nothing else written."""
    uid = NOBODY if user == "other" else os.geteuid()
    # Other users do not get through the folders of pytest.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        if entry == "maintain":
            site, letters = built_sites.copy(refreshed, Path(place, "现场")), LETTERS
        else:
            site = written(Path(place, "现场"), letters)
        home = Path(place, "home")
        shutil.copytree(empty_home, home)
        if uid != os.geteuid():
            # Another owner is another signature: what was refreshed keeps its posts.
            for folder in (home, site.published.parent) if entry == "maintain" else (Path(place),):
                give(folder, uid)
        environment = base | {
            "ETL_CONFIG": str(site.config),
            "HOME": str(home),
            "DAGSTER_HOME": str(home),
            "DAGSTER_DISABLE_TELEMETRY": "1",
        }
        code, said = run(Call(entry, environment, umask, user == "other"))
        assert code == 0, said[-4000:]
        made = [site.published, *(site.published.parent / ".work").iterdir()]
        facts = [path.stat() for path in made]
        assert {fact.st_uid for fact in facts} == {uid}
        if entry != "maintain":
            assert stat.S_IMODE(facts[0].st_mode) == 0o444 & ~umask
            assert {fact.st_mode & umask for fact in facts} == {0}
        assert sorted(os.listdir(os.fsencode(site.folder))) == sorted(map(os.fsencode, ("site", "etl.toml", "仓库 é")))
        rows = site.query("SELECT path, status FROM post_files ORDER BY path COLLATE C")
        assert [path for path, _ in rows] == sorted({escape_path(name_text(name)) for name in names(letters)})
        assert {status for _, status in rows} == {"loaded"}
        changed = [reason for reason in site.plan()[1].reasons if "file" in reason]
        assert changed == [], "each name is the same file under this locale"


@pytest.mark.parametrize(
    "locales", [LOCALES[:1], LOCALES[1:2], LOCALES[2:]], ids=["in UTF-8 mode", "by its locale", "started again"]
)
def test_entries_under_some_locales_umasks_and_users_change_no_name(
    built_sites: BuiltSites, empty_home: Path, tmp_path: Path, locales: Sequence[str]
) -> None:
    """Locales under which Python comes to read names as UTF-8 in one way share a process, whose forks take each.

    The letters of ASCII are shared out among the two cases of an entry point, so that it meets all of them.
    """
    bases = {locale: environment_of(locale, tmp_path) for locale in locales}
    with forks(bases[locales[0]], empty_home, tmp_path) as run:
        for number, (entry, locale, umask, user) in enumerate(CASES):
            if locale not in locales:
                continue
            letters = ASCII[number % 2 :: 2] + OTHER_LETTERS
            try:
                check_case(run, letters, built_sites, empty_home, entry, umask, user, bases[locale])
            except BaseException as error:
                error.add_note(f"{entry} under {locale}, umask {umask:03o}, {user} user")
                raise


def test_dagster_and_the_command_go_over_to_utf8_mode(
    built_sites: BuiltSites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forks above are of a program that has gone over to it."""
    site = built_sites.copy(refreshed, tmp_path / "现场")
    command = [sys.executable, "-m", "etl_project.cli", "sql", "--format", "csv", "SELECT count(*) FROM articles"]
    environment = environment_of("zh_CN.GB18030", tmp_path) | {"ETL_CONFIG": str(site.config)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.split()[-1:]) == (0, [str(3 * len(LETTERS))]), ended.stderr
    asked: list[str] = []
    monkeypatch.setattr(definitions, "restart_dagster_in_utf8_mode", lambda: asked.append("when it loads them"))
    definitions.defs()
    assert asked == ["when it loads them"]


def test_the_cases_hold_every_value_and_each_entry_with_each_user() -> None:
    assert {case[1] for case in CASES} == {*LOCALES} and {case[2] for case in CASES} == {*UMASKS}
    assert sorted((case[0], case[3]) for case in CASES) == sorted(itertools.product(ENTRIES, USERS))
    assert [case[0] for case in CASES[::2]] == [case[0] for case in CASES[1::2]], "the two share the letters out"


@pytest.mark.prove("faults")
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("umask", UMASKS)
@pytest.mark.parametrize("locale", [*dict.fromkeys([*LOCALES, *BUILT, "POSIX", NO_UTF8_MODE])])
@pytest.mark.parametrize("entry", ENTRIES)
def test_no_entry_locale_umask_or_user_changes_a_name(
    built_sites: BuiltSites, empty_home: Path, tmp_path: Path, entry: str, locale: str, umask: int, user: str
) -> None:
    check_case(by_process, LETTERS, built_sites, empty_home, entry, umask, user, environment_of(locale, tmp_path))
