"""How `/api/v1/webhooks/{vendor}/{connection}` reads in OpenAPI 3.1. The route is the door's own."""

from __future__ import annotations

from typing import Any

PATH = "/webhooks/{vendor}/{connection}"
TAG = {"name": "Webhooks", "description": "Where vendors deliver. Each delivery is kept as it came, then worked off."}

_ADDRESS = [
    {"name": "vendor", "in": "path", "required": True, "schema": {"type": "string"}, "example": "square"},
    {"name": "connection", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
]


def describe(document: dict[str, Any]) -> None:
    """The document (of the app at /api/v1) describes the address, too."""
    document.setdefault("paths", {})[PATH] = {"parameters": _ADDRESS, "post": _deliver(), "get": _shake()}
    document.setdefault("tags", []).append(TAG)


def _deliver() -> dict[str, Any]:
    return {
        "tags": [TAG["name"]],
        "operationId": "deliver_webhook",
        "summary": "Deliver a webhook",
        "description": "For vendors, in each vendor's own form, signed as each signs. Answered when it is durable; the "
        "same delivery again is harmless.",
        "security": [{}],
        "requestBody": {"required": True, "content": {"*/*": {"schema": {}}}},
        "responses": {
            "200": {"description": "Kept", "content": {"application/json": {"schema": {"type": "object"}}}},
            **{
                status: _problem(says)
                for status, says in (
                    ("400", "It cannot be kept"), ("401", "The signature does not fit"), ("404", "No such connection"),
                    ("413", "Too large"), ("503", "It could not be kept; come again"),
                )
            },
        },
    }  # fmt: skip


def _shake() -> dict[str, Any]:
    return {
        "tags": [TAG["name"]],
        "operationId": "confirm_webhook_address",
        "summary": "Confirm that the address is ours",
        "description": "For vendors that ask so before they deliver; answered with what they sent.",
        "security": [{}],
        "responses": {
            "200": {"description": "It is", "content": {"text/plain": {"schema": {"type": "string"}}}},
            **{s: _problem(says) for s, says in (("401", "The verify token does not fit"), ("404", "Not here"))},
        },
    }


def _problem(says: str) -> dict[str, Any]:
    problem = {"type": "object", "required": ["type", "title", "status", "detail"]}
    return {"description": says, "content": {"application/problem+json": {"schema": problem}}}
