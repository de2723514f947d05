"""Steps 2 to 4 of connecting: what the test found, how far the import is, ten rows to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from bookingbridge.canonical.money import Money, digits
from bookingbridge.canonical.ports import Ability, Account
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.ads import api as ads
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.bookings.api import Booking
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.payments import api as payments
from bookingbridge.infra.db import Tx
from bookingbridge.sync import overview as sync
from bookingbridge.sync.connecting import Tested
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Connection, Run
from bookingbridge.web import format as fmt
from bookingbridge.web import visits
from bookingbridge.web.pages.connections import adjusting, offering, paid
from bookingbridge.web.pages.connections import view as v
from bookingbridge.web.pages.connections.building import steps
from bookingbridge.web.ui.parts import Check, Choice, Fact, Notice, Problem, Progress, Tag

ROWS = 10
SPEND_DAYS = 30
QUEUED_LONG = timedelta(seconds=20)
_ENDED = ("done", "failed")


def check(engine: Engine, c: Connection, tested: Tested, problem: Problem | None = None) -> v.CheckView:
    """Step 2. Permissions that are missing are named with what they are for."""
    manifest = engine.vendor(c.vendor).manifest
    path = f"/connections/{c.id}"
    account = tested.account
    named = permission_checks(engine, c.vendor, account.granted, account.missing) if account else ()
    if account is None:
        problem = problem or Problem(
            f"{manifest.title} did not let us in: {tested.why}",
            "Sign in again, or test again later.",
        )
    return v.CheckView(
        manifest.title,
        steps(1, f"{path}/reconnect"),
        _account_facts(account, c),
        named or (offering.access(manifest, account.without) if account else ()),
        _choices(account, c),
        f"{path}/check",
        f"{path}/import",
        account is not None,
        problem,
        _notes(account, is_without_shown=not named) if account else (),
        adjusting.setting_fields(manifest.settings, c.settings),
        bool(named),
    )


def _notes(account: Account, *, is_without_shown: bool) -> tuple[Notice, ...]:
    """What the vendor has to say of this account, and what it cannot do; each reason once."""
    lacks = () if is_without_shown else tuple(dict.fromkeys(why for _, why in account.without))
    return tuple(Notice(note) for note in dict.fromkeys((*account.notes, *lacks)))


def _account_facts(account: Account | None, c: Connection) -> tuple[Fact, ...]:
    if account is None:
        return (Fact("Account", c.account_name or "not known yet"),)
    some = [Fact("Account", account.name, str(account.remote_id))]
    if account.currency:
        some.append(Fact("Currency", account.currency))
    if account.time_zone:
        some.append(Fact("Time zone", account.time_zone))
    return tuple(some)


def permission_checks(engine: Engine, vendor: str, granted: Sequence[str], missing: Sequence[str]) -> tuple[Check, ...]:
    """Every permission that is asked for and whether it is there; where the vendor does not say, those that miss."""
    if vendor not in engine.vendors:
        return ()
    scopes = engine.vendor(vendor).manifest.scopes
    known = [s for s in scopes if s.name in granted or s.name in missing]
    return tuple(
        Check(
            s.why,
            s.name not in missing,
            f"{s.name} is missing: reconnect and agree to it." if s.name in missing else s.name,
        )
        for s in known
    )


def _choices(account: Account | None, c: Connection) -> tuple[Choice, ...]:
    if account is None or len(account.choices) < 2:
        return ()
    first = c.account_remote_id or str(account.choices[0][0])
    return tuple(Choice(str(remote), name, str(remote) == first, str(remote)) for remote, name in account.choices)


def progress(engine: Engine, c: Connection, run: Run | None) -> v.ImportProgress:
    """How far a run is, stream by stream in the order they are read."""
    path = f"/connections/{c.id}"
    title = engine.vendor(c.vendor).manifest.title
    state = run.state if run else "queued"
    return v.ImportProgress(
        f"{path}/import/progress",
        streams(engine, c.vendor, run.progress if run else {}, is_over=state in _ENDED),
        _words(engine, title, run),
        state == "done",
        f"{path}/rows",
        Problem(f"{title} could not be read to the end: {run.error}", "What was read is kept; try again.")
        if run and state == "failed"
        else None,
    )


def streams(
    engine: Engine, vendor: str, noted: Mapping[str, Mapping[str, object]], *, is_over: bool
) -> tuple[Progress, ...]:
    """One bar per stream of the vendor; of a file, whatever was noted."""
    known = {s.name: s.title for s in engine.vendor(vendor).manifest.streams} if vendor in engine.vendors else {}
    known |= {name: str(p.get("title", name)) for name, p in noted.items() if name and name not in known}

    def bar(name: str, title: str) -> Progress:
        p = noted.get(name, {})
        total = p.get("total")
        done = p.get("seen", 0)
        return Progress(
            title,
            done if isinstance(done, int) else 0,
            total if isinstance(total, int) and total else None,
            is_finished=bool(p.get("is_done")),
            problem="not read" if is_over and not p.get("is_done") and vendor in engine.vendors else "",
        )

    return tuple(bar(name, title) for name, title in known.items())


def _words(engine: Engine, title: str, run: Run | None) -> str:
    now = engine.clock.now()
    if run is None:
        return "Not begun yet."
    seen = sum(int(p.get("seen", 0)) for name, p in run.progress.items() if name)
    if run.state == "queued":
        is_long = now - run.asked_at > QUEUED_LONG
        return "It waits for a worker; is one running?" if is_long else "It begins in a moment."
    begun = run.started_at or run.asked_at
    if run.state in _ENDED:
        return f"{fmt.counted(seen, 'record')} in {fmt.span((run.finished_at or now) - begun)}"
    if run.state == "waiting":
        return f"{fmt.counted(seen, 'record')} so far. It waits for {title}, then goes on: {run.error}"
    total = [p.get("total") for name, p in run.progress.items() if name]
    known = sum(n for n in total if isinstance(n, int))
    of = f" of about {fmt.count(known)}" if known > seen else ""
    return f"{fmt.count(seen)}{of}, {fmt.span(now - begun)} so far"


async def rows(engine: Engine, tx: Tx, who: Who, c: Connection) -> v.RowsView:
    """Step 4: what was read as we understood it, and what it comes to."""
    manifest = engine.vendor(c.vendor).manifest
    path = f"/connections/{c.id}"
    is_ads = Ability.AD_SPEND in manifest.abilities
    is_paid = not is_ads and Ability.BOOKINGS not in manifest.abilities
    odd = (await sync.problem_counts(tx)).get(c.id, 0)
    last = await sync.runs_of(tx, connection_id=c.id, limit=1)
    return v.RowsView(
        manifest.title,
        steps(3, f"{path}/reconnect"),
        () if is_ads or is_paid else await _bookings(tx, who, c),
        await paid.totals(tx, c) if is_paid else await (_ad_totals if is_ads else _totals)(tx, who, c),
        f"{path}/finish",
        f"/sync/runs/{last[0].id}" if last else "/sync",
        Notice(f"{fmt.counted(odd, 'thing')} could not be read", "Kept as they came; see Sync, Unreadable.", "warn")
        if odd
        else None,
        await _campaigns(tx, c) if is_ads else (),
        await paid.rows(tx, who, c, limit=ROWS) if is_paid else (),
    )


async def _bookings(tx: Tx, who: Who, c: Connection) -> tuple[v.SampleRow, ...]:
    found = await bookings.of_connection(tx, c.id, limit=ROWS)
    conversions = await attribution.conversions(tx, [b.id for b in found])
    names = await visits.names(tx, who, (b.client_id for b in found))
    may_see_money = who.may(Permission.SEE_MONEY)
    zone = ZoneInfo(who.business.time_zone)

    def row(b: Booking) -> v.SampleRow:
        member = names.staff.get(b.staff_id) if b.staff_id else None
        return v.SampleRow(
            fmt.moment(b.starts_at, zone, tx.now),
            names.client(b.client_id),
            names.service(b),
            member.name if member else fmt.NOTHING,
            fmt.money(Money(b.price_minor, b.currency)) if b.price_minor is not None and b.currency else fmt.NOTHING,
            visits.paid_words(conversions.get(b.id)) if may_see_money else fmt.NOTHING,
            visits.status(b, conversions.get(b.id), tx.now),
        )

    return tuple(row(b) for b in found)


async def _totals(tx: Tx, who: Who, c: Connection) -> tuple[Fact, ...]:
    number, first, last = await bookings.count_of(tx, c.id)
    zone = ZoneInfo(who.business.time_zone)
    ends = [fmt.day(at.astimezone(zone).date()) for at in (first, last) if at]
    taken = [
        Fact("Payments", fmt.count(t.payments), f"{fmt.money(Money(t.net_minor, t.currency))} net of refunds")
        for t in await payments.of_connection(tx, c.id)
    ]
    return Fact("Bookings", fmt.count(number), " to ".join(ends)), *taken


async def _campaigns(tx: Tx, c: Connection) -> tuple[v.CampaignSample, ...]:
    """The campaigns that cost the most lately."""
    today = await insights.today_of(tx)
    known = {s.campaign_id: s for s in await ads.spend(tx, today - timedelta(days=SPEND_DAYS - 1), today)}
    some = [a for a in await ads.campaigns(tx) if a.channel == c.vendor]
    some.sort(key=lambda a: -known[a.id].spend_micros if a.id in known else 0)

    def row(a: ads.Campaign) -> v.CampaignSample:
        s = known.get(a.id)
        return v.CampaignSample(
            a.name,
            Tag(a.status.replace("_", " ").capitalize() or "Known", "flat"),
            fmt.money(_amount(s.spend_micros, s.currency)) if s else fmt.NOTHING,
            fmt.count(s.clicks if s else None),
            fmt.count(s.impressions if s else None),
        )

    return tuple(row(a) for a in some[:ROWS])


async def _ad_totals(tx: Tx, who: Who, c: Connection) -> tuple[Fact, ...]:
    counts = (await sync.counts(tx)).get(c.id, {})
    return tuple(Fact(kind.replace("_", " ").capitalize() + "s", fmt.count(n)) for kind, n in sorted(counts.items()))


def _amount(micros: int, currency: str) -> Money:
    unit = 10 ** (6 - digits(currency))
    return Money((micros + unit // 2) // unit, currency)


def import_view(engine: Engine, c: Connection, run: Run | None) -> v.ImportView:
    """Step 3."""
    path = f"/connections/{c.id}"
    return v.ImportView(
        engine.vendor(c.vendor).manifest.title,
        steps(2, f"{path}/reconnect"),
        progress(engine, c, run),
        f"{path}/import",
    )
