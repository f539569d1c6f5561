from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.extract.body.plain_text import BLOCK, LINE, QUOTED, QUOTED_END, plain_text

PIECES = st.lists(
    st.sampled_from(["中文", "a b", " ", "\n", "\t", "\u3000", "\xa0", "目录", "[toc]", "…", "\x1f", BLOCK])
)


@given(pieces=PIECES)
@settings(max_examples=500, deadline=None)
def test_paragraphs_alone_give_the_text_that_they_give_beside_other_blocks(pieces: list[str]) -> None:
    joined = "".join(pieces)
    # Blocks without text, which make the text one of other blocks than paragraphs.
    others = f"{BLOCK}{QUOTED}{QUOTED_END}{BLOCK}{LINE}{BLOCK}"
    assert plain_text(joined) == plain_text(joined + others)
