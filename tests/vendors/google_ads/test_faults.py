"""What Google's refusals mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vendors.google_ads.google_world import specs

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected, Throttled, Unreachable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.google_ads.faults import fault

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def meant(
    kind: str, name: str, *, status: int = 400, details: Json | None = None, in_array: bool = False
) -> BridgeError:
    failure = {
        "@type": "GoogleAdsFailure",
        "errors": [{"errorCode": {kind: name}, "message": "no", "details": details}],
    }
    body = {"error": {"code": status, "message": "no", "status": "INVALID_ARGUMENT", "details": [failure]}}
    return fault(status, json.dumps([body] if in_array else body).encode(), now=NOW)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("quotaError", "RESOURCE_EXHAUSTED", Throttled), ("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", Throttled),
        ("quotaError", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION", Throttled),
        ("quotaError", "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION", Throttled),
        ("quotaError", "ACCESS_PROHIBITED", Rejected), ("authenticationError", "OAUTH_TOKEN_EXPIRED", AuthExpired),
        ("authenticationError", "NOT_ADS_USER", Rejected), ("authorizationError", "USER_PERMISSION_DENIED", Rejected),
        ("authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", Rejected),
        ("queryError", "UNRECOGNIZED_FIELD", Rejected), ("internalError", "TRANSIENT_ERROR", Unreachable),
        ("requestError", "EXPIRED_PAGE_TOKEN", Rejected),
    ],
)  # fmt: skip
@pytest.mark.parametrize("in_array", [False, True])
def test_each_error_says_what_to_do_next(kind: str, name: str, expected: type[BridgeError], *, in_array: bool) -> None:
    found = meant(kind, name, in_array=in_array)
    assert type(found) is expected
    assert found.code == f"{kind}/{name}"


def test_a_project_that_is_not_approved_is_told_where_to_ask() -> None:
    assert "access level" in meant("authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION").why


@pytest.mark.parametrize(
    ("delay", "until"),
    [("30s", timedelta(seconds=30)), ("1.5s", timedelta(seconds=1.5)), ("9999999s", timedelta(days=1))],
)
def test_a_quota_says_when_it_opens_again(delay: str, until: timedelta) -> None:
    found = meant("quotaError", "RESOURCE_EXHAUSTED", details={"quotaErrorDetails": {"retryDelay": delay}})
    assert isinstance(found, Throttled)
    assert found.until == NOW + until


@pytest.mark.parametrize("delay", ["", "soon", "-5s", "nan", "infs"])
def test_a_quota_without_a_usable_time_names_none(delay: str) -> None:
    found = meant("quotaError", "RESOURCE_EXHAUSTED", details={"quotaErrorDetails": {"retryDelay": delay}})
    assert isinstance(found, Throttled)
    assert found.until is None or found.until == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (401, {"status": "UNAUTHENTICATED"}, AuthExpired),
        (403, {"details": [{"@type": "x", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}, AuthExpired),
        (403, {"details": [{"@type": "x", "reason": "SERVICE_DISABLED"}]}, Rejected),
        (403, {"status": "RESOURCE_EXHAUSTED"}, Throttled), (400, {"status": "UNAVAILABLE"}, Unreachable),
        (404, {"status": "NOT_FOUND", "message": "gone"}, Rejected),
    ],
)  # fmt: skip
def test_an_error_from_in_front_of_the_api_is_understood(status: int, error: Json, expected: type[BridgeError]) -> None:
    assert type(fault(status, json.dumps({"error": {"code": status} | error}).encode(), now=NOW)) is expected


def test_an_api_that_is_switched_off_is_told_as_that() -> None:
    details = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "metadata": {"a": "b"}}
    ]
    found = fault(403, json.dumps({"error": {"code": 403, "details": details}}).encode(), now=NOW)
    assert "switch on the Google Ads API" in found.why


@given(status=st.sampled_from([400, 401, 403, 404]), body=st.binary() | st.text().map(str.encode))
def test_any_refusal_is_one_of_our_errors(status: int, body: bytes) -> None:
    assert isinstance(fault(status, body, now=NOW), BridgeError)


@pytest.mark.parametrize("name", ["error_cloud_project", "error_upload_click_not_allowlisted"])
def test_the_published_refusals_are_for_good(name: str) -> None:
    held = json.loads((specs() / "payloads" / "google_ads" / f"{name}.json").read_text())["payload"]
    assert type(fault(403, json.dumps(held).encode(), now=NOW)) is Rejected


def test_every_name_we_know_is_published() -> None:
    published = json.loads((specs() / "specs" / "google" / "fields.ads_googleads_v25_errors.json").read_text())
    quota = set(published["QuotaErrorEnum.QuotaError"])
    authorization = set(published["AuthorizationErrorEnum.AuthorizationError"])
    for name in ("RESOURCE_EXHAUSTED", "RESOURCE_TEMPORARILY_EXHAUSTED", "ACCESS_PROHIBITED"):
        assert name in quota
    for name in (
        "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION", "DEVELOPER_TOKEN_NOT_APPROVED", "PROJECT_DISABLED", "MISSING_TOS",
        "CLOUD_PROJECT_NOT_UNDER_ORGANIZATION", "USER_PERMISSION_DENIED", "CUSTOMER_NOT_ENABLED", "INCOMPLETE_SIGNUP",
        "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION",
    ):  # fmt: skip
        assert name in authorization
        assert "Google refused" not in meant("authorizationError", name).why
