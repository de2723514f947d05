"""Many rows at once: streamed into a temporary table, then one INSERT … ON CONFLICT. Row-by-row loops have no place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bookingbridge.infra.db import Tx


async def upsert(
    tx: Tx,
    table: str,
    columns: Mapping[str, str],
    rows: Iterable[Sequence[Any]],
    *,
    key: Sequence[str] = ("id",),
    keep: Sequence[str] = (),
) -> None:
    """The rows are in `table`, replacing those of the same key; columns in `keep` stay as they were.

    `columns` maps each column but business_id, which is the transaction's, to its PostgreSQL type; rows in that order.
    """
    names = ", ".join(columns)
    staged = f"{table}_staged"
    await tx.run(f"CREATE TEMP TABLE IF NOT EXISTS {staged} AS SELECT {names} FROM {table} WITH NO DATA")
    await tx.copy(staged, tuple(columns), tuple(columns.values()), rows)
    sets = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in key and c not in keep)
    await tx.run(
        f"INSERT INTO {table} (business_id, {names}) "
        f"SELECT DISTINCT ON ({', '.join(key)}) %s, {names} FROM {staged} ORDER BY {', '.join(key)} "
        f"ON CONFLICT (business_id, {', '.join(key)}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING"),
        (tx.business_id,),
    )
    await tx.run(f"TRUNCATE {staged}")
