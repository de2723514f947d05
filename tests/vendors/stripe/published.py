"""Stripe's published contract as a judge of what was asked and answered; a name it does not have is a complaint.

Two descriptions are at hand: the newest whole one, of API 2023-08-16, and of 2026-10-28.endive the objects' fixtures
and the parameters that Stripe's own library is typed with. Answers are held against the shapes of the first (of our
objects none lost or changed a field since) and may have the names of both; requests against the second.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.vendors.square.published import Exchange

from bookingbridge.vendors.stripe.simulator.answers import nested

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[3]


def specs() -> Path:
    """Where the vendors' own contracts lie; skips the test where they are absent."""
    folder = Path(os.environ.get("BOOKINGBRIDGE_VENDOR_SPECS", ROOT.parent / "shared" / "vendors"))
    if not (folder / "specs" / "stripe").is_dir():
        pytest.skip(f"the vendors' published contracts are not at {folder} (see BOOKINGBRIDGE_VENDOR_SPECS)")
    return folder


class Contract:
    """The published operations and shapes."""

    def __init__(self, folder: Path) -> None:
        described = json.loads((folder / "specs/stripe/stripe.pruned.json").read_text())
        # The copy at hand leaves out asking for one dispute, which Stripe's library has (`v1.disputes.retrieve`).
        one = {"schema": {"$ref": "#/components/schemas/dispute"}}
        described["paths"].setdefault(
            "/v1/disputes/{dispute}", {"get": {"responses": {"200": {"content": {"application/json": one}}}}}
        )
        self._operations = [
            (method.upper(), path, re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), operation)
            for path, methods in sorted(described["paths"].items(), key=lambda pair: "{" in pair[0])
            for method, operation in methods.items()
            if method in ("get", "post", "delete")
        ]
        self._defs: Json = json.loads((folder / "specs/stripe/stripe.schemas.json").read_text())["$defs"]
        asked = json.loads((folder / "specs/stripe/stripe.requests.sdk-endive.json").read_text())
        self._asked, self._asked_defs = asked["operations"], asked["$defs"]
        fixtures = json.loads((folder / "specs/stripe/fixtures3.json").read_text())["resources"]
        self._names = {
            name: set(schema.get("properties", {})) | set(fixtures.get(name, {})) for name, schema in self._defs.items()
        }

    def complaints(self, exchange: Exchange) -> list[str]:
        """What in this exchange Stripe does not know or would not send."""
        found = next((o for o in self._operations if o[0] == exchange.method and o[2].match(exchange.path)), None)
        if found is None:
            return [f"{exchange.method} {exchange.path} is no operation of Stripe's"]
        _, path, _, operation = found
        answer = json.loads(exchange.answered)
        if exchange.status >= 400:
            why = [*self._check("error", answer)]
        else:
            why = [*self._requested(exchange, path, operation), *self._answered(operation, answer)]
        return [f"{exchange.method} {exchange.path}: {one}" for one in why]

    def event_complaints(self, event: Json) -> list[str]:
        """What in this webhook Stripe would not send."""
        about = event["data"]["object"]
        return [*self._check("event", event), *self._object(about["object"], about)]

    def fixtures(self) -> Iterator[tuple[str, Json]]:
        """(name, object) for Stripe's own example of each object we read."""
        for name in ("customer", "charge", "refund", "dispute", "payout", "balance_transaction"):
            yield name, json.loads((specs() / f"payloads/stripe/fixture.{name}.json").read_text())["payload"]

    def _requested(self, exchange: Exchange, path: str, operation: Json) -> Iterator[str]:
        text = exchange.asked.decode() if exchange.method == "POST" else "&".join(
            f"{name}={value}" for name, value in exchange.query.items()
        )  # fmt: skip
        given = nested(text)
        schema = self._asked.get(f"{exchange.method} {path}")
        if schema is None:
            names = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "query"}
            yield from (f"asked: {name} is unknown" for name in given if name not in names)
            return
        value = self._typed(given, schema)
        validator = jsonschema.Draft202012Validator({**schema, "$defs": self._asked_defs})
        for error in validator.iter_errors(value):
            yield f"asked: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"

    def _typed(self, value: Any, schema: Json) -> Any:
        """A form's texts as the numbers and truths that the schema has in their place."""
        if "$ref" in schema:
            schema = self._asked_defs[schema["$ref"].rpartition("/")[2]]
        for option in schema.get("anyOf", ()):
            if isinstance(value, dict) == (option.get("type") == "object" or "$ref" in option):
                return self._typed(value, option)
        if isinstance(value, dict):
            inner = schema.get("properties", {})
            return {name: self._typed(one, inner.get(name, {})) for name, one in value.items()}
        if isinstance(value, list):
            return [self._typed(one, schema.get("items", {})) for one in value]
        if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
            return int(value)
        if schema.get("type") == "boolean" and value in ("true", "false"):
            return value == "true"
        return value

    def _answered(self, operation: Json, answer: Json) -> Iterator[str]:
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        if "data" not in schema.get("properties", {}):
            yield from self._object(answer.get("object", ""), answer)
            return
        if not {"data", "has_more", "object", "url"} <= set(answer):
            yield f"answered: a list with {sorted(answer)}"
        for one in answer["data"]:
            yield from self._object(one.get("object", ""), one)

    def _object(self, name: str, value: Json) -> Iterator[str]:
        if value.get("deleted"):
            name = "deleted_" + name
        if name not in self._defs:
            yield f"answered: {name!r} is no object of Stripe's"
            return
        yield from (f"answered: {name}.{field} is unknown" for field in value if field not in self._names[name])
        yield from self._check(name, self._collapsed(name, value))

    def _collapsed(self, name: str, value: Json) -> Json:
        """The object with ids in the place of what was expanded, as the collapsed description has it."""
        fields = self._defs[name].get("properties", {})
        return {
            field: one["id"] if isinstance(one, dict) and "id" in one and _is_text(fields.get(field, {})) else one
            for field, one in value.items()
        }

    def _check(self, name: str, value: Json) -> Iterator[str]:
        validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": self._defs})
        for error in validator.iter_errors(value):
            yield f"answered: {name} {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def _is_text(schema: Json) -> bool:
    kinds = schema.get("type")
    return kinds == "string" or (isinstance(kinds, list) and "string" in kinds)


@cache
def contract() -> Contract:
    return Contract(specs())
