"""The short way through the server: what takes it, and that nobody outside can tell it from the ordinary way."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.simulators import serving

from bookingbridge.api.asgi import Answer, Scope
from bookingbridge.api.express import Door, Lanes

LARGEST = 1_000
HEAD = b"Host: x\r\nContent-Length: "


class Echo:
    """Answers with what it was sent, and by which way. `pause` is how long the short way takes for a body."""

    def __init__(self) -> None:
        self.lanes = Lanes({b"/short": Door(self.short, LARGEST)}.get, self.lets_in)
        self.asked = 0
        self.answered = 0

    def lets_in(self, scope: Scope) -> bool:
        scope["client"] = ("192.0.2.1", 0)
        return (b"x-way", b"long") not in scope["headers"]

    async def short(self, scope: Scope, body: bytes | None) -> Answer:
        assert (scope["client"], scope["method"]) == (("192.0.2.1", 0), "POST")
        if body is None:
            return Answer(413, (), b"too large")
        self.asked += 1
        await asyncio.sleep(0.2 if b"slow" in body else 0)
        self.answered += 1
        return Answer(202, ((b"x-way", b"short"),), body)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = [(b"content-length", b"%d" % len(body)), (b"x-way", b"long")]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def _line(base: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=5) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield line


def _post(body: bytes, *, path: bytes = b"/short", more: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"POST %s HTTP/%s\r\n%s%d\r\n%s\r\n%s" % (path, version, HEAD, len(body), more, body)


def _heard(line: socket.socket, count: int) -> list[tuple[int, str, bytes]]:
    """Status, way and body of the next `count` answers, in their order, and nothing after them."""
    heard, rest = [], b""
    for _ in range(count):
        while b"\r\n\r\n" not in rest:
            rest += _more(line)
        head, _, rest = rest.partition(b"\r\n\r\n")
        fields = dict(row.lower().split(b": ", 1) for row in head.split(b"\r\n")[1:])
        assert b"date" in fields
        length = int(fields[b"content-length"])
        while len(rest) < length:
            rest += _more(line)
        heard.append((int(head.split()[1]), fields.get(b"x-way", b"").decode(), rest[:length]))
        rest = rest[length:]
    assert rest == b""
    return heard


def _more(line: socket.socket) -> bytes:
    data = line.recv(65_536)
    assert data, "the server hung up"
    return data


def test_one_connection_serves_short_and_long_ways_in_turn() -> None:
    with serving(Echo()) as base, _line(base) as line:
        for n in range(5):
            line.sendall(_post(b"short %d" % n))
            assert _heard(line, 1) == [(202, "short", b"short %d" % n)]
            line.sendall(_post(b"long %d" % n, path=b"/long"))
            assert _heard(line, 1) == [(202, "long", b"long %d" % n)]


@pytest.mark.parametrize(
    "unusual",
    [
        b"GET /short HTTP/1.1\r\nHost: x\r\n\r\n",
        _post(b"", path=b"/short?x=1"),
        _post(b"", path=b"/%73hort"),
        _post(b"", more=b"X-Way: long\r\n"),
        _post(b"", more=b"Connection: close\r\n"),
        _post(b"", version=b"1.0"),
        _post(b"", version=b"1.0", more=b"Connection: keep-alive\r\n"),
        _post(b"", more=b"Connection: upgrade\r\nUpgrade: h2c\r\n"),
    ],
)
def test_what_is_unusual_goes_the_ordinary_way(unusual: bytes) -> None:
    with serving(Echo()) as base, _line(base) as line:
        line.sendall(unusual)
        assert _heard(line, 1)[0][1] == "long"


def test_who_asks_before_sending_is_told_to_go_on() -> None:
    with serving(Echo()) as base, _line(base) as line:
        line.sendall(b"POST /short HTTP/1.1\r\n" + HEAD + b"2\r\nExpect: 100-continue\r\n\r\n")
        assert line.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"hi")
        assert _heard(line, 1) == [(202, "long", b"hi")]


def test_requests_sent_at_once_are_answered_once_each_and_in_order() -> None:
    sent = [b"slow 1", b"2", b"slow 3", b"4", b"5"]
    with serving(Echo()) as base, _line(base) as line:
        line.sendall(b"".join(_post(body, path=b"/long" if body == b"4" else b"/short") for body in sent))
        assert [body for _, _, body in _heard(line, len(sent))] == sent
        line.sendall(_post(b"after"))
        assert _heard(line, 1) == [(202, "short", b"after")]


def test_a_body_may_come_in_pieces_and_in_chunks() -> None:
    whole = _post(b"in pieces")
    with serving(Echo()) as base, _line(base) as line:
        for n in range(len(whole)):
            line.sendall(whole[n : n + 1])
        assert _heard(line, 1) == [(202, "short", b"in pieces")]
        line.sendall(
            b"POST /short HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\n6\r\nchunks\r\n0\r\n\r\n"
        )
        assert _heard(line, 1) == [(202, "short", b"in chunks")]


@pytest.mark.parametrize(("size", "status"), [(LARGEST, 202), (LARGEST + 1, 413), (3_000_000, 413)])
def test_the_door_hears_of_a_body_that_is_too_large_and_the_connection_goes_on(size: int, status: int) -> None:
    with serving(Echo()) as base, _line(base) as line:
        line.sendall(_post(b"x" * size))
        assert _heard(line, 1)[0][0] == status
        line.sendall(_post(b"after"))
        assert _heard(line, 1) == [(202, "short", b"after")]


def test_a_sender_who_hangs_up_disturbs_nobody_and_what_it_sent_is_dealt_with() -> None:
    echo = Echo()
    with serving(echo) as base:
        for _ in range(5):
            with _line(base) as line:
                line.sendall(_post(b"slow"))
        with _line(base) as line:
            line.sendall(b"POST /short HTTP/1.1\r\n" + HEAD + b"50\r\n\r\nhalf")
        _until(lambda: echo.answered == 5)
        with _line(base) as line:
            line.sendall(_post(b"still here"))
            assert _heard(line, 1) == [(202, "short", b"still here")]
    assert echo.asked == 6


def test_a_server_that_shuts_down_answers_first_and_hangs_up_then() -> None:
    echo = Echo()
    with _line_over(echo) as line:
        line.sendall(_post(b"slow"))
        _until(lambda: echo.asked == 1)
    said = b""
    while data := line.recv(1_000):
        said += data
    assert said.endswith(b"\r\n\r\nslow")
    assert b"connection: close\r\n" in said
    line.close()


@contextmanager
def _line_over(echo: Echo) -> Iterator[socket.socket]:
    """A connection that is still open when the server is told to stop."""
    with serving(echo) as base:
        line = socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=5)
        yield line


def _until(is_so: Any) -> None:
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
