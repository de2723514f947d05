"""Many small writes become few transactions, and each caller hears of its own write only after the commit.

There is no timer: one flusher takes whatever queued while the previous commit ran, so a lone write waits for nothing
and a crowd shares a commit. Nothing is acknowledged that is not stored; the reverse may happen (a connection lost
during the commit), so what is written must carry its own identity and tolerate being sent twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import psycopg
from psycopg import AsyncConnection

from bookingbridge.canonical.errors import BridgeError, Throttled, Unreachable, Unreadable
from bookingbridge.infra import log

Connect = Callable[[], Awaitable[AsyncConnection[Any]]]

Item = TypeVar("Item")
Result = TypeVar("Result")

# What one caller put in together, and the promise it waits for. A pair, for one is made per write.
_Parcel = tuple[list[Item], "asyncio.Future[list[Result | Poisoned]]"]

_log = log.get(__name__)

# Beyond this a commit is taken for dead: the connection is dropped and those waiting are told to come again.
_PATIENCE_S = 10.0
_CONNECT_PATIENCE_S = 3.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0

# What one row can be guilty of. Anything else (a missing table or right, a full disk) would meet every row alike.
_GUILTY: tuple[type[Exception], ...] = (
    psycopg.DataError,
    psycopg.IntegrityError,
    ValueError,
    TypeError,
    OverflowError,
)
# What passes by itself when the same transaction is simply run again.
_PASSING: tuple[type[Exception], ...] = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class Overloaded(Throttled):
    """The queue is full, nothing was taken. Answer 503 and let the caller come back in `retry_after_s` seconds."""

    retry_after_s = 1


class Closing(Unreachable):
    """The process is shutting down, nothing was taken."""


class Poisoned(Unreadable):
    """The database refuses this one item, also when it is written alone. Sending it again cannot help."""


@dataclass(slots=True)
class Counts:
    """What a batcher has done since it started."""

    stored: int = 0
    batches: int = 0
    poisoned: int = 0
    refused: int = 0
    lost: int = 0
    connects: int = 0


class Batcher(Generic[Item, Result]):
    """Takes items, writes them in shared transactions, gives each caller its results after the commit.

    `connect` opens a connection in autocommit mode. `write` gets it inside a transaction with the items of one batch
    and returns one result per item, in order; it must not catch the database's errors. `cap` bounds the items of one
    transaction, `room` the items that may wait. `is_one_statement`: `write` runs but one, which is a transaction by
    itself; that saves two rounds to the database per batch.
    """

    def __init__(
        self,
        connect: Connect,
        write: Callable[[AsyncConnection[Any], list[Item]], Awaitable[Sequence[Result]]],
        *,
        name: str,
        cap: int = 2_000,
        room: int = 20_000,
        is_one_statement: bool = False,
    ) -> None:
        self.name = name
        self.counts = Counts()
        self._connect = connect
        self._write = write
        self._cap = cap
        self._room = room
        self._is_one_statement = is_one_statement
        self._queue: deque[_Parcel[Item, Result]] = deque()
        self._waiting = 0
        self._work = asyncio.Event()
        self._conn: AsyncConnection[Any] | None = None
        self._down: Exception | None = None
        self._is_closing = False
        self._flusher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Batcher[Item, Result]:
        await self._ensure_connected()
        self._flusher = asyncio.create_task(self._flush_for_ever(), name=f"batcher {self.name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain()

    @property
    def waiting(self) -> int:
        """How many items are queued and not yet in a transaction."""
        return self._waiting

    @property
    def is_up(self) -> bool:
        """Whether the database answered last time."""
        return self._down is None

    async def put(self, item: Item) -> Result:
        """The item is committed. Raises Poisoned, Overloaded, Closing or Unreachable; see `put_all`."""
        [result] = await self.put_all([item])
        if isinstance(result, Poisoned):
            raise result
        return result

    async def put_all(self, items: Sequence[Item]) -> list[Result | Poisoned]:
        """Every item is committed, or its place holds why the database refuses it.

        Raises Overloaded or Closing when nothing was taken, Unreachable when the database was lost: then all of it
        must be sent again.
        """
        return await self.promise(list(items)) if items else []

    def promise(self, items: list[Item]) -> asyncio.Future[list[Result | Poisoned]]:
        """As `put_all`, which awaits what this returns; `items`, one at least, are the batcher's from now on.

        Raises at once where nothing is taken. Apart because each coroutine between a request and its commit costs it
        a microsecond, when it goes to sleep and when it wakes.
        """
        if self._is_closing or self._flusher is None:
            raise Closing("this process is shutting down; send it again", code="closing")
        if self._down is not None:
            self.counts.lost += len(items)
            raise _lost(self._down)
        waiting = self._waiting + len(items)
        if waiting > self._room:
            self.counts.refused += len(items)
            raise Overloaded("more is arriving than can be stored; send it again in a moment", code="overloaded")
        done: asyncio.Future[list[Result | Poisoned]] = self._flusher.get_loop().create_future()
        self._queue.append((items, done))
        self._waiting = waiting
        self._work.set()
        return done

    async def drain(self, within_s: float = 15.0) -> None:
        """Nothing new is taken; what was queued is committed, or told that it is not, when the time is over."""
        self._is_closing = True
        self._work.set()
        if self._flusher is not None:
            done, _ = await asyncio.wait({self._flusher}, timeout=within_s)
            if not done:
                self._flusher.cancel()
                await asyncio.wait({self._flusher})
            self._fail_queued(Closing("this process is shutting down; send it again", code="closing"))
        await self._hang_up()

    async def _flush_for_ever(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            if self._down is not None:
                await asyncio.sleep(0 if self._is_closing else pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                await self._ensure_connected()
                if self._is_closing and self._down is not None:
                    return
                continue
            pause = _FIRST_PAUSE_S
            if not self._queue:
                if self._is_closing:
                    return
                self._work.clear()
                await self._work.wait()
                continue
            await self._flush(self._take())

    def _take(self) -> list[_Parcel[Item, Result]]:
        parcels: list[_Parcel[Item, Result]] = []
        size = 0
        while self._queue and (not parcels or size + len(self._queue[0][0]) <= self._cap):
            parcel = self._queue.popleft()
            size += len(parcel[0])
            parcels.append(parcel)
        self._waiting -= size
        return parcels

    async def _flush(self, parcels: list[_Parcel[Item, Result]]) -> None:
        items = [item for items, _ in parcels for item in items]
        poisoned = self.counts.poisoned
        try:
            results = await self._commit(items)
        except asyncio.CancelledError:
            _fail(parcels, Closing("this process is shutting down; send it again", code="closing"))
            raise
        except Exception as why:
            self.counts.lost += len(items)
            _fail(parcels, _lost(why))
            await self._give_up(why)
            return
        if refused := self.counts.poisoned - poisoned:
            _log.warning("items refused by the database", batcher=self.name, refused=refused, of=len(items))
        at = 0
        for some, done in parcels:
            end = at + len(some)
            if not done.done():
                done.set_result(results[at:end])
            at = end

    async def _commit(self, items: list[Item]) -> list[Result | Poisoned]:
        """All items are committed, or refused one by one. Raises whatever is nobody's fault."""
        try:
            return await self._in_one_transaction(items)
        except _GUILTY:
            if self._conn is None or self._conn.closed:
                raise
            if len(items) == 1:
                self.counts.poisoned += 1
                return [Poisoned("the database refuses this", code="refused_by_database")]
        half = len(items) // 2
        return await self._commit(items[:half]) + await self._commit(items[half:])

    async def _in_one_transaction(self, items: list[Item]) -> list[Result | Poisoned]:
        """One more try where the first met a passing trouble, or a connection that had died while nothing was sent."""
        try:
            return await self._try_once(items)
        except _PASSING:
            return await self._try_once(items)
        except psycopg.OperationalError:
            if self._conn is None or not self._conn.closed:
                raise
            await self._hang_up()
            await self._ensure_connected()
            return await self._try_once(items)

    async def _try_once(self, items: list[Item]) -> list[Result | Poisoned]:
        if self._conn is None:
            raise psycopg.OperationalError("not connected")
        conn = self._conn
        transaction = contextlib.nullcontext() if self._is_one_statement else conn.transaction()
        async with asyncio.timeout(_PATIENCE_S), transaction:
            results = list(await self._write(conn, items))
            if len(results) != len(items):
                raise RuntimeError(f"{self.name}: {len(results)} results for {len(items)} items")
        self.counts.batches += 1
        self.counts.stored += len(items)
        return cast("list[Result | Poisoned]", results)

    async def _give_up(self, why: Exception) -> None:
        """After a failure that is no item's fault the connection is not trusted; those queued hear of it at once."""
        _log.error("batch lost", batcher=self.name, why=f"{type(why).__name__}: {why}"[:300])
        await self._hang_up()
        await self._ensure_connected()

    async def _ensure_connected(self) -> None:
        try:
            async with asyncio.timeout(_CONNECT_PATIENCE_S):
                self._conn = await self._connect()
        except Exception as why:
            if self._down is None:
                _log.error("database lost", batcher=self.name, why=type(why).__name__)
            self._down = why
            self._fail_queued(_lost(why))
        else:
            self.counts.connects += 1
            if self._down is not None:
                _log.info("database is back", batcher=self.name)
            self._down = None

    async def _hang_up(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(1):
                    await conn.close()

    def _fail_queued(self, why: BridgeError) -> None:
        self.counts.lost += self._waiting
        parcels, self._queue, self._waiting = list(self._queue), deque(), 0
        _fail(parcels, why)


def _fail(parcels: Sequence[_Parcel[Any, Any]], why: BridgeError) -> None:
    for _, done in parcels:
        if not done.done():
            done.set_exception(why)
            # Whoever asked may be gone; an exception nobody fetches is not worth a warning.
            done.exception()


def _lost(why: Exception) -> Unreachable:
    return Unreachable(f"the database cannot be reached ({type(why).__name__}); send it again", code="database_lost")


def connector(url: str, **options: Any) -> Connect:
    """Opens connections for a batcher: autocommit, statements prepared at first use. `url` must be the app role's."""

    async def connect() -> AsyncConnection[Any]:
        return await AsyncConnection.connect(url, autocommit=True, prepare_threshold=1, **options)

    return connect
