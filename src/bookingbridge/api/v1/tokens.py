"""API tokens of the business, for its owners."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response, status
from pydantic import Field
from starlette.requests import Request

from bookingbridge.api.auth import database, needs
from bookingbridge.api.models import WHOLE, Given, Name, Shown
from bookingbridge.api.operations import operations
from bookingbridge.api.paging import Page, Paging, paging
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import ApiToken, Permission, Role, Who

router = operations("/tokens", "Tokens", "Keys for programs. Each is of one business and has a role.")


class TokenShown(Shown):
    """A token, without its key. It opens nothing after `expires_at` or `revoked_at`."""

    id: UUID
    name: str = Field(examples=["Website forms"])
    role: Role
    created_at: datetime
    created_by: UUID | None
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: ApiToken) -> TokenShown:
        return cls(
            id=token.id,
            name=token.name,
            role=token.role,
            created_at=token.created_at,
            created_by=token.created_by,
            last_used_at=token.last_used_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )


class TokenMade(TokenShown):
    """A new token with its key, which is shown in this answer and never again."""

    key: str = Field(examples=["bb_Zk3v0w3n5m1x7Qd2..."])


class TokenGiven(Given):
    """What a new token shall be. A token cannot have an owner's role; without `expires_in_days` it does not expire."""

    name: Annotated[Name, Field(examples=["Website forms"])]
    role: Literal["manager", "staff", "accountant", "read_only"]
    expires_in_days: Annotated[int, Field(ge=1, le=3650, examples=[365]), WHOLE] | None = None


@router.get("", summary="List tokens")
async def list_tokens(
    request: Request, page: Paging = paging(), who: Who = needs(Permission.MANAGE_TOKENS)
) -> Page[TokenShown]:
    """All tokens of the business, the newest first; revoked and expired ones too."""
    async with database(request).business(who.business_id) as tx:
        rows = [TokenShown.of(token) for token in await accounts.tokens(tx)]
    return page.through(rows, lambda token: (token.id,), UUID)


@router.post("", summary="Create a token", status_code=status.HTTP_201_CREATED)
async def create_token(
    request: Request, response: Response, given: TokenGiven, who: Who = needs(Permission.MANAGE_TOKENS)
) -> TokenMade:
    """A new token. Needs a person's session: no token has the right to make others."""
    lives = timedelta(days=given.expires_in_days) if given.expires_in_days else None
    now: datetime = request.app.state.clock.now()
    token, key = await accounts.create_token(
        database(request), who, name=given.name, role=Role(given.role), expires_at=now + lives if lives else None
    )
    response.headers["location"] = f"{request.scope.get('root_path', '')}/tokens/{token.id}"
    return TokenMade(**TokenShown.of(token).model_dump(), key=key)


@router.get("/{token_id}", summary="Get a token")
async def get_token(
    request: Request, token_id: UUID, who: Who = needs(Permission.MANAGE_TOKENS)
) -> TokenShown:  # fmt: skip
    """One token."""
    async with database(request).business(who.business_id) as tx:
        return TokenShown.of(await accounts.token(tx, token_id))


@router.delete("/{token_id}", summary="Revoke a token", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_token(request: Request, token_id: UUID, who: Who = needs(Permission.MANAGE_TOKENS)) -> None:
    """The token opens nothing from now on. It stays in the list; revoking it again changes nothing."""
    await accounts.revoke_token(database(request), who, token_id)
