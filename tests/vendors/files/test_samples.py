"""The shipped samples: made by their script, read without a word, connected with one another. And how fast."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import process_time

import pytest
from tests.vendors.files.given import SAMPLES, SHOP, only

from bookingbridge.canonical.records import AdDay, Booking, Campaign, Customer, Payment, PaymentStatus, Touchpoint
from bookingbridge.vendors import files
from bookingbridge.vendors.files import Loaded

NAMES = ("ad_spend.csv", "bookings.csv", "calendar.ics", "payments.csv", "touchpoints.csv")


def sample(name: str) -> Loaded:
    """A shipped sample, read without any wish."""
    return files.load(SAMPLES / name, None, SHOP)


def test_the_script_makes_exactly_these_files(tmp_path: Path) -> None:
    script = tmp_path / "make.py"
    script.write_bytes((SAMPLES / "make.py").read_bytes())
    subprocess.run([sys.executable, str(script)], check=True, timeout=60)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes(), name


@pytest.mark.parametrize(
    ("name", "kind", "counts"),
    [
        ("bookings.csv", "bookings", {"booking": 120, "location": 1, "staff": 3, "service": 5}),
        ("payments.csv", "payments", {"payment": 102}),
        ("ad_spend.csv", "ad_spend", {"campaign": 4, "ad_day": 327}),
        ("touchpoints.csv", "touchpoints", {"touch": 268}),
        ("calendar.ics", "bookings", {"booking": 24, "client": 24}),
    ],
)
def test_each_sample_is_understood_at_once(name: str, kind: str, counts: dict[str, int]) -> None:
    loaded = sample(name)
    assert loaded.problems == []
    assert loaded.kind == kind
    assert {record: loaded.counts[record] for record in counts} == counts
    assert loaded.mapping.ignored in ((), ("all day",))


def test_the_samples_belong_together() -> None:
    bookings, payments = only(sample("bookings.csv"), Booking), only(sample("payments.csv"), Payment)
    booked = {b.remote_id for b in bookings}
    named = [p for p in payments if p.booking]
    assert len(payments) > len(named) > 80
    assert {p.booking for p in named} <= booked
    clients = {c.remote_id for c in only(sample("bookings.csv"), Customer)}
    assert {p.customer for p in payments if p.customer} <= clients
    days = {b.starts_at.date() for b in bookings}
    assert timedelta(days=80) < max(days) - min(days) <= timedelta(days=90)
    assert all(p.status is PaymentStatus.COMPLETED for p in payments)
    assert sum(p.refunded.minor for p in payments) > 0


def test_some_visits_are_linked_by_email_some_by_phone_and_some_by_nothing() -> None:
    touches = only(sample("touchpoints.csv"), Touchpoint)
    emails = {f"email:{t.email}" for t in touches if t.email}
    phones = {files.people.phone_key(t.phone, "US") for t in touches if t.phone}
    how = {"email": 0, "phone": 0, "nothing": 0}
    for booking in only(sample("bookings.csv"), Booking):
        customer = booking.customer or ""
        by_phone = customer.removeprefix("phone:") in phones
        how["email" if customer in emails else "phone" if by_phone else "nothing"] += 1
    assert min(how.values()) >= 10, how


def test_spend_names_the_campaigns_that_touches_name() -> None:
    names = {campaign.name.lower().replace(" ", "-") for campaign in only(sample("ad_spend.csv"), Campaign)}
    tagged = {t.campaign for t in only(sample("touchpoints.csv"), Touchpoint) if t.campaign}
    assert tagged == names
    assert sum(d.spend_micros for d in only(sample("ad_spend.csv"), AdDay)) > 500_000_000


def test_a_hundred_thousand_rows_are_read_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "bookings.csv"
    with path.open("w") as out:
        out.write("ID,Start,End,Status,Client,Email,Phone,Service,Staff,Price,Created\n")
        for n in range(100_000):
            day = f"2026-{1 + n % 12:02d}-{1 + n % 28:02d}"
            out.write(
                f'{n},{day} {9 + n % 9:02d}:00,{day} {9 + n % 9:02d}:45,Completed,"Client {n % 9000}, Jr",'
                f"c{n % 9000}@example.com,,Service {n % 12},Barber {n % 5},{20 + n % 70}.50,{day} 07:{n % 60:02d}\n"
            )
    began = process_time()
    table = files.read_table(path)
    read = process_time() - began
    loaded = files.load_table(table, None, SHOP)
    took = process_time() - began
    size = path.stat().st_size / 1e6
    print(f"\n100,000 bookings ({size:.1f} MB), seconds of processor: table {read:.2f}, records {took - read:.2f}")
    assert loaded.problems == []
    assert len(table.rows) == loaded.counts["booking"] == 100_000
