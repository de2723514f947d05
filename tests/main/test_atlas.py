"""The map is the code's: documents are current, tables have one owner, SQL stays at home, foreign keys point down."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

from bookingbridge.main import atlas, manual
from bookingbridge.main.settings import Settings
from bookingbridge.main.wiring import VENDORS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "bookingbridge"
BORROWED = ("alembic_version", "procrastinate_%")
"""Tables of libraries."""

HOMES = {"infra": SOURCE / "infra", "sync": SOURCE / "sync"}
SHARED = {
    ("sync", "public_addresses"): "a register of infra's: each kind of address is written by whoever gives it out",
    ("journeys", "public_addresses"): "the same",
    ("sync", "businesses"): "the engine's rounds ask whose work there is; the realm of the schedule only sees ids",
}
"""Tables that others than their owner name, and why that is right."""

_WORDS = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|COPY|TRUNCATE|LOCK)\b")
_NAMED = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE|USING|COPY|TABLE|ONLY)\s+"
    r"((?:[a-z_][a-z_0-9]*(?:\s+(?:AS\s+)?[a-z][a-z_0-9]*)?\s*,\s*)*[a-z_][a-z_0-9]*)"
)


@pytest.fixture(scope="module")
def owner_of() -> dict[str, str]:
    return {table: owner for owner, tables in atlas.owners().items() for table in tables}


@cache
def documents() -> dict[Path, str]:
    return atlas.drawn(ROOT)


@pytest.mark.parametrize("name", [*atlas.DOCUMENTS, "docs/cli.md", "docs/openapi.json"])
def test_document_says_what_the_code_says(name: str) -> None:
    assert (ROOT / name).read_text() == documents()[ROOT / name], "stale: run ./run map --write"


def test_every_table_that_can_be_drawn_is_drawn_somewhere() -> None:
    asked = {name for path in atlas.DOCUMENTS for _, name, _ in atlas.MARKED.findall((ROOT / path).read_text())}
    assert asked == set(atlas.TABLES)


def test_every_setting_has_a_meaning() -> None:
    assert [name for name, _, meaning in manual.settings_rows() if not meaning] == []


def test_every_credential_of_our_own_apps_can_be_set() -> None:
    asked = {field.name.lower() for vendor in VENDORS.values() for field in vendor.manifest.app_fields}
    assert asked - Settings.model_fields.keys() == set()


def test_every_table_of_the_database_has_exactly_one_owner(database_url: str, owner_of: dict[str, str]) -> None:
    with psycopg.connect(database_url) as conn:
        rows = conn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT tablename LIKE ANY(%s)",
            (list(BORROWED),),
        ).fetchall()
    claimed = [table for tables in atlas.owners().values() for table in tables]
    assert sorted(claimed) == sorted(name for (name,) in rows)
    assert len(owner_of) == len(claimed)


def test_foreign_keys_point_down_the_ranks(database_url: str, owner_of: dict[str, str]) -> None:
    with psycopg.connect(database_url) as conn:
        keys = conn.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid::regclass::text NOT LIKE 'procrastinate%'"
        ).fetchall()
    height = {"infra": 0, "sync": 1} | {
        name: level for level, rank in enumerate(reversed(atlas.ranks()), 2) for name in rank
    }
    wrong = [
        f"{here} → {there}"
        for here, there in keys
        if there != atlas.OPEN_TO_ALL
        and owner_of[here] != owner_of[there]
        and height[owner_of[here]] <= height[owner_of[there]]
    ]
    assert len(keys) > 30
    assert wrong == []


@pytest.mark.parametrize("owner", [*atlas.owners()])
def test_sql_names_only_the_tables_of_its_owner(owner: str, owner_of: dict[str, str]) -> None:
    faults = []
    for path in sorted((HOMES.get(owner) or SOURCE / "domains" / owner).rglob("*.py")):
        for text in sql_of(path.read_text()):
            faults += [
                f"{path.relative_to(SOURCE)}: {table} is {owner_of[table]}'s"
                for table in tables_named(text)
                if owner_of.get(table, owner) != owner and (owner, table) not in SHARED
            ]
    assert faults == []


def test_no_sql_stands_outside_those_who_own_tables(owner_of: dict[str, str]) -> None:
    faults = []
    for folder in ("api", "web", "vendors", "vendorkit", "canonical"):
        for path in (SOURCE / folder).rglob("*.py"):
            texts = sql_of(path.read_text())
            faults += [str(path.relative_to(SOURCE)) for t in texts if tables_named(t) & owner_of.keys()]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("SELECT a FROM clients c, bookings b WHERE true", {"clients", "bookings"}),
        ("INSERT INTO payments (id) SELECT id FROM t JOIN refunds r ON true", {"payments", "t", "refunds"}),
        ("UPDATE touches SET x = 1", {"touches"}),
        ("DELETE FROM events USING credits AS c, staff WHERE true", {"events", "credits", "staff"}),
    ],
)
def test_the_reading_of_sql_finds_every_table(text: str, tables: set[str]) -> None:
    assert tables_named(text) == tables


def test_a_foreign_table_in_a_store_is_noticed(owner_of: dict[str, str]) -> None:
    [text] = sql_of('def f():\n    return "SELECT 1 FROM bookings WHERE x"\n')
    assert {owner_of[t] for t in tables_named(text)} == {"bookings"}


def sql_of(source: str) -> list[str]:
    """The module's texts that hold SQL; of formatted ones the fixed parts. Docstrings are not among them."""
    return [text for text in _texts(ast.parse(source)) if _WORDS.search(text)]


def _texts(tree: ast.Module) -> Iterator[str]:
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(v) for v in node.values}
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else " x " for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose | parts:
            yield node.value


def tables_named(text: str) -> set[str]:
    """What stands where SQL expects a table's name."""
    return {part.split()[0] for found in _NAMED.findall(text) for part in found.split(",") if part.split()}


def test_every_dependency_has_its_reason_on_record() -> None:
    record = next((ROOT / "docs" / "decisions").glob("*-dependencies.md")).read_text()
    rows = [line.split("|")[1] for line in record.splitlines() if line.startswith("| ")][1:]
    recorded = {word for row in rows for word in re.findall(r"[a-z][a-z0-9-]+", row)} - {"with", "binary", "pool"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {re.split(r"[\[<>=]", requirement)[0] for requirement in project["dependencies"]}
    assert recorded == asked


def test_every_link_in_the_guide_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    dead = []
    for page in pages:
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            name, _, place = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            if "://" not in link and (not target.exists() or (place and place not in anchors(target))):
                dead.append(f"{page.relative_to(ROOT)}: {link}")
    assert len(pages) > 10
    assert dead == []


def anchors(page: Path) -> set[str]:
    """The places in a page that a link can name, as GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}
