from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg.types.json import Jsonb
from tests.house import a_business, engine_over, run

from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.ids import new_id
from bookingbridge.main import upkeep
from bookingbridge.sync.store import connections, raws


def test_what_was_read_long_ago_is_removed_and_what_could_not_be_read_stays(database_url: str) -> None:
    async def story() -> None:
        clock = FixedClock(datetime(2026, 3, 1, tzinfo=UTC))
        async with engine_over(database_url, clock=clock) as engine:
            business = await a_business(engine)
            made = new_id(clock.now())
            async with engine.db.business(business.id) as tx:
                await connections.add(tx, made, vendor="square", environment="simulator", name="S", auth="token")
                for remote_id, problem in (("read", None), ("odd", "no such field")):
                    await tx.run(
                        "INSERT INTO raw_records (business_id, connection_id, kind, remote_id, content_hash, payload, "
                        "problem, received_at) VALUES (%s, %s, 'booking', %s, '\\x00', %s, %s, %s)",
                        (business.id, made, remote_id, Jsonb({}), problem, tx.now),
                    )
            await upkeep.tidy(engine)
            async with engine.db.business(business.id) as tx:
                assert len(await raws.recent(tx, made, problems_only=False, limit=10)) == 2
            clock.move(upkeep.KEEP_RAW + timedelta(seconds=1))
            await upkeep.tidy(engine)
            async with engine.db.business(business.id) as tx:
                left = await raws.recent(tx, made, problems_only=False, limit=10)
            assert [raw.remote_id for raw in left] == ["odd"]

    run(story())
