"""JSON posted to an address, in bounded time."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: object) -> None:
        """Follow nowhere: what is posted goes where the settings say."""


def post(address: str, body: bytes, seconds: float) -> str | None:
    """Post JSON to an address.

    Args:
        address: http or https; its path is often a secret and is not told.
        body: the JSON.
        seconds: longest that it may take.

    Returns:
        None, or why it did not work.
    """
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    host = urlsplit(address).hostname
    why: str | None = f"{host} took longer than {seconds:g} seconds to answer."

    def posting() -> None:
        nonlocal why
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=seconds):
                why = None
        except urllib.error.HTTPError as error:
            error.close()
            why = f"{host} answered {error.code}."
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = f"{host} does not answer: {type(getattr(error, 'reason', error)).__name__}."

    # The time limit of a connection is one for each packet: a server that drips would hold a refresh for ever.
    thread = threading.Thread(target=posting, daemon=True)
    thread.start()
    thread.join(seconds)
    return why
