"""Settings of what the business puts out: sites with the script, what to ask, tagged links, coupons and numbers."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import NotFound, Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import BusinessChanges, Permission, Who
from bookingbridge.domains.bookings import api as bookings
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import NewLink
from bookingbridge.sync.engine import Engine
from bookingbridge.web import publishing, setup
from bookingbridge.web.auth import needs, with_toast
from bookingbridge.web.charts.qr import qr
from bookingbridge.web.csp import HEADERS
from bookingbridge.web.download import csv_file
from bookingbridge.web.forms import go, posted
from bookingbridge.web.pages.settings import publishing_forms
from bookingbridge.web.pages.settings.publishing_forms import CODES, FOLLOWED, LOOKED_AT, USE_DAYS, Given
from bookingbridge.web.pages.settings.tabs import tabs_for
from bookingbridge.web.pages.settings.view import LinksView, TrackingView
from bookingbridge.web.shell import Shell
from bookingbridge.web.ui.parts import Empty

router = APIRouter(include_in_schema=False)
_shell = Shell()
_NO_LINK = Empty("No link yet", "Make one for your Google profile first: it shows which visits it brings.", "link")


@router.get("/settings/tracking")
async def tracking_page(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    return await _tracking(request, who, {})


@router.post("/settings/tracking/sites")
async def add_site(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """A site with a key of its own."""
    given = await posted(request)
    address = given.get("address", "").strip()
    address = address if "://" in address else f"https://{address}"
    try:
        host = urlsplit(address).hostname or address
        async with _engine(request).db.business(who.business_id) as tx:
            site = await journeys.create_site(tx, host, hosts=[address], consent=given.get("consent", "required"))
            await accounts.audit(tx, who, "added site", str(site.id))
    except (Refused, ValueError) as failed:
        wrong = failed if isinstance(failed, Refused) else Refused("This is not the address of a website.")
        return await _tracking(request, who, given, wrong)
    return with_toast(go("/settings/tracking"), f"{host} is added. Paste its line into its pages.")


@router.post("/settings/tracking/sites/{site_id}")
async def save_site(request: Request, site_id: UUID, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    given = await posted(request)
    hosts = [line.strip() for line in given.get("hosts", "").splitlines() if line.strip()]
    try:
        async with _engine(request).db.business(who.business_id) as tx:
            await journeys.update_site(
                tx, site_id, given.get("name", ""), hosts=hosts, consent=given.get("consent", "")
            )
            await accounts.audit(tx, who, "changed site", str(site_id))
    except NotFound:
        raise
    except Refused as wrong:
        return with_toast(go("/settings/tracking"), f"Not saved: {wrong.why}", "bad")
    return with_toast(go("/settings/tracking"), "Saved.")


@router.post("/settings/tracking/sites/{site_id}/close")
async def close_site(request: Request, site_id: UUID, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        await journeys.close_site(tx, site_id)
        await accounts.audit(tx, who, "closed site", str(site_id))
    return with_toast(go("/settings/tracking"), "Closed. Its script is no longer heard.")


@router.post("/settings/tracking/answers")
async def save_answers(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    answers = publishing.answers_in((await posted(request)).get("answers", ""))
    await accounts.update_business(_engine(request).db, who, BusinessChanges(settings_extra={setup.ANSWERS: answers}))
    return with_toast(go("/settings/tracking"), "The answers are saved.")


async def _tracking(request: Request, who: Who, given: Given, wrong: Refused | None = None) -> Response:
    engine = _engine(request)
    async with engine.db.business(who.business_id) as tx:
        sites = await journeys.list_sites(tx)
        latest = await bookings.latest(tx, limit=LOOKED_AT)
        checks = publishing_forms.checks(
            await journeys.newest(tx), sum(b.token is not None for b in latest), len(latest), tx.now
        )
    view = TrackingView(
        tabs_for(who, "Tracking"),
        checks,
        tuple(publishing_forms.site_key(engine.public_url, site) for site in sites),
        publishing_forms.new_site_form(given, wrong),
        publishing_forms.answers_form(who.business),
        publishing.counted_as(publishing.answers_of(who.business)),
    )
    return _shell.show(request, "settings/tracking.html", view, title="Settings", status=422 if wrong else 200)


@router.get("/settings/links")
async def links_page(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    return await _links(request, who)


@router.post("/settings/links")
async def add_link(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """A link or printed code is in use."""
    given = await posted(request)
    kind = given.get("kind", "")
    new = NewLink(
        kind if kind in FOLLOWED else "link",
        given.get("name", ""),
        given.get("target", ""),
        slug=given.get("slug", ""),
        channel=given.get("channel") or None,
        source=given.get("source") or None,
        medium=given.get("medium") or None,
        campaign=given.get("campaign") or None,
    )
    try:
        await _add(request, who, new)
    except Refused as wrong:
        return await _links(request, who, given=given, wrong=wrong)
    return with_toast(go("/settings/links"), f"{new.name} is made.")


@router.post("/settings/codes")
async def add_code(request: Request, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """A coupon or tracked number is in use."""
    given = await posted(request)
    kind = given.get("kind", "")
    new = NewLink(
        kind if kind in CODES else "coupon",
        given.get("name", ""),
        code=given.get("code", ""),
        channel=given.get("channel") or None,
        campaign=given.get("campaign") or None,
    )
    try:
        await _add(request, who, new)
    except Refused as wrong:
        return await _links(request, who, code_given=given, code_wrong=wrong)
    return with_toast(go("/settings/links"), f"{new.name} is added.")


async def _add(request: Request, who: Who, new: NewLink) -> None:
    async with _engine(request).db.business(who.business_id) as tx:
        made = await journeys.create_link(tx, new)
        await accounts.audit(tx, who, "added link", str(made.id), {"kind": made.kind})


@router.post("/settings/links/{link_id}/retire")
async def retire_link(request: Request, link_id: UUID, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    async with _engine(request).db.business(who.business_id) as tx:
        await journeys.retire_link(tx, link_id)
        await accounts.audit(tx, who, "retired link", str(link_id))
    return with_toast(go("/settings/links"), "Retired. What it brought so far stays.")


@router.get("/settings/links.csv")
async def links_csv(
    request: Request, who: Who = needs(Permission.EXPORT, Permission.MANAGE_BUSINESS)
) -> Response:  # fmt: skip
    engine = _engine(request)
    async with engine.db.business(who.business_id) as tx:
        some = await journeys.list_links(tx)
        used = await journeys.link_uses(tx, tx.now - timedelta(days=USE_DAYS))
    return csv_file(publishing_forms.links_csv(engine.public_url, some, used), "tagged links")


@router.get("/settings/links/{link_id}.svg")
async def link_code(request: Request, link_id: UUID, who: Who = needs(Permission.MANAGE_BUSINESS)) -> Response:
    """The link's QR code as a file."""
    engine = _engine(request)
    async with engine.db.business(who.business_id) as tx:
        link = await journeys.link(tx, link_id)
    drawn = str(qr(publishing.link_address(engine.public_url, link.slug), f"QR code of {link.name}"))
    alone = drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{link.slug}.svg"'}
    return Response(alone, media_type="image/svg+xml", headers=headers)


async def _links(
    request: Request,
    who: Who,
    *,
    given: Given | None = None,
    wrong: Refused | None = None,
    code_given: Given | None = None,
    code_wrong: Refused | None = None,
) -> Response:
    engine = _engine(request)
    async with engine.db.business(who.business_id) as tx:
        some, now = await journeys.list_links(tx), tx.now
        used = await journeys.link_uses(tx, now - timedelta(days=USE_DAYS))
    rows = tuple(
        publishing_forms.link_row(engine.public_url, link, used.get(link.id), now)
        for link in some
        if link.kind in FOLLOWED
    )
    view = LinksView(
        tabs_for(who, "Tagged links"),
        publishing_forms.link_form(given or {}, wrong),
        rows,
        publishing_forms.code_form(code_given or {}, code_wrong),
        tuple(publishing_forms.code_row(link, used.get(link.id), now) for link in some if link.kind in CODES),
        "/settings/links.csv" if some and who.may(Permission.EXPORT) else "",
        None if rows else _NO_LINK,
    )
    status = 422 if wrong or code_wrong else 200
    return _shell.show(request, "settings/links.html", view, title="Settings", status=status)


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine
