"""Webhooks of a simulated Square: subscriptions, signed deliveries, and the search for what was missed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx2
import msgspec
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.simulated_deliveries import PATIENCE, Outgoing
from bookingbridge.vendors.square.simulator.answers import (
    Call,
    Complaint,
    endpoint,
    limit_of,
    optional,
    page_of,
    require,
    stamp,
    time_in,
)
from bookingbridge.vendors.square.simulator.state import Merchant, new_id
from bookingbridge.vendors.square.webhooks import EVENTS as TYPES
from bookingbridge.vendors.square.webhooks import SIGNATURE
from bookingbridge.vendors.square.wire import API_VERSION

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

SEARCHABLE_FOR = timedelta(days=28)  # SearchEvents (Events API, 2025-08-20)


def routes(square: SquareSimulation) -> list[BaseRoute]:
    base = "/v2/webhooks/subscriptions"
    return [
        Route("/v2/webhooks/event-types", endpoint(square, _types, is_personal=True)),
        Route(base, endpoint(square, _list, is_personal=True)),
        Route(base, endpoint(square, _create, is_personal=True), methods=["POST"]),
        Route(base + "/{subscription_id}", endpoint(square, _retrieve, is_personal=True)),
        Route(base + "/{subscription_id}", endpoint(square, _update, is_personal=True), methods=["PUT"]),
        Route(base + "/{subscription_id}", endpoint(square, _delete, is_personal=True), methods=["DELETE"]),
        Route(base + "/{subscription_id}/test", endpoint(square, _test, is_personal=True), methods=["POST"]),
        Route("/v2/events", endpoint(square, _search, is_personal=True), methods=["POST"]),
    ]


def event_of(
    merchant: Merchant, kind: str, subject: str, subject_id: str, held: Json, *, at: str, location_id: str | None,
    is_deleted: bool,
) -> Json:  # fmt: skip
    """An event in Square's shape."""
    data: Json = {"type": subject, "id": subject_id, **({"deleted": True} if is_deleted else {}), "object": held}
    where = {"location_id": location_id} if location_id else {}
    return {
        "merchant_id": merchant.id, **where, "type": kind, "event_id": str(uuid4()), "created_at": at, "data": data,
    }  # fmt: skip


def outgoing(subscription: Json, event: Json, *, at: str) -> Outgoing:
    """The event, signed for the subscription's own URL."""
    body = msgspec.json.encode(event)
    url = str(subscription["notification_url"])
    headers = {
        "content-type": "application/json",
        "user-agent": "Square Connect v2",
        SIGNATURE: signatures.sign_base64(str(subscription["signature_key"]), url.encode() + body),
        "square-environment": "Sandbox",
        "square-initial-delivery-timestamp": at,
    }
    return Outgoing(event["event_id"], url, body, headers)


def retry_headers(number: int, reason: str) -> Mapping[str, str]:
    return {"square-retry-number": str(number), "square-retry-reason": reason}


def subscription_of(asked: Json, *, at: str) -> Json:
    """A subscription; one given no signature key gets one."""
    url = require(asked, "notification_url", where="subscription.notification_url")
    if not url.startswith(("https://", "http://")):
        raise Complaint(400, "INVALID_VALUE", "Not a URL.", field="subscription.notification_url")
    types = asked.get("event_types") or list(TYPES)
    if unknown := [t for t in types if t not in TYPES]:
        raise Complaint(400, "INVALID_VALUE", f"Unknown event type {unknown[0]}", field="subscription.event_types")
    return {
        "id": str(asked.get("id") or new_id("wbhk_", 16).lower()),
        "name": str(asked.get("name") or "Subscription"),
        "enabled": asked.get("enabled", True) is not False,
        "event_types": list(types),
        "notification_url": url,
        "api_version": str(asked.get("api_version") or API_VERSION),
        "signature_key": str(asked.get("signature_key") or new_id(size=11)),
        "created_at": at,
        "updated_at": at,
    }


def _types(call: Call) -> Json:
    return {"event_types": list(TYPES), "metadata": [{"event_type": t, "api_version_introduced": "", "release_status":
            "PUBLIC"} for t in TYPES]}  # fmt: skip


def _list(call: Call) -> Json:
    with_disabled = call.query("include_disabled") == "true"
    rows = [_shown(s) for s in call.square.state.subscriptions.values() if s["enabled"] or with_disabled]
    limit = limit_of(call.query("limit"), default=100, most=100)
    return page_of(call, "subscriptions", rows, cursor=call.query("cursor"), limit=limit, query=with_disabled)


def _shown(subscription: Json) -> Json:
    """Lists do not show the signature key."""
    return {name: value for name, value in subscription.items() if name != "signature_key"}


def _create(call: Call) -> Json:
    asked = {**require(call.body, "subscription", dict), "signature_key": None, "id": None}
    made = subscription_of(asked, at=call.stamp)
    call.square.state.subscriptions[made["id"]] = made
    return {"subscription": made}


def _found(call: Call) -> Json:
    found = call.square.state.subscriptions.get(call.path("subscription_id"))
    if found is None:
        raise Complaint(404, "NOT_FOUND", "Subscription not found.")
    return found


def _retrieve(call: Call) -> Json:
    return {"subscription": _found(call)}


def _update(call: Call) -> Json:
    before, asked = _found(call), require(call.body, "subscription", dict)
    fields = {name: asked[name] for name in ("name", "enabled", "event_types", "notification_url") if name in asked}
    made = {**subscription_of({**before, **fields}, at=call.stamp), "created_at": before["created_at"]}
    call.square.state.subscriptions[made["id"]] = made
    return {"subscription": _shown(made)}


def _delete(call: Call) -> Json:
    del call.square.state.subscriptions[_found(call)["id"]]
    return {}


async def _test(call: Call) -> Json:
    """A test event is posted at once, and what the receiver answered is told."""
    subscription = _found(call)
    kind = optional(call.body, "event_type") or "webhooks.test_notification"
    event = event_of(
        call.merchant, kind, "webhooks", str(uuid4()), {}, at=call.stamp, location_id=None, is_deleted=False
    )
    sent = outgoing(subscription, event, at=call.stamp)
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            status = (await client.post(sent.url, content=sent.body, headers=dict(sent.headers))).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL):
        status = 0
    result = {
        "id": event["event_id"], "status_code": status, "payload": sent.body.decode(), "created_at": call.stamp,
        "updated_at": call.stamp,
    }  # fmt: skip
    return {"subscription_test_result": result}


def _search(call: Call) -> Json:
    wanted = (optional(call.body, "query", dict) or {}).get("filter") or {}
    span = wanted.get("created_at") or {}
    oldest = stamp(call.now - SEARCHABLE_FOR)
    start = max(time_in(span.get("start_at"), "created_at") or oldest, oldest)
    end = time_in(span.get("end_at"), "created_at") or call.stamp
    rows = [
        event
        for event in call.square.state.events
        if start <= event["created_at"] <= end
        and (not wanted.get("event_types") or event["type"] in wanted["event_types"])
        and (not wanted.get("merchant_ids") or event["merchant_id"] in wanted["merchant_ids"])
    ]
    limit = limit_of(call.body.get("limit"), default=100, most=100)
    found = page_of(call, "events", rows, cursor=optional(call.body, "cursor"), limit=limit, query=wanted)
    found["metadata"] = [{"event_id": e["event_id"], "api_version": API_VERSION} for e in found["events"]]
    return found
