"""Hides what may be a password or a token in the address of a repository, and tokens wherever they stand."""

from __future__ import annotations

import re

HIDDEN = "***"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_USER = re.compile(r"[\w.-]+")
_PASSWORD_OF_SSH = re.compile(r"[^/@:\s]+:.*@(?=[\w.-]+:[^:])", re.DOTALL)
_ADDRESS_IN_TEXT = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"]+")
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|wt|soat|ffct|oas)-|xox[abeprs]-)[\w.=-]{10,255}"
    r"|(?:ATBB|ATCTT|hf_|npm_|pypi-)[\w=-]{24,255})"
    r"|(?<=x-token-auth[:/=])[^/@\s]{1,255}|(?<=x-access-token[:/=])[^/@\s]{1,255}"
)
"""Tokens by how they begin: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/,
https://docs.gitlab.com/security/tokens/#token-prefixes, those of Bitbucket, Slack, Hugging Face, npm and PyPI, and what
follows the names that Bitbucket and GitHub give to the users of tokens."""
_FEWEST_CHARACTERS = 4
"""Shorter secrets are not looked for in texts: they would be found in other words."""


def without_secrets(address: str) -> str:
    """Write an address without what may be secret in it: user and password, query and fragment, tokens in its path.

    All that stands before the last `@` goes, since a password may hold any sign. Only a bare user of ssh is shown:
    `ssh://git@host/path`, `git@host:path`.
    """
    return _TOKEN.sub(HIDDEN, _without_user_and_query(address))


def _without_user_and_query(address: str) -> str:
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
    """Hide the secrets of every address in a text, and every token of a known form.

    Args:
        text: such as a message of git.
        secrets: what else is not to be shown.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _FEWEST_CHARACTERS:
            text = text.replace(secret, HIDDEN)
    return _TOKEN.sub(HIDDEN, _ADDRESS_IN_TEXT.sub(lambda match: without_secrets(match[0]), text))


def without_secrets_in_value(value: object) -> object:
    """Hide the secrets of a setting, whatever its type: a password in an address may hold blanks and quotes.

    Args:
        value: a text, or lists and tables of texts, as TOML has them; anything else is returned as it is.
    """
    if isinstance(value, str):
        return without_secrets(value) if _SCHEME.match(value) else without_secrets_in(without_secrets(value))
    if isinstance(value, list):
        return [without_secrets_in_value(item) for item in value]
    if isinstance(value, dict):
        return {key: without_secrets_in_value(item) for key, item in value.items()}
    return value
