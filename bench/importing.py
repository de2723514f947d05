"""How fast bookings are imported, and how that compares with COPY of the same rows, in one run on one machine.

    python bench/importing.py [--small] [--rows 100000]

    raw COPY            the bookings' columns by binary COPY from memory into a table without any index or rule
    records             `sync.ingesting.take_in`: ids, links with what was last agreed, row-level security, six indexes,
                        events for what follows, all in one transaction
    a file              the same as CSV: mapping guessed, every cell read and checked, then as above
    the same again      the file once more: nothing has changed, and nothing is written

Per way: rows per second, the part of raw COPY's speed, and where the time went: reading the file, making rows and
comparing in Python, streaming rows into PostgreSQL, and statements. Each booking names one of n/5 clients.
"""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import grounds  # type: ignore[import-not-found]
import psycopg

from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import Booking, BookingStatus, Customer, Record
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.clock import SystemClock
from bookingbridge.infra.db import Database, Tx
from bookingbridge.infra.ids import new_id
from bookingbridge.main import wiring
from bookingbridge.sync import files
from bookingbridge.sync.engine import FileSaid
from bookingbridge.sync.ingesting import take_in
from bookingbridge.sync.store import connections

T = TypeVar("T")
CHUNK = files.CHUNK
_READ_AS = {"time_zone": "America/Los_Angeles", "currency": "USD", "region": "US"}
BEGIN = datetime(2025, 1, 6, 17, tzinfo=UTC)


@dataclass(slots=True)
class Spent:
    """Seconds in statements by their first word, and in streaming rows (making them included)."""

    statements: float = 0.0
    streaming: float = 0.0
    by_word: dict[str, float] = field(default_factory=dict)


class TimedTx(Tx):
    """A transaction that knows how long it waits for what."""

    __slots__ = ("spent",)
    spent: Spent

    async def run(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        return await self._timed(sql, super().run(sql, params))

    async def all(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        return await self._timed(sql, super().all(sql, params))

    async def copy(
        self, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        began = time.perf_counter()
        await super().copy(table, columns, types, rows)
        self.spent.streaming += time.perf_counter() - began

    async def _timed(self, sql: str, act: Awaitable[T]) -> T:
        began = time.perf_counter()
        done = await act
        took = time.perf_counter() - began
        self.spent.statements += took
        words = " ".join(sql.split()[:3])
        self.spent.by_word[words] = self.spent.by_word.get(words, 0.0) + took
        return done


class TimedDatabase(Database):
    """The app's database; `spent` grows with every transaction of a business."""

    spent = Spent()

    @asynccontextmanager
    async def business(self, business_id: UUID) -> AsyncIterator[Tx]:
        async with super().business(business_id) as tx:
            timed = TimedTx(tx.conn, tx.business_id, tx.now, self.reactions)
            timed.spent = self.spent
            yield timed


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: seconds in all and by phase, and how many bookings of it are in the table."""

    name: str
    seconds: float
    reading: float
    streaming: float
    statements: float
    stored: int
    slowest: dict[str, float]


def main() -> None:
    given = grounds.parser(__doc__).parse_args()
    n = given.rows or (2_000 if given.small else 100_000)
    with grounds.database(given) as url:
        copied = _copy(url, n)
        ways = asyncio.run(_ways(url, n))
        where = grounds.machine(url)
    said = {w.name: {**asdict(w), "rows/s": n / w.seconds, "of raw COPY": copied / w.seconds} for w in ways}
    grounds.tell(given, {"rows": n, "raw COPY rows/s": n / copied, "ways": said}, _told(n, copied, ways, where))


async def _ways(url: str, n: int) -> list[Way]:
    names = {event.name: tuple(some) for event, some in wiring.REACTIONS.items()}
    async with TimedDatabase(url, SystemClock(), reactions=names) as db:
        engine = wiring.engine(grounds.settings(url), db)
        ways = []
        for name in ("records", "a file", "the same again"):
            if name != "the same again":
                shop = accounts.NewBusiness(f"Bench {name}", "America/Los_Angeles", "USD", "US")
                business = (await accounts.found_business(db, shop)).id
            db.spent = Spent()
            began = time.perf_counter()
            if name == "records":
                records = _records(n)
                began = time.perf_counter()
                await _take_in(db, business, records)
                reading = 0.0
            else:
                content = _csv(n)
                began = time.perf_counter()
                said = FileSaid("bookings", options=_READ_AS)
                assert engine.read_file
                read = engine.read_file(content, "bookings.csv", said)
                if read.problem_count:
                    raise RuntimeError(f"the file is not understood: {read.problems[:3]}")
                reading = time.perf_counter() - began
                await files.import_records(engine, business, read.records, source="bench", asked_by="bench")
            took = time.perf_counter() - began
            async with db.business(business) as tx:
                row = await tx.one("SELECT count(*) FROM bookings")
            slowest = dict(sorted(db.spent.by_word.items(), key=lambda word: -word[1])[:6])
            stored = row[0] if row else 0
            ways.append(Way(name, took, reading, db.spent.streaming, db.spent.statements, stored, slowest))
        return ways


async def _take_in(db: Database, business: UUID, records: Sequence[Record]) -> None:
    async with db.business(business) as tx:
        connection = ConnectionId(new_id(tx.now))
        await connections.add(tx, connection, vendor="files", environment="file", name="Bench", auth="none", state="ok")
        for start in range(0, len(records), CHUNK):
            await take_in(tx, connection, records[start : start + CHUNK], wiring.INGESTERS)


def _records(n: int) -> list[Record]:
    made: list[Record] = [
        Customer(RemoteId(f"client{c}"), None, None, f"Client {c}", f"client{c}@example.com", None, None)
        for c in range(max(n // 5, 1))
    ]
    for i in range(n):
        at = BEGIN + timedelta(minutes=15 * i)
        client = RemoteId(f"client{i % max(n // 5, 1)}")
        made.append(
            Booking(
                RemoteId(f"booking-{i}"), 1, None, BookingStatus.COMPLETED, at, at + timedelta(minutes=45),
                at - timedelta(days=3), client, None, None, None, Money(4500 + i % 90 * 100, "USD"), None, None,
            )
        )  # fmt: skip
    return made


def _csv(n: int) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Booking ID", "Start", "End", "Created", "Status", "Customer", "Email", "Price"])
    for i in range(n):
        at = BEGIN + timedelta(minutes=15 * i)
        c = i % max(n // 5, 1)
        writer.writerow([
            f"booking-{i}", at.isoformat(), (at + timedelta(minutes=45)).isoformat(),
            (at - timedelta(days=3)).isoformat(), "completed", f"Client {c}", f"client{c}@example.com",
            f"{45 + i % 90}.00",
        ])  # fmt: skip
    return out.getvalue().encode()


_COLUMNS = {
    "business_id": "uuid", "id": "uuid", "status": "text", "starts_at": "timestamptz", "ends_at": "timestamptz",
    "booked_at": "timestamptz", "client_id": "uuid", "price_minor": "int8", "currency": "text", "remote_id": "text",
    "connection_id": "uuid", "recorded_at": "timestamptz",
}  # fmt: skip


def _copy(url: str, n: int) -> float:
    """Seconds for the rows by binary COPY on one connection, committed; the rows are made before."""
    now = datetime.now(UTC)
    rows = [
        (
            UUID(int=1), new_id(now), "completed", b.starts_at, b.ends_at, b.booked_at, UUID(int=2), b.price.minor,
            "USD", b.remote_id, UUID(int=3), now,
        )
        for b in _records(n)
        if isinstance(b, Booking) and b.price
    ]  # fmt: skip
    with psycopg.connect(url) as conn:
        conn.execute(f"CREATE TABLE plain_bookings AS SELECT {', '.join(_COLUMNS)} FROM bookings WITH NO DATA")
        conn.commit()
        began = time.perf_counter()
        with conn.cursor() as cursor, cursor.copy("COPY plain_bookings FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(list(_COLUMNS.values()))
            for row in rows:
                copy.write_row(row)
        conn.commit()
        took = time.perf_counter() - began
        conn.execute("DROP TABLE plain_bookings")
    return took


def _told(n: int, copied: float, ways: Sequence[Way], where: str) -> list[str]:
    head = "                  rows/s   of raw COPY    seconds: reading  in Python  streaming  statements   stored"
    lines = [f"{n:,} bookings of {max(n // 5, 1):,} clients; {where}", "", head]
    lines.append(f"{'raw COPY':15} {n / copied:8,.0f} {1:13.3f}")
    for w in ways:
        python = w.seconds - w.reading - w.streaming - w.statements
        lines.append(
            f"{w.name:15} {n / w.seconds:8,.0f} {copied / w.seconds:13.3f} {w.reading:19.2f} {python:10.2f} "
            f"{w.streaming:10.2f} {w.statements:11.2f}   {w.stored:,}"
        )
        if w.slowest:
            lines.append("    " + ", ".join(f"{words} {took:.2f}" for words, took in w.slowest.items()))
    return lines


if __name__ == "__main__":
    main()
