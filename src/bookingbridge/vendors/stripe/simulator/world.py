"""Filling a simulated Stripe in one request: plain lists, times as history had them, no events unless wanted.

    {"accounts":  [{"id", "name", "currency": "usd", "timezone", "country": "US", "created"}],
     "customers": [{"id", "account", "name", "email", "phone", "created"}],
     "payments":  [{"id": the charge's, "account", "amount", "created", "currency", "customer", "name", "email",
                    "phone", "description", "metadata": {…}, "tip", "method": "card",
                    "outcome": succeeded | failed | pending | requires_capture}],
     "refunds":   [{"id", "charge", "amount", "created", "status": "succeeded"}],
     "disputes":  [{"id", "charge", "amount", "created", "reason", "status": "needs_response"}],
     "payouts":   [{"id", "account", "created", "automatic": true, "status": "paid"}],
     "is_announced": false}

Amounts are Stripe's (smallest units), times RFC 3339 or seconds. `account` may be left out while there is one. Things
happen in the order of the lists, payouts in the order of their times, each taking with it what was available by then.
What has an id that is there already is left as it is, so a world may be loaded in pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.stripe.simulator import things
from bookingbridge.vendors.stripe.simulator.answers import Complaint
from bookingbridge.vendors.stripe.simulator.ledger import Ledger
from bookingbridge.vendors.stripe.simulator.state import Account

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation

STARTER: Json = {
    "accounts": [{"id": "acct_harbourlane", "name": "Harbour Lane Hair", "timezone": "America/Los_Angeles"}]
}


def load(stripe: StripeSimulation, given: Mapping[str, Any]) -> dict[str, int]:
    """The state also holds `given`; how many of each came. Unreadable when it cannot be understood."""
    loader = _Loader(stripe, is_told=bool(given.get("is_announced")))
    counts: dict[str, int] = {}
    name = ""
    try:
        for name, take in loader.takers.items():
            rows = given.get(name) or []
            for row in sorted(rows, key=lambda row: seconds(row["created"])) if name == "payouts" else rows:
                take(row)
            if rows:
                counts[name] = len(rows)
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise Unreadable(f"not a world: {type(broken).__name__} {broken}", where=name) from broken
    except Complaint as broken:
        raise Unreadable(broken.body["error"]["message"], where=name) from broken
    return counts


def seconds(given: str | int) -> int:
    """A time as Stripe writes it, from that or from RFC 3339."""
    return given if isinstance(given, int) else int(times.rfc3339(given).timestamp())


def account_of(stripe: StripeSimulation, wanted: str | None) -> Account:
    """The account of that id; where there is one only, that."""
    accounts = stripe.state.accounts
    if wanted is None and len(accounts) == 1:
        return next(iter(accounts.values()))
    if wanted not in accounts:
        raise Unreadable(f"no account {wanted!r}")
    return accounts[wanted]


class _Loader:
    def __init__(self, stripe: StripeSimulation, *, is_told: bool) -> None:
        self._stripe = stripe
        self._is_told = is_told
        self.takers = {
            "accounts": self._account,
            "customers": self._customer,
            "payments": self._payment,
            "refunds": self._refund,
            "disputes": self._dispute,
            "payouts": self._payout,
        }

    def _account(self, row: Json) -> None:
        created = seconds(row["created"]) if row.get("created") else int(self._stripe.now().timestamp())
        about = things.account(
            row["id"], row["name"], currency=row.get("currency", "usd"), zone=row.get("timezone", "Etc/UTC"),
            country=row.get("country", "US"), created=created,
        )  # fmt: skip
        if row["id"] not in self._stripe.state.accounts:
            self._stripe.state.accounts[row["id"]] = Account(row["id"], about)

    def _customer(self, row: Json) -> None:
        account = account_of(self._stripe, row.get("account"))
        if account.find(row["id"]) is None:
            texts = {name: row.get(name) for name in ("name", "email", "phone", "description", "metadata")}
            made = things.customer(row["id"], created=seconds(row["created"]), **texts)
            self._ledger(account, row).keep(made, "customer.created")

    def _payment(self, row: Json) -> None:
        account = account_of(self._stripe, row.get("account"))
        more = {name: value for name, value in row.items() if name not in ("account", "created")}
        if account.find(row["id"]) is None:
            self._ledger(account, row).pay(**more)

    def _refund(self, row: Json) -> None:
        account, charge = self._paid(row)
        if account.find(row["id"]) is None:
            self._ledger(account, row).refund(
                charge, row.get("amount"), status=row.get("status", "succeeded"), id=row["id"]
            )

    def _dispute(self, row: Json) -> None:
        account, charge = self._paid(row)
        if account.find(row["id"]) is None:
            reason = row.get("reason", "fraudulent")
            self._ledger(account, row).dispute(
                charge, row.get("amount"), reason=reason, id=row["id"], status=row.get("status")
            )

    def _payout(self, row: Json) -> None:
        account = account_of(self._stripe, row.get("account"))
        if account.find(row["id"]) is None:
            automatic = row.get("automatic", True)
            self._ledger(account, row).pay_out(
                automatic=automatic, status=row.get("status", "paid"), payout_id=row["id"]
            )

    def _paid(self, row: Json) -> tuple[Account, Json]:
        account = self._stripe.state.holder(row["charge"])
        if account is None:
            raise Unreadable(f"no charge {row['charge']!r}")
        return account, account.table("charge").rows[row["charge"]]

    def _ledger(self, account: Account, row: Json) -> Ledger:
        return Ledger(self._stripe, account, seconds(row["created"]), is_told=self._is_told)
