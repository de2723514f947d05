"""API tokens: made, shown once, used by programs, revoked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts import rules
from bookingbridge.domains.accounts.records import ApiToken, Who
from bookingbridge.domains.accounts.rules import Permission, Role
from bookingbridge.domains.accounts.running_businesses import audit
from bookingbridge.domains.accounts.store import tokens as store
from bookingbridge.infra.db import Database, Tx
from bookingbridge.infra.ids import digest, new_id, new_token

PREFIX = "bb_"
"""What keys begin with, so that people and secret scanners know one when they see it."""

_HINT = 4
"""So many signs of a key are kept to tell it by: 24 of its 256 bits."""


async def create_token(
    db: Database, who: Who, *, name: str, role: Role, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The token, and its key: shown now and never again. A token may not be an owner's.

    Refused for a name that is none, an end in the past, a role above the maker's, or where a token asks: a stolen one
    must not be able to make others.
    """
    who.must(Permission.MANAGE_TOKENS)
    if who.via == "token":
        raise Refused("A token cannot make tokens. Sign in to do that.", code="forbidden")
    if role is Role.OWNER or not rules.may_grant(who.role, role):
        raise Refused("A token can be a manager's, staff's, accountant's or read-only.", code="invalid_role")
    key = new_token(PREFIX)
    async with db.business(who.business_id) as tx:
        if expires_at is not None and expires_at <= tx.now:
            raise Refused("The token would have expired already.", code="invalid_expiry")
        token_id = new_id(tx.now)
        kept = rules.name(name, "token's name")
        await store.add(
            tx,
            token_id,
            digest(key),
            name=kept,
            hint=key[: len(PREFIX) + _HINT],
            role=role,
            created_by=who.user_id,
            expires_at=expires_at,
        )
        await audit(tx, who, "created token", str(token_id), {"role": role.value})
        made = await store.get(tx, token_id)
    assert made
    return made, key


async def tokens(tx: Tx) -> list[ApiToken]:
    """The business's tokens, revoked ones too, the newest first."""
    return await store.every(tx)


async def token(tx: Tx, token_id: UUID) -> ApiToken:
    """The token. NotFound."""
    found = await store.get(tx, token_id)
    if found is None:
        raise NotFound("There is no such token.")
    return found


async def revoke_token(db: Database, who: Who, token_id: UUID) -> ApiToken:
    """The token opens nothing from the next request on. Revoking again changes nothing. NotFound."""
    who.must(Permission.MANAGE_TOKENS)
    async with db.business(who.business_id) as tx:
        if await store.revoke(tx, token_id):
            await audit(tx, who, "revoked token", str(token_id))
        return await token(tx, token_id)
