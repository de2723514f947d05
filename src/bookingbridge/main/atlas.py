"""The map of the code, drawn from the code: tables for ARCHITECTURE.md, and what else in the docs is generated.

A document holds a table between `<!-- table: NAME -->` and `<!-- end -->`. `bookingbridge map --write` draws them anew;
a test fails while one is stale.
"""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts.api import PERMISSIONS, Permission
from bookingbridge.main import manual, wiring
from bookingbridge.web.access import RouteAccess, route_table

MARKED = re.compile(r"(?s)(<!-- table: ([a-z_]+) -->\n).*?(<!-- end -->)")
DOCUMENTS = ("ARCHITECTURE.md", "docs/connections.md", "docs/operations.md", "docs/security.md")
"""Files that hold tables. The whole of docs/cli.md and docs/openapi.json is drawn, too."""

INFRA_TABLES = ("events", "idempotency_keys", "public_addresses", "rate_buckets", "reactions_done")
"""The tables that infra owns. Those of Alembic and of the job library are theirs."""

OPEN_TO_ALL = "businesses"
"""What everything may point to: the business is the unit of isolation, and each row is of one."""

Rows = Iterable[Sequence[str]]


def checkout() -> Path:
    """The folder with pyproject.toml. Refused where the product was installed without its source's surroundings."""
    root = Path(__file__).parents[3]
    if not (root / "pyproject.toml").is_file():
        raise Refused("this needs a checkout of the source: an installed package has no ARCHITECTURE.md")
    return root


def drawn(root: Path) -> dict[Path, str]:
    """Every generated document as it should be, by its path."""
    documents = {root / name: _with_tables((root / name).read_text(encoding="utf-8")) for name in DOCUMENTS}
    documents[root / "docs" / "cli.md"] = manual.command_line()
    documents[root / "docs" / "openapi.json"] = manual.openapi()
    return documents


def stale(root: Path) -> list[Path]:
    """The documents that do not say what the code says, by path."""
    return sorted(p for p, text in drawn(root).items() if not p.is_file() or p.read_text(encoding="utf-8") != text)


def write(root: Path) -> list[Path]:
    """Those that were stale, drawn anew."""
    old = stale(root)
    texts = drawn(root)
    for path in old:
        path.write_text(texts[path], encoding="utf-8")
    return old


def table(name: str) -> str:
    """The table of that name in Markdown."""
    heads, rows = TABLES[name]()
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(_cell(c) for c in line)} |\n" for line in lines)


def _with_tables(text: str) -> str:
    return MARKED.sub(lambda found: f"{found[1]}\n{table(found[2])}\n{found[3]}", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


@cache
def _linter() -> list[dict[str, Any]]:
    project = tomllib.loads((checkout() / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return found


def ranks() -> list[list[str]]:
    """The domains by rank, the highest first; those of one rank do not know each other."""
    [contract] = [c for c in _linter() if c["type"] == "layers" and c["containers"] == ["bookingbridge.domains"]]
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def owners() -> dict[str, tuple[str, ...]]:
    """Who owns which tables: infra, sync, then the domains from the lowest rank up."""
    found: dict[str, tuple[str, ...]] = {"infra": INFRA_TABLES}
    found["sync"] = importlib.import_module("bookingbridge.sync.store").TABLES
    for rank in reversed(ranks()):
        for name in rank:
            found[name] = tuple(sorted(importlib.import_module(f"bookingbridge.domains.{name}.tables").TABLES))
    return found


def routes() -> list[RouteAccess]:
    """Every route of the web app with what it asks. Nothing is opened for that."""
    from bookingbridge.infra.clock import SystemClock
    from bookingbridge.infra.db import Database
    from bookingbridge.main.settings import Settings
    from bookingbridge.main.web_app import create_app

    settings = Settings.model_validate({"secret_key": "0" * 32, "hash_salt": "0"})
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", SystemClock())
    return route_table(create_app(settings, wiring.engine(settings, nowhere)).app)


def _contracts() -> tuple[list[str], Rows]:
    return ["contract", "it says"], [(c["name"], _says(c)) for c in _linter()]


def _says(contract: Mapping[str, Any]) -> str:
    def names(key: str) -> str:
        return ", ".join(f"`{name.removeprefix('bookingbridge.')}`" for name in contract[key])

    match contract["type"]:
        case "layers":
            return "`" + " > ".join(contract["layers"]) + "`"
        case "independence":
            return f"{names('modules')}: none imports another"
        case "protected":
            return f"{names('protected_modules')} only by {names('allowed_importers')}"
        case "forbidden":
            return f"{names('source_modules')} without {names('forbidden_modules')}"
        case "acyclic_siblings":
            return f"no import cycle in {names('ancestors')}, at any depth"
        case _:
            return f"our own (`{contract['type']}`), over `{contract['domains'].removeprefix('bookingbridge.')}`"


def _ranks() -> tuple[list[str], Rows]:
    rows = [
        (str(len(ranks()) - i), "<br>".join(f"`{name}` {_about(name)}" for name in rank))
        for i, rank in enumerate(ranks())
    ]
    return ["rank", "domains"], rows


def _about(domain: str) -> str:
    package = importlib.import_module(f"bookingbridge.domains.{domain}")
    door = importlib.import_module(f"bookingbridge.domains.{domain}.api")
    return inspect.cleandoc(package.__doc__ or door.__doc__ or "").splitlines()[0]


def _reactions() -> tuple[list[str], Rows]:
    rows = [
        (f"`{event.__name__}`", inspect.getdoc(event) or "", ", ".join(f"`{name}`" for name in some))
        for event, some in wiring.REACTIONS.items()
    ]
    return ["event", "what happened", "reactions"], rows


def _vendors() -> tuple[list[str], Rows]:
    from bookingbridge.canonical.ports import Ability
    from bookingbridge.main import quality

    found = [quality.described(name) for name in quality.names()]
    abilities = [str(a) for a in Ability]
    rows = [
        (f"`{v['name']}` {v['title']}", *("yes" if a in v["abilities"] else "" for a in abilities),
         ", ".join(v["auth"]), v["api_version"], v["level"])
        for v in found
    ]  # fmt: skip
    return ["vendor", *(a.replace("_", " ") for a in abilities), "sign-in", "API version", "level"], rows


def _owners() -> tuple[list[str], Rows]:
    rows = [(f"`{owner}`", ", ".join(f"`{t}`" for t in tables) or "none") for owner, tables in owners().items()]
    return ["owner", "tables"], rows


def _routes() -> tuple[list[str], Rows]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for route in routes():
        grouped.setdefault((_area(route.path), str(route.access)), []).append(f"`{route.method} {route.path}`")
    return ["area", "asks", "routes"], [(area, asks, "<br>".join(some)) for (area, asks), some in grouped.items()]


def _area(path: str) -> str:
    parts = path.strip("/").split("/")
    return "/".join(parts[:3]) if parts[:2] == ["api", "v1"] else parts[0] or "/"


def _permissions() -> tuple[list[str], Rows]:
    roles = list(PERMISSIONS)
    rows = [(f"`{p}`", *("yes" if p in PERMISSIONS[role] else "" for role in roles)) for p in Permission]
    return ["permission", *(role.replace("_", " ") for role in roles)], rows


def _settings() -> tuple[list[str], Rows]:
    return ["variable", "default", "meaning"], manual.settings_rows()


TABLES: Mapping[str, Callable[[], tuple[list[str], Rows]]] = {
    "contracts": _contracts,
    "ranks": _ranks,
    "reactions": _reactions,
    "vendors": _vendors,
    "owners": _owners,
    "routes": _routes,
    "permissions": _permissions,
    "settings": _settings,
}
"""What can stand between markers, by its name there."""
