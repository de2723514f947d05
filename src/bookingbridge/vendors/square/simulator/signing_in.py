"""Sign-in at a simulated Square: the consent page, codes, tokens, their renewal, their end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
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
from bookingbridge.vendors.square.permissions import SCOPES
from bookingbridge.vendors.square.simulator.answers import AUTH, Complaint, read_body, reply, require, stamp
from bookingbridge.vendors.square.simulator.state import Grant, Token, new_id

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

CODE_LIVES = timedelta(minutes=5)
ACCESS_LIVES, SHORT_ACCESS_LIVES = timedelta(days=30), timedelta(hours=24)
PKCE_REFRESH_LIVES = timedelta(days=90)

_CARRIED = ("client_id", "scope", "state", "redirect_uri", "code_challenge", "session", "locale")

_WHY = {scope.name: scope.why for scope in SCOPES}


class SigningIn:
    """The OAuth endpoints."""

    def __init__(self, square: SquareSimulation) -> None:
        self._square = square

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/oauth2/authorize", self._consent),
            Route("/oauth2/authorize", self._decide, methods=["POST"]),
            Route("/oauth2/token", self._guarded(self._token), methods=["POST"]),
            Route("/oauth2/token/status", self._guarded(self._status), methods=["POST"]),
            Route("/oauth2/revoke", self._guarded(self._revoke), methods=["POST"]),
            Route("/_sim/tokens", self._guarded(self._give_token), methods=["POST"]),
            Route("/_sim/revoke", self._guarded(self._owner_revokes), methods=["POST"]),
        ]

    async def _consent(self, request: Request) -> Response:
        asked = dict(request.query_params)
        problem = self._problem(asked)
        if problem is not None:
            return page(
                vendor="Square", title="This sign-in cannot go on", body=f"<p>{escape(problem)}</p>", status=400
            )
        wanted = "".join(
            f"<li>{escape(scope)}<br><small>{escape(_WHY.get(scope, ''))}</small></li>"
            for scope in asked["scope"].split()
        )
        merchants = "".join(
            f'<option value="{escape(m.id)}">{escape(str(m.about["business_name"]))}</option>'
            for m in self._square.state.merchants.values()
        )
        carried = {name: asked[name] for name in _CARRIED if name in asked}
        return page(
            vendor="Square",
            title="BookingBridge wants access to your Square account",
            body='<form method="post"><label for="merchant_id">Business</label>'
            f'<select id="merchant_id" name="merchant_id">{merchants}</select>'
            f'<p class="soft">It will be allowed:</p><ul>{wanted}</ul>{hidden(**carried)}'
            '<div class="acts"><button class="main" name="decision" value="allow">Allow</button>'
            '<button name="decision" value="deny">Deny</button></div></form>',
        )

    async def _decide(self, request: Request) -> Response:
        raw = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        asked = {name: values[0] for name, values in raw.items()}
        problem = self._problem(asked)
        if problem is not None:
            return page(
                vendor="Square", title="This sign-in cannot go on", body=f"<p>{escape(problem)}</p>", status=400
            )
        state = asked.get("state")
        if asked.get("decision") != "allow" or asked.get("merchant_id") not in self._square.state.merchants:
            told = {"error": "access_denied", "error_description": "user_denied", "state": state}
            return RedirectResponse(oauth.with_query(asked["redirect_uri"], told), status_code=303)
        code = new_id("sq0cgp-", 16)
        self._square.state.codes[code] = Grant(
            asked["merchant_id"],
            frozenset(asked["scope"].split()),
            self._square.now(),
            asked["redirect_uri"],
            asked.get("code_challenge"),
        )
        answer = {"code": code, "response_type": "code", "state": state}
        return RedirectResponse(oauth.with_query(asked["redirect_uri"], answer), status_code=303)

    def _problem(self, asked: dict[str, str]) -> str | None:
        """Why the consent page cannot be shown."""
        target = urlsplit(asked.get("redirect_uri", ""))
        if asked.get("client_id") != self._square.application_id:
            return "The application is not known here."
        if target.scheme not in ("http", "https") or not target.netloc:
            return "The redirect URL is missing or not a URL."
        if not asked.get("scope"):
            return "No permission was asked for."
        if not self._square.state.merchants:
            return "There is no business here yet."
        return None

    async def _token(self, request: Request) -> Json:
        body = read_body(await request.body())
        if require(body, "client_id") != self._square.application_id:
            raise Complaint(401, "UNAUTHORIZED", "Not Authorized", category=AUTH)
        kind = require(body, "grant_type")
        if kind == "authorization_code":
            grant = self._grant_of_code(body)
        elif kind == "refresh_token":
            grant = self._grant_of_refresh(body)
        else:
            raise Complaint(400, "INVALID_VALUE", "Unknown grant type.", field="grant_type")
        if kind == "refresh_token" and grant.challenge is None:
            refresh = str(body["refresh_token"])
        else:
            refresh = new_id("EQAA", 24)
            self._square.state.refreshes[refresh] = replace(grant, issued_at=self._square.now())
        return self._issued(grant, refresh, is_short=bool(body.get("short_lived")))

    def _grant_of_code(self, body: Json) -> Grant:
        code = require(body, "code")
        grant = self._square.state.codes.get(code)
        if grant is None or self._square.now() - grant.issued_at > CODE_LIVES:
            raise Complaint(401, "UNAUTHORIZED", "The authorization code is unknown or expired.", category=AUTH)
        if grant.challenge is None:
            self._check_secret(body)
        elif oauth.challenge(str(body.get("code_verifier", ""))) != grant.challenge:
            raise Complaint(401, "UNAUTHORIZED", "The code verifier does not match.", category=AUTH)
        if body.get("redirect_uri") not in (None, grant.redirect_uri):
            raise Complaint(401, "UNAUTHORIZED", "The redirect URL does not match.", category=AUTH)
        del self._square.state.codes[code]
        return grant

    def _grant_of_refresh(self, body: Json) -> Grant:
        refresh = require(body, "refresh_token")
        grant = self._square.state.refreshes.get(refresh)
        if grant is None:
            raise Complaint(401, "UNAUTHORIZED", "The refresh token is not valid.", category=AUTH)
        if grant.challenge is None:
            self._check_secret(body)
        else:
            del self._square.state.refreshes[refresh]
            if self._square.now() - grant.issued_at > PKCE_REFRESH_LIVES:
                raise Complaint(401, "UNAUTHORIZED", "The refresh token has expired.", category=AUTH)
        return grant

    def _check_secret(self, body: Json) -> None:
        if not signatures.same(str(body.get("client_secret") or ""), self._square.application_secret):
            raise Complaint(401, "UNAUTHORIZED", "Not Authorized", category=AUTH)

    def _issued(self, grant: Grant, refresh: str, *, is_short: bool) -> Json:
        now = self._square.now()
        expires = now + (SHORT_ACCESS_LIVES if is_short else ACCESS_LIVES)
        token = Token(new_id("EAAA", 24), grant.merchant_id, grant.scopes, expires)
        self._square.state.tokens[token.access] = token
        answer: Json = {
            "access_token": token.access,
            "token_type": "bearer",
            "expires_at": stamp(expires),
            "merchant_id": grant.merchant_id,
            "refresh_token": refresh,
            "short_lived": is_short,
        }
        if grant.challenge is not None:
            answer["refresh_token_expires_at"] = stamp(now + PKCE_REFRESH_LIVES)
        return answer

    async def _status(self, request: Request) -> Json:
        token = self._square.token_of(request)
        return {
            "scopes": sorted(token.scopes),
            "expires_at": stamp(token.expires_at) if token.expires_at else "",
            "client_id": self._square.application_id,
            "merchant_id": token.merchant_id,
        }

    async def _revoke(self, request: Request) -> Json:
        body = read_body(await request.body())
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind != "Client" or not signatures.same(secret, self._square.application_secret):
            raise Complaint(401, "UNAUTHORIZED", "Not Authorized", category=AUTH)
        state = self._square.state
        token = state.tokens.get(str(body.get("access_token") or ""))
        merchant_id = token.merchant_id if token else body.get("merchant_id")
        is_known = any(t.merchant_id == merchant_id and not t.is_personal for t in state.tokens.values())
        if not is_known:
            raise Complaint(404, "NOT_FOUND", "There is no such token.")
        self._square.revoke(str(merchant_id), by="APPLICATION")
        return {"success": True}

    async def _give_token(self, request: Request) -> Json:
        """Control: a token as consent would give it, or with `is_personal` the application's own."""
        body = read_body(await request.body())
        merchant_id = str(body.get("merchant_id") or next(iter(self._square.state.merchants)))
        scopes = frozenset(body.get("scopes") or _WHY)
        if body.get("is_personal"):
            token = Token(str(body.get("access_token") or new_id("EAAA", 24)), merchant_id, scopes, None, True)
            self._square.state.tokens[token.access] = token
            return {"access_token": token.access, "merchant_id": merchant_id}
        grant = Grant(merchant_id, scopes, self._square.now(), "", None)
        refresh = new_id("EQAA", 24)
        self._square.state.refreshes[refresh] = grant
        return self._issued(grant, refresh, is_short=False)

    async def _owner_revokes(self, request: Request) -> Json:
        """Control: the merchant takes the access back in the Square Dashboard."""
        self._square.revoke(str(read_body(await request.body()).get("merchant_id")), by="MERCHANT")
        return {}

    def _guarded(self, handler: Callable[[Request], Awaitable[Json]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return reply(await handler(request))
            except Complaint as complaint:
                return reply(complaint.body, complaint.status)

        return answer
