"""Looks up the current commit of a repository; a remote one is fetched into a bare copy first."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

from etl_project.sources.git.access import access_to
from etl_project.sources.git.command import GitAccess, GitFailed, git
from etl_project.sources.git.faults import remedy_of
from etl_project.sources.location import Repository
from etl_project.sources.signature import SourceUnavailable

FETCHED = "refs/posts/present"
"""Our ref, in the copy, for the commit that was fetched last."""

_DAMAGED = "damaged"

MADE_ANEW = "Its copy is made anew at the next check for changes"
"""What comes of a copy with damage."""


def look_up(repository: Repository, branch: str | None, *, with_history: bool) -> Repository:
    """Look up the commit to read.

    Args:
        repository: as the settings name it.
        branch: the branch; None for the one its HEAD names.
        with_history: dates are taken from the history, so that its limits matter.

    Raises:
        SourceUnavailable: it cannot be reached, is no repository, or has no such branch.
    """
    if repository.mirror:
        git_dir, folder = str(repository.mirror), ""
        commit = _fetch(repository, branch)
    else:
        git_dir, folder = _find_repository(repository.address)
        commit = _find_commit(git_dir, branch, repository)
    tree = None
    if commit:
        try:
            tree = _decode_first_line(
                git(
                    "rev-parse",
                    "--verify",
                    f"{commit}^{{tree}}" if not folder else f"{commit}:{folder}",
                    git_dir=git_dir,
                )
            )
        except GitFailed:
            if not folder:
                note_damage(repository)
                raise _lost(f"the tree of the commit {commit[:12]}", repository) from None
            raise SourceUnavailable(
                f"there is no folder {folder} in the commit {commit[:12]} of {repository}. "
                "Correct its location or branch"
            ) from None
    return dataclasses.replace(
        repository,
        git_dir=git_dir,
        folder=folder,
        commit=commit,
        tree=tree,
        boundaries=_read_boundaries(git_dir) if with_history else frozenset(),
    )


def note_damage(repository: Repository) -> None:
    """Have the copy of a remote repository made anew by the next plan: something in it cannot be read."""
    if repository.mirror and repository.mirror.is_dir():
        (repository.mirror / _DAMAGED).touch()


def _find_repository(path: str) -> tuple[str, str]:
    """Find the directory of the repository that contains a path, and the path of that folder within it."""
    try:
        git_dir = _decode_first_line(git("-C", path, "rev-parse", "--absolute-git-dir"))
        return git_dir, _decode_first_line(git("-C", path, "rev-parse", "--show-prefix")).rstrip("/")
    except GitFailed as error:
        said = str(error)
        if said.startswith("not a git repository"):
            raise SourceUnavailable(f"{path} is not a git repository. Correct its location") from None
        if said.startswith("cannot change to"):
            raise SourceUnavailable(f"there is no repository {path}. Correct its location") from None
        raise SourceUnavailable(f"the repository {path} cannot be read: {said}. {error.remedy(path)}") from None


def _find_commit(git_dir: str, branch: str | None, repository: Repository) -> str | None:
    name = f"refs/heads/{branch}" if branch else "HEAD"
    try:
        return _decode_first_line(git("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}", git_dir=git_dir))
    except GitFailed:
        if named := _named_object(git_dir, name):
            raise _lost(f"the commit {named[:12]}", repository) from None
        heads = git("for-each-ref", "--format=%(refname)", "refs/heads", git_dir=git_dir)
        _refuse_without(branch, heads.decode(errors="replace").split())
        return None


def _lost(what: str, repository: Repository) -> SourceUnavailable:
    remedy = remedy_of("bad object", repository.address) if not repository.mirror else MADE_ANEW
    return SourceUnavailable(f"{repository} cannot be read: {what} is not there. {remedy}")


def _named_object(git_dir: str, name: str) -> str | None:
    """Id that a ref holds, whether there is such an object or not; None where there is no such ref."""
    try:
        return _decode_first_line(git("rev-parse", "--quiet", "--verify", name, git_dir=git_dir))
    except GitFailed:
        return None


def _refuse_without(branch: str | None, heads: list[str]) -> None:
    """Stop where the commit to read is not named, unless nothing has been committed at all yet."""
    there = ", ".join(sorted(head.removeprefix("refs/heads/") for head in heads)[:20])
    if branch:
        raise SourceUnavailable(
            f"there is no branch {branch!r}; {f'there are {there}' if there else 'nothing has been committed yet'}. "
            "Correct its branch"
        )
    if there:
        raise SourceUnavailable(
            f"HEAD of the repository names a branch without commits. Set `branch` to one of {there}"
        )


def _fetch(repository: Repository, branch: str | None) -> str | None:
    """Bring the copy up to date. What a killed fetch left is swept, a copy that is broken is made anew."""
    assert repository.mirror
    mirror, access = repository.mirror, access_to(repository.address)
    if (mirror / _DAMAGED).exists():
        shutil.rmtree(mirror)
    _prepare(mirror)
    wanted = f"refs/heads/{branch}" if branch else "HEAD"
    try:
        _fetch_into(mirror, access, wanted)
    except GitFailed as error:
        other = _OTHER_OBJECTS.search(error.said)
        try:
            heads = [] if other else _list_heads(access)
        except GitFailed:
            raise _cannot_fetch(repository, error) from None
        if "find remote ref" in str(error):
            _refuse_without(branch, heads)
            return None
        if not (other or _is_broken(mirror)):
            raise _cannot_fetch(repository, error) from None
        shutil.rmtree(mirror)
        _prepare(mirror, other[1] if other else "sha1")
        try:
            _fetch_into(mirror, access, wanted)
        except GitFailed as again:
            if "find remote ref" in str(again):
                _refuse_without(branch, _list_heads(access))
                return None
            raise _cannot_fetch(repository, again) from None
    return _decode_first_line(git("rev-parse", "--verify", f"{FETCHED}^{{commit}}", git_dir=str(mirror)))


_OTHER_OBJECTS = re.compile("mismatched algorithms: client sha[0-9]+; server (sha[0-9]+)")
"""How git says that the names of objects are hashes of another kind there than in the copy."""


def _cannot_fetch(repository: Repository, error: GitFailed) -> SourceUnavailable:
    return SourceUnavailable(f"{repository} cannot be fetched: {error}. {error.remedy(str(repository))}")


def _list_heads(access: GitAccess) -> list[str]:
    """List the branches of a remote repository, by their whole names."""
    listed = git("ls-remote", "--heads", "--", access.address, fetches=access).decode(errors="replace")
    return [line.split("\t")[1] for line in listed.splitlines()]


def _prepare(mirror: Path, objects: str = "sha1") -> None:
    if not all((mirror / part).exists() for part in ("HEAD", "config", "objects", "refs")):
        mirror.parent.mkdir(parents=True, exist_ok=True)
        git("init", "--quiet", "--bare", "--template=", f"--object-format={objects}", str(mirror))
    # The lock of the refresh is held: whoever made these is dead, or must not win.
    for pattern in ("*.lock", "refs/**/*.lock", "objects/*.lock", "objects/info/**/*.lock", "objects/pack/tmp_*"):
        for leftover in mirror.glob(pattern):
            leftover.unlink(missing_ok=True)


def _fetch_into(mirror: Path, access: GitAccess, wanted: str) -> None:
    git(
        "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--update-shallow",
        "--", access.address, f"+{wanted}:{FETCHED}",
        git_dir=str(mirror), fetches=access,
    )  # fmt: skip


def _is_broken(mirror: Path) -> bool:
    try:
        git("fsck", "--connectivity-only", "--no-dangling", git_dir=str(mirror))
    except GitFailed:
        return True
    return False


def _read_boundaries(git_dir: str) -> frozenset[str]:
    """Commits of a shallow clone whose parents are not there."""
    common = _decode_first_line(git("rev-parse", "--git-path", "shallow", git_dir=git_dir))
    try:
        return frozenset(Path(common).read_text("ascii").split())
    except FileNotFoundError:
        return frozenset()


def _decode_first_line(out: bytes) -> str:
    return out.removesuffix(b"\n").decode("utf-8", "surrogateescape")
