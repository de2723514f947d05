"""The simulated Google Ads API as another client would find it."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.simulators import serving
from tests.vendors.google_ads.google_world import (
    AGENCY,
    BROWSER,
    CLIENT,
    CLOSED,
    NOW,
    OWN,
    TODAY,
    Google,
    google,
    world,
)

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.google_ads.oauth import GoogleOAuth
from bookingbridge.vendors.google_ads.sim_gaql import Condition, Query, Refusal, parse
from bookingbridge.vendors.google_ads.sim_report import report
from bookingbridge.vendors.google_ads.sim_world import World
from bookingbridge.vendors.google_ads.simulator import create_app


def error(answer: httpx2.Response) -> tuple[int, str, str]:
    """Status, kind and name of a refusal."""
    held = answer.json()
    detail = (held[0] if isinstance(held, list) else held)["error"]["details"][0]
    [(kind, name)] = detail["errors"][0]["errorCode"].items()
    return answer.status_code, kind, name


def rows(there: Google, query: str, **more: Any) -> list[Json]:
    answer = there.ask(query, **more)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json().get("results", [])
    return found


def test_a_query_has_its_parts() -> None:
    text = """select campaign.id, metrics.clicks FROM campaign WHERE segments.date BETWEEN '2026-11-01' AND "2026-11-02"
        AND campaign.status IN ('ENABLED', PAUSED) and campaign.name NOT LIKE '%it\\'s%' ORDER BY metrics.clicks DESC,
        campaign.id LIMIT 5 PARAMETERS include_drafts = true"""
    assert parse(text) == Query(
        select=("campaign.id", "metrics.clicks"),
        resource="campaign",
        where=(
            Condition("segments.date", "BETWEEN", ("2026-11-01", "2026-11-02")),
            Condition("campaign.status", "IN", ("ENABLED", "PAUSED")),
            Condition("campaign.name", "NOT LIKE", ("%it's%",)),
        ),
        order=(("metrics.clicks", True), ("campaign.id", False)),
        limit=5,
        parameters={"include_drafts": "true"},
    )


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "EXPECTED_SELECT"), ("SELECT", "UNEXPECTED_END_OF_QUERY"), ("SELECT campaign.id", "EXPECTED_FROM"),
        ("SELECT campaign.id FROM", "UNEXPECTED_END_OF_QUERY"), ("SELECT * FROM campaign", "BAD_SYMBOL"),
        ("SELECT campaign.id FROM nothing", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("SELECT campaign.cost FROM campaign", "UNRECOGNIZED_FIELD"),
        ("SELECT campaign.id FROM campaign WHERE campaign.wat = 1", "UNRECOGNIZED_FIELD"),
        ("SELECT campaign.id FROM customer", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
        ("SELECT customer.id FROM customer WHERE campaign.id = 1", "PROHIBITED_RESOURCE_TYPE_IN_WHERE_CLAUSE"),
        ("SELECT campaign.id, segments.date FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
        ("SELECT campaign.id FROM campaign WHERE metrics.clicks > 1", "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE"),
        ("SELECT campaign.id FROM campaign ORDER BY metrics.clicks", "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE"),
        ("SELECT campaign.id FROM campaign WHERE campaign.status = 'ON'", "BAD_ENUM_CONSTANT"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id = 'x'", "BAD_NUMBER"),
        ("SELECT campaign.id FROM campaign WHERE segments.date = '1 Nov'", "INVALID_DATE_FORMAT"),
        ("SELECT campaign.id FROM campaign WHERE segments.date DURING EVER", "INVALID_VALUE_WITH_DURING_OPERATOR"),
        ("SELECT campaign.id FROM campaign WHERE segments.date IS NULL", "OPERATOR_FIELD_MISMATCH"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id LIKE '1'", "OPERATOR_FIELD_MISMATCH"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id DURING TODAY", "OPERATOR_FIELD_MISMATCH"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id IN ()", "PROHIBITED_EMPTY_LIST_IN_CONDITION"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id BETWEEN 1 2", "EXPECTED_VALUE_WITH_BETWEEN_OPERATOR"),
        ("SELECT campaign.id FROM campaign WHERE campaign.name = 'open", "STRING_NOT_TERMINATED"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id ~ 1", "BAD_SYMBOL"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id campaign.id", "BAD_OPERATOR"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id IN 1", "EXPECTED_LIST"),
        ("SELECT campaign.id FROM campaign ORDER campaign.id", "EXPECTED_BY"),
        ("SELECT campaign.id FROM campaign LIMIT 0", "LIMIT_VALUE_TOO_LOW"),
        ("SELECT campaign.id FROM campaign LIMIT many", "BAD_LIMIT_VALUE"),
        ("SELECT campaign.id FROM campaign LIMIT 5 WHERE campaign.id = 1", "UNEXPECTED_INPUT"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id = AND", "BAD_VALUE"),
    ],
)  # fmt: skip
def test_what_google_would_refuse_is_refused_with_its_name(query: str, name: str) -> None:
    with google() as there:
        assert error(there.ask(query)) == (400, "queryError", name)
        assert error(there.ask(query, method="searchStream")) == (400, "queryError", name)


@given(
    st.lists(
        st.sampled_from(
            ["SELECT", "FROM", "WHERE", "AND", "ORDER", "BY", "IN", "NOT", "LIKE", "BETWEEN", "DURING", "IS", "NULL",
             "LIMIT", "campaign", "campaign.id", "segments.date", "metrics.clicks", "'2026-11-01'", "1", "(", ")", ",",
             "=", "'", "\\", "\x00", "é", "LAST_7_DAYS"]
        )
    )
)  # fmt: skip
def test_any_words_are_a_query_or_refused(words: list[str]) -> None:
    with suppress(Refusal):
        parse(" ".join(words))


FIELDS = ["segments.date", "campaign.id", "campaign.name", "campaign.status", "metrics.clicks", "customer.manager"]
OPERATORS = ["=", "!=", "<", ">=", "IN (%)", "NOT IN (%)", "LIKE", "NOT LIKE", "BETWEEN % AND", "DURING", "IS NULL"]
VALUES = ["'2026-11-01'", "5", "ENABLED", "TRUE", "'%a%'", "LAST_7_DAYS", "NULL", "-1.5"]


def test_any_condition_is_answered_or_refused_never_a_crash() -> None:
    held = World("")
    held.load(world(), scope="")
    answered = 0
    for name, operator, value in product(FIELDS, OPERATORS, VALUES):
        told = operator.replace("%", value) + ("" if operator.endswith((")", "NULL")) else f" {value}")
        text = f"SELECT {', '.join(FIELDS)} FROM campaign WHERE segments.date DURING TODAY AND {name} {told}"
        with suppress(Refusal):
            report(text, held, held.accounts[OWN], today=TODAY)
            answered += 1
    assert answered > 100


def test_figures_without_a_segment_are_sums_also_of_nothing() -> None:
    with google() as there:
        found = rows(
            there,
            "SELECT campaign.id, metrics.cost_micros, metrics.clicks FROM campaign "
            "WHERE segments.date DURING LAST_7_DAYS ORDER BY metrics.cost_micros DESC",
        )
    assert [(r["campaign"]["id"], r["metrics"]["costMicros"]) for r in found] == [
        ("71001", "71750000"), ("71002", "6000002"), ("71003", "0"), ("71004", "0"),
    ]  # fmt: skip


def test_days_without_figures_have_no_row() -> None:
    query = "SELECT campaign.id, segments.date, metrics.clicks FROM campaign WHERE segments.date >= '2026-11-15'"
    with google() as there:
        found = [r["segments"]["date"] for r in rows(there, query) if r["campaign"]["id"] == "71002"]
    assert found == ["2026-11-16", "2026-11-17"]


def test_the_future_has_no_rows() -> None:
    with google() as there:
        there.order("adjust", {"campaign": "71001", "day": "2026-12-24", "spend": "5"})
        query = "SELECT campaign.id, segments.date, metrics.clicks FROM campaign WHERE segments.date > '2026-11-19'"
        assert [r["segments"]["date"] for r in rows(there, query)] == [TODAY.isoformat()]


def test_weeks_and_months_are_sums_of_their_days() -> None:
    with google() as there:
        [month] = rows(
            there, "SELECT segments.month, metrics.cost_micros FROM customer WHERE segments.date DURING THIS_MONTH"
        )
        weeks = rows(
            there,
            "SELECT segments.week, metrics.clicks FROM customer "
            "WHERE segments.date BETWEEN '2026-11-09' AND '2026-11-22'",
        )
    assert month["segments"] == {"month": "2026-11-01"}
    assert month["metrics"]["costMicros"] == str(20 * 10_250_000 + 2 * 3_000_001)
    assert [week["segments"]["week"] for week in weeks] == ["2026-11-09", "2026-11-16"]


def test_no_rows_are_an_object_without_results_in_both_ways_of_asking() -> None:
    query = "SELECT campaign.id FROM campaign WHERE campaign.id = 1"
    with google() as there:
        page = there.ask(query).json()
        stream = there.ask(query, method="searchStream").json()
    assert "results" not in page
    assert page["fieldMask"] == "campaign.id"
    assert [set(batch) for batch in stream] == [{"fieldMask", "requestId", "queryResourceConsumption"}]


def test_pages_lead_on_by_token_and_only_for_the_very_query() -> None:
    query = "SELECT campaign.id FROM campaign ORDER BY campaign.id"
    with google() as there:
        there.order("world", {"rules": {"page_rows": 3}})
        first = there.ask(query, searchSettings={"returnTotalResultsCount": True}).json()
        second = there.ask(query, pageToken=first["nextPageToken"]).json()
        other = there.ask(query + " LIMIT 9", pageToken=first["nextPageToken"])
        bad = there.ask(query, pageToken="###")
        sized = there.ask(query, pageSize=100)
    assert first["totalResultsCount"] == "4"
    assert [r["campaign"]["id"] for r in first["results"] + second["results"]] == ["71001", "71002", "71003", "71004"]
    assert "nextPageToken" not in second
    assert error(other) == error(bad) == (400, "requestError", "INVALID_PAGE_TOKEN")
    assert error(sized) == (400, "requestError", "PAGE_SIZE_NOT_SUPPORTED")


def test_an_unknown_field_of_the_request_is_refused() -> None:
    with google() as there:
        assert there.ask("SELECT campaign.id FROM campaign", limit=5).status_code == 400
        assert there.ask("SELECT campaign.id FROM campaign", method="searchStream", pageToken="x").status_code == 400


@pytest.mark.parametrize(
    ("customer", "login", "expected"),
    [
        (CLIENT, None, (403, "authorizationError", "USER_PERMISSION_DENIED")),
        (OWN, AGENCY, (403, "authorizationError", "USER_PERMISSION_DENIED")),
        ("1", None, (403, "authorizationError", "USER_PERMISSION_DENIED")),
        (CLOSED, None, (403, "authorizationError", "CUSTOMER_NOT_ENABLED")),
        ("555-010-0001", None, (400, "requestError", "INVALID_CUSTOMER_ID")),
    ],
)
def test_an_account_is_reached_only_by_its_right_way(
    customer: str, login: str | None, expected: tuple[int, str, str]
) -> None:
    query = "SELECT customer.id FROM customer"
    with google() as there:
        assert error(there.ask(query, customer=customer, login=login)) == expected
        assert there.ask(query, customer=CLIENT, login=AGENCY).status_code == 200


def test_a_manager_has_clients_and_no_figures() -> None:
    query = "SELECT customer_client.id, customer_client.level, customer_client.manager FROM customer_client"
    with google() as there:
        found = rows(there, query, customer=AGENCY)
        refused = there.ask("SELECT metrics.clicks FROM customer", customer=AGENCY)
    assert [(r["customerClient"]["id"], r["customerClient"]["level"]) for r in found] == [(AGENCY, "0"), (CLIENT, "1")]
    assert error(refused)[2] == "REQUESTED_METRICS_FOR_MANAGER"


@pytest.mark.parametrize(("header", "status"), [("", 401), ("Bearer ya29.unknown", 401), ("Basic x", 401)])
def test_without_a_token_nothing_is_told(header: str, status: int) -> None:
    with google() as there:
        url = f"{there.base_url}/v26/customers:listAccessibleCustomers"
        answer = BROWSER.get(url, headers={"authorization": header} if header else {})
    assert answer.status_code == status
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("world", {"accounts": [{"name": "no id"}]}), ("world", {"accounts": [{"id": "1", "time_zone": "Mars/Base"}]}),
        ("world", {"accounts": [{"id": "1", "campaigns": [{"id": "2", "days": [{"day": "2026-11-01",
                                                                               "spend": "0.0000001"}]}]}]}),
        ("adjust", {"campaign": "404", "day": "2026-11-01"}), ("adjust", {}),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused(path: str, body: Json) -> None:
    with google() as there:
        assert BROWSER.post(f"{there.base_url}/_sim/{path}", json=body).status_code == 400


def test_a_correction_in_per_cent_touches_the_days_from_then_on() -> None:
    query = (
        "SELECT segments.date, metrics.cost_micros FROM campaign "
        "WHERE campaign.id = 71001 AND segments.date >= '2026-11-18' ORDER BY segments.date"
    )
    with google() as there:
        there.order("adjust", {"campaign": "71001", "day": "2026-11-19", "percent": "10"})
        found = [r["metrics"]["costMicros"] for r in rows(there, query)]
    assert found == ["10250000", "11275000", "11275000"]


def test_it_also_lives_under_a_path_beside_others() -> None:
    inner = create_app(now=lambda: NOW, base_url="", config={"client_id": "mine", "client_secret": "own"})
    with serving(Starlette(routes=[Mount("/google_ads", app=inner)])) as root:
        there = Google(f"{root}/google_ads")
        there.order("world", world())
        assert there.talk(lambda client: client.check()).remote_id == OWN
        assert there.read("ad_days")[-1].is_last
        app = {"GOOGLE_ADS_CLIENT_ID": "mine", "GOOGLE_ADS_CLIENT_SECRET": "own"}
        url = GoogleOAuth().authorize_url(
            there.base_url, app, state="s", redirect_uri="https://example.com/", verifier="v"
        )
        assert BROWSER.get(url).status_code == 200
