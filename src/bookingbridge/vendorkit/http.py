"""The one way out to a vendor: guarded, timed, retried where that is safe, and logged without secrets.

What a caller may rely on: an `Answer` is a status the vendor must map; everything else is an error of
canonical.errors whose class says what to do next.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import msgspec
import structlog

from bookingbridge.canonical.errors import Ambiguous, BridgeError, Refused, Rejected, Throttled, Unreachable, Unreadable
from bookingbridge.vendorkit import dialing, guard
from bookingbridge.vendorkit.budget import Purse
from bookingbridge.vendorkit.lookup import Lookup, NameNotFound, Resolve
from bookingbridge.vendorkit.retry_after import retry_after

log = structlog.get_logger("vendorkit.http")

# The library writes whole URLs at INFO, with whatever secret a vendor wants in the query.
for _chatty in ("httpx2", "httpcore2"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)

MAX_BODY = 10 * 1024 * 1024
"""Bytes, after decompression. No page of a vendor we know comes near it."""

MAX_NAP = 20.0
"""Seconds we are willing to wait inside one call; who is told to wait longer gets Throttled and decides."""

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
_BACKOFF_BASE, _BACKOFF_CAP = 0.5, 8.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor answered. `headers` are in lower case; `body` is decompressed and at most MAX_BODY long."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The decoded body. Unreadable when it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
            raise Unreadable(f"the answer ({self.status}) is not JSON", where=f"{len(self.body)} bytes") from broken

    def object(self) -> dict[str, Any]:
        """The decoded body, which must be a JSON object. Unreadable otherwise."""
        value = self.json()
        if not isinstance(value, dict):
            raise Unreadable(f"the answer ({self.status}) is not a JSON object")
        return value


class _Failed(Exception):
    """One try brought no answer. `was_sent` says whether the vendor may have acted on it."""

    def __init__(self, why: str, *, was_sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.was_sent = was_sent


class Transport:
    """A guarded HTTP client for one vendor. Close it, or use it as an async context manager.

    With a `purse` every request waits for its turn among all that spend from the same one.
    """

    def __init__(
        self,
        *,
        allowed_hosts: frozenset[str],
        allow_loopback: bool,
        now: Callable[[], datetime],
        timeout: float = 10.0,
        tries: int = 3,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        resolve: Resolve | None = None,
        purse: Purse | None = None,
    ) -> None:
        self._allowed_hosts = frozenset(h.lower() for h in allowed_hosts)
        self._allow_loopback = allow_loopback
        self._now = now
        self._timeout = timeout
        self._tries = max(1, tries)
        self._sleep = sleep
        self._jitter = jitter
        self._lookup = Lookup(resolve, timeout=timeout)
        self._purse = purse
        self._clients: dict[str, httpx2.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """No connection is open any more."""
        async with AsyncExitStack() as stack:
            for client in self._clients.values():
                stack.push_async_callback(client.aclose)
        self._clients.clear()

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        is_repeatable: bool | None = None,
    ) -> Answer:
        """The vendor's answer, whatever its status, save those that only ask for patience.

        429 and 5xx, no connection and no answer are tried again (full jitter, Retry-After honoured) when the request
        is repeatable: GET and HEAD are, others only where the caller says so (an idempotency key, a search by POST).
        None in `params` leaves the parameter out. After the last try: Throttled, Unreachable, or Ambiguous where a
        request that may not be repeated could have had its effect. Refused for a place we do not talk to,
        Unreadable for a body over MAX_BODY, Rejected for a header that HTTP cannot carry. 3xx is not followed.
        """
        where = guard.target(url, allowed_hosts=self._allowed_hosts, allow_loopback=self._allow_loopback)
        method = method.upper()
        repeatable = method in _REPEATABLE if is_repeatable is None else is_repeatable
        checked = _checked_headers(headers or {})
        query = {k: v for k, v in (params or {}).items() if v is not None}
        tries = self._tries if repeatable else 1
        for attempt in range(1, tries + 1):
            outcome = await self._try(where, method, url, checked, query, json, form, attempt)
            if isinstance(outcome, Answer) and outcome.status != 429 and outcome.status < 500:
                return outcome
            pause = self._pause(outcome, attempt)
            self._be_patient(outcome)
            if attempt == tries or pause > MAX_NAP:
                raise self._gave_up(where, outcome, repeatable=repeatable)
            await self._sleep(pause)
        raise AssertionError("unreachable: the loop returns or raises")

    async def dial(self, host: str, port: int, *, is_plain: bool | None = None) -> dialing.Line:
        """A line (reader, writer) over TLS to an allowed host, for vendors that speak IMAP; the caller closes it.

        On this machine, where that is allowed, it is plain unless `is_plain` is False. Refused for a place or port we
        do not talk to, Unreachable where nobody answers there with a certificate of that name.
        """
        where = guard.door(host, port, allowed_hosts=self._allowed_hosts, allow_loopback=self._allow_loopback)
        if where.is_loopback and is_plain is not False:
            where = replace(where, scheme="plain")
        async with self._purse.turn() if self._purse else nullcontext():
            return await dialing.dial(where, self._lookup, within_s=self._timeout)

    async def _try(
        self, where: guard.Target, method: str, url: str, headers: dict[str, str], query: dict[str, Any],
        json: Any, form: Mapping[str, Any] | None, attempt: int,
    ) -> Answer | _Failed:  # fmt: skip
        started = time.perf_counter()
        line = log.bind(method=method, host=where.host, path=shown_path(urlsplit(url).path), attempt=attempt)
        try:
            async with self._purse.turn() if self._purse else nullcontext():
                answer = await self._once(where, method, url, headers, query, json, form)
        except _Failed as failed:
            line.warning("vendor did not answer", why=failed.why, ms=_ms(started))
            return failed
        say = line.debug if answer.status < 400 else line.info
        say("vendor answered", status=answer.status, bytes=len(answer.body), ms=_ms(started))
        return answer

    async def _once(
        self, where: guard.Target, method: str, url: str, headers: dict[str, str], query: dict[str, Any],
        json: Any, form: Mapping[str, Any] | None,
    ) -> Answer:  # fmt: skip
        last = _Failed("the name has no address", was_sent=False)
        try:
            addresses = await self._lookup.addresses(where)
        except NameNotFound as unknown:
            raise _Failed(str(unknown), was_sent=False) from None
        for address in addresses:
            request = self._client(where).build_request(
                method, _addressed(url, where, address, query), headers=headers | {"Host": _host_header(where)},
                json=json, data=dict(form) if form is not None else None,
                extensions={"sni_hostname": where.host},
            )  # fmt: skip
            try:
                # A vendor that sends one byte at a time keeps every single read in time: hence one deadline for all.
                async with asyncio.timeout(3 * self._timeout):
                    return await self._receive(where, request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as failed:
                self._lookup.forget(where)
                last = _Failed(type(failed).__name__, was_sent=False)
            except (httpx2.TransportError, httpx2.DecodingError, TimeoutError) as failed:
                raise _Failed(type(failed).__name__, was_sent=True) from None
        raise last

    async def _receive(self, where: guard.Target, request: httpx2.Request) -> Answer:
        response = await self._client(where).send(request, stream=True, follow_redirects=False)
        try:
            chunks: list[bytes] = []
            size = 0
            async for chunk in response.aiter_bytes(65536):
                size += len(chunk)
                if size > MAX_BODY:
                    raise Unreadable(f"{where.host} answered with more than {MAX_BODY} bytes")
                chunks.append(chunk)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, b"".join(chunks))
        finally:
            await response.aclose()

    def _client(self, where: guard.Target) -> httpx2.AsyncClient:
        """One pool per host name: a TLS connection opened for one name is not used for another at the same address."""
        if where.host not in self._clients:
            self._clients[where.host] = httpx2.AsyncClient(
                timeout=httpx2.Timeout(self._timeout, connect=min(5.0, self._timeout)),
                verify=_trust(), trust_env=False, follow_redirects=False, headers={"User-Agent": "BookingBridge"},
            )  # fmt: skip
        return self._clients[where.host]

    def _pause(self, outcome: Answer | _Failed, attempt: int) -> float:
        """Seconds until the next try: full jitter, but never before the time the vendor named."""
        jittered = self._jitter() * min(_BACKOFF_CAP, _BACKOFF_BASE * 2.0 ** (attempt - 1))
        named = retry_after(outcome.headers, now=self._now()) if isinstance(outcome, Answer) else None
        return jittered if named is None else named + jittered

    def _be_patient(self, outcome: Answer | _Failed) -> None:
        """Who asked us to wait is left alone by all who spend from the same purse."""
        if self._purse and isinstance(outcome, Answer) and outcome.status == 429:
            self._purse.hold(retry_after(outcome.headers, now=self._now()) or 0.0)

    def _gave_up(self, where: guard.Target, outcome: Answer | _Failed, *, repeatable: bool) -> BridgeError:
        if isinstance(outcome, _Failed):
            if outcome.was_sent and not repeatable:
                return Ambiguous(f"{where.host} did not confirm ({outcome.why}); it may have done it", code="no_answer")
            return Unreachable(f"{where.host} did not answer ({outcome.why})", code="no_answer")
        if outcome.status == 429:
            named = retry_after(outcome.headers, now=self._now())
            until = None if named is None else self._now() + timedelta(seconds=named)
            return Throttled(f"{where.host} asks us to slow down", until=until)
        if repeatable:
            return Unreachable(f"{where.host} is in trouble (status {outcome.status})", code=f"http_{outcome.status}")
        return Ambiguous(
            f"{where.host} failed (status {outcome.status}); it may have done it", code=f"http_{outcome.status}"
        )


_WORDS = re.compile(r"[A-Za-z][A-Za-z_-]{0,19}|v\d{1,3}")


def shown_path(path: str) -> str:
    """The path for the log: words of the API stay; ids, addresses and secrets, which paths hold, too, do not."""
    return "/".join(part if not part or _WORDS.fullmatch(part) else "…" for part in path.split("/"))[:200]


@cache
def _trust() -> ssl.SSLContext:
    """The certificate authorities, read once: that takes a quarter of a second."""
    return httpx2.create_ssl_context(trust_env=False)


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, or Rejected where a pasted credential holds a line break: the library's own error would quote it."""
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise Rejected(f"the {name} header holds a character that HTTP cannot carry; look at the pasted credential")
    return {name: value.strip() for name, value in headers.items()}


def _addressed(url: str, where: guard.Target, address: str, query: Mapping[str, Any]) -> httpx2.URL:
    """The URL with the checked address in the host's place, whatever another parser would read out of it."""
    try:
        parsed = httpx2.URL(url).copy_with(scheme=where.scheme, host=address, port=where.port)
        return parsed.copy_merge_params(dict(query)) if query else parsed
    except httpx2.InvalidURL as broken:
        raise Refused("that is not a usable address") from broken


def _host_header(where: guard.Target) -> str:
    name = f"[{where.host}]" if ":" in where.host else where.host
    return name if where.port == (443 if where.scheme == "https" else 80) else f"{name}:{where.port}"


def _ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
