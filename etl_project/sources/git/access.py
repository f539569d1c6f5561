"""How git reaches a repository without its password on any command line, which every user of the machine can read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from etl_project.sources.git.command import GitAccess, GitFailed, git
from etl_project.sources.secrets import without_secrets
from etl_project.sources.signature import SourceUnavailable

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::[0-9]*)?")
_SSH_WITH_PASSWORD = re.compile(r"([^/@:\s]+):.*@([\w.-]+:[^:].*)", re.DOTALL)

# Run by the shell; git adds the word get, store or erase. Without a password in the address the helpers of the user
# are asked first, and a token that stands in the place of the user goes with an empty password.
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$ETL_GIT_USERNAME" "$ETL_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True, slots=True)
class _Address:
    scheme: str
    user: str = field(repr=False)
    """User, and password after a colon, as written."""
    place: str
    """Host, port and path."""


def access_to(address: str) -> GitAccess:
    """Take the secrets out of an address, so that git gets them from its environment.

    Args:
        address: as the settings have it. The user's own `url.….insteadOf` counts for it as it is written.

    Raises:
        SourceUnavailable: it cannot be told, or kept off command lines, what of the address is secret.
    """
    if without_secrets(address) == address:
        return GitAccess(address)
    full = _rewritten(address)
    parts = _SCHEME.fullmatch(full)
    if parts is None and (password := _SSH_WITH_PASSWORD.fullmatch(full)):
        return GitAccess(f"{password[1]}@{password[2]}", secrets=_pieces(full.rpartition("@")[0]))
    if parts is None or parts[1].lower() == "file":
        return GitAccess(full)
    split = _split(address, parts[1], parts[2])
    secrets = _pieces(split.user)
    if split.scheme.lower() not in ("http", "https"):
        # ssh takes no password from an address, and git:// knows no users.
        user = split.user.partition(":")[0] if split.scheme.lower() == "ssh" else ""
        return GitAccess(f"{split.scheme}://{user}{'@' if user else ''}{split.place}", secrets=secrets)
    if re.search("[?#]", split.place):
        raise SourceUnavailable(
            f"{without_secrets(address)} cannot be fetched: git takes no token from the query of an address. Write it "
            "as the user of the address, https://TOKEN@host/path, or set up a credential helper of git"
        )
    clean = f"{split.scheme}://{split.place}"
    if not split.user:
        return GitAccess(clean)
    user, colon, password_text = split.user.partition(":")
    host = f"{split.scheme}://{split.place.partition('/')[0]}"
    return GitAccess(
        clean,
        settings=(
            *(["credential.helper="] if colon else []),
            f"credential.{host}.helper={_HELPER}",
            # As it is: it has been rewritten once.
            *([f"url.{clean}.insteadOf={clean}"] if "=" not in clean else []),
        ),
        hidden_settings=((f"credential.{host}.username", unquote(user)),),
        environment={"ETL_GIT_USERNAME": unquote(user), "ETL_GIT_PASSWORD": unquote(password_text)},
        secrets=secrets,
    )


def _split(address: str, scheme: str, rest: str) -> _Address:
    """Split an address at the end of its user and password, which may hold signs that should have been encoded."""
    authority = re.match("[^/?#]*", rest)
    assert authority
    path = rest[authority.end() :]
    user, _, host = authority[0].rpartition("@")
    if not _HOST.fullmatch(host) and "@" in path:
        user, _, place = rest.rpartition("@")
        return _Address(scheme, user, place)
    if "@" in path and scheme.lower() != "ssh":
        raise SourceUnavailable(
            f"{without_secrets(address)} cannot be fetched: it cannot be told where its user and password end. Write "
            "each @ in them and in the path as %40, and / in a password as %2F"
        )
    return _Address(scheme, user, host + path)


def _pieces(user: str) -> tuple[str, ...]:
    """What a message may repeat of user and password, as written and decoded."""
    words = {user, *user.split(":", 1)}
    return tuple({piece for word in words for piece in (word, unquote(word)) if piece})


def _rewritten(address: str) -> str:
    """The address as the user's `url.<base>.insteadOf` rewrites it: the longest beginning counts."""
    try:
        found = git("config", "-z", "--get-regexp", r"^url\..*\.insteadof$").split(b"\0")
    except GitFailed:  # there is none
        return address
    best, base = "", ""
    for entry in found:
        key, _, beginning = entry.decode("utf-8", "surrogateescape").partition("\n")
        if len(beginning) > len(best) and address.startswith(beginning):
            best, base = beginning, key[len("url.") : -len(".insteadof")]
    return base + address[len(best) :] if best else address
