"""`./run` brings a fresh checkout to life, installs once, and reports every step. Tried on a small project, offline."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / "run"
COMMAND_LINE = """
def main():
    import sys
    print("called with", sys.argv[1:])
    return 7
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that asks for no package, after its first command."""
    root = tmp_path_factory.mktemp("checkout") / "a project"
    package = root / "src" / "bookingbridge" / "main"
    package.mkdir(parents=True)
    (package / "cli.py").write_text(COMMAND_LINE)
    (root / "requirements").mkdir()
    for kind in ("run", "test"):
        (root / "requirements" / f"{kind}.txt").write_text("# nothing\n")
    shutil.copy(RUN, root / "run")
    first = run(root, "demo", "--port", "0")
    assert (first.stdout, first.returncode) == ("called with ['demo', '--port', '0']\n", 7), first.stderr
    assert "Installing" in first.stderr
    return root


def run(root: Path, *words: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """The command's output, on a machine without uv."""
    environment = os.environ | {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1"} | surroundings
    return subprocess.run(
        [sys.executable, root / "run", *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=120,
    )


def test_second_command_installs_nothing_and_passes_words_and_exit_code_on(installed: Path) -> None:
    again = run(installed, "report", "a b", "--json")
    assert (again.stdout, again.stderr, again.returncode) == ("called with ['report', 'a b', '--json']\n", "", 7)


def test_changed_lock_is_installed_once(installed: Path) -> None:
    with (installed / "requirements" / "run.txt").open("a") as requirements:
        requirements.write("# renewed\n")
    assert ["Installing" in run(installed, "demo").stderr for _ in range(2)] == [True, False]


def test_what_cannot_be_installed_is_named_and_tried_again(installed: Path) -> None:
    requirements = installed / "requirements" / "run.txt"
    before = requirements.read_text()
    requirements.write_text("no-such-package==1.0 --hash=sha256:" + 64 * "0" + "\n")
    for _ in range(2):
        failed = run(installed, "demo")
        assert (failed.returncode, failed.stdout) == (1, "")
        assert "This failed with exit code 1" in failed.stderr
        assert "no-such-package" in failed.stderr
    requirements.write_text(before)
    assert run(installed, "demo").returncode == 7


def test_moved_checkout_and_replaced_python_are_mended(installed: Path) -> None:
    moved = shutil.copytree(installed, installed.with_name("moved"), symlinks=True)
    assert run(moved, "demo").stdout == "called with ['demo']\n"
    (path_file,) = moved.glob(".venv/lib/python*/site-packages/bookingbridge-source.pth")
    assert path_file.read_text() == f"{moved / 'src'}\n"

    (moved / ".venv" / "bin" / "python").unlink()
    (moved / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    mended = run(moved, "demo")
    assert (mended.stdout, "Creating" in mended.stderr) == ("called with ['demo']\n", True)


def test_every_step_runs_and_the_first_failure_decides(installed: Path) -> None:
    steps = {
        "good": "print('one')",
        "bad": "raise SystemExit(3)",
        "worse": "raise SystemExit(4)",
        "last": "print('two')",
    }
    program = f"""
        import importlib.machinery, importlib.util, sys
        loader = importlib.machinery.SourceFileLoader("run", {str(installed / "run")!r})
        run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
        loader.exec_module(run)
        sys.exit(run.all_steps({{name: ["-c", code] for name, code in {steps!r}.items()}}))
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    lines = [line.partition(" after")[0] for line in done.stdout.splitlines() if line]
    assert lines == [
        "=== good",
        "one",
        "=== good: exit code 0",
        "=== bad",
        "=== bad: exit code 3",
        "=== worse",
        "=== worse: exit code 4",
        "=== last",
        "two",
        "=== last: exit code 0",
        "=== good: ok, bad: 3, worse: 4, last: ok",
    ]


def test_missing_ensurepip_is_answered_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError('as on Debian without python3-venv')\n")
    shutil.copy(RUN, tmp_path / "run")
    failed = run(tmp_path, "demo", PYTHONPATH=str(tmp_path))
    assert failed.returncode == 1
    assert "apt-get install python3-venv" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_old_pythons_can_read_the_file_to_say_that_they_are_too_old() -> None:
    ast.parse(RUN.read_text(), feature_version=(3, 6))


def test_old_python_says_what_to_install(tmp_path: Path) -> None:
    older = RUN.read_text().replace("OLDEST = (3, 11)", "OLDEST = (9, 0)")
    assert older != RUN.read_text()
    (tmp_path / "run").write_text(older)
    said = run(tmp_path, "demo", PATH="/nowhere")
    assert said.returncode == 1
    assert f"needs Python 3.11 or newer; this is Python {sys.version.split()[0]}" in said.stderr
    assert "Fix: " in said.stderr
