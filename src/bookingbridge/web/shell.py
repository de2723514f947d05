"""What surrounds every page: navigation as data, the person and the business, toasts, the demo's banner.

A route asks, builds its view and ends in `return shell.show(request, "today/page.html", view, title="Today")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bookingbridge.web.csp import PAGE_HEADERS
from bookingbridge.web.templating import environment
from bookingbridge.web.ui.parts import Tone

Theme = Literal["", "light", "dark"]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One place to go. `key` is its letter after `g` and the name of its count in `Frame.counts`."""

    key: str
    shortcut: str
    label: str
    href: str
    icon: str
    permission: str


NAV: tuple[NavItem, ...] = (
    NavItem("today", "t", "Today", "/today", "home", "figures.read"),
    NavItem("attribution", "a", "Attribution", "/attribution", "chart", "figures.read"),
    NavItem("customers", "c", "Customers", "/customers", "people", "clients.read"),
    NavItem("connections", "n", "Connections", "/connections", "plug", "connections.read"),
    NavItem("sync", "y", "Sync", "/sync", "sync", "connections.read"),
    NavItem("settings", "s", "Settings", "/settings", "gear", "settings.read"),
)
"""In order of need; the phone's tab bar shows the first four and puts the rest under "More"."""

PHONE_TABS = 4


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message about what just happened, shown once."""

    text: str
    tone: Tone = "good"


@dataclass(frozen=True, slots=True)
class BusinessChoice:
    """A business this person may switch to (POST /business with `business=id`)."""

    id: str
    name: str
    is_current: bool = False
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """Who looks, at which business, from where. The sign-in layer puts it on `request.state.frame`."""

    path: str
    csrf: str
    theme: Theme = ""
    has_shortcuts: bool = True
    user_name: str = ""
    """Empty: nobody is signed in, and the page is drawn without navigation."""
    role: str = ""
    business_name: str = ""
    business_note: str = ""
    """Beside the name: `2 locations`."""
    businesses: tuple[BusinessChoice, ...] = ()
    is_demo: bool = False
    may: frozenset[str] = frozenset()
    """Permissions; a navigation line shows when its own is among them."""
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """What waits, by navigation key."""
    toasts: tuple[Toast, ...] = ()

    @property
    def is_signed_in(self) -> bool:
        return bool(self.user_name)

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.user_name.split()[:2]).upper()

    @property
    def nav(self) -> tuple[NavItem, ...]:
        return tuple(item for item in NAV if item.permission in self.may)

    def is_at(self, item: NavItem) -> bool:
        """Whether the page shown belongs to this line of the navigation."""
        return self.path == item.href or self.path.startswith(f"{item.href}/")


def theme_of(request: Request) -> Theme:
    """The theme this browser chose; "" to follow its system."""
    chosen = request.cookies.get("theme")
    return "light" if chosen == "light" else "dark" if chosen == "dark" else ""


def has_shortcuts(request: Request) -> bool:
    """Whether keyboard shortcuts are on in this browser; they are until switched off."""
    return request.cookies.get("keys") != "off"


def wants_part(request: Request) -> bool:
    """Whether htmx asked for the inside of <main> only. Going back in history needs the whole page again."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-request-type") != "full"
        and headers.get("hx-history-restore-request") != "true"
    )


class Shell:
    """Draws templates; one for the whole process."""

    def __init__(self, env: Environment | None = None) -> None:
        self._env = env or environment()

    def show(
        self, request: Request, template: str, view: object, *, status: int = 200, title: str
    ) -> HTMLResponse:  # fmt: skip
        """The page as an answer: whole, or only what goes inside <main> when htmx asked for that."""
        frame: Frame = request.state.frame
        text = self.render(frame, template, view, title=title, is_part=wants_part(request))
        return HTMLResponse(text, status_code=status, headers=dict(PAGE_HEADERS))

    def fragment(self, request: Request, template: str, view: object, *, status: int = 200) -> HTMLResponse:
        """A template that is not a page (a progress bar, some rows), as it stands."""
        frame: Frame = request.state.frame
        text = self._env.get_template(template).render(view=view, frame=frame)
        return HTMLResponse(text, status_code=status, headers=dict(PAGE_HEADERS))

    def render(self, frame: Frame, template: str, view: object, *, title: str, is_part: bool = False) -> str:
        """The page as text."""
        layout = "ui/part.html" if is_part else "ui/app.html" if frame.is_signed_in else "ui/gate.html"
        return self._env.get_template(template).render(
            layout=layout, frame=frame, view=view, title=title, nav=frame.nav, phone_tabs=PHONE_TABS
        )
