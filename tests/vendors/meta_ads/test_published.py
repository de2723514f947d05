"""Our requests, and the simulator's answers, against what Meta publishes: field lists, types, example answers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from tests.vendors.meta_ads.meta_world import BROWSER, TOKEN, Meta, meta, specs

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.meta_ads import VENDOR, wire
from bookingbridge.vendors.meta_ads.sim_insights import FIELDS

# Every edge of the Graph API takes these beside its own.
COMMON = {"fields", "limit", "after", "access_token", "appsecret_proof"}
PYTHON = {"string": str, "unsigned int": int, "datetime": str, "bool": bool, "float": float}


def published(name: str) -> Json:
    held: Json = json.loads((specs() / "specs" / "meta" / "api_specs" / f"{name}.json").read_text())
    return held


def fields(name: str) -> dict[str, str]:
    return {field["name"]: field["type"] for field in published(name)["fields"]}


def params(name: str, endpoint: str) -> set[str]:
    [api] = [a for a in published(name)["apis"] if a.get("endpoint") == endpoint and a["method"] == "GET"]
    return {param["name"] for param in api["params"]} | COMMON


def enum(name: str) -> set[str]:
    held = json.loads((specs() / "specs" / "meta" / "enum_types.subset.json").read_text())
    return {value for entry in held if entry["name"] == name for value in entry["values"]}


def asked(there: Meta, ending: str) -> list[dict[str, list[str]]]:
    return [parse_qs(r["query"]) for r in there.requests() if r["path"].endswith(ending)]


def listed(there: Meta, path: str, **query: str) -> list[Json]:
    answer = BROWSER.get(f"{there.base_url}/v26.0/{path}", params={"access_token": TOKEN, "limit": "100", **query})
    assert answer.status_code == 200, answer.text
    rows: list[Json] = answer.json()["data"]
    return rows


@pytest.mark.parametrize(
    ("stream", "ending", "node", "edge"),
    [("campaigns", "/campaigns", "Campaign", "campaigns"), ("ad_days", "/insights", "AdsInsights", "insights")],
)
def test_we_ask_only_for_what_is_published(stream: str, ending: str, node: str, edge: str) -> None:
    known, allowed = fields(node), params("AdAccount", edge)
    with meta() as there:
        there.read(stream)
        requests = asked(there, ending)
    assert requests
    for request in requests:
        assert set(request) <= allowed
        assert set(request["fields"][0].split(",")) <= set(known)


def test_what_we_read_of_an_account_is_published() -> None:
    known = fields("AdAccount")
    with meta() as there:
        there.talk(lambda client: client.check())
        [request] = asked(there, "/adaccounts")
    assert set(request["fields"][0].split(",")) <= set(known)


def test_the_level_and_presets_are_published() -> None:
    assert "campaign" in enum("adaccountinsights_level_enum_param")
    assert {"today", "last_30d", "maximum"} <= enum("adaccountinsights_date_preset_enum_param")


def test_every_field_of_our_shapes_is_published_with_that_type() -> None:
    for shape, node in ((wire.Campaign, "Campaign"), (wire.InsightsRow, "AdsInsights"), (wire.AdAccount, "AdAccount")):
        known = fields(node)
        for field in msgspec.structs.fields(shape):
            kind = known[field.name]
            assert PYTHON.get(kind, str) in (field.type, *getattr(field.type, "__args__", ())), (node, field.name)


def test_the_simulators_insights_are_strings_of_published_fields() -> None:
    known = fields("AdsInsights")
    assert set(known) >= FIELDS
    assert {known[name] for name in FIELDS} == {"string"}
    with meta() as there:
        wanted = ",".join(sorted(FIELDS))
        rows = listed(there, "act_1001/insights", level="campaign", time_increment="1", fields=wanted)
    assert rows
    assert {name for row in rows for name in row} == FIELDS
    assert {type(value) for row in rows for value in row.values()} == {str}


@pytest.mark.parametrize(
    ("path", "node", "names"),
    [
        ("act_1001/campaigns", "Campaign",
         "id,account_id,name,objective,status,effective_status,created_time,updated_time"),
        ("me/adaccounts", "AdAccount", "id,account_id,name,currency,timezone_name,account_status"),
    ],
)  # fmt: skip
def test_the_simulators_nodes_have_published_fields_and_types(path: str, node: str, names: str) -> None:
    known = fields(node)
    with meta() as there:
        rows = listed(there, path, fields=names)
    assert rows
    for row in rows:
        assert set(row) == set(names.split(","))
        for name, value in row.items():
            assert isinstance(value, PYTHON.get(known[name], str)), (name, value)


def test_the_published_examples_and_the_simulators_answers_have_one_shape() -> None:
    folder = specs() / "payloads" / "meta_marketing"
    example: Json = json.loads((folder / "insights_campaign.json").read_text())["payload"]
    wanted = ",".join(name for name in example["data"][0] if name in FIELDS)
    with meta() as there:
        query = {"access_token": TOKEN, "level": "campaign", "time_increment": "1", "fields": wanted, "limit": "1"}
        answer = BROWSER.get(f"{there.base_url}/v26.0/act_1001/insights", params=query).json()
    assert _shape(answer["paging"]) == _shape(example["paging"])
    assert set(answer["data"][0]) == set(example["data"][0]) & FIELDS
    msgspec.convert(example, wire.Rows)
    [row] = example["data"]
    assert VENDOR.read("ad_day", {"row": row | {"account_currency": "USD"}, "is_settling": False})


def test_an_account_without_delivery_answers_as_published() -> None:
    example = json.loads((specs() / "payloads" / "meta_marketing" / "insights_empty.json").read_text())["payload"]
    with meta({"accounts": [{"id": "1001"}], "tokens": [{"token": TOKEN}]}) as there:
        answer = BROWSER.get(f"{there.base_url}/v26.0/act_1001/insights", params={"access_token": TOKEN}).json()
        there.settings = {"history_days": "28"}
        assert [page.records for page in there.read("ad_days")] == [()]
    assert answer == example


def test_throttling_is_told_in_the_published_envelope_and_headers() -> None:
    example = json.loads((specs() / "payloads" / "meta_marketing" / "rate_limited.json").read_text())
    with meta() as there:
        there.order("faults", {"fault": "429", "retry_after": 60})
        answer = BROWSER.get(f"{there.base_url}/v26.0/act_1001/insights", params={"access_token": TOKEN})
    assert set(example["headers"]) <= set(answer.headers)
    assert _shape(answer.json()) == _shape(example["payload"])
    for name, text in example["headers"].items():
        assert set(_leaves(json.loads(text))) <= set(_leaves(json.loads(answer.headers[name])))


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    return type(value)


def _leaves(value: Any) -> list[str]:
    """The names beside plain values, however deep; account ids on the way do not count."""
    if isinstance(value, list):
        return [name for inner in value for name in _leaves(inner)]
    if isinstance(value, dict):
        deep = [name for inner in value.values() for name in _leaves(inner)]
        return deep + [name for name, inner in value.items() if not isinstance(inner, dict | list)]
    return []
