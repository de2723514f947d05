"""The door to advertising's cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from bookingbridge.domains.ads import rules, store
from bookingbridge.domains.ads.rules import Known, match
from bookingbridge.domains.ads.store import Campaign, CampaignDay, Spend, SpendDay
from bookingbridge.infra.db import Tx

__all__ = [
    "Campaign", "CampaignDay", "Known", "Spend", "SpendDay", "campaign_days", "campaigns", "known", "match", "spend",
    "spend_days", "versions",
]  # fmt: skip


async def campaigns(tx: Tx) -> list[Campaign]:
    """All campaigns by channel and name."""
    return await store.campaigns(tx)


async def known(tx: Tx) -> Mapping[tuple[str, str], Known]:
    """The campaigns, ready for `match`."""
    return rules.index(Known(c.id, c.remote_id, c.name, c.name_key, c.channel) for c in await store.campaigns(tx))


async def spend(tx: Tx, first: date, last: date) -> list[Spend]:
    """What each campaign cost and did from `first` to `last`, both included."""
    return await store.spend(tx, first, last)


async def spend_days(tx: Tx, first: date, last: date) -> list[SpendDay]:
    """What each channel cost per day."""
    return await store.spend_days(tx, first, last)


async def campaign_days(tx: Tx, campaign_id: UUID, first: date, last: date) -> list[CampaignDay]:
    """What one campaign cost and did on each day from `first` to `last`, both included."""
    return await store.campaign_days(tx, campaign_id, first, last)


async def versions(tx: Tx, campaign_id: UUID, day: date) -> list[tuple[int, int, int, datetime]]:
    """What the platform said of a day before it corrected itself, oldest first."""
    return await store.versions(tx, campaign_id, day)
