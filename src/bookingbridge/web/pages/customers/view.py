"""What the customers' pages show."""

from __future__ import annotations

from dataclasses import dataclass

from bookingbridge.web.ui.parts import Empty, Fact, Notice, Pager, Select, Stamp, Tag
from bookingbridge.web.ui.rows import Cause, EvidenceLink, TrailEntry


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One client in the list. `contact` is what is known of e-mail and phone, as much of it as the role may see."""

    name: str
    href: str
    contact: str
    visits: str
    revenue: str
    last: Stamp | None
    cause: Cause
    """What first brought them; `Cause("Unknown", "c0")` where that is not known."""
    tag: Tag | None = None


@dataclass(frozen=True, slots=True)
class CustomersView:
    """list.html: GET /customers?q=&show=&sort=&after=. `selects` filter and sort; `found` says how many and which."""

    q: str
    selects: tuple[Select, ...]
    found: str
    rows: tuple[CustomerRow, ...]
    pager: Pager | None = None
    empty: Empty | None = None
    csv: str = ""


@dataclass(frozen=True, slots=True)
class CustomerView:
    """customer.html: GET /customers/{id}: one client's facts, timeline (newest first) and links with evidence.

    `earlier` is the address of the timeline's next part; empty at its end. `back` is this page's own path.
    """

    name: str
    facts: tuple[Fact, ...]
    contact: tuple[Fact, ...]
    trail: tuple[TrailEntry, ...]
    earlier: str
    links: tuple[EvidenceLink, ...]
    back: str
    notices: tuple[Notice, ...] = ()
