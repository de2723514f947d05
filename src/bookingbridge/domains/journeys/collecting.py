"""What senders say of a touch becomes a touch, or a sentence about why it cannot. Pure.

The contract is docs/collector.md. Senders are the script, the pixel, our own links, and programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.journeys.channels import MARKETING_KINDS, TITLES
from bookingbridge.domains.journeys.landing import LONGEST_URL, WITHHELD, clean
from bookingbridge.domains.journeys.offline import STATED, contact_visitor, tags_of
from bookingbridge.domains.journeys.origins import Origins
from bookingbridge.domains.journeys.rules import find_token, is_token
from bookingbridge.domains.journeys.store.links import ShortLink
from bookingbridge.domains.journeys.store.touches import Touch
from bookingbridge.infra.ids import named_id, new_id

OLDEST = timedelta(days=30)
"""A browser that says an event is older has a wrong clock. Programs that sign in may tell of any time."""
SLACK = timedelta(minutes=2)
"""How far a clock may be ahead without a remark. What is ahead counts as now in any case."""

HANDED_ON = "handed-on"
"""The consent of a click on our own link: nobody was asked yet, and nothing was kept at the visitor's side."""

LONGEST_ID = 100
LONGEST_PERSON = 80
LONGEST_NAME = 60
LONGEST_FIELD = 500
MOST_FIELDS = 30

Value = str | int | float | bool | None


class Event(msgspec.Struct):
    """One event as a sender tells it. What it leaves out is None or empty; what it adds is ignored.

    `id` is a UUID, or a text of the sender's own.
    """

    kind: str = "visit"
    id: UUID | str | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    visitor: str | None = None
    consent: str | None = None
    url: str | None = None
    referrer: str | None = None
    utm: dict[str, str] = {}
    click_ids: dict[str, str] = {}
    channel: str | None = None
    email: str | None = None
    phone: str | None = None
    fields: dict[str, Value] = {}


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose touches these are and what the sender may say.

    `needs_consent`: only a visitor's own yes lets anything be kept that identifies them. `is_trusted`: a program that
    signed in as the business; it names people by its own ids and answers for having asked them.
    """

    business_id: UUID
    region: str
    own_hosts: frozenset[str] = frozenset()
    needs_consent: bool = True
    is_trusted: bool = False


_OUR_FIELDS = frozenset({"about", "clock", "code", "connection", "link", "rule", "said_at"})
"""Names of fields that only we write."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CONSENTS = frozenset({"none", "denied", "granted", "not-required"})
_MAY_KNOW = frozenset({"granted", STATED})
_is_token = lru_cache(16_384)(is_token)


def touch_of(
    event: Event, sender: Sender, now: datetime, origins: Origins, *, agent: str = "", link: ShortLink | None = None
) -> Touch:
    """The touch to store. Raises Unreadable, whose `where` names the field.

    `agent` is the browser's name of itself; `link` our own link, code or number that was used.
    """
    kind = event.kind
    if kind not in MARKETING_KINDS and not _KIND.fullmatch(kind):
        raise Unreadable("a kind is up to 40 of a-z, 0-9 and _", where="kind")
    consent = _consent(event.consent, sender)
    may_know = consent in _MAY_KNOW or (consent == "not-required" and not sender.needs_consent)
    fields = _fields(event.fields) if event.fields else {}
    declared, utm = (event.channel, event.utm) if link is None else (link.channel, {**event.utm, **tags_of(link)})
    if declared is not None and link is None and (not sender.is_trusted or declared not in TITLES):
        raise Unreadable("a channel is one that we know, said by a program that signed in", where="channel")
    answer = _answer(event) if kind == "asked" else ""
    url, referrer = event.url or "", event.referrer or ""
    origin, click_ids = origins.find(
        kind, url, referrer, utm, event.click_ids, declared, answer, sender.own_hosts, agent
    )  # fmt: skip
    visitor = email_key = phone_key = None
    if may_know:
        visitor = _visitor(event, sender)
        if event.email or event.phone:
            email_key, phone_key = _keys(event, sender)
            visitor = visitor or contact_visitor(email_key, phone_key)
    if kind == "identify" and (visitor is None or not (email_key or phone_key)):
        raise Unreadable("to identify somebody takes a visitor, their consent, and an e-mail or phone", where="visitor")
    occurred_at = _occurred_at(event.at, sender, now, fields) if event.at else now
    if link is not None:
        fields |= {"link": str(link.id), "code": link.code_key}
    return Touch(
        _id(event.id, now), kind, occurred_at, now, origin.channel, consent, visitor, None, origin.source,
        origin.medium, origin.campaign, origin.campaign_ref, origin.content, origin.term,
        _ids(click_ids, may_know=may_know), _address(url, may_know=may_know), _address(referrer, may_know=may_know),
        email_key, phone_key, origin.why, fields or None,
    )  # fmt: skip


def click_on(
    link: ShortLink, visitor: str, now: datetime, origins: Origins, *, url: str, referrer: str, agent: str
) -> Touch:
    """The touch of somebody who followed our short link or scanned its code.

    `visitor` is the token that goes on to the target in its address. A browser keeps it only if its owner agrees; if
    not, nothing ever comes back with it, and it names nobody.
    """
    kind = "qr" if link.kind == "qr" else "click"
    origin, click_ids = origins.find(kind, url, referrer, tags_of(link), {}, link.channel, "", frozenset(), agent)
    return Touch(
        new_id(now), kind, now, now, origin.channel, HANDED_ON, visitor, None, origin.source, origin.medium,
        origin.campaign, origin.campaign_ref, origin.content, origin.term, _ids(click_ids, may_know=False),
        _address(url, may_know=False), _address(referrer, may_know=False), None, None, origin.why,
        {"link": str(link.id)},
    )  # fmt: skip


def _consent(said: str | None, sender: Sender) -> str:
    if said is None:
        return STATED if sender.is_trusted else "none"
    if said not in _CONSENTS:
        raise Unreadable(f"consent is one of: {', '.join(sorted(_CONSENTS))}", where="consent")
    return said


def _answer(event: Event) -> str:
    answer = str(event.fields.get("answer") or "")
    if not answer.strip():
        raise Unreadable("what was answered is missing", where="fields.answer")
    return answer


def _keys(event: Event, sender: Sender) -> tuple[str | None, str | None]:
    email = clients.email_key(event.email) if event.email else None
    phone = clients.phone_key(event.phone, sender.region) if event.phone else None
    if event.email and email is None:
        raise Unreadable("this names no mailbox of one person", where="email")
    if event.phone and phone is None:
        raise Unreadable("this is not a phone number", where="phone")
    return email, phone


def _visitor(event: Event, sender: Sender) -> str | None:
    said = event.visitor
    if not said:
        return find_token(event.url) if event.url and "bb=bb_" in event.url else None
    if _is_token(said):
        return said
    if sender.is_trusted and (name := clean(said, LONGEST_PERSON)) and len(said) <= LONGEST_PERSON:
        return f"api:{name}"
    raise Unreadable("a visitor is a token that our script or link made", where="visitor")


def _id(said: UUID | str | None, now: datetime) -> UUID:
    """The sender's own id where it is a UUID; else one that follows from it, so that sending twice stores once."""
    if isinstance(said, UUID):
        return said
    if not said:
        return new_id(now)
    if _UUID.fullmatch(said):
        return UUID(said)
    if len(said) > LONGEST_ID:
        raise Unreadable(f"an id has at most {LONGEST_ID} characters", where="id")
    return named_id(b"event", said.encode(errors="replace"))


def _occurred_at(said: datetime, sender: Sender, now: datetime, fields: dict[str, Any]) -> datetime:
    """When it happened; where the sender's clock cannot be right, now, with a remark in `fields`."""
    if said > now:
        if said - now > SLACK:
            fields |= {"clock": "ahead", "said_at": said.isoformat()}
        return now
    if now - said > OLDEST:
        fields |= {"clock": "old", "said_at": said.isoformat()}
        return said if sender.is_trusted and said.year >= 1990 else now
    return said


def _ids(click_ids: Mapping[str, str], *, may_know: bool) -> Mapping[str, str] | None:
    if not click_ids:
        return None
    return click_ids if may_know else dict.fromkeys(click_ids, WITHHELD)


def _address(said: str, *, may_know: bool) -> str | None:
    """The address as it is kept: without query and fragment where they might identify somebody who did not agree."""
    if not said:
        return None
    if not may_know:
        said = said.partition("?")[0].partition("#")[0]
    return _clean(said, LONGEST_URL) or None


def _clean(text: str, longest: int) -> str:
    """As `clean`, which finds nothing to do for nearly all texts."""
    return text if len(text) <= longest and text.isprintable() and text == text.strip() else clean(text, longest)


def _fields(said: Mapping[str, Value]) -> dict[str, Any]:
    if len(said) > MOST_FIELDS:
        raise Unreadable(f"there are at most {MOST_FIELDS} fields", where="fields")
    kept: dict[str, Any] = {}
    for name, value in said.items():
        if isinstance(value, int) and abs(value) >= 2**63:
            raise Unreadable("a number is beyond 64 bits", where="fields")
        plain = _clean(name, LONGEST_NAME)
        if plain and plain not in _OUR_FIELDS:
            kept[plain] = _clean(value, LONGEST_FIELD) if isinstance(value, str) else value
    return kept
