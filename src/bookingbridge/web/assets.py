"""Our style sheet, script, font and htmx, each at an address that holds its hash, so a browser keeps it for good."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from bookingbridge.canonical.errors import NotFound
from bookingbridge.web.csp import HEADERS

STATIC = Path(__file__).parent / "static"
PREFIX = "/static/"

_BUNDLES = {
    "app.css": ("tokens.css", "base.css", "layout.css", "parts.css", "charts.css", "pages.css", "util.css"),
}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}
_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. `sha8` is the first 8 hex digits of its SHA-256."""

    name: str
    media_type: str
    body: bytes = field(repr=False)
    packed: bytes | None = field(repr=False)
    sha8: str

    @property
    def url(self) -> str:
        return f"{PREFIX}{self.name}?v={self.sha8}"


def _made(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    packed = None if suffix == ".woff2" else gzip.compress(body, 9, mtime=0)
    return Asset(name, _TYPES[suffix], body, packed, hashlib.sha256(body).hexdigest()[:8])


def _joined(parts: tuple[str, ...], known: dict[str, Asset]) -> bytes:
    """The style sheets as one, without comments and indentation, their url("...") pointing at hashed addresses."""
    text = "\n".join((STATIC / "css" / part).read_text("utf-8") for part in parts)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", "\n", text).strip()
    text = re.sub(r'url\("([^"]+)"\)', lambda m: f'url("{known[m.group(1)].url}")', text)
    return text.encode()


@cache
def all_assets() -> MappingProxyType[str, Asset]:
    """Everything served under /static/, by name; read once."""
    known: dict[str, Asset] = {}
    for path in sorted(STATIC.rglob("*")):
        name = path.relative_to(STATIC).as_posix()
        if path.suffix in _TYPES and not name.startswith("css/"):
            known[name] = _made(name, path.read_bytes())
    for name, parts in _BUNDLES.items():
        known[name] = _made(name, _joined(parts, known))
    return MappingProxyType(known)


def asset(name: str) -> str:
    """The address of a static file, with its hash: /static/app.css?v=1a2b3c4d."""
    try:
        return all_assets()[name].url
    except KeyError as missing:
        raise NotFound(f"there is no static file {name!r}") from missing


async def serve(request: Request) -> Response:
    """The static file `{name:path}`; kept for a year when asked for by its hash, checked again otherwise."""
    found = all_assets().get(request.path_params["name"])
    if found is None:
        return Response("Not found", status_code=404, media_type="text/plain", headers=dict(HEADERS))
    headers = {
        **HEADERS,
        "etag": f'"{found.sha8}"',
        "cache-control": _YEAR if request.query_params.get("v") == found.sha8 else "no-cache",
        "vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    body = found.body
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["content-encoding"] = found.packed, "gzip"
    return Response(body, media_type=found.media_type, headers=headers)
