"""Lets the file that was published before become the next published one, where nobody has it open any more.

Where a few posts changed, most blocks of both are the same: of a file of 1.8 GB 60 MB are written in place of all. A
program that still reads the file must not see it change, so that Linux is asked whether any has it open. It knows that
of the disks of its own machine only: elsewhere, and on other systems, a file is never used again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import stat
import sys
from pathlib import Path

from etl_project.database.differing_blocks import write_differing_blocks

_LOCAL = frozenset({"ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs"})
"""File systems whose files only this machine opens."""

_MOUNTS = Path("/proc/self/mountinfo")


def can_be_reused(file: Path) -> bool:
    """Whether a file is ours alone: no program has it open or mapped, and it has no other name."""
    if sys.platform != "linux":
        return False
    try:
        # A pipe of that name would wait for its writer, and a link would lead to a file that has another name.
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        state = os.fstat(opened)
        return (
            stat.S_ISREG(state.st_mode)
            and state.st_nlink == 1
            and state.st_uid == os.geteuid()
            and _is_local(state.st_dev)
            and _is_open_here_only(opened)
        )
    finally:
        os.close(opened)


def reuse(previous: Path, copy: Path, origin: Path) -> bool:
    """Make the file that was published before a copy of another, if it can be reused.

    Args:
        previous: the file that was published before; it is gone afterwards.
        copy: path of the copy: an empty file, whose permissions the copy has.
        origin: the file to copy.

    Returns:
        Whether it was done; if not, all is as it was.

    Raises:
        OSError: the disk is full, say; what is left of the copy is for the caller to remove.
    """
    if not can_be_reused(previous):
        return False
    mode = stat.S_IMODE(copy.stat().st_mode)
    previous.rename(copy)
    # Nobody opens it by its name any more: who has it open now has had it open before.
    if not can_be_reused(copy):
        copy.rename(previous)
        copy.touch(exist_ok=False)
        return False
    copy.chmod(mode | stat.S_IWUSR)
    write_differing_blocks(origin, copy)
    copy.chmod(mode)
    return True


def _is_open_here_only(opened: int) -> bool:
    """Whether a descriptor is the only one of its file in any process, mappings included.

    Linux grants a lease for writing on no other condition (fcntl(2), F_SETLEASE).
    """
    if sys.platform == "linux":  # for the type checker
        with contextlib.suppress(OSError):
            # Whoever opens the file between the next two calls makes Linux send a signal, which by default is SIGIO and
            # ends the process; this one is passed over.
            fcntl.fcntl(opened, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(opened, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(opened, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            return True
    return False


def _is_local(device: int) -> bool:
    """Whether a device is a disk, or memory, of this machine (proc(5), mountinfo)."""
    number = f"{os.major(device)}:{os.minor(device)}".encode()
    try:
        with _MOUNTS.open("rb") as mounts:
            kinds = {line.partition(b" - ")[2].split()[0].decode() for line in mounts if line.split()[2] == number}
    except (OSError, IndexError):
        return False
    return bool(kinds) and kinds <= _LOCAL
