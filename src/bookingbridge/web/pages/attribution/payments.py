"""Payments that belong to no visit, and why: what is taken and not shared out among channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.matching import api as matching
from bookingbridge.domains.payments import api as payments
from bookingbridge.domains.payments.api import Payment
from bookingbridge.infra.db import Tx
from bookingbridge.web import format as fmt
from bookingbridge.web import visits
from bookingbridge.web.charts.base import csv_text
from bookingbridge.web.pages.attribution import view as v
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Empty
from bookingbridge.web.visits import Names

DAYS = 90
MOST = 500
UNDONE = "Somebody took it off the visit it was on."


@dataclass(frozen=True, slots=True)
class Left:
    """The open payments of the last DAYS days, newest first, with why each is open."""

    rows: Sequence[Payment]
    why: dict[UUID, str]
    names: Names


async def read(tx: Tx, who: Who) -> Left:
    left = await matching.unsettled(tx, since=tx.now - timedelta(days=DAYS), limit=MOST)
    found = await payments.payments(tx, [u.payment_id for u in left])
    rows = [found[u.payment_id] for u in left if u.payment_id in found]
    return Left(rows, await matching.why_open(tx, rows), await visits.names(tx, who, (p.client_id for p in rows)))


def view(tx: Tx, who: Who, left: Left) -> v.PaymentsView:
    tz = ZoneInfo(who.business.time_zone)
    may_see = who.may(Permission.SEE_CLIENTS)
    total = fmt.money_total((p.net_minor, p.currency) for p in left.rows)
    return v.PaymentsView(
        rows=tuple(
            v.OpenPayment(
                left.names.client(p.client_id) if p.client_id else "No client named",
                f"/customers/{p.client_id}" if p.client_id and may_see else "",
                parts.moment(p.paid_at, now=tx.now, tz=tz),
                fmt.money(Money(p.net_minor, p.currency)),
                p.method or fmt.NOTHING,
                left.why.get(p.id, UNDONE),
            )
            for p in left.rows
        ),
        summary=f"{fmt.counted(len(left.rows), 'payment')} of the last {DAYS} days, {total} in all",
        csv="/attribution/payments.csv" if who.may(Permission.EXPORT) and left.rows else "",
        back="/attribution",
        empty=None
        if left.rows
        else Empty("Every payment belongs to a visit", f"All of the last {DAYS} days were settled.", "check"),
    )


def as_csv(who: Who, left: Left) -> str:
    tz = ZoneInfo(who.business.time_zone)
    head = ["payment", "client", "paid at", "method", "amount", "currency", "why open"]
    return csv_text(
        head,
        [
            [
                str(p.id), left.names.client(p.client_id) if p.client_id else "",
                p.paid_at.astimezone(tz).isoformat(timespec="minutes"), p.method,
                Money(p.net_minor, p.currency).decimal(), p.currency, left.why.get(p.id, UNDONE),
            ]
            for p in left.rows
        ],
    )  # fmt: skip
