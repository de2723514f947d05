"""The API described: OpenAPI 3.1 as JSON, and a page that shows it and tries it out. Everything comes from here."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bookingbridge.api.auth import public
from bookingbridge.canonical.errors import NotFound

STATIC = Path(__file__).parent / "static"

# As strict as the pages', but for images: the viewer's own style sheet draws its arrows as `data:` images.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_WHY = "it describes the program, not a business"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    body: bytes = field(repr=False)
    packed: bytes = field(repr=False)
    tag: str


@cache
def _files() -> dict[str, _File]:
    return {path.name: _file(path) for path in STATIC.iterdir() if path.suffix in _TYPES}


def _file(path: Path) -> _File:
    body = path.read_bytes()
    tag = hashlib.sha256(body).hexdigest()[:12]
    return _File(_TYPES[path.suffix], body, gzip.compress(body, 9, mtime=0), tag)


@router.get("/openapi.json", dependencies=[public(_WHY)])
async def openapi_json(request: Request) -> Response:
    """The description, for programs that write clients."""
    return JSONResponse(
        request.app.openapi(), headers={"cache-control": "no-cache", "access-control-allow-origin": "*"}
    )


@router.get("/docs", dependencies=[public(_WHY)])
async def docs_page(request: Request) -> Response:
    """The page."""
    here = request.scope.get("root_path", "")
    versions = {name: f"{escape(here)}/docs/{name}?v={file.tag}" for name, file in _files().items()}
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · BookingBridge</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{versions["swagger-ui.css"]}">
<link rel="stylesheet" href="{versions["docs.css"]}">
<script src="{versions["swagger-ui-bundle.js"]}" defer></script>
<script src="{versions["docs.js"]}" defer></script>
</head>
<body>
<a class="back" href="/">BookingBridge</a>
<noscript>This page needs JavaScript; the same is in <a href="{escape(here)}/openapi.json">openapi.json</a>.</noscript>
<main id="docs" data-description="{escape(here)}/openapi.json"></main>
</body>
</html>
"""
    return HTMLResponse(
        page, headers={"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-cache"}
    )  # fmt: skip


@router.get("/docs/{name}", dependencies=[public(_WHY)])
async def docs_file(request: Request, name: str) -> Response:
    """A file of the page; kept for a year when asked for by its hash."""
    found = _files().get(name)
    if found is None:
        raise NotFound("There is no such file.")
    is_exact = request.query_params.get("v") == found.tag
    headers = {
        "etag": f'"{found.tag}"',
        "cache-control": "public, max-age=31536000, immutable" if is_exact else "no-cache",
        "vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(found.body, media_type=found.media_type, headers=headers)
