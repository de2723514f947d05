"""Signing in with Meta: the dialog, the code, and a token for about sixty days that is renewed by exchanging it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bookingbridge.canonical.errors import AuthExpired, Rejected, Unreadable
from bookingbridge.canonical.ports import Tokens
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendorkit.oauth import with_query
from bookingbridge.vendors.meta_ads import wire
from bookingbridge.vendors.meta_ads.faults import fault

API_VERSION = "v26.0"
SCOPE = "ads_read"

_GRAPH_HOST, _DIALOG_HOST = "graph.facebook.com", "www.facebook.com"


def appsecret_proof(app_secret: str, token: str) -> str:
    """Proof that the caller knows the app's secret: hex HMAC-SHA256 of the token (Graph API, Securing requests)."""
    return signatures.sign_hex(app_secret, token.encode("utf-8", "surrogatepass"))


class MetaOAuth:
    """Meta gives no refresh token: `refresh` exchanges a token that is still valid for a fresh one."""

    def authorize_url(
        self, base_url: str, app: Mapping[str, str], *, state: str, redirect_uri: str, verifier: str
    ) -> str:
        """The dialog. Meta offers PKCE for OpenID only, so `verifier` is not used; `state` ties the answer to us."""
        asked = {"client_id": app["FACEBOOK_APP_ID"], "redirect_uri": redirect_uri, "state": state}
        # Facebook Login for Business asks by configuration, in the place of a list of scopes.
        config = app.get("FACEBOOK_LOGIN_CONFIG_ID", "")
        asked |= {"response_type": "code"} | ({"config_id": config} if config else {"scope": SCOPE})
        parts = urlsplit(base_url)
        host = _DIALOG_HOST if parts.netloc == _GRAPH_HOST else parts.netloc
        dialog = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/{API_VERSION}/dialog/oauth"
        return with_query(dialog, asked)

    async def exchange(
        self, http: Transport, base_url: str, app: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str,
        now: datetime,
    ) -> Tokens:  # fmt: skip
        """A token for about sixty days. Rejected when the code is used, expired or another app's."""
        try:
            short = await _token(http, base_url, app, now, {"redirect_uri": redirect_uri, "code": code})
            return await _long_lived(http, base_url, app, short.access_token, now)
        except AuthExpired as refused:
            raise Rejected("Meta did not accept this sign-in; start again", code=refused.code) from refused

    async def refresh(
        self, http: Transport, base_url: str, app: Mapping[str, str], tokens: Tokens, *, now: datetime
    ) -> Tokens:
        """A fresh token for a valid one. AuthExpired when it is over: only signing in again helps then."""
        return await _long_lived(http, base_url, app, tokens.access, now)

    async def revoke(self, http: Transport, base_url: str, app: Mapping[str, str], tokens: Tokens) -> None:
        """The app has no permission of this person any more. Succeeds also where the token was gone already."""
        proof = appsecret_proof(app["FACEBOOK_APP_SECRET"], tokens.access) if app.get("FACEBOOK_APP_SECRET") else None
        answer = await http.send(
            "DELETE", f"{base_url.rstrip('/')}/{API_VERSION}/me/permissions",
            headers={"authorization": f"Bearer {tokens.access}"}, params={"appsecret_proof": proof}, is_repeatable=True,
        )  # fmt: skip
        if not answer.is_ok:
            error = fault(answer.status, answer.headers, answer.body, now=None)
            if not isinstance(error, AuthExpired):
                raise error


async def _long_lived(http: Transport, base_url: str, app: Mapping[str, str], token: str, now: datetime) -> Tokens:
    asked = {"grant_type": "fb_exchange_token", "fb_exchange_token": token}
    granted = await _token(http, base_url, app, now, asked)
    return Tokens(
        access=granted.access_token,
        expires_at=None if granted.expires_in is None else now + timedelta(seconds=granted.expires_in),
        extra={"appsecret_proof": appsecret_proof(app["FACEBOOK_APP_SECRET"], granted.access_token)},
    )


async def _token(
    http: Transport, base_url: str, app: Mapping[str, str], now: datetime, asked: dict[str, str]
) -> wire.Granted:
    """Meta documents a GET with the secret in the query; the endpoint takes the same by POST, where no log keeps it."""
    form: dict[str, Any] = {"client_id": app["FACEBOOK_APP_ID"], "client_secret": app["FACEBOOK_APP_SECRET"]} | asked
    answer = await http.send("POST", f"{base_url.rstrip('/')}/{API_VERSION}/oauth/access_token", form=form)
    if not answer.is_ok:
        raise _refusal(answer, now)
    try:
        return msgspec.json.decode(answer.body, type=wire.Granted)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
        raise Unreadable("Meta's token answer has another shape than documented") from broken


def _refusal(answer: Answer, now: datetime) -> Exception:
    error = fault(answer.status, answer.headers, answer.body, now=now)
    # "Error validating client secret" comes as code 1 and 101 with status 400: here they do not pass by themselves.
    if answer.status == 400 and error.code in ("1", "101"):
        return Rejected("Meta does not accept this app's id or secret; look at FACEBOOK_APP_ID and FACEBOOK_APP_SECRET")
    return error
