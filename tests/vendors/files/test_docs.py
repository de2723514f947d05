"""The documented columns, options and samples are those there are."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.vendors.files.given import SHOP

from bookingbridge.vendors import files
from bookingbridge.vendors.files import MANIFEST, Wishes, guess, kinds, read_table
from bookingbridge.vendors.files.vocabulary import plain

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / MANIFEST.docs).read_text(encoding="utf-8")
README = Path(files.__file__).with_name("README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", kinds())
def test_every_field_is_documented_with_headings_that_are_understood(name: str) -> None:
    kind = kinds()[name]
    section = TEXT.partition(f"\n### {kind.title}\n")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| \**(\w+)\** \| (.*?) \| (.*?) \|$", section, re.MULTILINE)[1:]
    assert [(field, help_) for field, help_, _ in rows] == [(f.name, f.help) for f in kind.fields.values()]
    for field, _, headings in rows:
        assert all(plain(heading) in kind.fields[field].headings for heading in headings.split(", ")), field
    bold = set(re.findall(r"^\| \*\*(\w+)\*\*", section, re.MULTILINE))
    assert bold == {field for group in kind.needs for field in group}


def test_the_documented_mapping_file_works() -> None:
    text = TEXT.partition("```toml\n")[2].partition("```")[0]
    raw = tomllib.loads(text)
    wishes = Wishes(raw["kind"], raw["columns"], {name: str(value) for name, value in raw["options"].items()})
    table = read_table(b"Wann;Friseurin\n03.04.2026 10:00;Eva\n", "a.csv")
    assert guess(table, wishes).columns == {"starts_at": "Wann", "staff": "Friseurin"}
    options = files.with_texts(SHOP, wishes.options)
    assert (options.decimal, options.region, options.sheet, options.visit_minutes) == (",", "DE", "June", 45)
    assert options == replace(options, dates=files.DateOrder.DMY, channel="meta_ads", encoding="cp1251", currency="EUR")


def test_the_documented_samples_are_those_there_are() -> None:
    named = set(re.findall(r"^\| `(docs/samples/[\w.]+)` \|", TEXT, re.MULTILINE))
    there = {f"docs/samples/{path.name}" for path in (ROOT / "docs" / "samples").iterdir() if path.suffix != ".py"}
    assert named == {name for name in there if name.endswith((".csv", ".ics"))}


def test_the_limits_told_are_the_limits_kept() -> None:
    limits = files.Limits()
    for text in (README, MANIFEST.limits):
        assert f"{limits.file_bytes // 1_000_000} MB and {limits.rows:,} rows" in text
        assert f"{limits.calendar_bytes // 1_000_000} MB" in text
    assert f"unpack to more than {limits.unpacked_bytes // 1_000_000} MB" in README


def test_the_readme_tells_how_to_set_up_in_steps() -> None:
    steps = README.partition("\n## Set up\n")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\d+\. ", steps, re.MULTILINE)) == 5
