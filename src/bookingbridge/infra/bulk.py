"""Many rows at once: one INSERT … ON CONFLICT over columns of values. Row-by-row loops have no place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from psycopg.types.json import Jsonb

from bookingbridge.infra import json
from bookingbridge.infra.arrays import literal
from bookingbridge.infra.db import Tx

AT_ONCE = 10_000
"""Rows of one statement, so that its text stays small beside what the rows themselves take."""


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
    names, keys = ", ".join(columns), ", ".join(key)
    sets = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in key and c not in keep)
    sql = (
        f"INSERT INTO {table} (business_id, {names}) "
        f"SELECT DISTINCT ON ({keys}) %s::uuid, {names} FROM {unnest(columns)} ORDER BY {keys} "
        f"ON CONFLICT (business_id, {keys}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING")
    )
    for some in _portions(rows):
        await tx.run(sql, (tx.business_id, *arrays(columns, some)))


def unnest(columns: Mapping[str, str]) -> str:
    """The FROM item, called `given`, of rows with these columns and types; its placeholders take what `arrays` makes.

    One statement with arrays beats COPY into a temporary table with all that goes with it: four statements, of which
    the TRUNCATE alone takes longer than a page of a hundred rows.
    """
    types = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    return f"unnest({types}) AS given({', '.join(columns)})"


def arrays(columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """The rows' columns as PostgreSQL array literals. Types that are arrays themselves cannot be given like this."""
    if not rows:
        return ["{}"] * len(columns)
    by_column = zip(columns.values(), zip(*rows, strict=True), strict=True)
    return [literal(_plain(kind, column)) for kind, column in by_column]


def _plain(kind: str, column: tuple[Any, ...]) -> Sequence[Any]:
    if kind == "jsonb":
        return [_text(value) for value in column]
    if kind == "bytea":
        return [None if value is None else f"\\x{value.hex()}" for value in column]
    return column


def _text(value: object) -> str | None:
    """JSON, given as text, as bytes, or as the driver's wrapper, as text."""
    if isinstance(value, Jsonb):
        value = json.dumps(value.obj)
    return value.decode() if isinstance(value, bytes) else value  # type: ignore[return-value]


def _portions(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some
