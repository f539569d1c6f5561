"""What it means for a file of a folder, or for the whole folder, that it cannot be read."""

from __future__ import annotations

import errno
import stat

from etl_project.reasons import Rejection
from etl_project.sources.signature import SourceUnavailable

_UNAVAILABLE_ERRNOS = {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN}


def describe_kind(mode: int) -> str:
    """Name what a path leads to that is no plain file, by its mode."""
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "FIFO", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device"}
    return kinds.get(stat.S_IFMT(mode), "special file")


def interpret_error(error: OSError, path: str) -> Exception:
    """Make of an error of the system what it means for a file, or for its whole source."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileNotFoundError(path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return Rejection("permission_denied", "cannot be opened: permission denied")
    if error.errno in _UNAVAILABLE_ERRNOS:
        return SourceUnavailable(f"{path} cannot be read: {error.strerror}")
    if error.errno == errno.ENXIO:
        return Rejection("not_regular_file", "is a socket or device, not a plain file")
    return Rejection("unreadable", f"cannot be read: {error.strerror}")
