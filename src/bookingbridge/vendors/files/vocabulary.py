"""The fields each kind of file may hold, and which headings mean them. The words themselves are in vocabulary.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from typing import Any

SURE = 1.0
WEAK = 0.6


class Looks(StrEnum):
    """What the cells of a field must look like."""

    TEXT = "text"
    TIME = "time"
    DAY = "day"
    CLOCK = "clock"
    LENGTH = "length"
    MONEY = "money"
    COUNT = "count"
    EMAIL = "email"
    PHONE = "phone"
    STATUS = "status"
    FLAG = "flag"
    CURRENCY = "currency"
    ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `headings` are normal forms of column names and how surely each means this field (0 to 1)."""

    name: str
    looks: Looks
    help: str
    headings: dict[str, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file.

    `needs`: of each group at least one field must be there. `telling` fields set this kind apart from the others.
    """

    name: str
    title: str
    help: str
    fields: dict[str, Field]
    needs: tuple[tuple[str, ...], ...]
    telling: frozenset[str]
    file_names: tuple[str, ...]


_BRACKETED = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*")
_APOSTROPHES = str.maketrans("", "", "'’`ʼ")
_NOT_A_LETTER = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=50_000)
def plain(text: str) -> str:
    """The text without case, accents and punctuation: words that are equal so are the same word."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    # A Polish l with stroke is a letter of its own to Unicode; people leave the stroke out.
    bare = text.casefold().replace("ł", "l").translate(_APOSTROPHES)
    return _NOT_A_LETTER.sub(" ", bare).strip()


def plain_heading(heading: str) -> str:
    """The same of a heading, in which `startDate` is `start date`."""
    return plain(_CAMEL.sub(" ", heading))


def without_brackets(heading: str) -> str:
    """`Amount spent (USD)` is `amount spent`."""
    return plain_heading(_BRACKETED.sub(" ", heading))


def kinds() -> dict[str, Kind]:
    """All kinds by name."""
    return _kinds()


@cache
def _kinds() -> dict[str, Kind]:
    text = resources.files("bookingbridge.vendors.files").joinpath("vocabulary.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    return {name: _kind(name, raw) for name in raw}


def _kind(name: str, raw: dict[str, Any]) -> Kind:
    entry = raw[name]
    return Kind(
        name,
        entry["title"],
        entry["help"],
        {field: _field(field, given, raw) for field, given in entry["fields"].items()},
        tuple(tuple(group) for group in entry["needs"]),
        frozenset(entry["telling"]),
        tuple(entry["file_names"]),
    )


def _field(name: str, given: dict[str, Any], raw: dict[str, Any]) -> Field:
    words = given
    if "same_as" in given:
        other, _, field = given["same_as"].partition(".")
        words = raw[other]["fields"][field]
    headings = _ranked(words.get("weak", ""), WEAK) | _ranked(words["names"], SURE) | {plain(name): SURE}
    headings.pop("", None)
    return Field(name, Looks(given["type"]), given["help"], headings)


def _ranked(words: str, surely: float) -> dict[str, float]:
    """Headings by how surely they mean the field; of two columns the one whose heading stands first is taken."""
    return {plain(word): surely - place * 0.0005 for place, word in reversed(list(enumerate(words.split("|"))))}
