"""The shell: the whole page or the part, navigation by permission, the demo's banner, headers, toasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.web.markup import Page

from bookingbridge.web import gallery
from bookingbridge.web.pages.error.view import ErrorView
from bookingbridge.web.shell import NAV, Frame, Shell, Toast

VIEW = ErrorView(404, "Nothing is here.", "Go elsewhere.")
FRAME = gallery.frame("/sync/runs/1")


def shown(frame: Frame) -> Page:
    page = Page(Shell().render(frame, "error/page.html", VIEW, title="Nothing"))
    assert page.wrong == []
    return page


@pytest.fixture
def client() -> Iterator[TestClient]:
    async def route(request: Request) -> Response:
        request.state.frame = FRAME
        return Shell().show(request, "error/page.html", VIEW, status=404, title="Nothing")

    with TestClient(Starlette(routes=[Route("/", route)])) as client:
        yield client


def test_a_browser_gets_the_whole_page(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 404
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("headers", "is_whole"),
    [
        ({"hx-request": "true", "hx-request-type": "partial"}, False),
        ({"hx-request": "true", "hx-request-type": "full"}, True),
        ({"hx-request": "true", "hx-request-type": "partial", "hx-history-restore-request": "true"}, True),
    ],
)
def test_htmx_gets_what_it_asks_for(client: TestClient, headers: dict[str, str], is_whole: bool) -> None:
    text = client.get("/", headers=headers).text
    assert text.startswith("<!doctype html>") is is_whole
    assert "<h1>Nothing</h1>" in text


def test_every_page_forbids_what_is_not_ours_and_is_kept_by_nobody(client: TestClient) -> None:
    headers = client.get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "form-action", "connect-src")} == {"'self'"}
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "private, no-store"
    assert "HX-Request" in headers["vary"]
    assert headers["x-content-type-options"] == "nosniff"


def test_navigation_shows_only_what_one_may() -> None:
    few = replace(FRAME, may=frozenset({"clients.read", "settings.read"}), is_demo=False)
    assert [item.label for item in few.nav] == ["Customers", "Settings"]
    page = shown(few)
    assert "Attribution" not in page.words
    assert "/attribution" not in page.links


def test_the_place_one_is_at_is_marked_also_deeper_in() -> None:
    assert [item.key for item in NAV if FRAME.is_at(item)] == ["sync"]
    assert [item.key for item in NAV if replace(FRAME, path="/syncing").is_at(item)] == []


def test_no_two_places_share_a_shortcut() -> None:
    assert len({item.shortcut for item in NAV}) == len(NAV) == len({item.key for item in NAV})


def test_a_demo_says_so_on_every_page_and_a_real_business_does_not() -> None:
    assert "Demo shop" in shown(FRAME).words
    assert "Demo shop" not in shown(replace(FRAME, is_demo=False)).words


def test_businesses_can_be_switched_where_there_are_several() -> None:
    several = shown(FRAME)
    assert [f for f in several.forms if f.get("action") == "/business"]
    one = shown(replace(FRAME, businesses=FRAME.businesses[:1]))
    assert not [f for f in one.forms if f.get("action") == "/business"]


def test_a_toast_is_escaped_and_stands_in_the_live_region() -> None:
    frame = replace(FRAME, toasts=(Toast("Saved <b>all</b>."),))
    text = Shell().render(frame, "error/page.html", VIEW, title="Nothing")
    assert "Saved &lt;b&gt;all&lt;/b&gt;." in text.partition('role="status"')[2]
    part = Shell().render(frame, "error/page.html", VIEW, title="Nothing", is_part=True)
    assert '<div id="toasts" hx-swap-oob="beforeend">' in part


def test_somebody_not_signed_in_gets_no_navigation() -> None:
    page = shown(gallery.frame("/signin", is_signed_in=False))
    assert page.links == ["/today"]
    assert page.forms == []


def test_the_theme_comes_from_the_browser_and_only_two_words_are_believed() -> None:
    for cookie, wanted in (("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")):
        request = Request({"type": "http", "headers": [(b"cookie", f"theme={cookie}".encode())]})
        assert gallery.frame("/", request=request).theme == wanted


def test_the_gallery_serves_every_page_and_all_parts() -> None:
    with TestClient(gallery.app) as client:
        index = client.get("/ui/")
        assert index.status_code == 200
        assert Page(index.text).wrong == []
        for name in gallery.PAGES:
            assert f"/ui/pages/{name}" in index.text
        assert client.get("/ui/pages/today").status_code == 200
