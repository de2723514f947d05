"""API tokens: shown once, with a role and an end, revoked at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.domains.accounts.people import House, in_house

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Presented, Role, Who


def test_a_key_opens_its_business_with_its_role_and_is_not_stored(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        token, key = await accounts.create_token(house.db, owner, name=" Spreadsheet ", role=Role.ACCOUNTANT)
        assert (token.name, token.role, token.created_by) == ("Spreadsheet", Role.ACCOUNTANT, owner.user_id)
        assert key.startswith("bb_")
        assert token.hint == key[:7]
        found = await accounts.identify(house.db, Presented("POST", bearer=key))
        assert isinstance(found, Who)
        assert (found.business_id, found.role, found.via, found.user_id) == (
            owner.business_id,
            Role.ACCOUNTANT,
            "token",
            None,
        )
        async with house.db.business(owner.business_id) as tx:
            rows = await tx.all("SELECT t::text FROM api_tokens t")
            audit = await tx.all("SELECT a::text FROM audit_entries a")
        assert key[8:] not in str(rows) + str(audit)

    in_house(database_url, act)


def test_a_key_ends_when_it_expires_or_is_revoked(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        soon = house.clock.now() + timedelta(days=1)
        _, short = await accounts.create_token(house.db, owner, name="A", role=Role.STAFF, expires_at=soon)
        token, revoked = await accounts.create_token(house.db, owner, name="B", role=Role.STAFF)
        await accounts.revoke_token(house.db, owner, token.id)
        assert await accounts.identify(house.db, Presented("GET", bearer=revoked)) is None
        assert await accounts.identify(house.db, Presented("GET", bearer=short))
        house.clock.move(timedelta(days=1))
        assert await accounts.identify(house.db, Presented("GET", bearer=short)) is None
        again = await accounts.revoke_token(house.db, owner, token.id)
        assert again.revoked_at == house.clock.now() - timedelta(days=1)
        assert (await house.acts(owner)).count("revoked token") == 1

    in_house(database_url, act)


def test_last_use_is_known_to_some_minutes(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        token, key = await accounts.create_token(house.db, owner, name="A", role=Role.STAFF)
        seen = []
        for minutes in (0, 1, 5):
            house.clock.move(timedelta(minutes=minutes))
            await accounts.identify(house.db, Presented("GET", bearer=key))
            async with house.db.business(owner.business_id) as tx:
                seen.append((await accounts.token(tx, token.id)).last_used_at)
        start = house.clock.now() - timedelta(minutes=6)
        assert seen == [start, start, house.clock.now()]

    in_house(database_url, act)


def test_tokens_are_made_by_owners_for_less_than_owners(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        _, manager = await house.colleague(owner, Role.MANAGER)
        _, key = await accounts.create_token(house.db, owner, name="A", role=Role.MANAGER)
        program = await accounts.identify(house.db, Presented("POST", bearer=key))
        assert isinstance(program, Who)
        assert not program.may(Permission.MANAGE_TOKENS)
        for who, role in ((manager, Role.READ_ONLY), (program, Role.READ_ONLY), (owner, Role.OWNER)):
            with pytest.raises(Refused):
                await accounts.create_token(house.db, who, name="B", role=role)
        with pytest.raises(Refused) as refusal:
            await accounts.create_token(house.db, owner, name="B", role=Role.STAFF, expires_at=house.clock.now())
        assert refusal.value.code == "invalid_expiry"
        async with house.db.business(owner.business_id) as tx:
            assert [token.name for token in await accounts.tokens(tx)] == ["A"]

    in_house(database_url, act)


def test_a_strangers_token_is_not_there(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        _, stranger = await house.owner("sam@example.com")
        token, key = await accounts.create_token(house.db, stranger, name="Theirs", role=Role.STAFF)
        with pytest.raises(NotFound):
            await accounts.revoke_token(house.db, owner, token.id)
        async with house.db.business(owner.business_id) as tx:
            assert await accounts.tokens(tx) == []
        assert await accounts.identify(house.db, Presented("GET", bearer=key))

    in_house(database_url, act)
