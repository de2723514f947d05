"""Who a client is at Acuity, which has no ids for clients: derived from what Acuity itself tells them apart by.

Acuity changes and deletes clients by first and last name with phone or e-mail (PUT and DELETE /clients, API v1,
2026-11). The id here is made of the name and the e-mail, or the phone where there is no e-mail, or the name alone; the
list of clients and an appointment give the same id, so that bookings refer to the client.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata

from bookingbridge.canonical.ids import RemoteId

NO_LAST_NAME = "-"
"""What we write where Acuity wants a last name and the person has one name only."""


def client_id(first: str | None, last: str | None, email: str | None, phone: str | None) -> RemoteId | None:
    """The client's id, stable over case, spacing and the writing of the phone; None where nothing is known of them."""
    name = _plain(full_name(first, last))
    contact = _plain(email) or _digits(phone)
    if not name and not contact:
        return None
    return RemoteId(f"c{_short(name, contact)}")


def place_id(location: str) -> RemoteId:
    """The id of a place that calendars give as their location: the same for the same text."""
    return RemoteId(f"p{_short(_plain(location))}")


def full_name(first: str | None, last: str | None) -> str:
    """Both names as one text, without the sign that stands for a missing one."""
    words = [*tidy(first).split(), *tidy(last).split()]
    while words and words[-1] == NO_LAST_NAME:
        words.pop()
    return " ".join(words)


def split_name(name: str) -> tuple[str, str]:
    """(first, last) as Acuity wants them: the last word is the last name, NO_LAST_NAME where there is one word only."""
    *first, last = tidy(name).split(" ")
    return (" ".join(first), last) if first else (last, NO_LAST_NAME)


def tidy(text: str | None) -> str:
    """Text that a database can hold, with single spaces and none around it."""
    kept = (text or "").replace("\x00", "").encode("utf-8", "ignore").decode()
    return " ".join(kept.split())


def _plain(text: str | None) -> str:
    return unicodedata.normalize("NFKC", tidy(text)).casefold()


def _digits(phone: str | None) -> str:
    """The phone's digits; a leading 1 of eleven goes, as Acuity keeps American numbers with and without it."""
    found = "".join(c for c in phone or "" if c.isascii() and c.isdigit())
    return found[1:] if len(found) == 11 and found.startswith("1") else found


def _short(*parts: str) -> str:
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()[:15]
    return base64.b32encode(digest).decode().lower()
