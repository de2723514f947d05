"""The little that raw ASGI needs: bodies with a limit, answers, problem documents without a framework's request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, NamedTuple

from bookingbridge.canonical.errors import Unreachable
from bookingbridge.infra import json

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]


class Answer(NamedTuple):
    """A whole HTTP answer. The length is added when it is sent."""

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""


JSON: Header = (b"content-type", b"application/json")
PROBLEM: Header = (b"content-type", b"application/problem+json")


async def send_answer(send: Send, answer: Answer, *, without_body: bool = False) -> None:
    """The answer is handed to the server; for HEAD `without_body`."""
    status, headers, body = answer
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": b"" if without_body else body})


async def read_body(receive: Receive, largest: int) -> bytes | None:
    """The whole body; None where it has more bytes than `largest`. Raises Unreachable when the sender hung up."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Unreachable("the sender hung up")
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= largest else None
    chunks, size = [body], len(body)
    while message.get("more_body") and size <= largest:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unreachable("the sender hung up")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
    return b"".join(chunks) if size <= largest else None


def header(scope: Scope, name: bytes) -> str:
    """The header of that name (lower case), "" where there is none."""
    value: bytes
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return ""


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[tuple[str, str]] = (),
    headers: tuple[Header, ...] = (),
) -> Answer:
    """A problem document (RFC 9457) of the same shape as the API's. `errors` are (where, why)."""
    document = {
        "type": f"urn:bookingbridge:problem:{code}",
        "title": HTTPStatus(status).phrase.capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [{"where": where, "why": why} for where, why in errors],
    }
    return Answer(status, (PROBLEM, *headers), json.dumps(document))
