"""The product's side: a connected Square and its first full run, in a process of its own that prints what it took."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from datetime import datetime
from uuid import UUID

import grounds  # type: ignore[import-not-found]

from bookingbridge.canonical.ports import Reach
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.log import configure
from bookingbridge.main import wiring
from bookingbridge.sync import connecting, credentials, running
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.store import connections, runs


async def main(url: str, simulators: str, token: str, now: str, *, is_reading_only: bool) -> None:
    """The shop's history is in the database by the function that the worker calls, or was only read."""
    # Who asks at the same time asks for the same windows, and so for the same pages.
    async with wiring.database(url, FixedClock(datetime.fromisoformat(now))) as db:
        engine = wiring.engine(grounds.settings(url, simulators_url=simulators), db)
        shop = accounts.NewBusiness("Bench history", "America/Los_Angeles", "USD", "US")
        business = (await accounts.found_business(db, shop)).id
        began = time.perf_counter(), time.process_time()
        connection = await connecting.connect_with_token(
            engine, business, vendor="square", environment="simulator", fields={"access_token": token}
        )
        tested = await connecting.test(engine, business, connection)
        assert tested.account, tested.why
        if is_reading_only:
            print(json.dumps({"rows": await _read(engine, business, connection), **_took(began)}))
            return
        run_id = await connecting.start_import(engine, business, connection, asked_by="bench")
        await running.carry_out(engine, business, run_id)
        took = _took(began)
        async with db.business(business) as tx:
            run = await runs.get(tx, run_id)
    assert run
    assert run.state == "done", (run.state, run.error)
    seen = {name: stream["seen"] for name, stream in run.progress.items()}
    print(json.dumps({"business": str(business), "seen": seen, **took}))


async def _read(engine: Engine, business: UUID, connection_id: UUID) -> int:
    """How many objects the vendor's own client reads, page by page, with nothing done about them."""
    async with engine.db.business(business) as tx:
        connection = await connections.get(tx, connection_id)
    assert connection
    rows = 0
    async with credentials.open_client(engine, connection) as client:
        for stream in engine.vendor("square").manifest.streams:
            async for page in client.pages(stream.name, None, Reach(is_full=True, now=engine.clock.now())):
                rows += len(page.records)
    return rows


def _took(began: tuple[float, float]) -> dict[str, float]:
    """Seconds by the wall and of this process's work, and the most memory it ever held, in MB."""
    seconds, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    unit = 1e6 if sys.platform == "darwin" else 1e3
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "processor": processor, "peak MB": held / unit}


if __name__ == "__main__":
    configure(as_json=True)
    asyncio.run(main(*sys.argv[1:5], is_reading_only=sys.argv[5:] == ["reading"]))
