"""Connect's sign-in at a simulated Stripe: the consent page, codes, tokens, and their end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit import oauth, signatures
from bookingbridge.vendorkit.simulated_pages import hidden, page
from bookingbridge.vendors.stripe.simulator.answers import reply, secret_of
from bookingbridge.vendors.stripe.simulator.state import Key, new_id

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation

CODE_LIVES = timedelta(minutes=5)
_CARRIED = ("response_type", "client_id", "scope", "state", "redirect_uri")
_SCOPES = {"read_only": "read your payments, customers and payouts", "read_write": "do anything in your account"}


class Denied(Exception):
    """OAuth's own shape of a refusal."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(code)
        self.status = status
        self.body: Json = {"error": code, "error_description": description}


class SigningIn:
    """The endpoints of connect.stripe.com."""

    def __init__(self, stripe: StripeSimulation) -> None:
        self._stripe = stripe

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/oauth/authorize", self._consent),
            Route("/oauth/authorize", self._decide, methods=["POST"]),
            Route("/oauth/token", self._guarded(self._token), methods=["POST"]),
            Route("/oauth/deauthorize", self._guarded(self._deauthorize), methods=["POST"]),
        ]

    async def _consent(self, request: Request) -> Response:
        asked = dict(request.query_params)
        problem = self._problem(asked)
        if problem is not None:
            return self._refusal(problem)
        accounts = "".join(
            f'<option value="{escape(a.id)}">{escape(a.name)}</option>' for a in self._stripe.state.accounts.values()
        )
        wanted = _SCOPES[asked.get("scope") or "read_only"]
        return page(
            vendor="Stripe",
            title="Connect BookingBridge to your Stripe account",
            body='<form method="post"><label for="account">Account</label>'
            f'<select id="account" name="account">{accounts}</select>'
            f'<p class="soft">It will be able to {wanted}.</p>'
            f"{hidden(**{name: asked[name] for name in _CARRIED if name in asked})}"
            '<div class="acts"><button class="main" name="decision" value="allow">Connect</button>'
            '<button name="decision" value="deny">Cancel</button></div></form>',
        )

    async def _decide(self, request: Request) -> Response:
        asked = await _form(request)
        problem = self._problem(asked)
        if problem is not None:
            return self._refusal(problem)
        back, state = asked["redirect_uri"], asked.get("state")
        account_id = asked.get("account", "")
        if asked.get("decision") != "allow" or account_id not in self._stripe.state.accounts:
            told = {"error": "access_denied", "error_description": "The user denied your request", "state": state}
            return RedirectResponse(oauth.with_query(back, told), status_code=303)
        scope, code = asked.get("scope") or "read_only", new_id("ac_")
        self._stripe.state.codes[code] = (account_id, scope, self._stripe.now())
        return RedirectResponse(oauth.with_query(back, {"scope": scope, "code": code, "state": state}), 303)

    def _problem(self, asked: dict[str, str]) -> str | None:
        target = urlsplit(asked.get("redirect_uri", ""))
        if asked.get("client_id") != self._stripe.client_id:
            return "No application matches the supplied client identifier."
        if asked.get("response_type") != "code" or asked.get("scope", "read_only") not in _SCOPES:
            return "response_type must be code, and scope read_only or read_write."
        if target.scheme not in ("http", "https") or not target.netloc:
            return "The redirect URI is missing or not a URL."
        return None if self._stripe.state.accounts else "There is no account here yet."

    def _refusal(self, problem: str) -> Response:
        body = f"<p>{escape(problem)}</p>"
        return page(vendor="Stripe", title="This sign-in cannot go on", body=body, status=400)

    async def _token(self, request: Request) -> Json:
        given = await _form(request)
        self._is_platform(request, given)
        state = self._stripe.state
        match given.get("grant_type"):
            case "authorization_code":
                account_id, scope, at = state.codes.pop(given.get("code", ""), ("", "", self._stripe.now()))
                if not account_id or self._stripe.now() - at > CODE_LIVES:
                    raise Denied(400, "invalid_grant", "Authorization code does not exist or is expired.")
            case "refresh_token":
                account_id, scope = state.refreshes.get(given.get("refresh_token", ""), ("", ""))
                if not account_id:
                    raise Denied(400, "invalid_grant", "Refresh token does not exist.")
            case _:
                raise Denied(400, "unsupported_grant_type", "Unknown grant type.")
        return self._stripe.connect(account_id, scope)

    async def _deauthorize(self, request: Request) -> Json:
        given = await _form(request)
        self._is_platform(request, given)
        account_id = given.get("stripe_user_id", "")
        if given.get("client_id") != self._stripe.client_id or not self._stripe.disconnect(account_id):
            raise Denied(401, "invalid_client", "This application is not connected to that account.")
        return {"stripe_user_id": account_id}

    def _is_platform(self, request: Request, given: dict[str, str]) -> None:
        secret = secret_of(request) or given.get("client_secret", "")
        if not signatures.same(secret, self._stripe.platform_secret):
            raise Denied(401, "invalid_client", "Invalid API Key provided.")

    def _guarded(self, handler: Callable[[Request], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return reply(await handler(request))
            except Denied as denied:
                return reply(denied.body, denied.status)

        return answer


def token_of(account_id: str, scope: str, reads: frozenset[str]) -> tuple[Key, Json]:
    """A connected account's key and Stripe's answer that hands it over. It does not expire."""
    key = Key(new_id("sk_test_"), account_id, None if scope == "read_write" else reads, is_connected=True)
    return key, {
        "access_token": key.secret, "livemode": False, "refresh_token": new_id("rt_"), "token_type": "bearer",
        "stripe_publishable_key": new_id("pk_test_"), "stripe_user_id": account_id, "scope": scope,
    }  # fmt: skip


async def _form(request: Request) -> dict[str, str]:
    raw = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in raw.items()}
