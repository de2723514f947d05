"""The webhooks' front door: raw ASGI, as a vendor's patience is short. Verified, kept, acknowledged, in this order.

POST /api/v1/webhooks/{vendor}/{connection} answers 200 after the commit that keeps the body, 401 where the signature
does not fit, 404 where there is no such connection, 413 past the limit, 503 (come again) where nothing could be kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused, Throttled, Unreachable
from bookingbridge.infra import json
from bookingbridge.infra.batcher import Batcher
from bookingbridge.sync.inbound import Arrival, Door

PREFIX = "/api/v1/webhooks/"
LARGEST = 1024 * 1024
"""Bytes of a body. Square's largest documented events are some 10 kB; Meta batches up to 1,000 changes."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class WebhookDoor:
    """An ASGI app in front of another: takes what is for the webhooks' address, hands on the rest."""

    def __init__(self, inner: App, door: Door, batcher: Batcher[Arrival, None]) -> None:
        self._inner = inner
        self._door = door
        self._batcher = batcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._inner(scope, receive, send)
            return
        status, body, kind = await self._answer(scope, receive)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        if status == 503:
            headers.append((b"retry-after", b"2"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        try:
            vendor, connection_id = _address(scope["path"])
            if scope["method"] == "GET":
                query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
                answer = await self._door.shake(vendor, connection_id, query)
                return 200, answer.encode(), b"text/plain; charset=utf-8"
            if scope["method"] != "POST":
                return _problem(405, "Method not allowed", "webhooks are delivered by POST")
            body = await _body(receive)
            if body is None:
                return _problem(413, "Too large", f"a webhook holds at most {LARGEST} bytes")
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            arrival = await self._door.admit(vendor, connection_id, headers, body)
            await self._batcher.put(arrival)
        except NotFound as absent:
            return _problem(404, "Not found", absent.why)
        except Refused as refused:
            return _problem(401, "Signature refused", refused.why)
        except (Throttled, Unreachable) as later:
            return _problem(503, "Come again", later.why)
        except BridgeError as bad:
            return _problem(400, "Not kept", bad.why)
        return 200, b'{"ok":true}', b"application/json"


def _address(path: str) -> tuple[str, UUID]:
    parts = path.removeprefix(PREFIX).split("/")
    try:
        vendor, connection = parts
        return vendor, UUID(connection)
    except ValueError as wrong:
        raise NotFound("webhooks go to /api/v1/webhooks/{vendor}/{connection}") from wrong


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None past the limit."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unreachable("the sender hung up")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > LARGEST:
            return None
        if not message.get("more_body"):
            return b"".join(chunks)


def _problem(status: int, title: str, detail: str) -> tuple[int, bytes, bytes]:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return status, body, b"application/problem+json"
