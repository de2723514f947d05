"""The rest of a simulated account: who it is, calendars, types, clients, blocks, and its webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.acuity.simulator.answers import Call, Complaint, endpoint
from bookingbridge.vendors.acuity.simulator.appointments import day_in, moment
from bookingbridge.vendors.acuity.wire import CAP

if TYPE_CHECKING:
    from bookingbridge.vendors.acuity.simulator import AcuitySimulation

MOST_WEBHOOKS = 25
EVENTS = ("scheduled", "rescheduled", "canceled", "changed")
_NAMES = frozenset({*(f"appointment.{event}" for event in EVENTS), "order.completed"})


def routes(acuity: AcuitySimulation) -> list[BaseRoute]:
    root = "/api/v1"
    return [
        Route(f"{root}/me", endpoint(acuity, _me)),
        Route(f"{root}/calendars", endpoint(acuity, lambda call: list(call.account.calendars.values()))),
        Route(f"{root}/appointment-types", endpoint(acuity, _types)),
        Route(f"{root}/clients", endpoint(acuity, _clients)),
        Route(f"{root}/blocks", endpoint(acuity, _blocks)),
        Route(f"{root}/blocks/{{id}}", endpoint(acuity, _block)),
        Route(f"{root}/webhooks", endpoint(acuity, lambda call: list(call.account.webhooks.values()))),
        Route(f"{root}/webhooks", endpoint(acuity, _subscribe), methods=["POST"]),
        Route(f"{root}/webhooks/{{id}}", endpoint(acuity, _unsubscribe), methods=["DELETE"]),
    ]


def _me(call: Call) -> Json:
    account = call.account
    said: Json = {
        "id": account.id, "name": account.name, "email": "owner@example.com", "timezone": account.zone.key,
        "schedulingPage": f"https://app.acuityscheduling.com/schedule.php?owner={account.id}",
    }  # fmt: skip
    return said | ({"currency": account.currency} if account.currency else {})


def _types(call: Call) -> list[Json]:
    with_deleted = call.query("includeDeleted") == "true"
    found = [t for t in call.account.types.values() if t["active"] or with_deleted]
    return [{name: value for name, value in t.items() if name != "requires_form"} for t in found]


def _clients(call: Call) -> list[Json]:
    wanted = (call.query("search") or "").casefold()
    names = ("firstName", "lastName", "phone")
    return [c for c in call.account.clients if any(wanted in str(c.get(name, "")).casefold() for name in names)]


def _blocks(call: Call) -> list[Json]:
    first, last, calendar = day_in(call, "minDate"), day_in(call, "maxDate"), call.number("calendarID")
    found = []
    for block in call.account.blocks.values():
        day = moment(block["start"], call.account).astimezone(call.account.zone).date()
        if (first and day < first) or (last and day > last) or calendar not in (None, block["calendarID"]):
            continue
        found.append(block)
    return sorted(found, key=lambda b: str(b["start"]))[: min(call.number("max") or CAP, CAP)]


def _block(call: Call) -> Json:
    given = str(call.request.path_params["id"])
    found = call.account.blocks.get(int(given)) if given.isdigit() else None
    if found is None:
        raise Complaint(404, "not_found", "That block does not exist.")
    return found


def _subscribe(call: Call) -> Json:
    body = call.object()
    event, target = body.get("event"), str(body.get("target") or "")
    if event not in _NAMES:
        raise Complaint(400, "invalid_event", "The event does not exist.")
    if urlsplit(target).scheme not in ("http", "https"):
        raise Complaint(400, "invalid_target", "The target is not a URL.")
    if len(call.account.webhooks) >= MOST_WEBHOOKS:
        raise Complaint(400, "too_many_webhooks", f"Limit of {MOST_WEBHOOKS} webhooks reached.")
    made = {"id": next(call.acuity.state.ids), "event": event, "target": target, "status": "active"}
    call.account.webhooks[made["id"]] = made
    return made


def _unsubscribe(call: Call) -> None:
    given = str(call.request.path_params["id"])
    if not given.isdigit() or call.account.webhooks.pop(int(given), None) is None:
        raise Complaint(404, "not_found", "That webhook does not exist.")
