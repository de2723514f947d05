"""Acuity's sign-in: the code flow with the application's secret, form-encoded, without PKCE.

There is one scope; access tokens neither expire nor are renewed, and one that was taken back shows only by a 401
(Acuity OAuth documentation and its JavaScript library, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bookingbridge.canonical.errors import AuthExpired, Rejected, Unreadable
from bookingbridge.canonical.ports import Scope, Tokens
from bookingbridge.vendorkit import oauth
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.acuity.answers import code_of

SCOPES = (
    Scope(
        "api-v1",
        "To read appointments, clients, payments and blocked times, and to book, move and cancel when you ask for it. "
        "Acuity has this one permission only.",
    ),
)

CLIENT_ID = "ACUITY_CLIENT_ID"
CLIENT_SECRET = "ACUITY_CLIENT_SECRET"  # noqa: S105 - the name of the setting


class AcuityOAuth:
    """See canonical.ports.OAuth."""

    def authorize_url(
        self, base_url: str, app: Mapping[str, str], *, state: str, redirect_uri: str, verifier: str
    ) -> str:
        return oauth.with_query(
            f"{base_url}/oauth2/authorize",
            {
                "response_type": "code",
                "scope": SCOPES[0].name,
                "client_id": app[CLIENT_ID],
                "redirect_uri": redirect_uri,
                "state": state,
            },
        )

    async def exchange(
        self, http: Any, base_url: str, app: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str,
        now: datetime,
    ) -> Tokens:  # fmt: skip
        transport: Transport = http
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": app[CLIENT_ID],
            "client_secret": app[CLIENT_SECRET],
        }
        answer = await transport.send("POST", f"{base_url}/oauth2/token", form=form, is_repeatable=False)
        if not answer.is_ok:
            raise Rejected("Acuity did not accept the sign-in; start it again", code=code_of(answer))
        access = answer.object().get("access_token")
        if not isinstance(access, str) or not access:
            raise Unreadable("Acuity's answer holds no access token", where="access_token")
        return Tokens(access=access, scopes=(SCOPES[0].name,))

    async def refresh(
        self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens, *, now: datetime
    ) -> Tokens:
        raise AuthExpired("Acuity renews no sign-in; connect Acuity again", code="not_renewable")

    async def revoke(self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens) -> None:
        transport: Transport = http
        form = {
            "access_token": tokens.access,
            "client_id": app[CLIENT_ID],
            "client_secret": app[CLIENT_SECRET],
        }
        answer = await transport.send("POST", f"{base_url}/oauth2/disconnect", form=form, is_repeatable=True)
        # 401 and 404: the token was gone already, which is what was wanted.
        if not answer.is_ok and answer.status not in (401, 404):
            raise Rejected("Acuity did not take the access back", code=code_of(answer))
