"""Faults on demand: what a simulated vendor does wrong, for which requests, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bookingbridge.canonical.errors import Unreadable


class FaultKind(StrEnum):
    """What goes wrong."""

    THROTTLED = "429"
    BROKEN = "500"
    BROKEN_AFTER_EFFECT = "500_after_effect"
    TIMEOUT_AFTER_EFFECT = "timeout_after_effect"
    RESET = "reset"
    EMPTY_PAGE_WITH_CURSOR = "empty_page_with_cursor"
    GARBAGE = "garbage"
    SLOW = "slow"


@dataclass(slots=True)
class Fault:
    """One order: the next `times` matching requests (None: all of them) go wrong this way."""

    kind: FaultKind
    method: str | None
    path_prefix: str
    times: int | None
    retry_after: int | None
    seconds: float

    @classmethod
    def parse(cls, order: Mapping[str, Any]) -> Fault:
        """The order as it came over HTTP. Unreadable when a field is not understood."""
        match = order.get("match") or {}
        try:
            return cls(
                kind=FaultKind(str(order["fault"])),
                method=str(match["method"]).upper() if match.get("method") else None,
                path_prefix=str(match.get("path_prefix", "/")),
                times=None if order.get("times", 1) is None else int(order.get("times", 1)),
                retry_after=None if order.get("retry_after") is None else int(order["retry_after"]),
                seconds=float(order.get("seconds", 2.0)),
            )
        except (KeyError, ValueError, TypeError, AttributeError) as broken:
            raise Unreadable(f"not a fault: {broken}") from broken

    def to_json(self) -> dict[str, Any]:
        return {
            "fault": self.kind.value,
            "match": {"method": self.method, "path_prefix": self.path_prefix},
            "times": self.times,
            "retry_after": self.retry_after,
            "seconds": self.seconds,
        }


class Faults:
    """The orders still open, first come first served."""

    def __init__(self) -> None:
        self.open: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if any; one fewer is left of it."""
        for fault in self.open:
            if fault.method in (None, method) and path.startswith(fault.path_prefix):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.open.remove(fault)
                return fault
        return None


async def go_wrong(
    fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, refusal: Callable[[Fault], Response]
) -> int:
    """The request has gone wrong as ordered; the status is what was, or would have been, answered."""
    match fault.kind:
        case FaultKind.THROTTLED | FaultKind.BROKEN:
            response = refusal(fault)
            await response(scope, receive, send)
            return response.status_code
        case FaultKind.BROKEN_AFTER_EFFECT:
            await app(scope, receive, _swallow)
            await refusal(fault)(scope, receive, send)
            return 500
        case FaultKind.TIMEOUT_AFTER_EFFECT:
            await app(scope, receive, _swallow)
            await _until_the_caller_leaves(receive)
            return 0
        case FaultKind.RESET:
            # An answer that promises more bytes than it sends: the server cuts the connection in its middle.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            return 0
        case FaultKind.GARBAGE:
            await Response("<html><body>Be right back</body></html>", media_type="text/html")(scope, receive, send)
            return 200
        case FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            await app(scope, receive, send)
            return 200
        case FaultKind.EMPTY_PAGE_WITH_CURSOR:
            scope["simulated_fault"] = fault.kind
            await app(scope, receive, send)
            return 200


def is_page_withheld(scope: Mapping[str, Any]) -> bool:
    """Whether this list shall answer an empty page with a cursor that leads on."""
    return scope.get("simulated_fault") is FaultKind.EMPTY_PAGE_WITH_CURSOR


async def _swallow(_: Message) -> None:
    """The answer that nobody will see."""


async def _until_the_caller_leaves(receive: Receive) -> None:
    async with asyncio.timeout(120):
        while (await receive())["type"] != "http.disconnect":
            pass
