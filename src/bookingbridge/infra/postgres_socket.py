"""Where a server's Unix socket lies: a folder nobody else may enter, with a path short enough for a socket."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra.unprivileged import Identity

PORT = 5432
"""Part of the socket's name only; nothing listens on the network."""

# A socket's path has at most 107 bytes on Linux (unix(7): sun_path, less the closing zero) and 103 on macOS.
_FOLDER_MAX = 103 - len(f"/.s.PGSQL.{PORT}")


def folder_for(data: Path, identity: Identity) -> Path:
    """The data folder; where a socket cannot have its path, a short private folder that its name decides.

    Raises Refused where somebody else made that folder first, or may enter it.
    """
    if not _needs_another(data):
        return data
    folder = _short(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    seen = folder.lstat()
    is_private = stat.S_ISDIR(seen.st_mode) and not seen.st_mode & 0o077
    if not is_private or seen.st_uid not in (os.geteuid(), identity.owner[0]):
        raise Refused(f"{folder} belongs to somebody else. Remove it, or choose another path than {data}.")
    identity.give(folder)
    return folder


def forget(data: Path) -> None:
    """The short folder of a stopped server is gone, if there was one."""
    if _needs_another(data):
        with contextlib.suppress(OSError):
            _short(data).rmdir()


def _needs_another(data: Path) -> bool:
    # In a libpq URL a comma separates hosts, however it is encoded.
    return len(os.fsencode(data)) > _FOLDER_MAX or "," in str(data)


def _short(data: Path) -> Path:
    name = f"bookingbridge-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    base = tempfile.gettempdir()
    return Path(base if len(os.fsencode(base)) + len(name) < _FOLDER_MAX else "/tmp") / name  # noqa: S108
