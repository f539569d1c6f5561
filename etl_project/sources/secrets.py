"""Hides what may be a password or a token in the address of a repository."""

from __future__ import annotations

import re

HIDDEN = "***"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_USER = re.compile(r"[\w.-]+")
_PASSWORD_OF_SSH = re.compile(r"[^/@:\s]+:.*@(?=[\w.-]+:[^:])", re.DOTALL)
_ADDRESS_IN_TEXT = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]+")
_FEWEST_CHARACTERS = 4
"""Shorter secrets are not looked for in texts: they would be found in other words."""


def without_secrets(address: str) -> str:
    """Write an address without what may be secret in it: user and password, query and fragment.

    All that stands before the last `@` goes, since a password may hold any sign. Only a bare user of ssh is shown:
    `ssh://git@host/path`, `git@host:path`.
    """
    scheme = _SCHEME.match(address)
    if not scheme:
        return _PASSWORD_OF_SSH.sub(f"{HIDDEN}@", address, count=1)
    rest = address[scheme.end() :]
    if scheme[1].lower() == "file" and rest.startswith("/"):
        return address
    user, at, place = rest.rpartition("@")
    if at and not (scheme[1].lower() == "ssh" and _USER.fullmatch(user)):
        user = HIDDEN
    shown = re.sub(r"([?#]).*", rf"\1{HIDDEN}", place, count=1, flags=re.DOTALL)
    return f"{scheme[0]}{user}{at}{shown}"


def without_secrets_in(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Hide the secrets of every address in a text.

    Args:
        text: such as a message of git.
        secrets: what else is not to be shown.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _FEWEST_CHARACTERS:
            text = text.replace(secret, HIDDEN)
    return _ADDRESS_IN_TEXT.sub(lambda match: without_secrets(match[0]), text)
