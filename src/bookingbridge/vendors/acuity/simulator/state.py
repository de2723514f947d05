"""What a simulated Acuity remembers: accounts with their tables, tokens and codes. Times are instants in here."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from bookingbridge.canonical.ports import Json


@dataclass(slots=True)
class Appointment:
    """One appointment. `payments` are in Acuity's wire format; `by_hand` was paid without a transaction."""

    id: int
    starts_at: datetime
    minutes: int
    type_id: int
    calendar_id: int
    person: Json
    price: str
    created_at: datetime
    is_cancelled: bool = False
    is_no_show: bool = False
    notes: str = ""
    forms: list[Json] = field(default_factory=list)
    payments: list[Json] = field(default_factory=list)
    by_hand: str = "0.00"


@dataclass(slots=True)
class Account:
    """A business that uses Acuity. `key` is its user's API key, `admin_key` the one of its main admin."""

    id: int
    name: str
    zone: ZoneInfo
    key: str = field(repr=False)
    admin_key: str = field(repr=False)
    currency: str | None = None
    calendars: dict[int, Json] = field(default_factory=dict)
    types: dict[int, Json] = field(default_factory=dict)
    clients: list[Json] = field(default_factory=list)
    appointments: dict[int, Appointment] = field(default_factory=dict)
    blocks: dict[int, Json] = field(default_factory=dict)
    webhooks: dict[int, Json] = field(default_factory=dict)
    by_hand: dict[str, str] = field(default_factory=dict)
    """Webhooks entered by hand: action to address."""
    has_long_names: bool = False
    """Whether registered webhooks say "appointment.changed" rather than "changed"."""


@dataclass(slots=True)
class State:
    """Everything, in memory."""

    accounts: dict[int, Account] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    codes: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Code to (account, redirect URL)."""
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(900_001))


def new_secret() -> str:
    return secrets.token_hex(16)
