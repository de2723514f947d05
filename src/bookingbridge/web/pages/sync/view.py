"""What the Sync pages show: what ran, what arrived, what could not be read, and how to do it again."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.web.ui.parts import Confirm, Empty, Fact, Health, Notice, Pager, Progress, Select, Stamp, Tab, Tag


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a source: `what` is `Full import` or `Changes`; `counts` what it brought; `problem` why it ended."""

    source: str
    what: str
    href: str
    started: Stamp
    took: str
    health: Health
    counts: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RunsView:
    """runs.html: GET /sync?source=&state=&after=. `refresh_href` is set while something runs: asked every 3 s."""

    tabs: tuple[Tab, ...]
    selects: tuple[Select, ...]
    rows: tuple[RunRow, ...]
    pager: Pager | None = None
    refresh_href: str = ""
    empty: Empty | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class RunView:
    """run.html: GET /sync/runs/{id}: one run with its streams and what it could not read."""

    facts: tuple[Fact, ...]
    health: Health
    streams: tuple[Progress, ...]
    unreadable: tuple[EventRow, ...]
    problem: Notice | None = None
    refresh_href: str = ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One stored delivery or record: `what` is its type (`booking.updated`), `outcome` what became of it."""

    what: str
    source: str
    href: str
    arrived: Stamp
    state: Tag
    outcome: str


@dataclass(frozen=True, slots=True)
class EventsView:
    """events.html: GET /sync/events?source=&state=&after=; /sync/unreadable and /sync/changes are drawn with it, too.

    `replay_all` replays what the filter shows; `action` is where the filter leads.
    """

    tabs: tuple[Tab, ...]
    selects: tuple[Select, ...]
    rows: tuple[EventRow, ...]
    pager: Pager | None = None
    replay_all: Confirm | None = None
    empty: Empty | None = None
    action: str = "/sync/events"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at understanding an event."""

    when: Stamp
    outcome: str
    tone: Tag


@dataclass(frozen=True, slots=True)
class EventTitles:
    """What the parts of an event's page are called; `made` empty: that part is left out."""

    raw: str = "As it came"
    facts: str = "The delivery"
    made: str = "What became of it"
    tries: str = "Tries"


@dataclass(frozen=True, slots=True)
class EventView:
    """event.html: GET /sync/events/{id}; POST {href}/replay does it again.

    `raw` is the payload as it came, indented when it is JSON; `headers` without secrets. `made` lists the facts that
    came of it, each linked. `where` names the field that could not be understood.
    """

    href: str
    state: Tag
    facts: tuple[Fact, ...]
    attempts: tuple[Attempt, ...]
    made: tuple[Fact, ...]
    raw: str
    headers: tuple[Fact, ...] = ()
    problem: Notice | None = None
    can_replay: bool = True
    titles: EventTitles = EventTitles()
