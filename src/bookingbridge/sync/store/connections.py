"""Connections: what is connected, in which state, with which sealed credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from bookingbridge.infra.db import Tx

_COLUMNS = (
    "id, vendor, environment, name, auth, state, state_why, state_since, account_remote_id, account_name, tokens, "
    "token_expires_at, webhook_secrets, settings, granted, missing, setup_step, last_success_at, last_event_at, "
    "created_at, business_id, subscription, subscription_expires_at, subscription_checked_at, subscription_why, plan, "
    "failures, circuit_until"
)


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection. Tokens, webhook secrets and the subscription are sealed; `sync.credentials` opens them.

    `plan` is what was changed of the schedule. After `failures` runs in a row that brought no answer nothing is asked
    until `circuit_until`.
    """

    id: UUID
    vendor: str
    environment: str
    name: str
    auth: str
    state: str
    state_why: str
    state_since: datetime
    account_remote_id: str | None
    account_name: str
    tokens: bytes | None
    token_expires_at: datetime | None
    webhook_secrets: bytes | None
    settings: Mapping[str, str]
    granted: tuple[str, ...]
    missing: tuple[str, ...]
    setup_step: int
    last_success_at: datetime | None
    last_event_at: datetime | None
    created_at: datetime
    business_id: UUID
    subscription: bytes | None = None
    subscription_expires_at: datetime | None = None
    subscription_checked_at: datetime | None = None
    subscription_why: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)
    failures: int = 0
    circuit_until: datetime | None = None


def _connection(row: tuple[Any, ...]) -> Connection:
    values = list(row)
    values[14], values[15] = tuple(row[14]), tuple(row[15])
    return Connection(*values)


async def add(
    tx: Tx, connection_id: UUID, *, vendor: str, environment: str, name: str, auth: str, state: str = "new"
) -> None:
    """A connection is there, and reachable by its id from a webhook's address."""
    await tx.run(
        """
        INSERT INTO connections (business_id, id, vendor, environment, name, auth, state, state_since, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (tx.business_id, connection_id, vendor, environment, name, auth, state, tx.now, tx.now),
    )
    await tx.run(
        "INSERT INTO public_addresses (kind, key, business_id, target_id, created_at) "
        "VALUES ('connection', %s, %s, %s, %s)",
        (str(connection_id), tx.business_id, connection_id, tx.now),
    )


async def get(tx: Tx, connection_id: UUID, *, for_update: bool = False) -> Connection | None:
    """The connection; locked until the transaction ends with `for_update`."""
    row = await tx.one(
        f"SELECT {_COLUMNS} FROM connections WHERE business_id = %s AND id = %s"
        + (" FOR UPDATE" if for_update else ""),
        (tx.business_id, connection_id),
    )
    return _connection(row) if row else None


async def hold(tx: Tx, connection_id: UUID, what: str) -> None:
    """No other transaction does this with the connection until this one ends; everything else goes on."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", (f"{what}:{connection_id}",))


async def every(tx: Tx, *, vendor: str | None = None, with_removed: bool = False) -> list[Connection]:
    """All that are not removed, or these too, oldest first."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM connections WHERE business_id = %s AND (%s OR state <> 'removed') "
        "AND (%s::text IS NULL OR vendor = %s) ORDER BY created_at, id",
        (tx.business_id, with_removed, vendor, vendor),
    )
    return [_connection(row) for row in rows]


async def pulse(tx: Tx) -> str:
    """A text that is another whenever a connection's state, its last success or its last webhook is."""
    row = await tx.one(
        "SELECT count(*), coalesce(sum(extract(epoch FROM state_since)), 0), "
        "coalesce(sum(extract(epoch FROM last_success_at)), 0), coalesce(sum(extract(epoch FROM last_event_at)), 0), "
        "coalesce(sum(setup_step), 0) FROM connections WHERE business_id = %s",
        (tx.business_id,),
    )
    assert row
    return ".".join(str(part) for part in row)


_SETTABLE = frozenset(
    {
        "name", "account_remote_id", "account_name", "tokens", "token_expires_at", "webhook_secrets", "settings",
        "granted", "missing", "setup_step", "last_success_at", "last_event_at", "auth", "refresh_failed_at",
        "subscription", "subscription_expires_at", "subscription_checked_at", "subscription_why", "plan", "failures",
        "circuit_until",
    }
)  # fmt: skip


async def change(tx: Tx, connection_id: UUID, **fields: Any) -> None:
    """The named columns are changed."""
    assert fields.keys() <= _SETTABLE, fields.keys() - _SETTABLE
    values = [
        Jsonb(v) if name in ("settings", "plan") else list(v) if isinstance(v, tuple) else v
        for name, v in fields.items()
    ]
    sets = ", ".join(f"{name} = %s" for name in fields)
    await tx.run(
        f"UPDATE connections SET {sets} WHERE business_id = %s AND id = %s",
        (*values, tx.business_id, connection_id),
    )


async def set_state(tx: Tx, connection_id: UUID, state: str, why: str = "", *, wakes: bool = False) -> bool:
    """The state is this; True where it was another (so that a loss is logged once, not at each try).

    A connection that rests goes on resting, whatever a run that was under way found out, unless this `wakes` it.
    """
    touched = await tx.run(
        "UPDATE connections SET state = %s, state_why = %s, "
        "state_since = CASE WHEN state = %s THEN state_since ELSE %s END "
        "WHERE business_id = %s AND id = %s AND (state, state_why) IS DISTINCT FROM (%s, %s) AND state <> 'removed' "
        "AND (%s OR state <> 'paused')",
        (state, why, state, tx.now, tx.business_id, connection_id, state, why, wakes),
    )
    return touched > 0


async def refresh_failed_at(tx: Tx, connection_id: UUID) -> datetime | None:
    """When the vendor last did not renew the tokens, since it last did."""
    row = await tx.one(
        "SELECT refresh_failed_at FROM connections WHERE business_id = %s AND id = %s", (tx.business_id, connection_id)
    )
    return row[0] if row else None


async def remove(tx: Tx, connection_id: UUID) -> None:
    """The connection is gone: its secrets wiped, its webhook address and schedule closed. Its rows stay."""
    await tx.run(
        "UPDATE connections SET state = 'removed', state_since = %s, tokens = NULL, webhook_secrets = NULL, "
        "subscription = NULL, subscription_expires_at = NULL "
        "WHERE business_id = %s AND id = %s",
        (tx.now, tx.business_id, connection_id),
    )
    await tx.run(
        "DELETE FROM public_addresses WHERE kind = 'connection' AND key = %s AND business_id = %s",
        (str(connection_id), tx.business_id),
    )
    await tx.run("DELETE FROM due_work WHERE business_id = %s AND target_id = %s", (tx.business_id, connection_id))


async def find_business(tx: Tx, connection_id: UUID) -> UUID | None:
    """Whose connection this is (realm "routing")."""
    row = await tx.one(
        "SELECT business_id FROM public_addresses WHERE kind = 'connection' AND key = %s", (str(connection_id),)
    )
    return row[0] if row else None


async def put_oauth_state(tx: Tx, **fields: Any) -> None:
    """A sign-in that was begun (realm "accounts")."""
    names = ", ".join(fields)
    await tx.run(
        f"INSERT INTO oauth_states ({names}) VALUES ({', '.join(['%s'] * len(fields))})", tuple(fields.values())
    )


async def take_oauth_state(tx: Tx, state_hash: bytes) -> tuple[Any, ...] | None:
    """The begun sign-in, once: business, session hash, vendor, environment, connection, verifier, redirect, expiry."""
    return await tx.one(
        "UPDATE oauth_states SET used_at = %s WHERE state_hash = %s AND used_at IS NULL "
        "RETURNING business_id, session_hash, vendor, environment, connection_id, verifier, redirect_uri, expires_at",
        (tx.now, state_hash),
    )
