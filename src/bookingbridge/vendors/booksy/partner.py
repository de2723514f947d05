"""Reading one shop through the partner API: staff, services, clients and appointments, page by page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import NotFound, Refused, Rejected, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach, Swept
from bookingbridge.vendorkit.paging import MOST_EMPTY, MOST_PAGES
from bookingbridge.vendors.booksy import options
from bookingbridge.vendors.booksy.partner_api import PartnerApi, root_of

LIMIT = 100
"""The capture names offset and limit but neither default nor maximum; shorter pages than asked for are taken too."""
BACK, AHEAD = timedelta(days=7), timedelta(days=60)
"""What an incremental run looks through: there is no filter by change (capture: booked_from and booked_till only)."""
FAR_AHEAD = timedelta(days=400)
_DAY = timedelta(days=1)
_ID = re.compile(r"[1-9]\d{0,17}")


class PartnerReader:
    """What can be read of one shop."""

    def __init__(self, given: Given, business: str) -> None:
        if not _ID.fullmatch(business):
            raise Refused("the business number is digits only, as in the address of the shop's page at Booksy")
        self._options = options.of(given)
        self.api = PartnerApi(given, root_of(given, self._options.country))
        self.business = business
        self.root = f"business/{business}"

    async def check(self) -> Account:
        """The shop. Rejected where the partner may not see it."""
        try:
            found = _object(await self.api.get(f"{self.root}/"))
        except NotFound as absent:
            raise Rejected(f"the partner sees no shop number {self.business}", code="not_the_partners") from absent
        name = found.get("name")
        zone = found.get("business_timezone") or found.get("time_zone")
        return Account(
            remote_id=RemoteId(f"business:{self.business}"),
            name=name if isinstance(name, str) and name.strip() else f"Booksy shop {self.business}",
            time_zone=zone if isinstance(zone, str) and zone else None,
        )

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        """The stream's pages. Lists have no filter by change, so each is walked anew on every run."""
        if stream == "services":
            async for page in self._services(cursor):
                yield page
        elif stream == "bookings":
            async for page in self._bookings(cursor, reach):
                yield page
        else:
            kind, path = {"staff": ("staff", "resource"), "clients": ("client", "customer")}[stream]
            async for rows, at, is_last in self._walk(path, _offset(cursor)):
                # Chairs and rooms are resources as well; they are nobody.
                people = tuple(_raw(kind, row) for row in rows if kind != "staff" or row.get("type") != "R")
                yield Page(people, {} if is_last else {"offset": at}, is_last=is_last)

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        """The thing as it is now; [] where Booksy has it no more."""
        path = {"booking": "appointment", "client": "customer", "staff": "resource"}.get(kind)
        if not _ID.fullmatch(remote_id):
            return []
        if kind == "service":
            return [raw for page in [p async for p in self._services(None)] for raw in page.records
                    if raw.remote_id == remote_id]  # fmt: skip
        if path is None:
            return []
        try:
            return [_raw(kind, _object(await self.api.get(f"{self.root}/{path}/{remote_id}/")))]
        except NotFound:
            return []

    async def appointments(self, starts: datetime, ends: datetime) -> list[Json]:
        """The appointments of that time, and of a day before and after it."""
        window = {"booked_from": _local(starts - _DAY), "booked_till": _local(ends + _DAY)}
        return [row async for rows, _, _ in self._walk("appointment", 0, **window) for row in rows]

    async def _services(self, cursor: Json | None) -> AsyncIterator[Page]:
        async for rows, at, is_last in self._walk("service", _offset(cursor)):
            records = []
            for service in rows:
                variants = _rows(await self.api.get(f"{self.root}/service/{_number(service)}/variant/"))
                records += [
                    RawRecord(
                        "service",
                        RemoteId(_number(variant)),
                        {"service": service, "variant": variant, "currency": self._options.currency},
                    )
                    for variant in variants[0]
                ]
            yield Page(tuple(records), {} if is_last else {"offset": at}, is_last=is_last)

    async def _bookings(self, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        begun = cursor if cursor and "offset" in cursor else None
        if begun is None:
            back, ahead = (self._options.history, FAR_AHEAD) if reach.is_full else (BACK, AHEAD)
            since, starts, ends = reach.now, reach.now - back, reach.now + ahead
        else:
            since, starts, ends = (times.rfc3339(str(begun.get(k))) for k in ("since", "from", "till"))
        window = {"booked_from": _local(starts - _DAY), "booked_till": _local(ends + _DAY)}
        run = {"since": times.text(since), "from": times.text(starts), "till": times.text(ends)}
        async for rows, at, is_last in self._walk("appointment", _offset(begun), **window):
            yield Page(
                tuple(_raw("booking", row) for row in rows),
                {} if is_last else {"offset": at, **run},
                is_last=is_last,
                swept=Swept("booking", since, (starts, ends)) if is_last else None,
            )

    async def _walk(self, path: str, offset: int, **params: str) -> AsyncIterator[tuple[list[Json], int, bool]]:
        """(rows, where to go on, whether that was the end) of a list from `offset` on."""
        empty = 0
        for _ in range(MOST_PAGES):
            body = await self.api.get(f"{self.root}/{path}/", offset=offset, limit=LIMIT, **params)
            rows, following = _rows(body)
            empty = 0 if rows else empty + 1
            if following is None:
                yield rows, offset, True
                return
            if following < offset or (rows and following == offset) or empty >= MOST_EMPTY:
                break
            offset = following
            yield rows, offset, False
        raise Unreadable(f"the list of {path}s does not end", where="offset", code="list_endless")


def _rows(body: Any) -> tuple[list[Json], int | None]:
    """A list's objects and the offset of the next page, None at the end.

    The capture shows no list's envelope. The error texts are those of Django REST framework, whose pages by offset are
    {"count", "next", "previous", "results"}: these are read, and bare lists too.
    """
    rows = body.get("results") if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("not a list of objects", where="results")
    following = body.get("next") if isinstance(body, dict) else None
    if not following:
        return rows, None
    asked = parse_qs(urlsplit(str(following)).query).get("offset", [""])[0]
    if not asked.isdigit() or len(asked) > 9:
        raise Unreadable("the next page has no offset", where="next")
    return rows, int(asked)


def _raw(kind: str, row: Json) -> RawRecord:
    return RawRecord(kind, RemoteId(_number(row) or "?"), row)


def _number(row: Json) -> str:
    found = row.get("id")
    return str(found) if isinstance(found, int) and not isinstance(found, bool) and found > 0 else ""


def _object(body: Any) -> Json:
    if not isinstance(body, dict):
        raise Unreadable("not an object", where="body")
    return body


def _offset(cursor: Json | None) -> int:
    found = (cursor or {}).get("offset", 0)
    return found if isinstance(found, int) and found > 0 else 0


def _local(at: datetime) -> str:
    """As the API writes times. Which zone its filter means is not captured, so windows are a day wider on each side."""
    return at.strftime("%Y-%m-%dT%H:%M")
