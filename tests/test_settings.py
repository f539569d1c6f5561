"""etl.toml as people write it, and the sentence they get when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    assert "line 7: source.identity = 'name' cannot be used" in message and "file_name" in message


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
