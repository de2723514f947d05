"""Array literals mean to PostgreSQL what the values meant to Python."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookingbridge.infra.arrays import literal

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_TRICKY = st.text(st.sampled_from("\\\"'{},\n\t\r\x01\x7f null NULL éあ😀"))


@given(batches=st.lists(st.lists(st.none() | _TEXT | _TRICKY, max_size=8), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_texts_come_back_as_they_were(connection: psycopg.Connection, batches: list[list[str | None]]) -> None:
    for values in batches:
        row = connection.execute("SELECT %s::text[]", (literal(values),)).fetchone()
        assert row == (values,)


def test_ids_and_times_come_back_as_they_were(connection: psycopg.Connection) -> None:
    ids = [UUID(int=7), None, UUID(int=2**128 - 1)]
    times = [datetime(2026, 3, 1, 12, 30, 1, 250, tzinfo=UTC), None, datetime(1999, 12, 31, tzinfo=UTC)]
    row = connection.execute("SELECT %s::uuid[], %s::timestamptz[]", (literal(ids), literal(times))).fetchone()
    assert row == (ids, times)


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_what_postgresql_cannot_hold_is_refused_and_not_altered(connection: psycopg.Connection, text: str) -> None:
    with pytest.raises(psycopg.DataError):
        connection.execute("SELECT %s::text[]", (literal([text]),))


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        literal(["\ud800"])


@pytest.fixture
def connection(empty_database_url: str) -> psycopg.Connection:
    conn = psycopg.connect(empty_database_url, autocommit=True)
    conn.execute("SET timezone = 'UTC'")
    return conn
