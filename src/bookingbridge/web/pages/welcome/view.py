"""The first run, as a list that can be left and taken up again: what is done, what is next, what each step unlocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bookingbridge.web.ui.parts import Check, CopyBox, Form, Notice, Step
from bookingbridge.web.ui.rows import Cause


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of the plan: a page to do it on. `can_skip` posts to /welcome/skip with `step`."""

    key: str
    title: str
    unlocks: str
    minutes: int
    href: str
    state: Literal["done", "current", "todo", "skipped"]
    done: str = ""
    """What was done: `Northside Barbers, USD`."""
    can_skip: bool = False


@dataclass(frozen=True, slots=True)
class StartView:
    """start.html: GET /welcome when there is no business yet. POST /welcome/start with `choice` demo or own."""

    has_demo: bool
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class PlanView:
    """plan.html: GET /welcome once a business exists. `left` says how much is left: `About 12 minutes left`."""

    steps: tuple[PlanStep, ...]
    left: str
    first_figure: str = ""
    """What can be seen already, with a link to Today; empty before."""


@dataclass(frozen=True, slots=True)
class FormStepView:
    """step.html: GET and POST /welcome/business and /welcome/locations: one form of the plan.

    `why` says what it is for. `found` lists what is there already (locations). `skip` names the step that may be
    skipped; empty when it may not.
    """

    steps: tuple[Step, ...]
    why: str
    form: Form
    found: tuple[Check, ...] = ()
    skip: str = ""
    next_href: str = ""


@dataclass(frozen=True, slots=True)
class TrackingStepView:
    """tracking.html: GET /welcome/tracking: the script, a first tagged link, the question at the desk.

    POST /welcome/tracking/test looks for the script; /welcome/tracking/answers saves the answers to offer
    (`answers`, one per line). Until a site is known `site` asks for it and there is no `snippet`.
    """

    steps: tuple[Step, ...]
    snippet: CopyBox | None
    site: Form | None
    seen: Check
    links: tuple[CopyBox, ...]
    answers: Form
    causes: tuple[Cause, ...]
    """What each answer counts as, shown beside the form."""
    skip: str
    next_href: str
