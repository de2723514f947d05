"""Who a row is about. A client is known by the tool's own id, an e-mail or a phone: never by a name alone.

Several files may describe one client, some of them more fully. `version` of a client from a file therefore says how
much the file knows, and the fuller one wins: a payment's bare e-mail does not wipe out a name and a phone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

import phonenumbers

from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.records import Customer
from bookingbridge.vendors.files.sheet import SheetRow
from bookingbridge.vendors.files.vocabulary import plain

FROM_CLIENTS, FROM_BOOKINGS, FROM_PAYMENTS = 40, 20, 10
"""How much files of each kind know of a client; filled fields add to it, except for a file of clients itself."""

_ADDRESS = re.compile(r"[^@\s<>(),;:\"]{1,64}@[^@\s<>(),;:\"]+\.[^@\s<>(),;:\".\d]{2,63}")
# Typed because the form wanted something; strangers share them, so they are nobody's.
_NOBODYS = re.compile(
    r"(?:no[-._]?e?mail|none|no-?reply|donotreply)@.*|.*@(?:no(?:e?mail|ne)?|na|test)\.com|.*\.invalid"
)


def email_key(text: str | None) -> str | None:
    """The address in lower case, or None where it is none or stands for nobody."""
    bare = (text or "").strip().lower().removeprefix("mailto:")
    return bare if len(bare) <= 254 and _ADDRESS.fullmatch(bare) and not _NOBODYS.fullmatch(bare) else None


@lru_cache(maxsize=100_000)
def phone_key(text: str | None, region: str) -> str | None:
    """The number in E.164, or None where nobody can be called at it. `region` is for numbers without a country."""
    if not text or len(text) > 60:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or len(set(str(number.national_number)[-7:])) == 1:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def full_name(row: SheetRow, whole: str) -> str:
    """The name; put together where it stands in two columns, the first of which may be headed just name."""
    name = row.text(whole)
    if name and "first_name" in row.sheet.columns:
        return name
    parts = (name or row.text("first_name"), row.text("last_name"))
    return " ".join(part for part in parts if part)


def key_of(row: SheetRow, email: str | None, phone: str | None) -> RemoteId | None:
    """How the source, or we, call the person: its own id, else by e-mail, else by phone."""
    if own := row.text("client_id", longest=200):
        return RemoteId(own)
    if address := email_key(email):
        return RemoteId(f"email:{address}")
    number = phone_key(phone, row.sheet.options.region)
    if (email or phone) and not number:
        row.note("e-mail or phone is not one that could be anybody's; these rows get a client each")
    return RemoteId(f"phone:{number}") if number else None


def customer(
    key: RemoteId, name: str, email: str | None, phone: str | None, knows: int, created_at: datetime | None = None
) -> Customer:
    """The client as one row describes them."""
    filled = sum(bool(part) for part in (name, email, phone))
    return Customer(
        remote_id=key,
        version=knows if knows == FROM_CLIENTS else knows + filled,
        changed_at=None,
        name=name,
        email=email,
        phone=phone,
        created_at=created_at,
    )


def named_id(name: str) -> RemoteId:
    """The id of a service, person on the staff or location that the file only names."""
    return RemoteId(f"name:{plain(name) or name.strip()[:100]}")


def identity(parts: Iterable[object]) -> tuple[object, ...]:
    """Parts that identify a row, with texts compared without case and accents."""
    return tuple(plain(part) if isinstance(part, str) and "@" not in part else part for part in parts)
