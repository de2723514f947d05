"""What a scaffold writes passes the checks, in a copy of the tree; names that will not do leave nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bookingbridge.canonical.errors import Refused
from bookingbridge.main import scaffold

ROOT = Path(__file__).parents[2]
NEEDED = (
    "pyproject.toml", "src", "migrations", "tests/conftest.py", "tests/house.py", "tests/simulators.py",
    "tests/web/markup.py",
)  # fmt: skip
SAMPLE = {"vendor": "acme_books", "domain": "gift_cards", "page": "gift_cards"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the new files stand on."""
    for name in NEEDED:
        source, target = ROOT / name, tmp_path / "copy" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path / "copy"


def run(tree: Path, *words: str | Path) -> None:
    """The program succeeded in the copy, on the copy's source."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")} | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)], cwd=tree, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", scaffold.KINDS)
def test_what_is_written_passes_ruff_and_its_own_tests(tree: Path, kind: str) -> None:
    files, then = scaffold.write(kind, SAMPLE[kind], tree)
    code = [path for path in files if path.suffix == ".py"]
    tests = [path for path in code if path.name.startswith("test_")]
    assert tests
    assert then
    assert [path for path in files if "$" in path.read_text() or "__name__" in path.name] == []
    run(tree, "ruff", "check", "--no-cache", *code)
    run(tree, "ruff", "format", "--check", "--no-cache", *code)
    run(tree, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests)


@pytest.mark.parametrize("name", ["", "Acme", "acme-books", "9lives", "../up", "acme__books", "class", "a" * 41])
def test_a_name_that_will_not_do_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="will not do"):
        scaffold.write("vendor", name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    scaffold.write("domain", "gift_cards", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(Refused, match="already"):
        scaffold.write("domain", "gift_cards", tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="vendor, domain, page"):
        scaffold.write("planet", "mars", tmp_path)
