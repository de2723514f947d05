"""The settings pages: each tab saves, refuses in place, and is there for those who may."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.small_site import PASSWORD, Site, small_site

from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Role
from bookingbridge.web.browsers import name_of

TABS = re.compile(r'<a href="(/settings/[a-z]+)"')


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with small_site(database_url) as site:
        yield site


def test_the_settings_begin_with_the_first_tab_one_may_open(site: Site) -> None:
    owner = site.owner()
    first = {}
    for role in Role:
        member = owner if role is Role.OWNER else site.colleague(owner, role)
        with member.browser() as http:
            first[role] = http.get("/settings").headers["location"]
            tabs = set(TABS.findall(http.get("/settings/you").text)) - {"/settings/tracking", "/settings/links"}
            assert first[role] in tabs
            assert {tab: http.get(tab).status_code for tab in tabs} == dict.fromkeys(tabs, 200)
    assert first == {
        Role.OWNER: "/settings/business",
        Role.MANAGER: "/settings/team",
        Role.STAFF: "/settings/you",
        Role.ACCOUNTANT: "/settings/you",
        Role.READ_ONLY: "/settings/you",
    }


def test_the_business_is_saved_and_the_next_page_says_so_once(site: Site) -> None:
    owner = site.owner()
    given = {"name": "Ash Barbers", "time_zone": "America/Denver", "currency": "usd", "region": "us"}
    with owner.browser() as http:
        saved = http.post("/settings/business", data={"csrf": owner.who.csrf, **given})
        assert (saved.status_code, saved.headers["location"]) == (303, "/settings/business")
        page = http.get("/settings/business")
        assert "Saved." in page.text
        assert 'value="Ash Barbers"' in page.text
        assert "Saved." not in http.get("/settings/business").text
    business = owner.who.business
    assert (business.name, business.time_zone, business.currency) == ("Ash Barbers", "America/Denver", "USD")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "1 to 120 characters"),
        ("time_zone", "Mars/Olympus", "is not a time zone"),
        ("currency", "dollars", "code of 3 letters"),
        ("region", "U5", "code of 2 letters"),
    ],
)
def test_what_cannot_be_saved_is_refused_beside_its_field_and_kept_typed(
    database_url: str, field: str, value: str, words: str
) -> None:
    with small_site(database_url) as site:
        owner = site.owner()
        before = owner.who.business
        given = {"name": "New", "time_zone": "UTC", "currency": "USD", "region": "US", field: value}
        with owner.browser() as http:
            page = http.post("/settings/business", data={"csrf": owner.who.csrf, **given})
        assert page.status_code == 422
        error = re.search(rf'id="f-{field}-error">(.*?)</p>', page.text, re.DOTALL)
        assert error
        assert words in error[1]
        assert f'value="{value}"' in page.text
        assert owner.who.business == before


def test_the_window_and_the_model_are_saved_and_refused(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        for window in ("0", "366", "-3", "many", "", "9" * 400):
            data = {"csrf": owner.who.csrf, "window_days": window, "model": "linear"}
            assert http.post("/settings/attribution", data=data).status_code == 422
        data = {"csrf": owner.who.csrf, "window_days": "45", "model": "linear"}
        http.post("/settings/attribution", data=data)
        page = http.get("/settings/attribution").text
        assert "All visits are being computed again." in page
        assert re.search(r'value="linear" checked', page)
    assert (owner.who.business.settings.window_days, owner.who.business.settings.default_model) == (45, "linear")


def test_locations_are_added_and_changed(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        csrf = owner.who.csrf
        http.post("/settings/locations", data={"csrf": csrf, "name": "Oak Street", "address": "1 Oak Street"})
        page = http.get("/settings/locations").text
        assert "Oak Street" in page
        assert page.count("by hand") == 2
        action = re.findall(r'action="(/settings/locations/[0-9a-f-]{36})"', page)[0]
        http.post(action, data={"csrf": csrf, "name": "Elm Street", "address": "", "time_zone": "America/Denver"})
        page = http.get("/settings/locations").text
        assert "Elm Street (closed)" in page
        assert "America/Denver" in page
        http.post(action, data={"csrf": csrf, "name": "Elm Street", "time_zone": "Nowhere", "is_active": "on"})
        assert "Not saved: " in http.get("/settings/locations").text
        assert http.post("/settings/locations", data={"csrf": csrf, "name": ""}).status_code == 422


def test_the_team_is_changed_from_its_page(site: Site) -> None:
    owner = site.owner()
    casey = site.colleague(owner, Role.STAFF)
    with owner.browser() as http:
        page = http.get("/settings/team").text
        path = f"/settings/team/{casey.person.user_id}"
        assert page.count("<select") == 2
        assert f"{path}/remove" in page
        assert f"/settings/team/{owner.person.user_id}/remove" not in page
        assert http.post(path, data={"csrf": owner.who.csrf, "role": "accountant"}).status_code == 303
        assert casey.who.role is Role.ACCOUNTANT
        assert http.post(path, data={"csrf": owner.who.csrf, "role": "emperor"}).status_code == 409
        me = f"/settings/team/{owner.person.user_id}"
        last = http.post(me, data={"csrf": owner.who.csrf, "role": "staff"})
        assert (last.status_code, "needs an owner" in last.text) == (409, True)
        http.post(f"{path}/remove", data={"csrf": owner.who.csrf})
        assert casey.email not in http.get("/settings/team").text


def test_a_manager_is_offered_no_role_above_those_they_may_give(site: Site) -> None:
    owner = site.owner()
    with site.colleague(owner, Role.MANAGER).browser() as http:
        page = http.get("/settings/team").text
    offered = re.findall(r'<option value="(\w+)"', page)
    assert set(offered) == {"staff", "accountant", "read_only"}


def test_invitations_are_listed_and_taken_back(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        csrf = owner.who.csrf
        assert http.post("/settings/team/invitations", data={"csrf": csrf, "role": "god"}).status_code == 422
        wrong = {"csrf": csrf, "role": "staff", "email": "nowhere"}
        assert "does not look like an e-mail" in http.post("/settings/team/invitations", data=wrong).text
        made = http.post("/settings/team/invitations", data={"csrf": csrf, "role": "staff", "email": ""})
        link = re.search(r"/join/([\w-]+)", made.text)
        assert link
        action = re.search(r'action="(/settings/team/invitations/\w+/revoke)"', http.get("/settings/team").text)
        assert action
        http.post(action[1], data={"csrf": csrf})
        assert "/revoke" not in http.get("/settings/team").text
        assert http.get(f"/join/{link[1]}").status_code == 404


def test_a_key_is_shown_once_and_revoked(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        csrf = owner.who.csrf
        given = {"csrf": csrf, "name": "Spreadsheet", "role": "read_only", "days": "30"}
        made = http.post("/settings/tokens", data=given).text
        key = re.search(r"<code[^>]*>(bb_[\w-]{43})</code>", made)
        assert key
        page = http.get("/settings/tokens").text
        assert key[1] not in page
        assert f"{key[1][:7]}…" in page
        assert "Read-only, until Wed Apr 1" in page
        with site.client(key=key[1]) as program:
            assert program.get("/api/v1/me").status_code == 200
        action = re.search(r'action="(/settings/tokens/[0-9a-f-]+/revoke)"', page)
        assert action
        http.post(action[1], data={"csrf": csrf})
        page = http.get("/settings/tokens").text
        assert "Revoked" in page
        assert action[1] not in page
        with site.client(key=key[1]) as program:
            assert program.get("/api/v1/me").status_code == 401
        assert http.post("/settings/tokens", data={"csrf": csrf, "name": "x", "role": "owner"}).status_code == 422


def test_people_change_themselves_and_see_where_they_are(site: Site) -> None:
    owner = site.owner()
    with site.client() as phone:
        phone.post(
            "/signin",
            data={"email": owner.email, "password": PASSWORD},
            headers={"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 Version/19 Safari/605"},
        )
        with owner.browser() as http:
            csrf = owner.who.csrf
            page = http.get("/settings/you").text
            assert "Safari on iPhone" in page
            assert "127.0.0.1" in page
            data = {"csrf": csrf, "name": "Olive T.", "email": "new@example.com"}
            assert http.post("/settings/you", data={**data, "current": "wrong"}).status_code == 422
            assert http.post("/settings/you", data={**data, "current": PASSWORD}).status_code == 303
            assert 'value="new@example.com"' in http.get("/settings/you").text
            changed = {"csrf": csrf, "current": PASSWORD, "password": "velvet harbor nine"}
            assert http.post("/settings/you/password", data={**changed, "current": "wrong"}).status_code == 422
            assert phone.get("/settings/you").status_code == 200
            assert http.post("/settings/you/password", data=changed).status_code == 303
        assert phone.get("/settings/you").status_code == 303


def test_other_browsers_are_signed_out_one_by_one_or_all(site: Site) -> None:
    owner = site.owner()
    browsers = [site.client() for _ in range(3)]
    for http in browsers:
        http.post("/signin", data={"email": owner.email, "password": PASSWORD})
    with owner.browser() as http:
        page = http.get("/settings/you").text
        actions = re.findall(r'action="(/settings/you/sessions/\w{24}/revoke)"', page)
        assert len(set(actions)) == 3
        http.post(actions[0], data={"csrf": owner.who.csrf})
        assert [b.get("/settings/you").status_code for b in browsers].count(303) == 1
        http.post("/settings/you/sessions/revoke", data={"csrf": owner.who.csrf})
        assert [b.get("/settings/you").status_code for b in browsers] == [303] * 3
        assert http.get("/settings/you").status_code == 200
        assert http.post(actions[0], data={"csrf": owner.who.csrf}).status_code == 404
    for each in browsers:
        each.close()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/19 Safari/605", "Safari on Mac"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_have_the_names_people_use(agent: str, name: str) -> None:
    assert name_of(agent) == name


def test_a_wrong_password_for_a_change_counts_as_an_attempt(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        data = {"csrf": owner.who.csrf, "current": "wrong", "password": "velvet harbor nine"}
        for _ in range(8):
            assert http.post("/settings/you/password", data=data).status_code == 422
        assert "Too many attempts" in http.post("/settings/you/password", data={**data, "current": PASSWORD}).text
    assert site.do(accounts.has_users(site.db))
