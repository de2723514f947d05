"""Businesses are set up, chosen and changed; their locations and the audit of all that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.canonical.events import BusinessChanged
from bookingbridge.canonical.ids import AccountId, BusinessId, LocationId, UserId
from bookingbridge.canonical.times import zone
from bookingbridge.domains.accounts import rules
from bookingbridge.domains.accounts.records import (
    MODELS,
    AuditEntry,
    Business,
    Location,
    Membership,
    NewBusiness,
    Person,
    Settings,
    Who,
)
from bookingbridge.domains.accounts.rules import Permission, Role
from bookingbridge.domains.accounts.store import businesses, people, tokens
from bookingbridge.infra.db import Database, Tx
from bookingbridge.infra.ids import new_id, new_token

WINDOW_DAYS = range(1, 366)
_KEPT: Any = object()


@dataclass(frozen=True, slots=True)
class BusinessChanges:
    """What shall be other than it is; None leaves as it is. `settings_extra` is merged, name by name."""

    name: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    region: str | None = None
    window_days: int | None = None
    default_model: str | None = None
    settings_extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LocationChanges:
    """What shall be other than it is. `time_zone` and `address` may become None: "" asks for that."""

    name: str | None = None
    time_zone: str | None = None
    address: str | None = None
    is_active: bool | None = None


async def create_business(db: Database, person: Person, new: NewBusiness) -> Business:
    """The business is there with its locations, the person owns it, and their session is at it.

    It joins the account of the businesses they own. Refused (code "forbidden") for somebody who owns none and founded
    no account; Refused or Unreadable for what was typed.
    """
    async with db.realm("accounts") as tx:
        made = await add_business(tx, person.user_id, new)
        await people.point_session(tx, person.session_hash, made.id, new_token())
    return made


async def add_business(tx: Tx, user_id: UserId, new: NewBusiness) -> Business:
    """As `create_business`, within a transaction of the realm "accounts" and without a session to move."""
    account_id = await businesses.account_of(tx, user_id)
    if account_id is None:
        raise Refused("Only somebody who owns a business may add one.", code="forbidden")
    made, places = made_of(tx, BusinessId(new_id(tx.now)), account_id, new)
    await businesses.add_business(tx, made)
    await businesses.enter(tx, made.id)
    await businesses.add_member(tx, made.id, user_id, Role.OWNER)
    if places:
        await businesses.put_locations(tx, made.id, places)
    await tokens.note(tx, made.id, user_id, "created business", str(made.id), {"locations": len(places)})
    return made


def made_of(
    tx: Tx, business_id: BusinessId, account_id: AccountId, new: NewBusiness
) -> tuple[Business, list[Location]]:
    """The business and its locations as they will be stored. Refused or Unreadable for what was typed."""
    where = (new.time_zone, new.currency, new.region)
    made = _checked(Business(business_id, account_id, new.name, *where, new.is_demo, new.settings, tx.now))
    places = [
        Location(LocationId(new_id(tx.now)), rules.name(name, "location's name"), None, None, True)
        for name in new.locations
    ]
    return made, places


def _checked(business: Business) -> Business:
    """The same in its kept form. Raises Refused or Unreadable with what is wrong."""
    settings = business.settings
    if settings.window_days not in WINDOW_DAYS:
        raise Refused("The attribution window is 1 to 365 days.", code="invalid_window")
    if settings.default_model not in MODELS:
        raise Refused(f"The model is one of {', '.join(MODELS)}.", code="invalid_model")
    return replace(
        business,
        name=rules.name(business.name, "business's name"),
        time_zone=zone(business.time_zone).key,
        currency=_code(business.currency, 3, "currency", "USD"),
        region=_code(business.region, 2, "country", "US"),
    )


def _code(text: str, length: int, what: str, example: str) -> str:
    kept = text.strip().upper()
    if len(kept) != length or not kept.isascii() or not kept.isalpha():
        raise Refused(f"The {what} is a code of {length} letters, such as {example}.", code=f"invalid_{what}")
    return kept


async def businesses_of(db: Database, user_id: UserId) -> list[Membership]:
    """The businesses somebody belongs to, by name."""
    async with db.realm("accounts") as tx:
        return await businesses.memberships_of(tx, user_id)


async def switch_business(db: Database, person: Person, business_id: UUID) -> None:
    """The person's session is at that business; what was drawn before can no longer be sent. NotFound if not theirs."""
    async with db.realm("accounts") as tx:
        if await businesses.role_in(tx, business_id, person.user_id) is None:
            raise NotFound("You do not belong to such a business.")
        await people.point_session(tx, person.session_hash, business_id, new_token())


async def business(tx: Tx) -> Business:
    """The business whose transaction this is: its zone, currency, settings."""
    found = await businesses.business(tx, tx.business_id)
    if found is None:
        raise NotFound("There is no such business.")
    return found


async def update_business(db: Database, who: Who, changes: BusinessChanges) -> Business:
    """The business as it is now; told upward where it counts otherwise from now on (`BusinessChanged`).

    Refused or Unreadable for what was typed; nothing is changed then.

    Money rows keep their own currency; changing the business's changes what is shown first, not what was paid.
    """
    who.must(Permission.MANAGE_BUSINESS)
    async with db.business(who.business_id) as tx:
        before = await businesses.business(tx, who.business_id, for_update=True)
        if before is None:
            raise NotFound("There is no such business.")
        after = _checked(_changed(before, changes))
        if changed := _differences(before, after):
            await businesses.update_business(tx, after)
            if {"window_days", "time_zone"} & set(changed):
                await tx.announce(BusinessChanged((before.id,)))
            await audit(tx, who, "changed business", str(before.id), {"fields": changed})
    return after


def _changed(before: Business, changes: BusinessChanges) -> Business:
    settings = Settings(
        before.settings.window_days if changes.window_days is None else changes.window_days,
        before.settings.default_model if changes.default_model is None else changes.default_model,
        {**before.settings.extra, **(changes.settings_extra or {})},
    )
    return replace(
        before,
        name=before.name if changes.name is None else changes.name,
        time_zone=before.time_zone if changes.time_zone is None else changes.time_zone,
        currency=before.currency if changes.currency is None else changes.currency,
        region=before.region if changes.region is None else changes.region,
        settings=settings,
    )


def _differences(before: Business, after: Business) -> list[str]:
    fields = ("name", "time_zone", "currency", "region")
    changed = [name for name in fields if getattr(before, name) != getattr(after, name)]
    old, new = before.settings.to_row(), after.settings.to_row()
    return changed + sorted(name for name in new if old.get(name, _KEPT) != new[name])


async def locations(tx: Tx) -> list[Location]:
    """The places of the business whose transaction this is, by name."""
    return await businesses.locations(tx)


async def add_location(
    db: Database, who: Who, *, name: str, time_zone: str | None = None, address: str | None = None
) -> Location:
    """The place is there. Refused or Unreadable for what was typed."""
    who.must(Permission.MANAGE_BUSINESS)
    async with db.business(who.business_id) as tx:
        place = _checked_location(
            Location(LocationId(new_id(tx.now)), name, time_zone or None, address or None, is_active=True)
        )
        await businesses.put_locations(tx, who.business_id, [place])
        await audit(tx, who, "added location", str(place.id), {})
    return place


async def location(tx: Tx, location_id: UUID) -> Location:
    """The place. NotFound."""
    found = await businesses.location(tx, location_id)
    if found is None:
        raise NotFound("There is no such location.")
    return found


async def update_location(db: Database, who: Who, location_id: UUID, changes: LocationChanges) -> Location:
    """The place as it is now. NotFound, Refused, Unreadable; nothing is changed then."""
    who.must(Permission.MANAGE_BUSINESS)
    async with db.business(who.business_id) as tx:
        before = await businesses.location(tx, location_id, for_update=True)
        if before is None:
            raise NotFound("There is no such location.")
        after = _checked_location(
            Location(
                before.id,
                before.name if changes.name is None else changes.name,
                before.time_zone if changes.time_zone is None else changes.time_zone or None,
                before.address if changes.address is None else changes.address or None,
                before.is_active if changes.is_active is None else changes.is_active,
            )
        )
        if after != before:
            await businesses.put_locations(tx, who.business_id, [after])
            await audit(tx, who, "changed location", str(before.id), {})
    return after


def _checked_location(place: Location) -> Location:
    return replace(
        place,
        name=rules.name(place.name, "location's name"),
        time_zone=zone(place.time_zone).key if place.time_zone else None,
        address=rules.name(place.address, "address") if place.address else None,
    )


async def audit(
    tx: Tx, who: Who | None, act: str, subject: str = "", detail: Mapping[str, Any] | None = None
) -> None:  # fmt: skip
    """What was done is written down, in the transaction that does it. `act` in the past: "disconnected".

    `subject` and `detail` hold ids and settings: no names, no secrets. Without `who` the product itself did it.
    """
    given = dict(detail or {})
    if who and who.token_id:
        given["token"] = str(who.token_id)
    await tokens.note(tx, tx.business_id, who.user_id if who else None, act, subject, given)


async def audit_entries(tx: Tx, *, before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """What was done in this business, the newest first; below the id `before` where it is given."""
    return await tokens.entries(tx, before, limit)
