"""The business at a simulated Square: merchant, locations, team, booking settings, catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square.simulator.answers import (
    Call,
    Complaint,
    endpoint,
    limit_of,
    optional,
    page_of,
    require,
    time_in,
)
from bookingbridge.vendors.square.simulator.state import Merchant

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation


def routes(square: SquareSimulation) -> list[BaseRoute]:
    settings = "APPOINTMENTS_BUSINESS_SETTINGS_READ"
    return [
        Route("/v2/merchants/{merchant_id}", endpoint(square, _merchant, "MERCHANT_PROFILE_READ")),
        Route("/v2/locations", endpoint(square, _locations, "MERCHANT_PROFILE_READ")),
        Route("/v2/locations/{location_id}", endpoint(square, _location, "MERCHANT_PROFILE_READ")),
        Route("/v2/team-members/search", endpoint(square, _search_team, "EMPLOYEES_READ"), methods=["POST"]),
        Route("/v2/team-members/{team_member_id}", endpoint(square, _team_member, "EMPLOYEES_READ")),
        Route("/v2/bookings/business-booking-profile", endpoint(square, _booking_settings, settings)),
        Route("/v2/catalog/list", endpoint(square, _list_catalog, "ITEMS_READ")),
        Route("/v2/catalog/search", endpoint(square, _search_catalog, "ITEMS_READ"), methods=["POST"]),
        Route("/v2/catalog/batch-retrieve", endpoint(square, _batch_retrieve, "ITEMS_READ"), methods=["POST"]),
        Route("/v2/catalog/object/{object_id}", endpoint(square, _catalog_object, "ITEMS_READ")),
    ]


def _merchant(call: Call) -> Json:
    if call.path("merchant_id") not in ("me", call.merchant.id):
        raise Complaint(404, "NOT_FOUND", "Merchant not found.")
    return {"merchant": call.merchant.about}


def _locations(call: Call) -> Json:
    return {"locations": call.listed("location")}


def _location(call: Call) -> Json:
    wanted = call.path("location_id")
    return {"location": call.row("location", call.merchant.main_location if wanted == "main" else wanted)}


def _search_team(call: Call) -> Json:
    wanted = (optional(call.body, "query", dict) or {}).get("filter") or {}
    locations = set(wanted.get("location_ids") or ())
    rows = [
        row
        for row in call.listed("team_member")
        if wanted.get("status") in (None, row["status"])
        and (not locations or locations & set(row["assigned_locations"].get("location_ids", ())) or _is_everywhere(row))
    ]
    limit = limit_of(call.body.get("limit"), default=100, most=200)
    cursor = optional(call.body, "cursor")
    return page_of(call, "team_members", _by_id(rows), cursor=cursor, limit=limit, query=wanted)


def _is_everywhere(row: Json) -> bool:
    return bool(row["assigned_locations"]["assignment_type"] == "ALL_CURRENT_AND_FUTURE_LOCATIONS")


def _team_member(call: Call) -> Json:
    return {"team_member": call.row("team_member", call.path("team_member_id"))}


def _booking_settings(call: Call) -> Json:
    return {
        "business_booking_profile": {
            "seller_id": call.merchant.id,
            "created_at": call.merchant.about["created_at"],
            "booking_enabled": True,
            "booking_policy": "ACCEPT_ALL",
            "allow_user_cancel": True,
            "support_seller_level_writes": call.merchant.has_plan,
        }
    }


def _list_catalog(call: Call) -> Json:
    types = [t.strip().upper() for t in (call.query("types") or "ITEM").split(",")]
    rows = [row for row in _objects(call, types) if not row.get("is_deleted")]
    return page_of(call, "objects", rows, cursor=call.query("cursor"), limit=100, query=types)


def _search_catalog(call: Call) -> Json:
    types = optional(call.body, "object_types", list) or ["ITEM"]
    since = time_in(optional(call.body, "begin_time"), "begin_time")
    with_deleted = bool(call.body.get("include_deleted_objects"))
    rows = [
        row
        for row in _objects(call, types)
        if (with_deleted or not row.get("is_deleted")) and (since is None or row["updated_at"] > since)
    ]
    limit = limit_of(call.body.get("limit"), default=100, most=1000)
    cursor = optional(call.body, "cursor")
    return page_of(call, "objects", rows, cursor=cursor, limit=limit, query=[types, since, with_deleted])


def _objects(call: Call, types: list[str]) -> list[Json]:
    found: list[Json] = []
    for item in _by_id(call.listed("item")):
        if "ITEM" in types:
            found.append(item)
        if "ITEM_VARIATION" in types:
            found += item["item_data"]["variations"]
    return found


def _batch_retrieve(call: Call) -> Json:
    ids = require(call.body, "object_ids", list)
    if len(ids) > 1000:
        raise Complaint(400, "ARRAY_LENGTH_TOO_LONG", "Too many ids.", field="object_ids")
    at = optional(call.body, "catalog_version", int)
    with_deleted = bool(call.body.get("include_deleted_objects"))
    found = [_as_of(call.merchant, str(object_id), at) for object_id in ids]
    return {"objects": [o for o in found if o is not None and (with_deleted or not o.get("is_deleted"))]}


def _as_of(merchant: Merchant, object_id: str, version: int | None) -> Json | None:
    """The object as it was when the catalogue had that version; as it is for None."""
    known = merchant.catalog_history.get(object_id, [])
    return next((o for o in reversed(known) if version is None or o["version"] <= version), None)


def _catalog_object(call: Call) -> Json:
    found = _as_of(call.merchant, call.path("object_id"), None)
    if found is None or found.get("is_deleted"):
        raise Complaint(404, "NOT_FOUND", "Catalog object not found.")
    answer: Json = {"object": found}
    if call.query("include_related_objects") == "true" and found["type"] == "ITEM_VARIATION":
        item = _as_of(call.merchant, found["item_variation_data"]["item_id"], None)
        answer["related_objects"] = [item] if item else []
    return answer


def _by_id(rows: list[Json]) -> list[Json]:
    return sorted(rows, key=lambda row: str(row["id"]))
