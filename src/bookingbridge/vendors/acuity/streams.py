"""What is read of Acuity, stream by stream: whole lists where they are whole, else days in stretches under the cap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import msgspec

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import NotFound, Rejected, Unreadable
from bookingbridge.canonical.ports import Given, Json, Page, RawRecord, Reach, Stream, Swept
from bookingbridge.vendors.acuity import kept, sweeps
from bookingbridge.vendors.acuity.api import Api, id_of_client
from bookingbridge.vendors.acuity.crowded import NAMES, rows_of_a_day
from bookingbridge.vendors.acuity.sweeps import Progress
from bookingbridge.vendors.acuity.wire import CAP

# The first four lists are read whole on every run; of the others the last 7 and the next 60 days (see `sweeps`).
STREAMS = (
    Stream("locations", "location", "Locations"),
    Stream("calendars", "staff", "Calendars"),
    Stream("types", "service", "Appointment types"),
    Stream("clients", "client", "Clients"),
    Stream(
        "appointments", "booking", "Appointments", ("locations", "calendars", "types", "clients"), sweeps.AROUND_BACK
    ),
    Stream("payments", "payment", "Payments", ("clients", "appointments"), sweeps.AROUND_BACK),
    Stream("blocks", "block", "Blocked times", ("calendars",), sweeps.AROUND_BACK),
)

PER_PAGE = 500
SIDE_BY_SIDE = 6
"""Payments asked for at once; Acuity allows 20 connections for all we do (reference/api-errors, 2026-11)."""

APPOINTMENTS, BLOCKS = "/appointments", "/blocks"


class Streams:
    """The streams of one account. See canonical.ports.Client.pages."""

    def __init__(self, api: Api, given: Given) -> None:
        self._api = api
        self._history = sweeps.history(given.settings)
        self._all: Mapping[str, Callable[[Progress], AsyncIterator[Page]]] = {
            "locations": self._locations,
            "calendars": self._calendars,
            "types": self._types,
            "clients": self._clients,
            "appointments": self._appointments,
            "payments": self._payments,
            "blocks": self._blocks,
        }

    def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        reader = self._all.get(stream)
        if reader is None:
            raise Rejected(f"Acuity has no stream {stream!r}")
        return reader(sweeps.begin(cursor, reach))

    async def _locations(self, progress: Progress) -> AsyncIterator[Page]:
        for page in _whole(progress, kept.places(await self._api.calendars()), "location"):
            yield page

    async def _calendars(self, progress: Progress) -> AsyncIterator[Page]:
        found = [kept.plain("staff", calendar) for calendar in await self._api.calendars()]
        for page in _whole(progress, found, "staff"):
            yield page

    async def _types(self, progress: Progress) -> AsyncIterator[Page]:
        currency = await self._api.currency()
        found = [kept.service(one, currency) for one in await self._api.types()]
        for page in _whole(progress, found, "service"):
            yield page

    async def _clients(self, progress: Progress) -> AsyncIterator[Page]:
        """All clients. None is ever called gone: people whom only an appointment names are not in this list."""
        found = [kept.client(one) for one in await self._api.clients()]
        for page in _whole(progress, found, None):
            yield page

    async def _appointments(self, progress: Progress) -> AsyncIterator[Page]:
        """The appointments of the sweep, and the people whom the list of clients does not have."""
        listed = {id_of_client(one) for one in await self._api.clients()}

        async def take(rows: list[Json], progress: Progress) -> tuple[list[RawRecord], Progress]:
            unlisted = {id_of_client(row): row for row in rows if id_of_client(row) not in listed}
            people = [kept.client(row) for remote_id, row in unlisted.items() if remote_id]
            return people + [await kept.booking(self._api, row) for row in rows], progress

        async for page in self._sweep(progress, APPOINTMENTS, "booking", take, showall="true", direction="ASC"):
            yield page

    async def _blocks(self, progress: Progress) -> AsyncIterator[Page]:
        async def take(rows: list[Json], progress: Progress) -> tuple[list[RawRecord], Progress]:
            return [kept.plain("block", row) for row in rows], progress

        async for page in self._sweep(progress, BLOCKS, "block", take):
            yield page

    async def _payments(self, progress: Progress) -> AsyncIterator[Page]:
        """The payments of the sweep's appointments; of those around today only where the amount paid has changed."""
        params = {"showall": "true", "direction": "ASC", "excludeForms": "true"}
        async for page in self._sweep(progress, APPOINTMENTS, None, self._paid, **params):
            yield page

    async def _paid(self, rows: list[Json], progress: Progress) -> tuple[list[RawRecord], Progress]:
        met = dict(progress.met)
        due: list[tuple[Json, int]] = []
        for row in rows:
            amount, _, count = progress.paid.get(kept.id_of(row), "/0").rpartition("/")
            before = int(count) if count.isdigit() else 0
            if amount == str(row.get("amountPaid")) and not progress.is_full:
                met[kept.id_of(row)] = f"{amount}/{before}"
            elif kept.is_paid(row) or before:
                due.append((row, before))
        found: list[RawRecord] = []
        for (row, _), some in zip(due, await self._payments_of(due), strict=True):
            found += some
            if _is_around(progress, row):
                met[kept.id_of(row)] = f"{row.get('amountPaid')}/{sum(r.payload['payment'] is not None for r in some)}"
        return found, msgspec.structs.replace(progress, met=met)

    async def _payments_of(self, due: Sequence[tuple[Json, int]]) -> list[list[RawRecord]]:
        gate = asyncio.Semaphore(SIDE_BY_SIDE)
        await self._api.currency()  # asked once, before many want it at the same time
        await self._api.calendars()

        async def one(row: Json, before: int) -> list[RawRecord]:
            async with gate:
                return await payments_of(self._api, row, before=before)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(row, before)) for row, before in due]
        return [task.result() for task in tasks]

    async def _sweep(
        self, progress: Progress, path: str, kind: str | None,
        take: Callable[[list[Json], Progress], Awaitable[tuple[list[RawRecord], Progress]]], **params: str,
    ) -> AsyncIterator[Page]:  # fmt: skip
        """A page per stretch of days. What is of `kind` and was not met is gone, when all was read whole."""
        zone = await self._api.zone()
        progress = sweeps.laid_out(progress, zone, self._history)
        while not sweeps.is_done(progress):
            days = sweeps.stretch(progress)
            rows = await self._api.rows(path, NAMES[path], **days.params(), **params)
            if len(rows) >= CAP and days.days > 1:
                progress = sweeps.shorter(progress)
                continue
            if len(rows) >= CAP:
                rows, is_whole = await rows_of_a_day(self._api, path, days, rows, params)
                progress = msgspec.structs.replace(progress, is_patchy=progress.is_patchy or not is_whole)
            records, progress = await _unwrapped(take(rows, progress))
            progress = sweeps.gone_on(progress, days, len(rows))
            gone = sweeps.swept(progress, kind, zone) if kind else None
            yield Page(tuple(records), sweeps.cursor_of(progress), sweeps.is_done(progress), swept=gone)


async def payments_of(api: Api, appointment: Json, *, before: int = 0) -> list[RawRecord]:
    """The appointment's payments as they are now; [] for one that is there no more."""
    remote_id = kept.id_of(appointment)
    try:
        paid = await api.rows(f"{APPOINTMENTS}/{remote_id}/payments", "payments") if remote_id != kept.NO_ID else []
    except NotFound:
        return []
    return await kept.payments(api, appointment, paid, before=before)


async def _unwrapped(
    taken: Awaitable[tuple[list[RawRecord], Progress]],
) -> tuple[list[RawRecord], Progress]:
    """What was taken; of several things that went wrong side by side the first is raised, as itself."""
    try:
        return await taken
    except ExceptionGroup as several:
        first: BaseException = several
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from several


def _is_around(progress: Progress, row: Json) -> bool:
    try:
        return sweeps.is_around(progress, times.rfc3339(str(row.get("datetime"))))
    except Unreadable:
        return False


def _whole(progress: Progress, found: list[RawRecord], kind: str | None) -> list[Page]:
    """A list that came whole, as pages; what is of `kind` and not in it is gone."""
    started = times.rfc3339(progress.started or "")
    done: Json = msgspec.to_builtins(Progress(since=progress.started))
    here: Json = msgspec.to_builtins(progress)
    pages = [
        Page(tuple(found[at : at + PER_PAGE]), here, is_last=False, total=len(found))
        for at in range(0, max(len(found), 1), PER_PAGE)
    ]
    swept = Swept(kind, started) if kind else None
    return [*pages[:-1], Page(pages[-1].records, done, is_last=True, total=len(found), swept=swept)]
