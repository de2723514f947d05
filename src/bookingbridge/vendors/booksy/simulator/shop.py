"""The simulated shops' state: who works there, what is offered, who comes and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bookingbridge.canonical.errors import Unreadable

Object = dict[str, Any]
_LISTS = ("resource", "service", "customer", "appointment")
_FREED = ("C", "D")


class Taken(Exception):
    """Somebody else has that time."""


class Fixed(Exception):
    """A booking of several services cannot be changed."""


@dataclass(slots=True)
class Shop:
    """One shop: its own object and its lists by the API's names, each by id. Services hold their variants."""

    about: Object
    lists: dict[str, dict[int, Object]] = field(default_factory=lambda: {name: {} for name in _LISTS})

    def add(self, name: str, thing: Object) -> Object:
        """The thing is in the list, under its own id or the next."""
        known = self.lists[name]
        thing = {"id": max(known, default=0) + 1} | thing
        known[int(thing["id"])] = thing
        return thing

    def book(self, asked: Object) -> Object:
        """An appointment as asked for. Taken where its staff is busy, Unreadable where something is missing."""
        return self.add("appointment", self._checked(asked, own=None))

    def change(self, number: int, asked: Object) -> Object:
        """The appointment as asked for. Fixed where there are several services."""
        known = self.lists["appointment"][number]
        if len(known["subbookings"]) != 1 or len(asked.get("subbookings") or []) != 1:
            raise Fixed
        changed = known | self._checked(asked, own=number) | {"id": number, "status": "A", "created": known["created"]}
        self.lists["appointment"][number] = changed
        return changed

    def _checked(self, asked: Object, *, own: int | None) -> Object:
        lines = asked.get("subbookings")
        if not isinstance(lines, list) or not lines or not all(isinstance(line, dict) for line in lines):
            raise Unreadable("subbookings are missing", where="subbookings")
        for when in ("booked_from", "booked_till"):
            if not isinstance(asked.get(when), str) or len(str(asked[when])) != 16:
                raise Unreadable("YYYY-MM-DDTHH:MM is wanted", where=when)
        made = []
        for line in lines:
            self._is_free(line.get("staffer_id"), asked["booked_from"], asked["booked_till"], own)
            made.append(self._line(line, asked))
        kept = {name: asked.get(name) for name in (
            "booked_for_id", "booked_from", "booked_till", "customer_name", "customer_phone", "customer_email",
            "customer_note", "business_note", "import_uid",
        )}  # fmt: skip
        return {
            **kept, "business_id": self.about["id"], "status": asked.get("status", "A"), "type": asked.get("type", "B"),
            "business_timezone": self.about["business_timezone"], "subbookings": made, "traveling": None,
            "created": asked.get("created"),
        }  # fmt: skip

    def _line(self, line: Object, asked: Object) -> Object:
        variants = {v["id"]: s for s in self.lists["service"].values() for v in s["variants"]}
        service = variants.get(line.get("service_variant_id"))
        if service is None:
            raise Unreadable("there is no such service variant", where="service_variant_id")
        return {
            "id": line.get("id") or 1, "appliance_id": None, "staffer_id": line.get("staffer_id"),
            "booked_from": line.get("booked_from") or asked["booked_from"],
            "booked_till": line.get("booked_till") or asked["booked_till"],
            "service_variant_id": line["service_variant_id"], "service_name": service["name"],
        }  # fmt: skip

    def _is_free(self, staffer: Any, starts: str, ends: str, own: int | None) -> None:
        for other in self.lists["appointment"].values():
            if other["id"] == own or other["status"] in _FREED or staffer is None:
                continue
            busy = any(line["staffer_id"] == staffer for line in other["subbookings"])
            if busy and other["booked_from"] < ends and starts < other["booked_till"]:
                raise Taken


def loaded(world: Mapping[str, Any], shops: dict[int, Shop], now: str) -> dict[str, int]:
    """The shops also hold what the world describes; how many of each. Unreadable where it cannot be understood."""
    counts: dict[str, int] = {}
    try:
        for raw in world.get("businesses", []):
            about = {k: v for k, v in raw.items() if k not in ("resources", "services", "customers", "appointments")}
            shop = shops.setdefault(int(raw["id"]), Shop({"business_timezone": "America/Los_Angeles"} | about))
            for name, things in (("resource", "resources"), ("service", "services"), ("customer", "customers")):
                for thing in raw.get(things, []):
                    extra = {"variants": [], **thing} if name == "service" else dict(thing)
                    shop.add(name, extra)
                counts[things] = counts.get(things, 0) + len(raw.get(things, []))
            for thing in raw.get("appointments", []):
                made = shop._checked({"created": now} | thing, own=None)
                shop.add("appointment", ({"id": thing["id"]} if "id" in thing else {}) | made)
            counts["appointments"] = counts.get("appointments", 0) + len(raw.get("appointments", []))
    except (KeyError, ValueError, TypeError, AttributeError, Taken) as broken:
        raise Unreadable(f"not a world of Booksy's: {broken!r}"[:200]) from broken
    return counts
