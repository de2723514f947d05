"""One vendor's integration in one shape: the same operations for each, and the paths that were asked for are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.small_site import Site
from tests.sync.line import sim, simulators
from tests.whole_site import one_of_each, whole_site

from bookingbridge.domains.accounts.api import Role

ROOT = Path(__file__).parents[2]
OPERATIONS = ("auth", "sync", "sync-status", "operations", "health", "errors", "webhooks")


@pytest.fixture
def base() -> Iterator[str]:
    with simulators() as base:
        yield base


@pytest.fixture
def site(database_url: str, base: str) -> Iterator[Site]:
    with whole_site(database_url, simulators=base) as site:
        yield site


def test_every_vendor_answers_every_question_in_the_same_shape(site: Site) -> None:
    with site.client(key=site.owner().key(Role.MANAGER)) as http:
        vendors = [v["name"] for v in http.get("/api/v1/oauth/providers").json()]
        assert len(vendors) >= 3
        for vendor in vendors:
            for operation in OPERATIONS[:-1]:
                answer = http.get(f"/api/v1/integrations/{vendor}/{operation}")
                assert (answer.status_code, answer.json()) == (200, []), (vendor, operation)
            assert http.post(f"/api/v1/integrations/{vendor}/sync").json()["code"] == "not_found"


def test_an_unknown_vendor_is_not_found(site: Site) -> None:
    with site.client(key=site.owner().key(Role.MANAGER)) as http:
        for operation in OPERATIONS:
            assert http.get(f"/api/v1/integrations/nobody/{operation}").status_code == 404


def test_pasted_credentials_are_tested_at_once_and_run_and_go(site: Site, base: str) -> None:
    access = sim(base, "POST", "/square/_sim/tokens", {"merchant_id": "MHARBOURLANE1", "scopes": []})["access_token"]
    with site.client(key=site.owner().key(Role.MANAGER)) as http:

        def ask(method: str, operation: str, **more: Any) -> Any:
            return http.request(method, f"/api/v1/integrations/square/{operation}", **more)

        given = {"environment": "simulator", "fields": {"access_token": access}}
        made = ask("POST", "auth", json=given)
        assert made.status_code == 201
        assert made.json()["test"]["account"] == "Harbour Lane Hair"
        connection = made.json()["connection"]
        assert [c["id"] for c in ask("GET", "auth").json()] == [connection]
        (fares,) = ask("GET", "health").json()
        assert fares == http.get(f"/api/v1/connections/{connection}/health").json()
        assert fares == http.get("/api/v1/oauth/status").json()[0]
        assert fares["findings"] == []
        assert fares["hearing"]["url"].endswith(f"/api/v1/webhooks/square/{connection}")
        at = f"/api/v1/connections/{connection}/schedule"
        assert http.get(at).json()["full_at"] == "02:00"
        assert http.patch(at, json={"full_at": "04:30", "every_minutes": 30}).json()["full_at"] == "04:30"
        assert http.get(at).json() | {"opens": "08:00", "every_minutes": 30} == http.get(at).json()
        assert http.patch(at, json={"full_at": "25:00"}).status_code == 422
        assert http.patch(at, json={"every_minutes": 1}).status_code == 422
        assert http.post(f"/api/v1/connections/{connection}/confirm-vanished").status_code == 409
        run = ask("POST", "full-sync").json()["run"]
        assert ask("POST", "sync").json()["run"] == run, "a run under way is not doubled"
        assert [r["id"] for r in ask("GET", "sync").json()] == [run]
        assert ask("GET", "sync-status").json()[0]["running"]["id"] == run
        assert ask("GET", "webhooks").json()["items"] == []
        assert ask("DELETE", "auth").status_code == 204
        assert ask("GET", "auth").json() == []


def test_with_several_connections_one_must_be_named(site: Site, database_url: str, base: str) -> None:
    owner = site.owner()
    one_of_each(database_url, owner.who.business_id)
    access = sim(base, "POST", "/square/_sim/tokens", {"merchant_id": "MHARBOURLANE1", "scopes": []})["access_token"]
    with site.client(key=owner.key(Role.MANAGER)) as http:
        given = {"environment": "simulator", "fields": {"access_token": access}}
        second = http.post("/api/v1/integrations/square/auth", json=given).json()["connection"]
        assert http.post("/api/v1/integrations/square/sync").json()["code"] == "several"
        assert http.post(f"/api/v1/integrations/square/sync?connection={second}").status_code == 202


def test_the_paths_that_were_asked_for_lead_to_operations_that_exist(site: Site) -> None:
    with site.client(key=site.owner().key(Role.MANAGER)) as http:
        known = {
            f"{method.upper()} /api/v1{path}"
            for path, some in http.get("/api/v1/openapi.json").json()["paths"].items()
            for method in some
        }
    table = re.findall(r"^\| `[^`]+` \| `([A-Z]+ /[^`]+)` \|", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert len(table) >= 15
    assert [ours for ours in table if ours not in known] == []
