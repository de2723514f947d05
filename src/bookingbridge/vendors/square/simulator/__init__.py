"""A stateful Square in its own wire format: for demos, for tests, and to play with. `create_app` makes one.

Beside /_sim of vendorkit.simulation it answers:

    POST /_sim/world    {"merchants": […], "locations": […], …}: see `world`
    POST /_sim/tokens   {"merchant_id": …, "scopes": […]}: tokens as consent would give them; {"is_personal": true} for
                        the application's own
    POST /_sim/revoke   {"merchant_id": …}: the merchant takes the access back in the Square Dashboard
    POST /_sim/payouts   {"merchant_id": …}: what was paid until today goes out; {"status": "PAID"} or "FAILED": what
                         was sent arrives, or does not
    GET  /book/{merchant_id}, /booked/{booking_id}, /pay/{booking_id}: pages for the merchant's clients
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_faults import Fault, FaultKind
from bookingbridge.vendorkit.simulation import Simulation, refusal_headers, refusal_status
from bookingbridge.vendors.square.permissions import SCOPES
from bookingbridge.vendors.square.simulator import bookings, business, customers, events, money, payouts, shop, world
from bookingbridge.vendors.square.simulator.answers import AUTH, Complaint, reply, stamp
from bookingbridge.vendors.square.simulator.signing_in import SigningIn
from bookingbridge.vendors.square.simulator.state import Merchant, State, Token

CLIENT_ID = "simulated-app"
CLIENT_SECRET = "simulated-secret"  # noqa: S105 - opens nothing but the simulator
STARTER_TOKEN = "EAAAsimulated"  # noqa: S105 - the same
"""The personal token of whichever merchant came first."""

APPLICATION_TOKEN = CLIENT_ID
"""The one application's own token, with which webhooks are registered."""


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """A simulated Square, with one small business in it.

    `config`: `client_id`, `client_secret` and `application_token` of the one application it knows (else CLIENT_ID,
    CLIENT_SECRET, APPLICATION_TOKEN). The small business is there until a world with merchants is loaded.
    """
    return SquareSimulation(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the simulator at `base_url` takes it."""
    return {"access_token": STARTER_TOKEN}


class SquareSimulation(Simulation):
    """See vendorkit.simulation."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.application_id = config.get("client_id") or CLIENT_ID
        self.application_secret = config.get("client_secret") or CLIENT_SECRET
        self.application_token = config.get("application_token") or APPLICATION_TOKEN
        self.deliveries.retry_headers = events.retry_headers
        self.state = State()
        world.load(self, world.STARTER)
        self._is_untouched = True

    def routes(self) -> Sequence[BaseRoute]:
        return [
            *SigningIn(self).routes(),
            *business.routes(self),
            *customers.routes(self),
            *bookings.routes(self),
            *money.routes(self),
            *payouts.routes(self),
            *events.routes(self),
            *shop.routes(self),
        ]

    def load(self, world_: Mapping[str, Any]) -> dict[str, int]:
        if self._is_untouched and world_.get("merchants"):
            self.clear()
        return world.load(self, world_)

    def clear(self) -> None:
        self.state = State()
        self._is_untouched = False

    def refusal(self, fault: Fault) -> Response:
        is_throttled = fault.kind is FaultKind.THROTTLED
        category, code = (
            ("RATE_LIMIT_ERROR", "RATE_LIMITED") if is_throttled else ("API_ERROR", "INTERNAL_SERVER_ERROR")
        )
        told = Complaint(refusal_status(fault), code, "Ordered by the test.", category=category)
        response = reply(told.body, told.status)
        response.headers.update(refusal_headers(fault))
        return response

    def token_of(self, request: Request) -> Token:
        """Who asks. A complaint for tokens that are unknown, expired or revoked."""
        kind, _, access = request.headers.get("authorization", "").partition(" ")
        token = self.state.tokens.get(access) or self._own_token(access)
        if kind != "Bearer" or token is None or token.merchant_id not in self.state.merchants:
            code = "ACCESS_TOKEN_REVOKED" if access in self.state.revoked else "UNAUTHORIZED"
            raise Complaint(401, code, "This request could not be authorized.", category=AUTH)
        if token.expires_at is not None and token.expires_at <= self.now():
            raise Complaint(401, "ACCESS_TOKEN_EXPIRED", "The access token has expired.", category=AUTH)
        return token

    def _own_token(self, access: str) -> Token | None:
        """The application's and the starter's, which are no merchant's sign-in: here they act for the first one."""
        first = next(iter(self.state.merchants), None)
        if first is None or access not in (STARTER_TOKEN, self.application_token):
            return None
        return Token(access, first, frozenset(s.name for s in SCOPES), None, is_personal=True)

    def revoke(self, merchant_id: str, *, by: str) -> None:
        """The application may not act for the merchant any more, and a webhook says so."""
        state = self.state
        gone = [t.access for t in state.tokens.values() if t.merchant_id == merchant_id and not t.is_personal]
        for access in gone:
            del state.tokens[access]
        state.revoked.update(gone)
        state.refreshes = {r: g for r, g in state.refreshes.items() if g.merchant_id != merchant_id}
        if merchant_id in state.merchants:
            revocation = {"revocation": {"revoked_at": stamp(self.now()), "revoker_type": by}}
            self.announce(
                state.merchants[merchant_id], "oauth.authorization.revoked", "revocation", merchant_id, revocation
            )

    def announce(
        self, merchant: Merchant, kind: str, subject: str, subject_id: str, held: Json, *,
        location_id: str | None = None, is_deleted: bool = False,
    ) -> None:  # fmt: skip
        """The event is kept for search and delivered to every subscription that wants it."""
        at = stamp(self.now())
        event = events.event_of(
            merchant, kind, subject, subject_id, held, at=at, location_id=location_id, is_deleted=is_deleted
        )
        self.state.events.append(event)
        for subscription in self.state.subscriptions.values():
            if subscription["enabled"] and kind in subscription["event_types"]:
                self.deliveries.send(events.outgoing(subscription, event, at=at))


__all__ = ["APPLICATION_TOKEN", "CLIENT_ID", "CLIENT_SECRET", "SquareSimulation", "create_app", "starter_fields"]
