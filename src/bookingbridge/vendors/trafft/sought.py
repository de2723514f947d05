"""What a webhook says of a thing whose id it does not name, as an id to fetch by; and what in a list fits it.

A person's address goes in as a digest only, because ids are shown and logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from urllib.parse import parse_qs, urlencode

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.trafft.read import instant

_PREFIX = "sought:"
_LONGEST = 40


def digest(text: object) -> str | None:
    """Sixteen hexadecimal digits for the text, whatever its case; None where there is none."""
    if not isinstance(text, str) or not text.strip():
        return None
    return blake2b(text.strip().casefold().encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Sought:
    """A thing known by marks. `start` is as Trafft wrote it; person and service are digests."""

    person: str | None = None
    start: str | None = None
    service: str | None = None

    @property
    def remote_id(self) -> RemoteId:
        marks = {"person": self.person, "start": _storable(self.start), "service": self.service}
        return RemoteId(_PREFIX + urlencode({name: mark for name, mark in marks.items() if mark}))

    @property
    def is_telling(self) -> bool:
        """Whether anything is known that leads to one thing rather than to all."""
        return self.person is not None or self.start is not None

    def fits_person(self, row: Json) -> bool:
        return self.person is None or digest(row.get("email")) == self.person

    def fits(self, appointment: Json, zone: str | None) -> bool:
        """Whether the appointment may be the one: the person is in it, or, without one, start and service agree."""
        if self.person is not None:
            return any(digest(person.get("email")) == self.person for person in people(appointment))
        if self.start is None:
            return True
        return self.starts_with(appointment, zone) and self._is_of(appointment)

    def is_it(self, appointment: Json, zone: str | None) -> bool:
        """Whether all that is known agrees, so that the search may end here."""
        return (
            self.person is not None
            and self.start is not None
            and self.fits(appointment, zone)
            and self.starts_with(appointment, zone)
            and self._is_of(appointment)
        )

    def starts_with(self, appointment: Json, zone: str | None) -> bool:
        start = appointment.get("start_date_time")
        mine, its = _time(self.start, zone), _time(start if isinstance(start, str) else None, zone)
        return mine is not None and mine == its

    def _is_of(self, appointment: Json) -> bool:
        service = appointment.get("service")
        name = service.get("name") if isinstance(service, dict) else None
        return self.service is None or digest(name) == self.service


def sought(remote_id: str) -> Sought | None:
    """What the id tells to look for; None where it is an id of Trafft's own."""
    if not remote_id.startswith(_PREFIX):
        return None
    marks = parse_qs(remote_id.removeprefix(_PREFIX), max_num_fields=5, errors="replace")
    return Sought(**{name: marks[name][0] for name in ("person", "start", "service") if name in marks})


def people(appointment: Json) -> list[Json]:
    """The customers in an appointment."""
    inside = appointment.get("bookings")
    found = [b.get("customer") for b in inside if isinstance(b, dict)] if isinstance(inside, list) else []
    return [person for person in found if isinstance(person, dict)]


def _storable(start: str | None) -> str | None:
    return start if start and len(start) <= _LONGEST and start.isascii() and start.isprintable() else None


def _time(raw: str | None, zone: str | None) -> datetime | None:
    try:
        return instant(raw, zone) if raw else None
    except Unreadable:
        return None
