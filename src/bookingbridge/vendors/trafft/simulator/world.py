"""What a simulated Trafft knows, in its own words, and what it shows of it.

The world comes as JSON; ids are numbers, times are RFC 3339 (or as Trafft writes them, in the account's time zone):

    {"time_zone": "Europe/London",
     "credentials": [{"client_id": "…", "client_secret": "…"}],
     "locations": [{"id": 1, "name": "High Street", "address": "4 High Street"}],
     "employees": [{"id": 11, "first_name": "Nora", "last_name": "Vance", "email": "nora@example.com"}],
     "services": [{"id": 21, "name": "Cut", "price": 65, "duration": 45, "capacity": 1}],
     "customers": [{"id": 31, "first_name": "Mara", "last_name": "Quill", "email": "mara@example.com",
                    "phone_country_code": "+1", "phone_number": "2065550123"}],
     "appointments": [{"id": 41, "service": 21, "employees": [11], "location": 1, "start": "2026-11-20T18:00:00Z",
                       "created_at": "2026-11-02T09:30:00Z", "status": "approved", "note": "",
                       "bookings": [{"id": 51, "customer": 31, "status": "approved"}]}],
     "manners": {"is_newest_first": false, "says_zone": false, "most": 100, "duration_unit": "minutes"}}

Loading again adds to it: what is named is replaced. An appointment lasts as long as its service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.trafft.read import instant

CLIENT_ID, CLIENT_SECRET = "simulated-app", "simulated-secret"
LISTS = ("locations", "employees", "services", "customers", "appointments")
STATUSES = ("approved", "pending", "canceled", "rejected", "no-show")
_NUMBERS = {0: "canceled", 1: "approved", 2: "pending", 3: "rejected", 4: "no-show"}
"""Of this simulator's own making: which number means what to the real one is documented nowhere."""


@dataclass(slots=True)
class Manners:
    """What is not documented of the real Trafft, and so can be either way here."""

    is_newest_first: bool = False
    says_zone: bool = False
    most: int = 100
    duration_unit: str = "minutes"


@dataclass(slots=True)
class World:
    """Rows by list and id. Appointments hold ids of the others; `shown` writes them out."""

    time_zone: str = "Europe/London"
    credentials: dict[str, str] = field(default_factory=lambda: {CLIENT_ID: CLIENT_SECRET})
    lists: dict[str, dict[int, Json]] = field(default_factory=lambda: {name: {} for name in LISTS})
    tokens: dict[str, datetime] = field(default_factory=dict)
    manners: Manners = field(default_factory=Manners)
    last_id: int = 1000

    def load(self, world: Mapping[str, Any]) -> dict[str, int]:
        """The world also holds what is described; how many rows of each list. Unreadable for what makes no sense."""
        try:
            self.time_zone = times.zone(world.get("time_zone", self.time_zone)).key
            for one in world.get("credentials", ()):
                self.credentials[str(one["client_id"])] = str(one["client_secret"])
            for name, value in dict(world.get("manners", {})).items():
                setattr(self.manners, name, value)
            for name in LISTS:
                for row in world.get(name, ()):
                    self.put(name, row)
        except (KeyError, TypeError, ValueError, AttributeError) as broken:
            raise Unreadable(f"not a world of Trafft's: {broken}") from broken
        return {name: len(world.get(name, ())) for name in LISTS}

    def put(self, name: str, row: Mapping[str, Any]) -> Json:
        kept = dict(row)
        kept["id"] = self._noted(int(kept["id"])) if "id" in kept else self.new_id()
        if name == "appointments":
            kept = self._appointment(kept)
        self.lists[name][kept["id"]] = kept
        return kept

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _noted(self, given: int) -> int:
        self.last_id = max(self.last_id, given)
        return given

    def rows(self, name: str) -> list[Json]:
        found = sorted(self.lists[name].values(), key=lambda row: row["id"])
        return found[::-1] if self.manners.is_newest_first else found

    def shown(self, name: str, row: Json) -> Json:
        """The row as the API shows it."""
        if name == "services":
            factor = 60 if self.manners.duration_unit == "seconds" else 1
            shown = {k: v for k, v in row.items() if k != "capacity"} | {"duration": row.get("duration", 60) * factor}
            return shown | {"buffer_time_before": 0, "buffer_time_after": 0}
        return self._shown_appointment(row) if name == "appointments" else dict(row)

    def wall(self, at: datetime) -> str:
        """A time as this Trafft writes it."""
        local = at.astimezone(times.zone(self.time_zone))
        return local.isoformat() if self.manners.says_zone else f"{local:%Y-%m-%d %H:%M:%S}"

    def ends(self, row: Json) -> datetime:
        service = self.lists["services"].get(row["service"], {})
        end: datetime = row["start"] + timedelta(minutes=service.get("duration", 60))
        return end

    def booking(self, booking_id: int) -> tuple[Json, Json]:
        """(appointment, booking) of that booking's id. Unreadable where there is none."""
        for row in self.lists["appointments"].values():
            for one in row["bookings"]:
                if one["id"] == booking_id:
                    return row, one
        raise Unreadable(f"there is no booking {booking_id}")

    def _appointment(self, row: Json) -> Json:
        row["start"] = self._time(row["start"])
        row["created_at"] = self._time(row.get("created_at", "2026-01-01T00:00:00Z"))
        row.setdefault("status", "approved")
        row.setdefault("note", "")
        row["bookings"] = [self._booking(dict(one), row) for one in row.get("bookings", ())]
        return row

    def _booking(self, one: Json, row: Json) -> Json:
        one["id"] = self._noted(int(one["id"])) if "id" in one else self.new_id()
        one.setdefault("status", row["status"])
        one.setdefault("additional_persons", 0)
        return one

    def _time(self, raw: Any) -> datetime:
        return raw if isinstance(raw, datetime) else instant(str(raw), self.time_zone).astimezone(UTC)

    def _shown_appointment(self, row: Json) -> Json:
        location = self.lists["locations"].get(row.get("location") or 0)
        return {
            "id": row["id"],
            "status": row["status"],
            "start_date_time": self.wall(row["start"]),
            "end_date_time": self.wall(self.ends(row)),
            "created_at": self.wall(row["created_at"]),
            "note": row["note"],
            "service": self._mention("services", row["service"], "id", "name"),
            "employees": [
                self._mention("employees", one, "id", "first_name", "last_name") for one in row.get("employees", ())
            ],
            "location": {"id": location["id"], "name": location.get("name")} if location else {},
            "bookings": [
                one
                | {"customer": self._mention("customers", one["customer"], "id", "first_name", "last_name", "email")}
                for one in row["bookings"]
            ],
        }

    def _mention(self, name: str, row_id: int, *fields: str) -> Json:
        row = self.lists[name].get(row_id, {"id": row_id})
        return {wanted: row.get(wanted) for wanted in fields}


def status_named(given: Any) -> str:
    """The status of that number. Unreadable for another."""
    if given is None:
        return "approved"
    if isinstance(given, bool) or given not in _NUMBERS:
        raise Unreadable("status")
    return _NUMBERS[given]


STARTER: Json = {
    "time_zone": "Europe/London",
    "locations": [{"id": 1, "name": "High Street", "address": "4 High Street, Exampleton"}],
    "employees": [
        {"id": 11, "first_name": "Nora", "last_name": "Vance", "email": "nora@example.com"},
        {"id": 12, "first_name": "Idris", "last_name": "Bell", "email": "idris@example.com"},
    ],
    "services": [
        {"id": 21, "name": "Cut", "price": 65, "duration": 45},
        {"id": 22, "name": "Colour", "price": 140.5, "duration": 120},
    ],
    "customers": [
        {
            "id": 31, "first_name": "Mara", "last_name": "Quill", "email": "mara.quill@example.com",
            "phone_country_code": "+1", "phone_number": "2065550123",
        },
        {
            "id": 32, "first_name": "Theo", "last_name": "Marsh", "email": "theo.marsh@example.com",
            "phone_country_code": "+1", "phone_number": "2065550145",
        },
    ],
    "appointments": [
        {
            "id": 41, "service": 21, "employees": [11], "location": 1, "start": "2026-11-20T10:00:00Z",
            "created_at": "2026-11-02T09:30:00Z", "bookings": [{"id": 51, "customer": 31}],
        },
        {
            "id": 42, "service": 22, "employees": [12], "location": 1, "start": "2026-11-24T14:00:00Z",
            "created_at": "2026-11-10T18:05:00Z", "status": "pending", "bookings": [{"id": 52, "customer": 32}],
        },
    ],
}  # fmt: skip
"""A small business, there from the start."""
