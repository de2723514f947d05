"""What the owner may decide about a Booksy connection, and what holds where nothing was decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Given, Setting

_DOMAIN = re.compile(r"(?:[a-z0-9._+-]+@)?[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_HISTORY_DAYS = 400

# The pattern is documented, of the countries only us and pl were seen answering (capture of July 2026).
COUNTRIES = (
    ("us", "United States"), ("pl", "Poland"), ("gb", "United Kingdom"), ("ie", "Ireland"), ("ca", "Canada"),
    ("es", "Spain"), ("fr", "France"), ("pt", "Portugal"), ("br", "Brazil"), ("za", "South Africa"),
)  # fmt: skip

SETTINGS = (
    Setting(
        "time_zone",
        "Time zone",
        "The shop's, such as America/New_York. Empty: the business's own. Mails name none.",
        "",
    ),
    Setting("currency", "Currency", 'What "$" means in the mails and prices, as three letters.', "USD"),
    Setting("folder", "Mail folder", "Where Booksy's mails lie. A filter may move them to one of their own.", "INBOX"),
    Setting("senders", "Senders", "Domains or addresses Booksy writes from, separated by commas.", "booksy.com"),
    Setting("history_days", "History", "How many days of mails or appointments the first import reads.", "400"),
    Setting("country", "Country", "Where the shop is registered. For the partner API only.", "us", COUNTRIES),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What was decided. `zone` is "" where nobody named one; `senders` are lower-case domains or addresses."""

    zone: str
    currency: str
    folder: str
    senders: tuple[str, ...]
    history: timedelta
    country: str


def of(given: Given) -> Options:
    """The options of a connection."""
    return from_settings(given.settings, given.time_zone)


def from_settings(settings: Mapping[str, str], time_zone: str | None) -> Options:
    """What holds: what was set and is usable, else the default."""

    def said(name: str) -> str:
        default = next(s.default for s in SETTINGS if s.name == name)
        return settings.get(name, "").strip() or default

    days = said("history_days")
    currency = said("currency").upper()
    senders = tuple(d for raw in said("senders").lower().split(",") if _DOMAIN.fullmatch(d := raw.strip().lstrip("@")))
    country = said("country").lower()
    return Options(
        zone=_zone(said("time_zone")) or _zone(time_zone or ""),
        currency=currency if re.fullmatch("[A-Z]{3}", currency) else "USD",
        folder=said("folder")[:200],
        senders=senders[:5] or ("booksy.com",),
        history=timedelta(days=min(3650, int(days)) if days.isdigit() and len(days) < 6 else _HISTORY_DAYS),
        country=country if country in dict(COUNTRIES) else "us",
    )


def _zone(name: str) -> str:
    try:
        return times.zone(name).key if name else ""
    except Unreadable:
        return ""
