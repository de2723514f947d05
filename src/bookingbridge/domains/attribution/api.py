"""The door to attribution: sums per campaign and channel, one visit's journey, identity links and their undoing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.attribution import computing, identity, store, store_visits
from bookingbridge.domains.attribution.rules import EXPLAIN, MODELS, TITLES, VIAS, Model
from bookingbridge.domains.attribution.store import ChannelDay, Conversion, Credit, IdentityLink, Sum, Totals
from bookingbridge.domains.attribution.store_visits import CampaignDay, Via, Way
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.matching import api as matching
from bookingbridge.infra.db import Tx

__all__ = [
    "EXPLAIN", "MODELS", "TITLES", "VIAS", "CampaignDay", "ChannelDay", "Conversion", "Credit", "IdentityLink", "Model",
    "Sum", "Totals", "Via", "Way", "campaign_days", "channel_days", "conversions", "conversions_of", "credits",
    "explain", "identity_links", "identity_links_of", "latest", "pulse", "recompute_all", "redo_identity", "since",
    "spread", "sums", "totals", "undo_identity", "vias", "visits", "ways",
]  # fmt: skip


async def sums(tx: Tx, first: date, last: date, *, location_id: UUID | None = None) -> list[Sum]:
    """What each campaign gets over the shop's local days `first` to `last`, in every model; "unknown" included."""
    return await store.sums(tx, first, last, location_id)


async def channel_days(
    tx: Tx, model: Model, first: date, last: date, *, location_id: UUID | None = None
) -> list[ChannelDay]:
    """What each channel gets per day in one model."""
    return await store.channel_days(tx, model.value, first, last, location_id)


async def totals(tx: Tx, first: date, last: date, *, location_id: UUID | None = None) -> list[Totals]:
    """Paid visits and revenue of a period, and how much of it has a known origin; per currency."""
    return await store.totals(tx, first, last, location_id)


async def spread(tx: Tx, first: date, last: date) -> float:
    """How much paid visits differ in what they bring: E[x²] / E[x]²; 1 when all bring the same."""
    return await store.spread(tx, first, last)


async def conversions(tx: Tx, booking_ids: Iterable[UUID]) -> dict[UUID, Conversion]:
    """Those of the bookings that count as paid visits."""
    return {c.booking_id: c for c in await store.conversions(tx, list(booking_ids))}


async def latest(tx: Tx, *, limit: int = 10) -> list[Conversion]:
    """The visits paid last."""
    return await store.latest(tx, limit)


async def visits(
    tx: Tx,
    first: date,
    last: date,
    *,
    limit: int,
    campaign: tuple[str, str] | None = None,
    location_id: UUID | None = None,
) -> list[Conversion]:
    """The visits paid on the local days `first` to `last`, newest first; with (channel, campaign key) its own only."""
    return await store_visits.visits(tx, first, last, limit=limit, campaign=campaign, location_id=location_id)


async def conversions_of(tx: Tx, client_ids: Iterable[UUID]) -> list[Conversion]:
    """The paid visits of these clients, by when they were booked."""
    return await store_visits.of_clients(tx, list(client_ids))


async def campaign_days(
    tx: Tx, model: Model, first: date, last: date, *, channel: str, key: str, location_id: UUID | None = None
) -> list[CampaignDay]:
    """What one campaign gets per day in one model."""
    return await store_visits.campaign_days(tx, model, first, last, channel, key, location_id)


async def ways(tx: Tx, first: date, last: date, *, location_id: UUID | None = None) -> list[Way]:
    """With which channel the paid visits' journeys began and ended."""
    return await store_visits.ways(tx, first, last, location_id)


async def vias(
    tx: Tx, model: Model, first: date, last: date, *, limit: int, location_id: UUID | None = None
) -> list[Via]:
    """How the touches of each campaign are known, over the latest `limit` visits paid on days `first` to `last`."""
    return await store_visits.vias(tx, model, first, last, limit, location_id)


async def since(tx: Tx) -> date | None:
    """The first local day with a paid visit; None where there is none."""
    return await store_visits.since(tx)


async def pulse(tx: Tx) -> str:
    """A text that is another whenever any figure of attribution is: cheap to ask, for caches."""
    return await store_visits.pulse(tx)


async def credits(tx: Tx, booking_ids: Iterable[UUID]) -> dict[UUID, list[Credit]]:
    """What each touch gets of these visits, in order along each path."""
    found: dict[UUID, list[Credit]] = {}
    for credit in await store.credits(tx, list(booking_ids)):
        found.setdefault(credit.booking_id, []).append(credit)
    return found


async def identity_links(tx: Tx, client_id: UUID) -> list[IdentityLink]:
    """How we know which visitors this client was; undone links included."""
    return await store.links_of(tx, [client_id], with_undone=True)


def explain(link: IdentityLink) -> str:
    """How we know, in one sentence."""
    return identity.explain(link.rule, link.evidence)


async def identity_links_of(tx: Tx, client_ids: Iterable[UUID]) -> list[IdentityLink]:
    """How we know which visitors these clients were; links in force only."""
    return await store.links_of(tx, list(client_ids))


async def undo_identity(tx: Tx, link_id: UUID, *, user_id: UUID | None) -> None:
    """The link and everything that followed from it is undone. NotFound where it is not in force."""
    client_id = await store.undo_link(tx, link_id, user_id)
    await _recompute_client(tx, client_id)


async def redo_identity(tx: Tx, link_id: UUID) -> None:
    """An undone link counts again."""
    client_id = await store.redo_link(tx, link_id)
    await _recompute_client(tx, client_id)


async def _recompute_client(tx: Tx, client_id: UUID | None) -> None:
    if client_id is None:
        raise NotFound("there is no such link in force")
    own = [b.id for b in await bookings.of_clients(tx, [client_id])]
    await computing.recompute(tx, await matching.settled_among(tx, own))


async def recompute_all(tx: Tx) -> int:
    """Every paid visit is computed again (for instance after the window was changed); how many there are."""
    ids = await matching.all_settled(tx)
    await computing.recompute(tx, ids)
    return len(ids)
