"""Appointments at a simulated Square: listed in windows, changed with versions, never deleted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.ports import Json
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
    typed,
)
from bookingbridge.vendors.square.simulator.state import Merchant, new_id

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

# "If not set, 31 days after start_at_min" (Bookings API, 2025-08-20). What Square does with longer ranges is not
# published; here they are refused, so that a client that passes here passes there.
LONGEST_RANGE = timedelta(days=31)
MOST_A_PAGE = 100
OPEN = ("PENDING", "ACCEPTED")
UPDATABLE = ("start_at", "customer_id", "customer_note", "seller_note", "appointment_segments", "location_type")


def routes(square: SquareSimulation) -> list[BaseRoute]:
    read, write = "APPOINTMENTS_READ", "APPOINTMENTS_WRITE"
    return [
        Route("/v2/bookings", endpoint(square, _list, read)),
        Route("/v2/bookings", endpoint(square, _create, write), methods=["POST"]),
        Route("/v2/bookings/bulk-retrieve", endpoint(square, _bulk, read), methods=["POST"]),
        Route("/v2/bookings/{booking_id}", endpoint(square, _retrieve, read)),
        Route("/v2/bookings/{booking_id}", endpoint(square, _update, write), methods=["PUT"]),
        Route("/v2/bookings/{booking_id}/cancel", endpoint(square, _cancel, write), methods=["POST"]),
    ]


def make(square: SquareSimulation, merchant: Merchant, fields: Json, *, source: str, application: str = "") -> Json:
    """A new booking is on the calendar, and webhooks say so. `fields` are checked already."""
    at = stamp(square.now())
    booking = {
        "id": new_id(size=7).lower(),
        "version": 0,
        "status": "ACCEPTED",
        "created_at": at,
        "updated_at": at,
        "location_type": "BUSINESS_LOCATION",
        "all_day": False,
        "transition_time_minutes": 0,
        **fields,
        "source": source,
    }
    if application:
        merchant.made_by[booking["id"]] = application
    _keep(square, merchant, booking, "booking.created")
    return booking


Busy = tuple[datetime, datetime, str]
"""From, to, and which team member."""


def busy(merchant: Merchant, start: datetime, end: datetime, *, but: str = "") -> list[Busy]:
    """When team members are taken between these times by open bookings; `but` is a booking to leave out."""
    # No booking is longer than a day or two, and text order is time order, so few rows are looked at closely.
    first, last = stamp(start - timedelta(days=2)), stamp(end)
    return [
        (begins, ends, who)
        for row in merchant.table("booking").rows.values()
        if first < row["start_at"] < last and row["status"] in OPEN and row["id"] != but
        for begins, ends, who in _segments(row)
        if begins < end and start < ends
    ]


def is_free(taken: list[Busy], who: str, start: datetime, minutes: int) -> bool:
    end = start + timedelta(minutes=minutes)
    return not any(who == member and begins < end and start < ends for begins, ends, member in taken)


def _segments(row: Json) -> list[Busy]:
    begins, found = times.rfc3339(row["start_at"]), []
    for segment in row["appointment_segments"]:
        ends = begins + timedelta(minutes=segment["duration_minutes"])
        found.append((begins, ends, segment["team_member_id"]))
        begins = ends + timedelta(minutes=segment.get("intermission_minutes", 0))
    return found


def _keep(square: SquareSimulation, merchant: Merchant, booking: Json, event: str) -> None:
    merchant.table("booking").put(booking, now=square.now(), lag=square.lag)
    square.announce(
        merchant, event, "booking", f"{booking['id']}:{booking['version']}", {"booking": booking},
        location_id=booking["location_id"],
    )  # fmt: skip


def _visible(call: Call, row: Json) -> bool:
    """Buyer-level permission shows only what the application itself booked."""
    if call.token.is_personal or "APPOINTMENTS_ALL_READ" in call.token.scopes:
        return True
    return call.merchant.made_by.get(row["id"]) == call.square.application_id


def _list(call: Call) -> Json:
    start = call.time("start_at_min") or call.stamp
    end = call.time("start_at_max") or stamp(times.rfc3339(start) + LONGEST_RANGE)
    if end < start or times.rfc3339(end) - times.rfc3339(start) > LONGEST_RANGE:
        raise Complaint(400, "INVALID_TIME_RANGE", "start_at_max is out of range.", field="start_at_max")
    wanted = {name: call.query(name) for name in ("customer_id", "location_id", "team_member_id")}
    rows = [row for row in call.listed("booking") if start <= row["start_at"] <= end and _fits(row, wanted)]
    rows = sorted((row for row in rows if _visible(call, row)), key=lambda row: (row["start_at"], row["id"]))
    limit = limit_of(call.query("limit"), default=MOST_A_PAGE, most=MOST_A_PAGE)
    query = [call.query("start_at_min"), call.query("start_at_max"), wanted]
    return page_of(call, "bookings", rows, cursor=call.query("cursor"), limit=limit, query=query)


def _fits(row: Json, wanted: Json) -> bool:
    return (
        wanted["customer_id"] in (None, row.get("customer_id"))
        and wanted["location_id"] in (None, row["location_id"])
        and wanted["team_member_id"] in (None, *(s["team_member_id"] for s in row["appointment_segments"]))
    )


def _one(call: Call, booking_id: str) -> Json:
    row = call.row("booking", booking_id)
    if not _visible(call, row):
        raise Complaint(404, "NOT_FOUND", "Booking not found.")
    return row


def _retrieve(call: Call) -> Json:
    return {"booking": _one(call, call.path("booking_id"))}


def _bulk(call: Call) -> Json:
    found: Json = {}
    for booking_id in require(call.body, "booking_ids", list):
        try:
            found[str(booking_id)] = {"booking": _one(call, str(booking_id))}
        except Complaint as missing:
            found[str(booking_id)] = missing.body
    return {"bookings": found}


def _is_seller(call: Call) -> bool:
    return call.token.is_personal or "APPOINTMENTS_ALL_WRITE" in call.token.scopes


def _check_plan(call: Call) -> None:
    """With the seller's permissions only who pays for Appointments may change bookings (Bookings API, 2025-08-20)."""
    if _is_seller(call) and not call.merchant.has_plan:
        # The category and this code are published; the status is not.
        code, category = "MERCHANT_SUBSCRIPTION_NOT_FOUND", "MERCHANT_SUBSCRIPTION_ERROR"
        raise Complaint(400, code, "The seller has no subscription for this.", category=category)


def _create(call: Call) -> Json:
    _check_plan(call)
    asked = require(call.body, "booking", dict)
    fields = {name: asked[name] for name in UPDATABLE if asked.get(name) is not None}
    fields["location_id"] = require(asked, "location_id", where="booking.location_id")
    require(asked, "start_at", where="booking.start_at")
    require(asked, "customer_id", where="booking.customer_id")
    require(asked, "appointment_segments", list, where="booking.appointment_segments")
    _check(call, fields)
    return {"booking": make(call.square, call.merchant, fields, source="API", application=call.square.application_id)}


def _check(call: Call, fields: Json, *, but: str = "") -> None:
    """The booking may stand: everything it names is there, and a buyer's does not overlap another."""
    if "location_id" in fields:
        call.row("location", fields["location_id"])
    if "customer_id" in fields:
        call.row("customer", typed(fields["customer_id"], str, "booking.customer_id"))
    if "start_at" in fields:
        fields["start_at"] = time_in(fields["start_at"], "booking.start_at")
    for segment in fields.get("appointment_segments", ()):
        _check_segment(call, typed(segment, dict, "booking.appointment_segments"))
    if _is_seller(call) or "start_at" not in fields:
        return
    start = times.rfc3339(fields["start_at"])
    taken = busy(call.merchant, start, start + timedelta(days=1), but=but)
    for segment in fields.get("appointment_segments", ()):
        if not is_free(taken, segment["team_member_id"], start, segment["duration_minutes"]):
            raise Complaint(409, "CONFLICT", "The time is not available.", field="booking.start_at")


def _check_segment(call: Call, segment: Json) -> None:
    where = "booking.appointment_segments"
    call.row("team_member", require(segment, "team_member_id", where=where))
    variation = call.merchant.variation(require(segment, "service_variation_id", where=where))
    if variation is None or variation.get("is_deleted"):
        raise Complaint(404, "NOT_FOUND", "Service variation not found.", field=where)
    if require(segment, "service_variation_version", int, where=where) != variation["version"]:
        # The code Square uses for a stale version is not published.
        raise Complaint(400, "INVALID_VALUE", "The service was changed meanwhile.", field=where)
    segment.setdefault("duration_minutes", variation["item_variation_data"]["service_duration"] // 60_000)
    if not 0 < typed(segment["duration_minutes"], int, where) <= 1500:
        raise Complaint(400, "VALUE_TOO_HIGH", "The segment is too long.", field=where)


def _update(call: Call) -> Json:
    _check_plan(call)
    before = _one(call, call.path("booking_id"))
    asked = require(call.body, "booking", dict)
    _check_version(before, optional(asked, "version", int))
    if before["status"] not in OPEN:
        raise Complaint(400, "BAD_REQUEST", "The booking cannot be changed any more.")
    if asked.get("location_id") not in (None, before["location_id"]):
        raise Complaint(400, "INVALID_VALUE", "A booking stays at its location.", field="booking.location_id")
    fields = {name: asked[name] for name in UPDATABLE if asked.get(name) is not None}
    _check(call, fields, but=before["id"])
    return {"booking": change(call.square, call.merchant, before, fields)}


def change(square: SquareSimulation, merchant: Merchant, before: Json, fields: Json) -> Json:
    """The booking has these fields and the next version; webhooks say so."""
    booking = {**before, **fields, "version": before["version"] + 1, "updated_at": stamp(square.now())}
    _keep(square, merchant, booking, "booking.updated")
    return booking


def _cancel(call: Call) -> Json:
    _check_plan(call)
    before = _one(call, call.path("booking_id"))
    _check_version(before, optional(call.body, "booking_version", int))
    if before["status"] not in OPEN:
        raise Complaint(400, "BAD_REQUEST", "The booking is not open.")
    status = "CANCELLED_BY_SELLER" if _is_seller(call) else "CANCELLED_BY_CUSTOMER"
    return {"booking": change(call.square, call.merchant, before, {"status": status})}


def _check_version(before: Json, version: int | None) -> None:
    if version is not None and version != before["version"]:
        raise Complaint(409, "CONFLICT", "The booking was changed meanwhile.", field="version")
