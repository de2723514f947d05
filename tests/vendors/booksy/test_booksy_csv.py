"""The client list that Booksy Biz exports is recognised by its headings alone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from bookingbridge.canonical.records import Customer
from bookingbridge.vendors import files

ROWS = {
    "First name,Last name,Cell phone,Email,Birthday,Notes,Tags": "Mara,Lind,(206) 555-0123,mara.lind@example.com,,,vip",
    "Customer Name,Email,Phone,Total Bookings,Total Spent,First Booking,Last Booking": (
        "Mara Lind,mara.lind@example.com,+1 206 555 0123,12,$780.00,2025-03-04,2026-10-01"
    ),
    "Imię,Nazwisko,Numer telefonu,Adres e-mail,Zgoda marketingowa": (
        "Mara,Lind,+1 206 555 0123,mara.lind@example.com,tak"
    ),
}


@pytest.mark.parametrize("head", ROWS)
def test_the_exported_client_list_needs_no_mapping_by_hand(head: str) -> None:
    table = files.read_table(f"{head}\n{ROWS[head]}\n".encode(), "booksy-clients.csv", None)
    options = files.Options(ZoneInfo("America/Los_Angeles"), "USD", skip_bad_rows=False)
    loaded = files.load_table(table, files.Wishes(), options)
    assert loaded.mapping.kind == "clients"
    (client,) = loaded.records
    assert isinstance(client, Customer)
    assert (client.name, client.email) == ("Mara Lind", "mara.lind@example.com")
    assert client.phone is not None
    assert client.phone.endswith(("555-0123", "555 0123"))


def test_the_first_booking_is_since_when_somebody_is_a_client() -> None:
    head = "Customer Name,Email,Phone,Total Bookings,Total Spent,First Booking,Last Booking"
    table = files.read_table(f"{head}\n{ROWS[head]}\n".encode(), "booksy-clients.csv", None)
    mapping = files.guess(table, files.Wishes())
    assert mapping.columns["created_at"] == "First Booking"
