"""One page of a stream is stored: its records, what vanished, the run's progress and the cursor, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ids import ConnectionId
from bookingbridge.canonical.ports import Page, Stream
from bookingbridge.infra.db import Tx
from bookingbridge.sync import oddity, vanishing
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.ingesting import Sighting
from bookingbridge.sync.reading import Understood, take_raw
from bookingbridge.sync.store import connections, runs
from bookingbridge.sync.store.connections import Connection
from bookingbridge.sync.store.runs import Run
from bookingbridge.sync.vanishing import Vanished

RESTING = ("paused", "removed")
"""States in which nothing is read or written on."""

Progress = dict[str, dict[str, Any]]
"""What a run has done so far, by stream."""


class Overtaken(Exception):
    """Another worker has taken the run up since."""


class Resting(Refused):
    """The owner paused or removed the connection while it was read."""


@dataclass(slots=True)
class Course:
    """A stream that is being read by a run. `exact_from`: since when each sighting is noted, for streams that sweep."""

    engine: Engine
    connection: Connection
    run: Run
    stream: Stream
    progress: Progress
    was_complete: bool
    exact_from: datetime | None

    @property
    def cause(self) -> str:
        return f"run:{self.run.id}"


async def store_page(tx: Tx, course: Course, page: Page) -> Understood:
    """The page is stored, unless the connection rests (Resting) or the run is somebody else's by now (Overtaken)."""
    now = await connections.get(tx, course.connection.id)
    if now is None or now.state in RESTING:
        raise Resting(f"the connection is {now.state if now else 'gone'}")
    engine, stream = course.engine, course.stream
    connection_id = ConnectionId(course.connection.id)
    vendor = engine.vendor(course.connection.vendor)
    sighting = Sighting.HOURLY if course.exact_from is None else Sighting.EXACT
    understood = await take_raw(
        tx, connection_id, vendor, page.records, engine.ingesters, cause=course.cause, sighting=sighting
    )
    vanished = await _sweep(tx, course, page)
    odd = oddity.count_odd(understood.taken.written, tx.now)
    before = course.progress.get(stream.name, {})
    course.progress[stream.name] = _counted(before, stream, page, understood, odd) | await _left(
        tx, course, before, page, vanished
    )
    if not await runs.note(tx, course.run, course.progress):
        raise Overtaken
    await runs.advance(
        tx, connection_id, stream.name, page.cursor, is_complete=page.is_last or course.was_complete,
        exact_from=course.exact_from,
    )  # fmt: skip
    return understood


def _counted(before: dict[str, Any], stream: Stream, page: Page, understood: Understood, odd: int) -> dict[str, Any]:
    taken = understood.taken
    return {
        "title": stream.title,
        "pages": before.get("pages", 0) + 1,
        "seen": before.get("seen", 0) + len(page.records),
        "new": before.get("new", 0) + taken.new,
        "changed": before.get("changed", 0) + taken.changed,
        "same": before.get("same", 0) + taken.same,
        "stale": before.get("stale", 0) + taken.stale,
        "problems": before.get("problems", 0) + len(understood.problems),
        "odd": before.get("odd", 0) + odd,
        "total": page.total if page.total is not None else before.get("total"),
        "is_done": page.is_last,
    }


async def _sweep(tx: Tx, course: Course, page: Page) -> Vanished | None:
    """What vanished, where the page ends a sweep during which every sighting was noted."""
    if page.swept is None:
        return None
    if course.exact_from is None:
        # From here on each sighting is noted. Nothing can have vanished of what is read for the first time.
        course.exact_from = tx.now
        return None
    if page.swept.since < course.exact_from:
        return None
    connection_id = ConnectionId(course.connection.id)
    return await vanishing.sweep(tx, connection_id, page.swept, course.engine.ingesters, cause=course.cause)


async def _left(
    tx: Tx, course: Course, before: dict[str, Any], page: Page, vanished: Vanished | None
) -> dict[str, Any]:
    """What the progress says of things that vanished: how many are gone, and in words what was not touched."""
    said: dict[str, Any] = {name: before[name] for name in ("gone", "withheld", "note") if name in before}
    withheld: dict[str, list[int]] = dict(said.get("withheld", {}))
    if vanished is not None and page.swept is not None:
        number, of = withheld.get(page.swept.kind, [0, 0])
        withheld[page.swept.kind] = [number + vanished.withheld, of + vanished.of]
        said["gone"] = said.get("gone", 0) + vanished.gone
    if not withheld:
        return said
    # Only the end of the stream tells of a kind that nothing was left untouched.
    told = {kind: (n, of) for kind, (n, of) in withheld.items() if n or page.is_last}
    note = await vanishing.conclude(tx, ConnectionId(course.connection.id), course.stream.title, told)
    return said | {"withheld": withheld, "note": note}
