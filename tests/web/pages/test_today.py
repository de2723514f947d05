"""Today tells what was booked, paid and spent, to the cent, with where it is known from; and what waits."""

from __future__ import annotations

import csv
import io
import time
from datetime import timedelta

import httpx2
from tests.web.markup import Page as Strict
from tests.web.pages.installation import until
from tests.web.pages.reading import Page
from tests.web.pages.shop import DAY, Shop, booking, customer, payment, touch

from bookingbridge.canonical.records import BookingStatus
from bookingbridge.domains.accounts.api import Role


def _page(our: Shop, path: str = "/today") -> Page:
    answer = our.visitor.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def test_key_figures_are_exact_and_say_their_source_and_age(seen: Shop) -> None:
    page = _page(seen)
    assert page.kpi("Revenue, paid visits").startswith("$120.00 75% with a known origin the till ·")
    assert page.kpi("Ad spend").startswith("$450.00")
    assert page.kpi("Return on ad spend").startswith("0.1× too early to tell")
    assert page.kpi("Bookings").startswith("5 3 paid visits, 3 of new clients")
    assert page.kpi("No-shows").startswith("25.0% 1 of 4 bookings")
    assert page.kpi("Average ticket").startswith("$40.00 no tips, net of refunds")
    for label in ("Revenue, paid visits", "Ad spend", "Bookings", "No-shows", "Average ticket"):
        assert "the till · " in page.kpi(label)
        assert page.kpi(label).endswith(("ago", "just now"))


def test_the_page_keeps_every_rule_of_markup(seen: Shop) -> None:
    for path in ("/today", "/today?period=year&model=first", "/today?period=today"):
        assert Strict(seen.visitor.get(path).text).wrong == []


def test_campaigns_and_the_unknown_come_to_the_revenue_in_every_model(seen: Shop) -> None:
    page = _page(seen)
    assert page.row("Campaigns", "Spring ads")["Revenue"] == "$65.00"  # Bo's 40 and half of Ana's 50
    assert page.row("Campaigns", "may-news")["Revenue"] == "$25.00"
    assert page.row("Campaigns", "Lookalike")["Spend"] == "$400.00"
    assert page.row("Campaigns", "Unknown")["Revenue"] == "$30.00"
    whole = page.row("Campaigns", "All together")
    assert (whole["Spend"], whole["Paid visits"], whole["Revenue"]) == ("$450.00", "3", "$120.00")
    first = _page(seen, "/today?model=first")
    assert first.row("Campaigns", "Spring ads")["Revenue"] == "$90.00"
    assert first.row("Campaigns", "All together")["Revenue"] == "$120.00"
    last = _page(seen, "/today?model=last")
    assert last.row("Campaigns", "may-news")["Revenue"] == "$50.00"
    assert last.row("Campaigns", "All together")["Revenue"] == "$120.00"


def test_latest_visits_name_their_cause_and_lead_to_their_journey(seen: Shop) -> None:
    page = _page(seen)
    ana = page.row("Latest visits", "Ana Lima")
    assert (ana["State"], ana["Paid"]) == ("Paid", "$50.00")
    assert (ana["Brought by"], ana["How we know"]) == ("Google Ads Spring ads", "same e-mail")
    assert page.row("Latest visits", "Bo Marsh")["How we know"] == "booking token"
    cy = page.row("Latest visits", "Cy Noor")
    assert (cy["Brought by"], cy["How we know"], cy["Paid"]) == ("Unknown", "no touch seen", "$30.00")
    assert page.row("Latest visits", "Di Park")["State"] == "No-show"
    assert not [row for row in page.table("Latest visits") if row["Client"].startswith("Ed Ruiz")]
    assert page.links("Ana Lima") == [f"/attribution/bookings/{seen.booking_of('Ana Lima')}"]


def test_what_waits_for_a_person_is_said_and_led_to(seen: Shop) -> None:
    page = _page(seen)
    said = page.section("Needs you").words
    assert "1 payment belongs to no visit $25.00 in the last 14 days is not shared out among channels." in said
    assert "Lookalike: no paid visit in 30 days $400.00 spent on 900 clicks." in said
    assert page.links("1 payment belongs to no visit") == ["/attribution/payments"]
    assert "Tracking and tagged links: 5 minutes" in said


def test_the_page_is_sent_again_only_when_it_would_be_another(our: Shop) -> None:
    def asked_again(again: str) -> httpx2.Response:
        return our.visitor.http.get(again, headers={"HX-Request": "true"})

    def same() -> str:
        """The address at which the page asks again, once nothing changes it any more."""
        page = _page(our)
        again = next(div.given["hx-get"] for div in page.all("div") if "/today" in div.given.get("hx-get", ""))
        answer = asked_again(again)
        assert (answer.status_code, answer.text) == (204, "") or answer.status_code == 200
        return again if answer.status_code == 204 else ""

    again = until(same, 10)
    began = time.monotonic()
    _pay_cys_next_visit(our)

    def told() -> bool:
        answer = asked_again(again)
        return answer.status_code == 200 and Page(answer.text).kpi("Revenue, paid visits").startswith("$155.00")

    until(told, 5)
    assert time.monotonic() - began < 5


def _pay_cys_next_visit(our: Shop) -> None:
    now = our.now
    our.take(
        booking("b6", "cy", now - 2 * DAY, now - timedelta(hours=3), BookingStatus.CONFIRMED, 3500),
        payment("p6", "cy", now - timedelta(hours=2), 3500),
    )


def test_a_touch_that_comes_late_counts_for_a_visit_that_was_paid(our: Shop) -> None:
    before = _page(our).kpi("Revenue, paid visits")
    assert "75% with a known origin" in before
    yesterday = our.now - 5 * DAY
    our.take(
        customer("cy", "Cy Noor", yesterday, "cy@example.com"),
        touch("t9", yesterday, "cy-phone", source="google", medium="organic", email="cy@example.com"),
    )
    until(lambda: "100% with a known origin" in _page(our).kpi("Revenue, paid visits"))


def test_the_chart_is_to_be_had_as_a_file_whose_cells_come_to_the_revenue(seen: Shop) -> None:
    page = _page(seen)
    (href,) = [a.given["href"] for a in page.section("Revenue by what brought the client").all("a")]
    answer = seen.visitor.get(href)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="revenue-')
    lines = [line.split(",") for line in answer.text.lstrip("\ufeff").splitlines()]
    assert lines[0] == ["week", "Google Ads USD", "E-mail USD", "Unknown USD", "total USD", "ad spend USD"]
    assert [sum(float(line[i]) for line in lines[1:]) for i in range(1, 6)] == [65, 25, 30, 120, 450]


def test_the_paid_visits_are_to_be_had_as_a_file_with_what_brought_them(seen: Shop) -> None:
    text = seen.visitor.get("/today/visits.csv?model=first").text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert [(r["client"], r["revenue"], r["channel"], r["campaign"], r["how we know"]) for r in rows] == [
        ("Cy Noor", "30.00", "Unknown", "", "no touch seen"),
        ("Bo Marsh", "40.00", "Google Ads", "Spring ads", "booking token"),
        ("Ana Lima", "50.00", "Google Ads", "Spring ads", "same e-mail"),
    ]


def test_a_business_without_anything_is_told_what_to_connect(seen: Shop) -> None:
    visitor = seen.there.client(seen.there.owner())
    page = Page(visitor.get("/today").text)
    assert page.kpi("Revenue, paid visits") == "— Connect your booking system"
    assert page.kpi("Ad spend") == "— Connect an ad account"
    assert "No paid visit yet" in page.section("Revenue by what brought the client").words
    assert "Booking system: 4 minutes Unlocks bookings, visits, revenue, no-shows." in page.section("Needs you").words
    assert page.section("Latest visits").words == "Latest visits No visit yet in this period."
    assert Strict(visitor.get("/today").text).wrong == []


def test_who_may_not_see_clients_sees_figures_without_names_and_staff_no_figures(seen: Shop) -> None:
    accountant = seen.there.client(seen.there.colleague(seen.owner, Role.ACCOUNTANT))
    page = Page(accountant.get("/today").text)
    assert page.kpi("Revenue, paid visits").startswith("$120.00")
    assert "Ana Lima" not in page.words
    assert {row["Client"].split(" Haircut")[0] for row in page.table("Latest visits")} == {"A client"}
    staff = seen.there.client(seen.there.colleague(seen.owner, Role.STAFF))
    assert staff.get("/today").status_code == 403
    reader = seen.there.client(seen.there.colleague(seen.owner, Role.READ_ONLY))
    assert not [a for a in Page(reader.get("/today").text).all("a") if ".csv" in a.given.get("href", "")]
    assert reader.get("/today/revenue.csv").status_code == 403


def test_nobody_sees_another_business(seen: Shop) -> None:
    stranger = seen.there.client(seen.there.owner())
    assert Page(stranger.get("/today").text).kpi("Bookings") == "— Connect your booking system"
    assert seen.visitor.get("/today").text.count("Ana Lima") > 0
