"""What is odd about a connection's data, found when it is read, as findings that open and close by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from bookingbridge.canonical.ports import Manifest
from bookingbridge.canonical.records import Record
from bookingbridge.infra.db import Tx
from bookingbridge.sync.oddity import AHEAD, EARLIEST
from bookingbridge.sync.store import findings, inbound, quality
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.store.quality import Odd
from bookingbridge.sync.store.runs import Run
from bookingbridge.sync.storing import Course

DATES, PRICES, ORPHANS, UNHEARD = "impossible_dates", "negative_prices", "orphaned", "webhooks_missing"
"""The findings' codes."""

UNHEARD_AFTER = timedelta(minutes=10)
"""A webhook that has not come within so long after the change is not late any more, it is missing."""

_NAMES = {
    "booking": "bookings", "block": "blocks", "payment": "payments", "service": "services", "client": "clients",
    "staff": "members of staff", "location": "locations", "campaign": "campaigns", "refund": "refunds",
    "payout": "payouts", "payout_entry": "payout entries", "ad_day": "days of ads", "dispute": "disputes",
    "touch": "touches",
}  # fmt: skip


async def look(tx: Tx, connection: Connection, manifest: Manifest, run: Run) -> None:
    """The findings about the connection's data are as it is now.

    Looked for after a run that read everything or that brought something odd, and while a finding is open.
    """
    known = {f.code for f in await findings.are_open(tx, connection.id)} & {DATES, PRICES, ORPHANS}
    if run.kind != "full" and not known and not any(p.get("odd") for p in run.progress.values()):
        return
    dates = await quality.impossible_dates(tx, connection.id, earliest=EARLIEST, latest=tx.now + AHEAD)
    await _tell(tx, connection.id, DATES, "{} have a date that cannot be", dates)
    prices = await quality.negative_prices(tx, connection.id)
    await _tell(tx, connection.id, PRICES, "{} cost less than nothing", prices)
    if run.kind == "full" or ORPHANS in known:
        # What was mentioned before this run began should have been shown by it, where it is read at all.
        kinds = {s.kind for s in manifest.streams}
        lost = await quality.orphans(tx, connection.id, kinds, run.started_at or run.asked_at)
        await _tell(tx, connection.id, ORPHANS, "{} are mentioned but were never shown", lost)


async def _tell(tx: Tx, connection_id: UUID, code: str, says: str, found: Sequence[Odd]) -> None:
    """One finding per kind is open for what was found, and none else of this code."""
    for finding in await findings.are_open(tx, connection_id):
        if finding.code == code and finding.subject not in {kind for kind, _, _ in found}:
            await findings.close(tx, connection_id, code, finding.subject)
    for kind, number, some in found:
        words = says.format(f"{number} {_NAMES.get(kind, kind)}")
        await findings.note(tx, connection_id, code, kind, words, number, {"ids": some})


async def miss_webhooks(tx: Tx, course: Course, written: Sequence[Record]) -> None:
    """A finding says so where changes were found by looking that a registered webhook should have told before."""
    c = course.connection
    if not course.was_complete or (c.subscription is None and c.webhook_secrets is None):
        return
    since = c.created_at + UNHEARD_AFTER
    changed = [
        r.changed_at for r in written
        if r.kind in ("booking", "payment") and r.changed_at and since < r.changed_at < tx.now - UNHEARD_AFTER
    ]  # fmt: skip
    if not changed:
        return
    heard = await inbound.newest(tx, c.id)
    missed = sum(heard is None or heard < at for at in changed)
    if not missed:
        return
    before = await findings.get(tx, c.id, UNHEARD, "")
    number = missed + (before.count if before else 0)
    says = f"{number} change{'' if number == 1 else 's'} found by looking, of which no webhook had told"
    await findings.note(tx, c.id, UNHEARD, "", says, number)


async def hear_webhooks(tx: Tx, connection_id: UUID, newest: datetime) -> None:
    """Webhooks come again: nothing is missing since."""
    finding = await findings.get(tx, connection_id, UNHEARD, "")
    if finding is not None and newest > finding.last_seen_at:
        await findings.close(tx, connection_id, UNHEARD, "")
