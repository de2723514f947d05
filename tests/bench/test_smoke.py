"""Each bench runs at a tiny size, prints its ratio, and stores the rows it says it does. Times are never looked at."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bookingbridge.infra.day_ranges import EVERYWHERE

BENCH = Path(__file__).parents[2] / "bench"


def ran(name: str, database_url: str, *options: str) -> Any:
    """What the bench printed as JSON."""
    command = [sys.executable, str(BENCH / f"{name}.py"), "--small", "--json", "--database", database_url, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def count(database_url: str, table: str) -> int:
    with psycopg.connect(database_url) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row
    return int(row[0])


def test_pages_are_compared_with_their_statements_over_consistent_figures(database_url: str) -> None:
    said = ran("pages", database_url, "--rows", "1000", "--requests", "1")
    assert said["rows"]["bookings"] == count(database_url, "bookings") == 1_000
    assert said["rows"]["touches"] == 3_000
    assert {"Today", "Attribution", "API dashboard"} <= set(said["pages"])
    assert all(page["page / SQL"] > 0 and page["statements"] > 10 for page in said["pages"].values())
    with psycopg.connect(database_url) as conn:
        paid = conn.execute("SELECT sum(revenue_minor) FROM conversions").fetchone()
        everywhere = (EVERYWHERE,)
        days = conn.execute(
            "SELECT sum(revenue_minor) FROM conversion_days WHERE location_id = %s", everywhere
        ).fetchone()
        each = conn.execute(
            "SELECT sum(first_minor), sum(last_minor), sum(linear_minor) FROM credit_days WHERE location_id = %s",
            everywhere,
        ).fetchone()
        somewhere = conn.execute(
            "SELECT sum(revenue_minor) FROM conversion_days WHERE location_id <> %s", everywhere
        ).fetchone()
    assert paid == somewhere
    assert paid == days
    assert each == paid * 3  # type: ignore[operator]


def test_an_import_stores_every_booking_and_is_compared_with_copy(database_url: str) -> None:
    said = ran("importing", database_url, "--rows", "300")
    assert {name: way["stored"] for name, way in said["ways"].items()} == {
        "records": 300, "a file": 300, "the same again": 300,
    }  # fmt: skip
    assert count(database_url, "bookings") == 600
    assert all(way["of raw COPY"] > 0 for way in said["ways"].values())


def test_a_shops_history_is_stored_whole_by_every_way_that_is_installed(database_url: str) -> None:
    said = ran("history", database_url, "--rows", "100")
    stored = {name: way["stored"] for name, way in said["ways"].items() if name != "reading"}
    peers = {"dlt, csv", "dlt, inserts"} if find_spec("dlt") else set()
    whole = {"clients": 40, "bookings": 100, "payments": 125}
    assert stored == dict.fromkeys(("the product", *peers), whole)
    assert set(said["ratios"]) == ({"times as fast", "of its memory"} if peers else set())
    assert count(database_url, "bookings") == 100
    assert count(database_url, "raw_records") > 265


def test_attribution_is_compared_with_its_rules(database_url: str) -> None:
    said = ran("attributing", database_url, "--rows", "300")
    assert said["touches"] == 1_080
    assert said["visits"] == count(database_url, "conversions") > 250
    assert said["credits"] == count(database_url, "credits") > 0
    assert said["recompute / rules alone"] > 0


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_every_acknowledged_webhook_is_in_the_inbox(database_url: str) -> None:
    said = ran("webhooks", database_url, "--rows", "500", "--connections", "4")
    assert set(said["ratios"]) == {"the product / one INSERT", "the product / bare ASGI"}
    for server in ("the product", "one INSERT"):
        for load in said["servers"][server].values():
            assert load["failed"] == 0
            # What was on its way when the load stopped is stored, too.
            assert load["stored"] <= load["rows"] <= load["stored"] + 4
            assert load["rows"] > 0
