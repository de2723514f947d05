"""Every error is a problem document, whoever raised it, and tells no secret."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from tests.api import toys
from tests.small_site import Site, small_site


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with small_site(database_url, routers=(toys.router,)) as site:
        yield site


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, object]:
    """The response is a problem of that status and code, in the shape all have."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    said: dict[str, object] = response.json()
    assert set(said) == {"type", "title", "status", "detail", "code", "request", "errors"}
    assert (said["status"], said["code"], said["type"]) == (status, code, f"urn:bookingbridge:problem:{code}")
    assert said["request"] == response.headers["x-request-id"]
    assert said["detail"]
    return said


def test_each_of_our_errors_has_its_status(site: Site) -> None:
    expected = {
        "refused": (409, "refused"),
        "forbidden": (403, "forbidden"),
        "invalid": (422, "invalid_colour"),
        "absent": (404, "not_found"),
        "ambiguous": (504, "ambiguous"),
        "unreachable": (503, "unreachable"),
        "throttled": (429, "throttled"),
        "expired": (409, "auth_expired"),
        "rejected": (422, "rejected"),
        "unreadable": (422, "unreadable"),
    }
    assert set(expected) == set(toys.ERRORS)
    with site.client() as http:
        for name, (status, code) in expected.items():
            response = http.get(f"/api/v1/toys/errors/{name}")
            said = problem(response, status, code)
            assert said["detail"] == toys.ERRORS[name].why
            assert ("retry-after" in response.headers) == (status in (429, 503))
        assert http.get("/api/v1/toys/errors/unreadable").json()["errors"] == [
            {"where": "row 4", "why": "Not a date (at row 4)"}
        ]


def test_an_unforeseen_error_says_nothing_but_its_number(site: Site) -> None:
    with site.client() as http:
        said = problem(http.get("/api/v1/toys/errors/other"), 500, "internal")
    assert "secret" not in str(said)
    assert "ZeroDivision" not in str(said)


def test_what_the_framework_refuses_is_a_problem_too(site: Site) -> None:
    key = site.owner().key()
    with site.client(key=key) as http:
        problem(http.get("/api/v1/nowhere"), 404, "not_found")
        wrong_method = http.put("/api/v1/toys")
        problem(wrong_method, 405, "method_not_allowed")
        assert set(wrong_method.headers["allow"].split(", ")) == {"GET", "POST"} or wrong_method.headers["allow"]
        json_type = {"content-type": "application/json"}
        problem(http.post("/api/v1/toys", content=b"{no", headers=json_type), 400, "not_json")
        problem(http.post("/api/v1/toys", content=b"\xff\xfe{", headers=json_type), 400, "unreadable_body")
        problem(http.post("/api/v1/toys", content=b"", headers=json_type), 422, "invalid")
        problem(http.post("/api/v1/toys", content=b'{"name": "x"}'), 422, "invalid")
        problem(http.post("/api/v1/toys", content=b"x" * 1_048_577, headers=json_type), 413, "too_large")
        problem(http.get("/api/v1/toys/not-an-id"), 422, "invalid")
        problem(http.get("/api/v1/toys?limit=0"), 422, "invalid")
        problem(http.get("/api/v1/toys?limit=many"), 422, "invalid")


def test_whoever_is_unknown_is_told_how_to_come_in(site: Site) -> None:
    with site.client() as http:
        response = http.get("/api/v1/toys")
        problem(response, 401, "unauthenticated")
        assert response.headers["www-authenticate"] == "Bearer"
        # Who may not come in learns nothing about what is inside, not even whether the request has the right shape.
        problem(http.post("/api/v1/toys", content=b"{no"), 401, "unauthenticated")
        problem(http.get("/api/v1/toys/not-an-id"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.name"),
        ({"name": 7}, "body.name"),
        ({"name": ""}, "body.name"),
        ({"name": "  "}, "body.name"),
        ({"name": "a\u0000b"}, "body.name"),
        ({"name": "a\nb"}, "body.name"),
        ({"name": "x" * 121}, "body.name"),
        ({"name": "x", "note": "\u202egnp.exe"}, "body.note"),
        ({"name": "x", "size": "3"}, "body.size"),
        ({"name": "x", "size": 1.5}, "body.size"),
        ({"name": "x", "size": True}, "body.size"),
        ({"name": "x", "at": 0}, "body.at"),
        ({"name": "x", "at": "2026-03-01"}, "body.at"),
        ({"name": "x", "at": "2026-03-01T09:00:00"}, "body.at"),
        ({"name": "x", "at": "0001-01-01T00:00:00Z"}, "body.at"),
        ({"name": "x", "owner": 5}, "body.owner"),
        ({"name": "x", "owner": "{018f3c5e-0000-7000-8000-000000000000}"}, "body.owner"),
        ({"name": "x", "password": "hunter2-in-the-wrong-field"}, "body.password"),
        ([], "body"),
    ],
)
def test_a_body_of_another_shape_is_refused_at_its_place_and_not_repeated(
    database_url: str, body: object, where: str
) -> None:
    with small_site(database_url, routers=(toys.router,)) as site, site.client(key=site.owner().key()) as http:
        toys.made.clear()
        said = problem(http.post("/api/v1/toys", json=body), 422, "invalid")
        assert [each["where"] for each in said["errors"]] == [where]  # type: ignore[attr-defined]
        assert "hunter2" not in str(said)
        assert toys.made == []


def test_a_body_of_the_right_shape_is_taken(site: Site) -> None:
    with site.client(key=site.owner().key()) as http:
        body = {
            "name": "Kreisel für Ömer 🪀",
            "note": "",
            "owner": "018F3C5E-0000-7000-8000-000000000000",
            "at": "2026-03-01T09:00:00+02:00",
        }
        response = http.post("/api/v1/toys", json={**body, "size": 2.0})
        assert response.status_code == 201
        assert response.json() == {"name": "Kreisel für Ömer 🪀", "at": "2026-03-01T07:00:00Z"}


def test_characters_the_database_cannot_hold_do_not_get_past_the_door(site: Site) -> None:
    with site.client(key=site.owner().key()) as http:
        for path in ("/api/v1/toys/errors/a%00b", "/api/v1/toys?cursor=a%00b", "/signin?next=%00", "/api/v1/toys/%0A"):
            assert http.get(path).status_code == 400
