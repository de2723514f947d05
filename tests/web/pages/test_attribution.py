"""Attribution to the cent: campaigns, channels, models, the funnel, one visit's journey, and links taken back."""

from __future__ import annotations

import csv
import io
import re

import httpx2
import pytest
from tests.web.markup import Page as Strict
from tests.web.pages.installation import Visitor, until
from tests.web.pages.reading import Page
from tests.web.pages.shop import Shop

from bookingbridge.domains.accounts.api import Role

NOBODY = "00000000-0000-7000-8000-000000000000"
MODELS = (
    "First touch",
    "Last touch",
    "Last touch that is not direct",
    "Equal shares",
    "First and last most",
    "The later, the more",
)


def _page(visitor: Visitor, path: str) -> Page:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def _file(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def _campaign(seen: Shop, name: str) -> str:
    (href,) = _page(seen.visitor, "/attribution").links(name)
    return href


def test_campaigns_say_cost_return_and_how_their_visits_are_recognised(seen: Shop) -> None:
    page = _page(seen.visitor, "/attribution")
    spring = page.row("Campaigns", "Spring ads")
    assert spring["Spend"] == "$50.00"
    assert (spring["New clients"], spring["Cost / new client"]) == ("2", "$25.00")
    assert (spring["Paid visits"], spring["Revenue"]) == ("1.5", "$65.00")
    assert spring["ROAS, likely range"].startswith("1.3×")
    assert "too early to tell" in spring["ROAS, likely range"]
    assert (spring["How we know"], spring["Sure"]) == ("mostly booking token", "67% certain")
    wasted = page.row("Campaigns", "Lookalike")
    assert (wasted["Spend"], wasted["Revenue"]) == ("$400.00", "$0.00")
    assert "no paid visit" in wasted["ROAS, likely range"]
    unknown = page.row("Campaigns", "Unknown")
    assert (unknown["Spend"], unknown["Revenue"], unknown["How we know"]) == ("—", "$30.00", "no touch seen")


def test_every_table_says_how_old_its_figures_are(seen: Shop) -> None:
    for path in ("/attribution", "/attribution/channels", "/attribution/models", "/attribution/funnel"):
        said = _page(seen.visitor, path).words
        assert re.search(r"Computed (just now|\d+ (s|min) ago) from bookings and payments; ad spend as told", said), (
            path
        )
    assert "Computed " in _page(seen.visitor, _campaign(seen, "Spring ads")).section("In this period").words


@pytest.mark.parametrize("model", ["first", "last", "last_non_direct", "linear", "position", "time_decay"])
def test_every_model_shares_out_the_same_revenue(seen: Shop, model: str) -> None:
    for path, name in (("/attribution", "Campaigns"), ("/attribution/channels", "Channels")):
        rows = _page(seen.visitor, f"{path}?model={model}").table(name)
        cents = [round(float(row["Revenue"].lstrip("$").replace(",", "")) * 100) for row in rows]
        assert sum(cents[:-1]) == cents[-1] == 12_000


def test_files_hold_what_the_pages_show_and_sum_to_the_same(seen: Shop) -> None:
    rows = _file(seen.visitor.get("/attribution/campaigns.csv"))
    assert [row["campaign"] for row in rows][-1] == "Unknown"
    for model in ("first", "last", "last_non_direct", "linear", "position", "time_decay"):
        assert round(sum(float(row[f"{model} revenue USD"]) for row in rows), 2) == 120
        assert round(sum(float(row[f"{model} visits"]) for row in rows), 2) == 3
    channels = _file(seen.visitor.get("/attribution/channels.csv"))
    assert {row["channel"]: row["position revenue USD"] for row in channels} == {
        "Google Ads": "65.00", "E-mail": "25.00", "Facebook & Instagram ads": "0.00", "Unknown": "30.00",
    }  # fmt: skip
    models = {row["campaign"]: row for row in _file(seen.visitor.get("/attribution/models.csv"))}
    assert (models["Spring ads"]["first USD"], models["Spring ads"]["last USD"]) == ("90.00", "40.00")
    assert (models["may-news"]["first USD"], models["may-news"]["last USD"]) == ("0.00", "50.00")


def test_models_side_by_side_say_where_they_disagree(seen: Shop) -> None:
    page = _page(seen.visitor, "/attribution/models")
    said = page.section("The same visits under each model").words
    assert "Every model shares out the same $90.00" in said
    assert "They differ most on Spring ads: $40.00 by “Last touch”, $90.00 by “First touch”." in said
    assert [model for model in MODELS if model in page.section("What each model says").words] == list(MODELS)


def test_the_funnel_counts_every_paid_visit_once(seen: Shop) -> None:
    page = _page(seen.visitor, "/attribution/funnel")
    steps = {row["Stage"]: row["Visits"] for row in page.table("Step by step")}
    assert steps == {
        "Booked 100% of the first": "5", "Not cancelled 80% of the first": "4", "Not missed 60% of the first": "3",
        "Paid 60% of the first": "3",
    }  # fmt: skip
    flows = {(row["from"], row["to"]): row["visits"] for row in _file(seen.visitor.get("/attribution/funnel.csv"))}
    assert flows == {
        ("Google Ads", "E-mail"): "1", ("Google Ads", "Google Ads"): "1", ("No touch seen", "No touch seen"): "1",
        ("E-mail", "New clients"): "1", ("Google Ads", "New clients"): "1", ("No touch seen", "New clients"): "1",
    }  # fmt: skip


def test_a_campaigns_page_names_the_visits_it_has_a_share_in(seen: Shop) -> None:
    href = _campaign(seen, "Spring ads")
    page = _page(seen.visitor, href)
    facts = page.facts("In this period")
    assert facts["Revenue"] == "$65.00 by “First and last most”"
    assert facts["Spend"].startswith("$50.00")
    assert facts["Paid visits"] == "1.5 2 with a touch of it"
    assert facts["Clicks"] == "70 from 10,000 views"
    ana = page.row("Visits", "Ana Lima")
    assert (ana["Visit's revenue"], ana["This campaign's share"], ana["How we know"]) == (
        "$50.00", "$25.00", "same e-mail",
    )  # fmt: skip
    bo = page.row("Visits", "Bo Marsh")
    assert (bo["This campaign's share"], bo["How we know"]) == ("$40.00", "booking token")
    assert len(page.table("Visits")) == 2
    (visits,) = [
        a.given["href"] for a in page.section("Visits it has a share in").all("a") if ".csv" in a.given["href"]
    ]
    assert [row["share"] for row in _file(seen.visitor.get(visits))] == ["40.00", "25.00"]
    (course,) = [a.given["href"] for a in page.section("Revenue and spend").all("a")]
    rows = _file(seen.visitor.get(course))
    assert sum(float(row["Spring ads USD"]) for row in rows) == 65
    assert sum(float(row["ad spend USD"]) for row in rows) == 50


def test_the_unknown_has_a_page_of_its_visits_and_a_channel_nobody_has_is_not_found(seen: Shop) -> None:
    page = _page(seen.visitor, _campaign(seen, "Unknown"))
    assert [row["Client"] for row in page.table("Visits")] == ["Cy Noor Haircut with Lee Quill"]
    assert page.table("Visits")[0]["This campaign's share"] == "$30.00"
    assert seen.visitor.get("/attribution/campaigns/carrier_pigeon?key=x").status_code == 404
    for key in ("campaign:not-an-id", f"campaign:{NOBODY}"):
        assert seen.visitor.get(f"/attribution/campaigns/google_ads?key={key}").status_code == 404


def test_a_journey_tells_what_led_to_the_booking_and_shares_it_to_the_cent(seen: Shop) -> None:
    page = _page(seen.visitor, f"/attribution/bookings/{seen.booking_of('Ana Lima')}")
    assert page.title == "Ana Lima, haircut"
    trail = page.one("ol", aria_label="Journey, oldest first")
    assert [h.words for h in trail.all("h3")] == [
        "Clicked an ad", "Followed a link", "Booked haircut with Lee Quill Paid", "Paid by card", "Refunded",
    ]  # fmt: skip
    assert "Google Ads · Spring ads" in trail.words
    assert "gclid Cj0Kab…uvE4" in trail.words
    assert "and a tip of $12.00, which does not count" in trail.words
    shares = page.table("Shares by model")
    by_touch = [[row[model] for model in MODELS] for row in shares]
    assert by_touch[0][:3] == ["$50.00", "—", "—"]
    assert by_touch[1][:3] == ["—", "$50.00", "$50.00"]
    assert [row[3:5] for row in by_touch[:2]] == [["$25.00", "$25.00"], ["$25.00", "$25.00"]]
    assert by_touch[2] == ["$50.00"] * 6
    assert page.facts("The booking")["Revenue"] == "$50.00 net of refunds, without tips"
    known = page.section("How we know").words
    assert "Same e-mail address" in known
    assert "This visitor gave the client's e-mail address, ana@example.com." in known
    assert "The payment of $50.00 settles this visit" in known


def test_a_visit_without_a_touch_stays_unknown_and_a_missed_one_shares_nothing(seen: Shop) -> None:
    cy = _page(seen.visitor, f"/attribution/bookings/{seen.booking_of('Cy Noor')}")
    assert "We do not know what brought this visit" in cy.words
    assert not cy.all("table", aria_label="Shares by model")
    di = _page(seen.visitor, f"/attribution/bookings/{seen.booking_of('Di Park')}")
    assert "Nothing was paid for this booking." in di.words


def test_payments_without_a_visit_are_listed_with_the_reason(seen: Shop) -> None:
    page = _page(seen.visitor, "/attribution/payments")
    (row,) = page.table("Payments without a visit")
    assert (row["Client"], row["Amount"]) == ("Fi Stone", "$25.00")
    assert row["Why it belongs to no visit"] == "The client had no visit near that day."
    (line,) = _file(seen.visitor.get("/attribution/payments.csv"))
    assert (line["amount"], line["why open"]) == ("25.00", "The client had no visit near that day.")


def test_every_page_keeps_the_rules_of_markup(seen: Shop) -> None:
    ana, cy = seen.booking_of("Ana Lima"), seen.booking_of("Cy Noor")
    for path in (
        "/attribution", "/attribution/channels", "/attribution/models", "/attribution/funnel",
        _campaign(seen, "Spring ads"), f"/attribution/bookings/{ana}", f"/attribution/bookings/{cy}",
        "/attribution/payments", "/attribution?period=today",
    ):  # fmt: skip
        answer = seen.visitor.get(path)
        assert (answer.status_code, Strict(answer.text).wrong) == (200, []), path


def test_undoing_a_link_takes_its_credits_back_and_restoring_gives_them_again(our: Shop) -> None:
    path = f"/attribution/bookings/{our.booking_of('Ana Lima')}"
    action = _link_action(our, path, "Same e-mail address", "undo")
    done = our.visitor.send(path, action)
    assert Page(done.text).toasts == ["Undone. The figures follow; you can link it again."]
    after = Page(done.text)
    assert not after.all("table", aria_label="Shares by model")
    assert "We do not know what brought this visit" in after.words
    campaigns = _page(our.visitor, "/attribution")
    assert campaigns.row("Campaigns", "Spring ads")["Revenue"] == "$40.00"
    assert campaigns.row("Campaigns", "Unknown")["Revenue"] == "$80.00"
    assert campaigns.row("Campaigns", "All together")["Revenue"] == "$120.00"
    assert not [row for row in campaigns.table("Campaigns") if row["Campaign"].startswith("may-news")]
    assert _page(our.visitor, "/today").kpi("Revenue, paid visits").startswith("$120.00 33% with a known origin")
    our.visitor.send(path, action.replace("/undo", "/restore"))
    assert _page(our.visitor, "/attribution").row("Campaigns", "Spring ads")["Revenue"] == "$65.00"
    assert _page(our.visitor, "/attribution").row("Campaigns", "may-news")["Revenue"] == "$25.00"


def test_undoing_a_settlement_leaves_the_payment_open_and_the_visit_unpaid(our: Shop) -> None:
    path = f"/attribution/bookings/{our.booking_of('Cy Noor')}"
    action = _link_action(our, path, "Same client, same day", "undo")
    our.visitor.send(path, action)
    until(lambda: "$90.00" in _page(our.visitor, "/today").kpi("Revenue, paid visits"))
    open_ones = {
        row["Client"]: row for row in _page(our.visitor, "/attribution/payments").table("Payments without a visit")
    }
    assert open_ones["Cy Noor"]["Why it belongs to no visit"] == "Somebody took it off the visit it was on."
    our.visitor.send(path, action.replace("/undo", "/restore"))
    until(lambda: "$120.00" in _page(our.visitor, "/today").kpi("Revenue, paid visits"))


def _link_action(our: Shop, path: str, rule: str, act: str) -> str:
    """Where the form goes that undoes (or restores) the link of this rule."""
    for proof in _page(our.visitor, path).all("li"):
        forms = [f.given["action"] for f in proof.all("form") if f.given["action"].endswith(f"/{act}")]
        if rule in proof.words and len(forms) == 1:
            return forms[0]
    raise AssertionError(f"no link {rule!r} that can be {act}")


def test_an_answer_that_is_noted_counts_at_once(our: Shop) -> None:
    path = f"/attribution/bookings/{our.booking_of('Cy Noor')}"
    done = our.visitor.send(path, f"{path}/heard", answer="A friend told me")
    assert Page(done.text).toasts == ["Noted as Referrals. The figures follow at once."]
    until(lambda: bool(_page(our.visitor, path).all("table", aria_label="Shares by model")))
    page = _page(our.visitor, path)
    assert page.table("Shares by model")[0]["First touch"] == "$30.00"
    assert "“A friend told me”" in page.one("ol", aria_label="Journey, oldest first").words
    referrals = _page(our.visitor, "/attribution").row("Campaigns", "Referrals")
    assert (referrals["Revenue"], referrals["How we know"], referrals["Sure"]) == ("$30.00", "asked", "likely")
    assert f"{path}/heard" not in our.visitor.get(path).text
    bo = f"/attribution/bookings/{our.booking_of('Bo Marsh')}"
    unclear = our.visitor.send(bo, f"{bo}/heard", answer="hm")
    assert Page(unclear.text).toasts[0].startswith("Noted, but the answer names no channel we know")


def test_forms_without_their_token_and_roles_without_the_right_change_nothing(our: Shop) -> None:
    booking = our.booking_of("Ana Lima")
    path = f"/attribution/bookings/{booking}"
    action = _link_action(our, path, "Same e-mail address", "undo")
    assert our.visitor.http.post(action, data={"back": path}).status_code == 403
    assert our.visitor.http.post(action, data={"back": path, "csrf": "x" * 43}).status_code == 403
    assert our.visitor.http.post(f"{path}/heard", data={"answer": "A friend"}).status_code == 403
    reader = our.there.client(our.there.colleague(our.owner, Role.READ_ONLY))
    shown = reader.get(path).text
    assert "Undo this link" not in shown
    assert "Their answer" not in shown
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown)
    assert csrf
    assert reader.http.post(action, data={"back": path, "csrf": csrf[1]}).status_code == 403
    assert reader.get("/attribution/campaigns.csv").status_code == 403
    staff = our.there.client(our.there.colleague(our.owner, Role.STAFF))
    assert staff.get("/attribution").status_code == 403
    assert staff.get(path).status_code == 403
    stranger = our.there.client(our.there.owner())
    assert stranger.get(path).status_code == 404
    mine = re.search(r'name="csrf" value="([^"]+)"', stranger.get("/attribution").text)
    assert mine
    assert stranger.http.post(action, data={"back": path, "csrf": mine[1]}).status_code == 404
    assert our.visitor.get(f"/attribution/bookings/{NOBODY}").status_code == 404
    assert _page(our.visitor, path).table("Shares by model")[0]["First touch"] == "$50.00"


def test_after_undoing_one_is_led_back_on_this_site_only(our: Shop) -> None:
    path = f"/attribution/bookings/{our.booking_of('Ana Lima')}"
    action = _link_action(our, path, "Same e-mail address", "undo")
    fields = {**our.visitor.form(path, action).fields, "back": "https://elsewhere.example.com/"}
    answer = our.visitor.http.post(action, data=fields, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/attribution")
