"""Step 4 where a source tells of payments only: the newest of them, and what all come to."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.payments import api as payments
from bookingbridge.domains.payments.api import Payment
from bookingbridge.infra.db import Tx
from bookingbridge.sync import overview as sync
from bookingbridge.sync.overview import Connection
from bookingbridge.web import format as fmt
from bookingbridge.web import visits
from bookingbridge.web.pages.connections import view as v
from bookingbridge.web.ui.parts import Fact

BACK = timedelta(days=400)
_LOOKED_AT = 500


async def rows(tx: Tx, who: Who, c: Connection, *, limit: int) -> tuple[v.PaymentSample, ...]:
    """The newest payments of the connection."""
    near = await payments.between(tx, tx.now - BACK, tx.now + timedelta(days=1), limit=_LOOKED_AT)
    found = [p for p in near if p.connection_id == c.id][:limit]
    names = await visits.names(tx, who, (p.client_id for p in found if p.client_id))
    zone, may_see_money = ZoneInfo(who.business.time_zone), who.may(Permission.SEE_MONEY)

    def row(p: Payment) -> v.PaymentSample:
        back = Money(p.refunded_minor, p.currency)
        return v.PaymentSample(
            fmt.moment(p.paid_at, zone, tx.now),
            names.client(p.client_id) if p.client_id else fmt.NOTHING,
            p.method.replace("_", " ").capitalize() or fmt.NOTHING,
            fmt.money(Money(p.amount_minor, p.currency)) if may_see_money else fmt.NOTHING,
            fmt.money(back) if p.refunded_minor and may_see_money else fmt.NOTHING,
        )

    return tuple(row(p) for p in found)


async def totals(tx: Tx, c: Connection) -> tuple[Fact, ...]:
    """What came in by currency, and how many things of each other kind there are."""
    taken = [
        Fact("Payments", fmt.count(t.payments), f"{fmt.money(Money(t.net_minor, t.currency))} net of refunds")
        for t in await payments.of_connection(tx, c.id)
    ]
    counts = (await sync.counts(tx)).get(c.id, {})
    others = [(kind, n) for kind, n in sorted(counts.items()) if kind != "payment" or not taken]
    return *taken, *(Fact(kind.replace("_", " ").capitalize() + "s", fmt.count(n)) for kind, n in others)
