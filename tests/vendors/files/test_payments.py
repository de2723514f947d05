"""Rows of payments and refunds, and rows of clients."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.vendors.files.given import SHOP, load, only, problems

from bookingbridge.canonical.money import Money
from bookingbridge.canonical.records import Booking, Customer, Payment, PaymentStatus, Refund

HEADINGS = "Payment ID,Paid at,Amount,Tip,Refunded,Method,Status,Booking ID,Client,Email,Phone\n"


def payment(text: str) -> Payment:
    """The one payment in the text."""
    loaded = load(text, kind="payments")
    assert loaded.problems == []
    [found] = only(loaded, Payment)
    return found


def test_a_row_becomes_a_payment_of_a_client_for_a_booking() -> None:
    loaded = load(HEADINGS + "P1,2026-03-14 15:20,45.00,9.00,5.00,Visa,Paid,7,Ann Lee,ann@example.com,\n")
    [client], [paid] = only(loaded, Customer), only(loaded, Payment)
    assert (client.remote_id, client.name) == ("email:ann@example.com", "Ann Lee")
    assert paid.remote_id == "P1"
    assert (paid.amount, paid.tip, paid.refunded) == (Money(4500, "USD"), Money(900, "USD"), Money(500, "USD"))
    assert (paid.status, paid.method, paid.booking) == (PaymentStatus.COMPLETED, "visa", "7")
    assert paid.paid_at == datetime(2026, 3, 14, 22, 20, tzinfo=UTC)
    assert paid.customer == client.remote_id


def test_the_tip_is_taken_off_a_total_and_not_off_an_amount() -> None:
    when = "2026-03-14 15:20"
    assert payment(f"Paid at,Total,Tip,Method\n{when},54.00,9.00,card\n").amount == Money(4500, "USD")
    assert payment(f"Paid at,Amount,Tip,Method\n{when},54.00,9.00,card\n").amount == Money(5400, "USD")
    both = payment(f"Paid at,Amount,Tip,Total,Method\n{when},40.00,9.00,58.50,card\n")
    assert (both.amount, both.tip) == (Money(4950, "USD"), Money(900, "USD"))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Paid", PaymentStatus.COMPLETED), ("succeeded", PaymentStatus.COMPLETED), ("", PaymentStatus.COMPLETED),
        ("Pending", PaymentStatus.PENDING), ("requires_capture", PaymentStatus.PENDING),
        ("FAILED", PaymentStatus.FAILED), ("Voided", PaymentStatus.CANCELLED), ("bezahlt", PaymentStatus.COMPLETED),
        ("оплачено", PaymentStatus.COMPLETED),
        ("nieopłacona", PaymentStatus.PENDING),
    ],
)  # fmt: skip
def test_status_words_of_several_languages(word: str, status: PaymentStatus) -> None:
    assert payment(f"Paid at,Amount,Method,Status\n2026-03-14 15:20,45,card,{word}\n").status is status


def test_what_was_given_back_is_said_by_amount_or_by_status() -> None:
    def given_back(refunded: str, status: str) -> int:
        row = f"2026-03-14 15:20,45.00,9.00,{refunded},card,{status}"
        return payment(f"Paid at,Amount,Tip,Refunded,Method,Status\n{row}\n").refunded.minor

    assert given_back("", "Paid") == 0
    assert given_back("20.00", "Partially refunded") == 2000
    assert given_back("-20.00", "Paid") == 2000
    assert given_back("", "Refunded") == 4500
    assert given_back("54.00", "Refunded") == 4500


@pytest.mark.parametrize(
    ("refunded", "status", "why"),
    [
        ("", "Partially refunded", "some of it was given back; say in which column how much (refunded)"),
        ("60.00", "Refunded", "more was given back than paid"),
    ],
)
def test_a_refund_that_does_not_add_up_is_a_problem(refunded: str, status: str, why: str) -> None:
    loaded = load(f"Paid at,Amount,Refunded,Method,Status\n2026-03-14 15:20,45.00,{refunded},card,{status}\n")
    assert [p.why for p in loaded.problems] == [why]
    assert loaded.records == []


def test_a_negative_row_is_a_refund_of_the_payment_it_names() -> None:
    loaded = load("Payment ID,Paid at,Amount,Method,Refund of\nR1,2026-03-15 10:00,-20.00,card,P1\n")
    [refund] = only(loaded, Refund)
    assert (refund.remote_id, refund.payment, refund.amount) == ("R1", "P1", Money(2000, "USD"))
    assert refund.refunded_at == datetime(2026, 3, 15, 17, tzinfo=UTC)
    unnamed = load("Payment ID,Paid at,Amount,Method\nR1,2026-03-15 10:00,(20.00),card\n")
    assert problems(unnamed) == [(2, "Amount")]


def test_a_day_alone_is_noon_and_equal_rows_of_a_day_are_two_payments() -> None:
    loaded = load("Paid at,Amount,Method\n2026-03-14,38.00,cash\n2026-03-14,38.00,cash\n")
    first, second = only(loaded, Payment)
    assert first.paid_at == second.paid_at == datetime(2026, 3, 14, 19, tzinfo=UTC)
    assert second.remote_id == f"{first.remote_id}-2"
    assert loaded.notes[1:] == ("the payment has a day and no time; noon is taken (2 rows)",)


def test_the_same_person_in_the_same_minute_is_the_same_payment() -> None:
    row = "2026-03-14 15:20,38.00,cash,ann@example.com\n"
    loaded = load("Paid at,Amount,Method,Email\n" + row + row)
    assert (len(only(loaded, Payment)), loaded.repeated) == (1, 1)


def test_without_an_id_time_amount_client_booking_method_reference_and_place_identify_a_payment() -> None:
    heads = "Paid at,Amount,Method,Email,Booking ID,Reference,Location\n"
    text = f"{heads}2026-03-14 15:20,38.00,cash,a@example.com,B7,till 2,Main\n"
    base = payment(text).remote_id
    assert payment(text.replace("38.00", "$38")).remote_id == base
    for part, other in (("15:20", "15:21"), ("38.00", "39.00"), ("cash", "card"), ("a@", "b@"), ("B7", "B8"),
                        ("till 2", "till 3"), ("Main", "Side")):  # fmt: skip
        assert payment(text.replace(part, other)).remote_id != base


def test_a_name_alone_links_a_payment_to_nobody() -> None:
    loaded = load(HEADINGS + "P1,2026-03-14 15:20,45.00,,,Visa,Paid,7,Ann Lee,,\n")
    assert only(loaded, Customer) == []
    assert [p.customer for p in only(loaded, Payment)] == [None]


def test_a_payments_bare_address_does_not_outweigh_what_bookings_and_clients_say() -> None:
    email = "ann@example.com"
    [by_payment] = only(load(f"Paid at,Amount,Method,Email\n2026-03-14 15:20,45,cash,{email}\n"), Customer)
    [by_booking] = only(load(f"Start,Client,Email\n2026-03-14 14:30,Ann,{email}\n", kind="bookings"), Customer)
    [by_client] = only(load(f"Name,Email,Phone\nAnn Lee,{email},\n"), Customer)
    assert by_payment.remote_id == by_booking.remote_id == by_client.remote_id
    assert (by_payment.version or 0) < (by_booking.version or 0) < (by_client.version or 0)


def test_a_clients_id_links_files_even_where_nothing_else_does() -> None:
    [paid] = only(load("Paid at,Amount,Method,Customer ID\n2026-03-14 15:20,45,cash,C7\n"), Payment)
    [booked] = only(load("Start,Client,Customer ID\n2026-03-14 14:30,Ann,C7\n", kind="bookings"), Booking)
    assert paid.customer == booked.customer == "C7"
    assert only(load("Paid at,Amount,Method,Customer ID\n2026-03-14 15:20,45,cash,C7\n"), Customer) == []


def test_times_in_a_heading_with_utc_are_utc() -> None:
    text = "id,Created date (UTC),Amount,Currency,Status\nch_1,2026-03-14 22:31:09,45.00,eur,Paid\n"
    paid = payment(text)
    assert paid.paid_at == datetime(2026, 3, 14, 22, 31, 9, tzinfo=UTC)
    assert paid.amount == Money(4500, "EUR")


def test_amounts_of_one_row_in_two_currencies_are_a_problem() -> None:
    loaded = load("Paid at,Total (USD),Tip (EUR),Method\n2026-03-14 15:20,54.00,9.00,card\n", kind="payments")
    assert problems(loaded) == [(2, "Total (USD)")]
    assert loaded.problems[0].why == "the row's amounts differ in currency"


def test_without_time_or_amount_a_row_is_a_problem() -> None:
    loaded = load(HEADINGS + "P1,,45,,,,,,,,\nP2,2026-03-14 15:20,--,,,,,,,,\nP3,2026-03-14 15:20,4x,,,,,,,,\n")
    assert problems(loaded) == [(2, "Paid at"), (3, "Amount"), (4, "Amount")]
    assert [p.why for p in loaded.problems] == ["nothing says when it was paid", "there is no amount", "not an amount"]


CLIENTS = "ID,First name,Last name,E-mail,Phone,Created\n"


def test_clients_take_their_id_or_address_or_number() -> None:
    rows = "C1,Ann,Lee,ann@example.com,,2026-01-05\n,Bob,,bob@example.com,206 555 0102,\n,Cid,Ode,,206 555 0103,\n"
    found = only(load(CLIENTS + rows, kind="clients"), Customer)
    assert [(c.remote_id, c.name) for c in found] == [
        ("C1", "Ann Lee"), ("email:bob@example.com", "Bob"), ("phone:+12065550103", "Cid Ode"),
    ]  # fmt: skip
    assert found[0].created_at == datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_a_client_with_a_name_alone_is_a_problem() -> None:
    loaded = load(CLIENTS + ",Ann,Lee,,,\n,Bob,,bob@example.com,,\n", kind="clients")
    assert problems(loaded) == [(2, "E-mail")]
    assert "a name alone is nobody in particular" in loaded.problems[0].why


def test_phones_without_a_country_are_of_the_business_region() -> None:
    text = "Name,Phone\nОлена,067 123 4567\n"
    [client] = only(load(text, kind="clients", options=replace(SHOP, region="UA")), Customer)
    assert client.remote_id == "phone:+380671234567"
    assert client.phone == "067 123 4567"
