"""The simulated partner: its key pair, its signed statements, and the tokens they are exchanged for."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PARTNER_ID = "7f1d2c34-5b6a-4c8d-9e0f-1a2b3c4d5e6f"
PARTNER_NAME = "simulated-partner"
_ISSUER = "https://public-api.booksy.com"
_ACCESS_LIVES = timedelta(minutes=5)


class Partner:
    """One partner. The key is made when it is first asked for: that takes a tenth of a second."""

    def __init__(self, now: Callable[[], datetime], known_as: str = "") -> None:
        self._now = now
        self.id = known_as or PARTNER_ID
        self.name = known_as or PARTNER_NAME
        self._key: rsa.RSAPrivateKey | None = None
        self._tokens: dict[str, datetime] = {}

    def private_key(self) -> str:
        """The private key in PEM, for whoever plays the partner."""
        pem = self._made().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode("ascii")

    def exchange(self, body: Any) -> dict[str, str] | None:
        """Tokens for a statement that is ours, fresh and meant for Booksy; None otherwise."""
        if not isinstance(body, dict) or body.get("partner_name") != self.name:
            return None
        claims = self._claims(str(body.get("token", "")))
        now = self._now().timestamp()
        if claims is None or claims.get("iss") != _ISSUER or claims.get("aud") != self.id:
            return None
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int) or not issued - 60 <= now < expires <= now + 600:
            return None
        access = secrets.token_urlsafe(24)
        self._tokens[access] = self._now() + _ACCESS_LIVES
        return {"access": access, "refresh": secrets.token_urlsafe(24)}

    def admits(self, authorization: str) -> bool:
        """Whether the header carries a token that still lives."""
        until = self._tokens.get(authorization.removeprefix("Bearer "))
        return authorization.startswith("Bearer ") and until is not None and self._now() < until

    def forget(self) -> None:
        """Every token is taken back."""
        self._tokens.clear()

    def _made(self) -> rsa.RSAPrivateKey:
        if self._key is None:
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._key

    def _claims(self, token: str) -> dict[str, Any] | None:
        try:
            head, claims, signature = token.split(".")
            public = self._made().public_key()
            public.verify(_decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
            if msgspec.json.decode(_decoded(head)) != {"typ": "JWT", "alg": "RS256"}:
                return None
            found = msgspec.json.decode(_decoded(claims))
        except (ValueError, InvalidSignature, msgspec.DecodeError):
            return None
        return found if isinstance(found, dict) else None


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
