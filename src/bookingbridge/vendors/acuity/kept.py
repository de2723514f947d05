"""What is kept of Acuity's answers: with the currency and place beside it, without what clients confide in forms."""

from __future__ import annotations

from typing import Any

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ids import RemoteId
from bookingbridge.canonical.money import digits
from bookingbridge.canonical.ports import Json, RawRecord
from bookingbridge.canonical.tokens import find_token
from bookingbridge.vendors.acuity.api import Api, id_of_client
from bookingbridge.vendors.acuity.people import place_id, tidy
from bookingbridge.vendors.acuity.read import amount, is_about_hearing

NO_ID = RemoteId("(no id)")
"""For what has none: it is kept, and shown as unreadable."""

RECORDED = "recorded"
"""The processor of what was paid without a transaction: marked as paid by hand, in cash for instance."""

_PERSON = ("id", "datetime", "firstName", "lastName", "email", "phone", "calendarID", "amountPaid")


def plain(kind: str, found: Json) -> RawRecord:
    """An object with an id of its own."""
    return RawRecord(kind, id_of(found), found)


def id_of(found: Json) -> RemoteId:
    remote_id = found.get("id")
    is_one = isinstance(remote_id, int) and not isinstance(remote_id, bool)
    return RemoteId(str(remote_id)[:40]) if is_one else NO_ID


def client(found: Json) -> RawRecord:
    """A client without the notes the business keeps about them."""
    lean = {name: found.get(name) for name in ("firstName", "lastName", "email", "phone")}
    return RawRecord("client", RemoteId(id_of_client(found) or NO_ID), lean)


def service(found: Json, currency: str) -> RawRecord:
    return RawRecord("service", id_of(found), {"type": found, "currency": currency})


def places(calendars: list[Json]) -> list[RawRecord]:
    """One place for each location that calendars give; most calendars of a shop give the same or none."""
    found: dict[RemoteId, Json] = {}
    for calendar in calendars:
        location = calendar.get("location")
        if isinstance(location, str) and tidy(location):
            said = {"location": tidy(location), "timezone": calendar.get("timezone")}
            found.setdefault(place_id(location), said)
    return [RawRecord("location", remote_id, said) for remote_id, said in found.items()]


async def booking(api: Api, found: Json) -> RawRecord:
    """An appointment; of its forms only what says where the client came from (see `_came_from`)."""
    lean = {name: value for name, value in found.items() if name not in ("formsText", "forms", "confirmationPage")}
    if isinstance(found.get("forms"), list):
        lean["forms"] = [{"values": _came_from(form)} for form in found["forms"]]
    return RawRecord("booking", id_of(found), await _placed(api, found, {"appointment": lean}))


def _came_from(form: Any) -> list[Json]:
    """The answers with a visitor's token, and those to "how did you hear about us". The rest may be about health."""
    values = form.get("values") if isinstance(form, dict) else None
    return [
        {"name": value.get("name"), "value": value.get("value")}
        for value in (values if isinstance(values, list) else [])
        if isinstance(value, dict) and (find_token(_text(value, "value")) or is_about_hearing(_text(value, "name")))
    ]


def _text(found: Json, name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


async def payments(api: Api, appointment: Json, paid: list[Json], *, before: int = 0) -> list[RawRecord]:
    """The appointment's payments by their order in time; `before` is how many there were when last seen.

    What was paid beyond all transactions is one more, recorded at the appointment's start. Numbers rather than
    transaction ids, so that a recorded payment that gets its transaction later is the same payment.
    """
    currency = await api.currency()
    entries: list[Json | None] = [*sorted(paid, key=lambda p: str(p.get("created")))]
    rest = _beyond(appointment, paid, currency)
    if rest:
        entries.append({"processor": RECORDED, "amount": rest, "created": appointment.get("datetime")})
    entries += [None] * (before - len(entries))
    about = {name: appointment.get(name) for name in _PERSON}
    return [
        RawRecord(
            "payment",
            RemoteId(f"{id_of(appointment)}:{number}"),
            await _placed(api, appointment, {"payment": entry, "number": number, "appointment": about}),
        )
        for number, entry in enumerate(entries, 1)
    ]


def is_paid(appointment: Json) -> bool:
    """Whether something was paid for it, or its amount is beyond understanding, which looking will show."""
    return _minor(appointment.get("amountPaid"), "USD") != 0


def _beyond(appointment: Json, paid: list[Json], currency: str) -> str | None:
    """What was paid beyond the transactions, as Acuity would write it; None for nothing, or where one is unreadable."""
    total = _minor(appointment.get("amountPaid"), currency)
    known = [_minor(p.get("amount"), currency) for p in paid]
    if total is None or None in known:
        return None
    rest = total - sum(minor or 0 for minor in known)
    if rest <= 0:
        return None
    return _written(rest, currency)


def _written(minor: int, currency: str) -> str:
    places_ = digits(currency)
    whole, part = divmod(minor, 10**places_)
    return f"{whole}.{part:0{places_}d}" if places_ else str(whole)


def _minor(raw: Any, currency: str) -> int | None:
    """The amount in minor units, 0 where there is none, None where it cannot be understood."""
    try:
        found = amount(raw if isinstance(raw, str | int | float) else None, currency, "amountPaid")
    except Unreadable:
        return None
    return found.minor if found else 0


async def _placed(api: Api, appointment: Json, payload: Json) -> Json:
    place = await api.place_of(appointment.get("calendarID"))
    return payload | {"currency": await api.currency(), "place": place}
