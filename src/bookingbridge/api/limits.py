"""How fast one client may ask: per operation and client, and per address whatever it asks.

The buckets are one process's: they keep one client from crowding out the others. What must hold over all processes
(guessing passwords) is counted in the database, by accounts.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from starlette.requests import Request

from bookingbridge.canonical.errors import Throttled
from bookingbridge.domains.accounts.api import Who
from bookingbridge.infra.limits import Buckets, Pace, Verdict

PER_OPERATION = Pace(120, timedelta(minutes=1))
"""For one client at one operation, unless the operation's router says otherwise."""

PER_ADDRESS = Pace(1200, timedelta(minutes=1))
"""For one address over all operations; it also counts requests with wrong credentials."""


def buckets_of(request: Request) -> Buckets:
    """The app's buckets; made at first use."""
    state = request.app.state
    if not hasattr(state, "api_buckets"):
        state.api_buckets = Buckets()
    buckets: Buckets = state.api_buckets
    return buckets


def check_address(request: Request) -> None:
    """Returns when the address may ask. Raises Throttled. Comes before anything that costs us work."""
    address = request.client.host if request.client else "unknown"
    _take(request, f"address:{address}", PER_ADDRESS)


def check_client(request: Request, operation: str, caller: object, pace: Pace) -> None:
    """Returns when this client may use this operation. Raises Throttled; RateLimit headers are noted either way."""
    address = request.client.host if request.client else "unknown"
    client = caller.client if isinstance(caller, Who) else f"address:{address}"
    _take(request, f"{operation}|{client}", pace)


def _take(request: Request, key: str, pace: Pace) -> None:
    now = request.app.state.clock.now()
    verdict = buckets_of(request).take(key, pace, now)
    request.state.limit_headers = headers(pace, verdict)
    if not verdict.is_allowed:
        raise Throttled("Too many requests. Wait as long as Retry-After says.", until=now + verdict.wait)


def headers(pace: Pace, verdict: Verdict) -> dict[str, str]:
    """What the client may still do: requests left now, and seconds until all are there again."""
    return {
        "ratelimit-limit": str(pace.burst),
        "ratelimit-remaining": str(verdict.left),
        "ratelimit-reset": str(ceil(verdict.until_full.total_seconds())),
        "ratelimit-policy": f"{pace.burst};w={ceil(pace.per.total_seconds())}",
    }
