"""The customer directory of a simulated Square. Lists and searches lag as ordered; single reads do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.square.simulator.answers import (
    Call,
    Complaint,
    endpoint,
    limit_of,
    optional,
    page_of,
    time_in,
    typed,
)
from bookingbridge.vendors.square.simulator.state import Merchant, new_id

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

_FIELDS = (
    "given_name", "family_name", "company_name", "nickname", "email_address", "phone_number", "reference_id", "note",
    "birthday",
)  # fmt: skip


def routes(square: SquareSimulation) -> list[BaseRoute]:
    read, write = "CUSTOMERS_READ", "CUSTOMERS_WRITE"
    return [
        Route("/v2/customers", endpoint(square, _list, read)),
        Route("/v2/customers", endpoint(square, _create, write), methods=["POST"]),
        Route("/v2/customers/search", endpoint(square, _search, read), methods=["POST"]),
        Route("/v2/customers/{customer_id}", endpoint(square, _retrieve, read)),
        Route("/v2/customers/{customer_id}", endpoint(square, _update, write), methods=["PUT"]),
        Route("/v2/customers/{customer_id}", endpoint(square, _delete, write), methods=["DELETE"]),
    ]


def make(square: SquareSimulation, merchant: Merchant, fields: Json, *, stamp: str, source: str) -> Json:
    """A new customer is in the directory, and webhooks say so."""
    customer = {
        "id": new_id(size=13),
        "created_at": stamp,
        "updated_at": stamp,
        **{name: value for name, value in fields.items() if name in _FIELDS and value},
        "creation_source": source,
        "preferences": {"email_unsubscribed": False},
        "version": 0,
    }
    merchant.table("customer").put(customer, now=square.now(), lag=square.lag)
    square.announce(merchant, "customer.created", "customer", customer["id"], {"customer": customer})
    return customer


def _list(call: Call) -> Json:
    limit = limit_of(call.query("limit"), default=100, most=100)
    query = [call.query("sort_field"), call.query("sort_order")]
    rows = _sorted(call.listed("customer"), query[0], query[1])
    found = page_of(call, "customers", rows, cursor=call.query("cursor"), limit=limit, query=query)
    return {**found, "count": len(rows)} if call.query("count") == "true" else found


def _search(call: Call) -> Json:
    query = optional(call.body, "query", dict) or {}
    wanted = optional(query, "filter", dict) or {}
    sort = optional(query, "sort", dict) or {}
    rows = _sorted([row for row in call.listed("customer") if _fits(row, wanted)], sort.get("field"), sort.get("order"))
    limit = limit_of(call.body.get("limit"), default=100, most=100)
    found = page_of(call, "customers", rows, cursor=optional(call.body, "cursor"), limit=limit, query=query)
    return {**found, "count": len(rows)} if call.body.get("count") else found


def _sorted(rows: list[Json], field: Any, order: Any) -> list[Json]:
    def key(row: Json) -> tuple[str, ...]:
        if field == "CREATED_AT":
            return (row["created_at"], row["id"])
        return (row.get("given_name", ""), row.get("family_name", ""), row["id"])

    return sorted(rows, key=key, reverse=order == "DESC")


def _fits(row: Json, wanted: Json) -> bool:
    for name in ("created_at", "updated_at"):
        span = wanted.get(name) or {}
        start, end = time_in(span.get("start_at"), name), time_in(span.get("end_at"), name)
        if (start is not None and row[name] < start) or (end is not None and row[name] > end):
            return False
    for name in ("email_address", "phone_number", "reference_id"):
        text = wanted.get(name) or {}
        value = str(row.get(name, "")).casefold()
        if "exact" in text and value != str(text["exact"]).casefold():
            return False
        if "fuzzy" in text and str(text["fuzzy"]).casefold() not in value:
            return False
    return True


def _create(call: Call) -> Json:
    if not any(call.body.get(name) for name in _FIELDS[:6]):
        raise Complaint(400, "BAD_REQUEST", "One of given_name, family_name, company_name, e-mail or phone is needed.")
    _check(call.body)
    return {"customer": make(call.square, call.merchant, call.body, stamp=call.stamp, source="THIRD_PARTY")}


def _check(body: Json) -> None:
    for name in _FIELDS:
        if body.get(name) is not None:
            typed(body[name], str, name)
    if body.get("email_address") and "@" not in body["email_address"]:
        raise Complaint(400, "INVALID_EMAIL_ADDRESS", "Not an e-mail address.", field="email_address")
    digits = [c for c in body.get("phone_number") or "" if c.isdigit()]
    if body.get("phone_number") and not 9 <= len(digits) <= 16:
        raise Complaint(400, "INVALID_PHONE_NUMBER", "Not a phone number.", field="phone_number")


def _retrieve(call: Call) -> Json:
    return {"customer": call.row("customer", call.path("customer_id"))}


def _update(call: Call) -> Json:
    """Sparse: null and the empty text clear a field. A given version must be the current one."""
    before = call.row("customer", call.path("customer_id"))
    _check(call.body)
    version = optional(call.body, "version", int)
    if version is not None and version != before["version"]:
        raise Complaint(409, "CONFLICT", "The version does not match.", field="version")
    fields = {name: call.body[name] for name in _FIELDS if name in call.body}
    changed = {**before, **fields, "version": before["version"] + 1, "updated_at": call.stamp}
    customer = call.put("customer", {name: value for name, value in changed.items() if value not in (None, "")})
    call.square.announce(call.merchant, "customer.updated", "customer", customer["id"], {"customer": customer})
    return {"customer": customer}


def _delete(call: Call) -> Json:
    gone = call.row("customer", call.path("customer_id"))
    call.merchant.table("customer").drop(gone["id"], now=call.now, lag=call.square.lag)
    call.square.announce(call.merchant, "customer.deleted", "customer", gone["id"], {"customer": gone}, is_deleted=True)
    return {}
