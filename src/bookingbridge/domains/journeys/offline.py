"""Touches that no browser sees: an answer to "how did you hear about us", a call to a tracked number, a coupon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal
from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.canonical.events import TouchesRecorded
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.journeys.channels import Signals, classify
from bookingbridge.domains.journeys.landing import clean
from bookingbridge.domains.journeys.publishing import coupon_key
from bookingbridge.domains.journeys.store import links, touches
from bookingbridge.domains.journeys.store.links import ShortLink
from bookingbridge.domains.journeys.store.touches import Touch
from bookingbridge.infra.db import Tx
from bookingbridge.infra.ids import named_id, new_id

LONGEST_ANSWER = 500

STATED = "stated"
"""The consent of what people tell the business themselves: they said it to be known."""


@dataclass(frozen=True, slots=True)
class OfflineTouch:
    """What was noted. `at` is aware.

    asked: `answer` as given. call: `code` is the tracked number that was called, `phone` the caller's. coupon: `code`
    as written on it. `about` names what it was noted of (a booking, a call): noting it again corrects it.
    """

    kind: Literal["asked", "call", "coupon"]
    at: datetime
    answer: str = ""
    code: str = ""
    client_id: UUID | None = None
    email: str | None = None
    phone: str | None = None
    about: UUID | None = None


async def record_offline(tx: Tx, noted: OfflineTouch) -> UUID:
    """The touch is stored and told; its id. NotFound for a number or coupon that is not the business's own."""
    email_key, phone_key = await clients.keys_of(tx, noted.email, noted.phone)
    link = await _link(tx, noted)
    origin = classify(_signals(noted, link))
    fields: dict[str, Any] = {"rule": origin.rule}
    if link:
        fields |= {"link": str(link.id), "code": link.code_key}
    if noted.kind == "asked":
        fields["answer"] = clean(noted.answer, LONGEST_ANSWER)
    if noted.about:
        fields["about"] = str(noted.about)
    touch = Touch(
        id=named_id(noted.kind.encode(), noted.about.bytes) if noted.about else new_id(tx.now),
        kind=noted.kind, occurred_at=noted.at, received_at=tx.now, channel=origin.channel, consent=STATED,
        visitor=contact_visitor(email_key, phone_key), client_id=noted.client_id, source=origin.source,
        medium=origin.medium, campaign=origin.campaign, campaign_ref=origin.campaign_ref, content=origin.content,
        term=origin.term, email_key=email_key, phone_key=phone_key, why=origin.why, fields=fields,
    )  # fmt: skip
    if await touches.put(tx, touch):
        await tx.announce(TouchesRecorded((touch.id,)))
    return touch.id


async def record_asked(tx: Tx, *, client_id: UUID, at: datetime, answer: str, about: UUID) -> UUID:
    """The client's answer is a touch; `about` is the booking with which it was given. Its id."""
    return await record_offline(tx, OfflineTouch("asked", at, answer=answer, client_id=client_id, about=about))


def contact_visitor(email_key: str | None, phone_key: str | None) -> str | None:
    """The visitor of a touch that brought an e-mail or phone and no other name: the same person, the same visitor."""
    key = email_key or phone_key
    return f"contact:{blake2b(key.encode(), digest_size=12).hexdigest()}" if key else None


async def _link(tx: Tx, noted: OfflineTouch) -> ShortLink | None:
    if noted.kind == "asked":
        if not noted.answer.strip():
            raise Refused("There is no answer to note.", code="answer")
        return None
    if noted.kind == "call":
        _, key = await clients.keys_of(tx, None, noted.code)
        kind, what = "phone", "number"
    else:
        key = coupon_key(noted.code)
        kind, what = "coupon", "coupon"
    link = await links.by_code(tx, kind, key, noted.at) if key else None
    if link is None:
        raise NotFound(f"there is no such tracked {what}", code="no_such_code")
    return link


def _signals(noted: OfflineTouch, link: ShortLink | None) -> Signals:
    if link is None:
        return Signals(kind=noted.kind, answer=noted.answer)
    return Signals(kind=noted.kind, declared=link.channel, utm=tags_of(link))


def tags_of(link: ShortLink) -> dict[str, str]:
    """The link's tags by the names that channels know them by; those it has."""
    tags = {"source": link.source, "medium": link.medium, "campaign": link.campaign, "id": link.campaign_ref}
    return {name: value for name, value in tags.items() if value}
