"""Square's published contract as a judge of what was asked and answered; a name it does not have is a complaint."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema  # type: ignore[import-untyped]
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[3]


def specs() -> Path:
    """Where the vendors' own contracts lie; skips the test where they are absent."""
    folder = Path(os.environ.get("BOOKINGBRIDGE_VENDOR_SPECS", ROOT.parent / "shared" / "vendors"))
    if not (folder / "specs" / "square").is_dir():
        pytest.skip(f"the vendors' published contracts are not at {folder} (see BOOKINGBRIDGE_VENDOR_SPECS)")
    return folder


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


class Contract:
    """The published operations and shapes."""

    def __init__(self, folder: Path) -> None:
        described = json.loads((folder / "specs/square/square.pruned.json").read_text())
        self._operations = [
            (method.upper(), re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), operation)
            for path, methods in sorted(described["paths"].items(), key=lambda pair: "{" in pair[0])
            for method, operation in methods.items()
            if method in ("get", "post", "put", "delete")
        ]
        self._events = {
            schema["x-webhook"]["event"]: name
            for name, schema in described["components"]["schemas"].items()
            if "x-webhook" in schema
        }
        self._defs = _closed(json.loads((folder / "specs/square/square.schemas.json").read_text())["$defs"])

    def complaints(self, exchange: Exchange) -> list[str]:
        """What in this exchange Square does not know or would not send."""
        operation = next(
            (o for m, pattern, o in self._operations if m == exchange.method and pattern.match(exchange.path)), None
        )
        if operation is None:
            return [f"{exchange.method} {exchange.path} is no operation of Square's"]
        named = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "query"}
        found = [f"query: {name} is unknown" for name in exchange.query if name not in named]
        schema = _schema_name(operation.get("requestBody", {}))
        if exchange.asked and 200 <= exchange.status < 300:
            found += [f"asked: {why}" for why in self._check(schema, exchange.asked)]
        answer = _schema_name(operation["responses"].get("200", {}))
        found += [f"answered: {why}" for why in self._check(answer, exchange.answered)]
        if exchange.status >= 400 and not json.loads(exchange.answered).get("errors"):
            found.append("answered: a refusal without errors")
        return [f"{exchange.method} {exchange.path}: {why}" for why in found]

    def event_complaints(self, event: Json) -> list[str]:
        """What in this webhook Square would not send."""
        return list(self._check(self._events[event["type"]], json.dumps(event).encode()))

    def _check(self, name: str | None, body: bytes) -> Iterator[str]:
        if name is None:
            return
        validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": self._defs})
        for error in validator.iter_errors(json.loads(body or b"{}")):
            yield f"{'/'.join(str(p) for p in error.absolute_path)}: {error.message[:200]}"


@cache
def contract() -> Contract:
    return Contract(specs())


def _schema_name(part: Json) -> str | None:
    schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    reference = schema.get("$ref")
    return reference.rpartition("/")[2] if reference else None


def _closed(defs: Json) -> Json:
    """The shapes with every object closed: a name they do not have is a complaint."""
    closed = copy.deepcopy(defs)
    for name, schema in closed.items():
        # Both are in Square's own examples of its events, though not in their shapes.
        if name.endswith("Event"):
            schema["properties"].setdefault("location_id", {"type": "string"})
        if name.endswith("EventData"):
            schema["properties"].setdefault("deleted", {"type": "boolean"})
        if schema.get("properties") and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
    return closed
