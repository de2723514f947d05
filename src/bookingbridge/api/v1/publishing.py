"""What the business puts out to be found by: sites with the script, tagged links, QR codes, numbers, coupons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import status
from pydantic import Field
from starlette.requests import Request

from bookingbridge.api.auth import database, needs
from bookingbridge.api.models import Given, Name, Shown, Text
from bookingbridge.api.operations import operations
from bookingbridge.api.v1.oauth import engine_of
from bookingbridge.domains.accounts.api import Permission, Who
from bookingbridge.domains.journeys import api as journeys

router = operations("/publishing", "Sites and links", "Sites that carry the script, tagged links, QR codes, coupons.")


Host = Annotated[Text, Field(min_length=1, max_length=250)]


class SiteGiven(Given):
    """A website. `consent` "required": nothing is stored in the browser before the visitor agreed."""

    name: Name
    hosts: Annotated[list[Host], Field(max_length=50)] = Field(default_factory=list)
    consent: Literal["required", "not-required"] = "required"


class SiteShown(Shown):
    """A website and the line to put into its pages."""

    id: UUID
    key: str
    name: str
    hosts: list[str]
    consent: str
    snippet: str


class LinkGiven(Given):
    """A tagged link, QR code, tracked number or coupon."""

    kind: Literal["link", "qr", "phone", "coupon", "pixel"] = "link"
    name: Name
    target_url: Annotated[Text, Field(max_length=2000)] = ""
    code: Annotated[Text, Field(max_length=80)] = ""
    slug: Annotated[Text, Field(max_length=40)] = ""
    channel: Annotated[Text, Field(max_length=40)] | None = None
    source: Annotated[Text, Field(max_length=200)] | None = None
    medium: Annotated[Text, Field(max_length=200)] | None = None
    campaign: Annotated[Text, Field(max_length=200)] | None = None
    campaign_ref: Annotated[Text, Field(max_length=200)] | None = None


class LinkShown(Shown):
    """A link in use. `url` is what people follow or scan; empty for numbers and coupons."""

    id: UUID
    kind: str
    name: str
    url: str
    target_url: str
    campaign: str | None
    created_at: datetime


def snippet(public_url: str, site: journeys.Site) -> str:
    """The line for the site's pages."""
    return f'<script defer src="{public_url}/bb.js" data-site="{site.key}" data-consent="{site.consent}"></script>'


def _site(public_url: str, s: journeys.Site) -> SiteShown:
    return SiteShown(
        id=s.id, key=s.key, name=s.name, hosts=list(s.hosts), consent=s.consent, snippet=snippet(public_url, s)
    )


def _link(public_url: str, link: journeys.ShortLink) -> LinkShown:
    is_followed = link.kind in ("link", "qr")
    return LinkShown(
        id=link.id, kind=link.kind, name=link.name, url=f"{public_url}/l/{link.slug}" if is_followed else "",
        target_url=link.target_url, campaign=link.campaign, created_at=link.created_at,
    )  # fmt: skip


@router.get("/sites", summary="List sites")
async def list_sites(request: Request, who: Who = needs(Permission.SEE_SETTINGS)) -> list[SiteShown]:
    """The sites in use, with their snippets."""
    async with database(request).business(who.business_id) as tx:
        return [_site(engine_of(request).public_url, s) for s in await journeys.list_sites(tx)]


@router.post("/sites", status_code=status.HTTP_201_CREATED, summary="Add a site")
async def create_site(request: Request, given: SiteGiven, who: Who = needs(Permission.MANAGE_BUSINESS)) -> SiteShown:
    """A site with a fresh public key."""
    async with database(request).business(who.business_id) as tx:
        made = await journeys.create_site(tx, given.name, hosts=given.hosts, consent=given.consent)
    return _site(engine_of(request).public_url, made)


@router.delete("/sites/{site}", status_code=204, summary="Close a site")
async def close_site(request: Request, site: UUID, who: Who = needs(Permission.MANAGE_BUSINESS)) -> None:
    """Touches with its key are no longer taken; those that came stay."""
    async with database(request).business(who.business_id) as tx:
        await journeys.close_site(tx, site)


@router.get("/links", summary="List links")
async def list_links(request: Request, who: Who = needs(Permission.SEE_SETTINGS)) -> list[LinkShown]:
    """Links, QR codes, numbers, coupons and pixels in use, newest first."""
    async with database(request).business(who.business_id) as tx:
        return [_link(engine_of(request).public_url, k) for k in await journeys.list_links(tx)]


@router.post("/links", status_code=status.HTTP_201_CREATED, summary="Add a link")
async def create_link(request: Request, given: LinkGiven, who: Who = needs(Permission.MANAGE_BUSINESS)) -> LinkShown:
    """A link with an address of its own."""
    new = journeys.NewLink(**given.model_dump())
    async with database(request).business(who.business_id) as tx:
        return _link(engine_of(request).public_url, await journeys.create_link(tx, new))


@router.delete("/links/{link}", status_code=204, summary="Retire a link")
async def retire_link(request: Request, link: UUID, who: Who = needs(Permission.MANAGE_BUSINESS)) -> None:
    """It still leads people on, but is no longer counted."""
    async with database(request).business(who.business_id) as tx:
        await journeys.retire_link(tx, link)
