"""The simulated Acuity behaves as the real one is known to: limits, filters, caps, refusals, and a world to fill."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.vendors.acuity import worlds
from tests.vendors.acuity.worlds import ACCOUNT, KEY, Acuity, at, busy, person

from bookingbridge.canonical.errors import Throttled


def ask(acuity: Acuity, path: str, **params: Any) -> httpx2.Response:
    return acuity.control.get(f"/api/v1{path}", params=params, auth=(str(ACCOUNT), KEY))


def test_the_eleventh_request_of_a_second_is_refused_in_acuity_s_words() -> None:
    with worlds.acuity() as acuity:
        acuity.tell("/_sim/limits", per_second=10)
        answers = [ask(acuity, "/calendars") for _ in range(12)]
    assert [a.status_code for a in answers[:10]] == [200] * 10
    assert 429 in {a.status_code for a in answers[10:]}
    refused = next(a for a in answers if a.status_code == 429)
    assert (refused.json()["status_code"], refused.json()["error"]) == (429, "too_many_requests")


def test_a_client_in_a_hurry_is_told_to_wait() -> None:
    with worlds.acuity() as acuity:
        acuity.tell("/_sim/limits", per_second=1)
        with pytest.raises(Throttled):
            acuity.pages("appointments")  # this transport does not wait between its tries


@pytest.mark.parametrize(
    ("auth", "status"),
    [(None, 401), (("11002", "wrong"), 401), (("99", KEY), 401), (("x", KEY), 401), ((str(ACCOUNT), KEY), 200)],
)
def test_only_the_account_s_own_key_opens_it(auth: tuple[str, str] | None, status: int) -> None:
    with worlds.acuity() as acuity:
        assert acuity.control.get("/api/v1/me", auth=auth).status_code == status


def test_a_list_shows_a_hundred_rows_and_no_more_whatever_is_asked() -> None:
    with worlds.acuity(appointments=busy(150, 1)) as acuity:
        shown = [len(ask(acuity, "/appointments", max=most).json()) for most in (5, 100, 1000)]
    assert shown == [5, 100, 100]


def test_cancelled_ones_are_listed_alone_together_or_not_at_all() -> None:
    with worlds.acuity() as acuity:
        soon = {"minDate": "2026-11-01", "maxDate": "2027-02-01"}
        plain, only, both = (
            {row["id"]: row for row in ask(acuity, "/appointments", **soon, **more).json()}
            for more in ({}, {"canceled": "true"}, {"showall": "true"})
        )
    assert not any(row["canceled"] or "noShow" in row for row in plain.values())
    assert only
    assert all(row["canceled"] and "noShow" in row for row in only.values())
    assert both.keys() == plain.keys() | only.keys()


def test_appointments_are_found_by_whose_they_are() -> None:
    with worlds.acuity() as acuity:
        found = ask(acuity, "/appointments", email="CLIENT7@example.com", showall="true").json()
    assert found
    assert {row["lastName"] for row in found} == {"Number7"}


def test_numbers_are_strings_and_times_have_offsets_without_a_colon() -> None:
    with worlds.acuity() as acuity:
        (row,) = ask(acuity, "/appointments", minDate="2026-11-21", maxDate="2026-11-24", max=1).json()
    assert (row["price"], row["duration"], row["amountPaid"]) in (("65.00", "45", "65.00"), ("65.00", "45", "0.00"),
                                                                  ("140.00", "120", "0.00"))  # fmt: skip
    assert row["datetime"].endswith("-0800")
    assert row["date"].startswith("November 2")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("GET", "/appointments/1", None, 404, "appointment_not_found"),
        ("GET", "/appointments?minDate=soon", None, 400, "bad_request"),
        ("GET", "/appointments?calendarID=x", None, 400, "bad_request"),
        ("POST", "/appointments", [], 400, "bad_request"),
        ("POST", "/appointments", {"appointmentTypeID": 9}, 400, "invalid_appointment_type"),
        ("POST", "/appointments", {"appointmentTypeID": 3201}, 400, "required_datetime"),
        ("POST", "/webhooks", {"event": "x", "target": "https://x.example.com"}, 400, "invalid_event"),
        ("DELETE", "/webhooks/1", None, 404, "not_found"),
    ],
)
def test_refusals_are_in_acuity_s_shape(method: str, path: str, body: Any, status: int, error: str) -> None:
    with worlds.acuity() as acuity:
        answer = acuity.control.request(method, f"/api/v1{path}", json=body, auth=(str(ACCOUNT), KEY))
    assert answer.status_code == status
    assert answer.json().keys() == {"status_code", "message", "error"}
    assert (answer.json()["status_code"], answer.json()["error"]) == (status, error)


def test_a_local_time_without_an_offset_is_the_business_s() -> None:
    with worlds.acuity(appointments=[]) as acuity:
        wanted = {"datetime": "2026-12-01T09:00", "appointmentTypeID": 3201, "calendarID": 2201, **person(1)}
        assert acuity.direct("POST", "/appointments", wanted)["datetime"] == "2026-12-01T09:00:00-0800"


def test_a_blocked_time_cannot_be_booked_by_a_client() -> None:
    with worlds.acuity(appointments=[]) as acuity:
        wanted = {"datetime": at(9.5), "appointmentTypeID": 3201, "calendarID": 2201, **person(1)}
        answer = acuity.control.post("/api/v1/appointments", json=wanted, auth=(str(ACCOUNT), KEY))
    assert (answer.status_code, answer.json()["error"]) == (400, "not_available")


def test_a_simulator_starts_with_a_small_business_and_a_world_that_makes_no_sense_is_told() -> None:
    with worlds.acuity() as acuity:
        answer = acuity.control.post("/_sim/world", json={"appointments": [{"id": 1}]})
        assert answer.status_code == 400
        assert "not a world" in answer.json()["error"]
