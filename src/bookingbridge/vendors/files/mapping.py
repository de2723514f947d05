"""Which column means what: guessed from headings and contents, corrected by the person."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookingbridge.canonical.errors import Refused
from bookingbridge.vendors.files import looks
from bookingbridge.vendors.files.table import Table
from bookingbridge.vendors.files.vocabulary import WEAK, Field, Kind, Looks, kinds, plain_heading, without_brackets

_SAMPLE = 200
_LEAST = 0.4
_UNFIT = 0.45
_CONTAINED = 0.7
SURE_ENOUGH = 0.55
"""Below this the kind of a file is not taken for granted; the person is asked."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the file is and which column gives which field.

    `columns` and `sureness` (0 to 1) are by field; `missing` are sentences on what no column gives and import needs.
    """

    kind: str
    kind_sureness: float
    columns: dict[str, str]
    sureness: dict[str, float]
    ignored: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person says about it: the kind, field to column ("" leaves a field out), options by name.

    Without `guesses`, only the fields named here are read.
    """

    kind: str | None = None
    columns: AnyMapping[str, str] = field(default_factory=dict)
    options: AnyMapping[str, str] = field(default_factory=dict)
    guesses: bool = True

    def with_pairs(self, pairs: Iterable[str]) -> Wishes:
        """The same with `field=column` texts from a command line added. Refused where one is not of that form."""
        columns = dict(self.columns)
        for pair in pairs:
            name, sep, column = pair.partition("=")
            if not sep or not name.strip():
                raise Refused(f"{pair[:60]!r} is not of the form field=column")
            columns[name.strip()] = column.strip()
        return Wishes(self.kind, columns, self.options, self.guesses)


def wishes_from(path: Path) -> Wishes:
    """The wishes in a TOML or JSON file: `kind`, `guess`, and the tables `columns` and `options`.

    Refused, with the reason, where the file is not such a one.
    """
    try:
        text = path.read_text("utf-8")
        raw = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as broken:
        raise Refused(f"the mapping file {path.name} cannot be read: {str(broken)[:200]}") from broken
    if not isinstance(raw, dict) or not set(raw) <= {"kind", "guess", "columns", "options"}:
        raise Refused(f"the mapping file {path.name} holds kind, guess, [columns] and [options], and nothing else")
    kind, guesses = raw.get("kind"), raw.get("guess", True)
    if not isinstance(kind, str | None) or not isinstance(guesses, bool):
        raise Refused(f"in the mapping file {path.name}, kind is a text and guess is true or false")
    return Wishes(kind, _texts(raw, "columns", path), _texts(raw, "options", path), guesses)


def _texts(raw: dict[str, Any], name: str, path: Path) -> dict[str, str]:
    table = raw.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(value, str | int) for value in table.values()):
        raise Refused(f"in the mapping file {path.name}, {name} names texts")
    return {str(key): str(value) for key, value in table.items()}


def guess(table: Table, wishes: Wishes | None = None) -> Mapping:
    """The likeliest kind and mapping of the table, wishes fulfilled first.

    Refused for wishes that name a kind, field or column that is not there.
    """
    wanted = wishes or Wishes()
    known = kinds()
    if wanted.kind is not None:
        kind = known.get("clients" if wanted.kind == "customers" else wanted.kind)
        if kind is None:
            raise Refused(f"there is no kind {wanted.kind[:40]!r}; there are {', '.join(known)}")
        return _for_kind(table, kind, wanted, 1.0)
    tried = sorted(((_score(table, _for_kind(table, k, wanted, 0.0, lenient=True)), k) for k in known.values()),
                   key=lambda pair: -pair[0])  # fmt: skip
    (best, kind), (second, _) = tried[0], tried[1]
    sureness = best**2 / (best**2 + second**2) if best else 0.0
    if table.format == "ics" and kind.name == "bookings":
        sureness = 1.0
    return _for_kind(table, kind, wanted, round(sureness, 2))


def _score(table: Table, mapping: Mapping) -> float:
    """How well a kind explains the table: columns understood, telling ones more, the file's name a little."""
    kind = kinds()[mapping.kind]
    covered = sum(mapping.sureness.values()) / max(3, len(table.columns))
    telling = sum(0.15 * mapping.sureness[name] for name in kind.telling if name in mapping.sureness)
    named = 0.2 * any(word in table.name.casefold() for word in kind.file_names)
    return (covered + min(0.6, telling) + named) * (0.2 if mapping.missing else 1.0)


def _for_kind(table: Table, kind: Kind, wishes: Wishes, sureness: float, *, lenient: bool = False) -> Mapping:
    columns, sure = _wished(table, kind, wishes, lenient=lenient)
    if wishes.guesses:
        taken = set(columns.values())
        fields = [f for f in kind.fields.values() if f.name not in wishes.columns]
        for score, name, column in _candidates(table, fields):
            if name not in columns and column not in taken:
                columns[name], sure[name] = column, round(min(score, 1.0), 2)
                taken.add(column)
    used = set(columns.values())
    return Mapping(
        kind.name,
        sureness,
        {name: columns[name] for name in kind.fields if name in columns},
        sure,
        tuple(column for column in table.columns if column not in used),
        tuple(_lack(kind, group) for group in kind.needs if not any(name in columns for name in group)),
    )


def _lack(kind: Kind, group: tuple[str, ...]) -> str:
    named = " or ".join(f"{name} ({kind.fields[name].help})" for name in group[:3])
    return f"no column gives {named}; say which with --map {group[0]}=COLUMN"


def _wished(table: Table, kind: Kind, wishes: Wishes, *, lenient: bool) -> tuple[dict[str, str], dict[str, float]]:
    by_plain = {plain_heading(column): column for column in reversed(table.columns)}
    columns: dict[str, str] = {}
    for name, wanted in wishes.columns.items():
        if name not in kind.fields:
            if lenient:
                continue
            raise Refused(f"{kind.title} have no field {name[:40]!r}; there are {', '.join(kind.fields)}")
        if not wanted:
            continue
        column = wanted if wanted in table.columns else by_plain.get(plain_heading(wanted))
        if column is None:
            if lenient:
                continue
            raise Refused(f"there is no column {wanted[:60]!r}; the file has {', '.join(table.columns)[:500]}")
        columns[name] = column
    return columns, dict.fromkeys(columns, 1.0)


def _candidates(table: Table, fields: list[Field]) -> list[tuple[float, str, str]]:
    """(score, field, column) of all plausible pairs, the best first; equal ones in the order of fields and columns."""
    found: list[tuple[float, int, int, str, str]] = []
    for place, column in enumerate(table.columns):
        named, bare = plain_heading(column), without_brackets(column)
        sample: list[Any] | None = None
        for rank, candidate in enumerate(fields):
            score = _heading(candidate, named, bare)
            if score == 0 and candidate.looks is not Looks.EMAIL:
                continue
            if sample is None:
                sample = [row.values[place] for row in table.rows[:_SAMPLE] if place < len(row.values)]
            fit = looks.share(candidate.looks, sample)
            if score == 0:
                score = WEAK if fit is not None and fit >= 0.8 else 0.0
            elif fit is not None:
                score *= 0.8 + 0.2 * fit if fit >= 0.5 else _UNFIT
            if score >= _LEAST:
                found.append((-score, rank, place, candidate.name, column))
    return [(-score, name, column) for score, _, _, name, column in sorted(found)]


def _heading(candidate: Field, named: str, bare: str) -> float:
    """How surely the heading means the field: as it is, without what stands in brackets, or as part of a question."""
    if found := candidate.headings.get(named) or 0.98 * candidate.headings.get(bare, 0.0):
        return found
    spaced = f" {named} "
    return _CONTAINED * any(f" {word} " in spaced for word in candidate.headings if word.count(" ") >= 3)
