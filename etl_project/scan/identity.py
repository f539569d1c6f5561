"""The identity of a file: files of the same identity are the same article."""

from __future__ import annotations

_NAME = "parse_filename(path, true, 'forward_slash')"
_STEM = f"if({_NAME} = '', split_part(path, '/', -1), {_NAME})"
_FOLDER = "split_part(path, '/', -2)"

NAME_IDENTITY = f"""
CASE
    WHEN {_STEM}[1] NOT IN ('i', 'I', '_') OR {_FOLDER} = '' THEN {_STEM}
    WHEN regexp_full_match({_STEM}, '(?i)_?index(\\..*)?', 's')
        THEN {_FOLDER} || substr({_STEM}, strlen(split_part({_STEM}, '.', 1)) + 1)
    ELSE {_STEM}
END
"""
"""SQL that computes from a column `path` the identity of a file with `identity = "file_name"`: its name without ending.

An `index.*` or `_index.*` has the name of its folder. With `identity = "path"` the path itself is the identity.
It is SQL because every listed file passes here at every plan.
"""
