"""What the script does in a real browser, on real pages, against a collector that sometimes fails."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.api.tracker.world import CHROMIUM, Event, World, serving, until

from bookingbridge.domains.journeys.rules import is_token

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="no Chromium here: apt-get install chromium"),
]

Open = Callable[..., Page]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--host-resolver-rules=MAP *.example.com 127.0.0.1, MAP *.example.org 127.0.0.1"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def world() -> Iterator[World]:
    with serving(World()) as served:
        yield served


@pytest.fixture
def opened(browser: Browser, world: World) -> Iterator[Open]:
    """Opens a path in the test's one browser profile; fails the test when the page met an error."""
    context = browser.new_context()
    errors: list[str] = []

    def open_(path: str = "/", *, host: str = "shop.example.com", init: str = "") -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if init:
            page.add_init_script(init)
        page.goto(world.url(path, host))
        page.wait_for_function("!!(window.bb && window.bb.token)")
        return page

    yield open_
    context.close()
    assert errors == []


def only(world: World, count: int = 1) -> list[Event]:
    until(lambda: len(world.events) >= count)
    assert len(world.events) == count
    return world.events


def storage(page: Page) -> object:
    return page.evaluate("[Object.entries({...localStorage}), Object.entries({...sessionStorage}), document.cookie]")


NOTHING = [[], [], ""]


def test_before_consent_a_visit_is_counted_and_nothing_is_stored(opened: Open, world: World) -> None:
    world.body = '<input name="bb_token"><a href="http://book.example.org/x">Book</a>'
    world.attributes = 'data-booking-hosts="book.example.org"'
    page = opened("/?utm_source=fb&utm_medium=paid&fbclid=IwAR_Secret&q=private")
    (event,) = only(world)
    assert UUID.fullmatch(event["id"])
    assert UUID.fullmatch(event["fields"]["page"])
    assert {k: event[k] for k in ("kind", "visitor", "consent", "url", "referrer", "utm", "click_ids")} == {
        "kind": "visit", "visitor": None, "consent": "none", "url": world.url("/"), "referrer": "",
        "utm": {"source": "fb", "medium": "paid"}, "click_ids": {"fbclid": "-"},
    }  # fmt: skip
    assert storage(page) == NOTHING
    assert page.context.cookies() == []
    assert page.locator("input").input_value() == ""
    assert page.locator("a").get_attribute("href") == "http://book.example.org/x"
    assert page.evaluate("bb.token()") is None
    assert world.content_types == ["text/plain;charset=UTF-8"]


def test_consent_brings_a_token_and_tells_the_visit_again_in_full(opened: Open, world: World) -> None:
    page = opened("/?utm_source=fb&fbclid=IwAR_Secret")
    only(world)
    page.evaluate("bb.consent(true)")
    before, after = only(world, 2)
    token = page.evaluate("bb.token()")
    assert is_token(token)
    assert (after["kind"], after["consent"], after["visitor"]) == ("visit", "granted", token)
    assert after["click_ids"] == {"fbclid": "IwAR_Secret"}
    assert after["url"] == world.url("/?utm_source=fb&fbclid=IwAR_Secret")
    assert after["fields"]["page"] == before["fields"]["page"]
    assert after["id"] != before["id"]
    assert page.evaluate("localStorage.bb_token") == token
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["domain"], cookie["sameSite"]) == (
        "bb_token", token, "shop.example.com", "Lax",
    )  # fmt: skip


def test_consent_given_twice_changes_nothing(opened: Open, world: World) -> None:
    page = opened("/")
    page.evaluate("bb.consent(true)")
    token = page.evaluate("bb.token()")
    page.evaluate("bb.consent(true)")
    assert page.evaluate("bb.token()") == token
    only(world, 2)


def test_a_withdrawn_consent_takes_everything_away(opened: Open, world: World) -> None:
    world.body = '<input name="bb_token"><a href="http://book.example.org/?a=1">Book</a>'
    world.attributes = 'data-booking-hosts="book.example.org"'
    page = opened("/?utm_source=fb")
    page.evaluate("bb.consent(true)")
    only(world, 2)
    assert page.locator("a").get_attribute("href") == f"http://book.example.org/?a=1&bb={page.evaluate('bb.token()')}"
    page.evaluate("bb.consent(false)")
    assert storage(page) == NOTHING
    assert page.context.cookies() == []
    assert page.locator("input").input_value() == ""
    assert page.locator("a").get_attribute("href") == "http://book.example.org/?a=1"
    page.evaluate("bb.track('visit', {step: 2})")
    event = only(world, 3)[2]
    assert (event["consent"], event["visitor"], event["fields"]) == ("denied", None, {"step": 2})


def test_where_consent_is_not_required_a_refusal_is_remembered(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    page = opened("/")
    (event,) = only(world)
    assert (event["consent"], event["visitor"]) == ("not-required", page.evaluate("bb.token()"))
    page.evaluate("bb.consent(false)")
    again = opened("/?utm_source=news")
    assert again.evaluate("bb.token()") is None
    assert only(world, 2)[1]["consent"] == "denied"
    again.evaluate("bb.consent(true)")
    assert is_token(again.evaluate("bb.token()"))


def test_a_global_privacy_signal_is_a_refusal_that_no_call_can_undo(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    signal = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    page = opened("/?gclid=Cj0K", init=signal)
    page.evaluate("bb.consent(true)")
    page.evaluate("bb.identify({email: 'ana@example.com'})")
    (event,) = only(world)
    assert (event["consent"], event["visitor"], event["click_ids"], event["fields"]) == (
        "denied",
        None,
        {"gclid": "-"},
        {},
    )
    assert storage(page) == NOTHING


def test_tags_survive_navigation_and_a_walk_through_the_site_is_one_visit(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    world.body = '<a id="next" href="/prices">Prices</a>'
    page = opened("/?utm_source=google&utm_medium=cpc&utm_campaign=Spring&gclid=Cj0K_x")
    only(world)
    page.click("#next")
    page.wait_for_function("!!window.bb && location.pathname === '/prices'")
    page.reload()
    page.wait_for_function("!!(window.bb && window.bb.token)")
    page.evaluate("bb.identify({email: 'Ana@example.com', phone: '+1 206 555 0123'})")
    visit, identify = only(world, 2)
    assert (identify["kind"], identify["email"], identify["phone"]) == (
        "identify",
        "Ana@example.com",
        "+1 206 555 0123",
    )
    assert identify["url"] == world.url("/prices")
    assert identify["visitor"] == visit["visitor"]
    for told in ("utm", "click_ids", "referrer"):
        assert identify[told] == visit[told]
    assert visit["utm"] == {"source": "google", "medium": "cpc", "campaign": "Spring"}
    assert visit["click_ids"] == {"gclid": "Cj0K_x"}


def test_another_campaign_or_another_sites_link_begins_a_visit(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    opened("/?utm_source=google").close()
    opened("/?utm_source=google").close()
    opened("/?utm_source=newsletter").close()
    page = opened("/")
    assert [e["utm"] for e in only(world, 2)] == [{"source": "google"}, {"source": "newsletter"}]
    page.goto(world.url(f"/elsewhere?to={world.url('/prices')}", "hairmag.example.org"))
    page.click("#out")
    page.wait_for_function("!!(window.bb && window.bb.token)")
    last = only(world, 3)[2]
    assert (last["kind"], last["referrer"], last["utm"]) == ("visit", world.url("/", "hairmag.example.org"), {})


def test_after_half_an_hour_a_return_is_a_visit_of_its_own(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    page = opened("/?utm_source=google")
    only(world)
    page.evaluate(
        "const v = JSON.parse(localStorage.bb_visit); v.at -= 1801000; localStorage.bb_visit = JSON.stringify(v)"
    )
    opened("/")
    visit, returned = only(world, 2)
    assert (returned["kind"], returned["utm"], returned["visitor"]) == ("visit", {}, visit["visitor"])


def test_a_failed_delivery_is_repeated_with_the_same_ids(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    world.status = 503
    page = opened("/?utm_source=google")
    page.evaluate("bb.track('visit', {n: 1})")
    until(lambda: len({e["id"] for b in world.refused for e in b["events"]}) == 2)
    world.status = 204
    until(lambda: len(world.events) == 2)
    assert {e["id"] for e in world.events} == {e["id"] for b in world.refused for e in b["events"]}
    until(lambda: page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('bb_event_')).length") == 0)


def test_what_was_not_delivered_is_delivered_by_the_next_page(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    world.status = 500
    opened("/?utm_source=google").close()
    until(lambda: world.refused)
    first = world.refused[0]["events"][0]["id"]
    world.status = 204
    opened("/prices")
    (event,) = only(world)
    assert event["id"] == first


def test_an_unreadable_answer_repeats_without_doubling(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    world.allow_origin = ""
    opened("/?utm_source=google")
    until(lambda: len(world.bodies) >= 2)
    assert len(world.events) == 1


def test_what_the_collector_refuses_for_good_is_not_repeated(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    world.status = 422
    page = opened("/")
    until(lambda: world.refused)
    until(lambda: page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('bb_event_')).length") == 0)
    page.wait_for_timeout(1_300)
    assert len(world.refused) == 1


def test_events_of_the_last_moment_leave_with_the_page(opened: Open, world: World) -> None:
    page = opened("/", init="window.fetch = () => new Promise(() => {})")
    page.evaluate("bb.track('visit', {last: true})")
    assert world.events == []
    page.goto(world.url("/elsewhere"))
    assert [e["fields"].get("last") for e in only(world, 2)] == [None, True]


def test_forms_get_the_token_also_those_that_come_later(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    world.body = '<form><input type="hidden" name="bb_token"></form><div id="later"></div>'
    page = opened("/")
    token = page.evaluate("bb.token()")
    assert page.locator("form input").input_value() == token
    page.evaluate("document.getElementById('later').innerHTML = '<form><input name=bb_token id=new></form>'")
    page.wait_for_function("document.getElementById('new').value === bb.token()")


def test_links_to_booking_hosts_carry_the_token_and_no_others_do(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required" data-booking-hosts="book.example.org, square.example.com"'
    world.body = (
        '<a id="a" href="http://book.example.org/now?x=%20y&z=1#top">1</a>'
        '<a id="b" href="http://ana.square.example.com/">2</a>'
        '<a id="c" href="http://notbook.example.org/">3</a>'
        '<a id="d" href="/prices?to=book.example.org">4</a>'
        '<a id="e" href="http://book.example.org/?bb=bb_old&q=1">5</a>'
    )
    page = opened("/")
    token = page.evaluate("bb.token()")
    assert [page.locator(f"#{i}").get_attribute("href") for i in "abcde"] == [
        f"http://book.example.org/now?x=%20y&z=1&bb={token}#top",
        f"http://ana.square.example.com/?bb={token}",
        "http://notbook.example.org/",
        "/prices?to=book.example.org",
        f"http://book.example.org/?q=1&bb={token}",
    ]
    page.evaluate(
        "const a = document.createElement('a'); a.id = 'f'; a.href = 'http://book.example.org'; document.body.append(a)"
    )
    page.wait_for_function("document.getElementById('f').search === '?bb=' + bb.token()")
    page.evaluate("document.getElementById('c').href = 'http://book.example.org/late'")
    page.wait_for_function("document.getElementById('c').search === '?bb=' + bb.token()")


def test_a_click_to_the_booking_page_is_told_with_how_the_visit_began(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required" data-booking-hosts="book.example.org"'
    world.body = f'<a id="book" href="{world.url("/now", "book.example.org")}"><b>Book</b></a>'
    page = opened("/?utm_source=google")
    page.click("#book b")
    visit, click = only(world, 2)
    assert (click["kind"], click["utm"]) == ("click", {"source": "google"})
    assert click["fields"]["href"] == world.url("/now", "book.example.org")
    assert page.url == world.url(f"/now?bb={visit['visitor']}", "book.example.org")


def test_a_token_in_the_address_is_taken_over_and_taken_away(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    token = "bb_aaaqeayeaudaocajq22b"
    page = opened(f"/book?a=1&bb={token}&b=2#here", host="book.example.org")
    assert page.evaluate("bb.token()") == token
    assert page.url == world.url("/book?a=1&b=2#here", "book.example.org")
    other = opened("/book?bb=bb_aaaqeayeaudaocajq22c", host="another.example.org")
    assert other.evaluate("bb.token()") not in (token, "bb_aaaqeayeaudaocajq22c")


def test_a_new_campaign_on_a_route_of_a_single_page_begins_a_visit(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required"'
    page = opened("/?utm_source=google")
    only(world)
    page.evaluate("history.pushState({}, '', '/prices')")
    page.evaluate("bb.track('click', {})")
    assert only(world, 2)[1]["url"] == world.url("/prices")
    page.evaluate("history.pushState({}, '', '/offer?utm_source=popup')")
    visit = only(world, 3)[2]
    assert (visit["kind"], visit["utm"], visit["url"]) == (
        "visit",
        {"source": "popup"},
        world.url("/offer?utm_source=popup"),
    )
    page.evaluate("history.back()")
    page.wait_for_function("location.pathname === '/prices'")
    only(world, 3)


def test_tags_behind_a_hash_route_are_read(opened: Open, world: World) -> None:
    opened("/#/book?utm_source=news&utm_medium=email")
    assert only(world)[0]["utm"] == {"source": "news", "medium": "email"}


def test_metas_cookies_are_told_with_consent_only(opened: Open, world: World) -> None:
    world.head = "<script>document.cookie = '_fbp=fb.1.1700000000000.42;path=/'</script>"
    page = opened("/")
    assert only(world)[0]["click_ids"] == {}
    page.evaluate("bb.consent(true)")
    assert only(world, 2)[1]["click_ids"] == {"fbp": "fb.1.1700000000000.42"}


def test_calls_made_before_the_script_arrives_are_kept(opened: Open, world: World) -> None:
    world.head = (
        "<script>(window.bb = window.bb || []).push(['consent', true], ['identify', {email: 'a@example.com'}])</script>"
    )
    page = opened("/")
    until(lambda: len(world.events) == 3)
    assert world.kinds() == ["visit", "visit", "identify"]
    assert world.events[2]["visitor"] == page.evaluate("bb.token()")


def test_nobody_is_identified_without_consent(opened: Open, world: World) -> None:
    page = opened("/")
    page.evaluate("bb.identify({email: 'ana@example.com'})")
    page.evaluate("bb.track('visit', {})")
    assert all(e.get("email") is None for e in only(world, 2))


def test_nonsense_from_the_page_is_borne(opened: Open, world: World) -> None:
    world.attributes = 'data-consent="not-required" data-booking-hosts="]&quot;[ book.example.org"'
    world.head = "<script>localStorage.bb_visit = '{broken'; localStorage.bb_event_x = '{broken'</script>"
    page = opened("/")
    for call in ("bb.identify()", "bb.identify(7)", "bb.track()", "bb.consent()", "bb.push()", "bb.push(['nothing'])",
                 "bb.track('visit', (() => { const a = {}; a.a = a; return a })())"):  # fmt: skip
        page.evaluate(f"{{ {call} }}")
    assert page.evaluate("1 + 1") == 2


@pytest.mark.parametrize(
    "broken",
    [
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied', 'SecurityError') }})",
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }",
        "navigator.sendBeacon = undefined",
        "window.fetch = () => { throw new TypeError('blocked') }",
        "Object.defineProperty(document, 'cookie', {get() { return '' }, set() {}})",
    ],
)
def test_what_the_browser_denies_is_done_without(opened: Open, world: World, broken: str) -> None:
    world.attributes = 'data-consent="not-required"'
    page = opened("/?utm_source=google", init=broken)
    assert is_token(page.evaluate("bb.token()"))
    page.goto(world.url("/elsewhere"))
    until(lambda: world.events)
    assert world.kinds()[0] == "visit"


def test_the_script_loaded_twice_counts_once(opened: Open, world: World) -> None:
    world.head = '<script src="/bb.js" data-site="bbs_test"></script>'
    page = opened("/")
    page.wait_for_load_state("networkidle")
    only(world)
