"""Businesses and their locations. A token sees its own business; a person all they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import Response, status
from pydantic import Field
from starlette.requests import Request

from bookingbridge.api.auth import Caller, database, needs, signed_in
from bookingbridge.api.models import WHOLE, Country, Currency, Given, Name, Shown, Text, TimeZone
from bookingbridge.api.operations import operations
from bookingbridge.api.paging import Page, Paging, paging
from bookingbridge.canonical.errors import NotFound
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Permission, Person, Role, Settings, Who

router = operations("/business", "Business", "The businesses of an account, their settings and their locations.")

Model = Literal["first", "last", "last_non_direct", "linear", "position", "time_decay"]
WindowDays = Annotated[int, Field(ge=1, le=365, examples=[30]), WHOLE]


class BusinessShown(Shown):
    """A business. `role` is the caller's in it; `window_days` how far before a booking a touch may have caused it."""

    id: UUID
    name: str = Field(examples=["Alder & Ash Barbers"])
    time_zone: str = Field(examples=["America/Los_Angeles"])
    currency: str = Field(examples=["USD"])
    region: str = Field(examples=["US"])
    is_demo: bool
    window_days: int = Field(examples=[30])
    default_model: Model
    role: Role
    created_at: datetime

    @classmethod
    def of(cls, business: accounts.Business, role: Role) -> BusinessShown:
        return cls(
            id=business.id,
            name=business.name,
            time_zone=business.time_zone,
            currency=business.currency,
            region=business.region,
            is_demo=business.is_demo,
            window_days=business.settings.window_days,
            default_model=cast(Model, business.settings.default_model),
            role=role,
            created_at=business.created_at,
        )


class BusinessGiven(Given):
    """What a new business needs. `locations` are names; more can be added later."""

    name: Annotated[Name, Field(examples=["Alder & Ash Barbers"])]
    time_zone: Annotated[TimeZone, Field(examples=["America/Los_Angeles"])]
    currency: Annotated[Currency, Field(examples=["USD"])]
    region: Annotated[Country, Field(examples=["US"])]
    locations: Annotated[list[Name], Field(max_length=100, examples=[["Pine Street"]])] = Field(default_factory=list)
    window_days: WindowDays = accounts.DEFAULT_WINDOW_DAYS
    default_model: Model = "position"


class BusinessChanged(Given):
    """What shall be other than it is; what is left out or null stays."""

    name: Name | None = None
    time_zone: TimeZone | None = None
    currency: Currency | None = None
    region: Country | None = None
    window_days: WindowDays | None = None
    default_model: Model | None = None


class LocationShown(Shown):
    """A place of the business. Without a zone of its own it keeps the business's."""

    id: UUID
    name: str = Field(examples=["Pine Street"])
    time_zone: str | None
    address: str | None = Field(examples=["1200 Pine Street, Springfield"])
    is_active: bool

    @classmethod
    def of(cls, place: accounts.Location) -> LocationShown:
        return cls(
            id=place.id,
            name=place.name,
            time_zone=place.time_zone,
            address=place.address,
            is_active=place.is_active,
        )


class LocationGiven(Given):
    """What a new location needs."""

    name: Annotated[Name, Field(examples=["Pine Street"])]
    time_zone: TimeZone | None = None
    address: Annotated[Text, Field(max_length=120, examples=["1200 Pine Street, Springfield"])] | None = None


class LocationChanged(Given):
    """What shall be other than it is; what is left out or null stays, an empty address is taken away."""

    name: Name | None = None
    time_zone: TimeZone | None = None
    address: Annotated[Text, Field(max_length=120)] | None = None
    is_active: bool | None = None


@router.get("", summary="List businesses")
async def list_businesses(
    request: Request, page: Paging = paging(), who: Who = needs(Permission.SEE_SETTINGS)
) -> Page[BusinessShown]:
    """The businesses the caller belongs to, by name. A token belongs to one."""
    return page.through(await _reachable(request, who), lambda b: (b.name, b.id), str, UUID)


@router.post("", summary="Create a business", status_code=status.HTTP_201_CREATED)
async def create_business(
    request: Request, response: Response, given: BusinessGiven, caller: Caller = signed_in()
) -> BusinessShown:
    """A new business, owned by the caller, whose session is at it afterwards. Only a person who owns one may."""
    person = caller if isinstance(caller, Person) else accounts.person_of(_known(caller))
    made = await accounts.create_business(
        database(request),
        person,
        accounts.NewBusiness(
            given.name,
            given.time_zone,
            given.currency,
            given.region,
            tuple(given.locations),
            is_demo=getattr(request.app.state.settings, "is_demo", False),
            settings=Settings(given.window_days, given.default_model),
        ),
    )
    response.headers["location"] = f"{request.scope.get('root_path', '')}/business/{made.id}"
    return BusinessShown.of(made, Role.OWNER)


@router.get("/{business_id}", summary="Get a business")
async def get_business(
    request: Request, business_id: UUID, who: Who = needs(Permission.SEE_SETTINGS)
) -> BusinessShown:  # fmt: skip
    """One business the caller belongs to."""
    for found in await _reachable(request, who):
        if found.id == business_id:
            return found
    raise NotFound("There is no such business.")


@router.patch("/{business_id}", summary="Change a business")
async def change_business(
    request: Request, business_id: UUID, changed: BusinessChanged, who: Who = needs(Permission.MANAGE_BUSINESS)
) -> BusinessShown:
    """The business the token belongs to, or that the session is at, with other settings."""
    _must_be_at(who, business_id)
    after = await accounts.update_business(
        database(request),
        who,
        accounts.BusinessChanges(
            name=changed.name,
            time_zone=changed.time_zone,
            currency=changed.currency,
            region=changed.region,
            window_days=changed.window_days,
            default_model=changed.default_model,
        ),
    )
    return BusinessShown.of(after, who.role)


@router.get("/{business_id}/locations", summary="List locations")
async def list_locations(
    request: Request, business_id: UUID, page: Paging = paging(), who: Who = needs(Permission.SEE_SETTINGS)
) -> Page[LocationShown]:
    """The business's places, by name."""
    _must_be_at(who, business_id)
    async with database(request).business(who.business_id) as tx:
        places = [LocationShown.of(place) for place in await accounts.locations(tx)]
    return page.through(places, lambda place: (place.name, place.id), str, UUID)


@router.post("/{business_id}/locations", summary="Add a location", status_code=status.HTTP_201_CREATED)
async def add_location(
    request: Request,
    response: Response,
    business_id: UUID,
    given: LocationGiven,
    who: Who = needs(Permission.MANAGE_BUSINESS),
) -> LocationShown:
    """A new place of the business."""
    _must_be_at(who, business_id)
    place = await accounts.add_location(
        database(request), who, name=given.name, time_zone=given.time_zone, address=given.address
    )
    here = f"{request.scope.get('root_path', '')}/business/{business_id}/locations"
    response.headers["location"] = f"{here}/{place.id}"
    return LocationShown.of(place)


@router.get("/{business_id}/locations/{location_id}", summary="Get a location")
async def get_location(
    request: Request, business_id: UUID, location_id: UUID, who: Who = needs(Permission.SEE_SETTINGS)
) -> LocationShown:
    """One place of the business."""
    _must_be_at(who, business_id)
    async with database(request).business(who.business_id) as tx:
        return LocationShown.of(await accounts.location(tx, location_id))


@router.patch("/{business_id}/locations/{location_id}", summary="Change a location")
async def change_location(
    request: Request,
    business_id: UUID,
    location_id: UUID,
    changed: LocationChanged,
    who: Who = needs(Permission.MANAGE_BUSINESS),
) -> LocationShown:
    """The place as it is to be."""
    _must_be_at(who, business_id)
    after = await accounts.update_location(
        database(request),
        who,
        location_id,
        accounts.LocationChanges(
            name=changed.name, time_zone=changed.time_zone, address=changed.address, is_active=changed.is_active
        ),
    )
    return LocationShown.of(after)


async def _reachable(request: Request, who: Who) -> list[BusinessShown]:
    if who.user_id is None:
        return [BusinessShown.of(who.business, who.role)]
    found = await accounts.businesses_of(database(request), who.user_id)
    return [BusinessShown.of(each.business, each.role) for each in found]


def _must_be_at(who: Who, business_id: UUID) -> None:
    """Returns when the request is about the caller's business. NotFound else: others' and none look the same."""
    if business_id != who.business_id:
        raise NotFound("There is no such business here. A session reaches the one it is switched to.")


def _known(caller: Caller) -> Who:
    assert isinstance(caller, Who), "signed_in() admits nobody unknown"
    return caller
