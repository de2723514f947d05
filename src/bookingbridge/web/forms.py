"""What a person typed into a form: texts by name, and where to go afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse

SEE_OTHER = 303


async def posted(request: Request) -> Mapping[str, str]:
    """The form's texts, the last of each name; files are left out. The database takes no NUL, so none comes through."""
    form = await request.form()
    return {name: value.replace("\x00", "") for name, value in form.multi_items() if isinstance(value, str)}


def safe_path(given: str | None, otherwise: str) -> str:
    """A path on this site that was handed in as `next`; `otherwise` for anything that could lead elsewhere."""
    if not given or not given.startswith("/") or given.startswith(("//", "/\\")) or not given.isprintable():
        return otherwise
    try:
        parts = urlsplit(given)
    except ValueError:
        return otherwise
    return given if not parts.netloc and not parts.scheme and "\\" not in given else otherwise


def go(path: str) -> RedirectResponse:
    """After something was done: the browser gets the page at `path`, and reloading it repeats nothing."""
    return RedirectResponse(path, SEE_OTHER)
