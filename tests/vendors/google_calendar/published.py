"""Google's discovery document as a judge of what was asked and answered; a name it does not have is a complaint."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jsonschema  # type: ignore[import-untyped]
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.vendors.google_calendar.calendar_world import specs

Json = dict[str, Any]


@dataclass(slots=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    query: dict[str, str]
    asked: bytes
    status: int
    answered: bytes


@dataclass(slots=True)
class Recorder:
    """An app that writes down everything that goes through it."""

    app: ASGIApp
    exchanges: list[Exchange] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        query = dict(parse_qsl(scope["query_string"].decode()))
        exchange = Exchange(scope["method"], scope["path"], query, b"", 0, b"")

        async def hearing() -> Message:
            message = await receive()
            exchange.asked += message.get("body", b"")
            return message

        async def saying(message: Message) -> None:
            exchange.status = message.get("status", exchange.status)
            exchange.answered += message.get("body", b"")
            await send(message)

        self.exchanges.append(exchange)
        await self.app(scope, hearing, saying)


@dataclass(frozen=True, slots=True)
class Method:
    """One published method of the API."""

    http: str
    pattern: re.Pattern[str]
    parameters: Json
    asked: str | None
    answered: str | None


class Contract:
    """The published methods, and their schemas as JSON Schema with every object closed."""

    def __init__(self, described: Json) -> None:
        self._defs = {name: _closed(schema) for name, schema in described["schemas"].items()}
        self._methods = [
            Method(
                one["httpMethod"],
                re.compile("^/" + re.sub(r"\{[^}]+\}", "[^/]+", one["path"]) + "$"),
                one.get("parameters", {}) | described["parameters"],
                one.get("request", {}).get("$ref"),
                one.get("response", {}).get("$ref"),
            )
            for resource in described["resources"].values()
            for one in resource.get("methods", {}).values()
        ]
        self._methods.sort(key=lambda one: "[^/]+$" in one.pattern.pattern)

    def complaints(self, exchange: Exchange) -> list[str]:
        """What in this exchange Google does not know or would not send."""
        path = exchange.path.removeprefix("/calendar/v3")
        method = next((m for m in self._methods if m.http == exchange.method and m.pattern.match(path)), None)
        if method is None:
            return [f"{exchange.method} {path} is no method of Google's"]
        found = [why for name, value in exchange.query.items() for why in _parameter(method, name, value)]
        if exchange.asked:
            found += [f"asked: {why}" for why in self._check(method.asked, exchange.asked)]
        if exchange.status >= 400:
            error = json.loads(exchange.answered)["error"]
            is_whole = error["code"] == exchange.status and error["errors"][0]["reason"] and error["message"]
            return found + ([] if is_whole else ["answered: no error of Google's"])
        if exchange.answered or method.answered:
            found += [f"answered: {why}" for why in self._check(method.answered, exchange.answered)]
        return [f"{exchange.method} {path}: {why}" for why in found]

    def _check(self, name: str | None, body: bytes) -> Iterator[str]:
        if name is None:
            yield "something where nothing is published"
            return
        validator = jsonschema.Draft202012Validator(
            {"$ref": f"#/$defs/{name}", "$defs": self._defs}, format_checker=jsonschema.FormatChecker()
        )
        for error in validator.iter_errors(json.loads(body)):
            yield f"{'/'.join(str(p) for p in error.absolute_path)}: {error.message[:200]}"


@cache
def contract() -> Contract:
    return Contract(json.loads((specs() / "specs/google_calendar/calendar.v3.json").read_text()))


def _parameter(method: Method, name: str, value: str) -> Iterator[str]:
    known = method.parameters.get(name)
    if known is None:
        yield f"query: {name} is unknown"
    elif known["type"] == "integer" and not value.isdigit():
        yield f"query: {name} is no number"
    elif known["type"] == "boolean" and value not in ("true", "false"):
        yield f"query: {name} is neither true nor false"
    elif "enum" in known and value not in known["enum"]:
        yield f"query: {name} knows no {value}"


def _closed(schema: Json) -> Json:
    """A discovery schema as JSON Schema: references moved, null where PATCH takes away, unknown names refused."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type", "object")
    made: Json = {"type": kind} if kind != "any" else {}
    if kind == "object":
        made["properties"] = {name: _closed(inner) for name, inner in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties")
        made["additionalProperties"] = _closed(others) if others else False
    elif kind == "array":
        made["items"] = _closed(schema["items"])
    elif kind == "string" and schema.get("format") in ("date", "date-time"):
        made = {"type": ["string", "null"], "format": schema["format"]}
    elif kind == "string" and schema.get("format") == "int64":
        made["pattern"] = "^-?[0-9]+$"
    return made
