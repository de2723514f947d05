"""Appointments of a simulated Acuity: listed under the cap, booked, changed, moved, cancelled, paid."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Route

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.acuity.simulator.answers import Call, Complaint, endpoint
from bookingbridge.vendors.acuity.simulator.state import Account, Appointment
from bookingbridge.vendors.acuity.wire import CAP

if TYPE_CHECKING:
    from bookingbridge.vendors.acuity.simulator import AcuitySimulation

_PERSON = ("firstName", "lastName", "phone", "email")


def routes(acuity: AcuitySimulation) -> list[BaseRoute]:
    root = "/api/v1/appointments"
    return [
        Route(root, endpoint(acuity, _list)),
        Route(root, endpoint(acuity, _create), methods=["POST"]),
        Route(f"{root}/{{id}}", endpoint(acuity, lambda call: shown(call.account, call.appointment()))),
        Route(f"{root}/{{id}}", endpoint(acuity, _update), methods=["PUT"]),
        Route(f"{root}/{{id}}/cancel", endpoint(acuity, _cancel), methods=["PUT"]),
        Route(f"{root}/{{id}}/reschedule", endpoint(acuity, _reschedule), methods=["PUT"]),
        Route(f"{root}/{{id}}/payments", endpoint(acuity, lambda call: call.appointment().payments)),
        Route("/api/v1/availability/check-times", endpoint(acuity, _check_times), methods=["POST"]),
    ]


def stamp(at: datetime, account: Account) -> str:
    """As Acuity writes times: in the business's zone, the offset without a colon."""
    return at.astimezone(account.zone).strftime("%Y-%m-%dT%H:%M:%S%z")


def moment(text: Any, account: Account) -> datetime:
    """The instant that is meant; without an offset it is the business's local time. A complaint for anything else."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as broken:
        raise Complaint(400, "bad_request", "Invalid datetime.") from broken
    return at if at.tzinfo else at.replace(tzinfo=account.zone)


def day_in(call: Call, name: str) -> date | None:
    given = call.query(name)
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as broken:
        raise Complaint(400, "bad_request", f"Invalid {name}.") from broken


def shown(account: Account, found: Appointment, *, with_forms: bool = True) -> Json:
    """The appointment as Acuity shows it: numbers as strings, times once to read and once to reckon with."""
    local, created = found.starts_at.astimezone(account.zone), found.created_at.astimezone(account.zone)
    ends = local + timedelta(minutes=found.minutes)
    calendar, kind = account.calendars.get(found.calendar_id, {}), account.types.get(found.type_id, {})
    paid = sum(float(p["amount"]) for p in found.payments) + float(found.by_hand)
    answer: Json = {
        "id": found.id, **found.person, "date": _day(local), "time": _hour(local), "endTime": _hour(ends),
        "dateCreated": _day(created), "datetime": stamp(found.starts_at, account), "price": found.price,
        "paid": "yes" if paid and paid >= float(found.price) else "no", "amountPaid": f"{paid:.2f}",
        "type": kind.get("name", ""), "appointmentTypeID": found.type_id, "addonIDs": [], "classID": None,
        "category": "", "duration": str(found.minutes), "calendar": calendar.get("name", ""),
        "calendarID": found.calendar_id, "canClientCancel": True, "canClientReschedule": True,
        "location": calendar.get("location", ""), "certificate": None,
        "confirmationPage": f"https://acuityscheduling.com/schedule.php?owner={account.id}&action=appt",
        "formsText": "", "notes": found.notes, "timezone": account.zone.key, "labels": None,
        "canceled": found.is_cancelled,
    }  # fmt: skip
    if with_forms:
        answer["forms"] = found.forms
    if found.is_cancelled:
        answer["noShow"] = found.is_no_show
    return answer


def _day(at: datetime) -> str:
    return f"{at:%B} {at.day}, {at.year}"


def _hour(at: datetime) -> str:
    return f"{at.hour % 12 or 12}:{at:%M}{'am' if at.hour < 12 else 'pm'}"


def _list(call: Call) -> list[Json]:
    first, last = day_in(call, "minDate"), day_in(call, "maxDate")
    show_all, canceled = call.query("showall") == "true", call.query("canceled") == "true"
    numbers = {"calendarID": call.number("calendarID"), "appointmentTypeID": call.number("appointmentTypeID")}
    found = []
    for one in call.account.appointments.values():
        day = one.starts_at.astimezone(call.account.zone).date()
        if (first and day < first) or (last and day > last):
            continue
        if not show_all and one.is_cancelled is not canceled:
            continue
        if numbers["calendarID"] not in (None, one.calendar_id):
            continue
        if numbers["appointmentTypeID"] not in (None, one.type_id):
            continue
        if any((want := call.query(n)) and want.casefold() != str(one.person[n]).casefold() for n in _PERSON):
            continue
        found.append(one)
    is_ascending = (call.query("direction") or "DESC").upper() == "ASC"
    found.sort(key=lambda one: (one.starts_at, one.id), reverse=not is_ascending)
    most = min(call.number("max") or CAP, CAP)
    with_forms = call.query("excludeForms") != "true"
    return [shown(call.account, one, with_forms=with_forms) for one in found[:most]]


def is_free(account: Account, calendar: int, at: datetime, minutes: int, *, but: int | None = None) -> bool:
    """Whether nothing of the calendar overlaps that time."""
    end = at + timedelta(minutes=minutes)
    taken = [
        (one.starts_at, one.starts_at + timedelta(minutes=one.minutes))
        for one in account.appointments.values()
        if one.calendar_id == calendar and not one.is_cancelled and one.id != but
    ]
    taken += [
        (datetime.fromisoformat(b["start"]), datetime.fromisoformat(b["end"]))
        for b in account.blocks.values()
        if b["calendarID"] == calendar
    ]
    return not any(start < end and at < finish for start, finish in taken)


def _create(call: Call) -> Json:
    body, account = call.object(), call.account
    kind = account.types.get(body.get("appointmentTypeID") or 0)
    if kind is None or not kind["active"]:
        raise Complaint(400, "invalid_appointment_type", "The appointment type does not exist.")
    for name in ("datetime", "firstName", "lastName", *(() if call.is_admin else ("email",))):
        if not body.get(name):
            raise Complaint(400, f"required_{name}".lower(), f'The parameter "{name}" is required.')
    if kind.get("requires_form") and not call.is_admin and not body.get("fields"):
        raise Complaint(400, "invalid_fields", "A form must be filled in.")
    at, minutes = moment(body["datetime"], account), int(kind["duration"])
    made = Appointment(
        id=next(call.acuity.state.ids), starts_at=at, minutes=minutes, type_id=kind["id"],
        calendar_id=_calendar_for(call, body.get("calendarID"), at, minutes),
        person={name: str(body.get(name) or "") for name in _PERSON}, price=str(kind["price"]), created_at=call.now,
        notes=str(body.get("notes") or "") if call.is_admin else "",
    )  # fmt: skip
    account.appointments[made.id] = made
    if made.person not in [{n: c.get(n, "") for n in _PERSON} for c in account.clients]:
        account.clients.append({**made.person, "notes": ""})
    call.acuity.announce(account, "scheduled", made)
    return shown(account, made)


def _calendar_for(call: Call, wanted: Any, at: datetime, minutes: int) -> int:
    if wanted is None:
        if call.is_admin:
            raise Complaint(400, "invalid_calendar", "A calendar is required.")
        free = [c for c in call.account.calendars if is_free(call.account, c, at, minutes)]
        if not free:
            raise Complaint(400, "no_available_calendar", "We could not find an available calendar.")
        return free[0]
    if not isinstance(wanted, int) or wanted not in call.account.calendars:
        raise Complaint(400, "invalid_calendar", "The calendar does not exist.")
    if not call.is_admin and not is_free(call.account, wanted, at, minutes):
        raise Complaint(400, "not_available", "The requested time is not available.")
    return wanted


def _update(call: Call) -> Json:
    found, body = call.appointment(), call.object()
    found.person = {name: str(body.get(name, found.person[name])) for name in _PERSON}
    if call.is_admin and "notes" in body:
        found.notes = str(body["notes"])
    call.acuity.announce(call.account, None, found)
    return shown(call.account, found)


def _cancel(call: Call) -> Json:
    found, body = call.appointment(), call.object()
    if found.is_cancelled:
        raise Complaint(400, "cancel_not_allowed", "The appointment is cancelled already.")
    found.is_cancelled, found.is_no_show = True, bool(body.get("noShow"))
    call.acuity.announce(call.account, "canceled", found)
    return shown(call.account, found)


def _reschedule(call: Call) -> Json:
    found, body = call.appointment(), call.object()
    at, calendar = moment(body.get("datetime"), call.account), body.get("calendarID") or found.calendar_id
    if calendar not in call.account.calendars:
        raise Complaint(400, "invalid_calendar", "The calendar does not exist.")
    if not call.is_admin and found.starts_at <= call.now:
        raise Complaint(400, "reschedule_too_close", "It is too late to reschedule.")
    if not call.is_admin and not is_free(call.account, calendar, at, found.minutes, but=found.id):
        raise Complaint(400, "not_available", "The requested time is not available.")
    found.starts_at, found.calendar_id = at, calendar
    call.acuity.announce(call.account, "rescheduled", found)
    return shown(call.account, found)


def _check_times(call: Call) -> list[Json]:
    asked = call.body if isinstance(call.body, list) else [call.object()]
    answers = []
    for one in asked:
        kind = call.account.types.get(one.get("appointmentTypeID") or 0)
        if kind is None or one.get("calendarID") not in call.account.calendars:
            raise Complaint(400, "invalid_calendar", "The calendar or type does not exist.")
        at = moment(one.get("datetime"), call.account)
        answers.append({**one, "valid": is_free(call.account, one["calendarID"], at, int(kind["duration"]))})
    return answers
