"""What arrived, what could not be read, and what followed, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Delivery
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Kept, RawSight, Told
from bookingbridge.web import format as fmt
from bookingbridge.web.pages.sync import view as v
from bookingbridge.web.pages.sync.building import Names
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Fact, Notice, Tag

EVENT_STATES: Mapping[str, Tag] = {
    "new": Tag("Waiting", "info"),
    "done": Tag("Done", "good"),
    "ignored": Tag("Ignored"),
    "failed": Tag("Failed", "bad"),
    "unreadable": Tag("Unreadable", "bad"),
}
_SECRET = ("signature", "authorization", "hmac", "token", "secret", "cookie")


def kind_of(engine: Engine, names: Names, kept: Kept) -> str:
    """The delivery's type as the vendor names it; what it is where that cannot be read."""
    if kept.type:
        return kept.type
    c = names.connections.get(kept.connection_id)
    webhooks = engine.vendors[c.vendor].webhooks if c and c.vendor in engine.vendors else None
    try:
        if webhooks is not None:
            return webhooks.read(Delivery(dict(kept.headers), kept.body, "")).type or "Webhook"
    except Unreadable:
        pass
    return "Webhook"


def event_row(engine: Engine, names: Names, kept: Kept, now: datetime, zone: ZoneInfo) -> v.EventRow:
    again = f" ({kept.deliveries} deliveries)" if kept.deliveries > 1 else ""
    return v.EventRow(
        kind_of(engine, names, kept),
        names.of(kept.connection_id),
        f"/sync/events/{kept.id}",
        parts.stamp(kept.received_at, now=now, tz=zone),
        EVENT_STATES.get(kept.state, Tag(kept.state)),
        (kept.outcome or "next") + again,
    )


def event_view(engine: Engine, names: Names, kept: Kept, now: datetime, zone: ZoneInfo, *, may: bool) -> v.EventView:
    """One delivery as it came and what became of it."""
    facts = [
        Fact("Source", names.of(kept.connection_id), href=names.href(kept.connection_id)),
        Fact("Type", kind_of(engine, names, kept)),
        Fact("Arrived", fmt.full(kept.received_at, zone)),
        Fact("Signature", "fits", "Others are not let in."),
        Fact("Deliveries", fmt.count(kept.deliveries), "" if kept.deliveries == 1 else "Repetitions change nothing."),
        Fact("Number", str(kept.id), "ours"),
    ]
    tries = []
    if kept.processed_at is not None:
        when = parts.stamp(kept.processed_at, now=now, tz=zone)
        words = f"{kept.outcome or 'Done'} (try {max(kept.attempts, 1)})"
        tries.append(v.Attempt(when, words, EVENT_STATES.get(kept.state, Tag(kept.state))))
    is_bad = kept.state in ("failed", "unreadable")
    made = (Fact("Looked at", kept.outcome),) if kept.state == "done" and kept.outcome else ()
    return v.EventView(
        f"/sync/events/{kept.id}",
        EVENT_STATES.get(kept.state, Tag(kept.state)),
        tuple(facts),
        tuple(tries),
        made,
        readable(kept.body),
        tuple(Fact(name, _shown(name, value)) for name, value in sorted(kept.headers.items())),
        Notice("This could not be worked on", f"{kept.outcome}. It is kept; replay it at any time.", "bad")
        if is_bad
        else None,
        may,
    )


def _shown(name: str, value: str) -> str:
    return "kept back" if any(word in name.lower() for word in _SECRET) else value


def readable(body: bytes | object) -> str:
    """JSON indented; anything else as it came."""
    if isinstance(body, bytes):
        text = body.decode(errors="replace")
        try:
            body = json.loads(text)
        except ValueError:
            return text
    return json.dumps(body, indent=2, ensure_ascii=False, default=str)


def odd_row(names: Names, connection_id: UUID, raw: RawSight, now: datetime, zone: ZoneInfo) -> v.EventRow:
    """Something that was read from a vendor and not understood."""
    where = f"{connection_id}/{quote(raw.kind, safe='')}/{quote(raw.remote_id, safe='')}"
    return v.EventRow(
        f"{raw.kind.replace('_', ' ').capitalize()} {fmt.shorten(raw.remote_id, 40)}",
        names.of(connection_id),
        f"/sync/unreadable/{where}",
        parts.stamp(raw.received_at, now=now, tz=zone),
        Tag("Unreadable", "bad"),
        raw.problem or "",
    )


_OF_A_THING = v.EventTitles(facts="What it is", made="", tries="What came")


def raw_view(names: Names, connection_id: UUID, some: Sequence[RawSight], now: datetime, zone: ZoneInfo) -> v.EventView:
    """One thing of a vendor: its newest payload, and what each that came was like."""
    newest = some[0]
    tag = Tag("Unreadable", "bad") if newest.problem else Tag("Understood", "good")
    facts = (
        Fact("Source", names.of(connection_id), href=names.href(connection_id)),
        Fact("Kind", newest.kind.replace("_", " ")),
        Fact("Number", newest.remote_id, "the vendor's own"),
        Fact("Arrived", fmt.full(newest.received_at, zone)),
    )
    tries = tuple(
        v.Attempt(
            parts.stamp(r.received_at, now=now, tz=zone),
            r.problem or "understood",
            Tag("Unreadable", "bad") if r.problem else Tag("Understood", "good"),
        )
        for r in some
    )
    problem = None
    if newest.problem:
        what = "Everything else of the source is read; this is kept and understood after an update."
        problem = Notice("This could not be understood", f"{newest.problem}. {what}", "bad")
    return v.EventView(
        "", tag, facts, tries, (), readable(newest.payload), (), problem, can_replay=False, titles=_OF_A_THING
    )


def told_row(told: Told, expected: Sequence[str], now: datetime, zone: ZoneInfo) -> v.EventRow:
    """Something that happened here, and whether all that should has followed."""
    waits = [name for name in expected if name not in told.done]
    followed = ", ".join(sorted(told.done)) or "nothing follows it"
    return v.EventRow(
        _name(told.name),
        _cause(told.cause),
        f"/sync/changes/{told.id}",
        parts.stamp(told.at, now=now, tz=zone),
        Tag("Waiting", "info") if waits else Tag("Done", "good"),
        f"waits for {', '.join(waits)}" if waits else followed,
    )


def told_view(told: Told, expected: Sequence[str], now: datetime, zone: ZoneInfo) -> v.EventView:
    """One thing that happened here, with each reaction that has acted on it."""
    waits = [name for name in expected if name not in told.done]
    tries = [
        v.Attempt(parts.stamp(datetime.fromisoformat(at), now=now, tz=zone), name, Tag("Done", "good"))
        for name, at in sorted(told.done.items(), key=lambda item: item[1])
    ]
    tag = Tag("Waiting", "info") if waits else Tag("Done", "good")
    facts = (
        Fact("What", _name(told.name)),
        Fact("When", fmt.full(told.at, zone)),
        Fact("Because of", _cause(told.cause), href=_cause_href(told.cause)),
        Fact("Concerns", _concerns(told.payload)),
    )
    made = tuple(Fact("Waits", name) for name in waits)
    titles = v.EventTitles("What it says", "What happened", "Still to follow" if waits else "", "What followed")
    raw = readable(told.payload)
    return v.EventView("", tag, facts, tuple(tries), made, raw, can_replay=False, titles=titles)


def _concerns(payload: Mapping[str, Any]) -> str:
    ids = next((value for value in payload.values() if isinstance(value, list)), None)
    return fmt.counted(len(ids), "thing") if ids is not None else "one thing"


def _name(name: str) -> str:
    """`bookings_recorded` and `BookingsRecorded` as `Bookings recorded`."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in name.replace("_", " ").replace(".", " ")).strip()
    return spaced[:1].upper() + spaced[1:]


def _cause(cause: str) -> str:
    kind, _, what = cause.partition(":")
    words = {"run": "a run", "webhooks": f"webhook {what}", "file": "a file"}
    return words.get(kind, cause.replace("_", " ") or "the page")


def _cause_href(cause: str) -> str:
    kind, _, what = cause.partition(":")
    if kind == "run":
        return f"/sync/runs/{what}"
    return f"/sync/events/{what.partition('-')[0]}" if kind == "webhooks" else ""
