"""Pure parts of the sign-in dance: PKCE, a signed state, and URLs. Entropy and time are given.

The state binds the answer to the one who asked (RFC 6749 10.12); PKCE binds the code to the one who started
(RFC 7636). Both are needed: a state alone does not protect a stolen code.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from bookingbridge.canonical.errors import Refused
from bookingbridge.vendorkit import signatures

VERIFIER_BYTES = 48
"""Random bytes a verifier is made of: 64 characters, within the 43 to 128 of RFC 7636 4.1."""


def verifier(entropy: bytes) -> str:
    """A PKCE verifier of `entropy`, which must be at least 32 random bytes."""
    if len(entropy) < 32:
        raise ValueError("a verifier needs at least 32 random bytes")
    return _b64(entropy)[:128]


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier: 43 characters, no padding (RFC 7636 4.2)."""
    return _b64(hashlib.sha256(verifier.encode()).digest())


def sign_state(claims: Mapping[str, str], *, key: bytes, expires_at: datetime) -> str:
    """An opaque state that holds `claims` until `expires_at`, readable by `read_state` with the same key."""
    body = json.dumps({"c": dict(claims), "e": int(expires_at.timestamp())}, separators=(",", ":"), sort_keys=True)
    packed = _b64(body.encode())
    return f"{packed}.{_b64(signatures.hmac_sha256(key, packed.encode()))}"


def read_state(text: str, *, key: bytes, now: datetime) -> dict[str, str]:
    """The claims of a state we signed. Refused when it is somebody else's, altered or expired."""
    packed, _, signature = text.partition(".")
    if not signatures.same(signature, _b64(signatures.hmac_sha256(key, packed.encode("utf-8", "surrogatepass")))):
        raise Refused("this sign-in was not started here", code="state_unknown")
    try:
        body = json.loads(_unb64(packed))
        claims, expires = dict(body["c"]), int(body["e"])
    except (ValueError, KeyError, TypeError, binascii.Error) as broken:
        raise Refused("this sign-in was not started here", code="state_unknown") from broken
    if now.astimezone(UTC).timestamp() >= expires:
        raise Refused("this sign-in took too long; start it again", code="state_expired")
    return claims


def with_query(url: str, params: Mapping[str, str | None]) -> str:
    """`url` with `params` added to its query; None leaves a parameter out. Spaces become %20, as every vendor reads."""
    parts = urlsplit(url)
    added = urlencode({k: v for k, v in params.items() if v is not None}, quote_via=quote)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
