"""Our queries, and the simulator's answers, against Google's published fields, routes and example answers."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec
import pytest
from tests.vendors.google_ads.google_world import OWN, google, specs

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.google_ads import VENDOR, queries, wire
from bookingbridge.vendors.google_ads.client import API_VERSION
from bookingbridge.vendors.google_ads.sim_fields import FIELDS, camel
from bookingbridge.vendors.google_ads.sim_gaql import parse

DAY = date(2026, 11, 1)
QUERIES = [
    queries.CUSTOMER, queries.CLIENTS, queries.client(OWN), queries.campaigns(), queries.campaign("71001"),
    queries.days(DAY, DAY), queries.day("71001", DAY),
]  # fmt: skip
PYTHON: dict[str, type] = {"int64": str, "int32": int, "double": float, "string": str, "bool": bool, "enum": str}


def fields() -> dict[str, Json]:
    held = json.loads((specs() / "specs" / "google" / "googleads_v26_fields.json").read_text())
    return {name: about for resource in held["resources"].values() for name, about in resource.items()}


def services() -> Json:
    name = "fields.ads_googleads_v25_services.json"
    held: Json = json.loads((specs() / "specs" / "google" / name).read_text())
    return held


def payload(name: str) -> Any:
    return json.loads((specs() / "payloads" / "google_ads" / f"{name}.json").read_text())["payload"]


def known(names: set[str]) -> set[str]:
    """The names the published list covers; customer_client is a resource it does not hold."""
    return {name for name in names if not name.startswith("customer_client.")}


@pytest.mark.parametrize("text", QUERIES)
def test_we_ask_only_for_published_fields(text: str) -> None:
    query = parse(text)
    asked = {*query.select, *(c.field for c in query.where), *(name for name, _ in query.order)}
    assert known(asked) <= set(fields())
    assert query.resource in services()["GoogleAdsRow"]


def test_every_field_of_the_simulator_is_published_with_that_type_and_enum() -> None:
    published = fields()
    for name in known(set(FIELDS)):
        about = published[name]
        mine = FIELDS[name]
        assert about["type"] == ("string" if mine.type == "date" else mine.type), name
        assert about["json"] == camel(name.split(".")[1])
        assert tuple(about.get("enum", ())) == mine.enum, name


def test_the_simulator_writes_values_as_their_types_say() -> None:
    published = fields()
    names = sorted(name for name in known(set(FIELDS)) if not name.startswith("segments.") or name == "segments.date")
    with google() as there:
        text = f"SELECT {', '.join(names)} FROM campaign WHERE segments.date DURING LAST_7_DAYS"
        found = there.ask(text).json()["results"]
    assert found
    for row in found:
        for name in names:
            owner, member = name.split(".")
            value = row[camel(owner)][camel(member)]
            kind = published[name]["type"]
            assert type(value) is PYTHON[kind], (name, value)
            assert kind != "enum" or value in published[name]["enum"]


def test_the_routes_and_request_fields_are_published() -> None:
    held = services()
    routes = {route.split("/", 2)[2] for route in held["GoogleAdsService.http"]}
    allowed = {_camel(name) for name in held["SearchGoogleAdsRequest"]}
    with google() as there:
        there.read("campaigns")
        there.read("ad_days", most=1)
        asked = [r["path"] for r in there.requests("googleAds")]
    assert asked
    for path in asked:
        assert path.startswith(f"/{API_VERSION}/")
        method = path.rpartition("/")[2]
        assert f"customers/{{customer_id=*}}/{method}" in routes
    assert {"query", "pageToken"} <= allowed


def test_the_answers_have_only_published_parts() -> None:
    held = services()
    page = {_camel(name) for name in held["SearchGoogleAdsResponse"]}
    batch = {_camel(name) for name in held["SearchGoogleAdsStreamResponse"]}
    parts = {_camel(name) for name in held["GoogleAdsRow"]}
    with google() as there:
        there.order("world", {"rules": {"page_rows": 2}})
        text = queries.campaigns()
        answered = there.ask(text, searchSettings={"returnTotalResultsCount": True}).json()
        streamed = there.ask(text, method="searchStream").json()
    assert set(answered) <= page
    assert all(set(one) <= batch for one in streamed)
    assert len(streamed) == 2
    assert all(set(row) <= parts for row in answered["results"])


def test_the_published_batches_are_read_as_the_simulators_are() -> None:
    batches = msgspec.convert(payload("searchstream_two_batches"), list[wire.SearchPage])
    assert [len(batch.results) for batch in batches] == [1, 1]
    for row in (row for batch in batches for row in batch.results):
        whole = row | {"customer": {"currencyCode": "USD"}}
        assert VENDOR.read("campaign", whole)
        assert VENDOR.read("ad_day", {"row": whole, "is_settling": False})


def test_no_rows_are_told_as_published() -> None:
    example = payload("searchstream_no_rows")
    msgspec.convert(example, list[wire.SearchPage])
    with google() as there:
        text = "SELECT campaign.id, campaign.name, metrics.cost_micros FROM campaign WHERE campaign.id = 1"
        answered = there.ask(text, method="searchStream").json()
    assert [set(one) for one in answered] == [set(one) for one in example]
    assert answered[0]["fieldMask"] == example[0]["fieldMask"]


def test_a_project_that_is_not_approved_is_refused_as_published() -> None:
    with google() as there:
        there.order("world", {"rules": {"is_test_project": True}})
        answered = there.ask("SELECT campaign.id FROM campaign").json()
    assert _shape(answered) == _shape(payload("error_cloud_project"))
    example = payload("error_cloud_project")["error"]
    assert answered["error"]["status"] == example["status"]
    assert answered["error"]["details"][0]["@type"] == example["details"][0]["@type"]
    assert answered["error"]["details"][0]["errors"][0]["errorCode"] == example["details"][0]["errors"][0]["errorCode"]


def test_the_refusals_names_are_published() -> None:
    held = json.loads((specs() / "specs" / "google" / "fields.ads_googleads_v25_errors.json").read_text())
    published = set(held["QueryErrorEnum.QueryError"])
    with google() as there:
        for text in ("", "SELECT campaign.nope FROM campaign", "SELECT campaign.id FROM nope"):
            failure = there.ask(text).json()["error"]["details"][0]["errors"][0]
            assert failure["errorCode"]["queryError"] in published


def _camel(name: str) -> str:
    return camel(name)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner) for inner in value]
    return type(value)
