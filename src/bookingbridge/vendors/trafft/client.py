"""A conversation with one Trafft account: who it is, whole lists page by page, single things, and a new booking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from bookingbridge.canonical.commands import Command, CreateBooking
from bookingbridge.canonical.errors import NotFound, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Ability, Account, Given, Json, Page, RawRecord, Reach, Receipt, Stream
from bookingbridge.canonical.times import rfc3339, text
from bookingbridge.vendors.trafft import address, places
from bookingbridge.vendors.trafft.api import Api, Listed, id_of, single
from bookingbridge.vendors.trafft.newest import from_both_ends
from bookingbridge.vendors.trafft.sign_in import CURRENCY, TIME_ZONE
from bookingbridge.vendors.trafft.sought import Sought, people, sought
from bookingbridge.vendors.trafft.walk import walk
from bookingbridge.vendors.trafft.writing import Writing

STREAMS = (
    Stream("locations", "location", "Locations"),
    Stream("employees", "staff", "Employees"),
    Stream("services", "service", "Services"),
    Stream("customers", "client", "Customers"),
    Stream("appointments", "booking", "Appointments", ("locations", "employees", "services", "customers")),
)

_PATHS = {stream.kind: f"/{stream.name}" for stream in STREAMS}

PAGES_TO_SEARCH = 12
"""How many pages are looked at for one thing that cannot be asked for by its id: six from each end of the list."""

MOST_BESIDE = 5
"""How many clients are read beside the bookings that a webhook hinted at."""

_UNASKED = "not asked yet"

_Met = tuple[list[RawRecord], dict[RemoteId, None]]
"""Bookings, and the ids of the clients met in them."""

WITHOUT = (
    (Ability.PAYMENTS, "Trafft's API shows no payments, invoices or refunds."),
    (Ability.PAYOUTS, "Trafft's API shows no payouts."),
    (Ability.BUSY_TIMES, "Trafft's API shows no working hours, breaks or days off."),
)

NOTES = (
    "Trafft shows no price of an appointment and nothing that was paid.",
    "Through Trafft's API bookings can be made; moving and cancelling them is done in Trafft.",
    "Trafft has no list of what changed: everything is read again on each run.",
)


class TrafftClient:
    """See canonical.ports.Client and Writer. The transport belongs to who gave it and is not closed here."""

    def __init__(self, given: Given) -> None:
        self._api = Api(given)
        self._given = given
        self._zone = given.tokens.extra.get(TIME_ZONE)
        self._currency = given.tokens.extra.get(CURRENCY)
        self._unit: str | None = _UNASKED
        self._writing = Writing(self._api, self._zone)

    async def check(self) -> Account:
        host = address.host_of(self._given.base_url, self._given.tokens.extra)
        shown = [await self._api.listed(path, 1, limit=1) for path in ("/services", "/customers", "/appointments")]
        notes = list(NOTES)
        if not _says_zone(shown[-1]):
            notes.append(f"Trafft writes times without their zone; they are taken to be {self._zone} time.")
        return Account(
            remote_id=RemoteId(host),
            name=host.partition(".")[0] if "." in host and not host[0].isdigit() else host,
            time_zone=self._zone,
            currency=self._currency,
            notes=tuple(notes),
            without=WITHOUT,
        )

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        kind = next((s.kind for s in STREAMS if s.name == stream), None)
        if kind is None:
            raise Rejected(f"Trafft has no list of {stream!r}")
        walked = walk(self._asking(_PATHS[kind]), cursor, reach, kind=kind, raw=await self._rows_as(kind))
        try:
            async for page in walked:
                yield page
        except NotFound:
            # An account without Trafft's feature "Multiple Locations" has no such list (one reader, 2026-10-09).
            if kind != "location":
                raise
            yield Page((), {}, is_last=True)

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        if kind not in _PATHS:
            raise Rejected(f"Trafft has no {kind!r}")
        marks = sought(remote_id)
        if kind == "booking":
            return await self._bookings(remote_id, marks)
        if marks is not None:
            return await self._people(marks) if kind == "client" else []
        if not remote_id.isascii() or not remote_id.isdigit() or len(remote_id) > 19:
            return []
        try:
            found = single(await self._api.get(f"{_PATHS[kind]}/{remote_id}"))
        except NotFound:
            return []
        if id_of(found) != remote_id:
            raise Unreadable(f"asked for {kind} {remote_id}, Trafft gave something else", where="id")
        return (await self._rows_as(kind))(found)

    async def send(self, command: Command) -> Receipt:
        if not isinstance(command, CreateBooking):
            raise Rejected("through Trafft's API bookings can only be made; do this in Trafft", code="not_possible")
        return await self._writing.create(command)

    async def find(self, command: Command) -> Receipt | None:
        if not isinstance(command, CreateBooking):
            raise Rejected("through Trafft's API bookings can only be made", code="not_possible")
        return await self._writing.find(command)

    async def close(self) -> None:
        """Nothing is held open here."""

    def _asking(self, path: str) -> Callable[[int], Awaitable[Listed]]:
        return lambda page: self._api.listed(path, page)

    async def _rows_as(self, kind: str) -> Callable[[Json], list[RawRecord]]:
        """How a row of that list becomes what is given on."""
        if kind == "booking":
            return lambda row: places.bookings(row, self._zone)
        if kind == "service":
            unit = await self._duration_unit()
            return lambda row: [
                RawRecord(kind, id_of(row), {"service": row, "currency": self._currency, "duration_unit": unit})
            ]
        return lambda row: [RawRecord(kind, id_of(row), row)]

    async def _duration_unit(self) -> str | None:
        if self._unit is _UNASKED:
            try:
                appointments = await self._api.listed("/appointments", 1)
                services = await self._api.listed("/services", 1)
                self._unit = places.duration_unit(services.rows, appointments.rows)
            except (Rejected, NotFound):
                self._unit = None
        return self._unit

    async def _bookings(self, remote_id: str, marks: Sought | None) -> list[RawRecord]:
        """The bookings meant, and their clients beside them; there is no asking for one by its id."""
        if marks is None:
            # Rows shift while pages are read: once through without it is not yet proof that it is gone.
            found, met = await self._booking(remote_id) or await self._booking(remote_id) or ([], {})
        else:
            found, met = await self._fitting(marks)
        return [*found, *[one for client in list(met)[:MOST_BESIDE] for one in await self._client(client)]]

    async def _booking(self, remote_id: str) -> _Met | None:
        async for row in from_both_ends(self._asking("/appointments")):
            for one in places.bookings(row, self._zone):
                if one.remote_id == remote_id:
                    return [one], dict.fromkeys(id_of(person) for person in people(row))
        return None

    async def _fitting(self, marks: Sought) -> _Met:
        found: list[RawRecord] = []
        met: dict[RemoteId, None] = {}
        most = PAGES_TO_SEARCH if marks.is_telling else 2
        async for row in from_both_ends(self._asking("/appointments"), most=most):
            if marks.fits(row, self._zone):
                found += places.bookings(row, self._zone)
                met |= dict.fromkeys(id_of(person) for person in people(row) if marks.fits_person(person))
            if marks.is_it(row, self._zone):
                break
        return found, met

    async def _client(self, remote_id: RemoteId) -> list[RawRecord]:
        try:
            return await self.fetch("client", remote_id)
        except (Rejected, Unreadable):
            return []  # the booking is known all the same

    async def _people(self, marks: Sought) -> list[RawRecord]:
        asking = from_both_ends(self._asking("/customers"), most=PAGES_TO_SEARCH)
        return [RawRecord("client", id_of(row), row) async for row in asking if marks.fits_person(row)]


def _says_zone(listed: Listed) -> bool:
    """Whether the times come with an offset; True where there is none to look at."""
    starts = [start for row in listed.rows if isinstance(start := row.get("start_date_time"), str)]
    try:
        return all(text(rfc3339(start)) for start in starts)
    except Unreadable:
        return False
