"""A vendor's quality level, computed from what is there: never claimed. The rules are few and each can be looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bookingbridge.canonical.ports import Ability, Auth, Vendor
from bookingbridge.main.wiring import VENDORS


def _package(vendor: Vendor) -> Path:
    return Path(inspect.getfile(inspect.getmodule(vendor.read) or vendor.read)).parent


def _readme(vendor: Vendor) -> str:
    path = _package(vendor) / "README.md"
    return path.read_text(encoding="utf-8").lower() if path.is_file() else ""


Rule = tuple[str, str, Callable[[Vendor], bool]]

RULES: tuple[Rule, ...] = (
    ("bronze", "every stream has a title and a kind", lambda v: all(s.title and s.kind for s in v.manifest.streams)),
    ("bronze", "every permission says why it is asked for", lambda v: all(s.why for s in v.manifest.scopes)),
    ("bronze", "only named hosts can be reached", lambda v: bool(v.manifest.allowed_hosts)),
    (
        "bronze",
        "secrets are marked",
        lambda v: any(f.is_secret for f in v.manifest.token_fields + v.manifest.app_fields),
    ),
    ("bronze", "a simulator is shipped", lambda v: bool(list(_package(v).glob("simulator*")))),
    ("bronze", "set-up is documented", lambda v: len(_readme(v)) > 800),
    ("silver", "the documentation says what it costs", lambda v: "cost" in _readme(v)),
    ("silver", "the documentation says its limits", lambda v: "limit" in _readme(v)),
    ("silver", "the API version is pinned", lambda v: bool(v.manifest.api_version)),
    (
        "silver",
        "access that ends is renewed by us, or is pasted and does not end",
        lambda v: v.oauth is not None or v.sign_in is not None or Auth.OAUTH not in v.manifest.auth,
    ),
    ("silver", "what changed late is read again", lambda v: all(s.overlap for s in v.manifest.streams)),
    ("gold", "webhooks are verified", lambda v: v.webhooks is not None or Ability.WEBHOOKS not in v.manifest.abilities),
    ("gold", "webhooks are registered by us", lambda v: v.webhooks is None or v.subscribing is not None),
    (
        "gold",
        "bookings are written, where the vendor has bookings",
        lambda v: Ability.BOOKINGS not in v.manifest.abilities or bool(v.commands),
    ),
)
LEVELS = ("bronze", "silver", "gold")


def level(vendor: Vendor) -> str:
    """The highest level of which, and of all below it, every rule holds; "none" below bronze."""
    reached = "none"
    for name in LEVELS:
        if not all(holds(vendor) for at, _, holds in RULES if at == name):
            break
        reached = name
    return reached


def names() -> list[str]:
    """The vendors there are."""
    return sorted(VENDORS)


def described(name: str) -> dict[str, Any]:
    """A vendor for `vendors --json` and the docs."""
    vendor = VENDORS[name]
    m = vendor.manifest
    return {
        "name": m.name,
        "title": m.title,
        "tagline": m.tagline,
        "abilities": sorted(m.abilities),
        "auth": [str(a) for a in m.auth],
        "api_version": m.api_version,
        "streams": [s.name for s in m.streams],
        "scopes": [s.name for s in m.scopes],
        "limits": m.limits,
        "cost": m.cost,
        "level": level(vendor),
        "rules": [{"level": at, "rule": rule, "holds": holds(vendor)} for at, rule, holds in RULES],
    }
