"""How a simulated Acuity answers: who asks, how fast, and refusals in its own shape."""

from __future__ import annotations

import base64
import binascii
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit import signatures
from bookingbridge.vendors.acuity.simulator.state import Account, Appointment

if TYPE_CHECKING:
    from bookingbridge.vendors.acuity.simulator import AcuitySimulation


class Complaint(Exception):
    """What Acuity refuses, in its own words."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(error)
        self.status, self.error, self.message = status, error, message

    def response(self) -> Response:
        body = {"status_code": self.status, "message": self.message, "error": self.error}
        return JSONResponse(body, status_code=self.status)


TOO_FAST = Complaint(
    429, "too_many_requests", "Rate limit reached. Limit 10req/s and 20 concurrent connections."
)  # fmt: skip


@dataclass(slots=True)
class Limits:
    """10 requests a second and 20 at once per caller, in real time; 0 is no limit."""

    per_second: int = 10
    at_once: int = 20
    under_way: int = 0
    _asked: deque[float] = field(default_factory=deque)

    def check(self) -> None:
        """One more request. A complaint where it is one too many."""
        now = time.monotonic()
        while self._asked and now - self._asked[0] >= 1:
            self._asked.popleft()
        if self.per_second and len(self._asked) >= self.per_second:
            raise TOO_FAST
        if self.at_once and self.under_way >= self.at_once:
            raise TOO_FAST
        self._asked.append(now)


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request."""

    acuity: AcuitySimulation
    account: Account
    request: Request
    body: Any

    @property
    def now(self) -> datetime:
        return self.acuity.now()

    @property
    def is_admin(self) -> bool:
        return self.request.query_params.get("admin") == "true"

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name) or None

    def number(self, name: str) -> int | None:
        """The whole number in the query, or a complaint."""
        given = self.query(name)
        if given is not None and not (given.isascii() and given.isdigit()):
            raise Complaint(400, "bad_request", f"Invalid {name}.")
        return None if given is None else int(given)

    def object(self) -> Json:
        """The JSON object that was sent, or a complaint."""
        if not isinstance(self.body, dict):
            raise Complaint(400, "bad_request", "Expected a JSON object.")
        return self.body

    def appointment(self) -> Appointment:
        given = str(self.request.path_params["id"])
        found = self.account.appointments.get(int(given)) if given.isdigit() else None
        if found is None:
            raise Complaint(404, "appointment_not_found", "That appointment does not exist.")
        return found


Handler = Callable[[Call], Any]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(acuity: AcuitySimulation, handler: Handler) -> Endpoint:
    """The handler behind the limits and the signature."""

    async def answer(request: Request) -> Response:
        limits = acuity.limits
        try:
            limits.check()
            limits.under_way += 1
            try:
                account = _who_asks(acuity, request)
                body = _body(await request.body())
                made = handler(Call(acuity, account, request, body))
                return Response(status_code=204) if made is None else JSONResponse(made)
            finally:
                limits.under_way -= 1
        except Complaint as complaint:
            return complaint.response()

    return answer


def _who_asks(acuity: AcuitySimulation, request: Request) -> Account:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    accounts = acuity.state.accounts
    if kind == "Bearer" and (known := accounts.get(acuity.state.tokens.get(given, 0))):
        return known
    if kind == "Basic":
        try:
            user, _, key = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeError):
            user, key = "", ""
        account = accounts.get(int(user)) if user.isascii() and user.isdigit() else None
        if account is not None and signatures.same(key, account.key):
            return account
    raise Complaint(401, "unauthorized", "Unauthorized")


def _body(raw: bytes) -> Any:
    if not raw:
        return {}
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as broken:
        raise Complaint(400, "bad_request", "Expected a JSON object.") from broken
