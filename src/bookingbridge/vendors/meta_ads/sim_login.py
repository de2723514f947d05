"""Signing in at the simulated Meta: the dialog a person answers, codes, and tokens short and long lived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from html import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bookingbridge.vendorkit.oauth import with_query
from bookingbridge.vendorkit.signatures import same
from bookingbridge.vendorkit.simulated_pages import hidden, page
from bookingbridge.vendors.meta_ads.sim_graph import Params, params_of
from bookingbridge.vendors.meta_ads.sim_world import LONG_LIVED, SHORT_LIVED, Grant, Refusal, World

_MEANING = {
    "ads_read": "Access your Facebook ads and related stats",
    "ads_management": "Manage ads for ad accounts that you have access to",
    "business_management": "Manage your business",
    "public_profile": "Your name and profile picture",
}


class Login:
    """The dialog and the token endpoint of one simulated app."""

    def __init__(self, app_id: str, app_secret: str, world: Callable[[], World], now: Callable[[], datetime]) -> None:
        self._app_id, self._app_secret = app_id, app_secret
        self._world, self._now = world, now

    async def dialog(self, request: Request) -> Response:
        """GET shows what is asked for; POST is the person's answer, and sends her back with a code or an error."""
        params = await params_of(request)
        if problem := self._problem(params):
            return page(
                vendor="Meta", title="Sorry, something went wrong", body=f"<p>{escape(problem)}</p>", status=400
            )
        asked = _asked(params)
        if request.method == "GET":
            return self._question(params, asked)
        if params.get("answer") != "allow":
            denial = {
                "error": "access_denied", "error_code": "200", "error_description": "Permissions error",
                "error_reason": "user_denied", "state": params.get("state"),
            }  # fmt: skip
            return RedirectResponse(with_query(params["redirect_uri"], denial), status_code=302)
        allowed = {name for name in asked if params.get(f"allow_{name}")} | {"public_profile"}
        code = self._world().code(allowed, params["redirect_uri"], now=self._now())
        back = with_query(params["redirect_uri"], {"code": code, "state": params.get("state")})
        return RedirectResponse(f"{back}#_=_", status_code=302)

    async def token(self, request: Request) -> Response:
        """A token for a code, or a long-lived one for a valid one."""
        params = await params_of(request)
        if params.get("client_id") != self._app_id:
            message = "Error validating application. Cannot get application info due to a system error."
            raise Refusal(101, message)
        if not same(params.get("client_secret", ""), self._app_secret):
            raise Refusal(1, "Error validating client secret.")
        if params.get("grant_type") == "fb_exchange_token":
            return self._exchanged(params)
        grant = self._redeemed(params)
        token = self._world().token(grant.permissions, self._now() + SHORT_LIVED)
        return _granted(token, int(SHORT_LIVED.total_seconds()))

    def _exchanged(self, params: Params) -> Response:
        grant = self._world().tokens.get(params.get("fb_exchange_token", ""))
        if grant is None:
            raise Refusal(190, "Invalid OAuth access token - Cannot parse access token", status=400)
        if grant.expires_at is None:
            return JSONResponse({"access_token": params["fb_exchange_token"], "token_type": "bearer"})
        if self._now() >= grant.expires_at:
            raise Refusal(190, "Error validating access token: Session has expired.", subcode=463)
        token = self._world().token(set(grant.permissions), self._now() + LONG_LIVED)
        return _granted(token, int(LONG_LIVED.total_seconds()))

    def _redeemed(self, params: Params) -> Grant:
        grant = self._world().codes.get(params.get("code", ""))
        if grant is None:
            raise Refusal(100, "Invalid verification code format.")
        if grant.is_used:
            raise Refusal(100, "This authorization code has been used.", subcode=36009)
        if grant.expires_at is not None and self._now() >= grant.expires_at:
            raise Refusal(100, "This authorization code has expired.", subcode=36007)
        if params.get("redirect_uri") != grant.redirect_uri:
            message = "Error validating verification code. Please make sure your redirect_uri is identical to the one"
            raise Refusal(100, f"{message} you used in the OAuth dialog request", subcode=36008)
        grant.is_used = True
        return grant

    def _problem(self, params: Params) -> str:
        if params.get("client_id") != self._app_id:
            return "Invalid App ID: The provided app ID does not look like a valid app ID."
        if not params.get("redirect_uri", "").startswith(("http://", "https://")):
            return "The redirect_uri URL must be absolute."
        return "" if params.get("response_type", "code") == "code" else "Only the code flow is simulated."

    def _question(self, params: Params, asked: list[str]) -> Response:
        world = self._world()
        accounts = "".join(f"<li>{escape(a.name or a.id)} <small>act_{escape(a.id)}</small></li>" for a in
                           world.accounts.values())  # fmt: skip
        choices = "".join(
            f'<label><input type="checkbox" name="allow_{escape(name)}" value="1" checked style="width:auto"> '
            f"{escape(_MEANING.get(name, name))} <small>({escape(name)})</small></label>"
            for name in asked
        )
        kept = {name: params.get(name, "") for name in ("client_id", "redirect_uri", "state", "scope", "config_id")}
        body = (
            f"<p>Signed in as <strong>{escape(world.person.name)}</strong>. BookingBridge would like to:</p>"
            f'<form method="post">{hidden(**kept)}{choices}'
            f"<p class=soft>It will reach these ad accounts:</p><ul>{accounts}</ul>"
            '<div class="acts"><button class="main" name="answer" value="allow">Continue</button>'
            '<button name="answer" value="deny">Cancel</button></div></form>'
        )
        return page(vendor="Meta", title="Log in with Facebook", body=body)


def _asked(params: Params) -> list[str]:
    """The permissions asked for; a login configuration stands for ads_read."""
    if params.get("config_id"):
        return ["ads_read"]
    return [name for name in params.get("scope", "").replace(" ", ",").split(",") if name]


def _granted(token: str, seconds: int) -> Response:
    return JSONResponse({"access_token": token, "token_type": "bearer", "expires_in": seconds})
