"""Square's sign-in: the code flow with the application's secret.

Codes live 5 minutes and work once; access tokens live 30 days; the refresh token of this flow never expires and is
given back unchanged (Square OAuth API documentation, read 2026-11). The flow with PKCE and no secret rotates its
refresh token on every use, which a crash between the answer and our commit would lose: hence the secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import AuthExpired, Rejected, Unreadable
from bookingbridge.canonical.ports import Json, Tokens
from bookingbridge.vendorkit import oauth
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendors.square.answers import error_of
from bookingbridge.vendors.square.permissions import SCOPES
from bookingbridge.vendors.square.wire import API_VERSION

APP_ID = "SQUARE_APPLICATION_ID"
APP_SECRET = "SQUARE_APPLICATION_SECRET"  # noqa: S105 - the name of the setting
APP_TOKEN = "SQUARE_APPLICATION_TOKEN"  # noqa: S105 - the name of the setting


class SquareOAuth:
    """See canonical.ports.OAuth."""

    def authorize_url(
        self, base_url: str, app: Mapping[str, str], *, state: str, redirect_uri: str, verifier: str
    ) -> str:
        return oauth.with_query(
            f"{base_url}/oauth2/authorize",
            {
                "client_id": app[APP_ID],
                "scope": " ".join(scope.name for scope in SCOPES),
                "session": "false",
                "state": state,
                "redirect_uri": redirect_uri,
            },
        )

    async def exchange(
        self, http: Any, base_url: str, app: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str,
        now: datetime,
    ) -> Tokens:  # fmt: skip
        request = _signed_request(app, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)
        answer = await _ask(http, f"{base_url}/oauth2/token", request, is_repeatable=False)
        if not answer.is_ok:
            raise Rejected(
                "Square did not accept the sign-in; start it again, it must be finished within five minutes",
                code=error_of(answer).code,
            )
        return _tokens(answer.object(), before=None)

    async def refresh(
        self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens, *, now: datetime
    ) -> Tokens:
        if not tokens.refresh:
            raise AuthExpired("this connection has no refresh token; connect Square again")
        request = _signed_request(app, grant_type="refresh_token", refresh_token=tokens.refresh)
        answer = await _ask(http, f"{base_url}/oauth2/token", request, is_repeatable=True)
        if not answer.is_ok:
            raise AuthExpired("Square does not renew the sign-in; connect Square again", code=error_of(answer).code)
        return _tokens(answer.object(), before=tokens)

    async def revoke(self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens) -> None:
        # By merchant rather than by token: that also works when the token has expired meanwhile.
        merchant = tokens.extra.get("merchant_id")
        whose = {"merchant_id": merchant} if merchant else {"access_token": tokens.access}
        answer = await _ask(
            http, f"{base_url}/oauth2/revoke", {"client_id": app[APP_ID], **whose}, is_repeatable=True,
            authorization=f"Client {app[APP_SECRET]}",
        )  # fmt: skip
        if not answer.is_ok and answer.status != 404:
            raise Rejected("Square did not take the access back", code=error_of(answer).code)


def _signed_request(app: Mapping[str, str], **fields: str) -> Json:
    return {"client_id": app[APP_ID], "client_secret": app[APP_SECRET], **fields}


async def _ask(
    http: Transport, url: str, body: Json, *, is_repeatable: bool, authorization: str | None = None
) -> Answer:
    headers = {"Square-Version": API_VERSION, **({"Authorization": authorization} if authorization else {})}
    return await http.send("POST", url, headers=headers, json=body, is_repeatable=is_repeatable)


def _tokens(body: Json, *, before: Tokens | None) -> Tokens:
    access, refresh, expires = body.get("access_token"), body.get("refresh_token"), body.get("expires_at")
    merchant = body.get("merchant_id")
    if not isinstance(access, str) or not access:
        raise Unreadable("Square's answer holds no access token", where="access_token")
    return Tokens(
        access=access,
        refresh=refresh if isinstance(refresh, str) and refresh else (before.refresh if before else None),
        expires_at=times.rfc3339(expires) if isinstance(expires, str) and expires else None,
        scopes=tuple(scope.name for scope in SCOPES) if before is None else before.scopes,
        extra={"merchant_id": merchant} if isinstance(merchant, str) else dict(before.extra if before else {}),
    )
