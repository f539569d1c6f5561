"""Names of files are bytes: locale and encoding change neither what is read nor where it is written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
POST = "---\ntitle: {}\n---\nText {}\n"
CHEAP = {"en_US.ISO-8859-1": ("en_US", "ISO-8859-1")}
ALL = CHEAP | {"zh_CN.GB18030": ("zh_CN", "GB18030"), "ja_JP.eucJP": ("ja_JP", "EUC-JP")}
"""Locale -> what `localedef` builds it of. GB18030 takes nine seconds."""


def environment_of(locale: str, folder: Path) -> dict[str, str]:
    """The environment of a process under a locale, which is built where the machine lacks it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON", "ETL_"))}
    if locale in ALL:
        language, letters = ALL[locale]
        if not shutil.which("localedef"):
            pytest.skip("needs localedef: it builds the locales")
        subprocess.run(["localedef", "-i", language, "-f", letters, str(folder / locale)], capture_output=True)
        if not (folder / locale).is_dir():
            pytest.skip(f"needs the sources of the locale {locale}")
        kept["LOCPATH"] = str(folder)
    elif locale == "no UTF-8 mode":
        return kept | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    return kept | {"LC_ALL": locale}


def make_site(folder: Path) -> Path:
    posts = folder / "文章"
    posts.mkdir(parents=True)
    for name in ("春天.md", "naïve.md", "plain #1 100%?*[a]'\".md", "env=x.md"):
        (posts / name).write_text(POST.format(name[:2], name[:2]), "utf-8")
    with open(os.fsencode(posts) + b"/\xd6\xd0.md", "wb") as file:
        file.write(POST.format("gbk", "gbk").encode())
    config = folder / "设置.toml"
    config.write_text('[warehouse]\npath = "仓库/p.duckdb"\n[[source]]\nname = "s"\nlocation = "文章"\n', "utf-8")
    return config


def etl(*words: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "etl_project.cli", *words]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=120)
    assert ended.returncode == 0, (ended.stdout + ended.stderr).decode(errors="replace")
    return ended.stdout.decode(errors="replace")


def known_paths(config: Path) -> list[tuple[str, str]]:
    """Every path of the published file, with what ever happened to it."""
    with duckdb.connect(str(config.parent / "仓库/p.duckdb"), read_only=True) as con:
        return con.execute("SELECT new_path, change FROM article_changes ORDER BY ALL").fetchall()


def refreshes_alike(locales: list[str], tmp_path: Path) -> None:
    """Build under UTF-8, then read all again under each locale: nothing changed, and no other warehouse was made."""
    config = make_site(tmp_path / "现场")
    etl("refresh", "--config", str(config), environment=environment_of("C.UTF-8", tmp_path))
    paths = known_paths(config)
    assert len(paths) == 5
    for locale in locales:
        environment = environment_of(locale, tmp_path)
        etl("refresh", "--full", "--config", str(config), environment=environment)
        assert known_paths(config) == paths, locale
        assert sorted(os.listdir(os.fsencode(config.parent))) == sorted(map(os.fsencode, ("文章", "仓库", "设置.toml")))


def test_a_locale_changes_no_name(tmp_path: Path) -> None:
    refreshes_alike([*CHEAP, "no UTF-8 mode"], tmp_path)


@pytest.mark.prove("kills")
def test_no_locale_changes_a_name(tmp_path: Path) -> None:
    refreshes_alike([*ALL, "no UTF-8 mode", "C", "POSIX"], tmp_path)


LIST = """
from pathlib import Path
import sys
from etl_project.sources.folder import PinnedFolder, read_file
from etl_project.sources.source import Source
from etl_project.utf8_mode import names_are_utf8
folder = Path(sys.argv[1])
assert not names_are_utf8()
for path in PinnedFolder(folder).walk(Source("s", folder)).paths():
    assert read_file(str(folder).encode(), path, 100).data
    sys.stdout.buffer.write(path.encode() + b"\\n")
sys.stdout.buffer.write("\\n".join(PinnedFolder(folder).files_below("")).encode("utf-8", "surrogateescape"))
"""


def test_a_process_that_cannot_start_again_lists_names_as_bytes(tmp_path: Path) -> None:
    posts = make_site(tmp_path).parent / "文章"
    posts.rename(tmp_path / "posts")
    environment = environment_of("en_US.ISO-8859-1", tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", LIST, str(tmp_path / "posts")], cwd=ROOT, env=environment, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr.decode()
    lines = set(ended.stdout.split(b"\n"))
    assert {"春天.md".encode(), "naïve.md".encode(), rb"\xd6\xd0.md", b"\xd6\xd0.md"} <= lines
