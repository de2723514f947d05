"""Sites, answers, tagged links, coupons and numbers are made, changed and retired; only by the owner."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx2
from tests.web.markup import Page as Strict
from tests.web.pages.reading import Page
from tests.web.pages.shop import Shop

from bookingbridge.domains.accounts.api import Role


def test_a_site_is_added_changed_and_closed(new: Shop) -> None:
    path = "/settings/tracking"
    assert new.visitor.send(path, f"{path}/sites", address="no way", consent="required").status_code == 422
    page = Page(new.visitor.send(path, f"{path}/sites", address="shop.example.com", consent="required").text)
    assert page.toasts == ["shop.example.com is added. Paste its line into its pages."]
    said = page.section("Tracking script").words
    assert "asks for consent" in said
    assert "only from shop.example.com" in said
    actions = [f.given["action"] for f in page.all("form")]
    (change,) = [action for action in actions if re.fullmatch(rf"{path}/sites/[0-9a-f-]+", action)]
    hosts = "shop.example.com\nbook.example.com"
    changed = Page(new.visitor.send(path, change, name="The shop", hosts=hosts, consent="not-required").text)
    assert "only from shop.example.com, book.example.com" in changed.section("Tracking script").words
    odd = Page(new.visitor.send(path, change, name="The shop", hosts="a b c", consent="not-required").text)
    assert odd.toasts[0].startswith("Not saved: ")
    closed = Page(new.visitor.send(path, f"{change}/close").text)
    assert "No site yet." in closed.section("Tracking script").words


def test_a_tagged_link_leads_on_and_its_code_is_a_picture_of_it(new: Shop) -> None:
    made = new.visitor.send(
        "/settings/links", "/settings/links", name="Spring flyer", target="https://shop.example.com/book", kind="qr",
        channel="offline", source="flyer", medium="print", campaign="spring", slug="spring",
    )  # fmt: skip
    page = Page(made.text)
    assert page.toasts == ["Spring flyer is made."]
    said = page.section("Links").words
    assert f"{new.there.url}/l/spring" in said
    assert "Counts as Offline · flyer / print / spring" in said
    assert "not used in 90 days" in said
    followed = httpx2.get(f"{new.there.url}/l/spring", follow_redirects=False)
    assert followed.status_code in (302, 303, 307)
    assert urlsplit(followed.headers["location"]).netloc == "shop.example.com"
    (svg,) = [a.given["href"] for a in page.section("Links").all("a") if a.given["href"].endswith(".svg")]
    code = new.visitor.get(svg)
    assert code.headers["content-type"].startswith("image/svg+xml")
    assert code.text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "Spring flyer" in new.visitor.get("/settings/links.csv").text
    assert Strict(new.visitor.get("/settings/links").text).wrong == []


def test_what_is_wrong_with_a_link_is_said_beside_its_field_and_what_was_typed_stays(new: Shop) -> None:
    path = "/settings/links"
    refused = new.visitor.send(path, path, name="Spring", target="javascript:alert(1)", slug="x y")
    assert refused.status_code == 422
    page = Page(refused.text)
    assert page.one("input", name="name", id="f-name").given["value"] == "Spring"
    assert any(p.given.get("class") == "error" for p in page.all("p"))
    assert new.visitor.send(path, path, name="A", target="https://a.example.com", slug="same").status_code == 200
    taken = new.visitor.send(path, path, name="B", target="https://b.example.com", slug="same")
    assert "This address is taken; choose another word." in Page(taken.text).words


def test_a_coupon_and_a_number_are_added_and_retired(new: Shop) -> None:
    path, action = "/settings/links", "/settings/codes"
    coupon = {"name": "Spring coupon", "kind": "coupon", "code": "spring-10", "campaign": "spring"}
    page = Page(new.visitor.send(path, action, **coupon).text)
    row = page.row("Coupons and tracked numbers", "Spring coupon")
    assert (row["Code"], row["Counts as"], row["Uses"]) == ("SPRING10", "Offline · spring", "not used in 90 days")
    phone = {"name": "Ad number", "kind": "phone", "code": "(206) 555-0123", "channel": "google_ads"}
    page = Page(new.visitor.send(path, action, **phone).text)
    number = page.row("Coupons and tracked numbers", "Ad number")
    assert (number["Code"], number["Counts as"]) == ("+12065550123", "Google Ads")
    again = new.visitor.send(path, action, name="Again", kind="coupon", code="SPRING 10")
    assert "Another coupon with this code is in use; retire it first." in Page(again.text).words
    (retire, *_) = [f.given["action"] for f in page.all("form") if f.given["action"].endswith("/retire")]
    gone = Page(new.visitor.send(path, retire).text)
    assert len(gone.table("Coupons and tracked numbers")) == 1


def test_answers_are_kept_as_lines(our: Shop) -> None:
    page = Page(
        our.visitor.send("/settings/tracking", "/settings/tracking/answers", answers="Walked by\nInstagram").text
    )
    assert "Walked by counts as Offline" in page.words
    journey = our.visitor.get(f"/attribution/bookings/{our.booking_of('Cy Noor')}").text
    assert '<option value="Walked by">' in journey


def test_nobody_but_the_owner_and_nothing_without_its_token(new: Shop) -> None:
    manager = new.there.client(new.there.colleague(new.owner, Role.MANAGER))
    for path in ("/settings/tracking", "/settings/links", "/settings/links.csv"):
        assert manager.get(path).status_code == 403, path
    csrf = re.search(r'name="csrf" value="([^"]+)"', manager.get("/welcome").text)
    assert csrf
    posts = ("tracking/sites", "tracking/answers", "links", "codes")
    given = {"name": "X", "address": "https://x.example.com", "target": "https://x.example.com", "code": "X10"}
    for path in posts:
        assert manager.http.post(f"/settings/{path}", data={**given, "csrf": csrf[1]}).status_code == 403, path
        assert new.visitor.http.post(f"/settings/{path}", data=given).status_code == 403, path
    page = Page(new.visitor.get("/settings/links").text)
    assert "No link yet" in page.section("Links").words
    made = Page(new.visitor.send("/settings/links", "/settings/links", name="A", target="https://a.example.com").text)
    (retire,) = [f.given["action"] for f in made.all("form") if f.given["action"].endswith("/retire")]
    stranger = new.there.client(new.there.owner())
    mine = re.search(r'name="csrf" value="([^"]+)"', stranger.get("/settings/links").text)
    assert mine
    assert stranger.http.post(retire, data={"csrf": mine[1]}).status_code == 404
    assert stranger.get(retire.replace("/retire", ".svg")).status_code == 404
