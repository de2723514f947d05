"""What the words in a file's cells mean: statuses, yes and no, platforms. The words themselves are in words.toml."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.records import BookingStatus, PaymentStatus
from bookingbridge.vendors.files.vocabulary import plain

CHANNELS: Final = frozenset({"google_ads", "meta_ads", "microsoft_ads", "tiktok_ads", "paid_other", "affiliate"})
"""Channels that spend may be booked to."""


@cache
def _words(table: str) -> dict[str, str]:
    """Each word of a table in normal form, and what it means."""
    text = resources.files("bookingbridge.vendors.files").joinpath("words.toml").read_text("utf-8")
    return {plain(word): meaning for meaning, words in tomllib.loads(text)[table].items() for word in words.split("|")}


@lru_cache(maxsize=4096)
def booking_status(text: str) -> BookingStatus:
    """What the word says of a booking. Unreadable for words nobody taught us."""
    if (status := _words("booking_status").get(plain(text))) is None:
        raise Unreadable("unknown status; known are confirmed, completed, cancelled, no-show, pending, declined")
    return BookingStatus(status)


@lru_cache(maxsize=4096)
def payment_status(text: str) -> PaymentStatus:
    """What the word says of a payment. Unreadable for words nobody taught us."""
    if (status := _words("payment_status").get(plain(text))) is None:
        raise Unreadable("unknown status; known are paid, pending, failed, cancelled, refunded")
    return PaymentStatus(status)


def refund(text: str) -> str:
    """`fully` or `partly` where a payment's status says that it was given back; else nothing."""
    return _words("refunds").get(plain(text), "")


def is_status(text: str) -> bool:
    """Whether the word is a status of anything."""
    return any(plain(text) in _words(table) for table in ("booking_status", "payment_status", "campaign_status"))


def flag(text: str) -> bool:
    """Yes or no. Unreadable otherwise."""
    if text.strip() in ("✓", "✔"):
        return True
    if (meaning := _words("answers").get(plain(text))) is None:
        raise Unreadable("neither yes nor no")
    return meaning == "yes"


@lru_cache(maxsize=4096)
def channel(text: str) -> str:
    """The channel of a platform or campaign type: `paid_other` for one nobody taught us."""
    if text.strip() in CHANNELS:
        return text.strip()
    words, word = _words("channel"), plain(text)
    if word in words:
        return words[word]
    return next((c for name, c in words.items() if len(name) > 3 and f" {name} " in f" {word} "), "paid_other")


def campaign_status(text: str) -> str:
    """active, paused or ended; else as written, in lower case."""
    return _words("campaign_status").get(plain(text)) or plain(text)[:40] or "unknown"


def touch_kind(text: str) -> str:
    """visit, click, call, coupon, asked, qr or identify. Unreadable for words nobody taught us."""
    if (kind := _words("touch_kind").get(plain(text))) is None:
        raise Unreadable(f"unknown kind of touch; known are {', '.join(sorted(set(_words('touch_kind').values())))}")
    return kind


def touch_channel(text: str, *, is_told_otherwise: bool) -> str | None:
    """The channel that a touchpoint's own column names; a word of the owner's own stays what it is.

    None for a mere group of channels (Paid Social) where the row tells the channel better (`is_told_otherwise`).
    """
    word = plain(text)
    if channel := _words("touch_channel").get(word):
        return channel
    if group := _words("touch_group").get(word):
        return None if is_told_otherwise else group
    return word.replace(" ", "_")[:60] or None
