"""Secrets are encrypted at rest and cannot be printed.

AES-256-GCM under a key ring. The context (business, connection, field) is bound in as associated data, so that a
ciphertext copied to another row does not open there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_MAGIC = b"bb1"
_KEY_ID = 4
_NONCE = 12


class Secret:
    """A text that shows itself only when asked by name: not in logs, tracebacks, reprs or string formatting."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __bool__(self) -> bool:
        return bool(self._text)


class CannotOpen(Exception):
    """The ciphertext is altered, of another context, or its key is no longer in the ring."""


class Vault:
    """Seals and opens bytes. The first key seals; all keys open, so a key is rotated by putting a new one in front."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or any(len(key) < 32 for key in keys):
            raise ValueError("SECRET_KEY needs at least 32 characters; `bookingbridge secrets generate` makes one")
        self._ring = {_key_id(key): AESGCM(_derive(key)) for key in keys}
        self._first = _key_id(keys[0])

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """The sealed bytes, openable only with the same context."""
        nonce = os.urandom(_NONCE)
        return _MAGIC + self._first + nonce + self._ring[self._first].encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """What was sealed. Raises CannotOpen."""
        head = len(_MAGIC) + _KEY_ID
        box = self._ring.get(bytes(sealed[len(_MAGIC) : head]))
        if box is None or not sealed.startswith(_MAGIC):
            raise CannotOpen("the key of this secret is not in the ring")
        try:
            return box.decrypt(bytes(sealed[head : head + _NONCE]), bytes(sealed[head + _NONCE :]), context.encode())
        except (InvalidTag, ValueError) as wrong:
            raise CannotOpen("this secret was altered or belongs elsewhere") from wrong

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed this; rotation re-seals what it did not."""
        return sealed.startswith(_MAGIC + self._first)


def _derive(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"bookingbridge vault").derive(key.encode())


def _key_id(key: str) -> bytes:
    return sha256(b"key id:" + key.encode()).digest()[:_KEY_ID]
