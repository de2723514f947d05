"""Judged by what Acuity publishes: its example objects, errors and webhooks. Read from beside the project, not ours."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.vendors.acuity import payloads, worlds
from tests.vendors.acuity.worlds import ACCOUNT, KEY, person, receiving, until

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Rejected
from bookingbridge.canonical.money import Money
from bookingbridge.canonical.ports import Delivery
from bookingbridge.canonical.records import Booking, BookingStatus
from bookingbridge.vendorkit.http import Answer
from bookingbridge.vendors.acuity.answers import checked
from bookingbridge.vendors.acuity.read import read
from bookingbridge.vendors.acuity.webhooks import SIGNATURE, AcuityWebhooks

ROOT = Path(__file__).resolve().parents[3]
CAPTURE = "specs/acuity/api-evangelist-capture"


def published(name: str = "") -> Path:
    folder = Path(os.environ.get("BOOKINGBRIDGE_VENDOR_SPECS", ROOT.parent / "shared" / "vendors"))
    if not (folder / "payloads" / "acuity").is_dir():
        pytest.skip(f"the vendors' published payloads are not at {folder} (see BOOKINGBRIDGE_VENDOR_SPECS)")
    return folder / name


def payload(name: str) -> Any:
    return json.loads(published(f"payloads/acuity/{name}.json").read_text())["payload"]


def test_the_published_appointment_is_read() -> None:
    (found,) = read("booking", {"appointment": payload("object.appointment"), "currency": "USD", "place": None})
    assert isinstance(found, Booking)
    assert (found.remote_id, found.status, found.price) == ("54321", BookingStatus.CONFIRMED, Money(1000, "USD"))
    assert (found.starts_at.isoformat(), found.ends_at.isoformat()) == (
        "2013-07-02T17:15:00+00:00", "2013-07-02T18:15:00+00:00",
    )  # fmt: skip
    assert found.booked_at.isoformat() == "2013-06-18T06:59:59+00:00"
    assert (found.staff, found.service, found.note, found.heard_from) == ("27238", "1", "Notes", None)
    assert "Ninja" not in repr(found)


def shape(value: Any) -> Any:
    """Types by name, lists by their first element."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_the_simulator_s_appointment_has_the_published_shape() -> None:
    form = payloads.appointment()["forms"]
    about = {"id": 54900, "datetime": "2026-12-01T10:15", "appointmentTypeID": 3201, "calendarID": 2201, **person(1),
             "forms": form}  # fmt: skip
    with worlds.acuity(appointments=[about]) as acuity:
        ours = acuity.direct("GET", "/appointments/54900")
    theirs = payload("object.appointment")
    assert theirs.keys() - ours.keys() == set()
    assert ours.keys() - theirs.keys() == {"canceled", "labels", "category"}  # known from later examples
    different = {name for name in theirs if shape(theirs[name]) != shape(ours[name])}
    assert different == {"addonIDs"}  # it has no add-ons here


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, Rejected), (401, AuthExpired), (403, Rejected), (405, Rejected)],
)
def test_a_published_error_is_one_of_ours_with_its_code(status: int, expected: type[BridgeError]) -> None:
    body = payload(f"error.{status}")
    with pytest.raises(expected) as raised:
        checked(Answer(status, {}, json.dumps(body).encode()), "appointments")
    assert raised.value.code == body["error"]


def test_the_simulator_s_refusals_are_the_published_ones() -> None:
    with worlds.acuity() as acuity:
        said = {
            400: acuity.control.post("/api/v1/appointments", json=[], auth=(str(ACCOUNT), KEY)),
            401: acuity.control.get("/api/v1/me"),
        }
        acuity.tell("/_sim/faults", fault="429")
        said[429] = acuity.control.get("/api/v1/me", auth=(str(ACCOUNT), KEY))
    for status, answer in said.items():
        assert (answer.status_code, answer.json()) == (status, payload(f"error.{status}"))


@pytest.mark.parametrize("name", ["scheduled", "rescheduled", "canceled", "changed", "order.completed"])
def test_a_published_webhook_is_read(name: str) -> None:
    body = payload(f"webhook.{name}").encode()
    notice = AcuityWebhooks().read(Delivery({}, body, ""))
    assert notice.type == name
    assert [hint.remote_id for hint in notice.hints] == ([] if name == "order.completed" else ["123456789"])


def test_the_simulator_sends_webhooks_of_the_published_form() -> None:
    with receiving() as (address, received), worlds.acuity() as acuity:
        acuity.tell("/_sim/world", webhooks=[{"action": "rescheduled", "target": address}])
        acuity.direct("PUT", "/appointments/54160/reschedule", {"datetime": "2027-01-05T10:15"})
        until(lambda: bool(received))
    headers, body = received[0]
    names = [pair.split("=")[0] for pair in payload("webhook.rescheduled").split("&")]
    assert [pair.split("=")[0] for pair in body.decode().split("&")] == names
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert SIGNATURE in headers


def test_a_subscription_is_made_as_published() -> None:
    asked, answered = (payload("webhook.dynamic.create")[part] for part in ("request", "response"))
    with worlds.acuity() as acuity:
        ours = acuity.direct("POST", "/webhooks", asked)
    assert {**ours, "id": answered["id"]} == answered


def test_every_path_we_use_that_the_capture_knows_is_spelled_like_there() -> None:
    capture = published(f"{CAPTURE}/acuity-scheduling-openapi-skeleton.yml").read_text()
    assert "url: https://acuityscheduling.com/api/v1" in capture
    for path in ("/appointments:", "/appointments/{id}:", "/appointments/{id}/payments:"):
        assert f"  {path}" in capture


def test_every_action_the_capture_knows_is_understood() -> None:
    lines = published(f"{CAPTURE}/acuity-scheduling-asyncapi.yml").read_text().splitlines()
    starts = ("  appointment.", "  order.")
    channels = [line.strip().rstrip(":") for line in lines if line.startswith(starts)]
    assert len(channels) == 5
    for channel in channels:
        AcuityWebhooks().read(Delivery({}, f"action={channel}&id=1".encode(), ""))
