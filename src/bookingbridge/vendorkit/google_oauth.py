"""Signing in with Google, for any of its APIs: consent once, a refresh token for good, an access token for an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected, Unreadable
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendorkit.oauth import challenge, with_query

TOKEN_HOST = "oauth2.googleapis.com"  # noqa: S105 - a host's name
"""What a vendor's allowed hosts must hold beside its API's own host."""

_CONSENT, _TOKENS = "https://accounts.google.com", f"https://{TOKEN_HOST}"


class Granted(msgspec.Struct, frozen=True):
    """A token answer. The refresh token comes with the first consent only."""

    access_token: str
    expires_in: int = 3600
    refresh_token: str | None = None
    scope: str = ""


class _Fault(msgspec.Struct, frozen=True):
    error: str


@dataclass(frozen=True, slots=True)
class GoogleSignIn:
    """The code flow for web servers, with PKCE. Google gives a refresh token only where consent is asked for anew.

    `id_field` and `secret_field` name the app's credentials, `kept_fields` what else of them is kept beside the
    tokens (our name to the app's). Google signs in on hosts of its own, a simulator of `api_host` does all on one.
    """

    api_host: str
    scopes: tuple[str, ...]
    id_field: str
    secret_field: str
    kept_fields: tuple[tuple[str, str], ...] = ()

    def authorize_url(
        self, base_url: str, app: Mapping[str, str], *, state: str, redirect_uri: str, verifier: str
    ) -> str:
        """The consent page."""
        asked = {
            "client_id": app[self.id_field],
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(self.scopes),
            "state": state,
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        return with_query(f"{self._elsewhere(base_url, _CONSENT)}/o/oauth2/v2/auth", asked)

    async def exchange(
        self, http: Transport, base_url: str, app: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str,
        now: datetime,
    ) -> Tokens:  # fmt: skip
        """Tokens for a code. Rejected when it is used, expired or another app's, or brings no refresh token."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        try:
            granted = await self._token(http, base_url, self._client(app), form)
        except AuthExpired as refused:
            raise Rejected("Google did not accept this sign-in; start again", code=refused.code) from refused
        if not granted.refresh_token:
            raise Rejected(
                "Google gave no lasting permission; remove BookingBridge from the Google account, start again"
            )
        return _tokens(granted, granted.refresh_token, self._extra(app), now)

    async def refresh(
        self, http: Transport, base_url: str, app: Mapping[str, str], tokens: Tokens, *, now: datetime
    ) -> Tokens:
        """A new access token. AuthExpired when the refresh token was taken back or ran out."""
        if not tokens.refresh:
            raise AuthExpired("this sign-in cannot be renewed; reconnect to go on")
        granted = await self.refreshed(http, base_url, self._client(app), tokens.refresh)
        return _tokens(granted, granted.refresh_token or tokens.refresh, dict(tokens.extra) | self._extra(app), now)

    async def revoke(self, http: Transport, base_url: str, app: Mapping[str, str], tokens: Tokens) -> None:
        """Both tokens are dead. Succeeds also where they were dead already."""
        url = f"{self._elsewhere(base_url, _TOKENS)}/revoke"
        answer = await http.send("POST", url, form={"token": tokens.refresh or tokens.access}, is_repeatable=True)
        if not answer.is_ok and _refusal_code(answer) != "invalid_token":
            raise self._refusal(answer)

    async def refreshed(self, http: Transport, base_url: str, client: Mapping[str, str], refresh: str) -> Granted:
        """An access token for a refresh token. `client` holds client_id and client_secret."""
        return await self._token(http, base_url, client, {"grant_type": "refresh_token", "refresh_token": refresh})

    async def _token(
        self, http: Transport, base_url: str, client: Mapping[str, str], asked: Mapping[str, str]
    ) -> Granted:
        is_repeatable = asked["grant_type"] == "refresh_token"
        url, form = f"{self._elsewhere(base_url, _TOKENS)}/token", dict[str, Any]({**client, **asked})
        answer = await http.send("POST", url, form=form, is_repeatable=is_repeatable)
        if not answer.is_ok:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.body, type=Granted)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
            raise Unreadable("Google's token answer has another shape than documented") from broken

    def _client(self, app: Mapping[str, str]) -> dict[str, str]:
        return {"client_id": app[self.id_field], "client_secret": app[self.secret_field]}

    def _extra(self, app: Mapping[str, str]) -> dict[str, str]:
        return {ours: value for ours, theirs in self.kept_fields if (value := app.get(theirs, ""))}

    def _elsewhere(self, base_url: str, real: str) -> str:
        return real if urlsplit(base_url).netloc == self.api_host else base_url.rstrip("/")

    def _refusal(self, answer: Answer) -> BridgeError:
        """RFC 6749 5.2, in Google's use of it."""
        code = _refusal_code(answer)
        if code in ("invalid_grant", "invalid_token"):
            return AuthExpired("Google no longer accepts this sign-in; reconnect to go on", code=code)
        if code in ("invalid_client", "unauthorized_client"):
            why = f"Google does not accept this app; look at {self.id_field} and {self.secret_field}"
            return Rejected(why, code=code)
        if code == "redirect_uri_mismatch":
            return Rejected("add BookingBridge's address for the way back to the OAuth client at Google", code=code)
        return Rejected(f"Google refused the sign-in ({code[:60]})", code=code[:60])


def _tokens(granted: Granted, refresh: str, extra: Mapping[str, str], now: datetime) -> Tokens:
    scopes = tuple(sorted(granted.scope.split()))
    return Tokens(granted.access_token, refresh, now + timedelta(seconds=granted.expires_in), scopes, extra)


def _refusal_code(answer: Answer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_Fault).error
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return f"http_{answer.status}"
