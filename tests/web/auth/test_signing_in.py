"""Coming in and going out with a browser: forms, cookies, one-time links, where people land."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from tests.small_site import PASSWORD, Site, small_site

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Role


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with small_site(database_url) as site:
        yield site


def sign_in(http: httpx2.Client, email: str, password: str = PASSWORD, **more: str) -> httpx2.Response:
    return http.post("/signin", data={"email": email, "password": password, **more})


def csrf_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def test_the_first_owner_is_made_from_the_printed_link_and_set_on_the_way(site: Site) -> None:
    link = site.do(accounts.owner_link(site.db))
    with site.client() as http:
        assert http.get("/").headers["location"] == "/signin"
        assert "Nobody can sign in yet" in http.get("/signin").text
        page = http.get(f"/setup/{link}")
        assert page.status_code == 200
        assert "You will be the owner" in page.text
        given = {"name": "Olive Tran", "email": "olive@example.com", "password": "short"}
        refused = http.post(f"/setup/{link}", data=given)
        assert refused.status_code == 422
        assert "at least 10 characters" in refused.text
        assert 'value="olive@example.com"' in refused.text
        assert "short" not in re.findall(r'value="([^"]*)"', refused.text)
        made = http.post(f"/setup/{link}", data={**given, "password": PASSWORD})
        assert (made.status_code, made.headers["location"]) == (303, "/")
        assert http.get("/").headers["location"] == "/welcome"
        assert http.get(f"/setup/{link}").status_code == 404
    with site.client() as other:
        assert "Nobody can sign in yet" not in other.get("/signin").text


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    owner = site.owner()
    with site.client() as http:
        cookie = sign_in(http, owner.email).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("bb_session=")
    assert {a.lower() for a in attributes} == {"httponly", "max-age=7776000", "path=/", "samesite=lax"}


def test_signing_in_leads_to_where_one_was_going_and_nowhere_else(site: Site) -> None:
    owner = site.owner()
    with site.client() as http:
        led = http.get("/settings/team?x=1")
        assert (led.status_code, led.headers["location"]) == (303, "/signin?next=/settings/team%3Fx%3D1")
        page = http.get(led.headers["location"])
        assert 'name="next" value="/settings/team?x=1"' in page.text
        assert sign_in(http, owner.email, next="/settings/team?x=1").headers["location"] == "/settings/team?x=1"
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"):
        with site.client() as http:
            assert sign_in(http, owner.email, next=elsewhere).headers["location"] == "/"


def test_people_land_on_the_first_page_their_role_may_see(site: Site) -> None:
    owner = site.owner()
    landed = {}
    for role in (Role.MANAGER, Role.STAFF, Role.ACCOUNTANT, Role.READ_ONLY):
        with site.colleague(owner, role).browser() as http:
            landed[role] = http.get("/").headers["location"]
    assert landed == {
        Role.MANAGER: "/today",
        Role.STAFF: "/customers",
        Role.ACCOUNTANT: "/today",
        Role.READ_ONLY: "/today",
    }


def test_wrong_credentials_are_refused_alike_and_the_password_is_not_sent_back(site: Site) -> None:
    owner = site.owner()
    with site.client() as http:
        answers = [
            sign_in(http, owner.email, "not the password"),
            sign_in(http, "nobody@example.com", "not the password"),
        ]
    pages = {answer.text.replace(owner.email, "E").replace("nobody@example.com", "E") for answer in answers}
    assert [answer.status_code for answer in answers] == [401, 401]
    assert len(pages) == 1
    assert "not the password" not in pages.pop()


def test_too_many_attempts_are_told_to_wait(site: Site) -> None:
    owner = site.owner()
    with site.client() as http:
        statuses = [sign_in(http, owner.email, f"guess number {i}").status_code for i in range(9)]
        assert statuses == [401] * 8 + [429]
        stopped = sign_in(http, owner.email)
        assert (stopped.status_code, stopped.headers["retry-after"]) == (429, "61")
        assert "Too many attempts" in stopped.text
        site.clock.move(timedelta(minutes=2))
        assert sign_in(http, owner.email).status_code == 303


def test_signing_in_makes_the_cookie_planted_before_worthless(site: Site) -> None:
    owner, planter = site.owner(), site.owner()
    with site.client(planter.session) as http:
        sign_in(http, owner.email)
    with site.client(planter.session) as http:
        assert http.get("/").headers["location"] == "/signin"


def test_signing_out_ends_the_session_on_the_server_too(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        csrf = csrf_in(http.get("/settings/you").text)
        assert http.post("/signout").status_code == 403
        gone = http.post("/signout", data={"csrf": csrf})
        assert (gone.status_code, gone.headers["location"]) == (303, "/signin?out=1")
        assert 'bb_session=""' in gone.headers["set-cookie"]
    with owner.browser() as http:
        assert http.get("/settings/you").headers["location"] == "/signin?next=/settings/you"


def test_another_site_can_neither_sign_people_in_nor_out(site: Site) -> None:
    owner = site.owner()
    with site.client() as http:
        for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            answer = http.post("/signin", data={"email": owner.email, "password": PASSWORD}, headers=headers)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        fine = {"origin": site.url, "sec-fetch-site": "same-origin"}
        assert http.post("/signin", data={"email": owner.email, "password": PASSWORD}, headers=fine).status_code == 303


def test_a_part_that_htmx_asks_for_leads_the_whole_browser_to_the_door(site: Site) -> None:
    with site.client() as http:
        answer = http.get("/settings/team", headers={"hx-request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/signin?next=/settings/team")


def test_somebody_new_joins_by_the_link_that_the_team_page_shows_once(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        data = {"csrf": owner.who.csrf, "role": "accountant", "email": "casey@example.com"}
        page = http.post("/settings/team/invitations", data=data)
        link = re.search(rf"{site.url}(/join/[\w-]+)", page.text)
        assert link
        assert link[1] not in http.get("/settings/team").text
    with site.client() as http:
        page = http.get(link[1])
        assert "You are invited to Alder &amp; Ash Barbers as accountant." in page.text
        assert 'value="casey@example.com"' in page.text
        weak = http.post(link[1], data={"name": "Casey", "password": "password2026"})
        assert (weak.status_code, "first that are guessed" in weak.text) == (422, True)
        joined = http.post(link[1], data={"name": "Casey", "password": PASSWORD})
        assert (joined.status_code, joined.headers["location"]) == (303, "/")
        assert http.get("/").headers["location"] == "/today"
        assert http.get(link[1]).status_code == 404


def test_somebody_signed_in_joins_with_one_press_but_not_by_another_sites(site: Site) -> None:
    owner, sam = site.owner(), site.owner()
    token = site.do(accounts.invite(site.db, owner.who, Role.STAFF))
    with sam.browser() as http:
        page = http.get(f"/join/{token}").text
        assert f"You are signed in as {sam.email}." in page
        assert 'type="password"' not in page
        assert http.post(f"/join/{token}").status_code == 422
        assert http.post(f"/join/{token}", data={"csrf": "x" * 43}).status_code == 422
        assert sam.who.business_id != owner.who.business_id
        assert http.post(f"/join/{token}", data={"csrf": csrf_in(page)}).headers["location"] == "/"
    assert (sam.who.business_id, sam.who.role) == (owner.who.business_id, Role.STAFF)


def test_going_to_another_business_voids_forms_of_the_one_before(site: Site) -> None:
    owner = site.owner()
    first = owner.who.business_id
    site.do(accounts.create_business(site.db, owner.person, accounts.NewBusiness("Harbor", "UTC", "USD", "US")))
    with owner.browser() as http:
        page = http.get("/settings/business").text
        assert "Harbor" in page
        old = csrf_in(page)
        assert http.post("/business", data={"csrf": old, "business": str(first)}).headers["location"] == "/"
        stale = http.post("/settings/business", data={"csrf": old, "name": "Meant for Harbor"})
        assert (stale.status_code, "out of date" in stale.text) == (403, True)
        for other in (str(site.owner().who.business_id), "nonsense", ""):
            csrf = owner.who.csrf
            assert http.post("/business", data={"csrf": csrf, "business": other}).status_code == 404
    assert owner.who.business.name == "Alder & Ash Barbers"


def test_the_hosts_link_sets_a_new_password(site: Site) -> None:
    owner = site.owner()
    token = site.do(accounts.password_link(site.db, owner.email))
    with site.client() as http:
        page = http.get(f"/setup/{token}").text
        assert "Set the password" in page
        assert f"For {owner.email}" in page
        assert http.post(f"/setup/{token}", data={"password": "velvet harbor nine"}).headers["location"] == "/"
        assert http.get("/").headers["location"] == "/today"
    with owner.browser() as http:
        assert http.get("/").headers["location"] == "/signin"


def test_whoever_belongs_to_no_business_is_led_to_set_one_up(site: Site) -> None:
    person = site.owner(None)
    with person.browser() as http:
        assert http.get("/").headers["location"] == "/welcome"
        assert http.get("/settings/team").headers["location"] == "/welcome"
        assert http.get("/settings/you").status_code == 200


def test_pages_say_what_went_wrong_and_nothing_more(site: Site) -> None:
    staff = site.colleague(site.owner(), Role.STAFF)
    with staff.browser() as http:
        forbidden = http.get("/settings/team")
        assert (forbidden.status_code, "does not allow this" in forbidden.text) == (403, True)
        missing = http.get("/no/such/page")
        assert (missing.status_code, "nothing at this address" in missing.text) == (404, True)
        assert missing.headers["content-type"].startswith("text/html")
        assert http.put("/signin").status_code == 405
        large = http.post("/signin", content=b"x" * 1_048_577, headers={"content-type": "text/plain"})
        assert (large.status_code, large.headers["content-type"]) == (413, "text/html; charset=utf-8")
