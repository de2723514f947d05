"""What a simulated Square remembers: merchants with their tables, tokens, subscriptions, events, answers to keys.

Objects are plain dictionaries in Square's wire format and are replaced, never changed, so that an answer once given
stays what it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bookingbridge.canonical.ports import Json

TABLES = ("location", "team_member", "item", "customer", "booking", "payment", "refund", "payout")


class Table:
    """Objects of one kind of one merchant. Lists may lag behind: they show what was there `lag` ago."""

    def __init__(self) -> None:
        self.rows: dict[str, Json] = {}
        self._before: dict[str, tuple[datetime, Json | None]] = {}

    def put(self, row: Json, *, now: datetime, lag: timedelta = timedelta()) -> None:
        if lag:
            self._before[row["id"]] = (now, self.rows.get(row["id"]))
        self.rows[row["id"]] = row

    def drop(self, row_id: str, *, now: datetime, lag: timedelta = timedelta()) -> None:
        gone = self.rows.pop(row_id)
        if lag:
            self._before[row_id] = (now, gone)

    def listed(self, *, now: datetime, lag: timedelta) -> Iterable[Json]:
        """The rows as lists and searches show them now."""
        if not lag or not self._before:
            return self.rows.values()
        shown = dict(self.rows)
        for row_id, (written, before) in self._before.items():
            if now - written >= lag:
                continue
            if before is None:
                shown.pop(row_id, None)
            else:
                shown[row_id] = before
        return shown.values()


@dataclass(slots=True)
class Merchant:
    """A business that uses Square. `about` is the Merchant object."""

    id: str
    about: Json
    tables: dict[str, Table] = field(default_factory=lambda: {name: Table() for name in TABLES})
    variations: dict[str, str] = field(default_factory=dict)
    """Which item each service variation belongs to."""
    catalog_history: dict[str, list[Json]] = field(default_factory=dict)
    """Every version of every variation, oldest first."""
    payout_entries: dict[str, list[Json]] = field(default_factory=dict)
    """What is in each payout."""
    has_plan: bool = True
    """Appointments Plus or Premium, without which the seller's permissions change no booking."""
    made_by: dict[str, str] = field(default_factory=dict)
    """Which application made a booking; buyer-level permissions see only those."""

    def table(self, name: str) -> Table:
        return self.tables[name]

    @property
    def currency(self) -> str:
        return str(self.about["currency"])

    @property
    def main_location(self) -> str:
        return str(self.about["main_location_id"])

    def variation(self, variation_id: str) -> Json | None:
        """The service variation as it is now, also when deleted."""
        known = self.catalog_history.get(variation_id)
        return known[-1] if known else None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `expires_at` None: the personal token of an application's own account."""

    access: str = field(repr=False)
    merchant_id: str
    scopes: frozenset[str]
    expires_at: datetime | None
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a merchant allowed, behind a code or a refresh token."""

    merchant_id: str
    scopes: frozenset[str]
    issued_at: datetime
    redirect_uri: str
    challenge: str | None


@dataclass(slots=True)
class State:
    """Everything, in memory."""

    merchants: dict[str, Merchant] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    codes: dict[str, Grant] = field(default_factory=dict)
    refreshes: dict[str, Grant] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    answered: dict[tuple[str, str, str], tuple[bytes, Json]] = field(default_factory=dict)
    """(merchant, path, idempotency key): the request's body and what was answered."""

    def holder(self, table: str, row_id: str) -> Merchant | None:
        """The merchant who has this object."""
        return next((m for m in self.merchants.values() if row_id in m.table(table).rows), None)


def new_id(prefix: str = "", size: int = 10) -> str:
    """An id nobody had before, in Square's alphabet."""
    return prefix + secrets.token_hex(size).upper()
