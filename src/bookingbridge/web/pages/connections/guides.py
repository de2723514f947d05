"""How to get credentials at a vendor: the steps that stand in the vendor's own README, as plain sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bookingbridge.canonical.ports import Vendor

_ITEM = re.compile(r"^(?:\d+\.|[-*]) ")
_OURS = "https://<your BookingBridge>"


def guide(vendor: Vendor, part: str, public_url: str) -> tuple[str, ...]:
    """The steps of the set-up's part ("sign in", "token", "webhooks", "sandbox"), addresses filled in; () without."""
    parts = _parts(vendor.read.__module__.rpartition(".")[0])
    lines = next((lines for title, lines in parts.items() if _is(part, title)), ())
    return tuple(line.replace(_OURS, public_url) for line in lines)


def _is(part: str, title: str) -> bool:
    said = title.lower()
    if part == "sign in":
        return "(sign in" in said
    return part in said


@cache
def _parts(package: str) -> Mapping[str, tuple[str, ...]]:
    """The set-up's parts by their titles."""
    file = files(package) / "README.md"
    if not file.is_file():
        return {}
    text = file.read_text(encoding="utf-8")
    section = text.partition("\n## Set up\n")[2].partition("\n## ")[0]
    some = (part.partition("\n") for part in section.split("\n### ")[1:])
    return {title.strip(): _lines(body) for title, _, body in some}


def _lines(body: str) -> tuple[str, ...]:
    """The numbered steps; where there are none, the paragraphs."""
    blocks: list[str] = []
    is_open = False
    for line in body.splitlines():
        if not line.strip():
            is_open = False
        elif _ITEM.match(line) or not is_open:
            blocks.append(line)
            is_open = True
        else:
            blocks[-1] += " " + line.strip()
    steps = [block for block in blocks if _ITEM.match(block)]
    return tuple(_plain(_ITEM.sub("", block, count=1)) for block in steps or blocks)


def _plain(text: str) -> str:
    return re.sub(r"\*{1,2}([^*]+)\*{1,2}", r"\1", text).replace("`", "").strip()
