"""Addresses at which mail for one connection arrives: `booksy-<connection and secret>@mail.example.com`."""

from __future__ import annotations

import secrets
from base64 import b32decode, b32encode
from uuid import UUID

from bookingbridge.canonical.errors import NotFound

_ID, _SECRET = 26, 16


def new_secret() -> str:
    """An unguessable text of 80 bits, fit for the part before the @, where upper and lower case are the same."""
    return b32encode(secrets.token_bytes(10)).decode("ascii").lower()


def is_secret(text: str) -> bool:
    """Whether the text is of the form `new_secret` gives."""
    return len(text) == _SECRET and text.isascii() and text.isalnum() and text == text.lower()


def address(vendor: str, connection_id: UUID, secret: str, domain: str) -> str:
    """The connection's address; 50 characters before the @ or so, of the 64 there may be (RFC 5321)."""
    number = b32encode(connection_id.bytes).decode("ascii").rstrip("=").lower()
    return f"{vendor.replace('_', '.')}-{number}{secret}@{domain}"


def parse(address: str, domain: str) -> tuple[str, UUID, str]:
    """(vendor, connection, secret) of such an address; what stands behind a + is left out. NotFound for others."""
    local, _, host = address.strip().lower().rpartition("@")
    vendor, _, token = local.partition("+")[0].rpartition("-")
    if host != domain.lower() or not vendor or len(token) != _ID + _SECRET:
        raise NotFound("there is no such address here")
    try:
        connection_id = UUID(bytes=b32decode(token[:_ID].upper() + "======"))
    except ValueError as wrong:
        raise NotFound("there is no such address here") from wrong
    return vendor.replace(".", "_"), connection_id, token[_ID:]


DOOR, SECRET, TIME_ZONE = "x-mail-door", "mail-secret", "x-time-zone"
"""What the mail door notes beside a mail: that it came by it, by which secret (not kept), and the shop's time zone.

With `x-setting-<name>` for each of the connection's settings, so that the mail can be read later as it would be now.
"""
