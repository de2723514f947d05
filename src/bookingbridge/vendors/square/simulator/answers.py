"""How a simulated Square answers: errors in its shape, scopes checked, keys honoured, lists in pages."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_faults import is_page_withheld
from bookingbridge.vendors.square.simulator.state import Merchant, Token
from bookingbridge.vendors.square.wire import API_VERSION

if TYPE_CHECKING:
    from bookingbridge.vendors.square.simulator import SquareSimulation

CURSOR_LIVES = timedelta(minutes=5)

BAD, AUTH = "INVALID_REQUEST_ERROR", "AUTHENTICATION_ERROR"


class Complaint(Exception):
    """What Square refuses, in its own words."""

    def __init__(self, status: int, code: str, detail: str, *, category: str = BAD, field: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.body: Json = {"errors": [{"category": category, "code": code, "detail": detail}]}
        if field is not None:
            self.body["errors"][0]["field"] = field


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request."""

    square: SquareSimulation
    request: Request
    merchant: Merchant
    token: Token
    body: Json

    @property
    def now(self) -> datetime:
        return self.square.now()

    @property
    def stamp(self) -> str:
        return stamp(self.now)

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name) or None

    def time(self, name: str) -> str | None:
        """A time in the query, in the form our objects hold, or a complaint."""
        return time_in(self.query(name), name)

    def row(self, table: str, row_id: str) -> Json:
        found = self.merchant.table(table).rows.get(row_id)
        if found is None:
            raise Complaint(404, "NOT_FOUND", f"Resource not found: {row_id[:60]}")
        return found

    def listed(self, table: str) -> list[Json]:
        return list(self.merchant.table(table).listed(now=self.now, lag=self.square.lag))

    def put(self, table: str, row: Json) -> Json:
        self.merchant.table(table).put(row, now=self.now, lag=self.square.lag)
        return row


Handler = Callable[[Call], Awaitable[Json] | Json]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(square: SquareSimulation, handler: Handler, *scopes: str, is_personal: bool = False) -> Endpoint:
    """The handler behind authorisation. `is_personal`: only the application's own token may."""

    async def answer(request: Request) -> Response:
        try:
            token = square.token_of(request)
            if is_personal and not token.is_personal:
                raise Complaint(403, "FORBIDDEN", "Use the application's personal access token.", category=AUTH)
            _check_scopes(token, scopes)
            body = read_body(await request.body()) if request.method in ("POST", "PUT") else {}
            call = Call(square, request, square.state.merchants[token.merchant_id], token, body)
            return reply(await _once(call, handler))
        except Complaint as complaint:
            return reply(complaint.body, complaint.status)

    return answer


def reply(body: Json, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(body), status, media_type="application/json", headers={"Square-Version": API_VERSION}
    )


def read_body(raw: bytes) -> Json:
    if not raw:
        return {}
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as broken:
        raise Complaint(400, "EXPECTED_JSON_BODY", "Expected a JSON body.") from broken
    if not isinstance(body, dict):
        raise Complaint(400, "EXPECTED_OBJECT", "Expected an object.")
    return body


def require(body: Mapping[str, Any], name: str, kind: type = str, where: str | None = None) -> Any:
    """The field, which must be there and of that type."""
    value = body.get(name)
    if value is None or value == "":
        raise Complaint(400, "MISSING_REQUIRED_PARAMETER", "Field must be set", field=where or name)
    return typed(value, kind, where or name)


def optional(body: Mapping[str, Any], name: str, kind: type = str) -> Any:
    value = body.get(name)
    return None if value is None else typed(value, kind, name)


_EXPECTED = {str: "EXPECTED_STRING", int: "EXPECTED_INTEGER", dict: "EXPECTED_OBJECT", list: "EXPECTED_ARRAY"}


def typed(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Complaint(400, _EXPECTED.get(kind, "INCORRECT_TYPE"), "Unexpected type.", field=where)
    return value


def limit_of(value: Any, *, default: int, most: int) -> int:
    """The page size. Square refuses one out of range for customers, team members and events."""
    if value is None or value == "":
        return default
    try:
        found = int(value)
    except (ValueError, TypeError) as broken:
        raise Complaint(400, "EXPECTED_INTEGER", "Expected an integer.", field="limit") from broken
    if found < 1:
        raise Complaint(400, "VALUE_TOO_LOW", "limit is too low", field="limit")
    if found > most:
        raise Complaint(400, "VALUE_TOO_HIGH", "limit is too high", field="limit")
    return found


def time_in(text: str | None, where: str) -> str | None:
    if text is None:
        return None
    try:
        return stamp(times.rfc3339(text))
    except Unreadable as broken:
        raise Complaint(400, "INVALID_TIME", f"{where} is not an RFC 3339 timestamp", field=where) from broken


def stamp(at: datetime) -> str:
    """RFC 3339 with milliseconds: every time here has the same form, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def page_of(call: Call, name: str, rows: Sequence[Json], *, cursor: str | None, limit: int, query: object) -> Json:
    """One page of `rows` under `name`, with a cursor where there are more. The query must stay the same."""
    fingerprint = hashlib.sha256(msgspec.json.encode([name, query])).hexdigest()[:16]
    start, nth = (0, 0) if cursor is None else _position(cursor, fingerprint, call.now)
    if is_page_withheld(call.request.scope):
        return {name: [], "cursor": _cursor(start, fingerprint, call.now, nth=nth + 1)}
    found: Json = {name: list(rows[start : start + limit])}
    if start + limit < len(rows):
        found["cursor"] = _cursor(start + limit, fingerprint, call.now)
    return found


def _cursor(position: int, fingerprint: str, now: datetime, *, nth: int = 0) -> str:
    """`nth` makes the cursor behind each withheld page a new one, as Square's are."""
    return base64.urlsafe_b64encode(f"{position}.{nth}.{fingerprint}.{int(now.timestamp())}".encode()).decode()


def _position(cursor: str, fingerprint: str, now: datetime) -> tuple[int, int]:
    try:
        position, nth, query, issued = base64.urlsafe_b64decode(cursor.encode()).decode().split(".")
        age, found = now.timestamp() - int(issued), (int(position), int(nth))
    except (ValueError, UnicodeError, binascii.Error) as broken:
        raise Complaint(400, "INVALID_CURSOR", "The cursor is not valid.", field="cursor") from broken
    if query != fingerprint or age > CURSOR_LIVES.total_seconds():
        raise Complaint(400, "INVALID_CURSOR", "The cursor is not valid any more.", field="cursor")
    return found


def _check_scopes(token: Token, scopes: Sequence[str]) -> None:
    missing = [scope for scope in scopes if scope not in token.scopes and not token.is_personal]
    if missing:
        raise Complaint(
            403, "INSUFFICIENT_SCOPES", f"The merchant has not given your application {missing[0]}.", category=AUTH
        )


async def _once(call: Call, handler: Handler) -> Json:
    """What the handler says; for a key that came before, what was said then."""
    key = call.body.get("idempotency_key")
    if not isinstance(key, str) or not key:
        return await _asked(call, handler)
    place = (call.merchant.id, call.request.url.path, key)
    digest = hashlib.sha256(await call.request.body()).digest()
    before = call.square.state.answered.get(place)
    if before is not None:
        if before[0] != digest:
            raise Complaint(400, "IDEMPOTENCY_KEY_REUSED", "The key was used with another request.")
        return before[1]
    answer = await _asked(call, handler)
    call.square.state.answered[place] = (digest, answer)
    return answer


async def _asked(call: Call, handler: Handler) -> Json:
    found = handler(call)
    return found if isinstance(found, dict) else await found
