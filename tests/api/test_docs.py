"""The API's description: complete, unambiguous, shown by a page that loads nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright
from starlette.datastructures import State
from tests.small_site import small_site

from bookingbridge.api import docs
from bookingbridge.api.app import api
from bookingbridge.api.operations import operations
from bookingbridge.web.access import route_table

METHODS = ("get", "post", "put", "patch", "delete")


def description() -> dict[str, Any]:
    return api(State()).openapi()


DOORS = {"POST /touchpoints", "POST /webhooks/{vendor}/{connection}", "GET /webhooks/{vendor}/{connection}"}
"""What answers in front of the API's app, with rules of its own."""


def every_operation() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in api(State(), doors=()).openapi()["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def test_every_operation_is_named_grouped_explained_and_says_who_may() -> None:
    names = []
    tags = {tag["name"] for tag in description()["tags"]}
    for what, operation in every_operation():
        names.append(operation["operationId"])
        assert re.fullmatch(r"[a-z][a-z_]+", operation["operationId"]), what
        assert operation["summary"], what
        assert operation["description"].rstrip(), what
        assert set(operation["tags"]) <= tags, what
        assert operation["x-permission"], what
    assert len(set(names)) == len(names) >= 12


def test_every_error_is_described_as_a_problem_document() -> None:
    for what, operation in every_operation():
        for status, response in operation["responses"].items():
            if not status.startswith("2") and not status.startswith("3"):
                assert list(response["content"]) == ["application/problem+json"], f"{what} {status}"
        assert {"401", "403", "422", "429"} <= set(operation["responses"]), what
    assert "HTTPValidationError" not in description()["components"]["schemas"]


def test_unsafe_operations_take_an_idempotency_key_and_lists_take_a_cursor() -> None:
    for what, operation in every_operation():
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        assert ("Idempotency-Key" in names) == (not what.startswith("GET")), what
        assert "limit" in names or "cursor" not in names, what


def test_every_described_operation_is_a_route_and_every_route_is_described() -> None:
    app = api(State())
    described = {what for what, _ in every_operation()}
    routes = {f"{row.method} {row.path}" for row in route_table(app)}
    assert routes - described == {"GET /docs", "GET /docs/{name}", "GET /openapi.json"}
    assert described <= routes
    whole = {f"{m.upper()} {path}" for path, item in description()["paths"].items() for m in METHODS if m in item}
    assert whole - described == DOORS


def test_the_description_is_openapi_3_1_with_sound_references() -> None:
    document = description()
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api/v1"}]
    schemas = document["components"]["schemas"]
    for reference in set(re.findall(r"'#/components/schemas/([^']+)'", str(document))):
        assert reference in schemas
    assert set(document["components"]["securitySchemes"]) == {"token", "session", "site"}


def test_two_operations_of_one_name_are_found_at_the_start() -> None:
    first, second = operations("/a", "A", "a"), operations("/b", "B", "b")

    async def same_name() -> None:
        """Does nothing."""

    first.get("")(same_name)
    second.get("")(same_name)
    with pytest.raises(ValueError, match="same_name"):
        api(State(), (first, second))


def test_what_others_wrote_is_as_published_and_has_its_licence() -> None:
    files = tomllib.loads((docs.STATIC / "vendored.toml").read_text())["file"]
    assert {file["path"] for file in files} == {"swagger-ui-bundle.js", "swagger-ui.css"}
    for file in files:
        assert hashlib.sha256((docs.STATIC / file["path"]).read_bytes()).hexdigest() == file["sha256"]
        assert "Apache License" in (docs.STATIC / file["licence_text"]).read_text()


def test_the_pages_files_are_kept_by_the_browser_and_packed(database_url: str) -> None:
    with small_site(database_url) as site, site.client() as http:
        page = http.get("/api/v1/docs")
        assert page.headers["content-security-policy"] == docs.CONTENT_SECURITY_POLICY
        assert "unsafe" not in docs.CONTENT_SECURITY_POLICY
        for address in re.findall(r'(?:href|src)="(/api/v1/docs/[^"]+)"', page.text):
            file = http.get(address)
            assert file.status_code == 200
            assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert file.headers["content-encoding"] == "gzip"
            again = http.get(address.split("?")[0], headers={"if-none-match": file.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert http.get("/api/v1/docs/../auth.py").status_code == 404
        assert http.get("/api/v1/docs/none.js").status_code == 404
        assert http.get("/api/v1/openapi.json").json()["info"]["title"] == "BookingBridge"


@pytest.mark.browser
def test_the_page_shows_every_operation_and_tries_one_under_its_strict_policy(
    database_url: str, chromium_path: Path
) -> None:
    with small_site(database_url) as site, sync_playwright() as playwright:
        key = site.owner().key()
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page()
        complaints: list[str] = []
        elsewhere: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                elsewhere.append(request.url) if not request.url.startswith((site.url, "data:", "blob:")) else None
            ),
        )
        page.goto(f"{site.url}/api/v1/docs")
        page.wait_for_selector("#operations-Me-who_am_i")
        assert page.locator(".opblock").count() == len(list(_small_operations(site.app)))
        page.locator("button.authorize").click()
        page.get_by_label("auth-bearer-value").fill(key)
        page.get_by_role("button", name="Apply credentials").first.click()
        page.get_by_role("button", name="Close").first.click()
        page.locator("#operations-Me-who_am_i .opblock-summary-control").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.get_by_text("Alder & Ash Barbers").first.wait_for()
        browser.close()
    assert complaints == []
    assert elsewhere == []


def _small_operations(app: Any) -> Iterator[str]:
    for row in route_table(app):
        if row.path.startswith("/api/v1/") and not row.path.startswith(("/api/v1/docs", "/api/v1/openapi")):
            yield f"{row.method} {row.path}"
