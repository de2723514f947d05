"""A first run half done, for the gallery and the tests."""

from __future__ import annotations

from bookingbridge.web.charts.base import hue
from bookingbridge.web.pages.welcome import view as v
from bookingbridge.web.ui import parts as p
from bookingbridge.web.ui.rows import Cause


def start() -> v.StartView:
    return v.StartView(has_demo=True)


def plan() -> v.PlanView:
    steps = (
        v.PlanStep(
            "business",
            "Your business",
            "money and times as you write them",
            1,
            "/welcome/business",
            "done",
            "Northside Barbers, USD, Los Angeles",
        ),
        v.PlanStep(
            "locations", "Locations", "figures per location", 1, "/welcome/locations", "done", "Ballard, Fremont"
        ),
        v.PlanStep(
            "source", "Booking system", "bookings, visits, revenue, no-shows", 4, "/connections/new/square", "current"
        ),
        v.PlanStep(
            "tracking",
            "Tracking and tagged links",
            "what brought each visit",
            5,
            "/welcome/tracking",
            "todo",
            can_skip=True,
        ),
        v.PlanStep("ads", "Ad accounts", "spend and return", 6, "/connections/new", "skipped", can_skip=True),
        v.PlanStep("team", "Your team", "colleagues who see their part", 2, "/settings/team", "todo", can_skip=True),
    )
    return v.PlanView(steps, "About 11 minutes left", "First figure: $86,420 from 1,284 paid visits")


def _steps() -> tuple[p.Step, ...]:
    return (
        p.Step("Business", "done", "/welcome/business"),
        p.Step("Locations", "current"),
        p.Step("Bookings", "todo"),
        p.Step("Tracking", "todo"),
    )


def business() -> v.FormStepView:
    zones = ("America/Los_Angeles", "America/New_York", "Europe/London")
    form = p.Form(
        "/welcome/business",
        (
            p.Field("name", "Name of the business", autocomplete="organization"),
            p.Field(
                "time_zone", "Time zone", "America/Los_Angeles", help="Days begin at midnight there.", suggestions=zones
            ),
            p.Field(
                "currency",
                "Currency",
                kind="select",
                choices=(
                    p.Choice("USD", "US dollar", True),
                    p.Choice("EUR", "Euro"),
                    p.Choice("GBP", "Pound"),
                ),
            ),
        ),
        "Save and go on",
    )
    return v.FormStepView(_steps(), "Three things everything else is counted by. You can change them later.", form)


def locations() -> v.FormStepView:
    form = p.Form(
        "/welcome/locations",
        (p.Field("name", "Name"), p.Field("address", "Address", is_required=False, autocomplete="street-address")),
        "Add the location",
        is_paired=True,
        is_quiet=True,
    )
    found = (p.Check("Ballard", True, "5417 Sample Ave NW"), p.Check("Fremont", True))
    return v.FormStepView(
        _steps(),
        "If your booking system knows its locations, skip this: they come with it.",
        form,
        found,
        "locations",
        "/connections/new/square",
    )


def tracking() -> v.TrackingStepView:
    script = '<script async src="https://bridge.example.com/t.js" data-site="bb_7f3c19"></script>'
    links = (
        p.CopyBox("profile", "For your Google profile", "https://bridge.example.com/r/profile"),
        p.CopyBox("flyer", "For a flyer", "https://bridge.example.com/r/flyer"),
    )
    answers = p.Form(
        "/welcome/tracking/answers",
        (p.Field("answers", "Answers, one per line", "A friend\nGoogle\nInstagram\nWalked by", "textarea"),),
        "Save the answers",
        is_quiet=True,
    )
    causes = (Cause("Referral", hue("Referral"), "A friend"), Cause("Meta", hue("Meta Ads"), "Instagram"))
    snippet = p.CopyBox("snippet", "Paste this before </body> on every page", script, is_block=True)
    seen = p.Check("Not seen yet", False, "Paste it, open your site once, then press Test.")
    return v.TrackingStepView(_steps(), snippet, None, seen, links, answers, causes, "tracking", "/connections/new")
