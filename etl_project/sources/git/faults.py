"""What to do about a fault of git, by its own words: the patterns are messages of git, curl and ssh in English."""

from __future__ import annotations

import re

_OWNER = re.compile(r"dubious ownership in repository at '(.*)'|unsafe repository \('(.*)' is owned by")

_REMEDIES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), remedy)
    for pattern, remedy in (
        (
            r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
            "Connect to the host with ssh once, as the user that runs the refresh, and accept its key",
        ),
        (
            r"Authentication failed|could not read (?:Username|Password)|Permission denied \((?:publickey|password|key)"
            r"|returned error: 40[13]|Access denied|invalid credentials|Too many authentication failures",
            "Give the user that runs the refresh a key, a credential helper or an address with a token that may read "
            "the repository; nobody is there to be asked for a password",
        ),
        (
            r"Could not resolve host|unable to look up|Failed to connect|unable to connect|Couldn't connect"
            r"|Connection (?:refused|timed out|reset)|Network is unreachable|No route to host|Operation too slow"
            r"|Operation timed out|early EOF|unexpected disconnect|hung up unexpectedly|returned error: 5\d\d"
            r"|Name or service not known|Empty reply from server|Temporary failure in name resolution|did not end in",
            "Look at the network and the host; it is tried again at the next check for changes",
        ),
        (
            r"certificate|SSL|TLS",
            "Have the certificate of the host trusted: git's http.sslCAInfo names a file of certificates",
        ),
        (
            r"[Rr]epository '.*' not found|does not appear to be a git repository|does not exist|returned error: 404"
            r"|[Rr]epository not found|not a git repository|No such file or directory",
            "Correct its location; many hosts say so, too, of a repository that may not be read",
        ),
        (
            r"promisor|lazy fetching disabled|is missing|missing blob|missing tree|unable to read tree",
            "A partial clone lacks objects: make it whole with `git -C {place} fetch --refetch --no-filter`, or name "
            "its address as the location. If it is none, see what `git -C {place} fsck` says",
        ),
        (
            r"corrupt|inflate|bad object|bad tree|hash mismatch|garbage at end|is empty|unable to read|bad pack"
            r"|bad index|does not match index|cannot be read to the end|unable to unpack|too small to be",
            "See what `git -C {place} fsck` says, and restore the repository from another clone of it",
        ),
        (
            r"unknown repository extension|Expected git repo version|unknown hash algorithm|unknown ref storage",
            "Install a newer git",
        ),
        (r"transport '.*' not allowed", "Only https, http, ssh, git and file addresses are fetched: correct it"),
        (r"No space left on device|Disk quota exceeded", "Make room on the disk"),
        (r"Permission denied", "Give the user that runs the refresh the right to read the repository"),
    )
)

_ELSE = "Try the same with git itself, as the user that runs the refresh; then correct its location or branch"


def remedy_of(said: str, place: str) -> str:
    """Tell what to do about an error of git: a sentence without its full stop.

    Args:
        said: all that git wrote.
        place: the address, or the path of the repository.
    """
    if owner := _OWNER.search(said):
        folder = owner[1] or owner[2]
        return (
            "It belongs to another user, and git refuses it until the user that runs the refresh says once: "
            f"git config --global --add safe.directory '{folder}'"
        )
    return next((remedy for pattern, remedy in _REMEDIES if pattern.search(said)), _ELSE).format(place=place)
