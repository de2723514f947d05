"""What OpenAPI says of touchpoints is what the collector does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tests.api.shop import TOKEN, Shop, open_shop, visit

from bookingbridge.api import collector_openapi, problems
from bookingbridge.domains.journeys.api import Event

DOCS = Path(__file__).parents[2] / "docs" / "collector.md"


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    with open_shop(database_url) as opened:
        yield opened


def described() -> dict[str, Any]:
    document: dict[str, Any] = {"openapi": "3.1.0", "components": {"schemas": problems.schemas()}}
    collector_openapi.describe(document)
    return document


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    whole = {**schema, "components": document["components"]}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)


def test_every_field_of_an_event_is_described() -> None:
    event = described()["components"]["schemas"]["Touchpoint"]
    assert set(event["properties"]) == set(Event.__struct_fields__)
    assert all(len(field["description"]) > 15 for field in event["properties"].values())


def test_requests_and_answers_are_as_described(shop: Shop) -> None:
    document = described()
    operation = document["paths"]["/touchpoints"]["post"]
    asks = validator(document, operation["requestBody"]["content"]["application/json"]["schema"])
    [example] = re.findall(r"```json\n(\{\"site\".*?)```", DOCS.read_text(), re.DOTALL)
    for body, token, status in [
        (json.loads(example) | {"site": "bbs_anna"}, "", 202),
        ([visit(), visit(kind="NO")], TOKEN, 202),
        (visit(), TOKEN, 202),
        ({"events": [visit(consent="maybe")]}, TOKEN, 422),
        ({"events": []}, TOKEN, 422),
        (visit(), "bb_wrong", 401),
        ({"site": "bbs_none", "events": [visit()]}, "", 404),
    ]:
        assert [error.message for error in asks.iter_errors(body)] == []
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = shop.http.post("/api/v1/touchpoints", json=body, headers=headers)
        assert answer.status_code == status
        [(kind, content)] = operation["responses"][str(status)]["content"].items()
        assert answer.headers["content-type"] == kind
        found = answer.json() if status == 202 else answer.json() | {"request": ""}
        assert [e.message for e in validator(document, content["schema"]).iter_errors(found)] == []


def test_what_the_description_forbids_is_refused(shop: Shop) -> None:
    document = described()
    request = document["paths"]["/touchpoints"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    asks = validator(document, request)
    bodies: list[Any] = [
        {"events": [{"at": 3}]}, {"events": [{"utm": []}]}, [3], 3, {"events": 3}, {"kind": None}, {"fields": {"": {}}},
    ]  # fmt: skip
    for body in bodies:
        assert not asks.is_valid(body), body
        answer = shop.http.post("/api/v1/touchpoints", json=body, headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code in (400, 422), body
