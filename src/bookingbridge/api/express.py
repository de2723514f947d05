"""A short way through the server for posts that are nothing but a small body: no ASGI messages, no queue of events.

Of what a touch costs, uvicorn's general way for any app (scope, cycle, event, two messages each way, their checks) is a
third. Here a request for one of the `Lanes` is read whole, handed to its door as (scope, body), and its answer is
written in one piece. Everything unusual goes uvicorn's own way to the same app: other paths and methods, HTTP/1.0,
connections to be closed, upgrades, `Expect`, requests sent behind one that is not answered yet, and whatever
`Lanes.lets_in` does not want here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from bookingbridge.api.asgi import Answer, Header, Scope


@dataclass(frozen=True, slots=True)
class Door:
    """Answers a POST by its scope and whole body, None where that has more than `largest` bytes. Raises nothing."""

    answer: Callable[[Scope, bytes | None], Awaitable[Answer]]
    largest: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """An app's short ways: the door at a raw path, if any. `lets_in` may correct a scope by what proxies say."""

    door_at: Callable[[bytes], Door | None]
    lets_in: Callable[[Scope], bool]


class _Cycle:
    """One request on its short way, with what the server's connection wants to know of any request."""

    __slots__ = ("chunks", "disconnected", "door", "keep_alive", "message_event", "response_complete", "scope", "size")

    def __init__(self, scope: Scope, door: Door) -> None:
        self.scope = scope
        self.door = door
        self.chunks: list[bytes] = []
        self.size = 0
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False
        self.message_event = _NOBODY_WAITS


class _NobodyWaits:
    def set(self) -> None: ...


_NOBODY_WAITS = _NobodyWaits()


class ExpressProtocol(HttpToolsProtocol):
    """Give it to uvicorn as `http`; the app's attribute `lanes` are Lanes. Written against uvicorn 0.54.

    tests/api/test_express.py holds it to the behaviour of uvicorn's own.
    """

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._lanes: Lanes | None = getattr(config.app, "lanes", None)
        self._short: _Cycle | None = None

    def on_message_begin(self) -> None:
        # The scope is made when it is known for which way.
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._short = None

    def on_headers_complete(self) -> None:
        if (short := self._short_way()) is not None:
            self.cycle = cast("Any", short)
            self._short = short
            return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()

    def _short_way(self) -> _Cycle | None:
        parser, before = self.parser, self.cycle
        door = self._lanes.door_at(self.url) if self._lanes is not None else None
        if (
            door is None
            or parser.get_method() != b"POST"
            or not parser.should_keep_alive()
            or parser.should_upgrade()
            or self.expect_100_continue
            or self.limit_concurrency is not None
            or self.access_log
            or parser.get_http_version() != "1.1"
            or (before is not None and not before.response_complete)
        ):
            return None
        scope: Scope = {
            "type": "http", "method": "POST", "path": self.url.decode("latin-1"), "query_string": b"",
            "headers": self.headers, "client": self.client, "scheme": self.scheme,
        }  # fmt: skip
        return _Cycle(scope, door) if self._lanes is not None and self._lanes.lets_in(scope) else None

    def on_body(self, body: bytes) -> None:
        short = self._short
        if short is None:
            super().on_body(body)
            return
        short.size += len(body)
        # What is too large is let pass by, so that its sender comes to hear of it.
        if short.size <= short.door.largest:
            short.chunks.append(body)
        else:
            short.chunks.clear()

    def on_message_complete(self) -> None:
        short = self._short
        if short is None:
            super().on_message_complete()
            return
        self._short = None
        task = self.loop.create_task(self._answer(short))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _answer(self, short: _Cycle) -> None:
        body = b"".join(short.chunks) if short.size <= short.door.largest else None
        answer = await short.door.answer(short.scope, body)
        if self.flow.write_paused and not short.disconnected:
            await self.flow.drain()
        if short.disconnected:
            return
        if short.keep_alive:
            self.transport.write(_written(answer, self.server_state.default_headers))
        else:
            # The server is shutting down.
            last = answer._replace(headers=(*answer.headers, (b"connection", b"close")))
            self.transport.write(_written(last, self.server_state.default_headers))
            self.transport.close()
        short.response_complete = True
        self.on_response_complete()


class _Remembered:
    """The last answer that was written, in bytes: nearly every one says the same, for a second."""

    answer: Answer | None = None
    common: list[Header] | None = None
    written = b""


def _written(answer: Answer, common: list[Header]) -> bytes:
    """The answer as it goes over the wire, with the headers that the server adds to each (a new list each second)."""
    if answer is _Remembered.answer and common is _Remembered.common:
        return _Remembered.written
    lines = [STATUS_LINE[answer.status]]
    for name, value in (*common, *answer.headers, (b"content-length", b"%d" % len(answer.body))):
        lines += (name, b": ", value, b"\r\n")
    written = b"".join([*lines, b"\r\n", answer.body])
    _Remembered.answer, _Remembered.common, _Remembered.written = answer, common, written
    return written
