"""Names of files are bytes: locale and encoding change neither what is read nor where it is written.

The entry points under each locale are in test_matrix.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from locales import environment_of

ROOT = Path(__file__).resolve().parents[2]

LIST = """
from pathlib import Path
import sys
from etl_project.sources.folder import PinnedFolder, read_file
from etl_project.sources.source import Source
from etl_project.utf8_mode import names_are_utf8
folder = Path(sys.argv[1])
assert not names_are_utf8()
for path in PinnedFolder(folder).walk(Source("s", folder)).paths():
    assert read_file(str(folder).encode(), path, 100).data
    sys.stdout.buffer.write(path.encode() + b"\\n")
sys.stdout.buffer.write("\\n".join(PinnedFolder(folder).files_below("")).encode("utf-8", "surrogateescape"))
"""


def test_a_process_that_cannot_start_again_lists_names_as_bytes(tmp_path: Path) -> None:
    posts = tmp_path / "posts"
    posts.mkdir()
    for name in ("春天.md".encode(), "naïve.md".encode(), b"\xd6\xd0.md"):
        with open(os.fsencode(posts) + b"/" + name, "wb") as file:
            file.write(b"---\ntitle: a\n---\nText\n")
    environment = environment_of("en_US.ISO-8859-1", tmp_path)
    ended = subprocess.run([sys.executable, "-c", LIST, str(posts)], cwd=ROOT, env=environment, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()
    lines = set(ended.stdout.split(b"\n"))
    assert {"春天.md".encode(), "naïve.md".encode(), rb"\xd6\xd0.md", b"\xd6\xd0.md"} <= lines


RESTART = """
import os, sys, tempfile
from etl_project.utf8_mode import restart_in_utf8_mode
if "utf8" not in sys._xoptions:
    kept = tempfile.TemporaryDirectory(dir=sys.argv[1])
    assert len(os.listdir(sys.argv[1])) == 1
restart_in_utf8_mode()
print(ascii(sys.argv[2]), os.listdir(sys.argv[1]))
"""


def test_a_process_that_starts_again_leaves_no_temporary_folder(tmp_path: Path) -> None:
    """`dg launch` has made one for its records when it loads the definitions, which start it again."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = [sys.executable, "-c", RESTART, str(folder), "中"]
    environment = environment_of("zh_CN.GB18030", tmp_path)
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, r"'\u4e2d' []" + "\n"), ended.stderr
