"""Headers of a captured webhook delivery, as people save them."""

from __future__ import annotations

import json

from bookingbridge.canonical.errors import Unreadable


def read_headers(text: str) -> dict[str, str]:
    """Names in lower case to values, from `Name: value` lines (as curl prints them) or a JSON object."""
    stripped = text.strip()
    if stripped.startswith("{"):
        try:
            found = json.loads(stripped)
        except ValueError as broken:
            raise Unreadable("the headers are not a JSON object") from broken
        return {str(name).lower(): str(value) for name, value in found.items()}
    headers: dict[str, str] = {}
    for number, line in enumerate(stripped.splitlines(), 1):
        if not line.strip() or line.startswith(("POST ", "HTTP/")):
            continue
        name, colon, value = line.lstrip("<> ").partition(":")
        if not colon:
            raise Unreadable(f"{line[:60]!r} is not a header", where=f"line {number}")
        headers[name.strip().lower()] = value.strip()
    return headers
