"""Touchpoints from files and other systems become touches."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from bookingbridge.canonical.events import Batch, TouchesRecorded
from bookingbridge.canonical.records import Touchpoint
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.clients import api as clients
from bookingbridge.domains.journeys.channels import MARKETING_KINDS, TITLES, Signals
from bookingbridge.domains.journeys.landing import LONGEST_URL, clean
from bookingbridge.domains.journeys.offline import STATED, contact_visitor
from bookingbridge.domains.journeys.origins import Origins
from bookingbridge.domains.journeys.rules import find_token
from bookingbridge.domains.journeys.store import touches
from bookingbridge.domains.journeys.store.touches import Touch
from bookingbridge.infra.db import Tx
from bookingbridge.sync.ingesting import Identified

_CHANNELS = {channel: channel for channel in TITLES} | {title.lower(): channel for channel, title in TITLES.items()}
_LONGEST_PERSON = 80
# What only says who somebody is gets no credit, but tells whose the other touches are.
_KINDS = MARKETING_KINDS | {"identify"}


async def ingest(tx: Tx, batch: Sequence[Identified[Touchpoint]]) -> Sequence[Batch]:
    """The touchpoints are stored, replacing those of the same id; their channels are worked out where none is said."""
    region = (await accounts.business(tx)).region
    origins = Origins()
    await touches.save(tx, (_touch(tx, i, region, origins) for i in batch))
    return [TouchesRecorded(tuple(i.id for i in batch))]


def _touch(tx: Tx, i: Identified[Touchpoint], region: str, origins: Origins) -> Touch:
    t = i.record
    kind = t.touch_kind.strip().lower()
    origin = origins.of(_signals(t, kind))
    email_key, phone_key = clients.email_key(t.email), clients.phone_key(t.phone, region)
    fields: dict[str, Any] = {"rule": origin.rule, "connection": str(i.connection_id)}
    if kind not in _KINDS and kind:
        fields["kind"] = clean(kind, 60)
    return Touch(
        id=i.id, kind=kind if kind in _KINDS else "visit", occurred_at=t.at, received_at=tx.now,
        channel=origin.channel, consent=STATED,
        visitor=_visitor(i.connection_id, t.person) or contact_visitor(email_key, phone_key),
        client_id=i.ref("client", t.client), source=origin.source, medium=origin.medium, campaign=origin.campaign,
        campaign_ref=origin.campaign_ref, content=origin.content, term=origin.term,
        click_ids=origin.click_ids or None, url=clean(t.url or "", LONGEST_URL) or None,
        referrer=clean(t.referrer or "", LONGEST_URL) or None, email_key=email_key, phone_key=phone_key,
        why=origin.why, fields=fields,
    )  # fmt: skip


def _signals(t: Touchpoint, kind: str) -> Signals:
    tags = {
        "source": t.source, "medium": t.medium, "campaign": t.campaign, "id": t.campaign_ref, "term": t.term,
        "content": t.content,
    }  # fmt: skip
    return Signals(
        kind=kind if kind in MARKETING_KINDS else "visit",
        url=t.url or "",
        referrer=t.referrer or "",
        utm={name: value for name, value in tags.items() if value},
        declared=_CHANNELS.get((t.channel or "").strip().lower()),
    )


def _visitor(connection_id: UUID, person: str | None) -> str | None:
    """Our own token where the source carries it; else the source's name of the person, kept apart by its connection."""
    if not person or not person.strip():
        return None
    if token := find_token(person):
        return token
    name = person.strip()
    if len(name) > _LONGEST_PERSON or not name.isprintable():
        name = f"#{blake2b(name.encode(errors='replace'), digest_size=16).hexdigest()}"
    return f"{connection_id.hex[-12:]}:{name}"
