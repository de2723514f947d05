"""The living style guide: every part and every page, drawn from the samples. Mounted at /ui; holds no real figure.

uvicorn bookingbridge.web.gallery:app --port 8801
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from bookingbridge.canonical.errors import NotFound
from bookingbridge.web import assets
from bookingbridge.web.pages.today import samples as today
from bookingbridge.web.shell import NAV, BusinessChoice, Frame, Shell, Toast, theme_of
from bookingbridge.web.ui import samples as parts


@dataclass(frozen=True, slots=True)
class Shown:
    """A page with one sample: where it would live, its title, template and view."""

    path: str
    title: str
    template: str
    view: Callable[[], object]
    is_signed_in: bool = True


def _pages() -> dict[str, Shown]:
    return {
        "today": Shown("/today", "Today", "today/page.html", today.busy),
        "today-empty": Shown("/today", "Today", "today/page.html", today.empty),
    }


PAGES = MappingProxyType(_pages())
"""Every page by the name it has in the gallery; the tests draw each of them."""


@dataclass(frozen=True, slots=True)
class GalleryView:
    """The parts, and links to the pages: (address, title, sample's name)."""

    parts: SimpleNamespace
    pages: tuple[tuple[str, str, str], ...]


def frame(path: str, *, is_signed_in: bool = True, request: Request | None = None) -> Frame:
    """An invented person before an invented business."""
    theme = theme_of(request) if request else ""
    if not is_signed_in:
        return Frame(path, "sample", theme)
    return Frame(
        path, "sample", theme, user_name="Dana Kowalski", role="Owner", business_name="Northside Barbers",
        business_note="2 locations",
        businesses=(
            BusinessChoice("1", "Northside Barbers", is_current=True, is_demo=True),
            BusinessChoice("2", "Harbor Street Nails"),
        ),
        is_demo=True, may=frozenset(item.permission for item in NAV), counts={"sync": 3, "connections": 1},
    )  # fmt: skip


_SHELL = Shell()


async def index(request: Request) -> HTMLResponse:
    """All parts on one page."""
    request.state.frame = frame("/ui", request=request)
    base = request.url.path.rstrip("/")
    pages = tuple((f"{base}/pages/{name}", shown.title, name) for name, shown in PAGES.items())
    return _SHELL.show(request, "ui/gallery.html", GalleryView(parts.all_parts(), pages), title="Style guide")


async def page(request: Request) -> HTMLResponse:
    """One page with its sample."""
    shown = PAGES.get(request.path_params["name"])
    if shown is None:
        raise NotFound("there is no such page in the gallery")
    request.state.frame = frame(shown.path, is_signed_in=shown.is_signed_in, request=request)
    return _SHELL.show(request, shown.template, shown.view(), title=shown.title)


def routes() -> list[Route]:
    """For mounting at /ui."""
    return [Route("/", index, name="gallery"), Route("/pages/{name}", page, name="gallery-page")]


def toasts() -> tuple[Toast, ...]:
    """One of each tone."""
    return (Toast("Settings saved."), Toast("Square could not be reached; trying again.", "warn"))


app = Starlette(routes=[Route("/static/{name:path}", assets.serve), Mount("/ui", routes=routes())])
