"""What a person sees at 80 and at 120 columns, compared with the text files in `screens/`.

A change that alters a screen alters its file: `WRITE_SCREENS=1 pytest tests/show/test_screens.py` writes them anew, to
be read before they are committed. Times and sizes are masked.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from conftest import Site
from rich.console import Console
from typer.testing import CliRunner

from etl_project.alerts.alerts import Alerts
from etl_project.checks.check import CheckResult
from etl_project.cli import app
from etl_project.database.publish import Published
from etl_project.database.work_file import WorkFile
from etl_project.refresh.result import TablesLoaded
from etl_project.show.console import consoles, safe
from etl_project.show.news import findings_of
from etl_project.show.summary import show_next, show_summary

SCREENS = Path(__file__).with_name("screens")
WIDTHS = (80, 120)
OTHERS = [True, True]

SPENT = {"start": 0.91, "list": 0.34, "load": 0.32, "read": 0.56, "check": 0.2, "aggregate": 0.15, "publish": 0.05}

Ended = tuple[TablesLoaded, Published, dict[str, int], list[CheckResult]]


def refreshed(site: Site) -> Ended:
    """Run the stages of a refresh, without Dagster, and return what the summary is made of."""
    refresh, plan = site.plan()
    loaded = refresh.load_tables(plan)
    checks = refresh.run_checks("tables")
    refresh.relate()
    checks += refresh.run_checks("related")
    aggregates = refresh.build_aggregates()
    checks += refresh.run_checks("aggregates")
    return loaded, refresh.publish(), aggregates, checks


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[Ended]]:
    """A site of two refreshes: posts in two scripts, warnings and rejected files, some of each new at the second."""
    site = Site(tmp_path_factory.mktemp("harbour"))
    site.configure(extra='[[source]]\nname = "vault"\nlocation = "vault"\ntime_zone = "Asia/Shanghai"\n')
    (site.folder / "vault").mkdir()
    (site.folder / "vault/潮汐表.md").write_text("# 潮汐表\n\n初一十五。\n", "utf-8")
    for n in range(1, 7):
        site.write(f"_posts/2026-01-0{n}-post.md", title=f"Post {n}", date=f"2026-01-0{n} 09:00:00", body="Words.")
    site.write(
        "_posts/2026-01-07-银鸥号要退休了.md",
        title="银鸥号要退休了",
        body="银鸥号今天最后一次出港。",
        categories="港口",
    )
    site.write("_posts/2026-01-08-typed-on-the-ferry-to-the-other-side-of-the-bay.md", date="2026-13-40")
    site.write("_posts/2026-01-09-empty.md", b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(site.folder)
        ended = [refreshed(site)]
        site.write("_posts/2026-01-10-open-day.md", b"---\ntitle: Open day\n\nNo end.\n")
        site.write("_posts/2026-01-11-the-autumn-auction.md", title="The autumn auction: nets, engines, one piano")
        site.write("_posts/2026-01-12-undated-as-it-were.md", date="soon", title="A timetable that you can download")
        site.write("_posts/2026-01-13-新堤上看月亮.md", title="新堤上看月亮，潮水退到灯塔脚下", categories="港口")
        site.write("_posts/2026-01-01-post.md", title="Post 1", date="2026-02-01 09:00:00", age=30)
        ended.append(refreshed(site))
    alerts = Alerts(site.settings.alerts, WorkFile(site.published), lambda reason: None)
    alerts.report_failure("9 of the 10 posts of the source 'site' would leave: 9 no longer there, such as x.md.")
    return site, ended


def masked(text: str, site: Site) -> str:
    """A screen without what differs between runs, and without spaces at the ends of lines."""
    text = text.replace(str(site.folder), "/home/me/site")
    text = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "2026-02-02 09:00:00", text)
    text = re.sub(r"\d+\.\d ([kM]B|s)\b", r"0.0 \1", text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def is_as_in_file(name: str, width: int, text: str) -> None:
    """Assert that a screen is what its file holds, or write the file where that is asked for."""
    file = SCREENS / f"{name}.{width}.txt"
    if os.environ.get("WRITE_SCREENS"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8"), f"{file.name} holds another screen: see the top of this test file"


def console_of(width: int) -> tuple[Console, io.StringIO]:
    printed = io.StringIO()
    return Console(file=printed, width=width, highlight=False, markup=False, emoji=False), printed


@pytest.mark.parametrize("width", WIDTHS)
def test_the_summary_is_as_it_was_reviewed(
    harbour: tuple[Site, list[Ended]], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    site, ended = harbour
    monkeypatch.chdir(site.folder)
    work = WorkFile(site.published)
    console, printed = console_of(width)
    published = ended[1][1]
    show_summary(*ended[1], OTHERS, SPENT, 6.12, findings_of(published, work.previous), work.previous, console)
    show_next(ended[1][0], console)
    is_as_in_file("summary", width, masked(printed.getvalue(), site))
    console, printed = console_of(width)
    nowhere = site.folder / "nowhere"
    show_summary(*ended[1], OTHERS, SPENT, 6.12, findings_of(published, nowhere), nowhere, console)
    show_next(ended[1][0], console)
    is_as_in_file("summary_of_the_first", width, masked(printed.getvalue(), site))


COMMANDS = {
    "status": ("status",),
    "rejected": ("rejected",),
    "changes": ("changes",),
    "init": ("init", "site", "--output", "WIDTH.toml"),
    "refresh_help": ("refresh", "--help"),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_what_was_reviewed(
    harbour: tuple[Site, list[Ended]], monkeypatch: pytest.MonkeyPatch, name: str, width: int
) -> None:
    site, _ = harbour
    monkeypatch.chdir(site.folder)
    monkeypatch.setattr("etl_project.show.status.ago", lambda moment: "just now")
    monkeypatch.setenv("TZ", "UTC")
    console, printed = console_of(width)
    for module in ("findings", "upkeep"):
        monkeypatch.setattr(f"etl_project.cli.{module}.out", console)
    words = [word.replace("WIDTH", str(width)) for word in COMMANDS[name]]
    ended = CliRunner().invoke(app, words, terminal_width=width)
    assert ended.exit_code == 0, ended.output
    Path(f"{width}.toml").unlink(missing_ok=True)  # the next settings would name another warehouse beside it
    is_as_in_file(name, width, masked(printed.getvalue() + ended.output, site))


ERRORS = {
    "one bracket": (["status"], '[source]\nname = "a"\nlocation = "site"\n', 2),
    "no list": (["status"], '[[source]]\nname = "a"\nlocation = "site"\nencodings = "utf-8"\n', 2),
    "no setting": (["status"], '[[source]]\nname = "a"\nlocaton = "site"\n', 2),
    "no match": (["refresh"], '[warehouse]\npath = "a.duckdb"\n[[source]]\nname = "a"\nlocation = "site"\n'
                 'dialect = "jekyll"\ninclude = ["_post/**"]\n', 1),
    "no folder": (["refresh"], '[warehouse]\npath = "a.duckdb"\n[[source]]\nname = "a"\nlocation = "nowhere"\n', 2),
    "no warehouse": (["status"], '[warehouse]\npath = "a.duckdb"\n[[source]]\nname = "a"\nlocation = "site"\n', 1),
    "no settings": (["status", "--config", "nowhere.toml"], None, 2),
    "unknown source": (["rejected", "--source", "nope"], None, 2),
    "refresh of an unknown source": (["refresh", "--source", "nope"], None, 2),
    "folder explained": (["explain", "site"], None, 1),
    "nothing explained": (["explain", "site/nope.md"], None, 1),
    "no time": (["changes", "--since", "doomsday"], None, 2),
    "settings there": (["init", "site"], None, 2),
    "no site": (["init", "nowhere"], None, 2),
    "two outputs": (["rejected", "--json", "--export", "x"], None, 2),
}  # fmt: skip
"""Slip -> command, settings, exit code."""


def test_every_slip_is_answered_as_it_was_reviewed(
    harbour: tuple[Site, list[Ended]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are masked before lines are wrapped, as their length differs between runs."""
    site, _ = harbour
    monkeypatch.chdir(site.folder)
    told = {}
    for slip, (words, settings, code) in ERRORS.items():
        if settings is not None:
            Path("slip.toml").write_text(settings, "utf-8")
            words = [*words, "--config", "slip.toml"]
        ended = CliRunner().invoke(app, words)
        assert ended.exit_code == code, (slip, ended.output)
        assert "published file is as it was" not in ended.output, slip
        told[slip] = f"$ etl {' '.join(words)}", masked(ended.output, site).strip(), code
    for width in WIDTHS:
        console, printed = console_of(width)
        for command, said, code in told.values():
            console.print(command, soft_wrap=True)
            console.print(safe(said.replace("\n", " ")))
            console.print(f"[{code}]\n")
        is_as_in_file("errors", width, masked(printed.getvalue(), site))


def test_a_terminal_wraps_between_words_and_a_pipe_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: False, raising=False)
    out, err = consoles()
    assert out.soft_wrap and not err.soft_wrap
