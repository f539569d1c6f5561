"""Reads blobs by their ids: no checkout, no filters, no conversion of line ends."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from etl_project.reasons import Rejection
from etl_project.sources.git.blob_readers import READERS, close_blobs
from etl_project.sources.git.command import GitFailed, git, start
from etl_project.sources.git.faults import remedy_of
from etl_project.sources.git.fetch import note_damage
from etl_project.sources.location import Repository
from etl_project.sources.paths import unescape_path
from etl_project.sources.signature import ReadFile, Signature, SourceUnavailable

_NOT_POSTS = {
    "link": "is a link that leaves the source or leads nowhere",
    "module": "is a submodule, another repository",
    "folder": "is a folder, not a plain file",
}


def read_blob(repository: Repository, listed: Signature, largest: int) -> ReadFile:
    """Read one listed post.

    Args:
        repository: the repository, looked up.
        listed: what the listing says of the post.
        largest: bytes above which it is not read.

    Raises:
        Rejection: not_regular_file, file_size_limit.
        SourceUnavailable: the blob is not there, or the repository cannot be read.
    """
    kind, _, blob_id = (listed.blob_id or "").rpartition(":")
    if not blob_id:
        raise Rejection("not_regular_file", _NOT_POSTS[kind])
    if listed.size > largest:
        raise Rejection("file_size_limit", f"has {listed.size:,} bytes, more than the limit of {largest:,}")
    return ReadFile(_read_bytes(repository, blob_id), listed, changed_while_read=False)


def first_file(repository: Repository, names: Iterable[str], largest: int | None) -> tuple[str, bytes] | None:
    """Read the first file there is of some, beside the posts: the site's own settings.

    Args:
        repository: the repository, looked up.
        names: their paths below the source; `../` leads to the folder above it.
        largest: bytes above which it is taken to be empty.
    """
    return next(_read_named(repository, names, largest), None)


def files_named(repository: Repository, names: Iterable[str], largest: int | None) -> list[tuple[str, bytes]]:
    """Read all files there are of some, with one question to git; see `first_file`."""
    return list(_read_named(repository, names, largest))


def _read_named(repository: Repository, names: Iterable[str], largest: int | None) -> Iterator[tuple[str, bytes]]:
    if not repository.commit:
        return
    inside = {name: posixpath.normpath(posixpath.join(repository.folder, name)) for name in names}
    asked = {name: f"{repository.commit}:{path}" for name, path in inside.items() if not path.startswith("../")}
    answers = blobs_named(repository, [question.encode("utf-8", "surrogateescape") for question in asked.values()])
    for name, (blob_id, size) in zip(asked, answers, strict=True):
        if blob_id:
            yield name, b"" if largest is not None and size > largest else _read_bytes(repository, blob_id)


def blobs_named(repository: Repository, names: Sequence[bytes], *, follow: bool = True) -> list[tuple[str | None, int]]:
    """Find id and size of the blob of each name; no id where there is none.

    A name is the id of a blob, or `tree:path`, in which links are followed unless `follow` says otherwise.
    """
    # git reads one name a line: what has a line feed in its name cannot be asked for.
    askable = [name for name in names if b"\n" not in name]
    rest = b""
    if askable:
        given = b"".join(name + b"\n" for name in askable)
        options = ["--follow-symlinks"] if follow else []
        rest = git("cat-file", "--batch-check", *options, git_dir=repository.git_dir, given=given)
    answers: dict[bytes, tuple[str | None, int]] = {}
    for name in askable:
        line, _, rest = rest.partition(b"\n")
        words = line.split(b" ")
        if len(words) == 3 and words[1] == b"blob":
            answers[name] = words[0].decode(), int(words[2])
        elif len(words) == 2 and words[0] in (b"symlink", b"dangling", b"loop", b"notdir"):
            # The next lines, of so many bytes, say where the link ended.
            rest = rest[int(words[1]) + 1 :]
    return [answers.get(name, (None, 0)) for name in names]


def names_below(repository: Repository, folder: str) -> list[str]:
    """List the paths of all files below a folder of the source; `../` leads to the folder above it."""
    if not repository.tree or not repository.commit:
        return []
    tree, above = repository.tree, ""
    if folder.startswith("../"):
        outer = posixpath.dirname(repository.folder)
        tree, above, folder = f"{repository.commit}:{outer}", "../", folder.removeprefix("../")
    where = ["--", f"{folder}/"] if folder else []
    below = git("ls-tree", "-r", "-z", "--name-only", tree, *where, git_dir=repository.git_dir)
    return [above + raw.decode("utf-8", "surrogateescape") for raw in below.split(b"\0")[:-1]]


def paths_there(repository: Repository, paths: Sequence[str]) -> list[str]:
    """Find the paths below the source, as listed, at which the commit has a file, whether or not it is a post."""
    if not repository.tree:
        return []
    names = [f"{repository.tree}:".encode() + unescape_path(path) for path in paths]
    answers = blobs_named(repository, names, follow=False)
    return [path for path, (blob_id, _) in zip(paths, answers, strict=True) if blob_id]


def _read_bytes(repository: Repository, blob_id: str) -> bytes:
    process = READERS.get(repository.git_dir)
    if process is None or process.poll() is not None:
        process = READERS[repository.git_dir] = start("cat-file", "--batch", git_dir=repository.git_dir)
    assert process.stdin and process.stdout
    try:
        process.stdin.write(f"{blob_id}\n".encode())
        process.stdin.flush()
        words = process.stdout.readline().split()
        if len(words) == 3 and words[1] == b"blob":
            size = int(words[2])
            data = process.stdout.read(size + 1)
            if len(data) == size + 1:
                return data[:-1]
    except OSError:
        pass
    except BaseException:
        # Half an answer may be left, which the next read would get.
        close_blobs()
        raise
    close_blobs()
    note_damage(repository)
    raise SourceUnavailable(f"{repository} cannot be read: {_describe_damage(repository, blob_id)}")


def _describe_damage(repository: Repository, blob_id: str) -> str:
    what = f"the blob {blob_id} is missing or damaged"
    if repository.mirror:
        return f"{what}. Its copy is made anew at the next check for changes"
    try:
        git("cat-file", "blob", blob_id, git_dir=repository.git_dir)
    except GitFailed as error:
        is_partial = _is_partial(repository)
        said = f"a partial clone: missing promisor object {blob_id}" if is_partial else error.said
        return f"{what}: {error}. {remedy_of(said, repository.address)}"
    return what


def _is_partial(repository: Repository) -> bool:
    """Whether a repository was cloned without some of its objects, which git would fetch when they are read."""
    try:
        return bool(git("config", "--get-regexp", r"^remote\..*\.promisor$", git_dir=repository.git_dir))
    except GitFailed:
        return False
