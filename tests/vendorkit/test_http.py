"""The transport against a real server that misbehaves on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import structlog
from tests.simulators import serving
from tests.vendorkit.toy import NOW, Toy

from bookingbridge.canonical.errors import Ambiguous, Refused, Rejected, Throttled, Unreachable, Unreadable
from bookingbridge.vendorkit.http import Answer, Transport, shown_path


@pytest.fixture(scope="module")
def toy() -> Iterator[tuple[Toy, str]]:
    simulation = Toy()
    with serving(simulation.app()) as base_url:
        yield simulation, base_url


@pytest.fixture
def url(toy: tuple[Toy, str]) -> str:
    simulation, base_url = toy
    simulation.clear()
    simulation.faults.open.clear()
    simulation.requests.clear()
    return base_url


def order(base_url: str, fault: str, **more: Any) -> None:
    assert httpx2.post(f"{base_url}/_sim/faults", json={"fault": fault, **more}).status_code == 200


def asked(base_url: str) -> list[dict[str, Any]]:
    requests = httpx2.get(f"{base_url}/_sim/requests").json()["requests"]
    return [request for request in requests if request["path"] != "/hook"]


class Run:
    """One conversation: what came back and how long we would have slept."""

    def __init__(self, *, timeout: float = 2.0, jitter: float = 1.0) -> None:
        self.slept: list[float] = []
        self._timeout = timeout
        self._jitter = jitter

    def __call__(self, talk: Callable[[Transport], Awaitable[Answer]], **more: Any) -> Answer:
        async def go() -> Answer:
            async with Transport(
                allowed_hosts=frozenset({"api.example.com"}),
                allow_loopback=True,
                now=lambda: NOW,
                timeout=self._timeout,
                sleep=self._sleep,
                jitter=lambda: self._jitter,
                **more,
            ) as http:
                return await talk(http)

        return asyncio.run(go())

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_an_answer_is_returned_whatever_its_status(url: str) -> None:
    answer = Run()(lambda http: http.send("GET", f"{url}/nowhere", params={"a": 1, "b": None}))
    assert answer.status == 404
    assert asked(url)[0]["query"] == "a=1"
    with pytest.raises(Unreadable):
        answer.json()


def test_a_read_is_tried_again_after_429_not_before_the_vendor_allows(url: str) -> None:
    order(url, "429", times=2, retry_after=3)
    run = Run()
    answer = run(lambda http: http.send("GET", f"{url}/numbers"))
    assert answer.object() == {"numbers": []}
    assert run.slept == [3.5, 4.0]


def test_without_retry_after_the_pause_is_full_jitter(url: str) -> None:
    order(url, "500", times=2)
    run = Run(jitter=0.25)
    assert run(lambda http: http.send("GET", f"{url}/numbers")).status == 200
    assert run.slept == [0.125, 0.25]


def test_a_read_throttled_to_the_end_says_until_when(url: str) -> None:
    order(url, "429", times=None, retry_after=5)
    with pytest.raises(Throttled) as stopped:
        Run()(lambda http: http.send("GET", f"{url}/numbers"))
    assert stopped.value.until == NOW + timedelta(seconds=5)
    assert len(asked(url)) == 3


def test_a_long_retry_after_is_not_slept_through(url: str) -> None:
    order(url, "429", times=None, retry_after=600)
    run = Run()
    with pytest.raises(Throttled) as stopped:
        run(lambda http: http.send("GET", f"{url}/numbers"))
    assert stopped.value.until == NOW + timedelta(seconds=600)
    assert run.slept == []


def test_a_broken_vendor_is_unreachable_after_the_tries(url: str) -> None:
    order(url, "500", times=None)
    with pytest.raises(Unreachable) as stopped:
        Run()(lambda http: http.send("GET", f"{url}/numbers"))
    assert not isinstance(stopped.value, Ambiguous)
    assert stopped.value.code == "http_500"
    assert len(asked(url)) == 3


@pytest.mark.parametrize("fault", ["500", "500_after_effect", "reset", "timeout_after_effect"])
def test_a_write_without_a_sure_answer_is_ambiguous_and_not_repeated(url: str, fault: str) -> None:
    order(url, fault, match={"method": "POST", "path_prefix": "/numbers"}, times=None)
    with pytest.raises(Ambiguous):
        Run(timeout=0.3)(lambda http: http.send("POST", f"{url}/numbers", json={"number": 1}))
    assert len(asked(url)) == 1


def test_a_write_that_may_be_repeated_is_repeated(url: str) -> None:
    order(url, "reset", times=1)
    answer = Run()(lambda http: http.send("POST", f"{url}/numbers", json={"number": 7}, is_repeatable=True))
    assert answer.status == 201
    assert len(asked(url)) == 2


def test_a_write_that_reached_nobody_is_unreachable_not_ambiguous() -> None:
    with pytest.raises(Unreachable) as stopped:
        Run()(lambda http: http.send("POST", "http://127.0.0.1:9/", json={}))
    assert not isinstance(stopped.value, Ambiguous)


def test_a_redirect_is_returned_not_followed(url: str) -> None:
    answer = Run()(lambda http: http.send("GET", f"{url}/away"))
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/")


def test_a_body_beyond_the_cap_is_unreadable(url: str) -> None:
    with pytest.raises(Unreadable, match="more than"):
        Run()(lambda http: http.send("GET", f"{url}/big"))


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.5", "127.0.0.1", "64:ff9b::a9fe:a9fe"])
def test_an_allowed_name_that_leads_inside_is_refused(address: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return [address]

    with pytest.raises(Refused, match="private"):
        Run()(lambda http: http.send("GET", "https://api.example.com/"), resolve=resolve)


def test_a_name_is_looked_up_once_for_the_check_and_the_connection(url: str) -> None:
    answers = [["127.0.0.1"], ["10.0.0.5"]]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    local = url.replace("127.0.0.1", "localhost")
    assert Run()(lambda http: http.send("GET", f"{local}/numbers"), resolve=resolve).status == 200
    assert answers == [["10.0.0.5"]]


def test_the_second_address_is_used_when_the_first_does_not_answer(url: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["::1", "127.0.0.1"]

    local = url.replace("127.0.0.1", "localhost")
    run = Run()
    assert run(lambda http: http.send("GET", f"{local}/numbers"), resolve=resolve).status == 200
    assert run.slept == []


def test_proxies_of_the_environment_are_not_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert Run()(lambda http: http.send("GET", f"{url}/numbers")).status == 200


def test_a_secret_is_in_no_log_line_and_no_error(url: str) -> None:
    secret = "sq0atp-canary"
    order(url, "500", times=None)
    with structlog.testing.capture_logs() as lines, pytest.raises(Unreachable) as stopped:
        Run()(
            lambda http: http.send(
                "GET", f"{url}/numbers", headers={"Authorization": f"Bearer {secret}"}, params={"access_token": secret}
            )
        )
    assert len(lines) == 3
    assert secret not in repr(lines) + repr(stopped.value) + str(stopped.value.__cause__)


@pytest.mark.parametrize("value", ["Bearer sq0-canary\nX-Evil: 1", "Bearer sq0-canary\x7f", "Bearer sq0-canary\u2019"])
def test_a_credential_that_http_cannot_carry_is_rejected_without_being_quoted(url: str, value: str) -> None:
    with pytest.raises(Rejected) as stopped:
        Run()(lambda http: http.send("GET", f"{url}/numbers", headers={"Authorization": value}))
    assert "canary" not in str(stopped.value)
    assert asked(url) == []


def test_a_path_is_logged_without_what_it_may_give_away() -> None:
    assert shown_path("/v2/bookings/abc123/cancel") == "/v2/bookings/…/cancel"
    assert shown_path("/calendar/v3/calendars/ana%40example.com/events") == "/calendar/v3/calendars/…/events"
    assert shown_path("/ical/ZQPWOEIRUTYALSKDJFHGMZNXBCV/basic.ics") == "/ical/…/…"
