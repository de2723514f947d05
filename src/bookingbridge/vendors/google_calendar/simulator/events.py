"""Events as the simulated Google keeps them: made, patched, cancelled; a series is taken apart into its instances."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.google_calendar.simulator.answers import Refusal, invalid, not_found

_ID = re.compile(r"[a-v0-9]{5,1024}")
_READ_ONLY = frozenset({"kind", "etag", "id", "htmlLink", "iCalUID", "updated", "creator", "organizer", "eventType"})
_FIRST_ETAG = 3_500_000_000_000_000
_MOST_INSTANCES = 730


@dataclass(slots=True)
class Held:
    """One event. `at` is the number of the change that made it what it is, `place` where lists show it."""

    body: Json
    place: int
    at: int = 0
    instances: list[str] = field(default_factory=list)

    @property
    def is_series(self) -> bool:
        return "recurrence" in self.body


@dataclass(slots=True)
class Calendar:
    """One calendar, with how many changes it has seen."""

    id: str
    summary: str
    time_zone: str
    role: str
    is_primary: bool
    events: dict[str, Held] = field(default_factory=dict)
    changes: int = 0

    def get(self, event_id: str) -> Held:
        if event_id not in self.events:
            raise not_found()
        return self.events[event_id]

    def insert(self, body: Json, *, by: str, now: datetime) -> Held:
        """The event is there. Refused where the id is in use, also by one that was deleted."""
        wanted = body.get("id") or f"sim{self.changes:07d}"
        if not _ID.fullmatch(str(wanted)):
            raise invalid("Invalid resource id value.")
        if wanted in self.events:
            raise Refusal(409, "duplicate", "The requested identifier already exists.")
        return self._made(body | {"id": wanted}, by, now)

    def put(self, body: Json, *, by: str, now: datetime) -> Held:
        """As an order of the world: made, or patched where it is known; ids need no form."""
        event_id = body.get("id")
        if event_id in self.events:
            return self.patch(str(event_id), body, now=now)
        return self._made({"id": f"sim{self.changes:07d}"} | body, by, now)

    def patch(self, event_id: str, change: Json, *, now: datetime) -> Held:
        """The event is changed where `change` names something; null takes away, objects are merged."""
        held = self.get(event_id)
        if change.get("status") == "cancelled":
            return self.cancel(event_id, now=now)
        wanted = {k: v for k, v in change.items() if k not in _READ_ONLY}
        body = _merged(held.body, wanted)
        if held.body["status"] == "cancelled" and "status" not in change:
            body["status"] = "cancelled"
        if {"start", "end"} & set(wanted):
            self._times(body)
            body["sequence"] = int(body.get("sequence", 0)) + 1
        held.body = body
        for instance in held.instances:
            shared = {k: v for k, v in wanted.items() if k not in ("start", "end", "recurrence", "status")}
            self.patch(instance, shared, now=now)
        self._changed(held, now)
        return held

    def cancel(self, event_id: str, *, now: datetime) -> Held:
        """The event is deleted, and all that is left is what the owner could restore it from."""
        held = self.get(event_id)
        held.body["status"] = "cancelled"
        for instance in held.instances:
            if self.events[instance].body["status"] != "cancelled":
                self.cancel(instance, now=now)
        self._changed(held, now)
        return held

    def _made(self, given: Json, by: str, now: datetime) -> Held:
        stamp = _stamp(now)
        owner = {"email": self.id if not self.is_primary else by, "self": True}
        event_id = given["id"]
        body: Json = {
            "kind": "calendar#event", "status": "confirmed", "created": stamp, "creator": {"email": by},
            "organizer": owner, "sequence": 0, "reminders": {"useDefault": True}, "eventType": "default",
            "htmlLink": f"https://calendar.example.com/event?eid={event_id}", "iCalUID": f"{event_id}@example.com",
        }  # fmt: skip
        body |= copy.deepcopy(given)
        body["attendees"] = [{"responseStatus": "needsAction"} | a for a in body.get("attendees") or []]
        if not body["attendees"]:
            del body["attendees"]
        self._times(body)
        held = Held(body, len(self.events))
        self.events[body["id"]] = held
        if held.is_series:
            held.instances = [self._instance(body, starts_at, by, now) for starts_at in _starts(body, self.time_zone)]
        self._changed(held, now)
        return held

    def _instance(self, series: Json, starts_at: datetime, by: str, now: datetime) -> str:
        length = _instant(series["end"]) - _instant(series["start"])
        shared = {k: v for k, v in series.items() if k not in ("recurrence", "id", "etag", "updated")}
        start, end = (self._moment(at) for at in (starts_at, starts_at + length))
        event_id = f"{series['id']}_{starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        more = {"id": event_id, "start": start, "end": end, "originalStartTime": start}
        self._made(shared | more | {"recurringEventId": series["id"]}, by, now)
        return event_id

    def _times(self, body: Json) -> None:
        """Start and end are there, in the calendar's own zone, and in order."""
        for name in ("start", "end"):
            moment = body.get(name)
            if not isinstance(moment, dict) or bool(moment.get("date")) == bool(moment.get("dateTime")):
                raise invalid(f"Missing {name} time.", "required")
            if moment.get("dateTime"):
                body[name] = self._moment(_instant(moment, self.time_zone))
            else:
                body[name] = {"date": _day(moment["date"]).isoformat()}
        if _instant(body["end"], self.time_zone) < _instant(body["start"], self.time_zone):
            raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")

    def _moment(self, at: datetime) -> Json:
        local = at.astimezone(times.zone(self.time_zone))
        return {"dateTime": local.isoformat(timespec="seconds"), "timeZone": self.time_zone}

    def _changed(self, held: Held, now: datetime) -> None:
        """Numbered anew, and later than before by a millisecond at least, as the clock may stand still here."""
        self.changes += 1
        held.at = self.changes
        before = held.body.get("updated")
        at = max(now, times.rfc3339(before) + timedelta(milliseconds=1)) if before else now
        held.body["updated"] = _stamp(at)
        held.body["etag"] = f'"{_FIRST_ETAG + self.changes}"'


def span(body: Json, zone: str) -> tuple[datetime, datetime]:
    """Start and end as instants; an all-day event's in the calendar's zone."""
    return _instant(body["start"], zone), _instant(body["end"], zone)


def _starts(series: Json, zone: str) -> list[datetime]:
    """When the instances start, the clock's time kept over changes of the clock. Daily and weekly rules only."""
    rules = [line.removeprefix("RRULE:") for line in series["recurrence"] if str(line).startswith("RRULE:")]
    parts = dict(part.partition("=")[::2] for part in (rules[0] if rules else "").split(";") if part)
    steps = {"DAILY": 1, "WEEKLY": 7}
    if parts.get("FREQ") not in steps or set(parts) - {"FREQ", "COUNT", "INTERVAL"}:
        raise invalid("Invalid recurrence rule.")
    try:
        count, every = int(parts.get("COUNT", _MOST_INSTANCES)), int(parts.get("INTERVAL", 1))
    except ValueError as broken:
        raise invalid("Invalid recurrence rule.") from broken
    first = _instant(series["start"], zone).astimezone(times.zone(zone))
    days = steps[parts["FREQ"]] * every
    return [first + timedelta(days=days * i) for i in range(min(count, _MOST_INSTANCES))]


def _merged(before: Json, change: Json) -> Json:
    merged = dict(before)
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = copy.deepcopy(value)
    return merged


def _instant(moment: Json, zone: str = "UTC") -> datetime:
    if moment.get("date"):
        return times.day_bounds(_day(moment["date"]), times.zone(zone))[0]
    try:
        at = datetime.fromisoformat(str(moment["dateTime"]).replace("Z", "+00:00"))
        if at.tzinfo is None:
            at = at.replace(tzinfo=times.zone(str(moment.get("timeZone") or zone)))
    except (ValueError, Unreadable) as broken:
        raise invalid("Invalid time.") from broken
    return at.astimezone(UTC)


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as broken:
        raise invalid("Invalid date.") from broken


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
