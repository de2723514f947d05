"""Passwords are hashed with Argon2id, away from the event loop and only a few at a time."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bookingbridge.canonical.errors import Throttled
from bookingbridge.domains.accounts.rules import PASSWORD_LONGEST

# OWASP's password storage cheat sheet names these as sufficient: 19 MiB, two passes, one lane (read November 2026).
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

_AT_ONCE = 4
_QUEUE = 60
_workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")


async def hashed(password: str) -> str:
    """What is stored of a password."""
    return await _away(password, None)


async def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one. Without a stored one it takes as long, and is not."""
    return await _away(password, stored or _of_nobody()) == "yes" and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters and is worth making again."""
    return _hasher.check_needs_rehash(stored)


async def _away(password: str, stored: str | None) -> str:
    # The executor's queue is unbounded; a flood must not pile up minutes of work for those who come after it.
    if _workers._work_queue.qsize() >= _QUEUE:
        raise Throttled("Too many people are signing in at this moment. Try again in a few seconds.")
    return await asyncio.get_running_loop().run_in_executor(_workers, _work, password, stored)


def _work(password: str, stored: str | None) -> str:
    # Keyboards compose the same letter in several ways. Nothing longer than a password may be is worth hashing.
    typed = unicodedata.normalize("NFKC", password[: PASSWORD_LONGEST + 1]).encode(errors="surrogatepass")
    if stored is None:
        return _hasher.hash(typed)
    try:
        return "yes" if _hasher.verify(stored, typed) else "no"
    except (VerificationError, InvalidHashError):
        return "no"


@cache
def _of_nobody() -> str:
    """A hash that costs what a real one costs to check."""
    return _hasher.hash("nobody's password")
