"""What every simulator can be ordered to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx2
import pytest
from tests.simulators import serving
from tests.vendorkit.toy import Toy


@pytest.fixture
def toy() -> Iterator[tuple[Toy, httpx2.Client]]:
    simulation = Toy()
    simulation.deliveries.retries = (0.05, 0.05)
    with serving(simulation.app()) as base_url, httpx2.Client(base_url=base_url, trust_env=False) as client:
        yield simulation, client


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def test_the_clock_moves_on_demand(toy: tuple[Toy, httpx2.Client]) -> None:
    _, client = toy
    assert client.post("/_sim/clock", json={"offset_seconds": 90}).json()["now"] == "2026-11-20T12:01:30Z"
    assert client.post("/_sim/clock", json={"now": "2026-11-19T00:00:00Z"}).json()["now"] == "2026-11-19T00:00:00Z"
    assert client.get("/_sim").json()["now"] == "2026-11-19T00:00:00Z"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"fault": "nonsense"}', b'{"fault": "429", "times": "x"}'])
def test_an_order_that_is_not_understood_is_answered_400(toy: tuple[Toy, httpx2.Client], body: bytes) -> None:
    _, client = toy
    assert client.post("/_sim/faults", content=body).status_code == 400
    assert client.get("/_sim/faults").json() == {"faults": []}


def test_a_fault_strikes_the_matching_requests_as_often_as_ordered(toy: tuple[Toy, httpx2.Client]) -> None:
    _, client = toy
    client.post("/_sim/faults", json={"fault": "500", "match": {"method": "get", "path_prefix": "/numb"}, "times": 2})
    assert client.get("/away").status_code == 302
    assert [client.get("/numbers").status_code for _ in range(3)] == [500, 500, 200]


def test_a_page_can_be_withheld_with_a_cursor_that_leads_on(toy: tuple[Toy, httpx2.Client]) -> None:
    _, client = toy
    client.post("/_sim/world", json={"numbers": [1, 2, 3]})
    client.post("/_sim/faults", json={"fault": "empty_page_with_cursor"})
    assert client.get("/numbers").json() == {"numbers": [], "cursor": "0+1"}
    assert client.get("/numbers", params={"cursor": "0+1"}).json() == {"numbers": [1, 2], "cursor": "2"}
    assert client.delete("/_sim/world").status_code == 200
    assert client.get("/numbers").json() == {"numbers": []}


def test_a_timeout_after_the_effect_has_had_its_effect(toy: tuple[Toy, httpx2.Client]) -> None:
    simulation, client = toy
    client.post("/_sim/faults", json={"fault": "timeout_after_effect", "match": {"method": "POST"}})
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/numbers", json={"number": 4}, timeout=0.3)
    assert simulation.numbers == [4]


def test_a_reset_has_no_effect(toy: tuple[Toy, httpx2.Client]) -> None:
    simulation, client = toy
    client.post("/_sim/faults", json={"fault": "reset"})
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        client.post("/numbers", json={"number": 4})
    assert simulation.numbers == []


def test_a_webhook_is_doubled_as_ordered(toy: tuple[Toy, httpx2.Client]) -> None:
    simulation, client = toy
    client.post("/_sim/deliveries", json={"duplicates": 2})
    client.post("/numbers", json={"number": 4})
    until(lambda: simulation.deliveries.delivered == 3)
    assert [body for _, body in simulation.received] == [b"4"] * 3


def test_a_paused_webhook_arrives_after_the_pause(toy: tuple[Toy, httpx2.Client]) -> None:
    simulation, client = toy
    client.post("/_sim/deliveries", json={"is_paused": True})
    client.post("/numbers", json={"number": 4})
    time.sleep(0.2)
    assert simulation.received == []
    client.post("/_sim/deliveries", json={"is_paused": False})
    until(lambda: len(simulation.received) == 1)


def test_a_refused_webhook_is_tried_again_and_then_given_up(toy: tuple[Toy, httpx2.Client]) -> None:
    simulation, client = toy
    simulation.answer_with = 500
    client.post("/numbers", json={"number": 4})
    until(lambda: simulation.deliveries.given_up == 1)
    assert [(e["try"], e["status"]) for e in simulation.deliveries.log] == [(0, 500), (1, 500), (2, 500)]
    assert client.get("/_sim/deliveries").json()["waiting"] == 0


def test_requests_are_written_down(toy: tuple[Toy, httpx2.Client]) -> None:
    _, client = toy
    client.get("/numbers?cursor=0")
    (entry,) = client.get("/_sim/requests").json()["requests"]
    assert (entry["method"], entry["path"], entry["query"], entry["status"]) == ("GET", "/numbers", "cursor=0", 200)
    client.delete("/_sim/requests")
    assert client.get("/_sim/requests").json()["requests"] == []
