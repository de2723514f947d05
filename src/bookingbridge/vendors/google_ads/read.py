"""Google's rows as our records. Pure and total: a record, or Unreadable."""

from __future__ import annotations

import re
from datetime import date
from typing import TypeVar

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.canonical.records import AdDay, Campaign, Record
from bookingbridge.vendors.google_ads import wire

CHANNEL = "google_ads"
"""The same word that touches from Google's ads get, so that a click finds its campaign."""

MAX_MICROS = 10**17
"""No campaign spends a hundred billion units a day; sums of a quarter still fit 64 bits."""
MAX_COUNT = 10**12

_Shape = TypeVar("_Shape", wire.CampaignRow, wire.ReadDay)

_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_MICROS = re.compile(r"-?[0-9]{1,18}", re.ASCII)

# CampaignStatusEnum, v26. Anything newer is shown as Google writes it.
_STATUS = {"ENABLED": "active", "PAUSED": "paused", "REMOVED": "ended"}


def read(kind: str, payload: Json) -> list[Record]:
    """The records a raw row holds. Unreadable when it cannot be understood."""
    if kind == "campaign":
        return [_campaign(_converted(payload, wire.CampaignRow))]
    if kind == "ad_day":
        return [_ad_day(_converted(payload, wire.ReadDay))]
    raise Unreadable(f"Google Ads sends no {kind[:40]!r}", where="kind")


def _converted(payload: Json, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(payload, shape, strict=True)
    except (msgspec.ValidationError, RecursionError) as broken:
        raise Unreadable("Google sent another shape than it documents", where=str(broken)[:200]) from broken


def _campaign(raw: wire.CampaignRow) -> Campaign:
    said = raw.campaign
    return Campaign(
        remote_id=_remote_id(said.id),
        version=None,
        changed_at=None,
        name=_text(said.name) or f"Campaign {said.id}",
        channel=CHANNEL,
        status=_STATUS.get(said.status, _text(said.status).lower()[:40]),
        currency=_currency(raw.customer.currency_code),
    )


def _ad_day(raw: wire.ReadDay) -> AdDay:
    row = raw.row
    campaign, day = _remote_id(row.campaign.id), _day(row.segments.date)
    return AdDay(
        remote_id=RemoteId(f"{campaign}:{day.isoformat()}"),
        version=None,
        changed_at=None,
        campaign=campaign,
        day=day,
        spend_micros=_micros(row.metrics.cost_micros),
        currency=_currency(row.customer.currency_code),
        clicks=_count(row.metrics.clicks, "metrics.clicks"),
        impressions=_count(row.metrics.impressions, "metrics.impressions"),
        is_settling=raw.is_settling,
    )


def _remote_id(text: str) -> RemoteId:
    if not _ID.fullmatch(text):
        raise Unreadable(f"{text[:40]!r} is not an id of Google's", where="campaign.id")
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
    raise Unreadable(f"{text[:40]!r} is not a day", where="segments.date")


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text):
        raise Unreadable(f"{text[:10]!r} is not an ISO 4217 code", where="customer.currencyCode")
    return text


def _micros(text: str) -> int:
    if not _MICROS.fullmatch(text) or abs(int(text)) > MAX_MICROS:
        raise Unreadable(f"{text[:40]!r} is not an amount in millionths", where="metrics.costMicros")
    return int(text)


def _count(text: str, where: str) -> int:
    if not _COUNT.fullmatch(text) or int(text) > MAX_COUNT:
        raise Unreadable(f"{text[:40]!r} is not a count", where=where)
    return int(text)
