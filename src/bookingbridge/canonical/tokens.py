"""A visitor's token: what the script, a booking's note, a link and we all write in the same way. Pure."""

from __future__ import annotations

import re

TOKEN_BYTES = 10
"""How much chance a token holds: 80 bits."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_BODY, _CHECK = 16, 4

# The greatest prime under 2**20. Every changed letter and every swap of two neighbours changes the remainder, because
# the base and all differences of letters are smaller than it; a text of chance fits once in a million.
_PRIME, _BASE, _SEED = 1_048_573, 33, 7

_TOKEN = re.compile(r"(?<![a-z0-9_])bb_([a-z2-7]{20})(?![a-z0-9])", re.IGNORECASE | re.ASCII)


def new_token(random_bytes: bytes) -> str:
    """A visitor's token of 10 random bytes: `bb_`, 16 letters of base32 and 4 that check them.

    The script in the browser makes tokens in the same way, so that either side knows the other's.
    """
    if len(random_bytes) != TOKEN_BYTES:
        raise ValueError(f"a token is made of {TOKEN_BYTES} random bytes")
    body = _base32(int.from_bytes(random_bytes), _BODY)
    return f"bb_{body}{_check(body)}"


def find_token(text: str | None) -> str | None:
    """The first true token in the text, in lower case, or None. A form, a note or a URL may hold it."""
    for found in _TOKEN.finditer(text or ""):
        letters = found[1].lower()
        if letters[_BODY:] == _check(letters[:_BODY]):
            return f"bb_{letters}"
    return None


def is_token(text: str) -> bool:
    """Whether the whole text is a token, as it is stored."""
    return len(text) == 3 + _BODY + _CHECK and find_token(text) == text


def _check(body: str) -> str:
    remainder = _SEED
    for letter in body:
        remainder = (remainder * _BASE + _ALPHABET.index(letter)) % _PRIME
    return _base32(remainder, _CHECK)


def _base32(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))
