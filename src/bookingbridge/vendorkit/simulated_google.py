"""Signing in at a simulated Google: the consent page, codes with PKCE, refresh and access tokens, withdrawal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.vendorkit.oauth import challenge, with_query
from bookingbridge.vendorkit.signatures import same
from bookingbridge.vendorkit.simulated_pages import hidden, page

Params = dict[str, str]

ACCESS_LIVES = timedelta(seconds=3599)
CODE_LIVES = timedelta(minutes=10)


class Person(msgspec.Struct):
    """Who is signed in at Google when the consent page opens."""

    name: str = "Robin Vale"
    email: str = "robin@example.com"


@dataclass(slots=True)
class Consent:
    """What a person allowed. A refresh token stands for it; access tokens and codes belong to one."""

    scopes: set[str]
    redirect_uri: str = ""
    challenge: str = ""
    expires_at: datetime | None = None
    is_used: bool = False


@dataclass(slots=True)
class Consents:
    """Who allowed what, and the codes and tokens that stand for it. Times are the simulator's own."""

    secret: str
    person: Person = field(default_factory=Person)
    codes: dict[str, Consent] = field(default_factory=dict)
    refreshes: dict[str, Consent] = field(default_factory=dict)
    accesses: dict[str, tuple[Consent, datetime | None, str]] = field(default_factory=dict)
    """Access token to its consent, its end, and its refresh token."""
    given_out: int = 0

    def know(self, access: str, refresh: str, scopes: set[str]) -> None:
        """These tokens are good, the access token for ever."""
        consent = Consent(scopes)
        self.accesses[access] = (consent, None, refresh)
        if refresh:
            self.refreshes[refresh] = consent

    def access(self, consent: Consent, refresh: str, *, now: datetime) -> str:
        """A new access token, good for an hour."""
        token = f"ya29.{self.opaque()}"
        self.accesses[token] = (consent, now + ACCESS_LIVES, refresh)
        return token

    def opaque(self) -> str:
        self.given_out += 1
        return hashlib.sha256(f"{self.secret} {self.given_out}".encode()).hexdigest()[:48]


@dataclass(frozen=True, slots=True)
class Wording:
    """What one API's consent page says: each permission in Google's words, and (name, id) of what it is about."""

    meaning: Mapping[str, str]
    title: str
    things: Callable[[], list[tuple[str, str]]]


class Login:
    """The consent page and the token endpoint of one simulated OAuth client."""

    def __init__(
        self, client_id: str, client_secret: str, world: Callable[[], Consents], now: Callable[[], datetime],
        wording: Wording,
    ) -> None:  # fmt: skip
        self._client_id, self._client_secret = client_id, client_secret
        self._world, self._now, self._wording = world, now, wording

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/o/oauth2/v2/auth", self.consent, methods=["GET", "POST"]),
            Route("/token", self.token, methods=["POST"]),
            Route("/revoke", self.revoke, methods=["POST"]),
        ]

    async def consent(self, request: Request) -> Response:
        """GET asks; POST is the person's answer, and sends her back with a code or an error."""
        params = await _params(request)
        if problem := self._problem(params):
            body = f"<p>{escape(problem)}</p>"
            return page(vendor="Google", title="Access blocked: authorization error", body=body, status=400)
        if request.method == "GET":
            return self._question(params)
        back = {"state": params.get("state")}
        if params.get("answer") != "allow":
            return RedirectResponse(with_query(params["redirect_uri"], {"error": "access_denied", **back}), 302)
        asked = set(params.get("scope", "").split())
        # Each permission can be left out on its own, as on the real page.
        allowed = {scope for scope in asked if params.get(f"allow_{scope}")}
        code = f"4/0A{self._world().opaque()}"
        ends = self._now() + CODE_LIVES
        self._world().codes[code] = Consent(allowed, params["redirect_uri"], params.get("code_challenge", ""), ends)
        brought = {"code": code, "scope": " ".join(sorted(allowed)), **back}
        return RedirectResponse(with_query(params["redirect_uri"], brought), 302)

    async def token(self, request: Request) -> Response:
        """An access token for a code, with a refresh token, or for a refresh token."""
        params = await _params(request)
        is_known = params.get("client_id") == self._client_id
        if not is_known or not same(params.get("client_secret", ""), self._client_secret):
            return _refused("invalid_client", "The OAuth client was not found or its secret is wrong.", 401)
        match params.get("grant_type"):
            case "authorization_code":
                return self._redeemed(params)
            case "refresh_token":
                return self._renewed(params)
        return _refused("unsupported_grant_type", f"Invalid grant_type: {params.get('grant_type', '')}")

    async def revoke(self, request: Request) -> Response:
        """The consent and all its tokens are gone."""
        token = (await _params(request)).get("token", "")
        world = self._world()
        refresh = token if token in world.refreshes else world.accesses[token][2] if token in world.accesses else None
        if refresh is None:
            return _refused("invalid_token", "Token expired or revoked")
        world.refreshes.pop(refresh, None)
        world.accesses = {t: held for t, held in world.accesses.items() if held[2] != refresh}
        return JSONResponse({})

    def _redeemed(self, params: Params) -> Response:
        world = self._world()
        consent = world.codes.get(params.get("code", ""))
        if consent is None or consent.is_used or (consent.expires_at is not None and self._now() >= consent.expires_at):
            return _refused("invalid_grant", "Bad Request")
        if params.get("redirect_uri") != consent.redirect_uri:
            return _refused("redirect_uri_mismatch", "Bad Request")
        if consent.challenge and challenge(params.get("code_verifier", "")) != consent.challenge:
            return _refused("invalid_grant", "Invalid code verifier.")
        consent.is_used = True
        refresh = f"1//0e{world.opaque()}"
        world.refreshes[refresh] = consent
        return self._granted(consent, refresh, {"refresh_token": refresh})

    def _renewed(self, params: Params) -> Response:
        refresh = params.get("refresh_token", "")
        consent = self._world().refreshes.get(refresh)
        if consent is None:
            return _refused("invalid_grant", "Token has been expired or revoked.")
        return self._granted(consent, refresh, {})

    def _granted(self, consent: Consent, refresh: str, more: dict[str, str]) -> Response:
        token = self._world().access(consent, refresh, now=self._now())
        scope = " ".join(sorted(consent.scopes))
        lives = int(ACCESS_LIVES.total_seconds())
        return JSONResponse({"access_token": token, "expires_in": lives, "scope": scope, "token_type": "Bearer"} | more)

    def _problem(self, params: Params) -> str:
        if params.get("client_id") != self._client_id:
            return "Error 401: invalid_client. The OAuth client was not found."
        if not params.get("redirect_uri", "").startswith(("http://", "https://")):
            return "Error 400: redirect_uri_mismatch"
        if params.get("response_type") != "code" or not params.get("scope"):
            return "Error 400: invalid_request. Missing required parameter: response_type or scope"
        return ""

    def _question(self, params: Params) -> Response:
        person = self._world().person
        names = ("client_id", "redirect_uri", "state", "scope", "response_type", "code_challenge")
        kept = {name: params.get(name, "") for name in names}
        choices = "".join(
            f'<label><input type="checkbox" name="allow_{escape(scope)}" value="1" checked style="width:auto"> '
            f"{escape(self._wording.meaning.get(scope, scope))}</label>"
            for scope in params["scope"].split()
        )
        things = "".join(
            f"<li>{escape(name)} <small>{escape(remote_id)}</small></li>" for name, remote_id in self._wording.things()
        )
        body = (
            f"<p>Signed in as <strong>{escape(person.name)}</strong> ({escape(person.email)}).</p>"
            f'<form method="post">{hidden(**kept)}{choices}'
            f"<p class=soft>{escape(self._wording.title)}</p><ul>{things}</ul>"
            '<div class="acts"><button class="main" name="answer" value="allow">Allow</button>'
            '<button name="answer" value="deny">Cancel</button></div></form>'
        )
        return page(vendor="Google", title="BookingBridge wants access to your Google Account", body=body)


async def _params(request: Request) -> Params:
    params = dict(request.query_params)
    if request.method == "POST":
        params |= dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    return params


def _refused(error: str, description: str, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)
