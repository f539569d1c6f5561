from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.extract.body.note_tags import find_note_tags


@pytest.mark.parametrize(
    ("note", "tags"),
    [
        ("see #kebab-case, #snake_case and #a/b.", ["kebab-case", "snake_case", "a/b"]),
        ("#123 #1984 #y1984 #1990s #1- #1/2 #٣", ["y1984", "1990s", "1-", "1/2", "٣"]),
        ("#लेख and #หนังสือ and #cafe\u0301", ["लेख", "หนังสือ", "cafe\u0301"]),
        ("#❤️ #👩\u200d🚀crew #می\u200cخواهم #☎", ["❤️", "👩\u200d🚀crew", "می\u200cخواهم", "☎"]),
        ("#标签 #日記、 #one—two #it’s #c++ #x.y #x‼", ["标签", "日記、", "one", "it", "c", "x", "x"]),
        ("\u00a0#nbsp\u3000#wide\n#line", ["nbsp", "wide", "line"]),
        ('(#a) "#b" .#c x—#d a#e /#f \\#g https://w.test/#h', []),
        ("#a#b, #1#c", ["a", "b"]),
        ("**#a** _#b_ ~~#c~~ ==#d== snake_#e `x`#f", ["a", "b", "c", "d", "e", "f"]),
        ("# #top\n\n## Part #two ##\n\n#### Three", ["top", "two"]),
        ("[see #a](https://w.test/#b) [x](y)#c ![#d](e#f.png) <https://w.test/#g>", ["a", "c"]),
        ("[[Note#Part]] [[#Part|the #part]] ![[Note#Part]] #real", ["real"]),
        ("|a|b|\n|-|-|\n|#in|x|", ["in"]),
        ("> [!note] Title #a\n> text #b\n\n- [ ] #c do", ["a", "b", "c"]),
        ("`#a` ``x ` #b`` #c", ["c"]),
        ("```py\n#a\n```\n\n~~~~\n#b\n~~~\n#c\n~~~~\n\n    #d\n\n- x\n\n      #e\n  ```\n  #f\n  ```\n\n#g", ["g"]),
        ("```md\n```js\nx #a\n```\n#b", ["b"]),
        ("$#a$ and $$ #b $$\n\n$$\n#c\n$$\n\n#d", ["d"]),
        ("%%#a%% #b\n\n%%\n#c\n%%", ["b"]),
        ("x <!-- #a --> y\n\n<div>\n#b\n</div>\n\n<p>x #c</p>\n\n#d", ["d"]),
    ],
)
def test_a_note_has_the_tags_that_obsidian_lists(note: str, tags: list[str]) -> None:
    assert find_note_tags(note) == tags


@given(st.lists(st.sampled_from(["#", "a", "1", " ", "\n", "`", "_", "[[", "]]", "é", "$", "%%", "\\", "\ud800"])))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_tag_stands_in_the_note_after_a_number_sign(pieces: list[str]) -> None:
    note = "".join(pieces)
    for tag in find_note_tags(note):
        assert f"#{tag}" in note and not tag.isdecimal() and "\n" not in tag


@pytest.mark.parametrize("piece", ["#", "#a", "[#", "#a_", "`#", "\\#", "#1"])
def test_hostile_notes_take_no_longer_than_they_are_long(piece: str) -> None:
    start = time.process_time()
    find_note_tags(piece * 100_000)
    assert time.process_time() - start < 5
