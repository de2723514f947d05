"""What waits for a person: sources that fail, payments without a visit, unreadable things, money that is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.insights.api import Campaign, ending
from bookingbridge.domains.matching import api as matching
from bookingbridge.infra.db import Tx
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Health
from bookingbridge.web import figures, setup, sources
from bookingbridge.web import format as fmt
from bookingbridge.web.asking import Asked
from bookingbridge.web.caching import Kept
from bookingbridge.web.figures import Shown
from bookingbridge.web.pages.today.view import Need
from bookingbridge.web.ui.parts import Tag, Tone

OPEN_DAYS = 14
WASTE_DAYS = 30
REMINDED = ("source", "tracking", "ads")
"""The set-up's steps without which figures are missing; the others are left to the set-up's own page."""
_silent: Kept[tuple[list[Campaign], int | None]] = Kept()
_TONES: dict[str, Tone] = {"warn": "warn", "bad": "bad"}


async def needs(engine: Engine, tx: Tx, who: Who, s: Shown, connected: Sequence[Health]) -> tuple[Need, ...]:
    """The most urgent first; only what this person may do something about or look at."""
    some: list[Need] = []
    if who.may(Permission.SEE_CONNECTIONS):
        some += [_connection(h) for h in connected if h.tone != "ok"]
        some += await _unread(tx, connected)
    some += await _open_payments(tx, who)
    some += await _wasted(tx, s)
    if who.may(Permission.MANAGE_CONNECTIONS):
        some += await _setup(engine, tx, who, connected)
    order = {"bad": 0, "warn": 1, "info": 2, "flat": 3, "good": 4}
    return tuple(sorted(some, key=lambda need: order[need.kind.tone]))


def _connection(h: Health) -> Need:
    c = h.connection
    path = f"/connections/{c.id}"
    if c.state == "needs_reauth":
        detail, href = "Nothing new arrives until somebody signs in again; nothing is lost meanwhile.", path
    elif c.setup_step < 5 and c.last_success_at is None:
        detail, href = "Go on where you left off.", path
    else:
        detail, href = "What is shown may be older than it should be.", path
    return Need(Tag("Connection", _TONES[h.tone]), f"{sources.title(h)}: {h.says}", detail, href)


async def _unread(tx: Tx, connected: Sequence[Health]) -> list[Need]:
    some = []
    odd = sum((await sync.problem_counts(tx)).values()) + sum(h.inbox.get("unreadable", 0) for h in connected)
    if odd:
        title = f"{fmt.counted(odd, 'thing')} could not be read"
        detail = "Kept as they came. Look what they are."
        some.append(Need(Tag("Sync", "warn"), title, detail, "/sync/events?state=unreadable"))
    if failed := sum(h.inbox.get("failed", 0) for h in connected):
        title = f"{fmt.counted(failed, 'delivery', 'deliveries')} failed"
        some.append(Need(Tag("Sync", "warn"), title, "Look why, then replay.", "/sync/events?state=failed"))
    return some


async def _open_payments(tx: Tx, who: Who) -> list[Need]:
    if not who.may(Permission.SEE_MONEY):
        return []

    sums = await matching.unsettled_sums(tx, since=tx.now - timedelta(days=OPEN_DAYS))
    count, amount = sum(n for _, n, _ in sums), fmt.money_total([(minor, currency) for currency, _, minor in sums])
    if not count:
        return []
    title = f"{fmt.counted(count, 'payment')} belong{'s' if count == 1 else ''} to no visit"
    detail = f"{amount} in the last {OPEN_DAYS} days is not shared out among channels."
    return [Need(Tag("Match", "info"), title, detail, "/attribution/payments")]


async def _wasted(tx: Tx, s: Shown) -> list[Need]:
    """Campaigns that brought no paid visit in a month although they cost several visits' worth."""
    asked = _last_month(s.asked)

    async def make() -> tuple[list[Campaign], int | None]:
        return await insights.without_visits(tx, asked.period, asked.model)

    silent, ticket = await _silent.get(tx.business_id, asked.key, s.pulse, make)
    some = [c for c in silent if ticket and c.spend_minor and c.spend_minor >= figures.WASTED_AFTER * ticket]
    return [
        Need(
            Tag("Campaign", "warn"),
            f"{figures.name_of(c)}: no paid visit in {WASTE_DAYS} days",
            f"{s.money(c.spend_minor)} spent on {fmt.counted(c.clicks, 'click')}.",
            figures.campaign_href(asked, c.channel, c.key),
        )
        for c in some
    ]


def _last_month(asked: Asked) -> Asked:
    return Asked(
        asked.business, asked.today, "30d", ending(asked.today, WASTE_DAYS), asked.model, None, asked.locations
    )


async def _setup(engine: Engine, tx: Tx, who: Who, connected: Sequence[Health]) -> list[Need]:
    plan = await setup.steps(engine, tx, who.business, connected)
    left = [step for step in plan if step.is_left and step.key in REMINDED]
    return [
        Need(
            Tag("Set-up", "flat"),
            f"{step.title}: {fmt.counted(step.minutes, 'minute')}",
            f"Unlocks {step.unlocks}.",
            step.href,
        )
        for step in left
    ]
