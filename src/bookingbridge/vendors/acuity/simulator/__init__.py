"""A stateful Acuity in its own wire format: for demos, for tests, and to play with. `create_app` makes one.

Beside /_sim of vendorkit.simulation it answers:

    POST /_sim/world   {"accounts": […], "calendars": […], …}: see `world`
    POST /_sim/tokens  {"account": …}: the account's API key, and a token as consent would give it
    POST /_sim/revoke  {"account": …}: the owner takes all access back: tokens, and the API key for another
    POST /_sim/limits  {"per_second": 10, "at_once": 20}: what callers are held to, in real time; 0 is no limit
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.simulated_deliveries import Outgoing
from bookingbridge.vendorkit.simulated_faults import Fault, FaultKind
from bookingbridge.vendorkit.simulation import CONTROL, Simulation, refusal_headers, refusal_status
from bookingbridge.vendors.acuity.api import USER_ID
from bookingbridge.vendors.acuity.simulator import appointments, shop_data, world
from bookingbridge.vendors.acuity.simulator.answers import TOO_FAST, Complaint, Limits
from bookingbridge.vendors.acuity.simulator.signing_in import SigningIn
from bookingbridge.vendors.acuity.simulator.state import Account, Appointment, State, new_secret
from bookingbridge.vendors.acuity.webhooks import SIGNATURE

CLIENT_ID, CLIENT_SECRET = "simulated-app", "simulated-secret"


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """A simulated Acuity, with one small business in it.

    `config`: `client_id` and `client_secret` of the one application it knows (else CLIENT_ID, CLIENT_SECRET). The
    small business is there until a world with accounts is loaded.
    """
    return AcuitySimulation(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the simulator at `base_url` takes it."""
    account = world.STARTER["accounts"][0]
    return {"api_key": account["api_key"], USER_ID: str(account["id"])}


class AcuitySimulation(Simulation):
    """See vendorkit.simulation."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.client_id = config.get("client_id") or CLIENT_ID
        self.client_secret = config.get("client_secret") or CLIENT_SECRET
        self.limits = Limits()
        self.state = State()
        world.load(self, world.STARTER)
        self._is_untouched = True

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route(f"{CONTROL}/tokens", self._give_access, methods=["POST"]),
            Route(f"{CONTROL}/revoke", self._take_access, methods=["POST"]),
            Route(f"{CONTROL}/limits", self._limit, methods=["POST"]),
            *SigningIn(self).routes(),
            *appointments.routes(self),
            *shop_data.routes(self),
        ]

    def load(self, world_: Mapping[str, Any]) -> dict[str, int]:
        if self._is_untouched and world_.get("accounts"):
            self.clear()
        return world.load(self, world_)

    def clear(self) -> None:
        self.state = State()
        self._is_untouched = False

    def refusal(self, fault: Fault) -> Response:
        is_throttled = fault.kind is FaultKind.THROTTLED
        complaint = TOO_FAST if is_throttled else Complaint(500, "internal_server_error", "Ordered by the test.")
        response = complaint.response()
        response.status_code = refusal_status(fault)
        response.headers.update(refusal_headers(fault))
        return response

    def announce(self, account: Account, action: str | None, about: Appointment) -> None:
        """Webhooks say that the appointment changed: the special event, if there is one, and "changed" beside it."""
        for happened in filter(None, (action, "changed")):
            if target := account.by_hand.get(happened):
                self._post(target, happened, about, account.admin_key)
            for hook in account.webhooks.values():
                if hook["event"] == f"appointment.{happened}" and hook["status"] == "active":
                    said = hook["event"] if account.has_long_names else happened
                    self._post(hook["target"], said, about, account.key)

    def _post(self, target: str, action: str, about: Appointment, key: str) -> None:
        body = urlencode(
            {"action": action, "id": about.id, "calendarID": about.calendar_id, "appointmentTypeID": about.type_id}
        ).encode()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            SIGNATURE: signatures.sign_base64(key, body),
        }
        self.deliveries.send(Outgoing(f"{action}:{about.id}", target, body, headers))

    async def _give_access(self, request: Request) -> Response:
        account = await self._account(request)
        token = new_secret()
        self.state.tokens[token] = account.id
        return JSONResponse({"user_id": str(account.id), "api_key": account.key, "access_token": token})

    async def _take_access(self, request: Request) -> Response:
        account = await self._account(request)
        self.state.tokens = {t: a for t, a in self.state.tokens.items() if a != account.id}
        account.key = account.admin_key = new_secret()
        return JSONResponse({})

    async def _limit(self, request: Request) -> Response:
        body: Json = msgspec.json.decode(await request.body())
        self.limits = Limits(int(body.get("per_second", 10)), int(body.get("at_once", 20)))
        return JSONResponse({"per_second": self.limits.per_second, "at_once": self.limits.at_once})

    async def _account(self, request: Request) -> Account:
        body: Json = msgspec.json.decode(await request.body() or b"{}")
        accounts = self.state.accounts
        return accounts[int(body["account"])] if "account" in body else next(iter(accounts.values()))


__all__ = ["CLIENT_ID", "CLIENT_SECRET", "AcuitySimulation", "create_app", "starter_fields"]
