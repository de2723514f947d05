"""What happens in the simulated Trafft by other hands: bookings made and moved there, and the webhooks about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_deliveries import Outgoing
from bookingbridge.vendorkit.simulation import CONTROL
from bookingbridge.vendors.trafft.read import instant
from bookingbridge.vendors.trafft.simulator.world import STATUSES

if TYPE_CHECKING:
    from bookingbridge.vendors.trafft.simulator import TrafftSimulation

EVENTS = (
    "appointment.booked", "appointment.canceled", "appointment.rescheduled", "appointment.statusChanged",
    "customer.created",
)  # fmt: skip
_ALIVE = ("approved", "pending")


@dataclass(slots=True)
class Drift:
    """One change of a list, right after one of its pages was shown."""

    name: str
    after_page: int
    remove: list[int]
    add: list[Json]
    times: int


@dataclass(slots=True)
class Hooks:
    """Where webhooks go: one address for each event, one token for all."""

    token: str = ""
    urls: dict[str, str] = field(default_factory=dict)


class Control:
    """The hands."""

    def __init__(self, simulation: TrafftSimulation) -> None:
        self._simulation = simulation
        self.hooks = Hooks()
        self.drifts: list[Drift] = []
        self._told = 0

    def routes(self) -> list[BaseRoute]:
        acts = {
            "hooks": self._set_hooks, "book": self._book, "move": self._move, "status": self._status,
            "remove": self._remove, "drift": self._drift, "revoke": self._revoke,
        }  # fmt: skip
        return [Route(f"{CONTROL}/{name}", _ordered(act), methods=["POST"]) for name, act in acts.items()]

    def forget(self) -> None:
        """No webhook is set up and nothing drifts."""
        self.hooks = Hooks()
        self.drifts.clear()

    def page_was_shown(self, name: str, page: int) -> None:
        """The list changes now, where that was ordered."""
        for drift in [d for d in self.drifts if (d.name, d.after_page) == (name, page)]:
            for row_id in drift.remove:
                self._simulation.world.lists[name].pop(row_id, None)
            for row in drift.add:
                self._simulation.world.put(name, row)
            drift.times -= 1
            if drift.times <= 0:
                self.drifts.remove(drift)

    def book(self, wanted: Json) -> Json | None:
        """The booking, made; None where the employee has somebody else then. A group's free place may be taken."""
        world = self._simulation.world
        start: datetime = wanted["start"].astimezone(UTC)
        made = {"id": world.new_id(), "customer": wanted["customer"], "status": wanted["status"]}
        made["additional_persons"] = 0
        same = self._at(wanted, start)
        if same is None:
            return None
        if same:
            same["bookings"].append(made)
            row = same
        else:
            fields = {"service": wanted["service"], "employees": [wanted["employee"]], "start": start}
            about = {"location": wanted.get("location"), "status": wanted["status"], "bookings": [made]}
            row = world.put("appointments", {**fields, **about, "created_at": self._simulation.now()})
        self._tell("appointment.booked", row, made)
        return made

    def cancel(self, row: Json) -> None:
        """The appointment is called off for all in it."""
        row["status"] = "canceled"
        for one in row["bookings"]:
            one["status"] = "canceled"
            self._tell("appointment.canceled", row, one)

    def tell_of_customer(self, row: Json) -> None:
        self._send("customer.created", self._person(row))

    def _at(self, wanted: Json, start: datetime) -> Json | None:
        """The group appointment with a free place at that time; {} where the time is free; None where it is taken."""
        world = self._simulation.world
        end = world.ends({"service": wanted["service"], "start": start})
        for row in world.lists["appointments"].values():
            if wanted["employee"] not in row.get("employees", ()) or row["status"] not in _ALIVE:
                continue
            if row["start"] < end and start < world.ends(row):
                room = world.lists["services"].get(row["service"], {}).get("capacity", 1)
                taken = sum(one["status"] in _ALIVE for one in row["bookings"])
                is_same = (row["start"], row["service"]) == (start, wanted["service"])
                return row if is_same and taken < room else None
        return {}

    async def _book(self, order: Json) -> Json:
        start = instant(str(order["start"]), self._simulation.world.time_zone)
        made = self.book({"status": "approved", **order, "start": start})
        if made is None:
            raise Unreadable("that time is taken")
        return {"booking": made["id"]}

    async def _move(self, order: Json) -> Json:
        row, one = self._simulation.world.booking(int(order["booking"]))
        row["start"] = instant(str(order["start"]), self._simulation.world.time_zone)
        self._tell("appointment.rescheduled", row, one)
        return {"appointment": row["id"]}

    async def _status(self, order: Json) -> Json:
        row, one = self._simulation.world.booking(int(order["booking"]))
        one["status"] = order["status"]
        if len(row["bookings"]) == 1:
            row["status"] = order["status"]
        is_named = order["status"] in STATUSES
        self._tell("appointment.canceled" if order["status"] == "canceled" else "appointment.statusChanged", row, one)
        return {"is_known_status": is_named}

    async def _remove(self, order: Json) -> Json:
        for name, ids in order.items():
            for row_id in ids:
                self._simulation.world.lists[name].pop(int(row_id), None)
        return {}

    async def _drift(self, order: Json) -> Json:
        self.drifts.append(
            Drift(
                str(order["list"]), int(order["after_page"]), list(order.get("remove", ())),
                list(order.get("add", ())), int(order.get("times", 1)),
            )
        )  # fmt: skip
        return {}

    async def _revoke(self, order: Json) -> Json:
        if order.get("tokens"):
            self._simulation.world.tokens.clear()
        if order.get("credentials"):
            self._simulation.world.credentials.clear()
        return {}

    async def _set_hooks(self, order: Json) -> Json:
        for event in order.get("events", EVENTS):
            if event not in EVENTS:
                raise Unreadable(f"Trafft has no event {event!r}")
            self.hooks.urls[event] = str(order["url"])
        self.hooks.token = str(order.get("token", self.hooks.token))
        return {"events": sorted(self.hooks.urls)}

    def _tell(self, event: str, row: Json, one: Json) -> None:
        world = self._simulation.world
        service = world.lists["services"].get(row["service"], {})
        employee = world.lists["employees"].get(next(iter(row.get("employees", ())), 0), {})
        location = world.lists["locations"].get(row.get("location") or 0, {})
        self._send(
            event,
            {
                "appointmentStatus": one["status"],
                "appointmentStartDateTime": world.wall(row["start"]),
                "appointmentEndDateTime": world.wall(world.ends(row)),
                "appointmentPrice": service.get("price"),
                **self._person(world.lists["customers"].get(one["customer"], {})),
                "employeeFullName": f"{employee.get('first_name', '')} {employee.get('last_name', '')}".strip(),
                "employeeEmail": employee.get("email", ""),
                "serviceCategory": service.get("category", ""),
                "serviceName": service.get("name", ""),
                "serviceDuration": service.get("duration"),
                "servicePrice": service.get("price"),
                "extras": [],
                "locationName": location.get("name", ""),
                "locationAddress": location.get("address", ""),
                "customFields": [],
            },
        )

    def _person(self, row: Json) -> Json:
        first, last = row.get("first_name") or "", row.get("last_name") or ""
        phone = f"{row.get('phone_country_code') or ''}{row.get('phone_number') or ''}"
        return {
            "customerFullName": f"{first} {last}".strip(),
            "customerFirstName": first,
            "customerLastName": last,
            "customerEmail": row.get("email") or "",
            "customerPhone": phone,
        }

    def _send(self, event: str, body: Json) -> None:
        if url := self.hooks.urls.get(event):
            self._told += 1
            headers = {"content-type": "application/json", "authorization": self.hooks.token}
            self._simulation.deliveries.send(Outgoing(str(self._told), url, msgspec.json.encode(body), headers))


def _ordered(act: Any) -> Any:
    async def ordered(request: Request) -> Response:
        try:
            order = msgspec.json.decode(await request.body(), type=dict[str, Any])
            return JSONResponse(await act(order))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as broken:
            raise Unreadable(f"not an order for Trafft: {broken!r}") from broken

    return ordered
