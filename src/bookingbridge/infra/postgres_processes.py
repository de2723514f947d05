"""Which processes of a PostgreSQL server over a folder live, asked of the kernel rather than of process numbers.

Every process of a server inherits a lock on the folder's PG_VERSION. A killed postmaster that nobody reaped (a zombie)
holds no lock, a number that another program got meanwhile holds none, and a server in another container, whose numbers
mean nothing here, does hold it. The file postmaster.pid is believed only where the process it names is confirmed.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")

# Kept so that a server that ended before us is reaped when somebody asks for it.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class PidFile:
    """What postmaster.pid says (PostgreSQL 15 to 18, miscadmin.h, LOCK_FILE_LINE_*). Lines appear one after another."""

    pid: int
    port: int
    socket_dir: Path
    is_ready: bool


def read_pid_file(data: Path) -> PidFile | None:
    """The file's content, with zeros for what was not written yet; None where there is none or it is broken."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    lines += [""] * (8 - len(lines))
    port = int(lines[3]) if lines[3].isdigit() else 0
    return PidFile(pid, port, Path(lines[4]), is_ready=lines[7].strip() == "ready")


def remember(process: subprocess.Popen[bytes]) -> None:
    """This child will be reaped when it is next asked about."""
    _children[process.pid] = process


def postmaster(data: Path) -> int | None:
    """The number of the living postmaster over `data`, also of one that was started by hand; None where it is dead."""
    written = read_pid_file(data)
    if written is None:
        return None
    if (child := _children.get(written.pid)) and child.poll() is not None:
        del _children[written.pid]
        return None
    return written.pid if _serves(written.pid, data) else None


def claim(data: Path) -> int | None:
    """The lock that says that no process serves `data`, to be handed to one that will; None while others hold it.

    Returns a file descriptor, which the caller closes.
    """
    lock = os.open(data / "PG_VERSION", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def end_orphans(data: Path) -> None:
    """Processes whose postmaster died are told to quit, as it would have told them. A long query notices only this."""
    if postmaster(data) is not None or not _PROC.is_dir():
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and _serves(int(entry.name), data):
            send(int(entry.name), signal.SIGQUIT)


def send(pid: int, number: signal.Signals) -> None:
    """The signal is sent, if there still is such a process."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _serves(pid: int, data: Path) -> bool:
    """Whether the process lives and is a PostgreSQL over `data`: those work inside their data folder."""
    if not _PROC.is_dir():
        return _is_a_living_postgres(pid)
    here = _PROC / str(pid)
    try:
        name, _, rest = (here / "stat").read_text().rpartition(")")
        return rest.split()[0] not in "ZX" and "postgres" in name and os.path.samefile(here / "cwd", data)
    except (OSError, IndexError):
        return False


def _is_a_living_postgres(pid: int) -> bool:
    """The same, as far as `ps` can tell (macOS has no /proc)."""
    shown = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return "postgres" in shown and not shown.startswith("Z")
