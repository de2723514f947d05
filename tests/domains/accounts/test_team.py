"""Invitations, roles and leaving: with the right to it, and never without an owner."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.domains.accounts.people import HERE, NOW, PASSWORD, House, in_house

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import NewUser, Person, Presented, Role, Who
from bookingbridge.infra.ids import new_id


def test_an_invitation_makes_one_member_with_its_role(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        invitation = await accounts.invite(house.db, owner, Role.ACCOUNTANT)
        listed = await accounts.invitations(house.db, owner)
        assert [(each.role, each.business_name, each.email) for each in listed] == [
            (Role.ACCOUNTANT, "Alder & Ash Barbers", None)
        ]
        new = NewUser("casey@example.com", "Casey Ruiz", PASSWORD)
        entered = await accounts.join_as_new(house.db, invitation, new)
        who = await house.who(entered.token)
        assert (who.business_id, who.role) == (owner.business_id, Role.ACCOUNTANT)
        with pytest.raises(NotFound):
            await accounts.join_as_new(house.db, invitation, NewUser("eve@example.com", "Eve", PASSWORD))
        assert await accounts.invitations(house.db, owner) == []
        members = await accounts.members(house.db, owner)
        assert [(member.name, member.role) for member in members] == [
            ("Casey Ruiz", Role.ACCOUNTANT),
            ("Olive Tran", Role.OWNER),
        ]
        assert await house.acts(owner) == ["created business", "invited", "joined", "signed in"]

    in_house(database_url, act)


def test_an_invitation_for_one_address_serves_no_other(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        invitation = await accounts.invite(house.db, owner, Role.STAFF, email="Casey@example.com")
        with pytest.raises(Refused) as refusal:
            await accounts.join_as_new(house.db, invitation, NewUser("eve@example.com", "Eve", PASSWORD))
        assert refusal.value.code == "other_email"
        entered = await accounts.join_as_new(house.db, invitation, NewUser("casey@EXAMPLE.com", "Casey", PASSWORD))
        assert (await house.who(entered.token)).role is Role.STAFF
        with pytest.raises(Refused):
            await accounts.sign_in(house.db, "eve@example.com", PASSWORD, browser=HERE)

    in_house(database_url, act)


def test_invitations_expire_and_can_be_withdrawn(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        _, stranger = await house.owner("sam@example.com")
        late, withdrawn = [await accounts.invite(house.db, owner, Role.STAFF) for _ in range(2)]
        link = await accounts.link(house.db, withdrawn)
        with pytest.raises(NotFound):
            await accounts.withdraw_invitation(house.db, stranger, link.id)
        await accounts.withdraw_invitation(house.db, owner, link.id)
        house.clock.move(timedelta(days=7))
        for token in (late, withdrawn):
            with pytest.raises(NotFound):
                await accounts.join_as_new(house.db, token, NewUser("casey@example.com", "Casey", PASSWORD))
        assert len(await accounts.members(house.db, owner)) == 1

    in_house(database_url, act)


def test_somebody_known_joins_with_their_own_password_or_session(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        entered, sam = await house.owner("sam@example.com")
        first, second = [await accounts.invite(house.db, owner, Role.MANAGER) for _ in range(2)]
        with pytest.raises(Refused) as refusal:
            await accounts.join_by_link(house.db, first, NewUser("sam@example.com", "Sam", "a wrong password"))
        assert refusal.value.code == "wrong_credentials"
        joined = await accounts.join_by_link(house.db, first, NewUser("sam@example.com", "", PASSWORD))
        assert (await house.who(joined.token)).business_id == owner.business_id
        with pytest.raises(Refused) as again:
            await accounts.join(house.db, second, accounts.person_of(sam))
        assert again.value.code == "already_member"
        assert (await accounts.link(house.db, second)).role is Role.MANAGER
        await accounts.remove_member(house.db, owner, accounts.person_of(sam).user_id)
        assert await accounts.join(house.db, second, accounts.person_of(sam)) == owner.business_id
        assert (await house.who(entered.token)).business_id == owner.business_id

    in_house(database_url, act)


@pytest.mark.parametrize("role", [Role.STAFF, Role.ACCOUNTANT, Role.READ_ONLY])
def test_who_does_not_manage_the_team_touches_nobody(database_url: str, role: Role) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        _, member = await house.colleague(owner, role)
        me, boss = accounts.person_of(member), accounts.person_of(owner)
        attempts = (
            accounts.invite(house.db, member, Role.READ_ONLY),
            accounts.members(house.db, member),
            accounts.change_role(house.db, member, me.user_id, Role.OWNER),
            accounts.change_role(house.db, member, boss.user_id, Role.READ_ONLY),
            accounts.remove_member(house.db, member, boss.user_id),
        )
        for attempt in attempts:
            with pytest.raises(Refused) as refusal:
                await attempt
            assert refusal.value.code == "forbidden"
        assert {m.role for m in await accounts.members(house.db, owner)} == {Role.OWNER, role}

    in_house(database_url, act)


def test_a_manager_manages_those_below_and_nobody_else(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        _, manager = await house.colleague(owner, Role.MANAGER, "max@example.com")
        _, peer = await house.colleague(owner, Role.MANAGER, "mia@example.com")
        _, staff = await house.colleague(owner, Role.STAFF)
        low = accounts.person_of(staff).user_id
        await accounts.change_role(house.db, manager, low, Role.ACCOUNTANT)
        refused = (
            accounts.change_role(house.db, manager, low, Role.MANAGER),
            accounts.change_role(house.db, manager, accounts.person_of(peer).user_id, Role.STAFF),
            accounts.change_role(house.db, manager, accounts.person_of(manager).user_id, Role.OWNER),
            accounts.remove_member(house.db, manager, accounts.person_of(owner).user_id),
            accounts.invite(house.db, manager, Role.OWNER),
        )
        for attempt in refused:
            with pytest.raises(Refused):
                await attempt
        await accounts.remove_member(house.db, manager, low)
        assert [m.role for m in await accounts.members(house.db, owner)].count(Role.MANAGER) == 2

    in_house(database_url, act)


def test_the_last_owner_stays(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, owner = await house.owner()
        me = accounts.person_of(owner).user_id
        for attempt in (
            accounts.change_role(house.db, owner, me, Role.MANAGER),
            accounts.remove_member(house.db, owner, me),
        ):
            with pytest.raises(Refused) as refusal:
                await attempt
            assert refusal.value.code == "last_owner"
        await house.colleague(owner, Role.OWNER)
        await accounts.remove_member(house.db, owner, me)
        assert isinstance(await house.caller(entered.token), Person)

    in_house(database_url, act)


def test_two_owners_who_remove_each_other_at_once_leave_one(database_url: str) -> None:
    async def act(house: House) -> None:
        for round_ in range(5):
            _, first = await house.owner(f"first{round_}@example.com")
            _, second = await house.colleague(first, Role.OWNER, f"second{round_}@example.com")
            await asyncio.gather(
                accounts.remove_member(house.db, first, accounts.person_of(second).user_id),
                accounts.remove_member(house.db, second, accounts.person_of(first).user_id),
                return_exceptions=True,
            )
            async with house.db.realm("accounts") as tx:
                assert await tx.one(
                    "SELECT count(*) FROM memberships WHERE business_id = %s AND role = 'owner'", (first.business_id,)
                ) == (1,)

    in_house(database_url, act)


def test_a_strangers_member_is_not_there(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        _, stranger = await house.owner("sam@example.com")
        for user_id in (accounts.person_of(stranger).user_id, new_id(NOW)):
            with pytest.raises(NotFound):
                await accounts.change_role(house.db, owner, user_id, Role.STAFF)
            with pytest.raises(NotFound):
                await accounts.remove_member(house.db, owner, user_id)
        assert len(await accounts.members(house.db, stranger)) == 1

    in_house(database_url, act)


def test_whoever_is_removed_loses_the_business_and_their_keys_at_once(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        entered, second = await house.colleague(owner, Role.OWNER)
        _, key = await accounts.create_token(house.db, second, name="Sheet", role=Role.READ_ONLY)
        _, kept = await accounts.create_token(house.db, owner, name="Till", role=Role.READ_ONLY)
        await accounts.remove_member(house.db, owner, accounts.person_of(second).user_id)
        gone = await house.caller(entered.token)
        assert isinstance(gone, Person)
        assert gone.csrf != second.csrf
        assert await accounts.identify(house.db, Presented("GET", bearer=key)) is None
        assert isinstance(await accounts.identify(house.db, Presented("GET", bearer=kept)), Who)

    in_house(database_url, act)


def test_a_role_holds_from_the_next_request_on_and_takes_its_keys_along(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        entered, second = await house.colleague(owner, Role.OWNER)
        _, key = await accounts.create_token(house.db, second, name="Sheet", role=Role.MANAGER)
        await accounts.change_role(house.db, owner, accounts.person_of(second).user_id, Role.READ_ONLY)
        assert (await house.who(entered.token)).role is Role.READ_ONLY
        assert await accounts.identify(house.db, Presented("GET", bearer=key)) is None
        assert (await house.acts(owner))[-1] == "changed role"

    in_house(database_url, act)
