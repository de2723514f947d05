"""Links are found by their key: a page costs what the page holds, however much came before it."""

from __future__ import annotations

from uuid import UUID

from tests.house import a_business, engine_over, run

from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.records import Customer, Record
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import new_id
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.ingesting import take_in
from bookingbridge.sync.store import connections, links, sightings

PAGE, PAGES = 50, 30


def test_a_page_of_a_first_import_looks_at_its_own_links_only(database_url: str) -> None:
    # The planner has no figures yet of a table that was empty a moment ago, and keeps its plans.
    async def read() -> tuple[int, int]:
        async with engine_over(database_url) as engine:
            business = (await a_business(engine)).id
            connection = await _connection(engine, business)
            for page in range(PAGES):
                async with engine.db.business(business) as tx:
                    await take_in(tx, connection, _page(page), engine.ingesters)
            wanted = [("client", record.remote_id) for record in _page(7)]
            async with engine.db.business(business) as tx:
                await links.lock(tx, connection)
                before = await _links_read(tx)
                known = await links.known(tx, connection, wanted)
                looked_up = await _links_read(tx) - before
            assert len(known) == PAGE
            async with engine.db.business(business) as tx:
                await links.lock(tx, connection)
                before = await _links_read(tx)
                await sightings.sight(tx, connection, wanted, older_than=tx.now)
                return looked_up, await _links_read(tx) - before

    looked_up, sighted = run(read())
    assert looked_up == PAGE
    # At worst all are read once for the whole page; never once for each of its things.
    assert sighted <= PAGE * PAGES + PAGE


async def _connection(engine: Engine, business: UUID) -> ConnectionId:
    async with engine.db.business(business) as tx:
        made = ConnectionId(new_id(tx.now))
        await connections.add(tx, made, vendor="square", environment="simulator", name="S", auth="token")
    return made


def _page(number: int) -> list[Record]:
    return [
        Customer(RemoteId(f"C{number}-{n}"), 1, None, f"Client {n}", f"c{number}-{n}@example.com", None, None)
        for n in range(PAGE)
    ]


async def _links_read(tx: Tx) -> int:
    """How many rows of links this session read, by index or without, since its figures were last told to the server."""
    row = await tx.one(
        "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables "
        "WHERE relname = 'external_links'"
    )
    assert row
    return int(row[0])
