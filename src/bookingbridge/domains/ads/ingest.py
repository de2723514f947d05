"""Campaigns and their days as ad platforms and files say them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from bookingbridge.canonical.events import AdDaysRecorded, Batch, CampaignsRecorded
from bookingbridge.canonical.records import AdDay, Campaign
from bookingbridge.domains.ads import store
from bookingbridge.domains.ads.rules import name_key
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified


async def campaigns(tx: Tx, batch: Sequence[Identified[Campaign]]) -> Sequence[Batch]:
    """The campaigns are stored."""
    await store.save(
        tx,
        [
            (
                i.id, i.connection_id, i.record.remote_id, i.record.name.replace("\x00", ""), name_key(i.record.name),
                i.record.channel, i.record.status, i.record.currency, tx.now,
            )
            for i in batch
        ],
    )  # fmt: skip
    return [CampaignsRecorded(tuple(i.id for i in batch))]


async def ad_days(tx: Tx, batch: Sequence[Identified[AdDay]]) -> Sequence[Batch]:
    """The days are stored, what they said before is kept."""
    rows, ids = [], dict[UUID, None]()
    for i in batch:
        campaign_id = i.ref("campaign", i.record.campaign)
        assert campaign_id
        ids[campaign_id] = None
        rows.append(
            (
                campaign_id, i.record.day, i.record.spend_micros, i.record.currency, i.record.clicks,
                i.record.impressions, i.record.is_settling, tx.now,
            )
        )  # fmt: skip
    await store.save_days(tx, rows)
    return [AdDaysRecorded(tuple(ids))]
