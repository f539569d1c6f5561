"""The vocabulary of the warehouse: the reasons for rejecting a file, and the warnings about a loaded file."""

from __future__ import annotations

from dataclasses import dataclass


class Rejection(Exception):
    """Raised for a file that cannot be loaded, because nothing in it can be trusted.

    Args:
        reason: a key of `SUGGESTIONS`.
        message: the problem, in words that a person can act on.
        line: line of the file, from 1, if it is known.
    """

    def __init__(self, reason: str, message: str, line: int | None = None) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.line = line

    @property
    def suggestion(self) -> str:
        """The remedy, as in `SUGGESTIONS`."""
        return SUGGESTIONS[self.reason]

    def __reduce__(self) -> tuple[type[Rejection], tuple[str, str, int | None]]:
        return Rejection, (self.reason, self.message, self.line)


@dataclass(frozen=True, slots=True)
class PostWarning:
    """Something repaired or missing in a post that is loaded nevertheless."""

    code: str
    """A key of `WARNINGS`."""
    detail: str = ""
    """Details, such as the text that was repaired; shown by `etl explain`."""
    line: int | None = None
    """Line of the file, from 1, if it is known."""


SUGGESTIONS: dict[str, str] = {
    "no_front_matter": "Start the file with --- and its front matter, or exclude it in etl.toml.",
    "unterminated_front_matter": "Close the front matter with a line of --- before the body.",
    "front_matter_not_mapping": "Write the front matter as lines of `key: value`.",
    "syntax": "Correct the line named in the message; quote the value if it holds special characters.",
    "unsafe_tag": "Remove the tag that starts with an exclamation mark, or quote the value.",
    "alias_limit": "Write the values out instead of repeating them with anchors and aliases.",
    "depth_limit": "Nest the front matter less deeply, or raise [limits] depth.",
    "front_matter_size_limit": "Shorten the front matter, or raise [limits] front_matter_bytes.",
    "file_size_limit": "Split the file, or raise [limits] file_bytes.",
    "value_limit": "Shorten the number or value named in the message.",
    "encoding": "Save the file as UTF-8, or add its encoding to `encodings` of the source.",
    "binary": "Exclude the file in etl.toml if it is no text.",
    "empty": "Write the post, or delete the empty file.",
    "not_regular_file": "Replace it with a plain file inside the source, or exclude it in etl.toml.",
    "permission_denied": "Give the user that runs the refresh the right to read the file.",
    "lfs_pointer": "Read as a folder a working copy that holds their contents, or keep posts out of Git LFS.",
    "not_downloaded": "Download the file: open it, or keep the folder on this Mac.",
    "not_a_page": "Nothing is wrong: the site has no page for it. Exclude it in etl.toml to list it no more.",
    "docutils_missing": "Run `pip install docutils` in the environment of etl; the next refresh reads the file.",
    "unreadable": "Check the disk or mount; the file is tried again at the next refresh.",
    "crashed_parser": "Report the file to this project; exclude it in etl.toml meanwhile.",
}
"""Reason of a rejection -> its remedy. `docs/reading.md` holds the same texts."""

WARNINGS: dict[str, str] = {
    "duplicate_key": "The same key stands twice; the last one counts.",
    "date_missing": "There is no date, neither in the front matter nor in the file name.",
    "date_invalid": "A date is given but is not a date of the calendar, or not in a form that is understood.",
    "date_out_of_range": "The date lies outside the window of [limits] earliest_date to latest_date.",
    "date_from_file_name": "The date was taken from the file name.",
    "unknown_date_suffix": "The date ends in something that is not understood as a zone.",
    "title_empty": "There is no title.",
    "repaired_quotes": "The title holds unescaped quotes; it was read from the first to the last quote of its line.",
    "repaired_plain_scalar": "A value was taken as written because YAML would refuse or change it.",
    "decoded_fallback": "The file is not UTF-8; it was decoded with a fallback encoding of the source.",
    "decoded_utf16": "The file is UTF-16, as its byte order mark says.",
    "bom_removed": "A byte order mark was removed.",
    "control_characters_removed": "Control characters were removed.",
    "link_empty": "The body has an empty link where its source should be.",
    "path_not_utf8": r"The file name is not UTF-8; its bytes are written \xNN.",
    "conflict_copy": "The file name is that of a copy which a synchronizing program made of a conflict.",
    "duplicate_identity": "Another file of the source has the same identity and is the article.",
}
"""Code of a warning -> its meaning. `docs/reading.md` holds the same texts."""
