"""Businesses and locations: set up, switched, changed, and kept apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.domains.accounts.people import NOW, SHOP, House, in_house

from bookingbridge.canonical.errors import BridgeError, NotFound, Refused, Unreadable
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import BusinessChanges, LocationChanges, NewBusiness, Person, Role, Settings
from bookingbridge.infra.ids import new_id


def test_a_new_business_is_owned_by_its_maker_and_their_session_is_at_it(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, person = await house.person()
        made = await accounts.create_business(house.db, person, replace(SHOP, currency="usd", region="us"))
        who = await house.who(entered.token)
        assert who.business == made
        assert (made.name, made.time_zone, made.currency, made.region) == (
            "Alder & Ash Barbers",
            "America/Los_Angeles",
            "USD",
            "US",
        )
        assert (who.role, who.location_count) == (Role.OWNER, 1)
        assert (made.settings.window_days, made.settings.default_model) == (30, "position")
        assert who.csrf != person.csrf
        assert await house.acts(who) == ["created business"]

    in_house(database_url, act)


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (NewBusiness("", "America/Los_Angeles", "USD", "US"), Refused),
        (NewBusiness("Shop", "Mars/Olympus", "USD", "US"), Unreadable),
        (NewBusiness("Shop", "../etc/passwd", "USD", "US"), Unreadable),
        (NewBusiness("Shop", "UTC", "DOLLAR", "US"), Refused),
        (NewBusiness("Shop", "UTC", "U$D", "US"), Refused),
        (NewBusiness("Shop", "UTC", "USD", "USA"), Refused),
        (NewBusiness("Shop", "UTC", "USD", "US", (" ",)), Refused),
        (NewBusiness("Shop", "UTC", "USD", "US", settings=Settings(window_days=0)), Refused),
        (NewBusiness("Shop", "UTC", "USD", "US", settings=Settings(default_model="guess")), Refused),
    ],
)
def test_what_cannot_be_a_business_is_refused_and_leaves_nothing(
    database_url: str, new: NewBusiness, error: type[BridgeError]
) -> None:
    async def act(house: House) -> None:
        entered, person = await house.person()
        with pytest.raises(error):
            await accounts.create_business(house.db, person, new)
        assert isinstance(await house.caller(entered.token), Person)
        assert await accounts.every_business(house.db) == []

    in_house(database_url, act)


def test_several_businesses_belong_to_one_account(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, first = await house.owner()
        second = await accounts.create_business(
            house.db, accounts.person_of(first), NewBusiness("Harbor Nails", "America/New_York", "USD", "US")
        )
        assert second.account_id == first.business.account_id
        who = await house.who(entered.token)
        assert who.business_id == second.id
        person = accounts.person_of(who)
        assert [choice.name for choice in person.businesses] == ["Alder & Ash Barbers", "Harbor Nails"]
        listed = await accounts.businesses_of(house.db, person.user_id)
        assert [(each.business.name, each.role, each.location_count) for each in listed] == [
            ("Alder & Ash Barbers", Role.OWNER, 1),
            ("Harbor Nails", Role.OWNER, 0),
        ]

    in_house(database_url, act)


def test_switching_makes_forms_of_the_business_before_unusable(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, first = await house.owner()
        await accounts.create_business(house.db, accounts.person_of(first), replace(SHOP, name="Harbor Nails"))
        second = await house.who(entered.token)
        await accounts.switch_business(house.db, accounts.person_of(second), first.business_id)
        back = await house.who(entered.token)
        assert back.business_id == first.business_id
        assert len({first.csrf, second.csrf, back.csrf}) == 3

    in_house(database_url, act)


def test_nobody_switches_to_a_business_of_strangers(database_url: str) -> None:
    async def act(house: House) -> None:
        entered, who = await house.owner()
        _, stranger = await house.owner("sam@example.com")
        for business_id in (stranger.business_id, new_id(NOW)):
            with pytest.raises(NotFound):
                await accounts.switch_business(house.db, accounts.person_of(who), business_id)
        assert (await house.who(entered.token)).business_id == who.business_id

    in_house(database_url, act)


def test_only_who_owns_a_business_may_add_one(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        entered, colleague = await house.colleague(owner, Role.MANAGER)
        person = accounts.person_of(colleague)
        with pytest.raises(Refused) as refusal:
            await accounts.create_business(house.db, person, SHOP)
        assert refusal.value.code == "forbidden"
        await accounts.remove_member(house.db, owner, person.user_id)
        gone = await house.caller(entered.token)
        assert isinstance(gone, Person)
        with pytest.raises(Refused):
            await accounts.create_business(house.db, gone, SHOP)
        assert len(await accounts.every_business(house.db)) == 1

    in_house(database_url, act)


def test_settings_change_by_field_and_are_written_down(database_url: str) -> None:
    async def act(house: House) -> None:
        _, who = await house.owner()
        await accounts.update_business(
            house.db, who, BusinessChanges(window_days=60, settings_extra={"answers": ["A"]})
        )
        after = await accounts.update_business(
            house.db, who, BusinessChanges(name="Ash", default_model="linear", settings_extra={"goal": 500})
        )
        assert after.settings == Settings(60, "linear", {"answers": ["A"], "goal": 500})
        async with house.db.business(who.business_id) as tx:
            assert await accounts.business(tx) == after
            entries = await accounts.audit_entries(tx, limit=2)
        assert [entry.detail["fields"] for entry in entries] == [
            ["name", "default_model", "goal"],
            ["answers", "window_days"],
        ]
        await accounts.update_business(house.db, who, BusinessChanges(name="Ash"))
        assert (await house.acts(who)).count("changed business") == 2

    in_house(database_url, act)


def test_what_makes_figures_other_is_told_upward_and_nothing_else(database_url: str) -> None:
    async def act(house: House) -> None:
        _, who = await house.owner()
        for changes in (
            BusinessChanges(name="Ash", currency="EUR", default_model="linear"),
            BusinessChanges(window_days=30),
            BusinessChanges(window_days=31),
            BusinessChanges(time_zone="America/Denver"),
        ):
            await accounts.update_business(house.db, who, changes)
        async with house.db.business(who.business_id) as tx:
            told = await tx.all("SELECT name, payload FROM events")
        assert told == [("business_changed", {"ids": [str(who.business_id)]})] * 2

    in_house(database_url, act)


def test_a_refused_change_changes_nothing(database_url: str) -> None:
    async def act(house: House) -> None:
        _, who = await house.owner()
        for changes in (
            BusinessChanges(name="New", window_days=366),
            BusinessChanges(name="New", time_zone="Nowhere"),
            BusinessChanges(name="New", default_model="best"),
        ):
            with pytest.raises(BridgeError):
                await accounts.update_business(house.db, who, changes)
        async with house.db.business(who.business_id) as tx:
            assert await accounts.business(tx) == who.business
        assert await house.acts(who) == ["created business"]

    in_house(database_url, act)


def test_a_manager_changes_no_business(database_url: str) -> None:
    async def act(house: House) -> None:
        _, owner = await house.owner()
        _, manager = await house.colleague(owner, Role.MANAGER)
        with pytest.raises(Refused):
            await accounts.update_business(house.db, manager, BusinessChanges(name="Mine"))
        with pytest.raises(Refused):
            await accounts.add_location(house.db, manager, name="Mine")

    in_house(database_url, act)


def test_locations_are_added_changed_and_cleared(database_url: str) -> None:
    async def act(house: House) -> None:
        _, who = await house.owner()
        place = await accounts.add_location(
            house.db, who, name=" Oak  Street ", time_zone="America/Denver", address="1 Oak Street"
        )
        assert (place.name, place.time_zone, place.address) == ("Oak Street", "America/Denver", "1 Oak Street")
        after = await accounts.update_location(
            house.db, who, place.id, LocationChanges(time_zone="", address="", is_active=False)
        )
        assert (after.name, after.time_zone, after.address, after.is_active) == ("Oak Street", None, None, False)
        async with house.db.business(who.business_id) as tx:
            assert [each.name for each in await accounts.locations(tx)] == ["Oak Street", "Pine Street"]
            assert await accounts.location(tx, place.id) == after
        with pytest.raises(Unreadable):
            await accounts.update_location(house.db, who, place.id, LocationChanges(time_zone="Nowhere"))

    in_house(database_url, act)


def test_a_strangers_location_is_not_there(database_url: str) -> None:
    async def act(house: House) -> None:
        _, who = await house.owner()
        _, stranger = await house.owner("sam@example.com")
        async with house.db.business(stranger.business_id) as tx:
            theirs = (await accounts.locations(tx))[0]
        with pytest.raises(NotFound):
            await accounts.update_location(house.db, who, theirs.id, LocationChanges(name="Mine"))
        async with house.db.business(who.business_id) as tx:
            with pytest.raises(NotFound):
                await accounts.location(tx, theirs.id)
        async with house.db.business(stranger.business_id) as tx:
            assert await accounts.locations(tx) == [theirs]

    in_house(database_url, act)


def test_the_first_owner_takes_over_what_a_command_made(database_url: str) -> None:
    async def act(house: House) -> None:
        made = await accounts.found_business(house.db, SHOP)
        token = await accounts.owner_link(house.db)
        assert token
        new = accounts.NewUser("olive@example.com", "Olive Tran", "copper lantern seven")
        entered = await accounts.create_owner(house.db, token, new)
        who = await house.who(entered.token)
        assert (who.business_id, who.role) == (made.id, Role.OWNER)
        _, other = await house.person("sam@example.com")
        assert other.businesses == ()

    in_house(database_url, act)


def test_the_audit_pages_backwards_and_cannot_be_changed(database_url: str) -> None:
    async def act(house: House) -> None:
        _, who = await house.owner()
        for i in range(5):
            await accounts.update_business(house.db, who, BusinessChanges(window_days=i + 1))
        async with house.db.business(who.business_id) as tx:
            newest = await accounts.audit_entries(tx, limit=4)
            rest = await accounts.audit_entries(tx, before=newest[-1].id, limit=4)
        assert [entry.act for entry in newest + rest] == ["changed business"] * 5 + ["created business"]
        assert {entry.user_id for entry in newest} == {who.user_id}
        for sql in ("UPDATE audit_entries SET act = 'nothing'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"):
            with pytest.raises(Exception, match="permission denied"):
                async with house.db.business(who.business_id) as tx:
                    await tx.run(sql)

    in_house(database_url, act)
