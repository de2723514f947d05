"""Transactions that know whose they are. Row-level security denies whatever no business was named for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb, set_json_dumps
from psycopg_pool import AsyncConnectionPool

from bookingbridge.canonical.events import Event
from bookingbridge.canonical.ids import BusinessId
from bookingbridge.infra import jobs, json
from bookingbridge.infra.clock import Clock
from bookingbridge.infra.jobs import Bell

APP_ROLE = "bookingbridge_app"

Realm = Literal["accounts", "routing", "schedule", "gate"]
"""Purposes that reach rows of no or of all businesses. Each has its own policies on the few tables it is for.

accounts: signing in. routing: from a public address to its business. schedule: what is due. gate: rate limits.
"""

set_json_dumps(json.dumps)


def app_url(url: str, role: str = APP_ROLE) -> str:
    """The same database, as the role that owns no table."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    options = query.get("options", "")
    query["options"] = f"{options} -c role={role} -c timezone=UTC".strip()
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


class Tx:
    """One transaction of one business (or of a realm). `now` is the clock's time when it began."""

    __slots__ = ("_business_id", "_reactions", "conn", "now")

    def __init__(
        self,
        conn: AsyncConnection[Any],
        business_id: BusinessId | None,
        now: datetime,
        reactions: Mapping[str, Sequence[str]],
    ) -> None:
        self.conn = conn
        self.now = now
        self._business_id = business_id
        self._reactions = reactions

    @property
    def business_id(self) -> BusinessId:
        """Whose rows this transaction sees."""
        assert self._business_id is not None, "this transaction is of a realm, not of a business"
        return self._business_id

    async def run(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Runs a statement; how many rows it touched."""
        return (await self.conn.execute(sql, params or None)).rowcount

    async def all(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return await (await self.conn.execute(sql, params or None)).fetchall()

    async def one(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        row: tuple[Any, ...] | None = await (await self.conn.execute(sql, params or None)).fetchone()
        return row

    async def copy(
        self, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Rows are streamed into a temporary table by binary COPY; `types` are PostgreSQL's type names.

        PostgreSQL refuses COPY into tables with row-level security: `infra.bulk` goes by way of a temporary one.
        """
        async with (
            self.conn.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(types)
            for row in rows:
                await copy.write_row(row)

    async def ring(self, *bells: Bell) -> None:
        """Jobs that are queued when this transaction commits."""
        await jobs.ring(self.conn, *bells)

    async def announce(self, event: Event, *, cause: str = "") -> None:
        """The event is stored, and each reaction to it queued, when this transaction commits. Empty ones are not."""
        payload = event.to_json()
        if not payload.get("ids", True):
            return
        row = await self.one(
            "INSERT INTO events (business_id, name, payload, cause, at) VALUES (%s, %s, %s, %s, %s) RETURNING id",
            (self.business_id, event.name, Jsonb(payload), cause, self.now),
        )
        assert row
        args = {"business": str(self.business_id), "event": row[0]}
        await self.ring(
            *(
                Bell("react", {**args, "reaction": reaction}, lock=f"{reaction}:{self.business_id}", priority=5)
                for reaction in self._reactions.get(event.name, ())
            )
        )


class Database:
    """A pool of connections as the app's role. Nothing is reachable but through `business` and `realm`."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        reactions: Mapping[str, Sequence[str]] | None = None,
        max_size: int = 10,
        salt: str = "",
    ) -> None:
        self.clock = clock
        self.salt = salt.encode()[:64]
        """Makes hashed identifiers of strangers (addresses in rate limits) this installation's own."""
        self.url = app_url(url)
        self._reactions = reactions or {}
        self._pool = AsyncConnectionPool(
            self.url, min_size=1, max_size=max_size, open=False, kwargs={"autocommit": True}, timeout=10
        )

    async def __aenter__(self) -> Database:
        await self._pool.open(wait=True, timeout=20)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A bare connection in autocommit mode that sees no business's rows: for health checks and the batcher."""
        async with self._pool.connection() as conn:
            yield conn

    @property
    def reactions(self) -> Mapping[str, Sequence[str]]:
        """Which reactions follow which event, by their names."""
        return self._reactions

    @asynccontextmanager
    async def business(self, business_id: UUID) -> AsyncIterator[Tx]:
        """A transaction that sees this business's rows and no others; committed at the end, rolled back on errors."""
        async with self._pool.connection() as conn, conn.transaction():
            await conn.execute(
                "SELECT set_config('app.business_id', %s, true), set_config('app.realm', '', true)",
                (str(business_id),),
            )
            yield Tx(conn, BusinessId(business_id), self.clock.now(), self._reactions)

    @asynccontextmanager
    async def realm(self, realm: Realm) -> AsyncIterator[Tx]:
        """A transaction for a purpose that stands before or above any one business."""
        async with self._pool.connection() as conn, conn.transaction():
            await conn.execute(
                "SELECT set_config('app.business_id', '', true), set_config('app.realm', %s, true)", (realm,)
            )
            yield Tx(conn, None, self.clock.now(), self._reactions)
