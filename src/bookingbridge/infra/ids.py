"""Fresh ids and random secrets."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from hashlib import blake2b, sha256
from uuid import UUID


def new_id(now: datetime) -> UUID:
    """A version 7 UUID: time first, so that index pages fill in order (RFC 9562, section 5.7)."""
    ms = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    rest = int.from_bytes(os.urandom(10), "big")
    high = (rest >> 62) & 0xFFF
    low = rest & ((1 << 62) - 1)
    return UUID(int=(ms << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)


def named_id(*parts: bytes) -> UUID:
    """The same id for the same parts, another for others: a version 8 UUID (RFC 9562, section 5.8) of their hash."""
    whole = blake2b(b"".join(len(part).to_bytes(4) + part for part in parts), digest_size=16).digest()
    number = int.from_bytes(whole) & ~(0xF << 76) & ~(0b11 << 62)
    return UUID(int=number | (0x8 << 76) | (0b10 << 62))


def new_token(prefix: str = "") -> str:
    """An unguessable text of 256 bits, safe in URLs."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """How a token is stored: it is random enough that a plain hash cannot be reversed."""
    return sha256(token.encode()).digest()
