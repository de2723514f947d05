"""The first run's pages put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.canonical.money import Money
from bookingbridge.domains.accounts.api import Business, Location, Permission, Who
from bookingbridge.domains.attribution import api as attribution
from bookingbridge.domains.insights import api as insights
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import ShortLink, Site
from bookingbridge.infra.db import Tx
from bookingbridge.web import format as fmt
from bookingbridge.web import publishing, world
from bookingbridge.web.pages.welcome.view import FormStepView, PlanStep, PlanView, TrackingStepView
from bookingbridge.web.setup import SetupStep
from bookingbridge.web.ui.parts import Check, Choice, CopyBox, Field, Form, Problem, Step

FIRST_FIGURE_DAYS = 365
_SHORT = (("Business", "business", "/welcome/business"), ("Locations", "locations", "/welcome/locations"),
          ("Bookings", "source", "/connections/new"), ("Tracking", "tracking", "/welcome/tracking"))  # fmt: skip


async def plan(tx: Tx, who: Who, steps: Sequence[SetupStep]) -> PlanView:
    """The list, with the first step that is left marked as the one to do."""
    next_one = next((step.key for step in steps if step.is_left), "")
    may_skip = who.may(Permission.MANAGE_BUSINESS)

    def state(step: SetupStep) -> Literal["done", "current", "todo", "skipped"]:
        if step.done:
            return "done"
        if step.is_skipped:
            return "skipped"
        return "current" if step.key == next_one else "todo"

    rows = tuple(
        PlanStep(
            s.key, s.title, s.unlocks, s.minutes, s.href, state(s), fmt.shorten(s.done, 90), s.can_skip and may_skip
        )
        for s in steps
    )
    minutes = sum(s.minutes for s in steps if s.is_left)
    left = f"About {fmt.counted(minutes, 'minute')} left" if minutes else "All done"
    return PlanView(rows, left, await _first_figure(tx, who))


async def _first_figure(tx: Tx, who: Who) -> str:
    """What can be seen already; for who may see figures."""
    if not who.may(Permission.SEE_FIGURES):
        return ""
    today = await insights.today_of(tx)
    totals = await attribution.totals(tx, today - timedelta(days=FIRST_FIGURE_DAYS), today)
    own = next((t for t in totals if t.currency == who.business.currency and t.visits), None)
    if own is None:
        return ""
    revenue = fmt.money(Money(own.revenue_minor, own.currency))
    return f"First figure: {revenue} from {fmt.counted(own.visits, 'paid visit')} in the last 12 months"


def stepper(current: str, steps: Sequence[SetupStep] = ()) -> tuple[Step, ...]:
    """Where one is among the four steps of the way in."""
    done = {s.key for s in steps if s.done}

    def state(key: str) -> Literal["done", "current", "todo"]:
        return "current" if key == current else "done" if key in done else "todo"

    return tuple(Step(label, state(key), href if steps else "") for label, key, href in _SHORT)


def business_form(
    business: Business | None,
    given: Mapping[str, str],
    accept_language: str,
    wrong: BridgeError | None = None,
) -> Form:
    """Three things everything else is counted by; filled with what is known, or what the browser suggests."""
    region = business.region if business else world.region_of(accept_language)
    known = {
        "name": business.name if business else "",
        "time_zone": business.time_zone if business else "",
        "currency": business.currency if business else world.currency_of(region),
        "region": region,
        **given,
    }

    def error(*codes: str) -> str:
        return wrong.why if wrong and wrong.code in codes else ""

    placed = {"invalid_name", "invalid_currency", "invalid_country", "Unreadable"}
    return Form(
        "/welcome/business",
        (
            Field(
                "name", "Name of the business", known["name"], autocomplete="organization",
                error=error("invalid_name"),
            ),
            Field(
                "time_zone", "Time zone", known["time_zone"], help="Days begin at midnight there.",
                placeholder="America/Los_Angeles", suggestions=world.zones(), error=error("Unreadable"),
            ),
            Field(
                "currency", "Currency", known["currency"], help="Three letters, such as USD.",
                suggestions=world.CURRENCIES, error=error("invalid_currency"),
            ),
            Field(
                "region", "Country", known["region"],
                help="Two letters, such as US: how phone numbers without a country code are read.",
                suggestions=world.COUNTRIES, autocomplete="country", error=error("invalid_country"),
            ),
        ),
        "Save and go on",
        problem=Problem(wrong.why) if wrong and wrong.code not in placed else None,
        hidden=() if business else (("new", "1"),),
    )  # fmt: skip


def business_step(form: Form, steps: Sequence[SetupStep]) -> FormStepView:
    why = "Four things everything else is counted by. You can change them later."
    return FormStepView(stepper("business", steps), why, form)


def locations_step(
    places: Sequence[Location], steps: Sequence[SetupStep], given: Mapping[str, str], wrong: BridgeError | None = None
) -> FormStepView:
    """What is there, and a form for one more."""
    form = Form(
        "/welcome/locations",
        (
            Field("name", "Name", given.get("name", ""), error=wrong.why if wrong else ""),
            Field("address", "Address", given.get("address", ""), is_required=False, autocomplete="street-address"),
        ),
        "Add the location",
        is_paired=True,
        is_quiet=True,
    )
    return FormStepView(
        stepper("locations", steps),
        "If your booking system knows its locations, skip this: they come with it.",
        form,
        tuple(Check(place.name, True, place.address or "") for place in places if place.is_active),
        "" if places else "locations",
        "/connections/new",
    )


async def tracking_step(
    tx: Tx,
    who: Who,
    public_url: str,
    steps: Sequence[SetupStep],
    given: Mapping[str, str] | None = None,
    wrong: BridgeError | None = None,
) -> TrackingStepView:
    """The script of the first site, or the form that makes it; links; the answers to offer."""
    sites = await journeys.list_sites(tx)
    newest = await journeys.newest(tx)
    answers = publishing.answers_of(who.business)
    return TrackingStepView(
        stepper("tracking", steps),
        _snippet(public_url, sites),
        None if sites else _site_form(given or {}, wrong),
        Check(
            "Touches arrive" if newest else "Not seen yet",
            newest is not None,
            f"The last one {fmt.age(newest, tx.now)}." if newest else "Paste it, open your site once, then press Test.",
        ),
        tuple(_link(public_url, link) for link in await journeys.list_links(tx) if link.kind in ("link", "qr"))[:5],
        Form(
            "/welcome/tracking/answers",
            (Field("answers", "Answers, one per line", "\n".join(answers), "textarea"),),
            "Save the answers",
            is_quiet=True,
        ),
        publishing.counted_as(answers),
        "tracking",
        "/welcome",
    )


def _snippet(public_url: str, sites: Sequence[Site]) -> CopyBox | None:
    if not sites:
        return None
    label = f"Paste this into the head of every page of {sites[0].name}"
    return CopyBox("snippet", label, publishing.snippet(public_url, sites[0]), is_block=True)


def _site_form(given: Mapping[str, str], wrong: BridgeError | None) -> Form:
    return Form(
        "/welcome/tracking/site",
        (
            Field(
                "address", "Address of your website", given.get("address", ""), "url", placeholder="https://example.com",
                help="Two tagged links to it are made as well: for your Google profile and for a flyer.",
                error=wrong.why if wrong else "",
            ),
            Field(
                "consent", "Must visitors agree before they are recognised again?", kind="radio",
                choices=(
                    Choice("required", "Yes", is_chosen=True, help="As in the EU and the UK."),
                    Choice("not-required", "No", help="As in most of the United States."),
                ),
            ),
        ),
        "Make the script",
        is_quiet=True,
    )  # fmt: skip


def _link(public_url: str, link: ShortLink) -> CopyBox:
    return CopyBox(f"link-{link.slug}", link.name, publishing.link_address(public_url, link.slug))
