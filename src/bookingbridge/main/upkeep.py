"""What has served is removed: ended sessions, full buckets, old answers, payloads and events past their time.

What ends by itself is renewed before: webhooks that are registered at vendors.
"""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra import idempotency, limits, outbox
from bookingbridge.infra.log import get
from bookingbridge.sync import schedule
from bookingbridge.sync.engine import Engine

log = get(__name__)

EVERY_S = 3600.0
KEEP_EVENTS = timedelta(days=90)
KEEP_RAW = timedelta(days=90)
"""Longer than any vendor repeats a webhook, and long enough to find out why a figure was what it was."""


async def tidy(engine: Engine) -> None:
    """One round over all businesses. Safe to run again at any time, and beside another worker's."""
    await accounts.forget_ended(engine.db)
    async with engine.db.realm("gate") as tx:
        await limits.forget_untouched(tx, timedelta(days=1))
    for business in await accounts.every_business(engine.db):
        async with engine.db.business(business.id) as tx:
            await idempotency.forget_old(tx)
            await outbox.forget(tx, KEEP_EVENTS)
            await schedule.forget_raw(tx, KEEP_RAW)
            await schedule.look_after(engine, tx)
    log.debug("tidied")
