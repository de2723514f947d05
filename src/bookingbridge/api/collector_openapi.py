"""How `POST /api/v1/touchpoints` reads in OpenAPI 3.1. The route is the collector's, so nothing else can describe it.

`describe(document)` adds the operation, its schemas and its tag to the API's own document.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bookingbridge.api import problems
from bookingbridge.api.collector import MOST_IN_LIST
from bookingbridge.api.collector_wire import Touchpoint

PATH = "/touchpoints"
TAG = {"name": "Touchpoints", "description": "Clicks, visits, calls and answers from your own programs."}

_MEANINGS: dict[str, str] = {
    "kind": "visit, click, call, coupon, asked, qr or identify; a word of your own (a-z, 0-9, _) is kept uncredited.",
    "id": "Yours, up to 100 characters; a UUID is kept as it is. The same id again is the same event.",
    "at": "When it happened, with an offset from UTC; now, where it is left out.",
    "visitor": "The script's token. With an API token also any name of yours for the person, up to 80 characters.",
    "consent": "granted, denied, none or not-required. Left out it is none; with an API token you vouch for it.",
    "url": "The page somebody landed on, with its query.",
    "referrer": "The page they came from.",
    "utm": "source, medium, campaign, term, content, id; they add to what the url says.",
    "click_ids": "gclid, fbclid and their like, unaltered; they add to what the url says.",
    "channel": "Only with an API token: the channel, where you know it and nothing here would tell.",
    "email": "As typed. Kept only with consent.",
    "phone": "As typed, with its country code or in the business's own country. Kept only with consent.",
    "fields": "Up to 30 values of your own. `code`: number or code of a call or coupon; `answer`: the reply of asked.",
}
_ERRORS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["where", "why"],
        "properties": {"where": {"type": "string", "examples": ["events[1].kind"]}, "why": {"type": "string"}},
    },
}


def describe(document: dict[str, Any]) -> None:
    """The document (of the app at /api/v1) describes the operation, too."""
    document.setdefault("paths", {})[PATH] = {"post": operation()}
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(schemas())
    components.setdefault("securitySchemes", {})["site"] = {
        "type": "apiKey",
        "in": "header",
        "name": "X-Site-Key",
        "description": "A site's public key, or as `site` in the body. It is believed as little as the site's pages.",
    }
    document.setdefault("tags", []).append(TAG)


def operation() -> dict[str, Any]:
    """The operation object."""
    ref = {"$ref": "#/components/schemas/Touchpoint"}
    single = {"allOf": [ref, {"not": {"required": ["events"]}}]}
    listed = {"type": "array", "items": ref, "maxItems": MOST_IN_LIST}
    site = {"type": ["string", "null"], "description": "A site's key; instead of a token, or to say which site it was."}
    wrapped = {"type": "object", "required": ["events"], "properties": {"site": site, "events": listed}}
    return {
        "tags": [TAG["name"]],
        "operationId": "record_touchpoints",
        "summary": "Record touchpoints",
        "description": "One event, a list, or `{site, events}`. Answered when they are durable. Events that cannot be "
        "used are named and cost the others nothing; sending all of it again is harmless, as ids are kept once.",
        "security": [{"token": []}, {"site": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"anyOf": [wrapped, listed, single]}}},
        },
        "responses": {
            "202": {
                "description": "Durable, but for those that `errors` names",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TouchpointsRecorded"}}},
            },
            **{str(status): it for status, it in problems.documented(400, 401, 403, 404, 413, 422, 429, 503).items()},
        },
    }


def schemas() -> dict[str, Any]:
    """The schemas that the operation names: the event as it is decoded, and the answer."""
    _, found = msgspec.json.schema_components([Touchpoint], ref_template="#/components/schemas/{name}")
    event: dict[str, Any] = found["Touchpoint"]
    event["description"] = "A contact between a person and the business's marketing. What it adds is ignored."
    for name, meaning in _MEANINGS.items():
        event["properties"][name]["description"] = meaning
    ids = {"type": "array", "items": {"type": ["string", "null"], "format": "uuid"}}
    recorded = {
        "type": "object",
        "required": ["accepted", "errors", "ids"],
        "properties": {
            "accepted": {"type": "integer", "minimum": 1},
            "errors": _ERRORS,
            "ids": {**ids, "description": "Our ids in the order of the events; null at the place of one not used."},
        },
    }
    return {"Touchpoint": event, "TouchpointsRecorded": recorded}
