"""Keyed digests compared in constant time. Nothing here raises, whatever a stranger put into a header."""

from __future__ import annotations

import base64
import hmac


def hmac_sha256(key: str | bytes, message: bytes) -> bytes:
    """The 32-byte HMAC-SHA256 of `message`; a text key is taken in UTF-8."""
    # In one go: making the object first costs ten times the hash of a small message.
    return hmac.digest(_bytes(key), message, "sha256")


def sign_base64(key: str | bytes, message: bytes) -> str:
    """The HMAC-SHA256 in standard base64, padded: 44 characters."""
    return base64.b64encode(hmac_sha256(key, message)).decode("ascii")


def sign_hex(key: str | bytes, message: bytes) -> str:
    """The HMAC-SHA256 in lower-case hexadecimal: 64 characters."""
    return hmac_sha256(key, message).hex()


def is_base64_of(given: str | None, key: str | bytes, message: bytes) -> bool:
    """Whether `given` is the base64 signature of `message`. An empty key or signature never matches."""
    return bool(given) and bool(key) and same(given or "", sign_base64(key, message))


def is_hex_of(given: str | None, key: str | bytes, message: bytes, *, prefix: str = "") -> bool:
    """Whether `given` is `prefix` and the hexadecimal signature of `message`; an empty key never matches."""
    return bool(given) and bool(key) and same(given or "", prefix + sign_hex(key, message))


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether both are equal, in a time that depends on their lengths only."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
