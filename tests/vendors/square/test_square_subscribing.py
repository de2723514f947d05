"""Webhooks that register themselves at Square, with the application's own token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from tests.vendors.square import worlds
from tests.vendors.square.receiving import receiving
from tests.vendors.square.worlds import Square

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ports import Delivery, Given, Json, Subscription, Tokens
from bookingbridge.vendors.square.oauth import APP_TOKEN
from bookingbridge.vendors.square.simulator import APPLICATION_TOKEN
from bookingbridge.vendors.square.subscribing import SUBSCRIPTIONS, SquareSubscribing
from bookingbridge.vendors.square.webhooks import EVENTS, SquareWebhooks
from bookingbridge.vendors.square.wire import API_VERSION

APP = {APP_TOKEN: APPLICATION_TOKEN}
URL = "https://bridge.example.com/api/v1/webhooks/square/1"
WAY = SquareSubscribing()

T = TypeVar("T")


def ask(square: Square, act: Callable[[Given], Awaitable[T]], tokens: Tokens | None = None) -> T:
    async def go() -> T:
        async with worlds.transport(square.now) as http:
            return await act(Given(square.base_url, tokens or square.tokens, None, {}, square.now, http))

    return asyncio.run(go())


def ensure(square: Square, known: Subscription | None = None, url: str = URL) -> Subscription:
    return ask(square, lambda given: WAY.ensure(given, APP, url, known))


def registered(square: Square) -> list[Json]:
    headers = {"Authorization": f"Bearer {APPLICATION_TOKEN}"}
    asked = square.control.get(SUBSCRIPTIONS, params={"include_disabled": "true"}, headers=headers)
    found: list[Json] = asked.json()["subscriptions"]
    return found


def alter(square: Square, known: Subscription, **fields: object) -> None:
    """Somebody changes the subscription in the Developer Console."""
    headers = {"Authorization": f"Bearer {APPLICATION_TOKEN}"}
    path = f"{SUBSCRIPTIONS}/{known.remote_id}"
    assert square.control.put(path, json={"subscription": fields}, headers=headers).status_code == 200


def test_the_address_is_registered_once_for_all_we_hear_at_the_version_we_read() -> None:
    with worlds.square() as square:
        made = ensure(square)
        assert ensure(square, made) == made
        (one,) = registered(square)
    assert (one["id"], one["notification_url"], one["api_version"], one["enabled"]) == (
        made.remote_id, URL, API_VERSION, True,
    )  # fmt: skip
    assert tuple(one["event_types"]) == made.events == EVENTS
    assert made.secret
    assert made.secret not in repr(made)


def test_what_is_delivered_is_signed_with_the_key_that_was_answered() -> None:
    with worlds.square() as square, receiving() as receiver:
        made = ensure(square, url=receiver.url)
        ask(square, lambda given: WAY.send_test(given, APP, made))
        square.tell("/_sim/revoke", merchant_id=worlds.MERCHANT)
        worlds.until(lambda: len(receiver.received) == 2)
        for headers, body in receiver.received:
            SquareWebhooks().verify(Delivery(headers, body, receiver.url), [made.secret or ""])


def test_a_subscription_that_was_switched_off_narrowed_or_sent_elsewhere_is_put_right_and_keeps_its_key() -> None:
    with worlds.square() as square:
        made = ensure(square)
        for harm in ({"enabled": False}, {"event_types": ["booking.created"]}, {"notification_url": URL + "x"}):
            alter(square, made, **harm)
            assert ensure(square, made) == made
            (one,) = registered(square)
            assert (one["enabled"], tuple(one["event_types"]), one["notification_url"]) == (True, EVENTS, URL)


def test_one_whose_key_is_lost_or_that_is_gone_is_replaced_and_others_are_left_alone() -> None:
    with worlds.square() as square:
        other = ensure(square, url=URL + "2")
        first = ensure(square)
        second = ensure(square, Subscription(first.remote_id))
        assert second.remote_id != first.remote_id
        assert {one["id"] for one in registered(square)} == {other.remote_id, second.remote_id}
        ask(square, lambda given: WAY.remove(given, APP, second))
        third = ensure(square, second)
        assert {one["id"] for one in registered(square)} == {other.remote_id, third.remote_id}


def test_it_may_be_removed_twice() -> None:
    with worlds.square() as square:
        made = ensure(square)
        for _ in range(2):
            ask(square, lambda given: WAY.remove(given, APP, made))
        assert registered(square) == []


def test_signed_in_without_the_application_s_token_it_is_refused_and_said_what_to_do() -> None:
    with worlds.square() as square:
        before = len(square.asked("/v2/"))
        with pytest.raises(Refused, match=f"set {APP_TOKEN}, or add the address by hand") as refused:
            ask(square, lambda given: WAY.ensure(given, {APP_TOKEN: ""}, URL, None))
        assert refused.value.code == "no_app_token"
        assert len(square.asked("/v2/")) == before


def test_a_pasted_token_is_an_application_s_own_and_registers() -> None:
    with worlds.square() as square:
        pasted = Tokens(square.personal())
        made = ask(square, lambda given: WAY.ensure(given, {}, URL, None), pasted)
        assert [one["id"] for one in registered(square)] == [made.remote_id]


@pytest.mark.parametrize("token", ["nobody-s", "the seller's"])
def test_a_token_that_is_not_the_application_s_is_refused_and_the_connection_is_not_called_ended(token: str) -> None:
    with worlds.square() as square:
        app = {APP_TOKEN: square.tokens.access if "seller" in token else token}
        known = Subscription("wbhk_1", "key")
        for act in (
            lambda given: WAY.ensure(given, app, URL, None),
            lambda given: WAY.send_test(given, app, known),
        ):
            with pytest.raises(Refused):
                ask(square, act)
        assert registered(square) == []


def test_an_address_square_cannot_take_is_refused_with_its_reason() -> None:
    with worlds.square() as square:
        with pytest.raises(Refused, match="takes no webhooks for this address"):
            ensure(square, url="ftp://bridge.example.com/")
        assert registered(square) == []


def test_a_test_that_is_not_taken_here_is_told() -> None:
    with worlds.square() as square, receiving() as receiver:
        receiver.answer_with = 404
        made = ensure(square, url=receiver.url)
        with pytest.raises(Refused, match="status 404"):
            ask(square, lambda given: WAY.send_test(given, APP, made))
        with pytest.raises(Refused, match="sends no test"):
            ask(square, lambda given: WAY.send_test(given, APP, Subscription("wbhk_none", "key")))
