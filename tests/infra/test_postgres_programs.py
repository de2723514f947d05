"""Programs are found in the stated order, and those that are too old are not used."""

from __future__ import annotations

from pathlib import Path

import pytest

from bookingbridge.canonical.errors import Refused
from bookingbridge.infra import postgres_programs


def installation(folder: Path, version: str) -> Path:
    """A folder whose postgres says that it is of `version`."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_named_folder_goes_before_path_and_path_before_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, on_path = installation(tmp_path / "named", "16.1"), installation(tmp_path / "path", "17.2 (Debian 17.2-1)")
    monkeypatch.setenv("PGBIN", str(named))
    monkeypatch.setenv("PATH", f"{on_path}:/bin:/usr/bin")
    found = postgres_programs.found()
    assert [(each.folder, each.origin, each.version) for each in found[:2]] == [
        (named, "system", "16.1"),
        (on_path, "system", "17.2"),
    ]
    assert (found[-1].origin, found[-1].major) == ("wheel", 18)


def test_links_on_path_lead_to_the_real_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = installation(tmp_path / "real", "16.4")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "postgres").symlink_to(real / "postgres")
    monkeypatch.setenv("PATH", f"{tmp_path / 'links'}:/bin:/usr/bin")
    assert postgres_programs.found("system")[0].folder == real


def test_too_old_programs_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{installation(tmp_path / 'old', '14.9')}:/bin:/usr/bin")
    assert all(each.major >= 15 for each in postgres_programs.found())
    assert tmp_path / "old" not in [each.folder for each in postgres_programs.found()]


@pytest.mark.parametrize(("version", "why"), [("14.9", "holds PostgreSQL 14.9"), (None, "holds no postgres")])
def test_named_folder_that_cannot_serve_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, why: str
) -> None:
    named = installation(tmp_path / "named", version) if version else tmp_path
    monkeypatch.setenv("PGBIN", str(named))
    with pytest.raises(Refused, match=why):
        postgres_programs.found()


def test_wheel_alone_is_found_when_it_is_preferred() -> None:
    assert [each.origin for each in postgres_programs.found("wheel")] == ["wheel"]


def test_programs_are_chosen_by_the_version_that_wrote_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{installation(tmp_path / 'path', '17.2')}:/bin:/usr/bin")
    assert postgres_programs.choose(written_by=17).version == "17.2"
    assert postgres_programs.choose(written_by=18).origin == "wheel"
    with pytest.raises(Refused, match="written by PostgreSQL 12"):
        postgres_programs.choose(written_by=12)


def test_surroundings_narrow_any_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKINGBRIDGE_POSTGRES", "wheel")
    assert postgres_programs.narrowed("any") == "wheel"
    assert postgres_programs.narrowed("system") == "system"
    monkeypatch.setenv("BOOKINGBRIDGE_POSTGRES", "sqlite")
    with pytest.raises(Refused, match="may be wheel, system or any"):
        postgres_programs.narrowed("any")
