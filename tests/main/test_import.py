"""Files through the command line, as a person does it: shown, refused as a whole, stored once, reported."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import psycopg
import pytest

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
SHOP = ("--zone", "America/Los_Angeles", "--currency", "USD")
MODELS = ("first", "last", "last_non_direct", "linear", "position", "time_decay")
TABLES = ("bookings", "clients", "services", "staff", "locations", "payments", "campaigns", "ad_days", "touches")


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer, read."""
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def bridge(database_url: str, tmp_path: Path) -> Command:
    """The program, run as people run it, over a database of its own."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATABASE_URL": database_url, "HASH_SALT": "salt",
        "SECRET_KEY": "a key of the tests that is long enough", "BOOKINGBRIDGE_DATA_DIR": str(tmp_path / "var"),
    }  # fmt: skip

    def run(*args: object) -> Said:
        program = [sys.executable, "-c", "from bookingbridge.main.cli import main; main()", *map(str, args)]
        done = subprocess.run(program, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=120)
        return Said(done.returncode, done.stdout, done.stderr)

    return run


def stored(database_url: str) -> dict[str, int]:
    """How many rows there are of each thing."""
    with psycopg.connect(database_url) as connection:
        # What clients answered when asked becomes touches of its own, beside those of the file.
        kept = {"touches": "WHERE kind <> 'asked'"}
        counts = (
            (table, connection.execute(f"SELECT count(*) FROM {table} {kept.get(table, '')}").fetchone())
            for table in TABLES
        )
        return {table: row[0] for table, row in counts if row and row[0]}


def rows_of(name: str) -> list[dict[str, str]]:
    """A sample's rows, by an independent reader."""
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cents(text: str) -> int:
    """An amount of a sample, which is written with two decimals or not at all."""
    return int(text.replace(".", "")) if text else 0


def test_the_samples_become_a_report_that_adds_up_and_again_change_nothing(
    bridge: Command, database_url: str, tmp_path: Path
) -> None:
    names = ("bookings.csv", "payments.csv", "ad_spend.csv", "touchpoints.csv", "calendar.ics")
    paths = [SAMPLES / name for name in names]
    first = bridge("import", *paths, *SHOP, "--json")
    assert first.code == 0, first.err
    assert [(one["file"], one["kind"], one["problem_count"]) for one in first.json] == [
        ("bookings.csv", "bookings", 0), ("payments.csv", "payments", 0), ("ad_spend.csv", "ad_spend", 0),
        ("touchpoints.csv", "touchpoints", 0), ("calendar.ics", "bookings", 0),
    ]  # fmt: skip
    there = stored(database_url)
    assert (there["bookings"], there["payments"], there["touches"]) == (144, 102, len(rows_of("touchpoints.csv")))
    assert (there["campaigns"], there["ad_days"], there["staff"], there["locations"]) == (4, 327, 3, 1)

    report = bridge("report", "--json", "--out", tmp_path / "out")
    assert report.code == 0, report.err
    paid = rows_of("payments.csv")
    net = {p["Payment ID"]: cents(p["Amount"]) - cents(p["Refunded"]) for p in paid}
    named = sum(net[p["Payment ID"]] for p in paid if p["Booking ID"])
    campaigns = report.json["campaigns"]
    for model in MODELS:
        revenue = sum(c["revenue_minor"][model] for c in campaigns)
        assert named <= revenue <= sum(net.values()), model
        assert revenue == sum(c["revenue_minor"]["first"] for c in campaigns), model
    spent = {c["campaign"]: c["spend_minor"] for c in campaigns if c["spend_minor"]}
    expected: dict[str, int] = {}
    for row in rows_of("ad_spend.csv"):
        expected[row["Campaign"]] = expected.get(row["Campaign"], 0) + cents(row["Amount spent (USD)"])
    assert spent == expected
    known = sum(c["revenue_minor"]["first"] for c in campaigns if c["channel"] != "unknown")
    assert 0 < known < sum(c["revenue_minor"]["first"] for c in campaigns)
    with (tmp_path / "out" / "campaigns.csv").open(encoding="utf-8") as file:
        assert {row["campaign"] for row in csv.DictReader(file)} == {c["campaign"] for c in campaigns}

    again = bridge("import", *paths, "--json")
    assert [(one["imported"]["new"], one["imported"]["changed"]) for one in again.json] == [(0, 0)] * 5
    assert stored(database_url) == there
    assert bridge("report", "--json").json == report.json


def test_a_preview_shows_what_would_become_of_the_rows_and_stores_nothing(bridge: Command, database_url: str) -> None:
    said = bridge("import", SAMPLES / "bookings.csv", *SHOP, "--preview", "--json")
    assert said.code == 0, said.err
    [one] = said.json
    assert one["columns"]["client_email"] == "Email"
    assert one["preview"][0]["line"] == 2
    assert "booking 2026-08-" in one["preview"][0]["becomes"]
    assert stored(database_url).get("bookings", 0) == 0


BAD = (
    "Booking ID,Start,Status,Client,Email,Price\n1,2026-03-14 14:30,Completed,Ann,ann@example.com,45.00\n"
    "2,2026-02-30 14:30,Completed,Bob,bob@example.com,45.00\n3,2026-03-15 14:30,Pondering,Cid,,4x\n"
)


def test_one_bad_row_keeps_the_whole_file_out_and_each_is_named_by_line(
    bridge: Command, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "march.csv"
    path.write_text(BAD)
    said = bridge("import", path, *SHOP, "--json")
    assert said.code == 1
    [one] = said.json
    assert "imported" not in one
    assert one["problem_count"] == 3
    assert [problem.partition(":")[0] for problem in one["problems"]] == [
        "line 3, column 'Start'", "line 4, column 'Status'", "line 4, column 'Price'",
    ]  # fmt: skip
    there = stored(database_url)
    assert "bookings" not in there
    assert "clients" not in there

    skipped = bridge("import", path, "--skip-bad-rows", "--json")
    assert skipped.code == 0, skipped.err
    assert stored(database_url)["bookings"] == 1


def test_an_ambiguous_file_is_imported_once_the_order_is_said(
    bridge: Command, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "bookings.csv"
    path.write_text("Start,Client,Email,Service\n03/04/2026 10:00,Ann,ann@example.com,Cut\n")
    asked = bridge("import", path, *SHOP)
    assert asked.code == 1
    assert "say --dates dmy, mdy or ymd" in asked.err
    assert "bookings" not in stored(database_url)
    assert bridge("import", path, "--dates", "dmy").code == 0
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT starts_at AT TIME ZONE 'America/Los_Angeles' FROM bookings").fetchone()
    assert row == (datetime(2026, 4, 3, 10),)  # noqa: DTZ001


def test_the_same_bookings_as_a_workbook_are_the_same_bookings(
    bridge: Command, database_url: str, tmp_path: Path
) -> None:
    rows = rows_of("bookings.csv")
    book = openpyxl.Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        typed = {name: datetime.fromisoformat(row[name]) for name in ("Start", "End", "Booked at")}
        book.active.append([typed.get(name, value or None) for name, value in row.items()])
    out = BytesIO()
    book.save(out)
    workbook, tabs = tmp_path / "shop.xlsx", tmp_path / "shop.tsv"
    workbook.write_bytes(out.getvalue())
    with tabs.open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([list(rows[0]), *(list(row.values()) for row in rows)])
    said = bridge("import", SAMPLES / "bookings.csv", workbook, tabs, *SHOP, "--json")
    assert said.code == 0, said.err
    assert [one["imported"]["new"] > 0 for one in said.json] == [True, False, False]
    assert [one["imported"]["changed"] for one in said.json] == [0, 0, 0]
    assert stored(database_url)["bookings"] == 120


def test_a_changed_booking_changes_and_two_sources_stay_apart(
    bridge: Command, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(BAD.splitlines()[0] + "\n" + BAD.splitlines()[1] + "\n")
    assert bridge("import", path, *SHOP).code == 0
    path.write_text(path.read_text().replace("Completed", "No-show"))
    [changed] = bridge("import", path, "--json").json
    assert (changed["imported"]["new"], changed["imported"]["changed"]) == (0, 1)
    assert stored(database_url)["bookings"] == 1
    [other] = bridge("import", path, "--source", "second shop", "--json").json
    assert other["imported"]["new"] > 0
    assert stored(database_url)["bookings"] == 2


def test_a_mapping_file_and_map_and_a_window_are_followed(bridge: Command, database_url: str, tmp_path: Path) -> None:
    path, mapping = tmp_path / "odd.csv", tmp_path / "odd.toml"
    path.write_text("When;Until;Whom;Mail;Doer\n03.04.2026 10:00;10:45;Ann;ann@example.com;Leo\n")
    mapping.write_text(
        'kind = "bookings"\n[columns]\nstarts_at = "When"\nend_time = "Until"\n[options]\ndates = "dmy"\n'
    )
    said = bridge(
        "import", path, "--mapping", mapping, "--map", "client_name=Whom", "--map", "staff=doer", *SHOP, "--json"
    )
    assert said.code == 0, said.out + said.err
    assert said.json[0]["counts"] == {"staff": 1, "client": 1, "booking": 1}
    weekly = tmp_path / "weekly.ics"
    weekly.write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:w\nDTSTART:20260302T090000\nRRULE:FREQ=WEEKLY\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    refused = bridge("import", weekly)
    assert refused.code == 1
    assert "the event repeats" in refused.err
    window = tmp_path / "window.toml"
    window.write_text(f'[options]\nwindow = "{date(2026, 3, 1)}..{date(2026, 3, 31)}"\n')
    assert bridge("import", weekly, "--mapping", window).code == 0
    assert stored(database_url)["bookings"] == 1 + 5


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%PDF-1.7", "this is a PDF"),
        (b"a,b\n1,2\n", "it is not clear what"),
        (b"", "the file is empty"),
        (b'Start,Client\n2026-03-14 10:00,"Ann\n', "a quotation mark is opened and never closed"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    bridge: Command, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    said = bridge("import", path, *SHOP)
    assert said.code == 1
    assert why in said.err
    assert "Traceback" not in said.err
