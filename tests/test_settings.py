"""etl.toml as people write it, and the sentence they get when it is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from etl_project.database.work_file import WorkFile
from etl_project.init.settings_file import write_settings
from etl_project.init.site import sample_site
from etl_project.insight import Insight
from etl_project.settings import SettingsError, line_of, read_settings

GOOD = """[warehouse]
path = "out/posts.duckdb"

[[source]]
name = "one"
location = "posts"
time_zone = "Asia/Shanghai"

[[source]]
name = "two"
location = "/srv/two"

[[source.rules]]
column = "medium"
selector = "p.source"
pattern = "from (.+)"
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "etl.toml"
    file.write_text(text, "utf-8")
    return file


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(written(tmp_path, text))
    return str(caught.value)


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, GOOD))
    assert settings.warehouse.path == tmp_path / "out/posts.duckdb"
    assert [source.location for source in settings.sources] == [tmp_path / "posts", Path("/srv/two")]
    assert settings.sources[1].rules[0].column == "medium"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a?b/p.duckdb", "holds '?', which DuckDB"),
        ("wh/a?b.duckdb", "holds '?', which DuckDB"),
        ("a\\b/p.duckdb", "holds a backslash, which DuckDB"),
        ("a\\?.duckdb", "holds '?' and a backslash, which DuckDB"),
        ("link/p.duckdb", "with its links followed, holds '?', which DuckDB"),
    ],
)
def test_a_path_that_the_database_cannot_open_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    (tmp_path / "x?y").mkdir()
    (tmp_path / "link").symlink_to("x?y")
    text = GOOD.replace("out/posts.duckdb", path.replace("\\", "\\\\"))
    told = refused(tmp_path, text)
    assert said in told and "etl.toml, line 2: warehouse.path = " in told and "\n" not in told
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / path))
    told = refused(tmp_path, GOOD)
    assert said in told and told.startswith("ETL_WAREHOUSE = ")
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / "fine #%&*'[].duckdb"))
    assert read_settings(written(tmp_path, text)).warehouse.path.name == "fine #%&*'[].duckdb"


def test_a_folder_whose_name_is_no_utf8_holds_no_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / os.fsdecode(b"\xd6\xd0")
    folder.mkdir()
    assert r"/\xd6\xd0/out/posts.duckdb' holds bytes that are not UTF-8, which DuckDB" in refused(folder, GOOD)
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / "p.duckdb"))
    assert read_settings(written(folder, GOOD)).file.parent == folder


def test_records_of_dagster_are_kept_out_of_a_folder_that_cannot_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "a?b"))
    assert refused(tmp_path, GOOD).startswith(f"DAGSTER_HOME = '{tmp_path}/a?b' holds '?', which Dagster")


def test_a_setting_left_out_has_its_default(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, '[[source]]\nname = "a"\nlocation = "b"\n'))
    assert settings.schedule.cron == "*/15 * * * *"
    assert (settings.schedule.maintain_cron, settings.schedule.stale_after_hours) == ("30 3 * * 0", 6)
    assert (settings.schedule.keep_runs, settings.schedule.keep_days) == (80, 30)
    assert (settings.alerts.command, settings.alerts.webhook) == (None, None)
    assert (settings.alerts.timeout_seconds, settings.alerts.rejected_jump) == (10, 10)
    assert settings.limits.file_bytes == 8 * 1024 * 1024
    assert settings.limits.front_matter_bytes == 64 * 1024
    assert settings.warehouse.path == tmp_path / "warehouse/posts.duckdb"
    assert settings.sources[0].identity == "path"
    assert settings.sources[0].encodings == ("utf-8",)


def test_the_environment_names_the_file_and_the_warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_CONFIG", str(written(tmp_path, GOOD)))
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / "elsewhere.duckdb"))
    assert read_settings().warehouse.path == tmp_path / "elsewhere.duckdb"


def test_a_path_in_the_environment_is_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("ETL_WAREHOUSE", "here.duckdb")
    assert read_settings(written(tmp_path, GOOD)).warehouse.path == tmp_path / "cwd/here.duckdb"


def test_a_wrong_key_is_named_with_its_line_and_the_right_one(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD.replace("time_zone", "timezone"))
    assert "etl.toml, line 7: there is no setting 'source.timezone'; did you mean 'time_zone'?" in message


def test_what_a_look_notes_of_a_source_is_no_setting(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD.replace('time_zone = "Asia/Shanghai"', "root = [1, 2]"))
    assert "line 7: there is no setting 'source.root'" in message and "root" not in message.partition("are")[2]


def test_a_wrong_key_of_a_rule_is_named_with_its_line(tmp_path: Path) -> None:
    assert "line 16: there is no setting 'source.rules.selectr'; did you mean 'selector'?" in refused(
        tmp_path, GOOD.replace('selector = "p.source"', 'selector = "p.source"\nselectr = ""')
    )


def test_a_wrong_table_is_named(tmp_path: Path) -> None:
    assert "line 1: there is no setting 'warehuse'; did you mean 'warehouse'?" in refused(
        tmp_path, GOOD.replace("[warehouse]", "[warehuse]")
    )
    assert "etl.toml, line 1: there is no setting 'file'. The settings here are warehouse," in refused(
        tmp_path, 'file = "other.toml"\n' + GOOD
    )


def test_an_unknown_zone_is_named_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD.replace("Asia/Shanghai", "Asia/Shangai"))
    assert "line 7: 'Asia/Shangai' is no time zone; did you mean 'Asia/Shanghai'?" in message


def test_two_sources_of_one_name_are_named_with_both_lines(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD.replace('"two"', '"one"'))
    assert "line 10: two sources are named 'one' (the other in line 5)" in message


def test_an_old_name_that_a_source_still_has_is_named_with_both_lines(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD.replace('"/srv/two"', '"/srv/two"\nrenamed_from = "one"'))
    assert "line 12: renamed_from = 'one' names a source that is still there (line 5); take this key out" in message


def test_an_old_name_that_two_sources_claim_is_named_with_both_lines(tmp_path: Path) -> None:
    claim = '\nrenamed_from = "zero"'
    message = refused(tmp_path, GOOD.replace('"/srv/two"', f'"/srv/two"{claim}').replace('"posts"', f'"posts"{claim}'))
    assert "line 13: two sources say that they were 'zero' (the other in line 7); leave the key with the one" in message


def test_an_unknown_dialect_is_named_with_the_known_ones(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD.replace('time_zone = "Asia/Shanghai"', 'dialect = "jekyl"'))
    assert "line 7: there is no dialect 'jekyl'; did you mean 'jekyll'?" in message and "plain" in message


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    assert "line 7: there is no encoding 'gb1803'" in refused(
        tmp_path, GOOD.replace('time_zone = "Asia/Shanghai"', 'encodings = ["gb1803"]')
    )


def test_a_value_of_the_wrong_kind_is_named(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD.replace('time_zone = "Asia/Shanghai"', 'identity = "name"'))
    assert 'line 7: source.identity = "name" cannot be used; write' in message and "file_name" in message


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    assert "the setting 'source.location' is missing" in refused(tmp_path, '[[source]]\nname = "a"\n')


def test_no_source_at_all_is_said(tmp_path: Path) -> None:
    assert "there is no [[source]]" in refused(tmp_path, "[warehouse]\n")


def test_a_pattern_that_is_no_regular_expression_is_named(tmp_path: Path) -> None:
    assert "line 13: 'from (' is not a regular expression" in refused(tmp_path, GOOD.replace("from (.+)", "from ("))


def test_a_cron_that_is_none_is_named(tmp_path: Path) -> None:
    assert "line 2: 'sometimes' is no cron expression" in refused(tmp_path, '[schedule]\ncron = "sometimes"\n\n' + GOOD)


def test_text_that_is_not_toml_is_named_with_its_line(tmp_path: Path) -> None:
    assert "is not TOML" in (message := refused(tmp_path, GOOD + "\nname = \n")) and "line 18" in message


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such settings file"):
        read_settings(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    "location, line",
    [
        (("source", 1, "name"), 10),
        (("warehouse", "path"), 2),
        (("source", 1, "rules", 0, "pattern"), 16),
        (("source", 0, "url"), 4),
        (("nothing",), 1),
    ],
)
def test_the_line_of_a_setting_is_found(location: tuple[str | int, ...], line: int) -> None:
    assert line_of(GOOD, location) == line


@pytest.mark.parametrize(
    "example", sorted((Path(__file__).parents[1] / "examples").glob("*.toml")), ids=lambda p: p.name
)
def test_every_example_can_be_read(example: Path) -> None:
    assert read_settings(example).sources


def test_a_wrong_threshold_is_named_with_its_line(tmp_path: Path) -> None:
    said = refused(tmp_path, f"{GOOD}\n[checks]\nrejectd_share = 0.1\n")
    assert "line 19: there is no setting 'checks.rejectd_share'; did you mean 'rejected_share'?" in said


def test_the_path_of_the_environment_leaves_the_rest_of_its_table_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "etl.toml"
    file.write_text('[warehouse]\npath = "a.duckdb"\nhistory = true\n[[source]]\nname = "x"\nlocation = "x"\n')
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / "b.duckdb"))
    settings = read_settings(file)
    assert settings.warehouse.path == tmp_path / "b.duckdb"
    assert settings.warehouse.history is True


def test_no_page_is_written_by_refreshes_until_the_settings_name_one(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, GOOD))
    assert (settings.report.path, settings.report.lang, settings.report.internal) == (None, "en", False)
    settings = read_settings(
        written(tmp_path, '[report]\npath = "out/page.html"\nlang = "zh"\ninternal = true\n' + GOOD)
    )
    assert settings.report.path == tmp_path / "out/page.html"
    assert (settings.report.lang, settings.report.internal) == ("zh", True)
    assert "line 2: report.path names a folder; write the name of a file" in refused(
        tmp_path, f'[report]\npath = "."\n{GOOD}'
    )
    said = refused(tmp_path, f'[report]\nlang = "de"\n{GOOD}')
    assert 'line 2: report.lang = "de" cannot be used; write "en" or "zh"' in said
    assert "did you mean 'path'?" in refused(tmp_path, f'[report]\npaths = "x.html"\n{GOOD}')


def test_each_insight_is_on_until_it_is_switched_off(tmp_path: Path) -> None:
    file = tmp_path / "etl.toml"
    source = '[[source]]\nname = "x"\nlocation = "x"\n'
    file.write_text(source)
    assert read_settings(file).insight == Insight(search=True, stories=True)
    file.write_text(f"[insight]\nsearch = false\n{source}")
    assert read_settings(file).insight == Insight(search=False, stories=True)
    file.write_text(f"[insight]\nstories = false\n{source}")
    assert read_settings(file).insight == Insight(search=True, stories=False)
    file.write_text(f"[insight]\nserch = false\n{source}")
    with pytest.raises(SettingsError, match=r"line 2: there is no setting 'insight\.serch'; did you mean 'search'"):
        read_settings(file)
    file.write_text(f"[insight]\nsearch = 3\n{source}")
    with pytest.raises(SettingsError, match=r"line 2: insight\.search = 3 cannot be used"):
        read_settings(file)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('webhook = "ftp://secret.example/"', "the webhook must be an address that begins with http:// or https://"),
        ('command = "tell \'me"', "is no command"),
        ('command = " "', "the command is empty"),
        ("timeout_seconds = 0", "alerts.timeout_seconds = 0"),
        ('webhok = "http://localhost/"', "did you mean 'webhook'"),
    ],
)
def test_an_alert_that_could_not_be_told_is_refused_without_its_secret(tmp_path: Path, setting: str, said: str) -> None:
    message = refused(tmp_path, f'[alerts]\n{setting}\n[[source]]\nname = "a"\nlocation = "b"\n')
    assert said in message and "line 2" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xef\xbb\xbf" + GOOD.encode(), None),
        (GOOD.replace("\n", "\r\n").encode(), None),
        (GOOD.encode("utf-16"), "is UTF-16 or UTF-32, and TOML is UTF-8. Save it as UTF-8."),
        (GOOD.encode("utf-16-be"), "is UTF-16 or UTF-32"),
        (GOOD.encode("utf-32"), "is UTF-16 or UTF-32"),
        (GOOD.encode() + "# 港\n".encode("gb18030"), "line 17: is not UTF-8, as TOML must be."),
        (b"a = " + b"9" * 5000, "is not TOML"),
        (b"a = " + b"[" * 3000, "is not TOML"),
    ],
)
def test_an_editor_of_windows_may_mark_the_file_and_other_encodings_are_said(
    tmp_path: Path, data: bytes, said: str | None
) -> None:
    file = tmp_path / "etl.toml"
    file.write_bytes(data)
    if said is None:
        assert read_settings(file).sources[0].name == "one"
    else:
        with pytest.raises(SettingsError) as caught:
            read_settings(file)
        assert said in str(caught.value)


def test_a_tilde_is_the_home_folder_wherever_a_path_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    written(home, GOOD.replace("out/posts", "~/wh/posts").replace('"/srv/two"', '"~/two"'))
    monkeypatch.setenv("ETL_CONFIG", "~/etl.toml")
    monkeypatch.setenv("DAGSTER_HOME", "~/dagster")
    settings = read_settings()
    assert settings.file == home / "etl.toml" and settings.warehouse.path == home / "wh/posts.duckdb"
    assert settings.sources[1].location == home / "two" and settings.dagster_home == home / "dagster"
    assert settings.alerts.folder == home
    monkeypatch.setenv("ETL_WAREHOUSE", "~/other.duckdb")
    assert read_settings(Path("~/etl.toml")).warehouse.path == home / "other.duckdb"
    monkeypatch.setenv("ETL_WAREHOUSE", "~nobody-has-this-name/other.duckdb")
    with pytest.raises(SettingsError, match="cannot be used"):
        read_settings()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"one"', '".."', 5), ('"one"', '"."', 5), ('"one"', '"../x"', 5), ('"one"', '"a/b"', 5),
        ('"one"', '"a\\u0000"', 5), ('"one"', f'"{"x" * 300}"', 5), ('"one"', f'"{"港" * 70}"', 5), ('"one"', '""', 5),
        ('"posts"', '"po\\u0000sts"', 6),
        ('"out/posts.duckdb"', '""', 2), ('"out/posts.duckdb"', '".."', 2), ('"out/posts.duckdb"', '"a\\u0000b"', 2),
        ('"out/posts.duckdb"', f'"{"x" * 300}.duckdb"', 2),
    ],
)  # fmt: skip
def test_a_name_that_is_none_or_leaves_its_folder_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int
) -> None:
    assert f"etl.toml, line {line}: " in refused(tmp_path, GOOD.replace(old, new))


@pytest.mark.parametrize("setting", ["stale_after_hours = inf", "stale_after_hours = nan", "keep_days = 99999999999"])
def test_a_time_beyond_every_calendar_is_refused(tmp_path: Path, setting: str) -> None:
    assert "line 2: schedule." in refused(tmp_path, f"[schedule]\n{setting}\n\n{GOOD}")


@pytest.mark.parametrize("name", ["git+x", "me@host:x", "~x", "~root", "https:", "a b", "..x"])
def test_etl_init_writes_a_folder_of_any_name_as_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name / "posts").mkdir(parents=True)
    (tmp_path / name / "posts/a.md").write_text("# A\n\nText\n")
    write_settings(sample_site(tmp_path / name), [], tmp_path / "etl.toml")
    assert read_settings(tmp_path / "etl.toml").sources[0].location == tmp_path / name


def test_the_work_file_is_asked_in_utc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    work = WorkFile(tmp_path / "posts.duckdb")
    with work.connect() as con:
        assert con.execute("SELECT (TIMESTAMPTZ '2026-01-01 20:00:00+00')::DATE::VARCHAR").fetchone() == ("2026-01-01",)
    work.close()


def test_an_owner_is_an_address_or_a_team(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, f'[schedule]\nowners = ["team:desk", "a@example.org"]\n{GOOD}'))
    assert settings.schedule.owners == ("team:desk", "a@example.org")
    said = refused(tmp_path, f'[schedule]\nowners = ["desk"]\n{GOOD}')
    assert "line 2: " in said and "'desk' is no owner; write an address" in said
