"""A stateful Stripe in its own wire format: for demos, for tests, and to play with. `create_app` makes one.

Beside /_sim of vendorkit.simulation it answers what `control` lists, takes worlds of the shape in `world`, and shows
payment pages at /c/pay/{session}. The key of the small business that is there at the start is STARTER_KEY.
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
from bookingbridge.vendors.stripe.permissions import ACCOUNT, READS
from bookingbridge.vendors.stripe.simulator import hooks, objects, sessions, world
from bookingbridge.vendors.stripe.simulator.answers import Complaint, reply, secret_of
from bookingbridge.vendors.stripe.simulator.control import Control
from bookingbridge.vendors.stripe.simulator.signing_in import SigningIn, token_of
from bookingbridge.vendors.stripe.simulator.state import Account, Key, State

CLIENT_ID = "simulated-app"
PLATFORM_SECRET = "simulated-secret"  # noqa: S105 - opens nothing but the simulator
STARTER_KEY = "rk_test_simulated"


def create_app(*, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> Starlette:
    """A simulated Stripe, with one small business in it.

    `config`: `client_id` and `client_secret` of the one platform it knows (else CLIENT_ID, PLATFORM_SECRET). The small
    business is there until a world with accounts is loaded.
    """
    return StripeSimulation(now=now, base_url=base_url, config=config).app()


def starter_fields(base_url: str) -> Mapping[str, str]:
    """What to paste so that the simulator at `base_url` takes it."""
    return {"restricted_key": STARTER_KEY}


class StripeSimulation(Simulation):
    """See vendorkit.simulation."""

    def __init__(self, *, now: Callable[[], datetime], base_url: str, config: Mapping[str, str]) -> None:
        super().__init__(now=now, base_url=base_url, config=config)
        self.client_id = config.get("client_id") or CLIENT_ID
        self.platform_secret = config.get("client_secret") or PLATFORM_SECRET
        self.clear()
        world.load(self, world.STARTER)
        self.state.keys[STARTER_KEY] = Key(STARTER_KEY, next(iter(self.state.accounts)))
        self._is_untouched = True

    def routes(self) -> Sequence[BaseRoute]:
        return [
            *SigningIn(self).routes(),
            *sessions.routes(self),
            *hooks.routes(self),
            *objects.routes(self),
            *Control(self).routes(),
        ]

    def load(self, world_: Mapping[str, Any]) -> dict[str, int]:
        if self._is_untouched and world_.get("accounts"):
            self.clear()
        return world.load(self, world_)

    def clear(self) -> None:
        self.state = State()
        self.secrets: dict[str, str] = {}
        """Endpoint to its signing secret: shown when it is made, and never again."""
        self.carried: dict[str, Json] = {}
        """Session to what its payment will be made with."""
        self.deleted: set[str] = set()
        self._is_untouched = False

    def refusal(self, fault: Fault) -> Response:
        is_throttled = fault.kind is FaultKind.THROTTLED
        code, kind = ("lock_timeout", "invalid_request_error") if is_throttled else ("", "api_error")
        told = Complaint(refusal_status(fault), code, "Ordered by the test.", kind=kind)
        response = reply(told.body, told.status)
        response.headers.update(refusal_headers(fault))
        return response

    def signed_in(self, request: Request) -> tuple[Key, Account]:
        """Who asks, and about which account. A complaint for keys that are unknown or may not speak for it."""
        secret, named = secret_of(request), request.headers.get("stripe-account")
        if secret == self.platform_secret and named:
            is_connected = any(k.is_connected and k.account_id == named for k in self.state.keys.values())
            if not is_connected or named not in self.state.accounts:
                raise _no_access(named)
            return Key(secret, named), self.state.accounts[named]
        key = self.state.keys.get(secret)
        account = self.state.accounts.get(key.account_id or "") if key else None
        if key is None or account is None:
            raise Complaint(401, "", f"Invalid API Key provided: {secret[:8]}****")
        if named and named != account.id:
            raise _no_access(named)
        return key, account

    def connect(self, account_id: str, scope: str) -> Json:
        """The platform may act for the account; Stripe's answer that says so."""
        reads = frozenset(code for _, code, _, _ in READS) | {ACCOUNT[1]}
        key, answer = token_of(account_id, scope, reads)
        self.state.keys[key.secret] = key
        self.state.refreshes[answer["refresh_token"]] = (account_id, scope)
        return answer

    def disconnect(self, account_id: str) -> bool:
        """The platform may not act for the account any more; whether it could before."""
        gone = [k.secret for k in self.state.keys.values() if k.is_connected and k.account_id == account_id]
        for secret in gone:
            del self.state.keys[secret]
        self.state.refreshes = {r: g for r, g in self.state.refreshes.items() if g[0] != account_id}
        return bool(gone)

    def announce(self, account: Account, kind: str, held: Json, *, at: int) -> None:
        """The event is kept for 30 days' asking and delivered to every endpoint that wants it."""
        event = hooks.event_of(kind, held, at=at)
        account.table("event").put(event, now=self.now(), lag=self.lag)
        hooks.deliver(self, account, event)


def _no_access(account_id: str) -> Complaint:
    return Complaint(
        403, "account_invalid", f"The provided key does not have access to account '{account_id[:60]}' (or that "
        "account does not exist). Application access may have been revoked.",
    )  # fmt: skip


__all__ = ["CLIENT_ID", "PLATFORM_SECRET", "STARTER_KEY", "StripeSimulation", "create_app", "starter_fields"]
