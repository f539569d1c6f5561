from __future__ import annotations

import pytest

from etl_project.extract.decode import decode
from etl_project.reasons import Rejection

FALLBACKS = ("utf-8", "gb18030")


def codes(data: bytes) -> list[str]:
    return [warning.code for warning in decode(data, FALLBACKS).warnings]


def reason(data: bytes, encodings: tuple[str, ...] = FALLBACKS) -> str:
    with pytest.raises(Rejection) as caught:
        decode(data, encodings)
    return caught.value.reason


def test_clean_utf8_is_read_as_it_is() -> None:
    decoded = decode("标题 𠮷 é \u200b\n".encode(), FALLBACKS)
    assert (decoded.text, decoded.encoding, decoded.warnings) == ("标题 𠮷 é \u200b\n", "utf-8", ())


def test_a_byte_order_mark_is_removed() -> None:
    decoded = decode("\ufeff---\n".encode(), FALLBACKS)
    assert decoded.text == "---\n"
    assert [warning.code for warning in decoded.warnings] == ["bom_removed"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_announces_utf16(encoding: str) -> None:
    decoded = decode("\ufeff标题\r\n".encode(encoding), FALLBACKS)
    assert (decoded.text, decoded.encoding) == ("标题\n", "utf-16")
    assert [warning.code for warning in decoded.warnings] == ["decoded_utf16"]


def test_utf16_cut_in_the_middle_of_a_character_is_refused() -> None:
    assert reason("\ufeff标题".encode("utf-16-le")[:-1]) == "encoding"


def test_gb18030_is_read_where_the_source_declares_it() -> None:
    data = "𠮷野家涨价€\n".encode("gb18030")
    decoded = decode(data, FALLBACKS)
    assert (decoded.text, decoded.encoding) == ("𠮷野家涨价€\n", "gb18030")
    assert codes(data) == ["decoded_fallback"]
    assert reason(data, ("utf-8",)) == "encoding"


def test_big5_is_not_mistaken_for_gb18030() -> None:
    assert reason("台積電漲停\n新聞\n返回首頁".encode("big5")) == "encoding"


def test_windows_1252_is_read_where_it_is_declared_but_not_where_it_has_no_such_byte() -> None:
    assert decode(b"caf\xe9 \x93x\x94", ("cp1252",)).text == "café “x”"
    assert reason(b"caf\xe9 \x81", ("cp1252",)) == "encoding"


def test_latin1_text_with_c1_controls_is_windows_1252_in_truth() -> None:
    assert decode(b"\x93x\x94", ("latin-1", "cp1252")).encoding == "cp1252"


def test_the_rejection_names_the_line_that_cannot_be_decoded() -> None:
    with pytest.raises(Rejection) as caught:
        decode(b"a\nb\nc\xe9d\n", ("utf-8",))
    assert caught.value.line == 3


def test_half_of_a_surrogate_pair_in_utf8_is_refused() -> None:
    assert reason(b"a\xed\xa0\x80b") == "encoding"


def test_a_file_cut_inside_a_character_is_refused() -> None:
    assert reason("标题".encode()[:-1]) == "encoding"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "text in UTF-16 without a mark".encode("utf-16-le"),
        b"PK\3\4\x14\0\0\0" + bytes(range(256)),
        b"\0" * 4096,
        "caf\xe9 and a NUL\0 in Latin-1, which might as well be a picture".encode("latin-1"),
    ],
)
def test_nul_bytes_mean_binary_unless_they_are_stray_ones_in_utf8(data: bytes) -> None:
    assert reason(data) == "binary"


@pytest.mark.parametrize(
    "text", ["还记<a>\0这里</a>", "\0---\ntitle: t\n---\n" + "words " * 50, "a\0" + "words " * 3000]
)
def test_a_stray_nul_is_removed_like_any_other_control(text: str) -> None:
    decoded = decode(text.encode(), FALLBACKS)
    assert decoded.text == text.replace("\0", "")
    assert [warning.code for warning in decoded.warnings] == ["control_characters_removed"]


def test_bytes_full_of_controls_mean_binary_even_without_nul() -> None:
    assert reason(bytes(range(1, 256)) * 4, ("utf-8",)) == "binary"


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", "\ufeff\n".encode(), "\u3000".encode()])
def test_nothing_or_only_white_space_is_empty(data: bytes) -> None:
    assert reason(data) == "empty"


def test_all_line_ends_become_line_feeds_and_nothing_else_does() -> None:
    assert decode("a\r\nb\rc\n\rd\u2028e\x0bf".encode(), FALLBACKS).text == "a\nb\nc\n\nd\u2028ef"


def test_controls_are_removed_with_a_warning() -> None:
    decoded = decode("标\x1b[31m题\tx\x7f\u0085\u009fy\n".encode(), FALLBACKS)
    assert decoded.text == "标[31m题\txy\n"
    assert [warning.code for warning in decoded.warnings] == ["control_characters_removed"]


def test_letters_whose_utf8_begins_with_c2_are_no_controls() -> None:
    assert codes("©\u00a0½".encode()) == []


def test_noncharacters_are_kept() -> None:
    assert decode("a\ufffe\uffffb".encode(), FALLBACKS).text == "a\ufffe\uffffb"


def test_an_unknown_encoding_in_the_settings_does_not_crash() -> None:
    assert reason(b"\xff\xff", ("utf-8", "no-such-encoding")) == "encoding"
