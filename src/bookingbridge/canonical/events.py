"""Events: what happened, in the past tense, in batches, told upward. They carry ids; who needs more asks.

Every event is stored before anybody hears of it; which reaction follows which event is a table in main.wiring.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """What all events share: a name that is stored, and a JSON form."""

    name: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


@dataclass(frozen=True, slots=True)
class Batch(Event):
    """An event about several things of one kind, by their ids."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ClientsRecorded(Batch):
    """Clients are new, or their name, e-mail or phone changed."""

    name: ClassVar[str] = "clients_recorded"


@dataclass(frozen=True, slots=True)
class BookingsRecorded(Batch):
    """Bookings are new or changed in any field."""

    name: ClassVar[str] = "bookings_recorded"


@dataclass(frozen=True, slots=True)
class PaymentsRecorded(Batch):
    """Payments are new or changed, or something of them was refunded."""

    name: ClassVar[str] = "payments_recorded"


@dataclass(frozen=True, slots=True)
class PayoutsRecorded(Batch):
    """Payouts are new or changed, or lines of theirs became known."""

    name: ClassVar[str] = "payouts_recorded"


@dataclass(frozen=True, slots=True)
class BlocksRecorded(Batch):
    """Times in which nobody can be booked are new or changed."""

    name: ClassVar[str] = "blocks_recorded"


@dataclass(frozen=True, slots=True)
class VisitsSettled(Batch):
    """What these bookings brought in, net of refunds, may have changed. The ids are bookings'."""

    name: ClassVar[str] = "visits_settled"


@dataclass(frozen=True, slots=True)
class TouchesRecorded(Batch):
    """Touchpoints arrived. The ids are touches'."""

    name: ClassVar[str] = "touches_recorded"


@dataclass(frozen=True, slots=True)
class CampaignsRecorded(Batch):
    """Campaigns are new or were renamed."""

    name: ClassVar[str] = "campaigns_recorded"


@dataclass(frozen=True, slots=True)
class AdDaysRecorded(Batch):
    """Spend, clicks or impressions of campaigns are new or changed. The ids are campaigns'."""

    name: ClassVar[str] = "ad_days_recorded"


@dataclass(frozen=True, slots=True)
class BusinessChanged(Batch):
    """A business counts otherwise from now on: another time zone or attribution window. The id is its own."""

    name: ClassVar[str] = "business_changed"


EVENTS: dict[str, type[Batch]] = {
    e.name: e
    for e in (
        ClientsRecorded,
        BookingsRecorded,
        PaymentsRecorded,
        PayoutsRecorded,
        BlocksRecorded,
        VisitsSettled,
        TouchesRecorded,
        AdDaysRecorded,
        CampaignsRecorded,
        BusinessChanged,
    )
}


def from_json(name: str, payload: dict[str, Any]) -> Event:
    """The event a stored row holds."""
    return EVENTS[name](tuple(UUID(i) for i in payload["ids"]))
