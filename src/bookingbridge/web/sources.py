"""Connections as several pages name them: how they stand, how fresh what they tell is, and which tells of what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bookingbridge.canonical.ports import Ability
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Connection, Health
from bookingbridge.web import format as fmt
from bookingbridge.web.setup import FILES, knows
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Stamp

_STATES: dict[str, parts.HealthState] = {"ok": "good", "warn": "warn", "bad": "bad"}


def heard_at(c: Connection) -> datetime | None:
    """When the connection last told us anything: a run that ended well, or a webhook."""
    return max(filter(None, (c.last_success_at, c.last_event_at)), default=None)


def title(h: Health) -> str:
    """`Square`; a file's by its own name."""
    return h.connection.name if h.connection.vendor == FILES else h.title


def mark(h: Health, now: datetime) -> parts.Health:
    """How it stands in a word or two, with its age where all is well."""
    if h.connection.state == "paused":
        return parts.Health("paused", "paused")
    if h.running is not None and h.tone == "ok":
        return parts.Health("busy", "reading")
    if h.tone != "ok":
        return parts.Health(_STATES[h.tone], h.says)
    heard = heard_at(h.connection)
    if heard is None:
        return parts.Health("busy", "not read yet")
    if h.connection.vendor == FILES:
        return parts.Health("good", f"imported {fmt.age(heard, now)}")
    return parts.Health("good", f"{'live, ' if h.has_webhook_key else ''}{fmt.age(heard, now)}")


def telling(engine: Engine, connected: Sequence[Health], ability: Ability) -> list[Health]:
    """Those that tell of such things and were read at least once. Files only where nothing else does."""
    some = [h for h in connected if knows(engine, h, ability) and heard_at(h.connection)]
    return [h for h in some if h.connection.vendor != FILES] or some


def named(some: Iterable[Health]) -> str:
    """`Google Ads, Meta Ads`."""
    return ", ".join(dict.fromkeys(title(h) for h in some))


def oldest(some: Sequence[Health], now: datetime, tz: ZoneInfo) -> Stamp | None:
    """How old what they tell together is: as old as the one that was heard of longest ago. Stale when any is."""
    heard = [at for h in some if (at := heard_at(h.connection))]
    if not heard:
        return None
    made = parts.stamp(min(heard), now=now, tz=tz)
    return Stamp(made.text, made.iso, made.exact, any(h.is_stale or h.tone == "bad" for h in some))
