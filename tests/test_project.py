"""What holds for the project as a whole: its lock, its licence, its words, nothing private in it."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
LOCK: dict[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text())
# Spelled in two parts, so that this file does not contain what it looks for.
PRIVATE = re.compile(
    r"(?<![\w.>}-])(?:/wo" + r"rk/|/ro" + r"ot/|/ho" + r"me/[a-z]|/opt/py" + r"pi)"
    r"|https?://[\w.-]+\.(?:internal|intranet|corp|lan)\b"
)


def tracked() -> list[Path]:
    """The project's files, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def required(kind: str) -> dict[tuple[str, str], set[str]]:
    """The requirement file's (name, version) → hashes."""
    text = (ROOT / "requirements" / f"{kind}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = {}
    for line in lines:
        pinned = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line)
        assert pinned, f"requirements/{kind}.txt: {line[:80]!r} pins no version"
        found[pinned[1], pinned[2]] = set(re.findall(r"--hash=(\S+)", line))
    return found


def locked(*groups: str) -> dict[tuple[str, str], set[str]]:
    """(name, version) → hashes of all packages the lock reaches from the project and these dependency groups."""
    packages: dict[str, list[dict[str, Any]]] = {}
    for package in LOCK["package"]:
        packages.setdefault(package["name"], []).append(package)
    [project] = packages["bookingbridge"]
    ahead = [*project["dependencies"], *(need for group in groups for need in project["dev-dependencies"][group])]
    reached: dict[tuple[str, str], set[str]] = {}
    seen: set[tuple[str, str]] = set()
    while ahead:
        need = ahead.pop()
        for package in packages[need["name"]]:
            files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
            reached[package["name"], package["version"]] = {file["hash"] for file in files}
            for extra in ("", *need.get("extra", [])):
                if (package["name"], extra) not in seen:
                    seen.add((package["name"], extra))
                    extras = package.get("optional-dependencies", {}).get(extra, [])
                    ahead += extras if extra else package.get("dependencies", [])
    return reached


@pytest.mark.parametrize(("kind", "groups"), [("run", ()), ("test", ("test",))])
def test_requirement_files_say_what_the_lock_says(kind: str, groups: tuple[str, ...]) -> None:
    says, lock = required(kind), locked(*groups)
    assert sorted(says) == sorted(lock), "renew them: ./run lock"
    assert [name for name, hashes in says.items() if hashes != lock[name] or not hashes] == [], "renew: ./run lock"


def test_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [package] = [each for each in LOCK["package"] if each["name"] == "bookingbridge"]

    def names(requirements: list[str]) -> list[str]:
        return sorted(re.split(r"[\s<>=!~;\[]", requirement)[0].lower() for requirement in requirements)

    assert sorted(each["name"] for each in package["dependencies"]) == names(project["project"]["dependencies"])
    for group, requirements in project["dependency-groups"].items():
        assert sorted(each["name"] for each in package["dev-dependencies"][group]) == names(requirements)


def test_lock_names_public_registries_only() -> None:
    hosts = {urlsplit(url).hostname for url in re.findall(r'https?://[^"\s]+', (ROOT / "uv.lock").read_text())}
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_no_file_names_a_machine_of_ours() -> None:
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            if PRIVATE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_private"),
    [
        ("see /wo" + "rk/main/x", True),
        ("cp '/ro" + "ot/.cache'", True),
        ("https://pypi.co" + "rp/simple", True),
        ("https://shop.example.com/work/hours", False),
        ("static/home/page", False),
    ],
)
def test_what_counts_as_a_machine_of_ours(line: str, is_private: bool) -> None:
    assert bool(PRIVATE.search(line)) == is_private


def test_every_module_says_what_it_is_for() -> None:
    sources = sorted((ROOT / "src").rglob("*.py"))
    silent = [path for path in sources if not ast.get_docstring(ast.parse(path.read_text()))]
    assert sources
    assert [str(path.relative_to(ROOT)) for path in silent] == [], "the first statement is no docstring"


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_decision_record_has_its_three_parts_on_one_page(path: Path) -> None:
    text = path.read_text()
    assert re.match(r"# \d+\. \S", text)
    assert int(path.name[:4]) == int(text.split(".")[0].removeprefix("# "))
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 70, "more than a page"


def test_decision_records_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_licence_is_apache_2() -> None:
    # The text of https://www.apache.org/licenses/LICENSE-2.0.txt, as Debian's base-files ship it.
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
