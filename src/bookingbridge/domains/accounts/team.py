"""Who belongs to a business: invited by a one-time link, given a role, removed; never without an owner."""

from __future__ import annotations

from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.canonical.ids import BusinessId, UserId
from bookingbridge.domains.accounts import rules, signing_in
from bookingbridge.domains.accounts.presented import Presented, identify
from bookingbridge.domains.accounts.records import Browser, Member, NewUser, OneTimeLink, Person, SignedIn, Who
from bookingbridge.domains.accounts.rules import PERMISSIONS, Permission, Role
from bookingbridge.domains.accounts.running_businesses import audit
from bookingbridge.domains.accounts.store import businesses, people, tokens
from bookingbridge.infra.db import Database, Tx
from bookingbridge.infra.ids import digest, new_token


async def members(db: Database, who: Who) -> list[Member]:
    """Everybody who belongs to the business, by name."""
    who.must(Permission.MANAGE_TEAM)
    async with db.realm("accounts") as tx:
        return await businesses.members(tx, who.business_id)


async def invitations(db: Database, who: Who) -> list[OneTimeLink]:
    """The invitations nobody has followed yet, the newest first."""
    who.must(Permission.MANAGE_TEAM)
    async with db.realm("accounts") as tx:
        return await people.invitations(tx, who.business_id)


async def invite(db: Database, who: Who, role: Role, *, email: str | None = None) -> str:
    """The token of a link by which one person joins as `role`; with `email`, only somebody of that address.

    Refused (code "forbidden") for a role the inviter may not grant.
    """
    _must_grant(who, role)
    kept = rules.email(email) if email and email.strip() else None
    token = new_token()
    async with db.realm("accounts") as tx:
        await businesses.enter(tx, who.business_id)
        await people.add_link(
            tx,
            digest(token),
            "invitation",
            tx.now + rules.LINK_LIVES["invitation"],
            business_id=who.business_id,
            role=role,
            email=kept,
            created_by=who.user_id,
        )
        await _note(tx, who, "invited", "", {"role": role.value})
    return token


async def withdraw_invitation(db: Database, who: Who, link_id: str) -> None:
    """The invitation leads nowhere any more. NotFound."""
    who.must(Permission.MANAGE_TEAM)
    async with db.realm("accounts") as tx:
        await businesses.enter(tx, who.business_id)
        if not await people.withdraw_invitation(tx, who.business_id, link_id):
            raise NotFound("There is no such invitation.")
        await _note(tx, who, "withdrew invitation", link_id, {})


async def join(db: Database, token: str, person: Person) -> BusinessId:
    """Somebody who is signed in belongs to the inviting business, and their session is at it. NotFound, Refused."""
    async with db.realm("accounts") as tx:
        business_id = await _join(tx, token, person.user_id, person.email)
        await people.point_session(tx, person.session_hash, business_id, new_token())
    return business_id


async def join_as_new(db: Database, token: str, new: NewUser, *, browser: Browser = signing_in.NOWHERE) -> SignedIn:
    """Somebody new is known, belongs to the inviting business, and is signed in. NotFound, Refused."""
    await signing_in.link(db, token)
    checked = await signing_in.checked_user(new)
    async with db.realm("accounts") as tx:
        user_id = await signing_in.add_user(tx, checked)
        business_id = await _join(tx, token, user_id, checked.email)
        return await signing_in.start_session(tx, user_id, business_id, browser)


async def join_by_link(
    db: Database, token: str, given: NewUser, *, browser: Browser = signing_in.NOWHERE
) -> SignedIn:  # fmt: skip
    """Whoever follows the link belongs to the inviting business: somebody known by their password, or somebody new.

    NotFound, Refused, Throttled. For somebody known the name is left as it is.
    """
    await signing_in.link(db, token)
    if not await signing_in.is_known(db, given.email):
        return await join_as_new(db, token, given, browser=browser)
    entered = await signing_in.sign_in(db, given.email, given.password, browser=browser)
    person = await identify(db, Presented("GET", entered.token))
    assert person
    await join(db, token, signing_in.person_of(person) if isinstance(person, Who) else person)
    return entered


async def _join(tx: Tx, token: str, user_id: UserId, email: str) -> BusinessId:
    found = await signing_in.claim_link(tx, token, "invitation")
    assert found.business_id
    assert found.role
    if found.email and rules.email_key(found.email) != rules.email_key(email):
        raise Refused(f"This invitation is for {found.email}.", code="other_email")
    if not await businesses.add_member(tx, found.business_id, user_id, found.role):
        raise Refused("You belong to this business already.", code="already_member")
    await businesses.enter(tx, found.business_id)
    await tokens.note(tx, found.business_id, user_id, "joined", str(user_id), {"role": found.role.value})
    return found.business_id


async def change_role(db: Database, who: Who, user_id: UUID, role: Role) -> None:
    """The member is `role` from their next request on. API tokens they made end with the right to make some.

    NotFound for a stranger; Refused (code "forbidden") without the right over both roles, (code "last_owner") where
    nobody would own the business.
    """
    async with db.realm("accounts") as tx:
        before = await _locked_role(tx, who, user_id)
        _must_grant(who, role)
        if before is role:
            return
        await businesses.set_role(tx, who.business_id, user_id, role)
        await _refuse_ownerless(tx, who)
        if Permission.MANAGE_TOKENS not in PERMISSIONS[role]:
            await tokens.revoke_made_by(tx, who.business_id, user_id)
        await _note(tx, who, "changed role", str(user_id), {"from": before.value, "to": role.value})


async def remove_member(db: Database, who: Who, user_id: UUID) -> None:
    """The member no longer belongs to the business: their sessions left it, API tokens they made are revoked.

    Errors as `change_role`. Everybody may remove themselves, the last owner excepted.
    """
    async with db.realm("accounts") as tx:
        before = await _locked_role(tx, who, user_id)
        await businesses.remove_member(tx, who.business_id, user_id)
        await _refuse_ownerless(tx, who)
        await people.leave_business(tx, user_id, who.business_id, new_token())
        await tokens.revoke_made_by(tx, who.business_id, user_id)
        await _note(tx, who, "removed member", str(user_id), {"role": before.value})


async def _locked_role(tx: Tx, who: Who, user_id: UUID) -> Role:
    """The member's role, which nobody else changes until the transaction ends; the right over it is checked.

    The owners are locked first and by everybody, so that two who act on each other wait instead of colliding, and the
    asker's own right is read again: it may have been taken away while waiting.
    """
    await businesses.enter(tx, who.business_id)
    await businesses.owners_locked(tx, who.business_id)
    asker = await businesses.role_in(tx, who.business_id, who.user_id) if who.user_id else who.role
    role = await businesses.role_in(tx, who.business_id, user_id, for_update=True)
    if role is None:
        raise NotFound("Nobody of that id belongs to this business.")
    if asker is None or (user_id != who.user_id and not rules.may_grant(asker, role)):
        raise Refused("Your role does not allow changing this member.", code="forbidden")
    return role


def _must_grant(who: Who, role: Role) -> None:
    who.must(Permission.MANAGE_TEAM)
    if not rules.may_grant(who.role, role):
        raise Refused("You cannot give a role that may more than your own.", code="forbidden")


async def _refuse_ownerless(tx: Tx, who: Who) -> None:
    if not await businesses.owners_locked(tx, who.business_id):
        raise Refused("A business needs an owner. Make somebody else an owner first.", code="last_owner")


async def _note(tx: Tx, who: Who, act: str, subject: str, detail: dict[str, str]) -> None:
    if who.token_id:
        detail["token"] = str(who.token_id)
    await tokens.note(tx, who.business_id, who.user_id, act, subject, detail)


__all__ = [
    "audit",
    "change_role",
    "invitations",
    "invite",
    "join",
    "join_as_new",
    "members",
    "remove_member",
    "withdraw_invitation",
]
