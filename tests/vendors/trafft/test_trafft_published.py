"""Trafft's contract as independent readers describe it, held against our reading and our simulator."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import msgspec
import pytest
from tests.vendors.square.published import specs
from tests.vendors.square.receiving import receiving
from tests.vendors.square.worlds import until
from tests.vendors.trafft.worlds import FIELDS, at, trafft

from bookingbridge.vendors.trafft import wire
from bookingbridge.vendors.trafft.read import status_of
from bookingbridge.vendors.trafft.sign_in import CLIENT_ID, CLIENT_SECRET
from bookingbridge.vendors.trafft.simulator.control import EVENTS
from bookingbridge.vendors.trafft.simulator.world import STATUSES


def published(path: str) -> Any:
    return json.loads((specs() / path).read_text())


def endpoints() -> Any:
    return published("specs/trafft/endpoints.documented-by-third-parties.json")


def asked(there: httpx2.Client, operation: str, token: str) -> int:
    """The status the simulator answers to that operation, asked without anything useful in it."""
    method, path, *_ = operation.split()
    headers = {"Authorization": f"Bearer {token}"}
    return there.request(method, path.replace("{id}", "9"), headers=headers, json={}).status_code


def test_the_published_token_is_read_and_the_simulated_one_has_its_shape() -> None:
    payload = published("payloads/trafft/response.token.json")["payload"]
    assert msgspec.convert(payload, wire.Token).expires_in == 3600
    with trafft() as there:
        form = {
            "grant_type": "client_credentials",
            "client_id": FIELDS[CLIENT_ID],
            "client_secret": FIELDS[CLIENT_SECRET],
        }
        said = there.control.post("/token", data=form).json()
        assert said.keys() == payload.keys()
        assert {name: said[name] for name in ("token_type", "expires_in")} == {
            "token_type": "Bearer",
            "expires_in": 3600,
        }


def test_the_simulated_lists_have_the_published_shape() -> None:
    shape = published("payloads/trafft/shape.list.json")["payload"]
    with trafft() as there:
        for name in ("locations", "employees", "services", "customers", "appointments"):
            headers = {"Authorization": f"Bearer {there.tokens.access}"}
            body = there.control.get(f"/{name}", headers=headers).json()
            assert body.keys() == shape.keys()
            assert body["pagination"].keys() == shape["pagination"].keys()


def test_what_readers_agree_on_is_simulated_and_what_they_say_is_not_there_is_not() -> None:
    said = endpoints()["operations"]
    there_is = [*said["three or more readers agree"], *said["two readers agree"], "DELETE /appointments/{id}"]
    assert len(there_is) > 14
    with trafft() as there:
        for operation in there_is:
            if "/available-times" in operation:
                continue  # its readers contradict one another, and nothing of ours asks it
            assert asked(there.control, operation, there.tokens.access) != 405, operation
        for operation in ("GET /appointments/{id}", "GET /coupons"):
            assert any(operation in line for line in said["said not to exist"])
            assert asked(there.control, operation, there.tokens.access) == 405


def test_the_published_words_for_a_status_are_the_ones_we_read() -> None:
    words = endpoints()["fields"]["status values"]
    assert tuple(words) == STATUSES
    assert len({status_of(word) for word in words}) == len(words)


@pytest.mark.parametrize("event", ["appointment.booked", "appointment.canceled", "customer.created"])
def test_the_simulated_webhooks_carry_published_fields_only(event: str) -> None:
    payload = published("payloads/trafft/webhook.fields.json")["payload"]
    assert tuple(payload["events"]) == EVENTS
    with trafft() as there, receiving() as receiver:
        there.tell("hooks", url=receiver.url, token="t", events=[event])
        made = there.tell("book", service=21, employee=12, customer=3004, start=at(3.25))
        there.tell("status", booking=made["booking"], status="canceled")
        headers = {"Authorization": f"Bearer {there.tokens.access}"}
        there.control.post("/customers", headers=headers, json={"first_name": "Ada", "email": "ada@example.com"})
        until(lambda: bool(receiver.received))
        sent, body = receiver.received[0]
        assert sent["authorization"] == "t"
        assert json.loads(body).keys() <= set(payload["fields"])
        assert len(receiver.received) == 1
