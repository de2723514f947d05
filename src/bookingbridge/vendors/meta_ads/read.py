"""Meta's objects as our records. Pure and total: a record, or Unreadable."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import MICROS_PER_UNIT
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import AdDay, Campaign, Record
from bookingbridge.vendors.meta_ads import wire

CHANNEL = "meta_ads"
"""The same word that touches from Meta's ads get, so that a click finds its campaign."""

MAX_MICROS = 10**17
"""No campaign spends a hundred billion units a day; sums of a quarter still fit 64 bits."""
MAX_COUNT = 10**12

_Shape = TypeVar("_Shape", wire.ReadCampaign, wire.ReadDay)

_AMOUNT = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,18}))?", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ID = re.compile(r"[0-9]{1,40}", re.ASCII)

# Campaign.effective_status, Marketing API v26.0. Anything newer is shown as Meta writes it.
_STATUS = {
    "ACTIVE": "active",
    "IN_PROCESS": "active",
    "WITH_ISSUES": "active",
    "PAUSED": "paused",
    "ARCHIVED": "ended",
    "DELETED": "ended",
}


def read(kind: str, payload: Json) -> list[Record]:
    """The records a raw object holds. Unreadable when it cannot be understood."""
    if kind == "campaign":
        return [_campaign(_converted(payload, wire.ReadCampaign))]
    if kind == "ad_day":
        return [_ad_day(_converted(payload, wire.ReadDay))]
    raise Unreadable(f"Meta sends no {kind[:40]!r}", where="kind")


def micros(text: str) -> int:
    """Millionths of a unit, exact. Unreadable for anything but a plain decimal with at most six digits that count."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise Unreadable(f"{text[:40]!r} is not an amount", where="spend")
    exact = Decimal(f"{found[2]}.{found[3] or '0'}") * MICROS_PER_UNIT
    if exact != exact.to_integral_value() or exact > MAX_MICROS:
        raise Unreadable(f"{text[:40]!r} cannot be counted in millionths", where="spend")
    return -int(exact) if found[1] else int(exact)


def _converted(payload: Json, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(payload, shape, strict=True)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable("Meta sent another shape than it documents", where=str(broken)[:200]) from broken


def _campaign(raw: wire.ReadCampaign) -> Campaign:
    status = raw.campaign.effective_status or raw.campaign.status
    return Campaign(
        remote_id=_remote_id(raw.campaign.id, "campaign.id"),
        version=None,
        changed_at=None if raw.campaign.updated_time is None else times.rfc3339(raw.campaign.updated_time),
        name=_text(raw.campaign.name) or f"Campaign {raw.campaign.id}",
        channel=CHANNEL,
        status=_STATUS.get(status, _text(status).lower()[:40]),
        currency=_currency(raw.currency, "currency"),
    )


def _ad_day(raw: wire.ReadDay) -> AdDay:
    row = raw.row
    if row.date_start != row.date_stop:
        raise Unreadable("the row spans more than one day", where="row.date_stop")
    campaign, day = _remote_id(row.campaign_id, "row.campaign_id"), _day(row.date_start)
    return AdDay(
        remote_id=RemoteId(f"{campaign}:{day.isoformat()}"),
        version=None,
        changed_at=None,
        campaign=campaign,
        day=day,
        spend_micros=micros(row.spend),
        currency=_currency(row.account_currency, "row.account_currency"),
        clicks=_count(row.clicks, "row.clicks"),
        impressions=_count(row.impressions, "row.impressions"),
        is_settling=raw.is_settling,
    )


def _remote_id(text: str, where: str) -> RemoteId:
    if not _ID.fullmatch(text):
        raise Unreadable(f"{text[:40]!r} is not an id of Meta's", where=where)
    return RemoteId(text)


def _text(raw: str) -> str:
    """The text without what no database stores: NUL and lone surrogates."""
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode().strip()


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text) and times.EARLIEST.date() <= (day := date.fromisoformat(text)) < times.LATEST.date():
            return day
    except ValueError:
        pass
    raise Unreadable(f"{text[:40]!r} is not a day", where="row.date_start")


def _currency(text: str, where: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise Unreadable(f"{text[:10]!r} is not an ISO 4217 code", where=where)
    return text


def _count(text: str, where: str) -> int:
    if not _COUNT.fullmatch(text) or int(text) > MAX_COUNT:
        raise Unreadable(f"{text[:40]!r} is not a count", where=where)
    return int(text)
