"""Who the caller is: the first question of every program that was given a token."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from bookingbridge.api.auth import needs
from bookingbridge.api.models import Shown
from bookingbridge.api.operations import operations
from bookingbridge.domains.accounts.api import Permission, Role, Who

router = operations("/me", "Me", "Who is asking, and what they may.")


class Me(Shown):
    """The caller. A program has no `user_id`."""

    via: Literal["session", "token"]
    user_id: UUID | None
    token_id: UUID | None
    business_id: UUID
    business_name: str = Field(examples=["Alder & Ash Barbers"])
    role: Role
    permissions: list[Permission]


@router.get("", summary="Who am I?")
async def who_am_i(who: Who = needs(Permission.SEE_SETTINGS)) -> Me:
    """The business, the role and the permissions of the token or session that this request carries."""
    return Me(
        via=who.via,
        user_id=who.user_id,
        token_id=who.token_id,
        business_id=who.business_id,
        business_name=who.business.name,
        role=who.role,
        permissions=sorted(who.permissions),
    )
