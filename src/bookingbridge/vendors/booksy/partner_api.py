"""Calls to the partner API: signed in by a short-lived token, paced, and with its answers mapped to our errors.

Facts from the capture of Booksy's partner documentation (version 0.3, archived July 2022, looked at July 2026): the
partner signs an RS256 JWT (iss, iat, exp, aud = the partner's UUID) and posts it with its name to /token/; the access
token lives five minutes. Unauthenticated calls are limited to 10 a minute, others to 200. Errors are either
{"detail": ...} or {"status_code", "code", "description"}.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bookingbridge.canonical.errors import AuthExpired, NotFound, Refused, Rejected, Throttled, Unreachable, Unreadable
from bookingbridge.canonical.ports import Given, Json
from bookingbridge.infra import json
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendors.booksy.wire import API_VERSION

PARTNER_ID = "BOOKSY_PARTNER_ID"
PARTNER_NAME = "BOOKSY_PARTNER_NAME"
PARTNER_KEY = "BOOKSY_PARTNER_KEY"
ISSUER = "https://public-api.booksy.com"
ASSERTION_LIVES = timedelta(minutes=3)
ACCESS_LIVES = timedelta(minutes=5)
_MARGIN = timedelta(seconds=45)


def is_partner(app: Mapping[str, str]) -> bool:
    """Whether the host has all that Booksy gives to partners."""
    return all(app.get(name, "").strip() for name in (PARTNER_ID, PARTNER_NAME, PARTNER_KEY))


def assertion(app: Mapping[str, str], now: datetime) -> str:
    """The signed statement that we are this partner, good for three minutes. Refused where the key is no RSA key."""
    issued = int(now.timestamp())
    head = {"typ": "JWT", "alg": "RS256"}
    claims = {
        "iss": ISSUER, "iat": issued, "exp": issued + int(ASSERTION_LIVES.total_seconds()), "aud": app[PARTNER_ID],
    }  # fmt: skip
    message = b".".join(_encoded(json.dumps(part)) for part in (head, claims))
    signature = _key(app[PARTNER_KEY]).sign(message, padding.PKCS1v15(), hashes.SHA256())
    return (message + b"." + _encoded(signature)).decode("ascii")


def _key(pem: str) -> RSAPrivateKey:
    try:
        # One line is how many hosts can set an environment variable.
        key = load_pem_private_key(pem.replace("\\n", "\n").strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as broken:
        raise Refused(f"{PARTNER_KEY} does not hold a private key in PEM form", code="bad_partner_key") from broken
    if not isinstance(key, RSAPrivateKey):
        raise Refused(f"{PARTNER_KEY} is not an RSA key; Booksy takes RS256 only", code="bad_partner_key")
    return key


def _encoded(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


class PartnerApi:
    """Calls for one shop. The access token is kept in memory only and renewed before it ends."""

    def __init__(self, given: Given, root: str) -> None:
        self._http: Transport = given.http
        self._root = root.rstrip("/")
        self._app = given.app
        self._now: Callable[[], datetime] = given.now
        self._access = ""
        self._until: datetime | None = None
        self._lock = asyncio.Lock()

    async def get(self, path: str, **params: str | int | None) -> Any:
        """The decoded answer. NotFound where there is no such thing."""
        return await self._call("GET", path, params=params)

    async def send(self, method: str, path: str, body: Json | None = None) -> Any:
        """The decoded answer to a change; Ambiguous where none came. Booksy knows no idempotency key."""
        return await self._call(method, path, body=body)

    async def _call(
        self, method: str, path: str, params: Mapping[str, Any] | None = None, body: Json | None = None
    ) -> Any:
        answer = await self._asked(method, path, params, body)
        if answer.status == 401:
            # A token may be taken back before its time: once more with a new one, then it is the key.
            self._until = None
            answer = await self._asked(method, path, params, body)
        if not answer.is_ok:
            raise fault(answer)
        return answer.json() if answer.body.strip() else {}

    async def _asked(self, method: str, path: str, params: Mapping[str, Any] | None, body: Json | None) -> Answer:
        headers = {
            "accept": f"application/json; version={API_VERSION}",
            "authorization": f"Bearer {await self._token()}",
        }
        return await self._http.send(method, f"{self._root}/{path}", headers=headers, params=params, json=body)

    async def _token(self) -> str:
        async with self._lock:
            now = self._now()
            if self._until is None or now >= self._until:
                await self._sign_in(now)
            return self._access

    async def _sign_in(self, now: datetime) -> None:
        answer = await self._http.send(
            "POST",
            f"{self._root}/token/",
            headers={"accept": f"application/json; version={API_VERSION}"},
            json={"partner_name": self._app[PARTNER_NAME], "token": assertion(self._app, now)},
            is_repeatable=True,
        )
        if answer.status in (400, 401, 403):
            raise AuthExpired(
                "Booksy does not accept the partner's key; see BOOKSY_PARTNER_KEY", code="partner_refused"
            )
        if not answer.is_ok:
            raise fault(answer)
        access = answer.object().get("access")
        if not isinstance(access, str) or not access or not access.isascii() or not access.isprintable():
            raise Unreadable("Booksy gave no access token", where="access")
        self._access, self._until = access, now + ACCESS_LIVES - _MARGIN


def root_of(given: Given, country: str) -> str:
    """Where the API of that country is; the simulator's address as it is."""
    host = urlsplit(given.base_url).hostname or ""
    return f"https://{country}.booksy.com/public-api/{country}" if host.endswith("booksy.com") else given.base_url


def fault(answer: Answer) -> Exception:
    """Our error for a refusal, by its status (error list of the capture). Booksy's own words are not repeated."""
    match answer.status:
        case 401:
            return AuthExpired("Booksy no longer accepts the partner's token")
        case 403:
            return Rejected("this shop is not open to the partner", code="not_the_partners")
        case 404:
            return NotFound("Booksy has no such thing")
        case 409:
            return Rejected("that time is no longer free at Booksy", code="slot_taken")
        case 422:
            return Rejected("Booksy does not let repeating or multiple bookings be changed", code="repeating")
        case 429:
            return Throttled("Booksy asks us to slow down")
        case status if status >= 500:
            return Unreachable(f"Booksy is not available now ({status})", code="no_answer")
        case status if 300 <= status < 400:
            return Unreadable(f"Booksy answered {status}", where="status")
        case status:
            return Rejected(f"Booksy does not take this ({status})", code=f"http_{status}")
