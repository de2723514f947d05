"""The first run: from nobody's business to the first figure, every step left and taken up again."""

from __future__ import annotations

import re
from uuid import uuid4

from tests.web.markup import Page as Strict
from tests.web.pages.installation import PASSWORD, Visitor
from tests.web.pages.reading import Page
from tests.web.pages.shop import Shop

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Role


def _newcomer(there: Shop) -> Visitor:
    """Somebody who may own a business and has none yet."""
    installation = there.there
    db = installation.engine.db
    token = installation.do(accounts.owner_link(db, is_further=True))
    assert token
    new = accounts.NewUser(f"newcomer-{uuid4()}@example.com", "Nora Vale", PASSWORD)
    return installation.client(installation.do(accounts.create_owner(db, token, new)))


def test_a_newcomer_sets_up_a_business_and_is_led_on(new: Shop) -> None:
    visitor = _newcomer(new)
    assert visitor.get("/").url.path == "/welcome"
    start = Page(visitor.get("/welcome").text)
    assert "Set up mine" in start.words
    assert "Look at a demo shop" not in start.words
    form = visitor.http.post(
        "/welcome/start", data={**visitor.form("/welcome", "/welcome/start").fields, "choice": "own"}
    )
    assert form.url.path == "/welcome/business"
    fields = visitor.form("/welcome/business", "/welcome/business").fields
    assert (fields["currency"], fields["region"]) == ("USD", "US")
    wrong = visitor.send(
        "/welcome/business", "/welcome/business", name="Vale Nails", time_zone="Mars/Base", currency="USD", region="US"
    )
    assert wrong.status_code == 422
    assert "'Mars/Base' is not a time zone" in Page(wrong.text).words
    done = visitor.send(
        "/welcome/business", "/welcome/business",
        name="Vale Nails", time_zone="Europe/Berlin", currency="eur", region="de",
    )  # fmt: skip
    assert done.url.path == "/welcome/locations"
    assert visitor.send("/welcome/locations", "/welcome/locations", name="", address="").status_code == 422
    placed = visitor.send("/welcome/locations", "/welcome/locations", name="Mitte", address="Sample Street 1")
    assert "Mitte" in Page(placed.text).section("Already there").words
    plan = Page(visitor.get("/welcome").text)
    steps = [h.words for h in plan.section("Your set-up").all("h3")]
    assert steps == [
        "Done: Your business", "Done: Locations", "Booking system", "Tracking and tagged links",
        "“How did you hear about us?”", "Ad accounts", "Your team",
    ]  # fmt: skip
    assert "Vale Nails, EUR, Europe/Berlin" in plan.words
    assert "About 18 minutes left" in plan.words


def test_the_browsers_language_suggests_country_and_currency(new: Shop) -> None:
    visitor = _newcomer(new)
    page = Page(visitor.get("/welcome/business", **{"accept-language": "uk-UA,uk;q=0.9,en-US;q=0.5"}).text)
    assert page.one("input", name="currency").given["value"] == "UAH"
    assert page.one("input", name="region").given["value"] == "UA"


def test_a_step_is_skipped_and_not_asked_for_again(our: Shop) -> None:
    before = Page(our.visitor.get("/welcome").text)
    assert "First figure: $120.00 from 3 paid visits in the last 12 months" in before.words
    fields = {**our.visitor.form("/welcome", "/welcome/skip").fields, "step": "tracking"}
    after = Page(our.visitor.http.post("/welcome/skip", data=fields).text)
    assert "Tracking and tagged links skipped" in after.words
    assert "Tracking and tagged links" not in Page(our.visitor.get("/today").text).section("Needs you").words


def test_a_site_gets_its_script_and_two_tagged_links(our: Shop) -> None:
    wrong = our.visitor.send(
        "/welcome/tracking", "/welcome/tracking/site", address="not an address", consent="required"
    )
    assert wrong.status_code == 422
    done = our.visitor.send(
        "/welcome/tracking", "/welcome/tracking/site", address="https://shop.example.com/", consent="not-required"
    )
    page = Page(done.text)
    assert page.toasts == ["The script and two tagged links are made."]
    code = page.section("1. The script on your site").words
    assert re.search(
        rf'<script defer src="{our.there.url}/bb.js" data-site="bbs_\w+" data-consent="not-required">', code
    )
    links = page.section("2. Links for what is not an ad").words
    assert "Google Business Profile" in links
    assert "Flyer" in links
    tested = our.visitor.send("/welcome/tracking", "/welcome/tracking/test")
    assert Page(tested.text).toasts[0].startswith("It works: the last touch came")
    assert Strict(our.visitor.get("/welcome/tracking").text).wrong == []


def test_answers_say_what_they_count_as(new: Shop) -> None:
    done = new.visitor.send(
        "/welcome/tracking", "/welcome/tracking/answers", answers="My neighbour\n\n My neighbour \nTikTok\nNobody knows"
    )
    said = Page(done.text).section("3. “How did you hear about us?”").words
    assert "My neighbour counts as Referrals" in said
    assert said.count("My neighbour counts as") == 1
    assert "TikTok counts as Other social networks" in said
    assert "Nobody knows counts as Unknown" in said


def test_only_an_owner_changes_the_business_here(new: Shop) -> None:
    manager = new.there.client(new.there.colleague(new.owner, Role.MANAGER))
    assert "Your set-up" in manager.get("/welcome").text
    assert "Skip" not in Page(manager.get("/welcome").text).section("Your set-up").words
    for path in ("/welcome/business", "/welcome/locations", "/welcome/tracking"):
        assert manager.get(path).status_code == 403, path
    csrf = re.search(r'name="csrf" value="([^"]+)"', manager.get("/welcome").text)
    assert csrf
    given = {"csrf": csrf[1], "step": "ads", "answers": "x", "name": "Stolen", "address": "https://x.example.com"}
    for path in ("skip", "business", "locations", "tracking/site", "tracking/answers", "tracking/test"):
        assert manager.http.post(f"/welcome/{path}", data=given).status_code == 403, path
    staff = new.there.client(new.there.colleague(new.owner, Role.STAFF))
    assert staff.get("/welcome").url.path == "/customers"
    for path in ("skip", "business", "locations", "tracking/site", "tracking/answers", "tracking/test", "start"):
        assert new.visitor.http.post(f"/welcome/{path}", data={"name": "Forged"}).status_code == 403, path
    assert Page(new.visitor.get("/welcome").text).section("Your set-up").words.count("Corner Barbers") == 1
