"""Tagged links, QR codes, tracked phone numbers, coupons and pixels: what marketing puts in front of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bookingbridge.infra.db import Tx

_COLUMNS = (
    "id, slug, name, target_url, kind, channel, source, medium, campaign, campaign_ref, code_key, created_at, "
    "retired_at"
)

WITH_ADDRESS = frozenset({"link", "qr", "pixel"})
"""Kinds that a stranger's request names by their slug."""


@dataclass(frozen=True, slots=True)
class ShortLink:
    """A thing whose use is a touch. `kind` is link, qr, phone, coupon or pixel.

    `channel` is None where it follows from source and medium. `code_key` is the E.164 number of a phone, the
    normal form of a coupon's code.
    """

    id: UUID
    slug: str
    name: str
    target_url: str
    kind: str
    channel: str | None
    source: str | None
    medium: str | None
    campaign: str | None
    campaign_ref: str | None
    code_key: str | None
    created_at: datetime
    retired_at: datetime | None = None


def _link(row: Sequence[Any]) -> ShortLink:
    return ShortLink(*row)


async def add(tx: Tx, link: ShortLink) -> bool:
    """The link is there, and its slug leads to it; False, with nothing stored, where the slug is taken."""
    if link.kind in WITH_ADDRESS and not await tx.run(
        "INSERT INTO public_addresses (kind, key, business_id, target_id, created_at) "
        "VALUES ('link', %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (link.slug, tx.business_id, link.id, link.created_at),
    ):
        return False
    await tx.run(
        f"INSERT INTO short_links (business_id, {_COLUMNS}) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (tx.business_id, *astuple(link)),
    )
    return True


async def every(tx: Tx, *, with_retired: bool) -> list[ShortLink]:
    """Newest first."""
    rows = await tx.all(
        f"SELECT {_COLUMNS} FROM short_links WHERE business_id = %s AND (%s OR retired_at IS NULL) "
        "ORDER BY created_at DESC, id DESC",
        (tx.business_id, with_retired),
    )
    return [_link(row) for row in rows]


async def by_id(tx: Tx, link_id: UUID) -> ShortLink | None:
    row = await tx.one(
        f"SELECT {_COLUMNS} FROM short_links WHERE business_id = %s AND id = %s", (tx.business_id, link_id)
    )
    return _link(row) if row else None


async def by_code(tx: Tx, kind: str, code_key: str, at: datetime) -> ShortLink | None:
    """The phone or coupon that had this code at that time; of several the newest, one in use before a retired one."""
    row = await tx.one(
        f"SELECT {_COLUMNS} FROM short_links WHERE business_id = %s AND kind = %s AND code_key = %s "
        "ORDER BY coalesce(retired_at > %s, true) DESC, created_at DESC LIMIT 1",
        (tx.business_id, kind, code_key, at),
    )
    return _link(row) if row else None


async def is_code_in_use(tx: Tx, kind: str, code_key: str) -> bool:
    """Whether a phone or coupon that is not retired has this code. Nobody else can give it away meanwhile."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", (f"{tx.business_id}:{kind}:{code_key}",))
    row = await tx.one(
        "SELECT 1 FROM short_links WHERE business_id = %s AND kind = %s AND code_key = %s AND retired_at IS NULL",
        (tx.business_id, kind, code_key),
    )
    return row is not None


async def retire(tx: Tx, link_id: UUID) -> bool:
    """The link counts no more; a printed code still leads people to its target. False where it was retired already."""
    touched = await tx.run(
        "UPDATE short_links SET retired_at = %s WHERE business_id = %s AND id = %s AND retired_at IS NULL",
        (tx.now, tx.business_id, link_id),
    )
    return touched > 0


@dataclass(frozen=True, slots=True)
class Use:
    """How often a link was used, and when last."""

    link_id: UUID
    times: int
    last_at: datetime


async def uses(tx: Tx, since: datetime) -> list[Use]:
    """The uses of each link since then."""
    rows = await tx.all(
        "SELECT (fields->>'link')::uuid, count(*), max(occurred_at) FROM touches "
        "WHERE business_id = %s AND received_at >= %s AND fields ? 'link' GROUP BY 1",
        (tx.business_id, since),
    )
    return [Use(*row) for row in rows]
