"""Passwords and tokens of addresses: hidden in every text, and on no command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from git_site import GitSite, Repo

from etl_project.settings import SettingsError
from etl_project.sources.git import access
from etl_project.sources.git.access import access_to
from etl_project.sources.git.command import git
from etl_project.sources.git.faults import remedy_of
from etl_project.sources.secrets import HIDDEN, without_secrets, without_secrets_in, without_secrets_in_value
from etl_project.sources.signature import SourceUnavailable

SHOWN = {
    "https://git.example/o/r.git": "https://git.example/o/r.git",
    "https://SECRET@git.example/o/r.git": "https://***@git.example/o/r.git",
    "https://SECRET:x-oauth-basic@git.example/o/r.git": "https://***@git.example/o/r.git",
    "https://user:SEC@RET@git.example:8443/r": "https://***@git.example:8443/r",
    "https://user:SEC/RET@git.example/r": "https://***@git.example/r",
    "https://user:SEC:RET%2F@git.example/r": "https://***@git.example/r",
    "https://git.example/r?private_token=SECRET": "https://git.example/r?***",
    "https://git.example/r?a=SECRET@x": "https://***@x",
    "https://git.example/r#SECRET": "https://git.example/r#***",
    "HTTPS://SECRET@git.example/r": "HTTPS://***@git.example/r",
    "ssh://git@git.example/r": "ssh://git@git.example/r",
    "ssh://git:SECRET@git.example/r": "ssh://***@git.example/r",
    "git@git.example:o/r.git": "git@git.example:o/r.git",
    "git:SECRET@git.example:o/r.git": "***@git.example:o/r.git",
    "git:SEC@R/ET@git.example:o/r.git": "***@git.example:o/r.git",
    "file:///srv/a@b/c#d?e.git": "file:///srv/a@b/c#d?e.git",
    "https://git.example/ghp_0123456789abcdefghij/r.git": "https://git.example/***/r.git",
    "https://git.example/r/github_pat_11ABCDEFG_hij": "https://git.example/r/***",
    "https://git.example/-/glpat-ab_cd-efghij.01.kl/r": "https://git.example/-/***/r",
    "https://git.example/x-token-auth/SECRET/r": "https://git.example/x-token-auth/***/r",
    "ssh://git@git.example/x-access-token:SECRET/r": "ssh://git@git.example/x-access-token:***/r",
    "git@git.example:gho_0123456789abcdefghij/r.git": "git@git.example:***/r.git",
    "https://git.example/u/global-warming-and-its-effects": "https://git.example/u/global-warming-and-its-effects",
    "https://git.example/u/npm_packages_of_ghp-import": "https://git.example/u/npm_packages_of_ghp-import",
}


@pytest.mark.parametrize(("address", "shown"), SHOWN.items())
def test_an_address_is_shown_without_what_may_be_secret(address: str, shown: str) -> None:
    assert without_secrets(address) == shown
    if "://" in address:
        assert shown in without_secrets_in(f"fatal: unable to access '{address}': it is gone")


def test_a_setting_of_the_wrong_type_is_shown_without_secrets() -> None:
    """A password may hold the blanks and quotes at which an address in a text ends."""
    address = "https://u:it's a SECRET@git.example/r"
    for value in (address, [address], {"url": address}, f"see {SECRET_TOKEN}", [["git:SECRET@git.example:r"]]):
        shown = repr(without_secrets_in_value(value))
        assert "SECRET" not in shown and "0123456789" not in shown and HIDDEN in shown
    assert without_secrets_in_value([1, "posts", None]) == [1, "posts", None]


SECRET_TOKEN = "ghp_0123456789abcdefghij"


@pytest.fixture
def _no_rewriting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_rewritten", lambda address: address)


@pytest.mark.usefixtures("_no_rewriting")
@pytest.mark.parametrize(
    ("address", "clean", "user", "password"),
    [
        ("https://TOKEN@h.example/r", "https://h.example/r", "TOKEN", ""),
        ("https://USER7:a%2Fb8@h.example:8/r", "https://h.example:8/r", "USER7", "a/b8"),
        ("https://USER7:a@b8@h.example/r", "https://h.example/r", "USER7", "a@b8"),
        ("https://USER7:a/b8@h.example/r", "https://h.example/r", "USER7", "a/b8"),
        ("https://USER7:a:b8@[::1]:8/r", "https://[::1]:8/r", "USER7", "a:b8"),
        ("http://USER7:@h.example/r", "http://h.example/r", "USER7", ""),
    ],
)
def test_git_gets_user_and_password_from_its_environment(address: str, clean: str, user: str, password: str) -> None:
    found = access_to(address)
    assert found.address == clean
    assert found.environment == {"ETL_GIT_USERNAME": user, "ETL_GIT_PASSWORD": password}
    assert not any(user in word or (password and password in word) for word in found.settings)
    assert user not in repr(found) and (not password or password not in repr(found))


@pytest.mark.usefixtures("_no_rewriting")
@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("ssh://git:SECRET@h.example/r", "ssh://git@h.example/r"),
        ("git:SEC/RET@h.example:r", "git@h.example:r"),
        ("git://a:SECRET@h.example/r", "git://h.example/r"),
        ("ssh://git@h.example/r", "ssh://git@h.example/r"),
        ("file:///srv/r@x", "file:///srv/r@x"),
    ],
)
def test_ssh_gets_no_password_as_it_takes_none_from_an_address(address: str, clean: str) -> None:
    found = access_to(address)
    assert found.address == clean and not found.settings and not found.environment


@pytest.mark.usefixtures("_no_rewriting")
@pytest.mark.parametrize(
    "address",
    [
        *("https://h.example/r?token=SECRET", "https://h.example/r#SECRET"),
        *("https://u:SECRET@h.example/a@b", "https://SEC/RET@h/r", "https://u:SEC@R/ET@h/r"),
    ],
)
def test_an_address_whose_secret_would_stand_on_a_command_line_is_refused(address: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        access_to(address)
    assert "SEC" not in str(caught.value)


def test_the_helper_answers_git_for_this_host_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for asked in ("h.example", "other.example"):
        given = f"protocol=https\nhost={asked}\n\n".encode()
        try:
            said = git("credential", "fill", given=given, fetches=access_to("https://me:pa%20ss@h.example/r")).decode()
        except SourceUnavailable as error:
            said = str(error)
        assert ("password=pa ss" in said) == (asked == "h.example")


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("fatal: detected dubious ownership in repository at '/srv/a b.git'", "safe.directory '/srv/a b.git'"),
        ("fatal: unsafe repository ('/srv/x' is owned by someone else)", "safe.directory '/srv/x'"),
        ("fatal: Authentication failed for 'https://h/r/'", "token"),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", "key"),
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", "token"),
        ("fatal: repository 'https://h/r/' not found", "Correct its location"),
        ("fatal: '/nowhere' does not appear to be a git repository", "Correct its location"),
        ("ssh: Could not resolve hostname h: Name or service not known", "network"),
        ("fatal: unable to access 'https://h/': Failed to connect to h port 443", "network"),
        ("fatal: unable to access 'https://h/': SSL certificate problem: expired", "certificate"),
        ("fatal: missing promisor object abc", "--refetch"),
        ("error: object file .git/objects/ab/cd is empty\nfatal: loose object abcd is corrupt", "fsck"),
        ("fatal: unknown repository extension found:\n\tobjectformat", "newer git"),
        ("fatal: something nobody has seen", "git itself"),
    ],
)
def test_each_fault_of_git_has_a_remedy(said: str, remedy: str) -> None:
    assert remedy in remedy_of(said, "/srv/x")


@pytest.mark.parametrize("objects", ["sha1", "sha256"])
def test_a_remote_repository_may_name_its_objects_by_either_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objects: str
) -> None:
    remote = tmp_path / "remote"
    subprocess.run(["git", "init", "-q", f"--object-format={objects}", str(remote)], check=True)
    (remote / "_posts").mkdir()
    (remote / "_posts/2026-01-02-a.md").write_text("---\ntitle: A\n---\nText")
    words = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]
    for arguments in (["add", "--all"], words):
        subprocess.run(["git", "-C", str(remote), *arguments], check=True)
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha1" if objects == "sha256" else "sha256")
    # As a token in an address whose host the user's own settings lead elsewhere.
    (tmp_path / "gitconfig").write_text(f'[url "file://{remote}"]\n\tinsteadOf = https://SECRET1@h.example/r.git\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    site = GitSite(tmp_path / "site", location="https://SECRET1@h.example/r.git")
    loaded = site.refresh()
    assert loaded and loaded.files_read == 1
    assert site.column("SELECT location FROM sources") == ["https://***@h.example/r.git"]
    left = subprocess.run(["grep", "-rla", "SECRET1", str(site.published.parent)], capture_output=True, text=True)
    assert left.stdout == ""


def test_a_bare_repository_of_another_user_is_refused_with_the_remedy_of_git(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: a folder is given to another user")
    repo = Repo(tmp_path / "other")
    repo.write("_posts/2026-01-02-a.md")
    repo.commit()
    bare = tmp_path / "bare.git"
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(bare))
    os.chown(bare, 65534, 65534)
    site = GitSite(tmp_path / "site", location=str(bare))
    with pytest.raises(
        SettingsError, match=r"dubious ownership.*git config --global --add safe\.directory '.*bare\.git'"
    ):
        site.load()
