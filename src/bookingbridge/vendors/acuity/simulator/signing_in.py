"""Sign-in at a simulated Acuity: the consent page, codes, tokens that do not expire, and their end."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.vendorkit import oauth, signatures
from bookingbridge.vendorkit.simulated_pages import hidden, page
from bookingbridge.vendors.acuity.simulator.answers import Complaint
from bookingbridge.vendors.acuity.simulator.state import new_secret

if TYPE_CHECKING:
    from bookingbridge.vendors.acuity.simulator import AcuitySimulation

_CARRIED = ("response_type", "scope", "client_id", "redirect_uri", "state")


class SigningIn:
    """The OAuth endpoints."""

    def __init__(self, acuity: AcuitySimulation) -> None:
        self._acuity = acuity

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/oauth2/authorize", self._consent),
            Route("/oauth2/authorize", self._decide, methods=["POST"]),
            Route("/oauth2/token", self._token, methods=["POST"]),
            Route("/oauth2/disconnect", self._disconnect, methods=["POST"]),
        ]

    async def _consent(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if (problem := self._problem(asked)) is not None:
            return _cannot(problem)
        accounts = "".join(
            f'<option value="{account.id}">{escape(account.name)}</option>'
            for account in self._acuity.state.accounts.values()
        )
        carried = {name: asked[name] for name in _CARRIED if name in asked}
        return page(
            vendor="Acuity",
            title="BookingBridge wants access to your Acuity account",
            body='<form method="post"><label for="account">Account</label>'
            f'<select id="account" name="account">{accounts}</select>'
            '<p class="soft">It will be able to see and change everything in your Acuity account.</p>'
            f'{hidden(**carried)}<div class="acts"><button class="main" name="decision" value="allow">Allow</button>'
            '<button name="decision" value="deny">Deny</button></div></form>',
        )

    async def _decide(self, request: Request) -> Response:
        asked = await _form(request)
        if (problem := self._problem(asked)) is not None:
            return _cannot(problem)
        state, back, account = asked.get("state"), asked["redirect_uri"], asked.get("account", "")
        is_known = account.isdigit() and int(account) in self._acuity.state.accounts
        if asked.get("decision") != "allow" or not is_known:
            return RedirectResponse(oauth.with_query(back, {"error": "access_denied", "state": state}), status_code=303)
        code = new_secret()
        self._acuity.state.codes[code] = (int(account), back)
        return RedirectResponse(oauth.with_query(back, {"code": code, "state": state}), status_code=303)

    def _problem(self, asked: dict[str, str]) -> str | None:
        """Why the consent page cannot be shown."""
        target = urlsplit(asked.get("redirect_uri", ""))
        if asked.get("client_id") != self._acuity.client_id:
            return "The application is not known here."
        if target.scheme not in ("http", "https") or not target.netloc:
            return "The redirect URL is missing or not a URL."
        if asked.get("scope") != "api-v1" or asked.get("response_type") != "code":
            return "The scope must be api-v1 and the response type code."
        return None if self._acuity.state.accounts else "There is no account here yet."

    async def _token(self, request: Request) -> Response:
        asked = await _form(request)
        if not self._is_our_app(asked):
            return Complaint(401, "invalid_client", "The client is not known.").response()
        account, back = self._acuity.state.codes.get(asked.get("code", ""), (0, ""))
        is_fine = asked.get("grant_type") == "authorization_code" and asked.get("redirect_uri") == back
        if not account or not is_fine:
            return Complaint(400, "invalid_grant", "The code is unknown, used, or another address's.").response()
        del self._acuity.state.codes[asked["code"]]
        token = new_secret()
        self._acuity.state.tokens[token] = account
        return JSONResponse({"access_token": token, "token_type": "Bearer"})

    async def _disconnect(self, request: Request) -> Response:
        asked = await _form(request)
        if not self._is_our_app(asked):
            return Complaint(401, "invalid_client", "The client is not known.").response()
        if self._acuity.state.tokens.pop(asked.get("access_token", ""), None) is None:
            return Complaint(404, "not_found", "There is no such token.").response()
        return JSONResponse({})

    def _is_our_app(self, asked: dict[str, str]) -> bool:
        is_secret = signatures.same(asked.get("client_secret", ""), self._acuity.client_secret)
        return asked.get("client_id") == self._acuity.client_id and is_secret


def _cannot(problem: str) -> Response:
    return page(vendor="Acuity", title="This sign-in cannot go on", body=f"<p>{escape(problem)}</p>", status=400)


async def _form(request: Request) -> dict[str, str]:
    """The form that was sent; nothing of what is not form-encoded."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
