"""Customers: who came, what brought them, what they paid, and how we know that it is one person."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import quote

from tests.web.markup import Page as Strict
from tests.web.pages.installation import Visitor, until
from tests.web.pages.reading import Page
from tests.web.pages.shop import DAY, Shop, booking, customer, payment

from bookingbridge.canonical.records import BookingStatus, Customer
from bookingbridge.domains.accounts.api import Role
from bookingbridge.sync import files

NOBODY = "00000000-0000-7000-8000-000000000000"


def _page(visitor: Visitor, path: str) -> Page:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def _names(page: Page) -> list[str]:
    return [a.words for cell in page.one("tbody").all("th") for a in cell.all("a")]


def test_the_list_tells_visits_revenue_and_what_first_brought_each(seen: Shop) -> None:
    page = _page(seen.visitor, "/customers")
    assert _names(page) == ["Cy Noor", "Bo Marsh", "Ana Lima"]
    ana = page.row("Customers", "Ana Lima")
    assert (ana["Visits"], ana["Revenue"], ana["First brought by"]) == ("1", "$50.00", "Google Ads Spring ads")
    assert page.row("Customers", "Cy Noor")["First brought by"] == "Unknown"
    assert page.section("6 customers, by last visit")


def test_those_who_never_came_are_found_by_name(seen: Shop) -> None:
    page = _page(seen.visitor, "/customers?sort=name")
    assert _names(page) == ["Ana Lima", "Bo Marsh", "Cy Noor", "Di Park", "Ed Ruiz", "Fi Stone"]
    di = page.row("Customers", "Di Park")
    assert (di["Visits"], di["Last visit"]) == ("0", "never")


def test_search_finds_parts_of_names_and_addresses_and_takes_any_sign(seen: Shop) -> None:
    assert _names(_page(seen.visitor, "/customers?q=mars")) == ["Bo Marsh"]
    assert _names(_page(seen.visitor, "/customers?q=ANA%40example.com")) == ["Ana Lima"]
    for text in ("%", "_", "\\", "'; DROP TABLE clients; --", "<b>x</b>", "🪒", "a" * 5000):
        answer = seen.visitor.get(f"/customers?q={quote(text)}")
        assert answer.status_code == 200
        assert "<b>x</b>" not in answer.text
    assert "Nobody fits “zebra”" in _page(seen.visitor, "/customers?q=zebra").words
    assert _names(_page(seen.visitor, "/customers?show=new&q=mars")) == ["Bo Marsh"]


def test_new_ones_are_those_whose_first_paid_visit_was_lately(seen: Shop) -> None:
    assert sorted(_names(_page(seen.visitor, "/customers?show=new"))) == [
        "Ana Lima", "Bo Marsh", "Cy Noor",
    ]  # fmt: skip


def test_a_timeline_holds_everything_newest_first(seen: Shop) -> None:
    page = _page(seen.visitor, f"/customers/{seen.client_of('Ana Lima')}")
    assert page.title == "Ana Lima"
    trail = page.one("ol", aria_label="Timeline, newest first")
    assert [h.words for h in trail.all("h3")] == [
        "Refunded", "Paid by card", "Booked haircut with Lee Quill Paid", "Followed a link", "Clicked an ad",
    ]  # fmt: skip
    facts = page.facts("At a glance")
    assert facts["Visits"].startswith("1 first on ")
    assert facts["Revenue"] == "$50.00 net of refunds, without tips"
    assert facts["First brought by"] == "Google Ads Spring ads"
    assert page.facts("Reach") == {"E-mail": "ana@example.com the till"}
    assert "Same e-mail address" in page.section("How we know it is one person").words
    assert page.links("Booked haircut with Lee Quill") == [f"/attribution/bookings/{seen.booking_of('Ana Lima')}"]


def test_no_shows_are_said_and_do_not_count_as_visits(seen: Shop) -> None:
    facts = _page(seen.visitor, f"/customers/{seen.client_of('Di Park')}").facts("At a glance")
    assert (facts["Visits"], facts["No-shows"]) == ("0", "1")


def test_the_pages_keep_the_rules_of_markup(seen: Shop) -> None:
    for path in ("/customers", "/customers?q=zebra", f"/customers/{seen.client_of('Ana Lima')}"):
        assert Strict(seen.visitor.get(path).text).wrong == []


def test_the_list_goes_on_where_it_ended_in_either_order(our: Shop) -> None:
    many: list[Customer] = [customer(f"m{i:03}", f"Many {i:03}", our.now - 9 * DAY) for i in range(120)]
    visits = [
        booking(f"mb{i:03}", f"m{i:03}", our.now - 9 * DAY, our.now - 8 * DAY + timedelta(minutes=i),
                BookingStatus.COMPLETED, 1000)
        for i in range(120)
    ]  # fmt: skip
    our.take(*many, *visits)
    for first in ("/customers", "/customers?sort=name", "/customers?q=many"):
        found: list[str] = []
        path = first
        while path:
            page = _page(our.visitor, path)
            found += _names(page)
            path = next((a.given["href"] for a in page.all("a", rel="next")), "")
            assert len(found) <= 130
        if "q=" in first:
            assert len(found) == 50  # a search is narrowed, not paged
            continue
        assert len(found) == len(set(found)) == (123 if "sort" not in first else 126)
    newest_first = [name for name in _names(_page(our.visitor, "/customers")) if name.startswith("Many")]
    assert newest_first == sorted(newest_first, reverse=True)


def test_one_person_of_two_sources_has_one_timeline(our: Shop) -> None:
    again = [
        customer("x1", "A. Lima", our.now - 90 * DAY, "ANA@example.com"),
        booking("x2", "x1", our.now - 80 * DAY, our.now - 79 * DAY, BookingStatus.COMPLETED, 2000),
        payment("x3", "x1", our.now - 79 * DAY + timedelta(minutes=35), 2000),
    ]
    engine = our.there.engine
    our.there.do(files.import_records(engine, our.business_id, again, source="the old system", asked_by="the tests"))
    until(lambda: len(our.computed()) == 4)
    page = _page(our.visitor, f"/customers/{our.client_of('Ana Lima')}")
    assert page.facts("At a glance")["Visits"].startswith("2 first on ")
    assert page.facts("At a glance")["Revenue"].startswith("$70.00")
    known = page.section("How we know it is one person").words
    assert "A. Lima of the old system is the same person" in known
    assert "Both have the e-mail address, ana@example.com." in known


def test_the_file_holds_the_list(seen: Shop) -> None:
    answer = seen.visitor.get("/customers.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(row["name"], row["visits"], row["revenue"]) for row in rows] == [
        ("Cy Noor", "1", "30.00"), ("Bo Marsh", "1", "40.00"), ("Ana Lima", "1", "50.00"),
    ]  # fmt: skip


def test_names_cannot_smuggle_formulas_into_files_nor_markup_into_pages(our: Shop) -> None:
    our.take(
        customer("evil", "=HYPERLINK(1)<script>alert(1)</script>", our.now - 9 * DAY),
        booking("ev1", "evil", our.now - 9 * DAY, our.now - 8 * DAY, BookingStatus.COMPLETED, 1000),
    )
    text = our.visitor.get("/customers").text
    assert "<script>alert" not in text
    assert "=HYPERLINK(1)" in text
    line = next(line for line in our.visitor.get("/customers.csv").text.splitlines() if "HYPERLINK" in line)
    assert ",'=HYPERLINK(1)" in line


def test_staff_see_people_without_money_and_the_accountant_neither_list_nor_person(seen: Shop) -> None:
    staff = seen.there.client(seen.there.colleague(seen.owner, Role.STAFF))
    page = _page(staff, "/customers")
    assert page.row("Customers", "Ana Lima")["Revenue"] == "—"
    person = _page(staff, f"/customers/{seen.client_of('Ana Lima')}")
    assert "Revenue" not in person.facts("At a glance")
    assert "Paid by card" not in person.words
    assert "Undo this link" not in person.words
    assert staff.get("/customers.csv").status_code == 403
    accountant = seen.there.client(seen.there.colleague(seen.owner, Role.ACCOUNTANT))
    assert accountant.get("/customers").status_code == 403
    assert accountant.get(f"/customers/{seen.client_of('Ana Lima')}").status_code == 403
    assert accountant.get("/customers.csv").status_code == 403


def test_nobody_finds_another_businesss_clients(seen: Shop) -> None:
    stranger = seen.there.client(seen.there.owner())
    assert "No customer yet" in _page(stranger, "/customers").words
    assert "Nobody fits" in _page(stranger, "/customers?q=Ana").words
    assert stranger.get(f"/customers/{seen.client_of('Ana Lima')}").status_code == 404
    assert seen.visitor.get(f"/customers/{NOBODY}").status_code == 404
    for after in ("x", "2026-01-01T00:00:00Z|nonsense", f"yesterday|{NOBODY}", "|"):
        assert seen.visitor.get(f"/customers?after={quote(after)}").status_code in (200, 422)
