"""Conversions and credits of given bookings are made again from what happened. Running it twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.ads import api as ads
from bookingbridge.domains.attribution import rules, rules_bulk, store
from bookingbridge.domains.attribution.rules import MODELS, Model
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.matching import api as matching
from bookingbridge.infra.db import Tx

BATCH = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def window_of(business: accounts.Business) -> timedelta:
    """How long before the booking a touch may lie, as the business set it."""
    return timedelta(days=business.settings.window_days)


async def recompute(tx: Tx, booking_ids: Iterable[UUID]) -> None:
    """Conversions, credits and day sums of these bookings are as they should be, given what is known now."""
    ids = sorted(set(booking_ids))
    if not ids:
        return
    await store.lock(tx)
    days: set[date] = set()
    for start in range(0, len(ids), BATCH):
        days |= await _recompute(tx, ids[start : start + BATCH])
    await store.rebuild_days(tx, sorted(days))


@dataclass(frozen=True, slots=True)
class _Visit:
    booking: bookings.Booking
    revenue: matching.Revenue
    day: date


async def _recompute(tx: Tx, ids: Sequence[UUID]) -> set[date]:
    business = await accounts.business(tx)
    days = await store.forget(tx, ids)
    revenue = await matching.revenue(tx, ids)
    known = await bookings.bookings(tx, revenue)
    zone = ZoneInfo(business.time_zone)
    visits = [_Visit(b, revenue[b.id], revenue[b.id].settled_at.astimezone(zone).date()) for b in known.values()]
    client_ids = sorted({v.booking.client_id for v in visits if v.booking.client_id})
    firsts = await bookings.first_visits(tx, client_ids)
    touches = await _touches(tx, client_ids, visits, window_of(business))
    campaigns = await ads.known(tx)
    batch, flat = _columns(visits, touches)
    credited = rules_bulk.credit(batch, window_of(business))
    began, ended = (_sole_channels(credited, model, flat, len(visits)) for model in (Model.FIRST, Model.LAST))
    await store.save(
        tx,
        [
            (
                v.booking.id, v.booking.client_id, v.booking.location_id, v.booking.booked_at, v.revenue.settled_at,
                v.day, v.revenue.minor, v.revenue.currency,
                v.booking.client_id is not None and firsts.get(v.booking.client_id) == v.booking.id, count,
                began[i], ended[i], tx.now,
            )
            for i, (v, count) in enumerate(zip(visits, credited.touch_counts, strict=True))
        ],
        _credit_rows(visits, flat, credited, campaigns),
    )  # fmt: skip
    return days | {v.day for v in visits}


@dataclass(frozen=True, slots=True)
class _Known:
    """A client's touch, and how it is known to be theirs."""

    touch: journeys.Touch
    via: str


async def _touches(
    tx: Tx, client_ids: Sequence[UUID], visits: Sequence[_Visit], window: timedelta
) -> dict[UUID, list[_Known]]:
    """Each client's touches in order: their own and those of the visitors they are known to be."""
    if not visits:
        return {}
    links = await store.links_of(tx, client_ids)
    since = min(v.booking.booked_at for v in visits) - window
    until = max(v.booking.booked_at for v in visits)
    by_visitor: dict[str, dict[UUID, list[str]]] = {}
    for found in links:
        by_visitor.setdefault(found.visitor, {}).setdefault(found.client_id, []).append(found.rule)
    result: dict[UUID, list[_Known]] = {}
    for touch in await journeys.touches_of(
        tx, visitors=list(by_visitor), client_ids=client_ids, since=since, until=until
    ):
        if touch.kind not in journeys.MARKETING_KINDS:
            continue
        owners = by_visitor.get(touch.visitor or "", {})
        for client_id in {*owners, touch.client_id} if touch.client_id else set(owners):
            how = rules.via(owners.get(client_id, ()), touch.kind, names_client=client_id == touch.client_id)
            result.setdefault(client_id, []).append(_Known(touch, how))
    return {c: sorted(own, key=lambda k: (k.touch.occurred_at, k.touch.id)) for c, own in result.items()}


def _columns(visits: Sequence[_Visit], touches: dict[UUID, list[_Known]]) -> tuple[rules_bulk.Batch, list[_Known]]:
    of_visit = [touches.get(v.booking.client_id, []) if v.booking.client_id else [] for v in visits]
    flat = [t for own in of_visit for t in own]
    batch = rules_bulk.Batch(
        booked_us=[(v.booking.booked_at - _EPOCH) // _MICROSECOND for v in visits],
        revenue_minor=[v.revenue.minor for v in visits],
        touch_counts=[len(own) for own in of_visit],
        touched_us=[(k.touch.occurred_at - _EPOCH) // _MICROSECOND for k in flat],
        is_direct=[k.touch.channel == "direct" for k in flat],
        origin=[(k.touch.channel, k.touch.campaign_ref or k.touch.campaign or "") for k in flat],
    )
    return batch, flat


def _sole_channels(credited: rules_bulk.Credited, model: Model, flat: Sequence[_Known], count: int) -> list[str]:
    """Per visit the channel of the one touch that gets all of it in `model`; "unknown" where no touch counts."""
    channels = ["unknown"] * count
    for visit, touch, share in zip(credited.visit, credited.touch, credited.share[model], strict=True):
        if share > 0:
            channels[visit] = flat[touch].touch.channel
    return channels


def _credit_rows(
    visits: Sequence[_Visit],
    flat: Sequence[_Known],
    credited: rules_bulk.Credited,
    campaigns: Mapping[tuple[str, str], ads.Known],
) -> Iterator[tuple[Any, ...]]:
    minors = [credited.minor[m] for m in MODELS]
    shares = [credited.share[m] for m in MODELS]
    names: dict[tuple[str, str | None, str | None], tuple[str, str]] = {}
    for row, (visit, touch, position) in enumerate(zip(credited.visit, credited.touch, credited.position, strict=True)):
        t, how = flat[touch].touch, flat[touch].via
        named = (t.channel, t.campaign_ref, t.campaign)
        if named not in names:
            found = ads.match(campaigns, *named)
            names[named] = (f"campaign:{found.id}", found.name) if found else (t.campaign or t.campaign_ref or "",) * 2
        key, name = names[named]
        yield (
            visits[visit].booking.id, t.id, position, t.occurred_at, t.channel, key[:300], name[:300], how,
            *(m[row] for m in minors), *(s[row] for s in shares),
        )  # fmt: skip
