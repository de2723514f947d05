"""Acts of a simulated Stripe's own: what clients, banks and the owner do there, for tests and demonstrations.

POST /_sim/keys      {"account", "permissions": ["rak_charge_read", …] or null, "key"}: a restricted key
POST /_sim/connect   {"account", "scope"}: tokens as consent would give them
POST /_sim/revoke    {"account"} or {"key"}: the owner takes the access back
POST /_sim/payments  {"account", "amount", "customer", "email", "outcome", …}: see `world`; {"capture": charge,
                     "amount"} and {"let_go": charge} for one that was held
POST /_sim/refunds   {"charge", "amount"}; {"fail": refund}
POST /_sim/disputes  {"charge", "amount", "reason"}; {"decide": dispute, "status": "won" or "lost"}
POST /_sim/payouts   {"account", "automatic"}: all that is available; {"settle": payout, "status": "paid" or
                     "failed"}
POST /_sim/thin      {"account", "url", "secret"}: a destination that wants thin events
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.stripe.simulator.answers import Complaint
from bookingbridge.vendors.stripe.simulator.ledger import Ledger
from bookingbridge.vendors.stripe.simulator.state import Account, Key, new_id
from bookingbridge.vendors.stripe.simulator.world import account_of

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation


class Control:
    """See the module."""

    def __init__(self, stripe: StripeSimulation) -> None:
        self._stripe = stripe

    def routes(self) -> list[BaseRoute]:
        acts: dict[str, Callable[[Json], Json]] = {
            "keys": self._key, "connect": self._connect, "revoke": self._revoke, "payments": self._payment,
            "refunds": self._refund, "disputes": self._dispute, "payouts": self._payout, "thin": self._thin,
        }  # fmt: skip
        return [Route(f"/_sim/{name}", _ordered(act), methods=["POST"]) for name, act in acts.items()]

    def _key(self, order: Json) -> Json:
        account = account_of(self._stripe, order.get("account"))
        allowed = order.get("permissions")
        permissions = frozenset(map(str, allowed)) if isinstance(allowed, list) else None
        key = Key(str(order.get("key") or new_id("rk_test_")), account.id, permissions)
        self._stripe.state.keys[key.secret] = key
        return {"key": key.secret, "account": account.id}

    def _connect(self, order: Json) -> Json:
        account = account_of(self._stripe, order.get("account"))
        return self._stripe.connect(account.id, str(order.get("scope") or "read_write"))

    def _revoke(self, order: Json) -> Json:
        if order.get("key"):
            self._stripe.state.keys.pop(str(order["key"]), None)
        else:
            self._stripe.disconnect(account_of(self._stripe, order.get("account")).id)
        return {}

    def _payment(self, order: Json) -> Json:
        for name in ("capture", "let_go"):
            if order.get(name):
                account, charge = self._thing(order[name])
                ledger = self._ledger(account)
                return ledger.capture(charge, order.get("amount")) if name == "capture" else ledger.let_go(charge)
        account = account_of(self._stripe, order.get("account"))
        more = {name: value for name, value in order.items() if name != "account"}
        return self._ledger(account).pay(**more)

    def _refund(self, order: Json) -> Json:
        account, thing = self._thing(order.get("fail") or order["charge"])
        if order.get("fail"):
            return self._ledger(account).fail_refund(thing)
        return self._ledger(account).refund(thing, order.get("amount"))

    def _dispute(self, order: Json) -> Json:
        account, thing = self._thing(order.get("decide") or order["charge"])
        if order.get("decide"):
            return self._ledger(account).decide(thing, str(order["status"]))
        return self._ledger(account).dispute(thing, order.get("amount"), reason=order.get("reason") or "fraudulent")

    def _payout(self, order: Json) -> Json:
        if order.get("settle"):
            account, thing = self._thing(order["settle"])
            return self._ledger(account).settle(thing, str(order["status"]))
        account = account_of(self._stripe, order.get("account"))
        return self._ledger(account).pay_out(automatic=order.get("automatic", True) is not False)

    def _thin(self, order: Json) -> Json:
        account = account_of(self._stripe, order.get("account"))
        secret = str(order.get("secret") or new_id("whsec_", 16))
        self._stripe.state.thin.append((account.id, str(order["url"]), secret))
        return {"secret": secret}

    def _thing(self, row_id: Any) -> tuple[Account, Json]:
        account = self._stripe.state.holder(str(row_id))
        found = account.find(str(row_id)) if account else None
        if account is None or found is None:
            raise Unreadable(f"there is no {row_id!r}")
        return account, found

    def _ledger(self, account: Account) -> Ledger:
        return Ledger(self._stripe, account, int(self._stripe.now().timestamp()))


def _ordered(act: Callable[[Json], Json]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            order = msgspec.json.decode(await request.body() or b"{}")
            return JSONResponse(act(order))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as broken:
            raise Unreadable(f"not an order: {type(broken).__name__} {broken}") from broken
        except Complaint as complaint:
            raise Unreadable(complaint.body["error"]["message"]) from complaint

    return answer
