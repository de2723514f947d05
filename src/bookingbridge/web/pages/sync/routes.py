"""Sync: what ran, what arrived, what could not be read, what followed from it; and to do it again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.infra.db import Tx
from bookingbridge.sync import inbound
from bookingbridge.sync import overview as sync
from bookingbridge.sync.engine import Engine
from bookingbridge.web import format as fmt
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.sync import arrived, building
from bookingbridge.web.pages.sync.building import Names, address
from bookingbridge.web.pages.sync.view import EventsView, EventView, RunsView
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import Action, Confirm, Empty

router = APIRouter(include_in_schema=False)
_shell = Shell()

PAGE = 50
MOST_REPLAYED = 500
BIGGEST = 2**63 - 1
_EVENT_WORDS = {key: tag.text for key, tag in arrived.EVENT_STATES.items()}
R = TypeVar("R")


@router.get("/sync")
async def runs(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """Runs, newest first; asked for again while one is under way."""
    query = request.query_params
    source, state, after = _uuid(query.get("source")), query.get("state", ""), _uuid(query.get("after"))
    _, wanted = building.RUN_STATES.get(state, ("", ()))
    async with _db(request, who) as tx:
        names, odd = await _names(request, who, tx), await _odd(tx)
        found = await sync.runs_of(tx, connection_id=source, states=wanted, before=after, limit=PAGE + 1)
        now = tx.now
    shown, has_more = _page(found)
    zone = ZoneInfo(who.business.time_zone)
    here = address("/sync", source=source, state=state if wanted else "")
    is_moving = any(r.state in ("queued", "running", "waiting") for r in shown)
    view = RunsView(
        building.tabs("Runs", odd),
        (names.select(source), building.states({k: v[0] for k, v in building.RUN_STATES.items()}, state)),
        tuple(building.run_row(names, r, now, zone) for r in shown),
        building.pager(len(shown), here if after else "", _more(here, str(shown[-1].id)) if has_more else ""),
        _same(request) if is_moving else "",
        None if shown else _nothing_ran(who, is_filtered=bool(source or wanted)),
    )
    return _shell.show(request, "sync/runs.html", view, title="Sync")


def _nothing_ran(who: Who, *, is_filtered: bool) -> Empty:
    if is_filtered:
        return Empty("No such run", "Choose another source or state.", "sync")
    actions = (Action("Connect a source", "/connections/new", is_main=True),)
    may = who.may(Permission.MANAGE_CONNECTIONS)
    return Empty("Nothing has run yet", "Runs start when a source is connected.", "sync", actions if may else ())


@router.get("/sync/runs/{run}")
async def one_run(request: Request, run: UUID, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """One run; its page asks again while it goes on."""
    async with _db(request, who) as tx:
        found = await sync.run_of(tx, run)
        names, now = await _names(request, who, tx), tx.now
        odd = await sync.odd(tx, connection_id=found.connection_id)
    zone = ZoneInfo(who.business.time_zone)
    end = found.finished_at or now
    begun = found.started_at or found.asked_at
    rows = [arrived.odd_row(names, c, raw, now, zone) for c, raw in odd if begun <= raw.received_at <= end]
    view = building.run_view(_engine(request), names, found, rows, now, zone)
    return _shell.show(request, "sync/run.html", view, title=f"Run of {names.of(found.connection_id)}")


@router.get("/sync/events")
async def events(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """Webhooks as they came, newest first."""
    query = request.query_params
    source, state, after = _uuid(query.get("source")), query.get("state", ""), _number(query.get("after"))
    state = state if state in arrived.EVENT_STATES else ""
    async with _db(request, who) as tx:
        names, odd = await _names(request, who, tx), await _odd(tx)
        found = await sync.arrivals(tx, connection_id=source, state=state or None, before=after, limit=PAGE + 1)
        now = tx.now
    shown, has_more = _page(found)
    zone, engine = ZoneInfo(who.business.time_zone), _engine(request)
    here = address("/sync/events", source=source, state=state)
    view = EventsView(
        building.tabs("Webhooks", odd),
        (names.select(source), building.states(_EVENT_WORDS, state)),
        tuple(arrived.event_row(engine, names, kept, now, zone) for kept in shown),
        building.pager(len(shown), here if after else "", _more(here, str(shown[-1].id)) if has_more else ""),
        _replay_all(source, state) if shown and state and who.may(Permission.RUN_SYNC) else None,
        None if shown else _nothing_came(is_filtered=bool(source or state)),
    )
    return _shell.show(request, "sync/events.html", view, title="Sync")


def _nothing_came(*, is_filtered: bool) -> Empty:
    if is_filtered:
        return Empty("No such webhook", "Choose another source or state.", "check")
    words = "A source's page shows the address at which changes arrive at once."
    return Empty("No webhook has come yet", words, "spark", (Action("Connections", "/connections"),))


def _replay_all(source: UUID | None, state: str) -> Confirm:
    return Confirm(
        "all",
        "Replay all of these",
        f"Replay all that are {_EVENT_WORDS[state].lower()}?",
        f"Each is worked on as if it had just arrived, the newest {fmt.count(MOST_REPLAYED)} at most.",
        "/sync/events/replay",
        (("state", state), ("source", str(source or ""))),
        "Replay",
        is_dangerous=False,
    )


@router.post("/sync/events/replay")
async def replay_all(request: Request, who: Who = needs(Permission.RUN_SYNC)) -> Response:
    """Those of one state are worked on once more."""
    given, engine = await posted(request), _engine(request)
    state, source = given.get("state", ""), _uuid(given.get("source"))
    if state not in arrived.EVENT_STATES:
        raise NotFound("There is no such state of a webhook.")
    async with _db(request, who) as tx:
        found = await sync.arrivals(tx, connection_id=source, state=state, limit=MOST_REPLAYED)
    for kept in reversed(found):
        await inbound.replay(engine, who.business_id, kept.id)
    return with_toast(
        go(address("/sync/events", source=source)), f"{fmt.counted(len(found), 'webhook')} will be worked on again."
    )


@router.get("/sync/events/{event}")
async def one_event(request: Request, event: int, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """One webhook as it came, with what became of it."""
    async with _db(request, who) as tx:
        kept = await sync.event(tx, _stored(event))
        names, now = await _names(request, who, tx), tx.now
    zone, engine = ZoneInfo(who.business.time_zone), _engine(request)
    view = arrived.event_view(engine, names, kept, now, zone, may=who.may(Permission.RUN_SYNC))
    return _shell.show(request, "sync/event.html", view, title=arrived.kind_of(engine, names, kept))


@router.post("/sync/events/{event}/replay")
async def replay(request: Request, event: int, who: Who = needs(Permission.RUN_SYNC)) -> Response:
    """The webhook is worked on as if it had just arrived."""
    await inbound.replay(_engine(request), who.business_id, _stored(event))
    return with_toast(go(f"/sync/events/{event}"), "It will be worked on again.")


@router.get("/sync/unreadable")
async def unreadable(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """What vendors sent that could not be understood, webhooks among it."""
    source = _uuid(request.query_params.get("source"))
    async with _db(request, who) as tx:
        names, odd = await _names(request, who, tx), await _odd(tx)
        raws = await sync.odd(tx, connection_id=source, limit=PAGE * 2)
        kept = await sync.arrivals(tx, connection_id=source, state="unreadable", limit=PAGE)
        now = tx.now
    zone, engine = ZoneInfo(who.business.time_zone), _engine(request)
    rows = [arrived.event_row(engine, names, k, now, zone) for k in kept]
    rows += [arrived.odd_row(names, c, raw, now, zone) for c, raw in raws]
    rows.sort(key=lambda row: row.arrived.iso, reverse=True)
    empty = Empty("Everything was understood", "What cannot be read is kept here as it came.", "check")
    view = EventsView(
        building.tabs("Unreadable", odd), (names.select(source),), tuple(rows), empty=None if rows else empty,
        action="/sync/unreadable",
    )  # fmt: skip
    return _shell.show(request, "sync/events.html", view, title="Sync")


@router.get("/sync/unreadable/{connection}/{kind}/{remote_id:path}")
async def one_thing(
    request: Request, connection: UUID, kind: str, remote_id: str, who: Who = needs(Permission.SEE_CONNECTIONS)
) -> Response:  # fmt: skip
    """Every content that came for one thing."""
    async with _db(request, who) as tx:
        found = await sync.raws_of(tx, connection, kind.replace("\x00", ""), remote_id.replace("\x00", ""))
        names, now = await _names(request, who, tx), tx.now
    view = arrived.raw_view(names, connection, found, now, ZoneInfo(who.business.time_zone))
    return _show_event(request, view, found[0].kind.replace("_", " ").capitalize())


@router.get("/sync/changes")
async def changes(request: Request, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """What happened here, and which reactions have acted on it, newest first."""
    after = _number(request.query_params.get("after"))
    async with _db(request, who) as tx:
        odd = await _odd(tx)
        found = await sync.followed(tx, before=after, limit=PAGE + 1)
        now = tx.now
    shown, has_more = _page(found)
    zone, expected = ZoneInfo(who.business.time_zone), _expected(request)
    empty = Empty("Nothing has happened yet", "Events are here from the first import on.", "sync")
    view = EventsView(
        building.tabs("What followed", odd),
        (),
        tuple(arrived.told_row(told, expected.get(told.name, ()), now, zone) for told in shown),
        building.pager(
            len(shown), "/sync/changes" if after else "",
            _more("/sync/changes", str(shown[-1].id)) if has_more else "",
        ),
        empty=None if shown else empty,
        action="/sync/changes",
    )  # fmt: skip
    return _shell.show(request, "sync/events.html", view, title="Sync")


@router.get("/sync/changes/{event}")
async def one_change(request: Request, event: int, who: Who = needs(Permission.SEE_CONNECTIONS)) -> Response:
    """One thing that happened, and each reaction."""
    async with _db(request, who) as tx:
        found = await sync.followed(tx, before=_stored(event) + 1, limit=1)
        now = tx.now
    if not found or found[0].id != event:
        raise NotFound("There is no such event.")
    told = found[0]
    view = arrived.told_view(told, _expected(request).get(told.name, ()), now, ZoneInfo(who.business.time_zone))
    return _show_event(request, view, "What followed")


def _show_event(request: Request, view: EventView, title: str) -> Response:
    return _shell.show(request, "sync/event.html", view, title=title)


def _page(found: list[R]) -> tuple[list[R], bool]:
    """At most a page of it, and whether there is more."""
    return found[:PAGE], len(found) > PAGE


def _more(here: str, after: str) -> str:
    return f"{here}{'&' if '?' in here else '?'}after={after}"


def _same(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _stored(number: int) -> int:
    """The number of a row; NotFound for one that no row can have."""
    if not 0 < number < BIGGEST:
        raise NotFound("There is no such event.")
    return number


async def _names(request: Request, who: Who, tx: Tx) -> Names:
    engine = _engine(request)
    return Names(engine, [h.connection for h in await sync.health(engine, tx)])


async def _odd(tx: Tx) -> int:
    return sum((await sync.problem_counts(tx)).values())


def _expected(request: Request) -> Mapping[str, tuple[str, ...]]:
    """Which reactions follow which event."""
    return {name: tuple(some) for name, some in _engine(request).db.reactions.items()}


def _db(request: Request, who: Who) -> AbstractAsyncContextManager[Tx]:
    return _engine(request).db.business(who.business_id)


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine
