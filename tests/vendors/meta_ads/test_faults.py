"""What Meta's refusals mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.meta_ads.meta_world import specs

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected, Throttled, Unreachable
from bookingbridge.vendors.meta_ads.faults import fault, regained_at, rest_until

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def meant(
    code: int, *, subcode: int = 0, status: int = 400, message: str = "no", transient: bool = False
) -> BridgeError:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    error |= {"error_subcode": subcode} if subcode else {}
    error |= {"is_transient": True} if transient else {}
    return fault(status, {}, json.dumps({"error": error}).encode(), now=NOW)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (190, AuthExpired), (102, AuthExpired), (4, Throttled), (17, Throttled), (32, Throttled), (613, Throttled),
        (80000, Throttled), (80004, Throttled), (80014, Throttled), (100, Rejected), (3018, Rejected), (1, Unreachable),
        (2, Unreachable), (200, Rejected), (10, Rejected), (80015, Rejected),
    ],
)  # fmt: skip
def test_each_code_says_what_to_do_next(code: int, expected: type[BridgeError]) -> None:
    assert type(meant(code)) is expected


def test_a_refusal_that_passes_is_tried_again() -> None:
    assert type(meant(99999, transient=True)) is Unreachable


def test_the_subcode_is_part_of_the_code() -> None:
    assert meant(100, subcode=33).code == "100/33"


def test_a_token_quoted_by_meta_is_not_quoted_by_us() -> None:
    assert "canary" not in meant(190, message="Malformed access token EAABcanary").why


@pytest.mark.parametrize(("status", "expected"), [(401, AuthExpired), (404, Rejected)])
def test_an_answer_that_is_not_metas_is_judged_by_its_status(status: int, expected: type[BridgeError]) -> None:
    assert type(fault(status, {}, b"<html>", now=NOW)) is expected


def test_the_longest_wait_of_all_accounts_is_kept() -> None:
    usage = {
        "1": [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 19}],
        "2": [{"type": "ads_management", "call_count": 1, "estimated_time_to_regain_access": 4}],
    }
    headers = {"x-business-use-case-usage": json.dumps(usage)}
    assert regained_at(headers, now=NOW) == NOW + timedelta(minutes=19)
    assert rest_until(headers, now=NOW) == NOW + timedelta(minutes=19)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-app-usage": '{"call_count":100,"total_cputime":1,"total_time":1}'},
        {"x-fb-ads-insights-throttle": '{"app_id_util_pct":3,"acc_id_util_pct":100,"ads_api_access_tier":"x"}'},
        {"x-business-use-case-usage": '{"1":[{"type":"ads_insights","total_time":101}]}'},
    ],
)
def test_an_allowance_used_up_without_a_time_is_given_five_minutes(headers: dict[str, str]) -> None:
    assert regained_at(headers, now=NOW) is None
    assert rest_until(headers, now=NOW) == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    "headers", [{}, {"x-app-usage": '{"call_count":99}'}, {"x-app-usage": "no"}, {"x-business-use-case-usage": "[1]"}]
)
def test_while_there_is_allowance_nothing_waits(headers: dict[str, str]) -> None:
    assert rest_until(headers, now=NOW) is None


@given(text=st.text() | st.sampled_from(['{"1":[{"estimated_time_to_regain_access":1e308}]}', '{"call_count":1e400}']))
def test_no_header_breaks_us(text: str) -> None:
    names = ("x-business-use-case-usage", "x-app-usage", "x-fb-ads-insights-throttle")
    until = rest_until(dict.fromkeys(names, text), now=NOW)
    assert until is None or NOW < until <= NOW + timedelta(hours=24)


@given(status=st.sampled_from([400, 401, 403, 404]), body=st.binary() | st.text().map(str.encode))
def test_any_refusal_is_one_of_our_errors(status: int, body: bytes) -> None:
    assert isinstance(fault(status, {}, body, now=NOW), BridgeError)


def test_the_published_throttling_answer_is_understood() -> None:
    held = json.loads((specs() / "payloads" / "meta_marketing" / "rate_limited.json").read_text())
    found = fault(400, held["headers"], json.dumps(held["payload"]).encode(), now=NOW)
    assert isinstance(found, Throttled)
    assert found.until == NOW + timedelta(minutes=19)
