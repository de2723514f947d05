"""One connection: how it stands, what is read of it, what it may, whether its webhooks arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bookingbridge.canonical.ports import Vendor
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.infra.db import Tx
from bookingbridge.sync import health as sync_health
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Connection, Health, Run
from bookingbridge.web import format as fmt
from bookingbridge.web import sources
from bookingbridge.web.pages.connections import adjusting, doing
from bookingbridge.web.pages.connections import view as v
from bookingbridge.web.pages.connections.building import DONE, place, token_field, webhook_copies
from bookingbridge.web.pages.connections.guides import guide
from bookingbridge.web.pages.connections.setting_up import permission_checks, progress
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Check, Confirm, Fact, Form, Notice

RUNS = 20
"""How many runs back the page looks for when each stream was read last."""


async def view(engine: Engine, tx: Tx, who: Who, h: Health) -> v.ConnectionView:
    """GET /connections/{id}, once its set-up is over or for who may not go on with it."""
    c = h.connection
    vendor = engine.vendors.get(c.vendor)
    recent = await sync.runs_of(tx, connection_id=c.id, limit=RUNS)
    now_doing = await sync_health.health_of(engine, tx, c.id)
    counts = (await sync.counts(tx)).get(c.id, {})
    zone = ZoneInfo(who.business.time_zone)
    may_manage, may_sync = who.may(Permission.MANAGE_CONNECTIONS), who.may(Permission.RUN_SYNC)
    title, is_registered = sources.title(h), now_doing.hearing.is_registered
    return v.ConnectionView(
        vendor=title,
        account=c.account_name,
        href=f"/connections/{c.id}",
        health=sources.mark(h, tx.now),
        facts=_facts(vendor, h, now_doing, tx.now, zone),
        streams=_streams(vendor, h, recent, counts, tx.now, zone),
        permissions=permission_checks(engine, c.vendor, c.granted, c.missing),
        webhooks=doing.webhooks(vendor, now_doing, tx.now) + _deliveries(h, tx.now) if vendor else (),
        copies=tuple(webhook_copies(engine, c)),
        is_paused=c.state == "paused",
        is_running=h.running is not None,
        reconnect_href=f"/connections/{c.id}/reconnect" if vendor else "",
        disconnect=_disconnect(c, title, is_vendor=vendor is not None),
        runs_href=f"/sync?source={c.id}",
        progress=progress(engine, c, h.running) if h.running and vendor else None,
        notices=_notices(h, title, is_vendor=vendor is not None, may_manage=may_manage)
        + doing.warnings(now_doing, title, tx.now, zone),
        can_sync=may_sync and vendor is not None and c.setup_step >= DONE - 1,
        can_manage=may_manage,
        key_form=key_form(vendor, c) if vendor and may_manage else None,
        guide=guide(vendor, "webhooks", engine.public_url) if vendor and may_manage else (),
        findings=doing.findings(now_doing.findings, now_doing, tx.now, zone, may=may_manage),
        settings=adjusting.settings_form(c, vendor.manifest.settings) if vendor and may_manage else None,
        schedule=adjusting.plan_form(c, now_doing.plan) if now_doing.plan and may_manage else None,
        hears_itself=is_registered,
        test_action=f"/connections/{c.id}/webhook-test" if is_registered and may_manage else "",
    )


def _facts(
    vendor: Vendor | None, h: Health, now_doing: sync_health.Health, now: datetime, zone: ZoneInfo
) -> tuple[Fact, ...]:  # fmt: skip
    c = h.connection
    some = [
        Fact("Account", c.account_name or "not known yet", place(vendor.manifest, c.environment) if vendor else ""),
        Fact("Connected", fmt.moment(c.created_at, zone, now)),
    ]
    if vendor:
        some += [doing.access(now_doing, now), *doing.readings(now_doing, now, zone)]
    last = h.age and c.last_success_at
    some.append(Fact("Age of what is shown", fmt.age(last, now) if last else "nothing was read yet"))
    if h.last_run is not None:
        ended = h.last_run.finished_at or h.last_run.asked_at
        words = "went well" if h.last_run.state == "done" else h.last_run.error or "failed"
        some.append(Fact("Last run", fmt.moment(ended, zone, now), words, f"/sync/runs/{h.last_run.id}"))
    return tuple(some)


def _streams(
    vendor: Vendor | None,
    h: Health,
    recent: Sequence[Run],
    counts: Mapping[str, int],
    now: datetime,
    zone: ZoneInfo,
) -> tuple[v.StreamRow, ...]:
    """Each kind of thing that is read; of files, what they brought."""
    if vendor is None:
        good = parts.Health("good", "imported")
        at = sources.heard_at(h.connection)
        heard = parts.stamp(at, now=now, tz=zone) if at else None
        return tuple(
            v.StreamRow(kind.replace("_", " ").capitalize() + "s", fmt.count(n), heard, good)
            for kind, n in sorted(counts.items())
        )

    def row(name: str, title: str, kind: str) -> v.StreamRow:
        runs = [r for r in recent if r.progress.get(name, {}).get("is_done")]
        at = max((r.finished_at or r.heartbeat_at or r.asked_at for r in runs), default=None)
        odd = int(runs[0].progress[name].get("problems", 0)) if runs else 0
        read = parts.stamp(at, now=now, tz=zone, stale_after=vendor.manifest.every * 3) if at else None
        return v.StreamRow(
            title, fmt.count(counts.get(kind, 0)), read, _stream_health(h, name, odd, is_read=bool(runs))
        )

    return tuple(row(s.name, s.title, s.kind) for s in vendor.manifest.streams)


def _stream_health(h: Health, name: str, odd: int, *, is_read: bool) -> parts.Health:
    running = h.running
    if running is not None and running.state == "running" and not running.progress.get(name, {}).get("is_done"):
        return parts.Health("busy", "waits its turn" if name not in running.progress else "reading")
    if odd:
        return parts.Health("warn", f"{fmt.count(odd)} not readable")
    return parts.Health("good", "read") if is_read else parts.Health("paused", "not read yet")


def _deliveries(h: Health, now: datetime) -> tuple[Check, ...]:
    """What webhooks brought; () where the vendor tells of none."""
    c = h.connection
    if not h.takes_webhooks:
        return ()
    if not any(h.inbox.values()):
        is_new = now - c.created_at < timedelta(days=1)
        return () if is_new else (Check("Nothing was delivered in the last 30 days", False),)
    kinds = ", ".join(f"{fmt.count(n)} {state}" for state, n in sorted(h.inbox.items()))
    last = f"Last worked off {fmt.age(c.last_event_at, now)}. " if c.last_event_at else ""
    is_bad = bool(h.inbox.get("failed") or h.inbox.get("unreadable"))
    return (Check("Deliveries of the last 30 days", not is_bad, f"{last}{kinds}."),)


def key_form(vendor: Vendor, c: Connection, error: str = "") -> Form | None:
    """Takes the key that signs webhooks, which is the first of the vendor's fields for that."""
    if vendor.webhooks is None or not vendor.manifest.webhook_fields:
        return None
    field = token_field(vendor.manifest.webhook_fields[0], {})
    words = f"{field.label} ({'replaces the present one' if c.webhook_secrets else 'switches live changes on'})"
    return Form(
        f"/connections/{c.id}/key",
        (parts.Field("key", words, kind="password", help=field.help, error=error, is_code=True),),
        "Save the key",
        is_quiet=True,
    )


def _disconnect(c: Connection, title: str, *, is_vendor: bool) -> Confirm:
    what = f"What was read stays. Nothing new arrives, and {title} forgets us." if is_vendor else "What was read stays."
    return Confirm("gone", "Disconnect", f"Disconnect {title}?", what, f"/connections/{c.id}/disconnect")


def _notices(h: Health, title: str, *, is_vendor: bool, may_manage: bool) -> tuple[Notice, ...]:
    c = h.connection
    why = _sentence(c.state_why)
    if c.state == "needs_reauth":
        do = "Reconnect, and what was missed is read." if may_manage else "An owner or manager can reconnect it."
        return (Notice(f"{title} no longer lets us in", f"{why}{do} Nothing is lost meanwhile.", "bad"),)
    if c.state == "broken":
        return (Notice(f"Reading {title} has stopped", f"{why}Press “Read now” to try again.", "bad"),)
    if c.state in ("degraded", "rate_limited"):
        return (Notice(f"{title} answers slowly or not at all", f"{why}It goes on by itself.", "warn"),)
    if is_vendor and c.setup_step < DONE and c.last_success_at is None:
        return (Notice("The set-up is not finished", "An owner or manager can go on with it.", "warn"),)
    return ()


def _sentence(why: str) -> str:
    """As the beginning of a text: `why` with a full stop, or nothing."""
    return f"{why[:1].upper()}{why[1:].rstrip('.')}. " if why else ""
