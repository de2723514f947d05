"""The webhooks' front door: raw ASGI, as a vendor's patience is short. Verified, kept, acknowledged, in this order.

POST /api/v1/webhooks/{vendor}/{connection} answers 200 after the commit that keeps the body, 401 where the signature
does not fit, 404 where there is no such connection, 413 past the limit, 503 (come again) where nothing could be kept.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl
from uuid import UUID

from bookingbridge.api import express
from bookingbridge.api.asgi import JSON, PROBLEM, Answer, App, Header, Receive, Scope, Send, read_body, send_answer
from bookingbridge.api.express import Lanes
from bookingbridge.canonical.errors import BridgeError, NotFound, Refused, Throttled, Unreachable
from bookingbridge.infra import json, log
from bookingbridge.infra.batcher import Batcher
from bookingbridge.sync.inbound import Arrival, Door

PREFIX = "/api/v1/webhooks/"
LARGEST = 1024 * 1024
"""Bytes of a body. Square's largest documented events are some 10 kB; Meta batches up to 1,000 changes."""

_KEPT = Answer(200, (JSON,), b'{"ok":true}')
_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")

_log = log.get(__name__)


class WebhookDoor:
    """An ASGI app in front of another: takes what is for the webhooks' address, hands on the rest.

    Deliveries need not come in by here: see `express`.
    """

    def __init__(self, inner: App, door: Door, batcher: Batcher[Arrival, None]) -> None:
        self._inner = inner
        self._door = door
        self._batcher = batcher
        short, prefix = express.Door(self.delivered, LARGEST), PREFIX.encode()
        self.lanes = Lanes(
            lambda path: short if path.startswith(prefix) and b"?" not in path else None, lets_in=lambda _: True
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._inner(scope, receive, send)
            return
        if scope["method"] == "GET":
            answer = await self._shaken(scope)
        elif scope["method"] != "POST":
            answer = _problem(405, "Method not allowed", "webhooks are delivered by POST")
        else:
            try:
                body = await read_body(receive, LARGEST)
            except Unreachable as later:
                answer = _refusal(later)
            else:
                answer = await self.delivered(scope, body)
        await send_answer(send, answer)

    async def delivered(self, scope: Scope, body: bytes | None) -> Answer:
        """The answer to a delivery: it is kept, or why not. For `express.Door`."""
        try:
            vendor, connection_id = _address(scope["path"])
            if body is None:
                return _problem(413, "Too large", f"a webhook holds at most {LARGEST} bytes")
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            arrival = await self._door.admit(
                vendor, connection_id, headers, body, query=scope["query_string"].decode("latin-1")
            )
            await self._batcher.put(arrival)
        except BridgeError as why:
            return _refusal(why)
        except Exception:
            _log.exception("webhook failed", path=scope["path"][:100])
            return _problem(500, "Internal", "Something went wrong here; the log has it.")
        return _KEPT

    async def _shaken(self, scope: Scope) -> Answer:
        try:
            vendor, connection_id = _address(scope["path"])
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            answer = await self._door.shake(vendor, connection_id, query)
        except BridgeError as why:
            return _refusal(why)
        return Answer(200, (_TEXT,), answer.encode())


@lru_cache(4_096)
def _address(path: str) -> tuple[str, UUID]:
    parts = path.removeprefix(PREFIX).split("/")
    try:
        vendor, connection = parts
        return vendor, UUID(connection)
    except ValueError as wrong:
        raise NotFound("webhooks go to /api/v1/webhooks/{vendor}/{connection}") from wrong


def _refusal(why: BridgeError) -> Answer:
    match why:
        case NotFound():
            return _problem(404, "Not found", why.why)
        case Refused():
            return _problem(401, "Signature refused", why.why)
        case Throttled() | Unreachable():
            return _problem(503, "Come again", why.why, (b"retry-after", b"2"))
    return _problem(400, "Not kept", why.why)


def _problem(status: int, title: str, detail: str, *more: Header) -> Answer:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return Answer(status, (PROBLEM, *more), body)
