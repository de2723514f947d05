"""How long the pages take over a million appointments, and how long the bare SQL they need takes, in one run.

    python bench/pages.py [--small] [--rows 1000000] [--requests 100] [--keep FOLDER]

A business with three years of appointments, three touches for each, is written into a PostgreSQL of its own (fsync on,
row-level security on); the app is served by uvicorn and asked over HTTP with a session's cookie. Per page:

    page        something happened just before each request, so that nothing that was kept may be shown
    kept        nothing happened: figures of at most 30 seconds ago may be shown
    bare SQL    the statements which that page sent, again with their transactions, on one connection, rows fetched
    page / SQL  of the medians: what all of Python, HTTP and templates cost on top
    processor   milliseconds per page of the app (with the client in the same process) and of PostgreSQL: what the page
                would take at least on a machine with nothing else to do, and steady on one that is busy

Client, app and PostgreSQL share the processors. Read the ratio; the times are this machine's.
"""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import grounds  # type: ignore[import-not-found]
import pages_shop  # type: ignore[import-not-found]
import psycopg

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Person, Presented, SignedIn
from bookingbridge.infra.clock import SystemClock
from bookingbridge.infra.db import Database, Realm, Tx, app_url
from bookingbridge.main import web_app, wiring

PAGES: Mapping[str, str] = {
    "Today": "/today",
    "Today, 12 months": "/today?period=365d",
    "Attribution": "/attribution",
    "Attribution, 12 months": "/attribution?period=365d",
    "Funnel": "/attribution/funnel",
    "API dashboard": "/api/v1/analytics/dashboard",
    "API campaigns": "/api/v1/analytics/campaigns",
}
GOAL_MS = 150.0

Statement = tuple[str, Any]


class RecordingTx(Tx):
    """A transaction that notes what it sends."""

    __slots__ = ("sent",)
    sent: list[Statement]

    async def run(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        self.sent.append((sql, params or None))
        return await super().run(sql, params)

    async def all(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        self.sent.append((sql, params or None))
        return await super().all(sql, params)

    async def one(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> tuple[Any, ...] | None:
        self.sent.append((sql, params or None))
        return await super().one(sql, params)


class RecordingDatabase(Database):
    """The app's database; while `noted` is a list, every transaction's statements are added to it."""

    noted: list[list[Statement]] | None = None

    @asynccontextmanager
    async def business(self, business_id: UUID) -> AsyncIterator[Tx]:
        async with super().business(business_id) as tx:
            yield self._noting(tx, business_id, "")

    @asynccontextmanager
    async def realm(self, realm: Realm) -> AsyncIterator[Tx]:
        async with super().realm(realm) as tx:
            yield self._noting(tx, None, realm)

    def _noting(self, tx: Tx, business_id: Any, realm: str) -> Tx:
        if self.noted is None:
            return tx
        made = RecordingTx(tx.conn, business_id, tx.now, self.reactions)
        setting = "SELECT set_config('app.business_id', %s, true), set_config('app.realm', %s, true)"
        made.sent = [(setting, (str(business_id or ""), realm))]
        self.noted.append(made.sent)
        return made


@dataclass(frozen=True, slots=True)
class Figures:
    """One page. Milliseconds; `statements` per request; `size` of the answer in bytes.

    `app_cpu`, `pg_cpu`: processor time per page, nothing kept; means.
    """

    page: str
    p50: float
    p95: float
    kept_p50: float
    kept_p95: float
    sql_p50: float
    sql_p95: float
    app_cpu: float
    pg_cpu: float
    statements: int
    size: int

    @property
    def ratio(self) -> float:
        return self.p50 / self.sql_p50


def main() -> None:
    parser = grounds.parser(__doc__)
    parser.add_argument("--requests", type=int, default=100, help="of each kind for each page")
    parser.add_argument("--slowest", type=int, default=0, help="prints so many of each page's slowest statements")
    given = parser.parse_args()
    n = given.rows or (20_000 if given.small else 1_000_000)
    with grounds.database(given) as url:
        rows, owner, business = _shop(url, n)
        figures = _measured(url, owner, business, given)
        where = grounds.machine(url)
    said = {f.page: {**asdict(f), "page / SQL": round(f.ratio, 2)} for f in figures}
    grounds.tell(given, {"rows": rows, "pages": said}, _told(figures, rows, where))


def _shop(url: str, n: int) -> tuple[dict[str, int], str, UUID]:
    """Rows by table, a session of the owner, and the business; filled unless a kept database holds it already."""
    owner, business, is_new = asyncio.run(_owner(url))
    if is_new:
        began = time.monotonic()
        rows = pages_shop.fill(url, business, n)
        print(f"{sum(rows.values()):,} rows written in {time.monotonic() - began:.0f} s", flush=True)
        return rows, owner, business
    with psycopg.connect(url) as conn:
        return {table: pages_shop.count(conn, table) for table in pages_shop.TABLES}, owner, business


_EMAIL, _PASSWORD = "bench@example.com", "copper lantern seven"


async def _owner(url: str) -> tuple[str, UUID, bool]:
    async with Database(url, SystemClock()) as db:
        token = await accounts.owner_link(db)
        if token is None:
            entered = await accounts.sign_in(db, _EMAIL, _PASSWORD, browser=accounts.Browser("bench", "127.0.0.1"))
            return entered.token, (await _who(db, entered)), False
        entered = await accounts.create_owner(db, token, accounts.NewUser(_EMAIL, "Olive Tran", _PASSWORD))
        person = await accounts.identify(db, Presented("GET", entered.token))
        assert isinstance(person, Person)
        shop = accounts.NewBusiness("Bench Barbers", "America/Los_Angeles", "USD", "US")
        await accounts.create_business(db, person, shop)
        return entered.token, (await _who(db, entered)), True


async def _who(db: Database, entered: SignedIn) -> UUID:
    who = await accounts.identify(db, Presented("GET", entered.token))
    assert isinstance(who, accounts.Who)
    return who.business_id


def _measured(url: str, session: str, business: UUID, given: Any) -> list[Figures]:
    names = {event.name: tuple(some) for event, some in wiring.REACTIONS.items()}
    db = RecordingDatabase(url, SystemClock(), reactions=names, max_size=20)
    port = grounds.free_port()
    config = grounds.settings(url, f"http://127.0.0.1:{port}")
    with grounds.serving(_Opened(db, web_app.create_app(config, wiring.engine(config, db))), port):
        browser = _Browser(port, session)
        return [_page(url, db, browser, business, page, given) for page in PAGES]


class _Opened:
    """The app with its database, open as long as the app lives."""

    def __init__(self, db: Database, app: Any) -> None:
        self._db = db
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            async with self._db:
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Browser:
    """One connection that stays open, with the session's cookie."""

    def __init__(self, port: int, session: str) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"cookie": f"bb_session={session}", "accept": "text/html,application/json"}

    def get(self, path: str) -> tuple[float, int]:
        """Milliseconds until the whole answer was there, and its size."""
        began = time.perf_counter()
        self._http.request("GET", path, headers=self._headers)
        answer = self._http.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1_000
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}: {body[:300]!r}")
        return took, len(body)


def _page(url: str, db: RecordingDatabase, browser: _Browser, business: UUID, page: str, given: Any) -> Figures:
    path = PAGES[page]
    with psycopg.connect(url, autocommit=True) as conn:

        def happen() -> None:
            conn.execute(
                "INSERT INTO events (business_id, name, payload, at) VALUES (%s, 'bench', '{}', now())", (business,)
            )

        happen()
        browser.get(path)
        happen()
        db.noted = noted = []
        _, size = browser.get(path)
        db.noted = None
        with psycopg.connect(app_url(url), autocommit=True) as bare:
            _replay(bare, noted)
            fresh, kept, sql = list[float](), list[float](), list[float]()
            app_s = pg_s = 0.0
            # Turn by turn, so that a slow moment of the machine meets all three.
            for _ in range(given.requests):
                happen()
                app_before, pg_before = time.process_time(), grounds.postgres_seconds(conn)
                fresh.append(browser.get(path)[0])
                app_s += time.process_time() - app_before
                pg_s += grounds.postgres_seconds(conn) - pg_before
                kept.append(browser.get(path)[0])
                sql.append(_replay(bare, noted))
            if given.slowest:
                _slowest(bare, noted, page, given.slowest)
    q = grounds.quantile
    return Figures(
        page, q(fresh, 0.5), q(fresh, 0.95), q(kept, 0.5), q(kept, 0.95), q(sql, 0.5), q(sql, 0.95),
        app_s * 1_000 / given.requests, pg_s * 1_000 / given.requests, sum(len(sent) for sent in noted), size,
    )  # fmt: skip


def _replay(conn: psycopg.Connection[Any], noted: Sequence[Sequence[Statement]]) -> float:
    """Milliseconds for all statements, each transaction rolled back, all rows fetched."""
    began = time.perf_counter()
    for sent in noted:
        with conn.transaction(force_rollback=True):
            for sql, params in sent:
                cursor = conn.execute(sql, params)
                if cursor.description:
                    cursor.fetchall()
    return (time.perf_counter() - began) * 1_000


def _slowest(conn: psycopg.Connection[Any], noted: Sequence[Sequence[Statement]], page: str, count: int) -> None:
    times: list[tuple[float, str]] = []
    for sent in noted:
        with conn.transaction(force_rollback=True):
            for sql, params in sent:
                began = time.perf_counter()
                conn.execute(sql, params)
                times.append(((time.perf_counter() - began) * 1_000, " ".join(sql.split())))
    print(f"--- {page}")
    for took, sql in sorted(times, reverse=True)[:count]:
        print(f"{took:8.1f} ms  {sql[:150]}")


def _told(figures: Sequence[Figures], rows: Mapping[str, int], where: str) -> list[str]:
    size = ", ".join(f"{rows[t]:,} {t}" for t in ("bookings", "touches", "payments", "conversions", "credits"))
    lines = [f"{size}; {where}", ""]
    head = "page                      p50 ms     p95    kept p50     p95    SQL p50     p95   page / SQL   processor ms"
    lines.append(f"{head}   statements")
    lines += [
        f"{f.page:24} {f.p50:7.1f} {f.p95:7.1f}   {f.kept_p50:9.1f} {f.kept_p95:7.1f}   {f.sql_p50:8.1f} "
        f"{f.sql_p95:7.1f}   {f.ratio:10.2f}   {f.app_cpu:5.1f} + {f.pg_cpu:4.1f}   {f.statements:10}"
        for f in figures
    ]
    slow = [f.page for f in figures if f.p95 > GOAL_MS]
    lines.append(f"\nslower than {GOAL_MS:.0f} ms at p95: {', '.join(slow) if slow else 'none'}")
    return lines


if __name__ == "__main__":
    main()
