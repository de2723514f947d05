"""The simulated API: a token for an hour, lists by page, single things, and what can be written."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_faults import is_page_withheld
from bookingbridge.vendors.trafft.simulator.world import LISTS, status_named

if TYPE_CHECKING:
    from bookingbridge.vendors.trafft.simulator import TrafftSimulation
    from bookingbridge.vendors.trafft.simulator.control import Control

LIFE = timedelta(hours=1)

Answering = Callable[[Request], Awaitable[Response]]


class Complaint(Exception):
    """What is answered in the place of what was asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Rest:
    """The account's API."""

    def __init__(self, simulation: TrafftSimulation, control: Control) -> None:
        self._simulation = simulation
        self._control = control

    def routes(self) -> list[BaseRoute]:
        """A path that is there answers 405 to other methods, as `GET /appointments/{id}` does."""
        return [
            Route("/token", _told(self._token), methods=["POST"]),
            Route("/customers", self._signed_in(self._add_customer), methods=["POST"]),
            Route("/customers/{id:int}", self._signed_in(self._change_customer), methods=["PATCH", "DELETE"]),
            Route("/bookings", self._signed_in(self._book), methods=["POST"]),
            Route("/appointments/{id:int}", self._signed_in(self._delete_appointment), methods=["DELETE"]),
            Route("/{name}", self._signed_in(self._list)),
            Route("/{name}/{id}", self._signed_in(self._one)),
        ]

    async def _token(self, request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        form = {name: values[0] for name, values in parse_qs(body).items()}
        known = self._simulation.world.credentials
        if form.get("grant_type") != "client_credentials":
            raise Complaint(400, "unsupported_grant_type")
        if not form.get("client_id") or known.get(form["client_id"]) != form.get("client_secret"):
            raise Complaint(401, "invalid_client")
        token = secrets.token_urlsafe(24)
        self._simulation.world.tokens[token] = self._simulation.now() + LIFE
        life = int(LIFE.total_seconds())
        return JSONResponse({"token_type": "Bearer", "expires_in": life, "access_token": token})

    def _signed_in(self, answering: Answering) -> Answering:
        async def answer(request: Request) -> Response:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            until = self._simulation.world.tokens.get(token)
            if until is None or self._simulation.now() >= until:
                raise Complaint(401, "Unauthenticated.")
            return await answering(request)

        return _told(answer)

    async def _list(self, request: Request) -> Response:
        name, world = _known(request), self._simulation.world
        page = _positive(request.query_params.get("page", "1"))
        limit = min(_positive(request.query_params.get("limit", "10")), world.manners.most)
        rows = world.rows(name)
        if name == "appointments" and (status := request.query_params.get("status")):
            rows = [row for row in rows if row["status"] == status]
        shown = [] if is_page_withheld(request.scope) else rows[(page - 1) * limit : page * limit]
        pagination = {"total": len(rows), "page": page, "limit": limit, "pages": -(-len(rows) // limit)}
        body = {"data": [world.shown(name, row) for row in shown], "pagination": pagination}
        answer = JSONResponse(body)
        self._control.page_was_shown(name, page)
        return answer

    async def _one(self, request: Request) -> Response:
        name = _known(request)
        if name == "appointments":
            raise Complaint(405, "The GET method is not supported for this route.")
        return JSONResponse(self._simulation.world.shown(name, self._row(name, request.path_params["id"])))

    async def _add_customer(self, request: Request) -> Response:
        body = await _object(request)
        if not isinstance(body.get("first_name"), str):
            raise Complaint(422, "first_name")
        row: Json = {name: body[name] for name in ("first_name", "last_name", "email", "description") if name in body}
        if isinstance(phone := body.get("phone"), str):
            row |= {"phone_country_code": None, "phone_number": phone}  # written as phone, read as phone_number
        made = self._simulation.world.put("customers", row)
        self._control.tell_of_customer(made)
        return JSONResponse({"id": made["id"]}, 201)

    async def _change_customer(self, request: Request) -> Response:
        row = self._row("customers", request.path_params["id"])
        if request.method == "DELETE":
            del self._simulation.world.lists["customers"][row["id"]]
            return Response(status_code=204)
        body = await _object(request)
        row |= {name: body[name] for name in ("first_name", "last_name", "email") if name in body}
        return JSONResponse({"id": row["id"]})

    async def _delete_appointment(self, request: Request) -> Response:
        row = self._row("appointments", request.path_params["id"])
        self._control.cancel(row)
        return Response(status_code=204)

    async def _book(self, request: Request) -> Response:
        body, world = await _object(request), self._simulation.world
        for field, name in (("service", "services"), ("employee", "employees"), ("customer", "customers")):
            if not isinstance(body.get(field), int) or body[field] not in world.lists[name]:
                raise Complaint(422, field)
        if body.get("location") is not None and body["location"] not in world.lists["locations"]:
            raise Complaint(422, "location")
        try:
            start = _start(body, world.time_zone)
            status = status_named(body.get("status"))
        except (Unreadable, ValueError, TypeError, KeyError) as broken:
            raise Complaint(422, "date, time or status") from broken
        made = self._control.book({**body, "start": start, "status": status})
        if made is None:
            raise Complaint(422, "The time slot is not available.")
        return JSONResponse({"id": made["id"]}, 201)

    def _row(self, name: str, row_id: Any) -> Json:
        found = self._simulation.world.lists[name].get(int(row_id)) if str(row_id).isdecimal() else None
        if found is None:
            raise Complaint(404, "Not found.")
        return found


def _told(answering: Answering) -> Answering:
    async def answer(request: Request) -> Response:
        try:
            return await answering(request)
        except Complaint as no:
            return JSONResponse({"message": no.message}, no.status)

    return answer


def _known(request: Request) -> str:
    name = str(request.path_params["name"])
    if name in ("bookings", "coupons"):
        raise Complaint(405, "The GET method is not supported for this route.")
    if name not in LISTS:
        raise Complaint(404, "Not found.")
    return name


def _positive(raw: str) -> int:
    if not raw.isascii() or not raw.isdecimal() or not 0 < int(raw) < 2**31:
        raise Complaint(422, "page or limit")
    return int(raw)


def _start(body: Json, zone: str) -> datetime:
    day, at = date.fromisoformat(body["date"]), time.fromisoformat(body["time"])
    if len(body["date"]) != 10 or len(body["time"]) != 5:
        raise ValueError("date or time")
    return datetime.combine(day, at, tzinfo=times.zone(zone))


async def _object(request: Request) -> Json:
    try:
        body = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, RecursionError) as broken:
        raise Complaint(400, "not JSON") from broken
    if not isinstance(body, dict):
        raise Complaint(400, "not an object")
    return body
