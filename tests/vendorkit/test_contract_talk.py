"""The speaking part of the contract is tested: a client with a planted fault does not pass it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import structlog
from tests.simulators import serving
from tests.vendorkit.test_contract import VENDOR
from tests.vendorkit.toy import NOW, Toy

from bookingbridge.canonical.errors import AuthExpired, Rejected, Throttled, Unreachable, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Account, Given, Json, Page, RawRecord, Reach, Tokens
from bookingbridge.vendorkit.contract import ConversationContract, Simulated
from bookingbridge.vendorkit.http import Answer, Transport
from bookingbridge.vendorkit.paging import Trail

TOKEN = "toy-token-canary"


class Client:
    """A client of the toy, done well; each subclass does one thing badly."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.http: Transport = given.http

    async def ask(self, **params: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.given.tokens.access}"}
        answer = await self.http.send("GET", f"{self.given.base_url}/numbers", headers=headers, params=params)
        if answer.status == 401:
            raise AuthExpired("sign in again")
        return answer

    async def check(self) -> Account:
        await self.ask()
        return Account(RemoteId("toy"), "Toy")

    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        trail, at = Trail("numbers"), (cursor or {}).get("at")
        while True:
            body = (await self.ask(cursor=at)).object()
            following = body.get("cursor")
            records = tuple(self.raw(n) for n in body["numbers"])
            yield self.page(records, {"at": following} if following else {}, is_last=following is None)
            if following is None:
                return
            at = trail.step(following, is_empty=not records)

    def page(self, records: tuple[RawRecord, ...], cursor: Json, *, is_last: bool) -> Page:
        return Page(records, cursor, is_last)

    def raw(self, number: int) -> RawRecord:
        return RawRecord("staff", RemoteId(f"n{number}"), {"id": f"n{number}", "name": str(number)})

    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        number = remote_id.removeprefix("n")
        return [self.raw(int(number))] if number.isdigit() else []

    async def close(self) -> None:
        """Nothing is open."""


class Guarded(Toy):
    """The toy behind a token."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = list(range(5))

    async def _list(self, request: Any) -> Any:
        from starlette.responses import JSONResponse

        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({}, status_code=401)
        return await super()._list(request)


def contract_of(client: Callable[[Given], Any]) -> ConversationContract:
    class Contract(ConversationContract):
        vendor = replace(VENDOR, open=client)

        def simulated(self) -> AbstractContextManager[Simulated]:
            return _simulated()

    return Contract()


@contextmanager
def _simulated() -> Iterator[Simulated]:
    with serving(Guarded().app()) as base_url:
        yield Simulated(base_url, Tokens(TOKEN), None, lambda: NOW)


def fails(client: Callable[[Given], Any], test: str) -> bool:
    try:
        getattr(contract_of(client), f"test_{test}")()
    except (AssertionError, KeyError, Rejected, Unreadable, Unreachable, Throttled):
        return True
    return False


NAMES = [name.removeprefix("test_") for name in dir(ConversationContract) if name.startswith("test_")]


@pytest.mark.parametrize("test", NAMES)
def test_a_client_done_well_passes(test: str) -> None:
    assert not fails(Client, test)


class StopsAtAnEmptyPage(Client):
    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        async for page in super().pages(stream, cursor, reach):
            yield replace(page, is_last=page.is_last or not page.records)
            if not page.records:
                return


class ForgetsTheLastPage(Client):
    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        async for page in super().pages(stream, cursor, reach):
            yield replace(page, records=page.records if not page.is_last or cursor is None else ())


class LosesItsCursor(Client):
    def page(self, records: tuple[RawRecord, ...], cursor: Json, *, is_last: bool) -> Page:
        return Page(records, {"at": "4"} if cursor else {}, is_last)


class NeverSaysLast(Client):
    def page(self, records: tuple[RawRecord, ...], cursor: Json, *, is_last: bool) -> Page:
        return Page(records, cursor, is_last=False)


class Logs(Client):
    async def ask(self, **params: Any) -> Answer:
        structlog.get_logger().info("asking", with_=self.given.tokens.access)
        return await super().ask(**params)


class LogsThroughTheLibrary(Client):
    async def ask(self, **params: Any) -> Answer:
        logging.getLogger("some.library").info("GET /numbers?access_token=%s", self.given.tokens.access)
        return await super().ask(**params)


class TakesAnybody(Client):
    async def ask(self, **params: Any) -> Answer:
        return await self.http.send(
            "GET", f"{self.given.base_url}/numbers", headers={"Authorization": f"Bearer {TOKEN}"}, params=params
        )


class SwallowsTrouble(Client):
    async def pages(self, stream: str, cursor: Json | None, reach: Reach) -> AsyncIterator[Page]:
        try:
            async for page in super().pages(stream, cursor, reach):
                yield page
        except (Throttled, Unreachable, Unreadable):
            yield Page((), {}, is_last=True)


class FetchesAnything(Client):
    async def fetch(self, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        return [RawRecord(kind, remote_id, {"id": remote_id, "name": "x"})]


@pytest.mark.parametrize(
    ("client", "test"),
    [
        (StopsAtAnEmptyPage, "an_empty_page_with_a_cursor_is_not_the_end"),
        (ForgetsTheLastPage, "reading_goes_on_from_every_stored_cursor"),
        (LosesItsCursor, "reading_goes_on_from_every_stored_cursor"),
        (NeverSaysLast, "every_stream_is_read_to_its_end_and_understood"),
        (Logs, "no_secret_is_in_a_log_line_or_an_error"),
        (LogsThroughTheLibrary, "no_secret_is_in_a_log_line_or_an_error"),
        (TakesAnybody, "credentials_that_are_not_accepted_are_told_as_expired"),
        (SwallowsTrouble, "a_lasting_fault_is_one_of_our_errors"),
        (FetchesAnything, "what_was_listed_can_be_fetched_and_what_is_not_there_is_nothing"),
    ],
)
def test_a_planted_fault_in_a_client_is_found(client: type[Client], test: str) -> None:
    assert fails(client, test)
