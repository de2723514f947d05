"""Stripe Connect's sign-in: the code flow with the platform's secret key.

The token answer holds both the account's id and an access token of its own. Stripe would rather have platforms keep
the id only and ask with their own key and a Stripe-Account header. We keep the access token:

- it reaches this one account, no more than was allowed, and ends when its owner says so, while the platform's key
  reaches every account connected through it and would have to lie beside each connection;
- a platform key that is replaced breaks no connection;
- pasted keys and connected accounts are then asked in one and the same way.

The token does not expire and no refresh is needed; the refresh token only rolls it (docs.stripe.com/connect/oauth-
reference, read 2026-11). There is no PKCE. Stripe advises new platforms against OAuth, which is why a pasted restricted
key is the first way here; accounts controlled by another platform cannot be connected with read_write at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bookingbridge.canonical.errors import AuthExpired, Rejected, Unreadable
from bookingbridge.canonical.ports import Json, Tokens
from bookingbridge.vendorkit import oauth
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendors.stripe.answers import error_of
from bookingbridge.vendors.stripe.wire import API_VERSION

CLIENT_ID = "STRIPE_CLIENT_ID"
PLATFORM_KEY = "STRIPE_PLATFORM_SECRET"

SCOPE = "read_write"
"""Payment links and webhooks are made in the account; reading alone would do without."""

_API_HOST, CONNECT_HOST = "api.stripe.com", "connect.stripe.com"


class StripeOAuth:
    """See canonical.ports.OAuth."""

    def authorize_url(
        self, base_url: str, app: Mapping[str, str], *, state: str, redirect_uri: str, verifier: str
    ) -> str:
        return oauth.with_query(
            _connect(base_url, "authorize"),
            {
                "response_type": "code",
                "client_id": app[CLIENT_ID],
                "scope": SCOPE,
                "state": state,
                "redirect_uri": redirect_uri,
                "stripe_landing": "login",
            },
        )

    async def exchange(
        self, http: Any, base_url: str, app: Mapping[str, str], *, code: str, redirect_uri: str, verifier: str,
        now: datetime,
    ) -> Tokens:  # fmt: skip
        answer = await _ask(http, base_url, app, "token", grant_type="authorization_code", code=code)
        if not answer.is_ok:
            raise Rejected(
                "Stripe did not accept the sign-in; start it again, it must be finished within five minutes",
                code=error_of(answer).code,
            )
        return _tokens(answer.object(), before=None)

    async def refresh(
        self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens, *, now: datetime
    ) -> Tokens:
        if not tokens.refresh:
            raise AuthExpired("this connection has no refresh token; connect Stripe again")
        answer = await _ask(http, base_url, app, "token", grant_type="refresh_token", refresh_token=tokens.refresh)
        if not answer.is_ok:
            raise AuthExpired("Stripe does not renew the sign-in; connect Stripe again", code=error_of(answer).code)
        return _tokens(answer.object(), before=tokens)

    async def revoke(self, http: Any, base_url: str, app: Mapping[str, str], tokens: Tokens) -> None:
        account = tokens.extra.get("stripe_user_id", "")
        answer = await _ask(
            http, base_url, app, "deauthorize", client_id=app[CLIENT_ID], stripe_user_id=account, is_repeatable=True
        )
        # invalid_client also says that this account is not, or no longer, connected to the platform.
        if not answer.is_ok and error_of(answer).code != "invalid_client":
            raise Rejected("Stripe did not take the access back", code=error_of(answer).code)


def _connect(base_url: str, path: str) -> str:
    """Connect lives on a host of its own; a simulator on the same as the rest."""
    parts = urlsplit(base_url)
    host = CONNECT_HOST if parts.netloc == _API_HOST else parts.netloc
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}/oauth/{path}"


async def _ask(
    http: Transport, base_url: str, app: Mapping[str, str], path: str, *, is_repeatable: bool = False, **form: str
) -> Answer:
    headers = {"Authorization": f"Bearer {app[PLATFORM_KEY]}", "Stripe-Version": API_VERSION}
    return await http.send("POST", _connect(base_url, path), headers=headers, form=form, is_repeatable=is_repeatable)


def _tokens(body: Json, *, before: Tokens | None) -> Tokens:
    access, refresh, account = body.get("access_token"), body.get("refresh_token"), body.get("stripe_user_id")
    if not isinstance(access, str) or not access or not isinstance(account, str) or not account:
        raise Unreadable("Stripe's answer holds no access token", where="access_token")
    return Tokens(
        access=access,
        refresh=refresh if isinstance(refresh, str) and refresh else (before.refresh if before else None),
        expires_at=None,
        scopes=(str(body.get("scope") or SCOPE),),
        extra={"stripe_user_id": account, "livemode": "true" if body.get("livemode") is True else "false"},
    )
