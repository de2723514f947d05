"""What stands before everything else: real client addresses, HTTPS where it must be, headers, a number per request.

Put it around the whole app (`Front(app, ...)`), so that it also sees what the framework answers by itself. It is plain
ASGI: a request costs it some microseconds.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra import log
from bookingbridge.web.csp import HEADERS
from bookingbridge.web.proxies import Proxies

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Draw = Callable[[int, str, str], str]

MAX_BODY = 1024 * 1024
"""Bytes of a request's body unless a route says otherwise: the app's `max_body_size`."""

# One year, as ASVS 5.0 asks in 3.4.1.
_HSTS = b"max-age=31536000; includeSubDomains"
_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Cookies that JavaScript sets (theme) stay; this one is spent when a page has shown it.
_SPEND_TOAST = (b"set-cookie", b"bb_toast=; Path=/; Max-Age=0; HttpOnly; SameSite=lax")
_SLOW_S = 1.0

_log = log.get("web")


class Front:
    """The outermost layer. `plain_paths` are answered over plain HTTP too: health checks come from inside.

    `draw` makes the page for what goes wrong this far out: (status, words, the request's number) to HTML. Programs, and
    everybody where there is no `draw`, get a problem document. In production the public URL must be https, except on
    this machine's own loopback: raises Refused otherwise.
    """

    def __init__(
        self,
        app: App,
        *,
        public_url: str,
        is_production: bool = False,
        trusted_proxies: str = "",
        plain_paths: Collection[str] = ("/livez", "/readyz", "/healthz", "/metrics"),
        draw: Draw | None = None,
    ) -> None:
        parts = urlsplit(public_url)
        if is_production and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise Refused(
                "In production PUBLIC_URL must begin with https://. Put a proxy with a certificate in front, and name "
                "the proxy in TRUSTED_PROXIES."
            )
        self._app = app
        self._public_url = public_url.rstrip("/")
        self._is_https = parts.scheme == "https"
        self._must_be_https = is_production and self._is_https
        self._proxies = Proxies.parse(trusted_proxies)
        self._plain_paths = frozenset(plain_paths)
        self._draw = draw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        forwarded_id = self._believe_proxies(scope)
        request_id = forwarded_id or secrets.token_hex(8)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        draw = None if scope["path"].startswith("/api/") else self._draw
        answer = _Answer(send, state, request_id, draw, is_https=self._is_https)
        if refusal := self._refusal(scope):
            await answer.plain(*refusal)
            return
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request=request_id):
            try:
                await self._app(scope, receive, answer.send)
            except Exception:
                _log.exception("request failed", method=scope["method"], path=scope["path"])
                if not answer.has_begun:
                    await answer.plain(500, "Something went wrong here. The log has it under this request's number.")
            if (took := time.perf_counter() - began) > _SLOW_S:
                _log.warning("slow request", method=scope["method"], path=scope["path"], seconds=round(took, 2))

    def lets_in(self, scope: Scope) -> bool:
        """Whether the request may go on; the scope says the real client and scheme afterwards.

        For what is answered without the rest that is done here, because no page and no person reads the answer.
        """
        self._believe_proxies(scope)
        return self._refusal(scope) is None

    def _believe_proxies(self, scope: Scope) -> str | None:
        """The scope says the real client and scheme afterwards; the request's number that a proxy gave, if any."""
        peer = (scope.get("client") or ("", 0))[0]
        if not self._proxies.networks or not self._proxies.trusts(peer):
            return None
        forwarded_for, request_id = [], None
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                forwarded_for.append(value.decode("latin-1"))
            elif name == b"x-forwarded-proto":
                scheme = value.decode("latin-1").rpartition(",")[2].strip().lower()
                scope["scheme"] = scheme if scheme in ("http", "https") else scope["scheme"]
            elif name == b"x-request-id" and _REQUEST_ID.fullmatch(text := value.decode("latin-1")):
                request_id = text
        scope["client"] = (self._proxies.client(peer, forwarded_for), 0)
        return request_id

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        """Status, words and perhaps the place to go instead; None to go on."""
        query: bytes = scope["query_string"]
        # No path of ours has them: the database takes no NUL, and route patterns end at a line's end.
        if _CONTROL.search(scope["path"]) or b"%00" in query:
            return 400, "The address holds a character that no address has.", ""
        if not self._must_be_https or scope["scheme"] == "https" or scope["path"] in self._plain_paths:
            return None
        if scope["method"] not in ("GET", "HEAD"):
            return 403, f"Only {self._public_url} is served, over HTTPS. Nothing was done.", ""
        path = scope.get("raw_path") or scope["path"].encode()
        target = path.split(b"?")[0].decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        return 308, "This is served over HTTPS only.", self._public_url + target


class _Answer:
    """Sends what the app answers, with the headers that every answer carries and no other route has set."""

    def __init__(
        self, send: Send, state: dict[str, Any], request_id: str, draw: Draw | None, *, is_https: bool
    ) -> None:
        self._send = send
        self._draw = draw
        self._is_replaced = False
        self._state = state
        self._request_id = request_id
        self._is_https = is_https
        self.has_begun = False

    async def send(self, message: Message) -> None:
        if self._is_replaced:
            return
        if message["type"] == "http.response.start":
            if message["status"] == 413 and _is_bare(message):
                # The framework's own words for a body past its limit; it asks no error handler.
                await self.plain(413, "What was sent is larger than this address takes.", code="too_large")
                self._is_replaced = True
                return
            self.has_begun = True
            self._complete(message)
        await self._send(message)

    def _complete(self, message: Message) -> None:
        headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
        there = {name.lower(): value for name, value in headers}
        headers += [pair for pair in _HEADERS if pair[0] not in there]
        headers.append((b"x-request-id", self._request_id.encode()))
        if self._is_https:
            headers.append((b"strict-transport-security", _HSTS))
        if b"cache-control" not in there:
            headers.append((b"cache-control", b"no-store"))
        is_page = there.get(b"content-type", b"").startswith(b"text/html") and message["status"] == 200
        if is_page and self._state.get("toast_shown"):
            headers.append(_SPEND_TOAST)
        message["headers"] = headers

    async def plain(self, status: int, words: str, location: str = "", *, code: str = "") -> None:
        """An answer of our own: a page for people, a problem document for programs."""
        if self._draw:
            kind, body = b"text/html; charset=utf-8", self._draw(status, words, self._request_id).encode()
        else:
            kind, body = b"application/problem+json", _problem(status, words, code, self._request_id)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        if location:
            headers.append((b"location", location.encode("latin-1")))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _is_bare(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/plain") for name, value in message["headers"]
    )


def _problem(status: int, words: str, code: str, request_id: str) -> bytes:
    """The same shape as the API's own."""
    phrase = HTTPStatus(status).phrase
    named = code or phrase.lower().replace(" ", "_")
    said = {
        "type": f"urn:bookingbridge:problem:{named}",
        "title": phrase.capitalize(),
        "status": status,
        "detail": words,
        "code": named,
        "request": request_id,
        "errors": [],
    }
    return json.dumps(said).encode()
