"""A new vendor, domain or page, begun: files that pass every check, and what is still to be said elsewhere."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template

from bookingbridge.canonical.errors import Refused

KINDS = ("vendor", "domain", "page")
_TEMPLATES = Path(__file__).parent / "scaffolds"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_HOMES = {"vendor": "vendors", "domain": "domains", "page": "web/pages"}

_NEXT = {
    "vendor": (
        "main/wiring.py: from bookingbridge.vendors.$name import VENDOR as $UPPER, and $UPPER in VENDORS",
        "main/settings.py: a setting for each of the manifest's app_fields, if it signs in by OAuth",
        "vendors/$name: capture payloads first; then wire, read, client; then a simulator with its faults",
        "tests: ConversationContract over the simulator, WebhookContract if it sends any",
    ),
    "domain": (
        "pyproject.toml: $name in the ranks (contract 4) and $name.rules among the pure ones (contract 8)",
        "migrations: its tables with business_id first and a policy; their names in tables.py",
        "main/wiring.py: a line in REACTIONS for each reaction, in INGESTERS for each record it takes in",
        "./run map --write",
    ),
    "page": (
        "main/wiring.py: its router in PAGES",
        "web/shell.py: a line in NAV, if it is a place of its own",
        "web/gallery.py: its samples, so that every state is drawn and tested",
        "./run map --write",
    ),
}


def write(kind: str, name: str, root: Path) -> tuple[list[Path], list[str]]:
    """The new files, and what is to be done next. Refused, with nothing written, where the name will not do."""
    if kind not in KINDS:
        raise Refused(f"there is no scaffold for a {kind!r}; there are {', '.join(KINDS)}")
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > 40:
        raise Refused(f"{name!r} will not do: small letters, digits and single underscores, such as acme_books")
    if (root / "src" / "bookingbridge" / _HOMES[kind] / name).exists():
        raise Refused(f"there is a {kind} called {name} already")
    words = _words(name)
    files = {root / _place(path.relative_to(_TEMPLATES / kind), name): path for path in _templates(kind)}
    for target, source in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    return sorted(files), [Template(line).substitute(words) for line in _NEXT[kind]]


def _templates(kind: str) -> list[Path]:
    return sorted((_TEMPLATES / kind).rglob("*.txt"))


def _place(inside: Path, name: str) -> Path:
    """`src/...` is our package; `tests/...` is as it stands."""
    parts = [part.replace("__name__", name) for part in inside.with_suffix("").parts]
    return Path(*(["src", "bookingbridge", *parts[1:]] if parts[0] == "src" else parts))


def _words(name: str) -> dict[str, str]:
    parts = name.split("_")
    return {
        "name": name,
        "UPPER": name.upper(),
        "Class": "".join(part.capitalize() for part in parts),
        "title": " ".join(part.capitalize() for part in parts),
        "path": name.replace("_", "-"),
    }
