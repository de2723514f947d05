"""Signing in with Google: consent once, a refresh token for good, an access token for an hour."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected, Unreadable
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendorkit.oauth import challenge, with_query
from bookingbridge.vendors.google_ads import wire

SCOPE = "https://www.googleapis.com/auth/adwords"

_API_HOST = "googleads.googleapis.com"
_CONSENT, _TOKENS = "https://accounts.google.com", "https://oauth2.googleapis.com"


class GoogleOAuth:
    """The code flow for web servers, with PKCE. Google gives a refresh token only where consent is asked for anew."""

    def authorize_url(
        self, base_url: str, app: Mapping[str, str], *, state: str, redirect_uri: str, verifier: str
    ) -> str:
        """The consent page."""
        asked = {
            "client_id": app["GOOGLE_ADS_CLIENT_ID"],
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": SCOPE,
            "state": state,
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        return with_query(f"{_elsewhere(base_url, _CONSENT)}/o/oauth2/v2/auth", asked)

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
            granted = await _token(http, base_url, _client(app), form)
        except AuthExpired as refused:
            raise Rejected("Google did not accept this sign-in; start again", code=refused.code) from refused
        if not granted.refresh_token:
            raise Rejected(
                "Google gave no lasting permission; remove BookingBridge from the Google account, start again"
            )
        return _tokens(granted, granted.refresh_token, _extra(app), now)

    async def refresh(
        self, http: Transport, base_url: str, app: Mapping[str, str], tokens: Tokens, *, now: datetime
    ) -> Tokens:
        """A new access token. AuthExpired when the refresh token was taken back or ran out."""
        if not tokens.refresh:
            raise AuthExpired("this sign-in cannot be renewed; reconnect to go on")
        granted = await refreshed(http, base_url, _client(app), tokens.refresh)
        return _tokens(granted, granted.refresh_token or tokens.refresh, dict(tokens.extra) | _extra(app), now)

    async def revoke(self, http: Transport, base_url: str, app: Mapping[str, str], tokens: Tokens) -> None:
        """Both tokens are dead. Succeeds also where they were dead already."""
        url = f"{_elsewhere(base_url, _TOKENS)}/revoke"
        answer = await http.send("POST", url, form={"token": tokens.refresh or tokens.access}, is_repeatable=True)
        if not answer.is_ok and _refusal_code(answer) != "invalid_token":
            raise _refusal(answer)


async def refreshed(http: Transport, base_url: str, client: Mapping[str, str], refresh: str) -> wire.Granted:
    """An access token for a refresh token. `client` holds client_id and client_secret."""
    return await _token(http, base_url, client, {"grant_type": "refresh_token", "refresh_token": refresh})


async def _token(http: Transport, base_url: str, client: Mapping[str, str], asked: Mapping[str, str]) -> wire.Granted:
    is_repeatable = asked["grant_type"] == "refresh_token"
    form: dict[str, Any] = {**client, **asked}
    answer = await http.send("POST", f"{_elsewhere(base_url, _TOKENS)}/token", form=form, is_repeatable=is_repeatable)
    if not answer.is_ok:
        raise _refusal(answer)
    try:
        return msgspec.json.decode(answer.body, type=wire.Granted)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
        raise Unreadable("Google's token answer has another shape than documented") from broken


def _tokens(granted: wire.Granted, refresh: str, extra: Mapping[str, str], now: datetime) -> Tokens:
    scopes = tuple(sorted(granted.scope.split()))
    return Tokens(granted.access_token, refresh, now + timedelta(seconds=granted.expires_in), scopes, extra)


def _client(app: Mapping[str, str]) -> dict[str, str]:
    return {"client_id": app["GOOGLE_ADS_CLIENT_ID"], "client_secret": app["GOOGLE_ADS_CLIENT_SECRET"]}


def _extra(app: Mapping[str, str]) -> dict[str, str]:
    """Developer tokens ended on 9 September 2026; one that is still there does no harm, and older projects want it."""
    token = app.get("GOOGLE_ADS_DEVELOPER_TOKEN", "")
    return {"developer_token": token} if token else {}


def _elsewhere(base_url: str, real: str) -> str:
    """Google signs in on hosts of their own; a simulator does all on one."""
    return real if urlsplit(base_url).netloc == _API_HOST else base_url.rstrip("/")


def _refusal_code(answer: Answer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=wire.TokenFault).error
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return f"http_{answer.status}"


def _refusal(answer: Answer) -> BridgeError:
    """RFC 6749 5.2, in Google's use of it."""
    code = _refusal_code(answer)
    if code in ("invalid_grant", "invalid_token"):
        return AuthExpired("Google no longer accepts this sign-in; reconnect to go on", code=code)
    if code in ("invalid_client", "unauthorized_client"):
        why = "Google does not accept this app; look at GOOGLE_ADS_CLIENT_ID and GOOGLE_ADS_CLIENT_SECRET"
        return Rejected(why, code=code)
    if code == "redirect_uri_mismatch":
        return Rejected("add BookingBridge's address for the way back to the OAuth client at Google", code=code)
    return Rejected(f"Google refused the sign-in ({code[:60]})", code=code[:60])
