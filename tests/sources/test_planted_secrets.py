"""Secrets planted wherever a setting may hold one are found in nothing that is written, shown, sent or started."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from conftest import Site
from git_site import QUIET, Repo
from typer.testing import CliRunner

from etl_project.cli import app
from etl_project.errors import BAD_USAGE, DONE, FAILED, SOURCE_MISSING

TOKEN = "ghp_SECRETpathSECRETpathSECRET1"  # no token of anybody
PASSWORD = "SECRET@a/b:c%d e'f"
ADDRESSES = {
    "password": f"https://SECRETuser:{quote(PASSWORD, safe='')}@h.example/r.git",
    "raw": "https://user:SECRETr@w:y%z@h.example/r.git",
    "path": f"https://h.example/{TOKEN}/r.git",
    "query": "https://h.example/r.git?private_token=SECRETquery",
    "fragment": "https://h.example/r.git#SECRETfragment",
    "ambiguous": "https://u:SECRET@m/b@ig@h.example/a@b.git",
    "scp": "git:SEC@RETscp/SECRETscp@h.example:o/r.git",
    "ssh": "ssh://git:SECRETssh@h.example/r.git",
    "gone": "https://SECRETtoken:x-oauth-basic@h.example/gone.git",
}
"""Source -> its address. Those of `READ` can be read; git is led to a repository of this machine."""
READ = ("password", "raw", "path", "gone")

WEBHOOK = "http://127.0.0.1:9/hooks/SECREThook?token=SECREThook"
PLANTED = ("SECRET", "SEC@RET", "RETscp", quote(PASSWORD, safe="")[6:], "a/b:c%d", "m/b@ig", "@w:y", "pathSECRET")

# Stands before git in PATH: notes its own command line and the password that it is given, and leads git to a repository
# of this machine, as a proxy would; what is not there is refused in the words of a server.
FAKE_GIT = """#!/bin/sh
printf '%s\\t' "$@" >> {log}; printf '\\npassword: %s\\n' "$ETL_GIT_PASSWORD" >> {log}
refuse() {{ echo "fatal: unable to access '$1': The requested URL returned error: 403" >&2; exit 128; }}
for word; do
    shift
    case $word in
        *=*) ;;
        *@h.example:*|ssh:*) refuse "$word" ;;
        *h.example*)
            case $word in */gone*) test ! -e {log}.away || refuse "$word" ;; esac
            word={remote}; export GIT_ALLOW_PROTOCOL=file ;;
    esac
    set -- "$@" "$word"
done
exec {git} "$@"
"""


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    remote = Repo(tmp_path / "elsewhere/remote")
    for number in range(1, 6):
        remote.write(f"_posts/2026-01-0{number}-post.md")
    remote.commit()
    git = shutil.which("git")
    assert git
    fake = tmp_path / "elsewhere/bin/git"
    fake.parent.mkdir()
    log, told = tmp_path / "elsewhere/git.log", tmp_path / "elsewhere/told"
    fake.write_text(FAKE_GIT.format(log=log, git=git, remote=remote.path.as_uri()))
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ETL_SPARE_TOKEN", "SECRETenvironment")
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(name, QUIET[name])
    site = Site(tmp_path / "site")
    site.folder.mkdir()
    sources = "".join(
        f'[[source]]\nname = "{name}"\nlocation = {json.dumps(address)}\ndialect = "jekyll"\n'
        for name, address in ADDRESSES.items()
    )
    command = f"sh -c 'cat >> {told}'"
    alerts = f"[alerts]\ncommand = {json.dumps(command)}\nwebhook = {json.dumps(WEBHOOK)}\n"
    site.config.write_text(f'[warehouse]\npath = "warehouse/posts.duckdb"\nhistory = true\n{alerts}{sources}', "utf-8")
    return site


def tables_of(database: Path) -> str:
    """Every row of every table and view of a database, as text."""
    with duckdb.connect(str(database), read_only=True) as con:
        names = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        return "\n".join(repr(con.execute(f'SELECT * FROM "{one}"."{two}"').fetchall()) for one, two in names)


def found_in(texts: dict[str, str]) -> dict[str, str]:
    """Where a planted secret stands, with what is around the first."""
    found = {}
    for name, text in texts.items():
        places = [text.find(secret) for secret in PLANTED if secret in text]
        if places:
            found[name] = text[max(0, min(places) - 100) : min(places) + 100]
    return found


def test_planted_secrets_are_found_in_nothing_that_is_written_shown_sent_or_started(
    planted: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    elsewhere = planted.folder.parent / "elsewhere"
    shown: dict[str, str] = {}

    def etl(*words: str) -> int:
        result = CliRunner().invoke(app, [*words, "--config", str(planted.config)])
        shown[f"{words} {len(shown)}"] = result.output
        return result.exit_code

    # Sources that never could be read stop a refresh, each with its sentence.
    whole = planted.config.read_text("utf-8")
    head, *sources = whole.split("[[source]]")
    for text in sources:
        if text.split('"')[1] not in READ:
            planted.config.write_text(f"{head}[[source]]{text}", "utf-8")
            assert etl("refresh", "--plan") == BAD_USAGE
    readable = [text for text in sources if text.split('"')[1] in READ]
    planted.config.write_text("[[source]]".join([head, *readable]), "utf-8")
    assert etl("refresh") == DONE, shown
    assert planted.column("SELECT count(*) FROM articles GROUP BY source_id") == [5] * len(READ)
    # One source goes away; then posts of the others do, and the guard stops.
    (elsewhere / "git.log.away").touch()
    Repo(elsewhere / "remote", commits=1).write("_posts/2026-02-01-more.md")
    Repo(elsewhere / "remote", commits=1).commit()
    assert etl("refresh") == SOURCE_MISSING, shown
    for words in (["status"], ["changes"], ["sql", "FROM sources"]):
        etl(*words)
    (elsewhere / "remote/_posts").rename(elsewhere / "remote/drafts")
    Repo(elsewhere / "remote", commits=2).commit()
    assert etl("--debug", "refresh") == FAILED
    assert etl("maintain") == DONE

    texts = dict(shown)
    out = capfd.readouterr()
    texts |= {"stdout": out.out, "stderr": out.err, "alerts that were sent": (elsewhere / "told").read_text("utf-8")}
    for file in sorted(planted.folder.rglob("*")):
        if file.is_file() and file != planted.config:
            texts[str(file.relative_to(planted.folder))] = file.read_bytes().decode("latin-1")
            if file.suffix == ".duckdb":
                texts[f"tables of {file.relative_to(planted.folder)}"] = tables_of(file)
    started, passwords = [], set()
    for line in (elsewhere / "git.log").read_text("utf-8").splitlines():
        passwords.add(line.removeprefix("password: ")) if line.startswith("password: ") else started.append(line)
    # A path is no secret to git: of its command lines, those of the source `path` hold its token (docs/security.md).
    texts["command lines"] = "\n".join(started).replace(TOKEN, "")

    assert found_in(texts) == {}
    assert found_in({"settings": whole}) != {}
    assert PASSWORD in passwords and "x-oauth-basic" in passwords, "git was given them by its environment"
    assert "could not be read" in texts["alerts that were sent"] and "would leave" in texts["alerts that were sent"]
    assert any("event_log.db" in name and "PIPELINE_SUCCESS" in text for name, text in texts.items())
    assert sum(name.startswith("tables of") for name in texts) >= 3
    assert "***@h.example/r.git" in texts["tables of warehouse/posts.duckdb"]
