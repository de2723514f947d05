"""A feed over HTTP: its address as people paste it, asked for only what is new, redirects followed within limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from bookingbridge.canonical.errors import AuthExpired, Refused, Rejected, Unreadable
from bookingbridge.vendorkit.guard import LOOPBACK_NAMES

MOST_REDIRECTS = 3
_GONE = frozenset({401, 403, 404, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GOOGLE = re.compile(r"^/calendar/ical/([^/]+)/")
_OUTLOOK = re.compile(r"^/owa/calendar/([^/]+)/")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the address answered. `body` is None where nothing has changed since the marks."""

    body: bytes | None = field(repr=False)
    etag: str = ""
    modified: str = ""


def address_of(pasted: str) -> str:
    """The address to ask, https whatever was pasted (webcal is a calendar's word for it).

    AuthExpired where it is no address: what is pasted here is the credential.
    """
    text = pasted.strip()
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
        _ = parts.port
    except ValueError as broken:
        raise _no_address() from broken
    if parts.scheme.lower() not in ("https", "http", "webcal", "webcals") or not host or re.search(r"\s", text):
        raise _no_address()
    if parts.username is not None:
        raise AuthExpired("an address with a name and password in it cannot be used; share the calendar by a link")
    # A simulator on this machine speaks http; the transport admits it in its own environment only.
    scheme = "http" if host in LOOPBACK_NAMES and parts.scheme.lower() != "https" else "https"
    return urlunsplit((scheme, parts.netloc, parts.path, parts.query, ""))


def _no_address() -> AuthExpired:
    return AuthExpired("that is not a calendar's address; paste the one that begins with https:// or webcal://")


def calendar_id(address: str, name: str) -> str:
    """Which calendar it is, without the secret in its address.

    By the name the owner gave it, else by the id that Google and Outlook put beside the secret, else by a hash.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if name:
        return f"{host}/{name.casefold()}"[:200]
    if found := _GOOGLE.match(parts.path) or _OUTLOOK.match(parts.path):
        return f"{host}/{found[1]}"[:200]
    return f"{host}/{digest(address)}"


def digest(text: str) -> str:
    """A short name for a text that says nothing about it."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


async def fetch(http: Any, address: str, marks: Mapping[str, str]) -> Fetched:
    """The feed, or nothing where it is as it was when it gave these marks (`etag`, `modified`).

    AuthExpired where the address is no longer good, Refused where it leads to a place we do not go.
    """
    headers = {"Accept": "text/calendar"}
    if marks.get("etag"):
        headers["If-None-Match"] = marks["etag"]
    if marks.get("modified"):
        headers["If-Modified-Since"] = marks["modified"]
    at = address
    for hop in range(MOST_REDIRECTS + 1):
        answer = await _send(http, at, headers, is_first=hop == 0)
        if answer.status not in _REDIRECTS:
            return _fetched(answer)
        at = urljoin(at, answer.headers.get("location", ""))
        if not answer.headers.get("location"):
            raise Unreadable("the feed's address leads on without saying where")
    raise Rejected(f"the feed's address leads on more than {MOST_REDIRECTS} times", code="redirects")


async def _send(http: Any, at: str, headers: Mapping[str, str], *, is_first: bool) -> Any:
    try:
        return await http.send("GET", at, headers=headers)
    except Refused as refused:
        if is_first:
            raise
        # Only the host: the rest of such an address is a secret.
        host = (urlsplit(at).hostname or "nowhere")[:100]
        raise Refused(
            f"the feed's address leads on to {host}, where we do not go ({refused.why}); "
            "open it in a browser and paste the address it ends at",
            code="redirect",
        ) from refused


def _fetched(answer: Any) -> Fetched:
    if answer.status == 304:
        return Fetched(None)
    if answer.status in _GONE:
        raise AuthExpired(
            f"the feed's address is no longer good (status {answer.status}); share the calendar again and paste the "
            "new address"
        )
    if answer.status != 200:
        raise Rejected(f"the feed answered with status {answer.status}", code=f"http_{answer.status}")
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return Fetched(answer.body, _mark(etag), _mark(modified))


def _mark(value: str) -> str:
    """The mark, if it can be sent back."""
    return value if len(value) <= 300 and value.isascii() and value.isprintable() else ""
