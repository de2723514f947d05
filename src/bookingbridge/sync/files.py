"""Records from a file: everything of it, or nothing, in one transaction; the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from bookingbridge.canonical.ids import ConnectionId
from bookingbridge.canonical.records import Record
from bookingbridge.infra.ids import new_id
from bookingbridge.sync.engine import Engine
from bookingbridge.sync.ingesting import Taken, take_in
from bookingbridge.sync.store import connections, runs

_FILES = UUID("6f1d5b1e-50b6-4a8b-9b8e-5d6f7b1c2a10")
CHUNK = 10_000


async def import_records(
    engine: Engine, business_id: UUID, records: Sequence[Record], *, source: str, asked_by: str
) -> tuple[UUID, Taken]:
    """The run's id and what became of the records. `source` names where files of this origin belong together.

    Two files with the same source and the same ids describe the same things; files of different sources never do.
    """
    connection_id = ConnectionId(uuid5(_FILES, f"{business_id}|{source}"))
    async with engine.db.business(business_id) as tx:
        if await connections.get(tx, connection_id) is None:
            await connections.add(
                tx, connection_id, vendor="files", environment="file", name=source, auth="none", state="ok"
            )
            await connections.change(tx, connection_id, account_name=source, setup_step=5)
    async with engine.db.business(business_id) as tx:
        run_id = new_id(tx.now)
        await runs.add(tx, run_id, connection_id, "file", asked_by)
        run = await runs.get(tx, run_id)
        assert run
        run = await runs.start(tx, run)
        taken = Taken()
        for start in range(0, len(records), CHUNK):
            taken += await take_in(
                tx, connection_id, records[start : start + CHUNK], engine.ingesters, cause=f"run:{run_id}"
            )
        counts = {
            "title": source, "pages": 1, "seen": len(records), "new": taken.new, "changed": taken.changed,
            "same": taken.same, "stale": taken.stale, "problems": 0, "total": len(records), "is_done": True,
        }  # fmt: skip
        await runs.note(tx, run, {"file": counts})
        await runs.end(tx, run, "done")
        await connections.change(tx, connection_id, last_success_at=tx.now)
    return run_id, taken
