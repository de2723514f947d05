"""The walls between businesses, read from the catalogue and tried from the other side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.clock import FixedClock
from bookingbridge.infra.db import APP_ROLE, Database, app_url

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
SHOP = accounts.NewBusiness("Alder & Ash Barbers", "America/Los_Angeles", "USD", "US", ("Pine Street",))

EXEMPT = {
    "alembic_version": "one row that names the schema's revision; the app's role has no right to it",
    "procrastinate_events": "the job queue's history: job numbers and times",
    "procrastinate_jobs": "the job queue: ids of businesses and work, which each job opens through the walls",
    "procrastinate_periodic_defers": "the job queue's own schedule: no business in it",
    "procrastinate_workers": "the job queue's workers: no business in it",
}
"""Tables without row-level security, and why that is right."""

REALM_ONLY = {"accounts", "users", "sessions", "one_time_links", "oauth_states", "rate_buckets"}
"""Tables that are of no one business: only a transaction of their realm sees them."""

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def owner(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, autocommit=True) as conn:
        yield conn


def walled(conn: Connection) -> list[str]:
    """Every table of the database that is not exempt."""
    rows = conn.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1"
    ).fetchall()
    names = [str(row[0]) for row in rows]
    assert set(EXEMPT) <= set(names), "an exemption is of a table that is gone"
    return [name for name in names if name not in EXEMPT]


def columns(conn: Connection, table: str) -> list[str]:
    rows = conn.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", (table,)
    )
    return [str(row[0]) for row in rows.fetchall()]


def test_every_table_is_walled_even_for_its_owner(owner: Connection) -> None:
    tables = walled(owner)
    assert len(tables) >= 38
    rows = owner.execute(
        "SELECT relname, relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) "
        "FROM pg_class c WHERE relname = ANY(%s)",
        (tables,),
    ).fetchall()
    open_ones = [row for row in rows if row[1:3] != (True, True) or row[3] == 0]
    assert open_ones == []


def test_every_policy_is_for_everybody_restricts_writing_and_compares_one_setting(owner: Connection) -> None:
    rows = owner.execute(
        "SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
    ).fetchall()
    for table, name, permissive, roles, command, using, check in rows:
        text = f"{table}.{name}"
        assert (permissive, roles) == ("PERMISSIVE", "{public}"), text
        expressions = [str(each) for each in (using, check) if each is not None]
        assert expressions, text
        assert command == "SELECT" or check is not None or command in ("INSERT", "ALL"), text
        for expression in expressions:
            # A policy that asks another table (who is a member?) costs some 700 times as much as one that compares.
            assert "SELECT" not in expression.upper(), text
            assert "current_setting('app." in expression, text


def test_every_business_table_has_its_tenant_first_in_every_key(owner: Connection) -> None:
    tables = [t for t in walled(owner) if "business_id" in columns(owner, t)]
    tenants = [t for t in tables if t not in REALM_ONLY and t != "public_addresses"]
    rows = owner.execute(
        "SELECT t.relname, i.indexrelid::regclass::text, "
        "(SELECT array_agg(a.attname::text) FROM unnest(i.indkey::int[]) k JOIN pg_attribute a "
        "ON a.attrelid = i.indrelid AND a.attnum = k) "
        "FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE (i.indisunique OR i.indisprimary) "
        "AND t.relname = ANY(%s)",
        (tenants,),
    ).fetchall()
    without = [(table, index) for table, index, keys in rows if "business_id" not in (keys or [])]  # type: ignore[operator]
    assert without == []
    assert len(tenants) >= 30


def test_the_apps_role_owns_nothing_and_cannot_pass_the_walls(owner: Connection) -> None:
    role = owner.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = %s",
        (APP_ROLE,),
    ).fetchone()
    assert role == (False, False, False, False, False)
    owned = owner.execute(
        "SELECT count(*) FROM pg_class WHERE relowner = %s::regrole::oid "
        "UNION ALL SELECT count(*) FROM pg_proc WHERE proowner = %s::regrole::oid "
        "UNION ALL SELECT count(*) FROM pg_namespace WHERE nspowner = %s::regrole::oid",
        (APP_ROLE, APP_ROLE, APP_ROLE),
    ).fetchall()
    assert owned == [(0,), (0,), (0,)]
    powerful = owner.execute(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE m.member = %s::regrole::oid",
        (APP_ROLE,),
    ).fetchall()
    assert powerful == []


def test_the_apps_role_may_neither_truncate_nor_reshape_nor_make_tables(owner: Connection, database_url: str) -> None:
    for table in [*walled(owner), *EXEMPT]:
        for right in ("TRUNCATE", "REFERENCES", "TRIGGER"):
            # TRUNCATE ignores row-level security; the other two run or reveal what others may not.
            granted = owner.execute("SELECT has_table_privilege(%s, %s, %s)", (APP_ROLE, table, right)).fetchone()
            assert granted == (False,), f"{right} on {table}"
    with psycopg.connect(app_url(database_url), autocommit=True) as app:
        for statement in (
            "CREATE TABLE mine (id int)",
            "ALTER TABLE bookings DISABLE ROW LEVEL SECURITY",
            "DROP POLICY tenant ON bookings",
            "ALTER TABLE bookings OWNER TO current_user",
        ):
            with pytest.raises(InsufficientPrivilege):
                app.execute(statement.encode())


def test_no_view_and_no_function_of_ours_looks_over_the_walls(owner: Connection) -> None:
    views = owner.execute("SELECT viewname FROM pg_views WHERE schemaname = 'public'").fetchall()
    materialised = owner.execute("SELECT matviewname FROM pg_matviews").fetchall()
    definers = owner.execute(
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = 'public' AND p.prosecdef"
    ).fetchall()
    assert (views, materialised, definers) == ([], [], [])


def test_nothing_is_seen_without_a_business_or_a_realm(owner: Connection, database_url: str) -> None:
    _two_shops(database_url)
    with psycopg.connect(app_url(database_url), autocommit=True) as app:
        for table in walled(owner):
            count = app.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            assert count == (0,), table
    assert owner.execute("SELECT count(*) FROM businesses").fetchone() == (2,)


def test_a_strangers_rows_are_invisible_and_cannot_be_written(owner: Connection, database_url: str) -> None:
    mine, theirs = _two_shops(database_url)

    async def act() -> None:
        async with Database(database_url, FixedClock(NOW), max_size=2) as db:
            async with db.business(mine) as tx:
                for table in walled(owner):
                    if table in REALM_ONLY:
                        assert await tx.one(f"SELECT count(*) FROM {table}") == (0,), table
                    elif "business_id" in columns(owner, table):
                        foreign = f"SELECT count(*) FROM {table} WHERE business_id <> %s"
                        assert await tx.one(foreign, (mine,)) == (0,), table
                assert await tx.all("SELECT id FROM businesses") == [(mine,)]
                assert await tx.run("UPDATE locations SET name = 'taken' WHERE business_id = %s", (theirs,)) == 0
                assert await tx.run("DELETE FROM locations WHERE business_id = %s", (theirs,)) == 0
                assert await tx.run("UPDATE businesses SET name = 'taken' WHERE id = %s", (theirs,)) == 0
                assert await tx.run("UPDATE locations SET name = 'mine'") == 1
            for statement, values in (
                (
                    "INSERT INTO locations (business_id, id, name, recorded_at) VALUES (%s, %s, 'x', now())",
                    (theirs, mine),
                ),
                ("INSERT INTO audit_entries (business_id, at, act) VALUES (%s, now(), 'x')", (theirs,)),
                ("UPDATE locations SET business_id = %s", (theirs,)),
            ):
                with pytest.raises(InsufficientPrivilege):
                    async with db.business(mine) as tx:
                        await tx.run(statement, values)

    asyncio.run(act())
    names = owner.execute("SELECT business_id, name FROM locations").fetchall()
    assert dict(names) == {mine: "mine", theirs: "Pine Street"}  # type: ignore[arg-type]


def test_what_a_transaction_set_is_gone_for_the_next_on_the_same_connection(database_url: str) -> None:
    mine, theirs = _two_shops(database_url)

    async def act() -> None:
        async with Database(database_url, FixedClock(NOW), max_size=1) as db:
            business, realm = (
                f"coalesce(current_setting('app.{name}', true), '')" for name in ("business_id", "realm")
            )
            seen = f"SELECT {business}, {realm}"
            async with db.business(mine) as tx:
                assert await tx.one(seen) == (str(mine), "")
            async with db.connection() as conn:
                assert await (await conn.execute(seen)).fetchone() == ("", "")
                assert await (await conn.execute("SELECT count(*) FROM locations")).fetchone() == (0,)
            async with db.realm("accounts") as tx:
                assert await tx.one(seen) == ("", "accounts")
            async with db.business(theirs) as tx:
                assert await tx.one(seen) == (str(theirs), "")
            with pytest.raises(RuntimeError, match="stop"):
                async with db.business(mine) as tx:
                    raise RuntimeError("stop")
            async with db.connection() as conn:
                assert await (await conn.execute(seen)).fetchone() == ("", "")

    asyncio.run(act())


@pytest.mark.parametrize(
    ("realm", "table"),
    [("routing", "users"), ("routing", "api_tokens"), ("schedule", "sessions"), ("gate", "users")],
)  # fmt: skip
def test_a_realm_reaches_only_what_it_is_for(database_url: str, realm: str, table: str) -> None:
    _two_shops(database_url)

    async def act() -> None:
        async with Database(database_url, FixedClock(NOW), max_size=1) as db, db.realm(realm) as tx:  # type: ignore[arg-type]
            assert await tx.one(f"SELECT count(*) FROM {table}") == (0,)

    asyncio.run(act())


def test_even_signing_in_cannot_read_bookings_or_clients(database_url: str, owner: Connection) -> None:
    mine, _ = _two_shops(database_url)
    owner.execute(
        "INSERT INTO clients (business_id, id, name, recorded_at) VALUES (%s, gen_random_uuid(), 'Ana', now())", (mine,)
    )

    async def act() -> None:
        async with Database(database_url, FixedClock(NOW), max_size=1) as db, db.realm("accounts") as tx:
            assert await tx.one("SELECT count(*) FROM clients") == (0,)
            assert await tx.one("SELECT count(*) FROM audit_entries") == (0,)

    asyncio.run(act())


def _two_shops(database_url: str) -> tuple[UUID, UUID]:
    async def act() -> tuple[UUID, UUID]:
        async with Database(database_url, FixedClock(NOW), max_size=1) as db:
            return (await accounts.found_business(db, SHOP)).id, (await accounts.found_business(db, SHOP)).id

    return asyncio.run(act())
