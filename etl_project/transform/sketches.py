"""Turn titles and plain texts into the frame of `internal.article_sketches`: what tells two tellings of one story.

A text is compared by its letters and digits, folded as search folds them. Addresses in it are left out: copies of a
story state addresses of their own. docs/stories.md says what the columns are for.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Sequence
from operator import add
from typing import Any

import polars as pl

from etl_project.transform.search_text import fold

BANDS = 21
BYTES_PER_BAND = 6
PERMUTATIONS = BANDS * BYTES_PER_BAND
"""Values of a MinHash. The lowest byte of each is kept (Li and König 2010, b-bit minwise hashing); those of a band make
one number."""

SEED = 42

WINDOW = 8
"""Bytes of a shingle: eight Latin letters or digits, or four of any other script."""

MOST_MARKS = 48
"""Most marks that are kept of a post: the first in the order of what stands before them, so that those kept of two
posts are of the same places."""

MOST_TIMES = 3
"""Most times that a word of the title is marked: one name may be in several places of a form."""

MOST_TITLE = 200
"""Most characters of a title that are compared."""

_ADDRESS = re.compile(r"https?://[^\s<>()（）「」，。]+")
_RUNS = re.compile(r"[0-9a-z\u3400-\u4dbf\u4e00-\u9fff]+|[^\W_]+")
"""Letters and digits: the first class holds nearly all, and takes less time than the second, which holds them too."""
_NUMBER = re.compile(r"([0-9]+(?:[.,:/-][0-9]+)*)")
_WORDS = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_VALUES = struct.Struct(f"<{PERMUTATIONS}I")

SKETCHES = "internal.article_sketches"
"""Name of the table."""

_SCHEMA: dict[str, Any] = {
    "article_id": pl.String,
    "text_key": pl.UInt64,
    "title_key": pl.UInt64,
    "title": pl.String,
    "length": pl.Int32,
    "bands": pl.Array(pl.UInt64, BANDS),
    "marks": pl.String,
}


def article_sketches(posts: pl.DataFrame) -> pl.DataFrame:
    """Make the rows of `internal.article_sketches`, one per post.

    Args:
        posts: one row per post with `article_id`, `title` and `text`.
    """
    posts = fold(posts)
    titles = posts["folded_title"].str.slice(0, MOST_TITLE).to_list()
    letters, names, marks = [], [], []
    # Python's patterns take a third of the time that those of Polars take for classes of all scripts.
    for title, text in zip(titles, posts["folded_text"].to_list(), strict=True):
        own = _ADDRESS.sub(" ", text) if "://" in text else text
        bare = "".join(_RUNS.findall(own))
        letters.append(bare)
        names.append("".join(_RUNS.findall(title)))
        marks.append(_make_marks(title, own, bare))
    # As UTF-16 without its zeros a letter of Latin takes one byte, and most others take two.
    data = [bare.encode("utf-16-le", "surrogatepass").translate(None, b"\0") for bare in letters]
    return pl.DataFrame(
        {
            "article_id": posts["article_id"],
            "text_key": map(_key, letters),
            "title_key": map(_key, names),
            "title": [title if name else "" for title, name in zip(titles, names, strict=True)],
            "length": map(len, data),
            "bands": make_bands(data),
            "marks": marks,
        },
        schema=_SCHEMA,
    )


def make_bands(texts: Sequence[bytes]) -> pl.Series:
    """Sketch texts by the windows of their bytes.

    Returns:
        `BANDS` numbers of each text. Their `BYTES_PER_BAND` bytes are equal to those of another text with the
        probability that a shingle of either is one of both, and else, by chance, once in 256.
    """
    # Threads of rensa would only take turns with the other workers, and a process that is forked after it has started
    # some waits for them forever.
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    from rensa import RMinHash

    shingles = [_shingles(text) for text in texts]
    ends = [0]
    for windows in shingles:
        ends.append(ends[-1] + len(windows) // WINDOW)
    hashes = memoryview(b"".join(shingles)).cast("Q")
    rows = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, PERMUTATIONS, SEED).to_rows()
    lowest = b"".join([_VALUES.pack(*row)[::4] for row in rows])
    numbers = bytearray(8 * BANDS * len(rows))
    for i in range(BYTES_PER_BAND):
        numbers[i::8] = lowest[i::BYTES_PER_BAND]
    return (
        pl.Series([bytes(numbers)])
        .bin.reinterpret(dtype=pl.Array(pl.UInt64, BANDS * len(rows)))
        .explode()
        .reshape((len(rows), BANDS))
    )


def _shingles(data: bytes) -> bytes:
    """Every window of `WINDOW` bytes of a text: those that begin at each eighth byte, for each of eight beginnings.

    To cut them all out of one text that way takes a hundredth of the time of one after another.
    """
    windows = len(data) - WINDOW + 1
    return b"".join([data[i : i + (windows - i + WINDOW - 1) // WINDOW * WINDOW] for i in range(min(WINDOW, windows))])


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _make_marks(title: str, text: str, bare: str) -> str:
    """What tells posts of one template apart: the numbers of a text, and the words of its title that occur in it.

    Each is a line, after the letters before it and a bar: `流入超|40`. In the next post of the template another number
    or word stands in that place. Five letters of Latin tell a place, or three of any other script.
    """
    parts = _NUMBER.split(text)
    # A text that was cut may end within a number.
    if len(parts) > 3 and not _RUNS.search(parts[-1]):
        del parts[-2:]
    marks: list[str] = []
    earlier = ""
    for before, number in zip(parts[::2], parts[1::2], strict=False):
        place = before[-3:]
        # Most numbers have three letters of a script like Han right before them, which need not be searched for.
        if place[-1:] <= "\x7f" or not place.isalpha() or not place[2:]:
            letters = "".join(_WORDS.findall(f"{earlier[-9:]}{before[-12:]}"))
            place = letters[-3:] if letters[-1:] > "\x7f" else letters[-5:]
        if place[2:]:
            marks += (f"{place}|{number}",)
        earlier = before
    pairs, words = title_words(title)
    find = bare.find
    marks += [f"{bare[at - 3 : at]}|{pair}" for pair in pairs if (at := find(pair, 3)) > 0]
    for word in words:
        at = find(word, 5)
        for _ in range(MOST_TIMES):
            if at < 0:
                break
            marks += (f"{bare[at - 5 : at]}|{word}",)
            at = find(word, at + len(word))
    return "\n".join(sorted({*marks})[:MOST_MARKS])


def title_words(title: str) -> tuple[list[str], list[str]]:
    """Words of a folded title: of scripts without spaces each pair of letters, of others those of three or more."""
    pairs: list[str] = []
    words: list[str] = []
    for word in _WORDS.findall(title):
        if _UNSPACED.search(word):
            pairs += map(add, word, word[1:])
        elif len(word) > 2:
            words.append(word)
    return pairs, words
