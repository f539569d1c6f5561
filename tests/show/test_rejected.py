"""Rejected files are written for repair below the folder that is named, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import duckdb

from etl_project.show.rejected import export_rejected


def test_no_rejected_file_is_written_outside_the_folder_of_an_export(tmp_path: Path) -> None:
    published, folder = tmp_path / "posts.duckdb", tmp_path / "a/b/out"
    paths = [
        "good.md",
        "deep/good.md",
        r"\xff.md",
        "../../x.md",
        "a/../../../../x.md",
        f"{tmp_path}/x.md",
        "..",
        "good.md",
    ]
    with duckdb.connect(str(published)) as con:
        con.execute("CREATE TABLE rejected_files (source_id VARCHAR, path VARCHAR, bytes BLOB)")
        con.executemany("INSERT INTO rejected_files VALUES ('s', ?, 'bytes'::BLOB)", [[path] for path in paths])
        con.execute("INSERT INTO rejected_files VALUES ('..', 'x.md', 'bytes'::BLOB), ('s', 'not kept.md', NULL)")
    written, left = export_rejected(published, None, folder)
    below = folder / "s"
    inside = [below / "good.md", below / "deep/good.md", below / "\udcff.md", below / f"{tmp_path}/x.md".lstrip("/")]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted([published, *inside])
    assert (written, len(left)) == (4, 6)
