"""The script and the pixel, as they are sent."""

from __future__ import annotations

import base64
import gzip
from hashlib import sha256
from pathlib import Path

from bookingbridge.api.asgi import Answer, Header

_SOURCE = Path(__file__).parent / "tracker" / "bb.js"

# The smallest GIF: one transparent pixel.
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PIXEL_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"image/gif"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)


def pixel(status: int = 200) -> Answer:
    """One transparent pixel that no cache keeps."""
    return Answer(status, PIXEL_HEADERS, _PIXEL)


class Script:
    """bb.js, read once and compressed once. Pages may keep it for an hour and then ask whether it changed."""

    def __init__(self, source: Path = _SOURCE) -> None:
        self._plain = source.read_bytes()
        self._zipped = gzip.compress(self._plain, 9, mtime=0)
        self.etag = f'"{sha256(self._plain).hexdigest()[:20]}"'

    def answer(self, *, accepts: str, known: str) -> Answer:
        """The script; 304 where `known` (If-None-Match) names it, zipped where `accepts` (Accept-Encoding) allows."""
        headers: tuple[Header, ...] = (
            (b"content-type", b"text/javascript; charset=utf-8"),
            (b"cache-control", b"public, max-age=3600"),
            (b"etag", self.etag.encode()),
            (b"vary", b"accept-encoding"),
            (b"access-control-allow-origin", b"*"),
            (b"cross-origin-resource-policy", b"cross-origin"),
            (b"x-content-type-options", b"nosniff"),
        )
        if any(tag.strip().removeprefix("W/") in (self.etag, "*") for tag in known.split(",")):
            return Answer(304, headers)
        if _accepts_gzip(accepts):
            return Answer(200, (*headers, (b"content-encoding", b"gzip")), self._zipped)
        return Answer(200, headers, self._plain)


def _accepts_gzip(accepts: str) -> bool:
    for part in accepts.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
