"""Post JSON to a web address within a time limit."""

from __future__ import annotations

import base64
import http.client
import threading
import urllib.error
import urllib.request
from urllib.parse import unquote_to_bytes, urlsplit


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *given: object) -> None:
        """Follow no redirect: the alert is sent only to the address in the settings."""


def post(address: str, body: bytes, seconds: float) -> str | None:
    """Post JSON to an address.

    Args:
        address: http or https; its path is often a secret, so the returned reason names the host only. A user and a
            password before the host are sent as they are sent to web sites, by `Authorization: Basic` (RFC 7617).
        body: the JSON, encoded.
        seconds: time limit of the whole exchange.

    Returns:
        None, or the reason why it failed.
    """
    parts = urlsplit(address)
    host, (user, at, place) = parts.hostname, parts.netloc.rpartition("@")
    headers = {"Content-Type": "application/json"}
    if at:
        headers["Authorization"] = f"Basic {base64.b64encode(unquote_to_bytes(user)).decode()}"
    request = urllib.request.Request(parts._replace(netloc=place).geturl(), body, headers)
    reason: str | None = f"{host} took longer than {seconds:g} seconds to answer."

    def send() -> None:
        nonlocal reason
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=seconds):
                reason = None
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"{host} answered {error.code}."
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = f"{host} does not answer: {type(getattr(error, 'reason', error)).__name__}."

    # urllib applies its timeout to each packet: a server that sends byte by byte would hold a refresh for ever.
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join(seconds)
    return reason
