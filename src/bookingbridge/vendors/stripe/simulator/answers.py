"""How a simulated Stripe answers: errors in its shape, permissions checked, keys honoured, lists, expansions."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_faults import is_page_withheld
from bookingbridge.vendors.stripe.simulator.state import Account, Answered, Key, new_id
from bookingbridge.vendors.stripe.wire import API_VERSION

if TYPE_CHECKING:
    from bookingbridge.vendors.stripe.simulator import StripeSimulation

KEYS_KEPT = timedelta(hours=24)


class Complaint(Exception):
    """What Stripe refuses, in its own words."""

    def __init__(
        self, status: int, code: str, message: str, *, param: str = "", kind: str = "invalid_request_error",
        is_kept: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.status = status
        self.is_kept = is_kept
        said = {"code": code, "message": message, "param": param, "type": kind}
        self.body: Json = {"error": {name: value for name, value in said.items() if value}}


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request. `given` are its parameters, nested."""

    stripe: StripeSimulation
    request: Request
    account: Account
    key: Key
    given: Json

    @property
    def at(self) -> int:
        return int(self.stripe.now().timestamp())

    def row(self, table: str, row_id: str | None = None, *, param: str = "id") -> Json:
        """The object, or a complaint in Stripe's words."""
        wanted = str(self.request.path_params["id"]) if row_id is None else row_id
        found = self.account.table(table).rows.get(wanted)
        if found is None:
            status = 404 if row_id is None else 400
            raise Complaint(status, "resource_missing", f"No such {table}: '{wanted[:60]}'", param=param)
        return found

    def only(self, *names: str) -> None:
        """A complaint for parameters that this endpoint does not have."""
        for name in self.given:
            if name not in (*names, "expand"):
                raise Complaint(400, "parameter_unknown", f"Received unknown parameter: {name}", param=name)

    def text(self, name: str, *, is_required: bool = False) -> str | None:
        value = self.given.get(name)
        if value is None and is_required:
            raise Complaint(400, "parameter_missing", f"Missing required param: {name}.", param=name)
        if value is not None and not isinstance(value, str):
            raise Complaint(400, "parameter_invalid_string", f"Invalid string: {name}", param=name)
        return value or None

    def number(self, name: str) -> int | None:
        return number(self.given.get(name), name)


Handler = Callable[[Call], Json]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(stripe: StripeSimulation, handler: Handler, permission: str) -> Endpoint:
    """The handler behind authorisation, with its idempotency and its expansions."""

    async def answer(request: Request) -> Response:
        try:
            key, account = stripe.signed_in(request)
            if key.permissions is not None and permission not in key.permissions:
                raise Complaint(
                    403, "", f"The provided key does not have the required permissions for this endpoint on account "
                    f"'{account.id}'. Having the '{permission}' permission would allow this request to continue.",
                )  # fmt: skip
            body = await request.body() if request.method == "POST" else request.scope["query_string"]
            call = Call(stripe, request, account, key, nested(body.decode("utf-8", "replace")))
            status, found, is_replayed = _once(call, handler)
            return reply(found, status, is_replayed=is_replayed)
        except Complaint as complaint:
            return reply(complaint.body, complaint.status)

    return answer


def reply(body: Json, status: int = 200, *, is_replayed: bool = False) -> Response:
    headers = {"Request-Id": new_id("req_", 7), "Stripe-Version": API_VERSION}
    if is_replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(msgspec.json.encode(body), status, media_type="application/json", headers=headers)


def secret_of(request: Request) -> str:
    """The key in the Authorization header, as Bearer or as Basic's user."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind == "Basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeError):
            return ""
    return value if kind == "Bearer" else ""


def _once(call: Call, handler: Handler) -> tuple[int, Json, bool]:
    """What the handler says; for an idempotency key that came before, what was said then, also a failure."""
    name = call.request.headers.get("idempotency-key", "")
    if call.request.method != "POST" or not name:
        return 200, _expanded(call, handler(call)), False
    place, asked = (call.account.id, name), _digest(call)
    before = call.stripe.state.answered.get(place)
    if before is not None and call.stripe.now() - before.at < KEYS_KEPT:
        if before.asked != asked:
            raise Complaint(
                400, "", "Keys for idempotent requests can only be used with the same parameters they were first used "
                "with.", kind="idempotency_error",
            )  # fmt: skip
        return before.status, before.body, True
    try:
        status, found = 200, _expanded(call, handler(call))
    except Complaint as complaint:
        if not complaint.is_kept:
            raise  # validation failed before anything began: nothing is kept
        status, found = complaint.status, complaint.body
    call.stripe.state.answered[place] = Answered(asked, status, found, call.stripe.now())
    return status, found, False


def _digest(call: Call) -> bytes:
    return hashlib.sha256(msgspec.json.encode([call.request.url.path, call.given], order="sorted")).digest()


def listed(call: Call, table: str, url: str, *, keep: Callable[[Json], bool] = lambda _: True) -> Json:
    """A page of the list, newest first, of what `keep` and the created filter let through."""
    wanted = _created(call)
    rows = call.account.table(table).listed(now=call.stripe.now(), lag=call.stripe.lag)
    rows = [row for row in rows if wanted(row["created"]) and keep(row)]
    limit = call.number("limit") if call.given.get("limit") is not None else 10
    if limit is None or not 1 <= limit <= 100:
        raise Complaint(400, "parameter_invalid_integer", "Limit is between 1 and 100.", param="limit")
    after, before = call.text("starting_after"), call.text("ending_before")
    start, end = 0, len(rows)
    if after is not None:
        call.row(table, after, param="starting_after")
        start = next((i + 1 for i, row in enumerate(rows) if row["id"] == after), len(rows))
    if before is not None:
        call.row(table, before, param="ending_before")
        end = next((i for i, row in enumerate(rows) if row["id"] == before), 0)
        start = max(0, end - limit)
    if is_page_withheld(call.request.scope):
        return {"object": "list", "data": [], "has_more": True, "url": url}
    page = rows[start : min(end, start + limit)]
    has_more = start > 0 if before is not None else start + limit < end
    return {"object": "list", "data": page, "has_more": has_more, "url": url}


def _created(call: Call) -> Callable[[int], bool]:
    asked = call.given.get("created")
    if isinstance(asked, dict):
        bounds = {name: number(value, f"created[{name}]") or 0 for name, value in asked.items()}
        if unknown := set(bounds) - {"gt", "gte", "lt", "lte"}:
            raise Complaint(400, "parameter_unknown", "Unknown bound.", param=f"created[{min(unknown)}]")
        return lambda at: (
            at > bounds.get("gt", -1) and at >= bounds.get("gte", 0)
            and at < bounds.get("lt", 2**62) and at <= bounds.get("lte", 2**62)
        )  # fmt: skip
    exact = number(asked, "created")
    return lambda at: exact is None or at == exact


def number(value: Any, name: str) -> int | None:
    if value is None:
        return None
    try:
        return int(str(value))
    except ValueError as broken:
        raise Complaint(400, "parameter_invalid_integer", f"Invalid integer: {value}", param=name) from broken


def _expanded(call: Call, body: Json) -> Json:
    """The answer with the objects in the place of the ids that `expand` names; two levels are enough here."""
    wanted = call.given.get("expand")
    for path in wanted if isinstance(wanted, list) else []:
        first, _, rest = str(path).partition(".")
        if first == "data" and rest:
            body = {**body, "data": [_with(call, row, rest) for row in body["data"]]}
        else:
            body = _with(call, body, str(path))
    return body


def _with(call: Call, row: Json, name: str) -> Json:
    if name not in row:
        raise Complaint(400, "", f"This property cannot be expanded ({name}).", param="expand")
    found = call.account.find(row[name]) if isinstance(row[name], str) else None
    return {**row, name: found} if found else row


def nested(text: str) -> Json:
    """`a[b][0]=c` as {"a": {"b": ["c"]}}: numbered and unnumbered brackets make lists."""
    tree: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *rest = name.replace("]", "").split("[")
        at, steps = tree, [head, *rest]
        for i, step in enumerate(steps):
            place = str(len(at)) if step == "" and i else step
            if i == len(steps) - 1:
                at[place] = value
            else:
                inner = at.setdefault(place, {})
                if not isinstance(inner, dict):
                    raise Complaint(400, "parameter_invalid", "Invalid nesting.", param=head)
                at = inner
    found: Json = _listed(tree)
    return found if isinstance(found, Mapping) else {}


def _listed(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    inner = {name: _listed(value) for name, value in tree.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner
