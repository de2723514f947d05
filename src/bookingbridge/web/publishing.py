"""What a business puts out, as pages show it: the script's line, links' addresses, what answers count as."""

from __future__ import annotations

from collections.abc import Iterable

from bookingbridge.domains.accounts.api import Business
from bookingbridge.domains.journeys import api as journeys
from bookingbridge.domains.journeys.api import Site
from bookingbridge.web.charts.base import hue
from bookingbridge.web.setup import ANSWERS, DEFAULT_ANSWERS
from bookingbridge.web.ui.rows import Cause

MOST_ANSWERS = 20
LONGEST_ANSWER = 60


def snippet(public_url: str, site: Site) -> str:
    """The line for every page of the site."""
    return f'<script defer src="{public_url}/bb.js" data-site="{site.key}" data-consent="{site.consent}"></script>'


def link_address(public_url: str, slug: str) -> str:
    """What people follow or scan."""
    return f"{public_url}/l/{slug}"


def answers_of(business: Business) -> tuple[str, ...]:
    """The answers offered to "how did you hear about us"; usual ones until somebody chose."""
    return tuple(business.settings.extra.get(ANSWERS) or DEFAULT_ANSWERS)


def answers_in(text: str) -> list[str]:
    """One answer per line, each once, as they will be kept."""
    some = (" ".join(line.split())[:LONGEST_ANSWER] for line in text.splitlines())
    return list(dict.fromkeys(filter(None, some)))[:MOST_ANSWERS]


def counted_as(answers: Iterable[str]) -> tuple[Cause, ...]:
    """What each answer counts as: `campaign` holds the answer, `channel` where it is counted."""
    found = ((answer, journeys.heard_from(answer)) for answer in answers)
    return tuple(
        Cause(journeys.title(heard.channel), hue(heard.channel), answer) if heard else Cause("Unknown", "c0", answer)
        for answer, heard in found
    )
