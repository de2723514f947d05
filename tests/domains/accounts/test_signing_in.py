"""People come in and go: the first owner, passwords, sessions, and how guessing is stopped."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from tests.domains.accounts.people import HERE, PASSWORD, House, in_house

from bookingbridge.canonical.errors import NotFound, Refused, Throttled
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts import passwords
from bookingbridge.domains.accounts.api import Browser, NewUser, Person, Presented, Who


def test_the_first_owner_comes_by_a_link_that_works_once(database_url: str) -> None:
    async def act(house: House) -> None:
        assert not await accounts.has_users(house.db)
        token = await accounts.owner_link(house.db)
        unused = await accounts.owner_link(house.db)
        assert token
        assert unused
        assert (await accounts.link(house.db, token)).purpose == "owner"
        new = NewUser("olive@example.com", "Olive Tran", PASSWORD)
        entered = await accounts.create_owner(house.db, token, new, browser=HERE)
        assert isinstance(await house.caller(entered.token), Person)
        assert await accounts.has_users(house.db)
        assert await accounts.owner_link(house.db) is None
        for used in (token, unused):
            with pytest.raises(NotFound):
                await accounts.create_owner(house.db, used, NewUser("eve@example.com", "Eve", PASSWORD))
        async with house.db.realm("accounts") as tx:
            assert await tx.one("SELECT count(*) FROM users") == (1,)

    in_house(database_url, act)


def test_two_who_use_the_first_link_at_once_make_one_owner(database_url: str) -> None:
    async def act(house: House) -> None:
        token = await accounts.owner_link(house.db)
        assert token
        people = [NewUser(f"owner{i}@example.com", "Olive Tran", PASSWORD) for i in range(4)]
        outcomes = await asyncio.gather(
            *(accounts.create_owner(house.db, token, each) for each in people), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == [
            "NotFound",
            "NotFound",
            "NotFound",
            "SignedIn",
        ]
        async with house.db.realm("accounts") as tx:
            assert await tx.one("SELECT count(*) FROM users") == (1,)
            assert await tx.one("SELECT count(*) FROM accounts") == (1,)

    in_house(database_url, act)


def test_a_link_is_void_after_its_time(database_url: str) -> None:
    async def act(house: House) -> None:
        token = await accounts.owner_link(house.db)
        assert token
        house.clock.move(timedelta(hours=24))
        with pytest.raises(NotFound):
            await accounts.link(house.db, token)

    in_house(database_url, act)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewUser("olive", "Olive", PASSWORD), "invalid_email"),
        (NewUser("olive@example.com", " ", PASSWORD), "invalid_name"),
        (NewUser("olive@example.com", "Olive", "password2026"), "weak_password"),
        (NewUser("olivetran@example.com", "Olive", "olivetran123"), "weak_password"),
    ],
)
def test_a_refused_owner_leaves_the_link_usable_and_nothing_behind(database_url: str, new: NewUser, code: str) -> None:
    async def act(house: House) -> None:
        token = await accounts.owner_link(house.db)
        assert token
        with pytest.raises(Refused) as refusal:
            await accounts.create_owner(house.db, token, new)
        assert refusal.value.code == code
        assert not await accounts.has_users(house.db)
        assert (await accounts.link(house.db, token)).purpose == "owner"

    in_house(database_url, act)


def test_signing_in_renews_the_session_and_finds_the_last_business(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, who = await house.owner()
        again = await accounts.sign_in(
            house.db, " OLIVE@example.com ", PASSWORD, browser=HERE, instead_of=entered.token
        )  # fmt: skip
        assert again.token != entered.token
        assert await house.caller(entered.token) is None
        found = await house.who(again.token)
        assert found.business_id == who.business_id
        assert found.csrf != who.csrf
        assert (await house.acts(found)).count("signed in") == 1

    in_house(database_url, act)


def test_a_password_is_the_same_however_the_keyboard_composes_it(database_url: str) -> None:
    async def act(house: House) -> None:
        token = await accounts.owner_link(house.db)
        assert token
        composed, decomposed = "grünes pferd im garten", "gru\u0308nes pferd im garten"
        await accounts.create_owner(house.db, token, NewUser("olive@example.com", "Olive", composed))
        assert await accounts.sign_in(house.db, "olive@example.com", decomposed, browser=HERE)

    in_house(database_url, act)


def test_unknown_addresses_and_wrong_passwords_are_refused_alike(database_url: str) -> None:
    async def act(house: House) -> None:
        await house.owner()
        said = []
        for email, password in (
            ("olive@example.com", "not the password"),
            ("nobody@example.com", PASSWORD),
            ("\x00@example.com", PASSWORD),
            ("olive@example.com", ""),
            ("olive@example.com", PASSWORD + "x" * 100_000),
        ):
            with pytest.raises(Refused) as refusal:
                await accounts.sign_in(house.db, email, password, browser=HERE)
            said.append((refusal.value.code, refusal.value.why))
        assert len(set(said)) == 1
        assert said[0][0] == "wrong_credentials"

    in_house(database_url, act)


def test_an_unknown_address_costs_as_much_work_as_a_wrong_password(database_url: str) -> None:
    async def act(house: House) -> None:
        await house.owner()
        hashed = await passwords.hashed(PASSWORD)

        async def took(stored: str | None) -> float:
            began = time.process_time()
            assert not await passwords.matches("not the password", stored)
            return time.process_time() - began

        await took(None)
        known, unknown = [], []
        for _ in range(5):
            known.append(await took(hashed))
            unknown.append(await took(None))
        # Work is counted, not waiting, so that a busy machine cannot fail this; without the dummy it would be 0.
        assert 0.4 < sorted(unknown)[2] / sorted(known)[2] < 2.5

    in_house(database_url, act)


def test_guessing_one_address_is_stopped_for_everybody_and_ends_by_waiting(database_url: str) -> None:
    async def act(house: House) -> None:
        await house.owner()
        for i in range(8):
            with pytest.raises(Refused):
                await accounts.sign_in(house.db, "olive@example.com", f"guess {i}", browser=Browser("", f"192.0.2.{i}"))
        with pytest.raises(Throttled) as stopped:
            await accounts.sign_in(house.db, "Olive@example.com", PASSWORD, browser=Browser("", "192.0.2.99"))
        assert stopped.value.until == house.clock.now() + timedelta(minutes=1)
        house.clock.move(timedelta(minutes=1))
        assert await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=HERE)

    in_house(database_url, act)


def test_one_address_on_the_net_is_stopped_whomever_it_guesses(database_url: str) -> None:
    async def act(house: House) -> None:
        await house.owner()
        for i in range(30):
            # One customer of a provider has a whole /64.
            with pytest.raises(Refused):
                await accounts.sign_in(
                    house.db, f"guess{i}@example.com", "x", browser=Browser("", f"2001:db8:1:2:{i:x}::1")
                )
        with pytest.raises(Throttled):
            await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=Browser("", "2001:db8:1:2:ffff::9"))
        assert await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=Browser("", "2001:db8:1:3::1"))

    in_house(database_url, act)


def test_signing_in_rightly_uses_nothing_up(database_url: str) -> None:
    async def act(house: House) -> None:
        await house.owner()
        for _ in range(12):
            await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=HERE)

    in_house(database_url, act)


def test_a_session_ends_when_idle_and_at_the_latest_after_ninety_days(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, _ = await house.owner()
        idle = await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=HERE)
        for _ in range(6):
            house.clock.move(timedelta(days=13))
            assert isinstance(await house.caller(entered.token), Who)
        assert await house.caller(idle.token) is None
        house.clock.move(timedelta(days=12))
        assert await house.caller(entered.token) is None

    in_house(database_url, act)


def test_only_the_hash_of_a_session_is_stored(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, _ = await house.owner()
        async with house.db.realm("accounts") as tx:
            rows = await tx.all("SELECT s::text FROM sessions s") + await tx.all("SELECT u::text FROM users u")
        text = " ".join(row[0] for row in rows)
        assert entered.token not in text
        assert entered.token.encode().hex() not in text
        assert PASSWORD not in text
        assert "$argon2id$v=19$m=19456,t=2,p=1$" in text

    in_house(database_url, act)


def test_people_see_and_end_their_own_sessions_only(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, who = await house.owner()
        _, stranger = await house.owner("sam@example.com")
        other = await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=HERE)
        mine, theirs = accounts.person_of(who), accounts.person_of(stranger)
        listed = await accounts.sessions(house.db, mine)
        assert {session.browser for session in listed} == {Browser(), HERE}
        with pytest.raises(NotFound):
            await accounts.end_session(house.db, mine, theirs.session_id)
        ended = next(session for session in listed if session.browser == HERE)
        await accounts.end_session(house.db, mine, ended.id)
        assert await house.caller(other.token) is None
        assert isinstance(await house.caller(entered.token), Who)
        assert len(await accounts.sessions(house.db, theirs)) == 1
        await accounts.sign_out(house.db, entered.token)
        assert await house.caller(entered.token) is None

    in_house(database_url, act)


def test_a_new_password_ends_the_other_sessions(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, who = await house.owner()
        other = await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=HERE)
        me = accounts.person_of(who)
        for old, new, code in (
            ("wrong", "velvet harbor nine", "wrong_credentials"),
            (PASSWORD, "password2026", "weak_password"),
        ):
            with pytest.raises(Refused) as refusal:
                await accounts.change_password(house.db, me, old, new)
            assert refusal.value.code == code
        assert isinstance(await house.caller(other.token), Who)
        await accounts.change_password(house.db, me, PASSWORD, "velvet harbor nine")
        assert await house.caller(other.token) is None
        assert isinstance(await house.caller(entered.token), Who)
        with pytest.raises(Refused):
            await accounts.sign_in(house.db, "olive@example.com", PASSWORD, browser=HERE)
        assert await accounts.sign_in(house.db, "olive@example.com", "velvet harbor nine", browser=HERE)

    in_house(database_url, act)


def test_changing_the_address_takes_the_password_and_a_free_address(database_url: str) -> None:
    async def act(house: House) -> None:
        _, who = await house.owner()
        await house.owner("sam@example.com")
        me = accounts.person_of(who)
        await accounts.change_profile(house.db, me, name="Olive T.", email="Olive@Example.com", password="")
        for email, password, code in (
            ("new@example.com", "wrong", "wrong_credentials"),
            ("SAM@example.com", PASSWORD, "email_taken"),
            ("nowhere", PASSWORD, "invalid_email"),
        ):
            with pytest.raises(Refused) as refusal:
                await accounts.change_profile(house.db, me, name="Olive T.", email=email, password=password)
            assert refusal.value.code == code
        await accounts.change_profile(house.db, me, name="Olive T.", email="new@example.com", password=PASSWORD)
        assert await accounts.sign_in(house.db, "new@example.com", PASSWORD, browser=HERE)

    in_house(database_url, act)


def test_the_hosts_link_renews_a_password_once_and_ends_all_sessions(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, who = await house.owner()
        with pytest.raises(NotFound):
            await accounts.password_link(house.db, "nobody@example.com")
        token = await accounts.password_link(house.db, "OLIVE@example.com")
        with pytest.raises(NotFound):
            await accounts.create_owner(house.db, token, NewUser("eve@example.com", "Eve", PASSWORD))
        renewed = await accounts.renew_password(house.db, token, "velvet harbor nine")
        assert await house.caller(entered.token) is None
        assert (await house.who(renewed.token)).business_id == who.business_id
        with pytest.raises(NotFound):
            await accounts.renew_password(house.db, token, "another good phrase")

    in_house(database_url, act)


def test_ended_sessions_and_old_links_are_forgotten(database_url: str) -> None:
    async def act(house: House) -> None:
        await house.owner()
        await accounts.owner_link(house.db, is_further=True)
        house.clock.move(timedelta(days=40))
        entered, _ = await house.person("sam@example.com")
        assert await accounts.forget_ended(house.db) == 1
        assert await house.caller(entered.token)
        async with house.db.realm("accounts") as tx:
            assert await tx.one("SELECT count(*) FROM one_time_links") == (1,)

    in_house(database_url, act)


def test_nobody_is_behind_an_invented_session_or_key(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, _ = await house.owner()
        for presented in (
            Presented("GET"),
            Presented("GET", session=""),
            Presented("GET", session=entered.token + "x"),
            Presented("GET", bearer=entered.token),
            # A bad key is nobody, also beside a good session: what asks with a key is a program.
            Presented("GET", session=entered.token, bearer="bb_invented"),
        ):
            assert await accounts.identify(house.db, presented) is None

    in_house(database_url, act)
