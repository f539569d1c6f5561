"""Sites that are built once and copied for each test: a copy takes a fraction of the time of a first refresh."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from etl_project.database.arrow import registered
from etl_project.database.work_file import WorkFile
from etl_project.sources.access import pin
from etl_project.sources.listing import folder_frame

if TYPE_CHECKING:
    from conftest import Site

AnySite = TypeVar("AnySite", bound="Site")


class BuiltSites:
    """Builds each kind of site once."""

    def __init__(self, make_folder: Callable[[], Path]) -> None:
        self._make_folder = make_folder
        self._built: dict[Callable[[Path], Any], Any] = {}

    def copy(self, build: Callable[[Path], AnySite], folder: Path) -> AnySite:
        """Copy a built site into a folder, as if it had been built there.

        Args:
            build: builds the site in the folder that it is given; called once, whatever test asks first.
            folder: the folder of the copy.
        """
        if build not in self._built:
            self._built[build] = build(self._make_folder())
        return copy_site(self._built[build], folder)


def copy_site(built: AnySite, folder: Path) -> AnySite:
    """Copy a site with its posts and its warehouse, if it has one, as if it had been built where the copy is.

    Times of the copied files are as they were, but for their ctime, which with the inode is set in the inventory. What
    the first refresh found young is young in the copy, and the last plan is the one that the refresh wrote down.
    The published file is recorded as what was published.
    """
    shutil.copytree(built.folder, folder, symlinks=True, dirs_exist_ok=True)
    copy = built.at(folder)
    work = WorkFile(copy.published)
    files = [file for file in (work.path, work.published) if file.exists()]
    times = [(file, file.stat()) for file in files]
    # At rest the published file is the work file, byte for byte: to write into one and copy it takes half the time.
    are_one = len(files) == 2 and filecmp.cmp(*files, shallow=False)
    for file in files[:1] if are_one else files:
        _set_places(copy, file)
    if are_one:
        work.published.chmod(0o644)
        shutil.copyfile(work.path, work.published)
    for file, before in times:
        file.chmod(before.st_mode)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    if work.publication.path.exists():
        work.publication.write(copy.published)
    return copy


def _set_places(copy: Site, file: Path) -> None:
    """Write into a database file where its sources are now, and the signatures of their copied files."""
    file.chmod(0o644)
    with duckdb.connect(str(file)) as con:
        for source in copy.settings.sources:
            con.execute("UPDATE sources SET location = ? WHERE source_id = ?", [str(source.location), source.name])
            if listing := pin(source).place.walk(source):
                with registered(con, copied=folder_frame(source.name, listing)):
                    con.execute(
                        "UPDATE internal.inventory AS i SET ctime_ns = c.ctime_ns, inode = c.inode "
                        "FROM copied AS c WHERE (c.source_id, c.path) = (i.source_id, i.path)"
                    )
