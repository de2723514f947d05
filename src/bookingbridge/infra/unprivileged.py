"""As whom a program runs that refuses to run as root. No user is added and no folder is opened for it."""

from __future__ import annotations

import ctypes
import os
import pwd
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookingbridge.canonical.errors import Refused

_NOBODY = 65534
_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_PROBE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Identity:
    """How to start a program: `options` are for subprocess; `owner` (uid, gid) must own what it writes."""

    name: str
    owner: tuple[int, int]
    options: Mapping[str, Any] = field(default_factory=dict)

    def run(self, command: Sequence[str | Path], **how: Any) -> subprocess.CompletedProcess[str]:
        """The program has ended; its output is text. Raises what subprocess raises."""
        return subprocess.run(command, text=True, check=False, **how, **self.options)  # noqa: S603

    def spawn(self, command: Sequence[str | Path], **how: Any) -> subprocess.Popen[bytes]:
        """The program has begun."""
        return subprocess.Popen(command, **how, **self.options)  # noqa: S603

    def can(self, command: Sequence[str | Path]) -> bool:
        """Whether a harmless command succeeds under this identity."""
        try:
            return self.run(command, capture_output=True, timeout=_PROBE_SECONDS).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False

    def can_enter(self, folder: Path) -> bool:
        """Whether `folder` can be reached: its parents are left as they are, so this may be False for good."""
        return self.can(["/bin/sh", "-c", 'cd "$1"', "sh", folder])

    def give(self, path: Path) -> None:
        """`path` and everything in it belong to the identity."""
        for folder, folders, files in os.walk(path):
            for name in (".", *folders, *files):
                os.chown(os.path.join(folder, name), *self.owner, follow_symlinks=False)


def identity_for(path: Path) -> Identity:
    """Who shall run a program that keeps its files in `path` (which may not exist yet, its folder must).

    An ordinary user: itself. Root: the owner of `path` (or of its folder) when that is an ordinary user; else a user
    namespace in which root is called nobody; where the kernel forbids those (containers), the user nobody.
    Raises Refused where none of them may enter the folder.
    """
    able = [identity for identity in _choices(path) if identity.can(["/bin/sh", "-c", "exit 0"])]
    for identity in able:
        if identity.can_enter(path.parent):
            return identity
    raise Refused(
        f"PostgreSQL does not run as root, and {' or '.join(each.name for each in able)} may not enter {path.parent}. "
        "Start BookingBridge as an ordinary user, or choose a data folder whose parents everybody may enter, "
        "for instance /var/lib/bookingbridge."
    )


def _choices(path: Path) -> list[Identity]:
    me = os.geteuid()
    itself = Identity("this user", (me, os.getegid()))
    if me != 0:
        # A container may run under a number that no user has; initdb then asks in vain who it is.
        return [itself] if _has_a_name(me) else [_renamed(), itself]
    owner = (path if path.exists() else path.parent).stat()
    if owner.st_uid != 0 and _has_a_name(owner.st_uid):
        return [_user(owner.st_uid)]
    return [_renamed(), _user(_nobody())]


def _has_a_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _nobody() -> int:
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return _NOBODY


def _user(uid: int) -> Identity:
    """An existing user, without root's other groups."""
    try:
        name, gid = (entry := pwd.getpwuid(uid)).pw_name, entry.pw_gid
    except KeyError:
        name, gid = str(uid), uid
    return Identity(f"the user {name}", (uid, gid), {"user": uid, "group": gid, "extra_groups": []})


def _renamed() -> Identity:
    """The user we are, who sees itself as nobody: files stay ours, and programs see no root."""
    us = (os.geteuid(), os.getegid())
    return Identity("root in a user namespace", us, {"preexec_fn": _into_namespace(*us, seen_as=_nobody())})


def _into_namespace(uid: int, gid: int, *, seen_as: int) -> Callable[[], None]:
    """What a child does between fork and exec. Everything is prepared before: afterwards only system calls happen."""
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    maps = (
        (b"/proc/self/setgroups", b"deny"),
        (b"/proc/self/uid_map", b"%d %d 1" % (seen_as, uid)),
        (b"/proc/self/gid_map", b"%d %d 1" % (seen_as, gid)),
    )

    def enter() -> None:
        if unshare is None or unshare(_CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "the kernel grants no user namespace")
        for path, text in maps:
            target = os.open(path, os.O_WRONLY)
            os.write(target, text)
            os.close(target)

    return enter
