"""How one connection does, in words: its access, its readings, its webhooks, and what is odd about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bookingbridge.canonical.ports import Vendor
from bookingbridge.sync.health import Finding, Health
from bookingbridge.sync.planning import Plan
from bookingbridge.sync.vanishing import VANISHED
from bookingbridge.web import format as fmt
from bookingbridge.web.pages.connections import view as v
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Check, Confirm, Fact, Notice


def access(h: Health, now: datetime) -> Fact:
    """How we are signed in, for how long already, and until when."""
    c, token = h.connection, h.token
    if c.tokens is None:
        return Fact("Sign-in", "none: sign in again")
    renews = token.renews_itself and token.expires_at is not None
    said = "renews by itself" if renews else "pasted credentials" if c.auth == "token" else "signed in"
    some = [f"issued {fmt.age(now - token.age, now)}" if token.age is not None else ""]
    if token.expires_at is None:
        some.append("no end that we know of")
    else:
        some.append(_ahead(token.expires_at, now) if renews else f"ends {fmt.age(token.expires_at, now)}")
    return Fact("Sign-in", said, ", ".join(filter(None, some)))


def _ahead(ends: datetime, now: datetime) -> str:
    return f"good for {fmt.span(ends - now)}" if ends > now else "renewed with the next reading"


def readings(h: Health, now: datetime, zone: ZoneInfo) -> tuple[Fact, ...]:
    """When it is read, what comes next, and how much went wrong of late."""
    some = []
    if h.plan is not None:
        some.append(Fact("Read", plan_words(h.plan), "and at each change" if hears(h) else ""))
    if h.next_sync_at is not None:
        late = f"{fmt.span(h.overdue)} late" if h.overdue > timedelta(minutes=2) else ""
        all_of_it = f"everything {fmt.moment(h.next_full_at, zone, now)}" if h.next_full_at else ""
        when = fmt.moment(max(h.next_sync_at, now), zone, now)
        some.append(Fact("Next reading", when, ", ".join(filter(None, (late, all_of_it)))))
    if h.runs or h.webhooks:
        bad = h.runs_failed + h.webhooks_failed
        of = f"{fmt.counted(h.runs, 'run')}, {fmt.counted(h.webhooks, 'webhook')}"
        some.append(Fact("Failed in 24 hours", f"{fmt.count(bad)} of {of}" if bad else f"none of {of}"))
    if h.lag is not None:
        some.append(Fact("Worked off", f"19 of 20 webhooks within {fmt.span(h.lag)}"))
    return tuple(some)


def plan_words(plan: Plan) -> str:
    """`every 15 min from 08:00 to 20:00, else every hour`."""
    day, night = (fmt.span(timedelta(minutes=m)) for m in (plan.every_minutes, plan.every_outside_minutes))
    if plan.every_minutes == plan.every_outside_minutes or plan.opens == plan.closes:
        return f"every {day}"
    return f"every {day} from {plan.opens} to {plan.closes}, else every {night}"


def hears(h: Health) -> bool:
    """Whether webhooks are set up, by us or by hand."""
    return h.hearing.is_registered or h.connection.webhook_secrets is not None


def webhooks(vendor: Vendor | None, h: Health, now: datetime) -> tuple[Check, ...]:
    """Whether changes are told at once, by whom it was arranged, and why not; () where the vendor tells of none."""
    if vendor is None or not h.hearing.takes_webhooks:
        return ()
    c, hearing, title = h.connection, h.hearing, vendor.manifest.title
    if hearing.is_registered:
        until = (
            f"It is renewed by itself before it ends {fmt.age(hearing.expires_at, now)}. " if hearing.expires_at else ""
        )
        seen = f"Looked after {fmt.age(hearing.checked_at, now)}." if hearing.checked_at else ""
        return (Check(f"Registered at {title} by us", True, until + seen),)
    if c.webhook_secrets is not None:
        return (Check("A signature key is stored", True),)
    every = f"Until then changes are seen {plan_words(h.plan)}." if h.plan else ""
    if hearing.registers_itself:
        why = f"{hearing.why[:1].upper()}{hearing.why[1:].rstrip('.')}. " if hearing.why else ""
        words = "Not registered by us: enter the address by hand" if why else "We register them after the import"
        return (Check(words, False, why + every),)
    if vendor.manifest.webhook_fields:
        return (Check("No signature key yet", False, every),)
    return (Check("The address is to be entered by hand", False, every),)


def findings(
    some: Sequence[Finding], h: Health, now: datetime, zone: ZoneInfo, *, may: bool
) -> tuple[v.FindingRow, ...]:
    """What is odd, the oldest first. What vanished in a mass waits for a yes."""
    path = f"/connections/{h.connection.id}/vanished"

    def row(i: int, f: Finding) -> v.FindingRow:
        ask = None
        if f.code == VANISHED and f.confirmed_count is None and may:
            things = fmt.counted(f.count, f.subject.replace("_", " "))
            ask = Confirm(
                f"vanished-{i}", "They are gone", f"Are {things} really gone?",
                "Appointments count as cancelled from then on. Say no if something at the vendor went wrong: nothing "
                "changes here until they are back.",
                path, (("kind", f.subject),), "Yes, gone",
            )  # fmt: skip
        note = "confirmed, applied with the next reading" if f.confirmed_count is not None else ""
        return v.FindingRow(f.says[:1].upper() + f.says[1:], parts.stamp(f.since, now=now, tz=zone), note, ask)

    return tuple(row(i, f) for i, f in enumerate(some))


def warnings(h: Health, title: str, now: datetime, zone: ZoneInfo) -> tuple[Notice, ...]:
    """What the owner is to know before it is too late."""
    some = []
    if h.token.says and h.connection.state != "needs_reauth":
        some.append(Notice(f"{title}: {h.token.says}", "Reconnecting keeps all history.", "warn"))
    if h.rests_until is not None:
        until = fmt.moment(h.rests_until, zone, now)
        some.append(Notice(f"{title} did not answer several times", f"It is left alone until {until}.", "warn"))
    return tuple(some)
