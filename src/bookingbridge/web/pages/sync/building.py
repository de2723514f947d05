"""Runs, deliveries and what followed them, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Delivery
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Connection, Kept, RawSight, Run, Told
from bookingbridge.web import format as fmt
from bookingbridge.web.pages.sync import view as v
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Choice, Fact, Health, Notice, Pager, Progress, Select, Tab, Tag

RUN_STATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "running": ("Running", ("queued", "running", "waiting")),
    "done": ("Done", ("done",)),
    "failed": ("Failed", ("failed",)),
}
EVENT_STATES: Mapping[str, Tag] = {
    "new": Tag("Waiting", "info"),
    "done": Tag("Done", "good"),
    "ignored": Tag("Ignored"),
    "failed": Tag("Failed", "bad"),
    "unreadable": Tag("Unreadable", "bad"),
}
_KINDS = {"full": "Full import", "incremental": "Changes", "file": "File"}
_HEALTH = {
    "queued": Health("busy", "waits its turn"),
    "running": Health("busy", "reading"),
    "waiting": Health("warn", "waits for the vendor"),
    "done": Health("good", "done"),
    "failed": Health("bad", "failed"),
}
_TABS = (
    ("Runs", "/sync"), ("Webhooks", "/sync/events"), ("Unreadable", "/sync/unreadable"),
    ("What followed", "/sync/changes"),
)  # fmt: skip
_SECRET = ("signature", "authorization", "hmac", "token", "secret", "cookie")


class Names:
    """What connections are called; removed ones, too, as far as that is known."""

    def __init__(self, engine: Engine, connected: Sequence[Connection]) -> None:
        self._engine = engine
        self.connections = {c.id: c for c in connected}

    def of(self, connection_id: UUID) -> str:
        c = self.connections.get(connection_id)
        if c is None:
            return "A removed source"
        vendor = self._engine.vendors.get(c.vendor)
        return vendor.manifest.title if vendor else c.name

    def href(self, connection_id: UUID) -> str:
        return f"/connections/{connection_id}" if connection_id in self.connections else ""

    def select(self, chosen: UUID | None) -> Select:
        some = tuple(Choice(str(i), self.of(i), i == chosen) for i in self.connections)
        return Select("source", "Source", (Choice("", "All sources", chosen is None), *some))


def tabs(current: str, odd: int = 0) -> tuple[Tab, ...]:
    """`odd` things could not be read."""
    return tuple(Tab(label, href, label == current, odd if label == "Unreadable" else 0) for label, href in _TABS)


def states(known: Mapping[str, str], chosen: str) -> Select:
    some = tuple(Choice(key, label, key == chosen) for key, label in known.items())
    return Select("state", "State", (Choice("", "Any state", not chosen), *some))


def address(path: str, **asked: object) -> str:
    """`path` with what is asked for; what is empty is left out."""
    query = urlencode({name: str(value) for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path


def pager(shown: int, first: str, more: str) -> Pager | None:
    """Where the newest and the older rows are; None where all are shown."""
    if not first and not more:
        return None
    return Pager(f"{fmt.count(shown)} shown, newest first", first, more)


def run_row(names: Names, run: Run, now: datetime, zone: ZoneInfo) -> v.RunRow:
    return v.RunRow(
        names.of(run.connection_id),
        _KINDS.get(run.kind, run.kind),
        f"/sync/runs/{run.id}",
        parts.moment(run.started_at or run.asked_at, now=now, tz=zone),
        took(run, now),
        _HEALTH.get(run.state, Health("warn", run.state)),
        brought(run),
        run.error,
    )


def took(run: Run, now: datetime) -> str:
    """How long; NOTHING before it begins."""
    if run.started_at is None:
        return fmt.NOTHING
    return fmt.span((run.finished_at or now) - run.started_at)


def brought(run: Run) -> str:
    """`12 new, 3 changed, 200 as before`, all streams together."""
    sums = {what: sum(_number(p.get(what)) for name, p in run.progress.items() if name) for what in _BROUGHT}
    words = [f"{fmt.count(sums[what])} {label}" for what, label in _BROUGHT.items() if sums[what]]
    return ", ".join(words) or ("nothing new" if run.state == "done" else "nothing yet")


_BROUGHT = {
    "new": "new",
    "changed": "changed",
    "same": "as before",
    "stale": "older than ours",
    "problems": "unreadable",
}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def run_view(
    engine: Engine, names: Names, run: Run, odd: Sequence[v.EventRow], now: datetime, zone: ZoneInfo
) -> v.RunView:
    """One run, stream by stream in the order they are read."""
    source = names.of(run.connection_id)
    facts = [
        Fact("Source", source, _KINDS.get(run.kind, run.kind), names.href(run.connection_id)),
        Fact("Asked for", fmt.full(run.asked_at, zone), _asked_by(run.asked_by)),
        Fact("Began", fmt.full(run.started_at, zone) if run.started_at else "not yet"),
        Fact("Took", took(run, now)),
        Fact("Brought", brought(run)),
    ]
    is_open = run.state in ("queued", "running", "waiting")
    return v.RunView(
        tuple(facts),
        _HEALTH.get(run.state, Health("warn", run.state)),
        _streams(engine, names, run, is_open=is_open),
        tuple(odd),
        _problem(source, run),
        f"/sync/runs/{run.id}" if is_open else "",
    )


def _asked_by(said: str) -> str:
    if said.startswith("user:"):
        return "by hand"
    return "by a program" if said.startswith("token:") else f"by {said}" if said else ""


def _problem(source: str, run: Run) -> Notice | None:
    if run.state == "failed":
        return Notice(f"{source} was not read to the end", run.error, "bad")
    if run.state == "waiting":
        return Notice(f"It waits for {source}", f"{run.error} It goes on by itself.", "warn")
    return None


def _streams(engine: Engine, names: Names, run: Run, *, is_open: bool) -> tuple[Progress, ...]:
    c = names.connections.get(run.connection_id)
    vendor = engine.vendors.get(c.vendor) if c else None
    known = {s.name: s.title for s in vendor.manifest.streams} if vendor else {}
    known |= {name: str(p.get("title", name)) for name, p in run.progress.items() if name and name not in known}

    def bar(name: str, title: str) -> Progress:
        p = run.progress.get(name, {})
        is_done = bool(p.get("is_done")) or (vendor is None and run.state == "done")
        missed = not is_done and not is_open
        return Progress(title, _number(p.get("seen")), _number(p.get("total")) or None, is_done, "not read" * missed)

    return tuple(bar(name, title) for name, title in known.items())


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
