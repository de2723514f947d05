"""Runs in words, and what the pages of Sync share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from bookingbridge.sync.engine import Engine
from bookingbridge.sync.overview import Connection, Run
from bookingbridge.web import format as fmt
from bookingbridge.web.pages.sync import view as v
from bookingbridge.web.ui import parts
from bookingbridge.web.ui.parts import Choice, Fact, Health, Notice, Pager, Progress, Select, Tab

RUN_STATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "running": ("Running", ("queued", "running", "waiting")),
    "done": ("Done", ("done",)),
    "failed": ("Failed", ("failed",)),
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
