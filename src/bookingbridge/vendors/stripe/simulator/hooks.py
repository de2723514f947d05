"""Webhooks of a simulated Stripe: endpoints, events, signed deliveries, thin events for who wants them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendorkit.simulated_deliveries import Outgoing
from bookingbridge.vendors.stripe.simulator.answers import Call, Complaint, endpoint, listed
from bookingbridge.vendors.stripe.simulator.state import Account, new_id
from bookingbridge.vendors.stripe.wire import API_VERSION

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation

MOST = 16
URL = "/v1/webhook_endpoints"


def routes(stripe: StripeSimulation) -> list[BaseRoute]:
    read, write = "rak_webhook_read", "rak_webhook_write"
    return [
        Route(URL, endpoint(stripe, _list, read)),
        Route(URL, endpoint(stripe, _create, write), methods=["POST"]),
        Route(URL + "/{id}", endpoint(stripe, _retrieve, read)),
        Route(URL + "/{id}", endpoint(stripe, _update, write), methods=["POST"]),
        Route(URL + "/{id}", endpoint(stripe, _delete, write), methods=["DELETE"]),
    ]


def event_of(kind: str, held: Json, *, at: int) -> Json:
    """A snapshot event in Stripe's shape."""
    return {
        "id": new_id("evt_"), "object": "event", "api_version": API_VERSION, "created": at, "data": {"object": held},
        "livemode": False, "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "type": kind,
    }  # fmt: skip


def deliver(stripe: StripeSimulation, account: Account, event: Json) -> None:
    """Whoever in this account wants the event gets it."""
    for hook in account.table("webhook_endpoint").rows.values():
        wanted = hook["enabled_events"]
        if hook["status"] == "enabled" and ("*" in wanted or event["type"] in wanted):
            stripe.deliveries.send(_signed(event, hook["url"], stripe.secrets[hook["id"]]))
    for account_id, url, secret in stripe.state.thin:
        if account_id == account.id:
            stripe.deliveries.send(_signed(_thin(event, stripe), url, secret))


def _thin(event: Json, stripe: StripeSimulation) -> Json:
    about = event["data"]["object"]
    path = {"checkout.session": "checkout/sessions"}.get(about["object"], about["object"] + "s")
    return {
        "id": event["id"].replace("evt_", "evt_thin_"), "object": "v2.core.event", "type": f"v1.{event['type']}",
        "created": times.text(stripe.now()), "livemode": False, "context": None,
        "related_object": {"id": about["id"], "type": about["object"], "url": f"/v1/{path}/{about['id']}"},
    }  # fmt: skip


def _signed(event: Json, url: str, secret: str) -> Outgoing:
    """Signed with the time at which it is really sent: the receiver's clock is not the simulated one."""
    body, at = msgspec.json.encode(event), str(int(time.time()))
    signature = signatures.sign_hex(secret, at.encode() + b"." + body)
    headers = {"content-type": "application/json", "stripe-signature": f"t={at},v1={signature},v0={'0' * 64}"}
    return Outgoing(event["id"], url, body, headers)


def _list(call: Call) -> Json:
    call.only("limit", "starting_after", "ending_before")
    return listed(call, "webhook_endpoint", URL)


def _create(call: Call) -> Json:
    call.only("url", "enabled_events", "api_version", "description", "metadata", "connect")
    url = call.text("url", is_required=True) or ""
    if not url.startswith(("https://", "http://")):
        raise Complaint(400, "url_invalid", "Invalid URL: An explicit scheme must be provided.", param="url")
    events = _wanted(call)
    if len(call.account.table("webhook_endpoint").rows) >= MOST:
        raise Complaint(400, "", f"You have reached the maximum of {MOST} webhook endpoints.")
    made: Json = {
        "id": new_id("we_"), "object": "webhook_endpoint", "api_version": call.text("api_version"),
        "application": None, "created": call.at, "description": call.text("description"), "enabled_events": events,
        "livemode": False, "metadata": call.given.get("metadata") or {}, "status": "enabled", "url": url,
    }  # fmt: skip
    call.account.table("webhook_endpoint").put(made, now=call.stripe.now())
    call.stripe.secrets[made["id"]] = new_id("whsec_", 16)
    return {**made, "secret": call.stripe.secrets[made["id"]]}


def _wanted(call: Call) -> list[str]:
    events = call.given.get("enabled_events")
    if not isinstance(events, list) or not events or not all(isinstance(e, str) and e for e in events):
        raise Complaint(400, "parameter_missing", "Missing required param: enabled_events.", param="enabled_events")
    return [str(e) for e in events]


def _retrieve(call: Call) -> Json:
    return call.row("webhook_endpoint")


def _update(call: Call) -> Json:
    call.only("url", "enabled_events", "description", "metadata", "disabled")
    before = call.row("webhook_endpoint")
    after = {**before, "url": call.text("url") or before["url"]}
    if "enabled_events" in call.given:
        after["enabled_events"] = _wanted(call)
    if "disabled" in call.given:
        after["status"] = "disabled" if call.text("disabled") == "true" else "enabled"
    call.account.table("webhook_endpoint").put(after, now=call.stripe.now())
    return after


def _delete(call: Call) -> Json:
    row = call.row("webhook_endpoint")
    call.account.table("webhook_endpoint").drop(row["id"])
    return {"id": row["id"], "object": "webhook_endpoint", "deleted": True}
