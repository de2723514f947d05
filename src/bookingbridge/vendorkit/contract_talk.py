"""The part of the contract that speaks: a vendor's client against its simulator, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

import httpx2
import structlog

from bookingbridge.canonical.errors import AuthExpired, BridgeError, Throttled, Unreachable, Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Client, Given, Json, Page, RawRecord, Reach, Tokens, Vendor
from bookingbridge.vendorkit.http import Transport


@dataclass(frozen=True, slots=True)
class Simulated:
    """A running simulator with something in every stream, and how to sign in there."""

    base_url: str
    tokens: Tokens
    account: RemoteId | None
    now: Callable[[], datetime]
    settings: dict[str, str] = field(default_factory=dict)

    def order(self, fault: str, *, times: int | None = 1, **more: Any) -> None:
        """The simulator goes wrong that way from here on."""
        done = httpx2.post(f"{self.base_url}/_sim/faults", json={"fault": fault, "times": times, **more})
        assert done.status_code == 200, done.text

    def behave(self) -> None:
        """No fault is left."""
        httpx2.request("DELETE", f"{self.base_url}/_sim/faults")


class ConversationContract:
    """Reading from a simulator over real HTTP: everything once, resumable anywhere, faults mapped, secrets kept."""

    vendor: ClassVar[Vendor]

    @abstractmethod
    def simulated(self) -> AbstractContextManager[Simulated]:
        """A fresh simulator for one test."""
        raise NotImplementedError

    def test_signing_in_says_who_we_are(self) -> None:
        with self.simulated() as there:
            account = self._talk(there, lambda client: client.check())
            assert account.remote_id
            assert account.missing == ()

    def test_credentials_that_are_not_accepted_are_told_as_expired(self) -> None:
        with self.simulated() as there:
            stranger = replace(there, tokens=replace(there.tokens, access="not-a-token-canary"))
            self._fails(stranger, AuthExpired, lambda client: client.check())
            for stream in self.vendor.manifest.streams:
                self._fails(stranger, AuthExpired, self._reading(stranger, stream.name))

    def test_every_stream_is_read_to_its_end_and_understood(self) -> None:
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                pages = self._pages(there, stream.name)
                assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
                records = _records(pages)
                assert records, f"nothing in {stream.name}: a test that cannot fail"
                for raw in records:
                    assert self.vendor.read(raw.kind, raw.payload)

    def test_two_full_reads_give_the_same(self) -> None:
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                first, second = (_ids(self._pages(there, stream.name)) for _ in range(2))
                assert first == second

    def test_reading_goes_on_from_every_stored_cursor(self) -> None:
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                pages = self._pages(there, stream.name)
                for i, page in enumerate(pages[:-1]):
                    stored = json.loads(json.dumps(page.cursor))
                    rest = self._pages(there, stream.name, cursor=stored)
                    assert _ids(pages[: i + 1]) | _ids(rest) == _ids(pages)

    def test_an_incremental_run_starts_from_the_last_cursor_and_ends(self) -> None:
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                pages = self._pages(there, stream.name)
                again = self._pages(there, stream.name, cursor=pages[-1].cursor, is_full=False)
                assert again[-1].is_last
                assert _ids(again) <= _ids(pages)

    def test_an_empty_page_with_a_cursor_is_not_the_end(self) -> None:
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                expected = _ids(self._pages(there, stream.name))
                there.order("empty_page_with_cursor", times=2)
                assert _ids(self._pages(there, stream.name)) == expected
                there.behave()

    def test_a_list_that_never_ends_is_given_up(self) -> None:
        with self.simulated() as there:
            there.order("empty_page_with_cursor", times=None)
            for stream in self.vendor.manifest.streams:
                try:
                    self._pages(there, stream.name)
                except Unreadable:
                    continue

    def test_a_passing_fault_costs_nothing(self) -> None:
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                expected = _ids(self._pages(there, stream.name))
                for fault in ("429", "500", "reset"):
                    there.order(fault, times=1)
                    assert _ids(self._pages(there, stream.name)) == expected
                    there.behave()

    def test_a_lasting_fault_is_one_of_our_errors(self) -> None:
        lasting: list[tuple[str, type[BridgeError]]] = [
            ("429", Throttled), ("500", Unreachable), ("reset", Unreachable), ("garbage", Unreadable),
        ]  # fmt: skip
        with self.simulated() as there:
            for fault, expected in lasting:
                there.order(fault, times=None)
                for stream in self.vendor.manifest.streams:
                    self._fails(there, expected, self._reading(there, stream.name))
                there.behave()

    def test_what_was_listed_can_be_fetched_and_what_is_not_there_is_nothing(self) -> None:
        with self.simulated() as there:
            for stream in self.vendor.manifest.streams:
                one = _records(self._pages(there, stream.name))[0]
                fetched = self._fetch(there, one.kind, one.remote_id)
                assert (one.kind, one.remote_id) in {(raw.kind, raw.remote_id) for raw in fetched}
                assert self._fetch(there, one.kind, RemoteId("no-such-1")) == []

    def test_no_secret_is_in_a_log_line_or_an_error(self) -> None:
        lines: list[str] = []
        with self.simulated() as there, _everything_logged(lines):
            self._talk(there, lambda client: client.check())
            for stream in self.vendor.manifest.streams:
                self._pages(there, stream.name)
            there.order("500", times=None)
            try:
                self._talk(there, lambda client: client.check())
            except BridgeError as error:
                lines.append(repr(error) + repr(error.__cause__))
        assert len(lines) > len(self.vendor.manifest.streams)
        secrets = [s for s in (there.tokens.access, there.tokens.refresh) if s]
        assert not [line for line in lines if any(secret in line for secret in secrets)]

    def _talk(self, there: Simulated, talk: Callable[[Client], Any]) -> Any:
        async def go() -> Any:
            async with asyncio.timeout(60), self._client(there) as client:
                return await talk(client)

        return asyncio.run(go())

    @asynccontextmanager
    async def _client(self, there: Simulated) -> AsyncIterator[Client]:
        async with Transport(
            allowed_hosts=self.vendor.manifest.allowed_hosts, allow_loopback=True, now=there.now, timeout=2.0,
            sleep=_no_sleep, jitter=lambda: 0.0,
        ) as http:  # fmt: skip
            given = Given(there.base_url, there.tokens, there.account, there.settings, there.now, http)
            client = self.vendor.open(given)
            try:
                yield client
            finally:
                await client.close()

    def _reading(
        self, there: Simulated, stream: str, cursor: Json | None = None, *, is_full: bool = True
    ) -> Callable[[Client], Any]:
        async def read(client: Client) -> list[Page]:
            return [page async for page in client.pages(stream, cursor, Reach(is_full=is_full, now=there.now()))]

        return read

    def _pages(self, there: Simulated, stream: str, cursor: Json | None = None, *, is_full: bool = True) -> list[Page]:
        pages: list[Page] = self._talk(there, self._reading(there, stream, cursor, is_full=is_full))
        return pages

    def _fetch(self, there: Simulated, kind: str, remote_id: RemoteId) -> list[RawRecord]:
        found: list[RawRecord] = self._talk(there, lambda client: client.fetch(kind, remote_id))
        return found

    def _fails(self, there: Simulated, expected: type[BridgeError], talk: Callable[[Client], Any]) -> None:
        try:
            self._talk(there, talk)
        except expected:
            return
        raise AssertionError(f"no {expected.__name__}")


def _records(pages: Sequence[Page]) -> list[RawRecord]:
    return [raw for page in pages for raw in page.records]


def _ids(pages: Sequence[Page]) -> set[tuple[str, RemoteId]]:
    return {(raw.kind, raw.remote_id) for raw in _records(pages)}


async def _no_sleep(_: float) -> None:
    """Tests do not wait."""


@contextmanager
def _everything_logged(lines: list[str]) -> Iterator[None]:
    """All that is written to a log meanwhile is in `lines` after: ours, and the libraries' from INFO up."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, keep = logging.getLogger(), Keep()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.INFO)
    wrapper = structlog.get_config()["wrapper_class"]
    try:
        # Whatever level this process logs at, here everything counts.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
        with structlog.testing.capture_logs() as ours:
            yield
            lines.extend(repr(line) for line in ours)
    finally:
        structlog.configure(wrapper_class=wrapper)
        root.removeHandler(keep)
        root.setLevel(level)
