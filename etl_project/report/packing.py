"""Numbers as a text that a page can hold: small ones take a byte, and what repeats takes less."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable


def pack(columns: Iterable[Iterable[int]]) -> str:
    """Write columns of numbers one after the other, compressed, in Base64.

    A number is written seven bits in a byte, the low ones first; the eighth bit says that it goes on (LEB128). Each
    column is together, since like numbers compress well; the whole is a stream of zlib, which browsers read.

    Args:
        columns: numbers from 0 to 2**53, as many in each column as the reader expects.

    Raises:
        ValueError: a number is negative.
    """
    packed = bytearray()
    for column in columns:
        for number in column:
            if number < 0:
                raise ValueError(f"{number} is negative")
            while number > 0x7F:
                packed.append(number & 0x7F | 0x80)
                number >>= 7
            packed.append(number)
    return base64.b64encode(zlib.compress(packed, 9)).decode("ascii")
