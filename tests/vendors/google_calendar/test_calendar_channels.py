"""Channels over real HTTP: opened, told by, replaced before they end, stopped; and what is refused at our door."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.simulators import serving
from tests.vendors.google_calendar.calendar_world import NOW, SHARED, Google, event, google

from bookingbridge.canonical.errors import Refused, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Delivery, Hint, Subscription
from bookingbridge.vendorkit.http import Transport
from bookingbridge.vendors.google_calendar import VENDOR
from bookingbridge.vendors.google_calendar.channels import LIVES, RENEWED, Channels
from bookingbridge.vendors.google_calendar.webhooks import CalendarWebhooks, channel_id, is_channel_of

CHANNELS, HOOKS = Channels(), CalendarWebhooks()
CANARY = "canary-secret"


class Inbox:
    """Everything that was delivered, as our door would see it."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def take(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.deliveries.append(Delivery(headers, await request.body(), str(request.url)))
        return Response(status_code=200)

    def wait(self, count: int) -> list[Delivery]:
        deadline = time.monotonic() + 10
        while len(self.deliveries) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.deliveries) == count
        return self.deliveries


@contextmanager
def listening() -> Iterator[tuple[Inbox, str]]:
    inbox = Inbox()
    with serving(Starlette(routes=[Route("/hook", inbox.take, methods=["POST"])])) as base_url:
        yield inbox, f"{base_url}/hook"


def ensure(there: Google, url: str, known: Subscription | None = None) -> Subscription:
    async def go(http: Transport) -> Subscription:
        return await CHANNELS.ensure(there.given(http), {}, url, known)

    return there.with_http(go)


def remove(there: Google, known: Subscription) -> None:
    async def go(http: Transport) -> None:
        await CHANNELS.remove(there.given(http), {}, known)

    there.with_http(go)


def open_channels(there: Google) -> list[str]:
    return [channel["id"] for channel in there.shown("channels")["channels"]]


def secret_of(known: Subscription) -> str:
    assert known.secret
    return known.secret


def test_a_change_in_the_calendar_is_told_verified_and_read_as_look_again() -> None:
    with google() as there, listening() as (inbox, url):
        known = ensure(there, url)
        there.change(event("new01", 9))
        first, second = inbox.wait(2)
        for delivery in (first, second):
            HOOKS.verify(delivery, [secret_of(known)])
            assert delivery.body == b""
        opened, changed = HOOKS.read(first), HOOKS.read(second)
    assert (opened.type, opened.hints) == ("sync", ())
    assert (changed.type, changed.hints, changed.account) == ("exists", (Hint("booking", RemoteId("*")),), None)
    assert opened.event_id != changed.event_id
    assert known.expires_at == NOW + LIVES
    assert repr(known).count(secret_of(known)) == 0


def test_a_channel_lives_on_until_the_day_before_its_end_and_is_then_replaced() -> None:
    with google() as there, listening() as (_, url):
        known = ensure(there, url)
        there.at(NOW + LIVES - RENEWED - timedelta(minutes=1))
        assert ensure(there, url, known) is known
        there.at(NOW + LIVES - RENEWED)
        renewed = ensure(there, url, known)
        assert open_channels(there) == [renewed.remote_id.partition(" ")[0]]
    assert renewed.remote_id != known.remote_id
    assert renewed.secret == known.secret
    assert renewed.expires_at == NOW + LIVES - RENEWED + LIVES


def test_a_channel_that_google_gives_for_a_shorter_time_ends_when_google_says() -> None:
    with google() as there, listening() as (_, url):
        there.order("world", {"rules": {"channel_seconds": 2 * 86_400}})
        assert ensure(there, url).expires_at == NOW + timedelta(days=2)


def test_another_address_or_calendar_gets_a_channel_of_its_own() -> None:
    with google() as there, listening() as (_, url):
        known = ensure(there, url)
        moved = ensure(there, f"{url}?moved", known)
        there.account = RemoteId(SHARED)
        other = ensure(there, f"{url}?moved", moved)
        assert open_channels(there) == [other.remote_id.partition(" ")[0]]
    assert len({known.remote_id, moved.remote_id, other.remote_id}) == 3


def test_a_stopped_channel_tells_nothing_and_stopping_it_again_is_fine() -> None:
    with google() as there, listening() as (inbox, url):
        known = ensure(there, url)
        inbox.wait(1)
        remove(there, known)
        remove(there, known)
        there.change(event("new01", 9))
        assert there.shown("deliveries")["waiting"] == 0
        inbox.wait(1)


def test_a_channel_that_has_ended_tells_nothing() -> None:
    with google() as there, listening() as (inbox, url):
        ensure(there, url)
        inbox.wait(1)
        there.at(NOW + LIVES)
        there.change(event("new01", 9))
        assert (there.shown("deliveries")["waiting"], open_channels(there)) == (0, [])
        inbox.wait(1)


def test_an_address_that_google_does_not_take_is_refused_with_what_to_do() -> None:
    with google() as there:
        with pytest.raises(Refused, match="https"):
            ensure(there, "http://bridge.example.com/hook")
        there.order("refuse", {"status": 401, "reason": "push.webhookUrlUnauthorized"})
        with pytest.raises(Refused, match="domain"):
            ensure(there, "https://bridge.example.com/hook")
        assert open_channels(there) == []


def test_there_is_no_test_to_ask_for() -> None:
    async def go(http: Transport) -> None:
        await CHANNELS.send_test(there.given(http), {}, Subscription("a b c"))

    with google() as there, pytest.raises(Refused, match="no tests"):
        there.with_http(go)


def delivery(secret: str = CANARY, channel: str | None = None, **changes: str) -> Delivery:
    headers = {
        "x-goog-channel-token": secret, "x-goog-channel-id": channel or channel_id(secret, b"\x00" * 8),
        "x-goog-resource-state": "exists", "x-goog-message-number": "12",
    }  # fmt: skip
    return Delivery(headers | {f"x-goog-{name.replace('_', '-')}": v for name, v in changes.items()}, b"", "")


def test_a_channel_id_is_a_uuid_that_only_who_knows_the_secret_can_make() -> None:
    made = {channel_id("s", bytes([n]) * 8) for n in range(50)}
    assert len(made) == 50
    assert all(str(UUID(one)) == one and is_channel_of(one, "s") and not is_channel_of(one, "t") for one in made)
    assert not any(is_channel_of(strange, "s") for strange in ("", "x", "0" * 32, "\ud800", str(UUID(int=7))))


def test_the_right_token_on_another_channel_is_refused_and_so_is_a_body() -> None:
    HOOKS.verify(delivery(), ["other", CANARY])
    for strange in (delivery(channel=str(UUID(int=1))), delivery(channel=channel_id("other", b"\x00" * 8)),
                    replace(delivery(), body=b"{}"), delivery(secret="other")):  # fmt: skip
        with pytest.raises(Refused) as refused:
            HOOKS.verify(strange, [CANARY])
        assert CANARY not in refused.value.why


@pytest.mark.parametrize(
    "changes",
    [{"message_number": ""}, {"message_number": "-1"}, {"message_number": "1e3"}, {"message_number": "9" * 30},
     {"message_number": "\u0663"}, {"channel_id": "x"}, {"resource_state": ""}, {"resource_state": "new"}],
)  # fmt: skip
def test_a_notice_that_cannot_be_understood_says_so(changes: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        HOOKS.read(delivery(**changes))


def test_the_same_notice_twice_is_one_event() -> None:
    assert HOOKS.event_id(delivery()) == HOOKS.event_id(delivery(message_number="0012"))
    assert HOOKS.event_id(delivery()) != HOOKS.event_id(delivery(message_number="13"))


def test_the_vendor_offers_all_of_this() -> None:
    assert isinstance(VENDOR.subscribing, Channels)
    assert isinstance(VENDOR.webhooks, CalendarWebhooks)
