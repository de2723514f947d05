"""Businesses, locations and tokens over the API: made, read, changed, and not by strangers."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from tests.small_site import Member, Site, small_site

from bookingbridge.domains.accounts.api import Role


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with small_site(database_url) as site:
        yield site


def unsafe(member: Member) -> dict[str, str]:
    """What a browser's request that changes something carries."""
    return {"x-csrf-token": member.who.csrf}


NEW = {
    "name": "Harbor Nails",
    "time_zone": "America/New_York",
    "currency": "USD",
    "region": "US",
    "locations": ["Dock 4", "Dock 7"],
    "window_days": 60,
}


def test_a_program_sees_itself_and_its_business(site: Site) -> None:
    owner = site.owner()
    with site.client(key=owner.key(Role.ACCOUNTANT)) as http:
        me = http.get("/api/v1/me").json()
        assert (me["via"], me["role"], me["user_id"]) == ("token", "accountant", None)
        assert me["permissions"] == ["figures.read", "files.export", "money.read", "settings.read"]
        assert me["business_id"] == str(owner.who.business_id)
        listed = http.get("/api/v1/business").json()
        assert listed["next"] is None
        (only,) = listed["items"]
        assert only == http.get(f"/api/v1/business/{me['business_id']}").json()
        assert (only["name"], only["role"], only["window_days"]) == ("Alder & Ash Barbers", "accountant", 30)
        assert only["created_at"] == "2026-03-02T17:00:00Z"


def test_an_owner_makes_further_businesses_and_sees_all(site: Site) -> None:
    owner = site.owner()
    first = owner.who.business_id
    with owner.browser() as http:
        made = http.post("/api/v1/business", json=NEW, headers=unsafe(owner))
        assert made.status_code == 201
        shown = made.json()
        assert made.headers["location"] == f"/api/v1/business/{shown['id']}"
        assert (shown["role"], shown["window_days"], shown["default_model"]) == ("owner", 60, "position")
        assert str(owner.who.business_id) == shown["id"]
        names = [each["name"] for each in http.get("/api/v1/business").json()["items"]]
        assert names == ["Alder & Ash Barbers", "Harbor Nails"]
        page = http.get("/api/v1/business?limit=1").json()
        assert [each["name"] for each in page["items"]] == ["Alder & Ash Barbers"]
        rest = http.get("/api/v1/business", params={"limit": 1, "cursor": page["next"]}).json()
        assert ([each["name"] for each in rest["items"]], rest["next"]) == (["Harbor Nails"], None)
        places = http.get(f"/api/v1/business/{shown['id']}/locations").json()["items"]
        assert [place["name"] for place in places] == ["Dock 4", "Dock 7"]
        # The session is at the new one: the first can be seen, and changed only after switching to it.
        assert http.get(f"/api/v1/business/{first}").status_code == 200
        assert http.patch(f"/api/v1/business/{first}", json={}, headers=unsafe(owner)).status_code == 404


def test_programs_and_employees_make_no_business(site: Site) -> None:
    owner = site.owner()
    manager = site.colleague(owner, Role.MANAGER)
    with site.client(key=owner.key(Role.MANAGER)) as http:
        assert http.post("/api/v1/business", json=NEW).status_code == 403
    with manager.browser() as http:
        assert http.post("/api/v1/business", json=NEW, headers=unsafe(manager)).status_code == 403
    assert [b.name for b in owner.person.businesses] == ["Alder & Ash Barbers"]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"time_zone": "Mars/Olympus"}, "body.time_zone"),
        ({"currency": "usd"}, "body.currency"),
        ({"region": "USA"}, "body.region"),
        ({"window_days": 366}, "body.window_days"),
        ({"window_days": "30"}, "body.window_days"),
        ({"default_model": "guess"}, "body.default_model"),
        ({"name": " "}, "body.name"),
        ({"is_demo": True}, "body.is_demo"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_their_place(
    database_url: str, changed: dict[str, object], where: str
) -> None:
    with small_site(database_url) as site:
        owner = site.owner()
        before = owner.who.business
        with owner.browser() as http:
            refused = http.patch(
                f"/api/v1/business/{before.id}", json={"name": "New", **changed}, headers=unsafe(owner)
            )
            assert refused.status_code == 422
            assert [each["where"] for each in refused.json()["errors"]] == [where]
        assert owner.who.business == before


def test_settings_and_locations_change_field_by_field(site: Site) -> None:
    owner = site.owner()
    path = f"/api/v1/business/{owner.who.business_id}"
    with owner.browser() as http:
        after = http.patch(path, json={"window_days": 45, "name": None}, headers=unsafe(owner)).json()
        assert (after["window_days"], after["name"]) == (45, "Alder & Ash Barbers")
        place = {"name": "Oak Street", "time_zone": "America/Denver", "address": "1 Oak Street"}
        made = http.post(f"{path}/locations", json=place, headers=unsafe(owner))
        assert made.status_code == 201
        where = made.headers["location"]
        assert http.get(where).json() == made.json()
        changed = http.patch(where, json={"address": "", "is_active": False}, headers=unsafe(owner)).json()
        assert (changed["name"], changed["time_zone"], changed["address"], changed["is_active"]) == (
            "Oak Street",
            "America/Denver",
            None,
            False,
        )


def test_a_token_is_shown_once_works_and_is_revoked(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        made = http.post(
            "/api/v1/tokens",
            json={"name": "Sheet", "role": "read_only", "expires_in_days": 30},
            headers=unsafe(owner),
        )
        assert made.status_code == 201
        token = made.json()
        key = token.pop("key")
        assert token["expires_at"] == "2026-04-01T17:00:00Z"
        where = made.headers["location"]
        assert http.get(where).json() == token
        with site.client(key=key) as program:
            assert program.get("/api/v1/me").json()["token_id"] == token["id"]
            assert program.get("/api/v1/tokens").status_code == 403
            assert http.delete(where, headers=unsafe(owner)).status_code == 204
            assert program.get("/api/v1/me").status_code == 401
        assert http.delete(where, headers=unsafe(owner)).status_code == 204
        listed = http.get("/api/v1/tokens").json()["items"]
        assert [(each["name"], each["revoked_at"]) for each in listed] == [("Sheet", "2026-03-02T17:00:00Z")]
        assert key not in str(listed)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "role": "owner"},
        {"name": "x", "role": "god"},
        {"name": "x", "role": "staff", "expires_in_days": 0},
        {"name": "x"},
        {"role": "staff"},
    ],
)
def test_a_token_that_cannot_be_is_not_made(database_url: str, body: dict[str, object]) -> None:
    with small_site(database_url) as site:
        owner = site.owner()
        with owner.browser() as http:
            assert http.post("/api/v1/tokens", json=body, headers=unsafe(owner)).status_code == 422
            assert http.get("/api/v1/tokens").json()["items"] == []


def test_a_stranger_cannot_tell_others_things_from_nothing(site: Site) -> None:
    owner, stranger = site.owner(), site.owner()
    nothing = "00000000-0000-7000-8000-000000000000"
    theirs = str(owner.who.business_id)
    with owner.browser() as http:
        place = http.get(f"/api/v1/business/{theirs}/locations").json()["items"][0]["id"]
        token = http.post(
            "/api/v1/tokens", json={"name": "x", "role": "staff"}, headers=unsafe(owner)
        ).json()["id"]  # fmt: skip

    def asked(http: httpx2.Client, business: str, place: str, token: str) -> list[tuple[str, int, str, str]]:
        paths = [
            ("GET", f"business/{business}"),
            ("PATCH", f"business/{business}"),
            ("GET", f"business/{business}/locations"),
            ("POST", f"business/{business}/locations"),
            ("GET", f"business/{business}/locations/{place}"),
            ("GET", f"business/{mine}/locations/{place}"),
            ("PATCH", f"business/{mine}/locations/{place}"),
            ("GET", f"tokens/{token}"),
            ("DELETE", f"tokens/{token}"),
        ]
        said = []
        for method, path in paths:
            body = {"name": "taken"} if method in ("PATCH", "POST") else None
            answer = http.request(method, f"/api/v1/{path}", json=body, headers=unsafe(stranger))
            problem = answer.json()
            said.append((method, answer.status_code, problem["code"], problem["detail"]))
        return said

    mine = str(stranger.who.business_id)
    with stranger.browser() as http:
        found = asked(http, theirs, place, token)
        assert found == asked(http, nothing, nothing, nothing)
        assert {status for _, status, _, _ in found} == {404}
    assert owner.who.business.name == "Alder & Ash Barbers"
