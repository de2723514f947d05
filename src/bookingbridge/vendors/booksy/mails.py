"""What one mail of Booksy's says about an appointment: pure, tolerant in form, strict in what must be certain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bookingbridge.canonical import times
from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.money import Money
from bookingbridge.vendors.booksy import mail_words as words
from bookingbridge.vendors.booksy.mail_words import Moment

NEW, MOVED, CANCELLED = "new", "moved", "cancelled"
_FORWARDED = re.compile(r"^\s*(?:(?:fwd?|fw|wg|pd)\s*:\s*)+", re.IGNORECASE)
_HEAD = 25
"""Lines of a body in which the sentence stands that says what happened; below come advice and the small print."""


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a mail that count. `sent_at` is aware; `zone` is the shop's; `currency` is what "$" means there."""

    subject: str
    sender_name: str
    reply_to: str
    text: str
    sent_at: datetime
    zone: ZoneInfo
    currency: str
    shop: str = ""
    """The shop's own address, so that it is not taken for the client's."""


@dataclass(frozen=True, slots=True)
class Told:
    """What happened to an appointment, as one mail tells it; None where it does not say. Times are in UTC.

    `number` is Booksy's own number of the appointment. `was_at` is the time a moved one had before.
    """

    what: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    was_at: datetime | None
    number: str | None
    email: str | None
    phone: str | None
    service: str | None
    staff: str | None
    price: Money | None


def understand(letter: Letter) -> Told | None:
    """What the mail tells; None where it is not about an appointment (news, receipts, advice).

    Unreadable where it is about one and something certain is missing: then it is kept and shown, not guessed.
    """
    subject = _FORWARDED.sub("", letter.subject).strip()
    body = letter.text.split("\n")
    what = _what(subject, body)
    if what is None:
        if any(word in subject.casefold() for word in words.ABOUT):
            raise Unreadable("a mail about an appointment that does not say what happened to it", where="subject")
        return None
    name = _name(subject, body, letter)
    starts, old = _when(what, subject, letter.text)
    email, phone = _email(body, letter), _phone(body)
    begins = _instant(starts.starts, letter.zone)
    ends = _instant(starts.ends, letter.zone) if starts.ends else None
    return Told(
        what=what,
        name=name,
        starts_at=begins,
        ends_at=ends if ends is None or ends > begins else begins + timedelta(minutes=1),
        was_at=_instant(old.starts, letter.zone) if old else None,
        number=found[1] if (found := words.NUMBER.search(letter.text)) else None,
        email=email,
        phone=phone,
        service=_service(body, letter.currency),
        staff=_staff(body),
        price=_price(body, letter.currency),
    )


def _what(subject: str, body: list[str]) -> str | None:
    """What happened, from the subject; else from the body's first lines; else a bare "<name>: <date>" is a new one."""
    for text, cancelled in ((subject, words.CANCELLED), ("\n".join(body[:_HEAD]), words.CANCELLED_BELOW)):
        low = text.casefold()
        for what, phrases in ((CANCELLED, cancelled), (MOVED, words.MOVED), (NEW, words.NEW)):
            if any(_is_said(phrase, low) for phrase in phrases):
                return what
    return NEW if re.match(r"[^:]{2,80}:\s", subject) and words.moments(subject) else None


def _is_said(phrase: str, low: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase.casefold())}(?!\w)", low) is not None


_SAYS = re.compile(
    r"^(?:client |klient )?(?P<name>.{2,80}?)(?::|\s+(?:has\s+)?(?:cancelled|canceled|changed|moved|rescheduled|booked"
    r"|odwoła|zmieni|przesun))",
    re.IGNORECASE,
)


def _name(subject: str, body: list[str], letter: Letter) -> str:
    """The client's name: as labelled, as the subject or a sentence begins, or as the mail's sender is called."""
    lines = [line for line in (subject, *body[:_HEAD]) if not words.LABEL.fullmatch(line)]
    said = [match["name"] for line in lines if (match := _SAYS.match(line))]
    for raw in (_labelled(body, ("client", "customer", "name", "klient")), *said, letter.sender_name):
        name = (raw or "").strip(" \"'*,.")
        if _is_name(name):
            return name
    raise Unreadable("a mail about an appointment that does not say whose", where="name")


_NOT_IN_NAMES = ("@", "booksy", "http", "your ", "appointment", "booking", "wizyt", "rezerwac", " you ")
_NOT_FIRST = re.compile(r"(?:new|the|an?|re|cancelled|canceled|changed|moved|client|klient|you)(?!\w)")


def _is_name(text: str) -> bool:
    low = text.casefold()
    if sum(c.isdigit() for c in text) > 1:
        return False
    return 2 <= len(text) <= 80 and not any(word in low for word in _NOT_IN_NAMES) and not _NOT_FIRST.match(low)


def _when(what: str, subject: str, text: str) -> tuple[Moment, Moment | None]:
    """The appointment's time (the new one where it was moved), and the time it had before."""
    found = words.moments(text)
    if what != MOVED:
        found = _distinct(found) or words.moments(subject)
        if not found:
            raise Unreadable("no date and time that could be read", where="date")
        if len(found) > 1:
            raise Unreadable("more than one date and time, and nothing says which counts", where="date")
        return found[0], None
    old = next((m for m in found if _is_marked(text, m, words.OLD_TIME)), None)
    rest = [m for m in found if old is None or m.starts != old.starts]
    new = next((m for m in rest if _is_marked(text, m, words.NEW_TIME)), None)
    if new is None and len(_distinct(rest)) == 1 and (old is not None or len(found) == len(rest)):
        new = rest[0]
    if new is None:
        raise Unreadable("it was moved, but not to which time", where="date")
    new = next((m for m in rest if m.starts == new.starts and m.ends), new)
    left = _distinct([m for m in rest if m.starts != new.starts])
    return new, old or (left[0] if len(left) == 1 else None)


def _distinct(found: list[Moment]) -> list[Moment]:
    """Each time once, in the form that also says when it ends."""
    kept: dict[datetime, Moment] = {}
    for moment in found:
        if moment.starts not in kept or (moment.ends and not kept[moment.starts].ends):
            kept[moment.starts] = moment
    return list(kept.values())


def _is_marked(text: str, moment: Moment, marks: tuple[str, ...]) -> bool:
    """Whether the last mark before the time, within a line's length and not before another time, is one of these."""
    before = text[max(0, moment.at - 70) : moment.at]
    earlier = words.moments(before)
    before = before[earlier[-1].to :] if earlier else before
    both = [(hit.end(), mark) for mark in (*words.OLD_TIME, *words.NEW_TIME)
            for hit in re.finditer(rf"(?<!\w){re.escape(mark)}(?!\w)", before.casefold())]  # fmt: skip
    return bool(both) and max(both, key=lambda hit: (hit[0], len(hit[1])))[1] in marks


def _instant(naive: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the shop's wall clock. Of an hour that comes twice the first; a skipped one counts on."""
    return times.plausible(naive.replace(tzinfo=zone).astimezone(UTC))


def _labelled(body: list[str], labels: tuple[str, ...]) -> str | None:
    for line in body:
        match = words.LABEL.fullmatch(line)
        if match and match["label"].casefold() in labels:
            return match["value"].strip()
    return None


def _email(body: list[str], letter: Letter) -> str | None:
    """The client's address: Reply-To, else the first in the text that is neither Booksy's nor the shop's."""
    for address in (letter.reply_to, *(hit[0] for line in body for hit in words.EMAIL.finditer(line))):
        low = address.strip(".'").lower()
        if "@" in low and low != letter.shop.lower() and not low.rpartition("@")[2].endswith("booksy.com"):
            return low
    return None


def _phone(body: list[str]) -> str | None:
    """A line that is a number and nothing else; digits elsewhere may be prices, dates and addresses."""
    for line in body:
        match = words.PHONE.fullmatch(line)
        if match and 7 <= sum(c.isdigit() for c in match[1]) <= 15 and not re.match(r"\d{4}-\d\d-\d\d", match[1]):
            return match[1].strip()
    return None


_SENTENCE = re.compile(
    r"(?:cancelled|canceled|moved|changed|rescheduled|odwoła\w*|przesun\w*|zmieni\w*)\s+(?:their|the|an?|swoją|her|his)\s+"
    r"(?:appointment|booking|visit|service|usługę|wizytę)s?(?:\s+for)?\s*:?\s+(?P<service>\S.{1,118}?)\s+"
    r"(?:from|on|scheduled|z dnia|w dniu)\s",
    re.IGNORECASE,
)


def _service(body: list[str], currency: str) -> str | None:
    """What is booked: as labelled, as the sentence names it, or the line with or above the first price."""
    if labelled := _labelled(body, ("service", "services", "treatment", "usługa")):
        return labelled[:200]
    if match := _SENTENCE.search(" ".join(body[:_HEAD])):
        return match["service"].strip(" .,")
    for i, line in enumerate(body):
        if words.price_in(line, currency) is None or words.LABEL.fullmatch(line):
            continue
        before = words.PRICE.split(line, maxsplit=1)[0].strip(" -–,:·")
        above = body[i - 1] if i else ""
        for candidate in (before, above):
            if sum(c.isalpha() for c in candidate) >= 2 and not words.moments(candidate) and "@" not in candidate:
                return candidate[:200]
        return None
    return None


def _staff(body: list[str]) -> str | None:
    return next((m[1].strip(" .,") or None for line in body if (m := words.STAFF.fullmatch(line))), None)


def _price(body: list[str], currency: str) -> Money | None:
    """The labelled total, else the sum over the lines with a price; None where they are in two currencies."""
    total = _labelled(body, ("total", "razem"))
    found = [p for line in ([total] if total else body) if (p := words.price_in(line, currency))]
    try:
        amounts = [Money.parse(amount, code) for amount, code in found]
    except Unreadable:
        return None
    if not amounts or len({a.currency for a in amounts}) != 1:
        return None
    return Money(sum(a.minor for a in amounts), amounts[0].currency)
