"""A file that only says where a post is: it is no article, whoever wrote it; a post about such files is one."""

from __future__ import annotations

import pytest

from etl_project.extract.front_matter.read import read_front_matter
from etl_project.limits import Limits
from etl_project.reasons import Rejection

HASH = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"

POINTERS = {
    "Git LFS": f"version https://git-lfs.github.com/spec/v1\noid sha256:{HASH}\nsize 12\n",
    "with an extension": f"version https://git-lfs.github.com/spec/v1\next-0-x sha256:{HASH}\noid sha256:{HASH}\n",
    "its first name": f"version https://hawser.github.com/spec/v1\noid sha256:{HASH}\nsize 12\n",
    "before that": f"version http://git-media.io/v/2\noid sha256:{HASH}\nsize 12\n",
    "git-annex": f"/annex/objects/SHA256E-s12--{HASH}.md\n",
    "a link of it": f"../.git/annex/objects/x1/y2/SHA256E-s12--{HASH}.md/SHA256E-s12--{HASH}.md",
    "a link of SMB": f"XSym\n0012\n{HASH[:32]}\n../notes/a.md\n" + " " * 900,
}


@pytest.mark.parametrize("pointer", POINTERS)
def test_a_pointer_is_no_post(pointer: str) -> None:
    for required, reason in ((False, "lfs_pointer"), (True, "no_front_matter")):
        with pytest.raises(Rejection) as caught:
            read_front_matter(POINTERS[pointer], Limits(), required=required)
        assert caught.value.reason == reason and "stands for a post that is not here" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        f"Pointers look so:\n\n    {POINTERS['Git LFS']}",
        "/annex/objects/ is where git-annex keeps files.\n",
        "/annex/objects/KEY\n\nis a pointer.\n",
        "version https://example.org/spec/v1\n",
        "XSym\nis what a Mac calls it.\n",
        "../other/post.md",
    ],
)
def test_a_post_about_pointers_is_a_post(text: str) -> None:
    assert read_front_matter(text, Limits(), required=False).fields == {}
