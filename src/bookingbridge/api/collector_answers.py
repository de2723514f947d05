"""What the collector answers. Every answer may be read by pages of any origin; none carries or needs a cookie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import NamedTuple

from bookingbridge.api.asgi import JSON, Answer, Header, Scope, problem
from bookingbridge.canonical.errors import BridgeError, NotFound, Throttled, Unreachable
from bookingbridge.domains.journeys.api import Touch
from bookingbridge.infra import json

FOR_ALL: Header = (b"access-control-allow-origin", b"*")

# Without a body it goes out in one write instead of two.
ALL = Answer(202, (FOR_ALL,))
"""Every event is durable, and there is nothing to say about it."""

_PREFLIGHT = Answer(
    204,
    (
        FOR_ALL,
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type, authorization, x-site-key"),
        (b"access-control-max-age", b"86400"),
    ),
)
_STATUS = {"unauthenticated": 401, "forbidden": 403, "host_not_allowed": 403, "too_large": 413, "not_json": 400}


class Stored(NamedTuple):
    """The touches at their events' places, None where one was refused; (where, why) of those."""

    touches: Sequence[Touch | None]
    errors: Sequence[tuple[str, str]]

    @property
    def accepted(self) -> int:
        return len(self.touches) - len(self.errors)


def recorded(stored: Stored, *, with_ids: bool) -> Answer:
    """How many are durable and which are not and why; 422 where none is."""
    if not stored.accepted:
        return problem(422, "invalid", "None of the events can be used.", errors=stored.errors, headers=(FOR_ALL,))
    errors = [{"where": where, "why": why} for where, why in stored.errors]
    found: dict[str, object] = {"accepted": stored.accepted, "errors": errors}
    if with_ids:
        found["ids"] = [touch.id if touch else None for touch in stored.touches]
    return Answer(202, (JSON, FOR_ALL), json.dumps(found))


def not_post(scope: Scope) -> Answer:
    """The answer to a method other than POST, a browser's question beforehand among them."""
    if scope["method"] == "OPTIONS":
        return _PREFLIGHT
    return problem(405, "method_not_allowed", "events are sent by POST", headers=(FOR_ALL, (b"allow", b"POST")))


def of_error(error: BridgeError, now: datetime) -> Answer:
    """What a sender shall do next: 429 and 503 come again, anything else is for good."""
    if isinstance(error, Throttled) and error.until is not None:
        seconds = max(1, ceil((error.until - now).total_seconds()))
        return problem(429, error.code, error.why, headers=(FOR_ALL, (b"retry-after", b"%d" % seconds)))
    if isinstance(error, Throttled | Unreachable):
        return problem(503, error.code, error.why, headers=(FOR_ALL, (b"retry-after", b"2")))
    status = 404 if isinstance(error, NotFound) else _STATUS.get(error.code, 422)
    more: tuple[Header, ...] = ((b"www-authenticate", b"Bearer"),) if status == 401 else ()
    return problem(status, error.code, error.why, headers=(FOR_ALL, *more))
