"""The outermost layer: headers on every answer, HTTPS where it must be, numbers for requests, faults kept inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra import log
from bookingbridge.web.csp import HEADERS
from bookingbridge.web.middleware import Front
from bookingbridge.web.proxies import Proxies

HTTPS = "https://book.example.com"
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def _echo(request: Request) -> Response:
    client = request.client.host if request.client else ""
    return JSONResponse({"client": client, "scheme": request.url.scheme, "id": request.state.request_id})


async def _page(request: Request) -> Response:
    request.state.toast_shown = True
    status = int(request.query_params.get("status", "200"))
    return HTMLResponse(
        "<p>page</p>", status, {"content-security-policy": "default-src 'self'", "Cache-Control": "no-cache"}
    )


async def _fail(request: Request) -> Response:
    raise ZeroDivisionError("a secret in a message")


async def _fail_late(request: Request) -> Response:
    async def body() -> Any:
        yield b"some"
        raise ZeroDivisionError("late")

    return StreamingResponse(body())


async def _large(request: Request) -> Response:
    return PlainTextResponse("Content Too Large", 413)


ROUTES = [
    Route("/echo", _echo, methods=["GET", "POST"]),
    Route("/api/v1/echo", _echo, methods=["GET", "POST"]),
    Route("/page", _page),
    Route("/fail", _fail),
    Route("/late", _fail_late),
    Route("/large", _large),
    Route("/api/v1/large", _large),
    Route("/livez", _echo),
]


def front(**how: Any) -> Front:
    log.configure(as_json=True, level="CRITICAL")
    how.setdefault("public_url", HTTPS)
    return Front(
        Starlette(routes=ROUTES), draw=lambda status, words, number: f"<h1>{status}</h1>{words} {number}", **how
    )


def ask(
    app: Front,
    path: str,
    *,
    method: str = "GET",
    headers: Headers = (),
    peer: str = "203.0.113.7",
    scheme: str = "http",
) -> Answer:
    """What the app answers to a request that came over a socket from `peer`."""
    bare, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": scheme,
        "path": bare, "raw_path": bare.encode("utf-8"), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": (peer, 4711), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip
    sent: list[Any] = []

    async def run() -> None:
        asked = asyncio.Event()

        async def receive() -> Any:
            if asked.is_set():
                await asyncio.Event().wait()  # the client neither sends more nor hangs up
            asked.set()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)

    asyncio.run(run())
    start = sent[0]
    headers_sent = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    assert len(headers_sent) == len(start["headers"]), "a header was sent twice"
    return Answer(start["status"], headers_sent, b"".join(message.get("body", b"") for message in sent[1:]))


def test_every_answer_carries_the_headers_and_what_a_route_set_stays() -> None:
    app = front()
    for path in ("/echo", "/nowhere", "/fail", "/late"):
        answer = ask(app, path, scheme="https")
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-request-id"]) == 16
    page = ask(app, "/page")
    assert page.headers["content-security-policy"] == "default-src 'self'"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = ask(front(), "/echo").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy


def test_plain_http_has_no_promise_of_https() -> None:
    assert "strict-transport-security" not in ask(front(public_url="http://127.0.0.1:8000"), "/echo").headers


def test_in_production_plain_http_is_led_to_https_or_refused() -> None:
    app = front(is_production=True)
    led = ask(app, "/echo?a=1&b=%20")
    assert (led.status, led.headers["location"]) == (308, f"{HTTPS}/echo?a=1&b=%20")
    refused = ask(app, "/api/v1/echo", method="POST")
    assert refused.status == 403
    assert json.loads(refused.body)["code"] == "forbidden"
    assert ask(app, "/echo", scheme="https").status == 200
    assert ask(app, "/livez").status == 200


def test_a_proxys_word_counts_only_from_those_we_trust() -> None:
    app = front(is_production=True, trusted_proxies="10.0.0.0/8, 2001:db8::1")
    claims = [("x-forwarded-proto", "https"), ("x-forwarded-for", "198.51.100.9")]
    assert ask(app, "/echo", headers=claims).status == 308
    for peer in ("10.1.2.3", "2001:db8::1", "::ffff:10.1.2.3"):
        answer = ask(app, "/echo", headers=claims, peer=peer)
        assert json.loads(answer.body)["client"] == "198.51.100.9"
        assert json.loads(answer.body)["scheme"] == "https"
    assert ask(app, "/echo", headers=[("x-forwarded-proto", "http")], peer="10.1.2.3").status == 308
    assert ask(app, "/echo", headers=[("x-forwarded-proto", "gopher")], peer="10.1.2.3").status == 308


def test_who_lies_about_their_address_is_seen_through() -> None:
    proxies = Proxies.parse("10.0.0.0/8")
    heard = "6.6.6.6, 198.51.100.9, 10.9.9.9"
    assert proxies.client("10.1.1.1", [heard]) == "198.51.100.9"
    assert proxies.client("10.1.1.1", ["6.6.6.6", "198.51.100.9"]) == "198.51.100.9"
    assert proxies.client("203.0.113.7", [heard]) == "203.0.113.7"
    assert proxies.client("10.1.1.1", ["198.51.100.9, nonsense"]) == "10.1.1.1"
    assert proxies.client("10.1.1.1", ["10.2.2.2, 10.3.3.3"]) == "10.2.2.2"
    assert proxies.client("10.1.1.1", []) == "10.1.1.1"
    assert proxies.client("10.1.1.1", ["198.51.100.9:1234"]) == "198.51.100.9"
    assert proxies.client("10.1.1.1", ["[2001:db8::7]:1234"]) == "2001:db8::7"


ours = st.integers(1, 2**24 - 2).map(lambda n: f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
strangers = st.one_of(
    st.integers(1, 254).map(lambda n: f"198.51.100.{n}"), st.integers(1, 2**16 - 1).map(lambda n: f"2001:db8::{n:x}")
)


@given(strangers, st.lists(ours, min_size=1, max_size=4), st.lists(st.text(max_size=30) | strangers | ours, max_size=4))
def test_whatever_a_client_writes_itself_it_is_known_by_the_address_our_proxies_saw(
    client: str, chain: list[str], written: list[str]
) -> None:
    # Each proxy adds whom it heard: the client, then the proxies before it; the last one speaks to us.
    heard = [", ".join([*written, client, *chain[:-1]])]
    assert Proxies.parse("10.0.0.0/8").client(chain[-1], heard) == client
    assert Proxies.parse("10.0.0.0/8").client(client, heard) == client
    assert Proxies().client(chain[-1], heard) == chain[-1]


def test_trusted_proxies_that_are_none_are_named() -> None:
    with pytest.raises(Refused, match=r"TRUSTED_PROXIES"):
        Proxies.parse("10.0.0.0/8, everybody")


@pytest.mark.parametrize("url", ["http://book.example.com", "http://10.0.0.5:8000"])
def test_production_without_https_does_not_start(url: str) -> None:
    with pytest.raises(Refused, match="PUBLIC_URL"):
        front(public_url=url, is_production=True)
    front(public_url=url)
    front(public_url="http://127.0.0.1:8000", is_production=True)


def test_a_requests_number_is_ours_unless_our_own_proxy_gave_one() -> None:
    app = front(trusted_proxies="10.0.0.1")
    given_id = [("x-request-id", "edge-0123456789")]
    assert json.loads(ask(app, "/echo", headers=given_id, peer="10.0.0.1").body)["id"] == "edge-0123456789"
    for headers, peer in ((given_id, "203.0.113.7"), ([("x-request-id", "a b\n")], "10.0.0.1"), ([], "10.0.0.1")):
        answer = ask(app, "/echo", headers=headers, peer=peer)
        number = json.loads(answer.body)["id"]
        assert number != "edge-0123456789"
        assert len(number) == 16
        assert answer.headers["x-request-id"] == number


def test_a_fault_is_answered_without_its_words_and_a_late_one_ends_the_answer() -> None:
    failed = ask(front(), "/fail")
    assert failed.status == 500
    assert b"secret" not in failed.body
    late = ask(front(), "/late")
    assert (late.status, late.body) == (200, b"some")


def test_people_get_a_page_and_programs_a_problem_where_the_body_is_too_large() -> None:
    page = ask(front(), "/large")
    assert (page.status, page.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert page.body.startswith(b"<h1>413</h1>")
    problem = ask(front(), "/api/v1/large")
    assert problem.headers["content-type"] == "application/problem+json"
    said = json.loads(problem.body)
    assert (said["status"], said["code"], said["request"]) == (413, "too_large", problem.headers["x-request-id"])
    assert int(problem.headers["content-length"]) == len(problem.body)


@pytest.mark.parametrize("path", ["/echo\x00", "/ec\nho", "/echo?a=%00", "/\x7f"])
def test_addresses_with_characters_no_address_has_are_refused(path: str) -> None:
    assert ask(front(), path).status == 400


def test_a_message_shown_is_taken_out_of_the_browser_with_the_page_that_showed_it() -> None:
    assert ask(front(), "/page").headers["set-cookie"].startswith("bb_toast=; Path=/; Max-Age=0")
    assert "set-cookie" not in ask(front(), "/page?status=404").headers


def test_what_is_not_http_passes_untouched() -> None:
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(Front(inner, public_url=HTTPS)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
