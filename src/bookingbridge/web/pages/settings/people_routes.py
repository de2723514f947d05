"""The team and the programs: inviting, roles, removing; making and revoking API tokens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import BridgeError, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Role, Who
from bookingbridge.infra.db import Database
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.settings import people_forms
from bookingbridge.web.pages.settings.people_forms import Given, days_of, role_of
from bookingbridge.web.pages.settings.tabs import tabs_for
from bookingbridge.web.pages.settings.view import TeamView, TokensView
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import CopyBox

router = APIRouter(include_in_schema=False)
_shell = Shell()


@router.get("/settings/team")
async def team_page(request: Request, who: Who = needs(Permission.MANAGE_TEAM)) -> Response:
    return await _team(request, who, {})


@router.post("/settings/team/invitations")
async def invite(request: Request, who: Who = needs(Permission.MANAGE_TEAM)) -> Response:
    """The page again, this once with the link: it is kept nowhere, so there is nothing to lead to."""
    given = await posted(request)
    role = role_of(given.get("role", ""))
    try:
        if role is None:
            raise Refused("Choose a role.", code="invalid_role")
        token = await accounts.invite(_db(request), who, role, email=given.get("email"))
    except Refused as wrong:
        return await _team(request, who, given, wrong)
    return await _team(request, who, {}, fresh=token)


@router.post("/settings/team/invitations/{link_id}/revoke")
async def withdraw(request: Request, link_id: str, who: Who = needs(Permission.MANAGE_TEAM)) -> Response:
    await accounts.withdraw_invitation(_db(request), who, link_id)
    return with_toast(go("/settings/team"), "The invitation is taken back.")


@router.post("/settings/team/{user_id}")
async def change_role(request: Request, user_id: UUID, who: Who = needs(Permission.MANAGE_TEAM)) -> Response:
    role = role_of((await posted(request)).get("role", ""))
    if role is None:
        raise Refused("Choose a role.", code="invalid_role")
    await accounts.change_role(_db(request), who, user_id, role)
    return with_toast(go("/settings/team"), "The role is changed.")


@router.post("/settings/team/{user_id}/remove")
async def remove(request: Request, user_id: UUID, who: Who = needs(Permission.MANAGE_TEAM)) -> Response:
    await accounts.remove_member(_db(request), who, user_id)
    if user_id == who.user_id:
        return go("/welcome")
    return with_toast(go("/settings/team"), "They no longer belong to this business.")


async def _team(
    request: Request, who: Who, given: Given, wrong: BridgeError | None = None, fresh: str = ""
) -> Response:  # fmt: skip
    db, now = _db(request), request.app.state.clock.now()
    members = await accounts.members(db, who)
    owners = sum(each.role is Role.OWNER for each in members)
    fresh_id = (await accounts.link(db, fresh)).id if fresh else ""
    address = f"{request.app.state.settings.public_url}/join/{fresh}"
    invitations = tuple(
        people_forms.invitation(who, link, now, address if link.id == fresh_id else "")
        for link in await accounts.invitations(db, who)
    )
    view = TeamView(
        tabs_for(who, "Team"),
        tuple(people_forms.member(who, each, owners, now) for each in members),
        invitations,
        people_forms.invite_form(who, given, wrong),
        people_forms.EXPLAINED,
    )
    return _shell.show(request, "settings/team.html", view, title="Settings", status=422 if wrong else 200)


@router.get("/settings/tokens")
async def tokens_page(request: Request, who: Who = needs(Permission.MANAGE_TOKENS)) -> Response:
    return await _tokens(request, who, {})


@router.post("/settings/tokens")
async def make_token(request: Request, who: Who = needs(Permission.MANAGE_TOKENS)) -> Response:
    """The page again, this once with the key."""
    given = await posted(request)
    days, now = days_of(given.get("days", "")), request.app.state.clock.now()
    role = role_of(given.get("role", ""))
    try:
        if role is None:
            raise Refused("Choose what the token may.", code="invalid_role")
        token, key = await accounts.create_token(
            _db(request),
            who,
            name=given.get("name", ""),
            role=role,
            expires_at=now + timedelta(days=days) if days else None,
        )
    except Refused as wrong:
        return await _tokens(request, who, given, wrong)
    return await _tokens(request, who, {}, fresh=CopyBox("fresh", token.name, key))


@router.post("/settings/tokens/{token_id}/revoke")
async def revoke_token(request: Request, token_id: UUID, who: Who = needs(Permission.MANAGE_TOKENS)) -> Response:
    await accounts.revoke_token(_db(request), who, token_id)
    return with_toast(go("/settings/tokens"), "The token is revoked.")


async def _tokens(
    request: Request, who: Who, given: Given, wrong: BridgeError | None = None, fresh: CopyBox | None = None
) -> Response:
    async with _db(request).business(who.business_id) as tx:
        rows = tuple(people_forms.token_row(who, token, tx.now) for token in await accounts.tokens(tx))
    view = TokensView(tabs_for(who, "API tokens"), people_forms.token_form(given, wrong), rows, fresh)
    return _shell.show(request, "settings/tokens.html", view, title="Settings", status=422 if wrong else 200)


def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db
