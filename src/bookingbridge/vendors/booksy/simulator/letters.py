"""Mails as Booksy writes them to a shop, in our own invented world: text and HTML, with what their headers carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from html import escape

_SAYS = {"new": "new booking", "moved": "changed booking", "cancelled": "cancelled appointment"}


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment as a mail tells it. Times are the shop's wall clock, without a zone."""

    name: str
    starts: datetime
    minutes: int = 45
    email: str | None = "mara.lind@example.com"
    phone: str | None = "(206) 555-0123"
    service: str = "Cut and finish"
    price: str | None = "$65.00"
    staff: str | None = "Nora Vance"


def letter(
    what: str,
    visit: Visit,
    *,
    sent_at: datetime,
    was: datetime | None = None,
    to: str = "shop@example.com",
    number: str | None = None,
    is_html: bool = True,
    dkim: str | None = "pass",
) -> bytes:
    """The raw mail. `was` is the time a moved appointment had; `dkim` what the receiving server noted, if anything."""
    message = EmailMessage()
    if dkim:
        message["Authentication-Results"] = (
            f"mx.example.net; dkim={dkim} header.i=@booksy.com header.s=k1; spf=pass smtp.mailfrom=bounce.booksy.com"
        )
    message["From"] = f'"{visit.name}" <no-reply@booksy.com>'
    message["To"] = to
    if visit.email:
        message["Reply-To"] = visit.email
    message["Subject"] = f"{visit.name}: {_SAYS[what]}"
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = f"<{what}.{sha256(repr((visit, was, sent_at)).encode()).hexdigest()[:16]}@booksy.com>"
    said = lines(what, visit, was=was, number=number)
    message.set_content("\n".join(said) + "\n")
    if is_html:
        rows = "".join(f"<tr><td>{escape(line)}</td></tr>\n" for line in said)
        message.add_alternative(
            f"<html><head><style>td {{ color: #222 }}</style></head><body><table>{rows}</table></body></html>",
            subtype="html",
        )
    return message.as_bytes()


def lines(what: str, visit: Visit, *, was: datetime | None = None, number: str | None = None) -> list[str]:
    """The words, line by line."""
    ends = visit.starts + timedelta(minutes=visit.minutes)
    span = f"{_day(visit.starts)}, {visit.starts:%H:%M} - {ends:%H:%M}"
    person = [line for line in (visit.name, visit.phone, visit.email) if line]
    after = [f"Booking #{number}"] if number else []
    small = ["You can manage your notifications in Booksy Biz.", "Clients may book until 2 hours before."]
    if what == "cancelled":
        at = f"{_day(visit.starts)} at {visit.starts:%H:%M}"
        told = f"{visit.name} has cancelled their appointment {visit.service} on {at}."
        return ["booksy", told, *person, *after, *small]
    if what == "moved" and was is not None:
        told = f"{visit.name} moved their appointment {visit.service} from {_day(was)} {was:%H:%M} to another time."
        return ["booksy", told, "New time of the appointment:", span, *person, *after, *small]
    priced = f"{visit.price}, {visit.starts:%H:%M} - {ends:%H:%M}" if visit.price else ""
    item = [line for line in (visit.service, priced, f"with {visit.staff}" if visit.staff else "") if line]
    return ["booksy", f"{visit.name}: {_SAYS[what]}", *person, span, *item, *after, *small]


def _day(at: datetime) -> str:
    return f"{at:%A}, {at.day} {at:%B} {at.year}"
