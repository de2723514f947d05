"""What a simulated Stripe remembers: accounts with their tables, keys, codes, answers to idempotency keys.

Objects are plain dictionaries in Stripe's wire format and are replaced, never changed, so that an answer once given
stays what it was.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bookingbridge.canonical.ports import Json

PREFIXES = {
    "customer": "cus_", "payment_intent": "pi_", "charge": "ch_", "refund": "re_", "dispute": "dp_", "payout": "po_",
    "balance_transaction": "txn_", "checkout.session": "cs_", "event": "evt_", "webhook_endpoint": "we_",
}  # fmt: skip


class Table:
    """Objects of one kind of one account. Lists may lag behind: they show what was there `lag` ago."""

    def __init__(self) -> None:
        self.rows: dict[str, Json] = {}
        self._before: dict[str, tuple[datetime, Json | None]] = {}
        self._newest_first: list[str] | None = None

    def put(self, row: Json, *, now: datetime, lag: timedelta = timedelta()) -> None:
        known = self.rows.get(row["id"])
        if lag:
            self._before[row["id"]] = (now, known)
        if known is None or known["created"] != row["created"]:
            self._newest_first = None
        self.rows[row["id"]] = row

    def drop(self, row_id: str) -> None:
        self.rows.pop(row_id, None)
        self._newest_first = None

    def listed(self, *, now: datetime, lag: timedelta) -> list[Json]:
        """The rows as lists show them now: newest first, of one second the one that came last."""
        if self._newest_first is None:
            order = {row_id: i for i, row_id in enumerate(self.rows)}
            self._newest_first = sorted(
                self.rows, key=lambda row_id: (self.rows[row_id]["created"], order[row_id]), reverse=True
            )
        hidden = {i: before for i, (at, before) in self._before.items() if lag and now - at < lag}
        shown = (hidden.get(row_id, self.rows[row_id]) for row_id in self._newest_first)
        return [row for row in shown if row is not None]


@dataclass(slots=True)
class Account:
    """A business that uses Stripe. `about` is the Account object; `left` says with which payout a line left.

    A line that left with a payout made by hand has None there: Stripe does not know which.
    """

    id: str
    about: Json
    tables: dict[str, Table] = field(default_factory=lambda: {name: Table() for name in PREFIXES})
    left: dict[str, str | None] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        return self.tables[name]

    @property
    def currency(self) -> str:
        return str(self.about["default_currency"])

    @property
    def name(self) -> str:
        return str(self.about["settings"]["dashboard"]["display_name"])

    def find(self, row_id: str) -> Json | None:
        """The object with that id, of whatever kind."""
        return next((t.rows[row_id] for t in self.tables.values() if row_id in t.rows), None)


@dataclass(frozen=True, slots=True)
class Key:
    """A key or token. `permissions` None: everything. A platform's own key has no account of its own here."""

    secret: str = field(repr=False)
    account_id: str | None
    permissions: frozenset[str] | None = None
    is_connected: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What an idempotency key was answered with, and to what."""

    asked: bytes
    status: int
    body: Json
    at: datetime


@dataclass(slots=True)
class State:
    """Everything, in memory."""

    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    codes: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)
    """Code to (account, scope, when)."""
    refreshes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Refresh token to (account, scope)."""
    answered: dict[tuple[str, str], Answered] = field(default_factory=dict)
    thin: list[tuple[str, str, str]] = field(default_factory=list)
    """(account, address, secret) of destinations that want thin events."""

    def holder(self, row_id: str) -> Account | None:
        """The account that has this object."""
        return next((a for a in self.accounts.values() if a.find(row_id) is not None), None)


def new_id(prefix: str, size: int = 12) -> str:
    """An id nobody had before."""
    return prefix + secrets.token_hex(size)
