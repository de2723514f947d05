"""Static files: hashed addresses, long keeping, and the vendored ones exactly as published."""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bookingbridge.canonical.errors import NotFound
from bookingbridge.web import assets, gallery

TESTS_OWN = Path(__file__).parents[1] / "vendored"


def listed(folder: Path) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = tomllib.loads((folder / "vendored.toml").read_text())["file"]
    return files


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(gallery.app) as client:
        yield client


@pytest.mark.parametrize("folder", [assets.STATIC, TESTS_OWN], ids=["shipped", "tests"])
def test_a_vendored_file_is_what_was_published_and_comes_with_its_licence(folder: Path) -> None:
    for file in listed(folder):
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"], file["path"]
        assert (folder / file["licence_text"]).read_text().strip()
        assert all(file[key] for key in ("name", "version", "licence", "source"))


@pytest.mark.parametrize("folder", [assets.STATIC / "vendored", TESTS_OWN], ids=["shipped", "tests"])
def test_nothing_is_vendored_without_being_listed(folder: Path) -> None:
    home = folder if (folder / "vendored.toml").exists() else folder.parent
    known = {home / file[key] for file in listed(home) for key in ("path", "licence_text")}
    assert {path for path in folder.iterdir() if path.name != "vendored.toml"} == known


def test_an_address_holds_the_first_digits_of_the_files_hash() -> None:
    for name, found in assets.all_assets().items():
        sha = hashlib.sha256(found.body).hexdigest()
        assert assets.asset(name) == f"/static/{name}?v={sha[:8]}"


def test_an_unknown_file_has_no_address() -> None:
    with pytest.raises(NotFound):
        assets.asset("nothing.css")


def test_a_file_asked_for_by_its_hash_is_kept_for_a_year(client: TestClient) -> None:
    answer = client.get(assets.asset("app.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")


def test_a_file_asked_for_by_an_old_hash_is_checked_again_next_time(client: TestClient) -> None:
    answer = client.get("/static/app.css?v=00000000")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_a_browser_that_has_the_file_is_told_so(client: TestClient) -> None:
    etag = client.get(assets.asset("app.js")).headers["etag"]
    again = client.get(assets.asset("app.js"), headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_text_travels_packed_and_a_font_as_it_is(client: TestClient) -> None:
    css = client.get(assets.asset("app.css"), headers={"accept-encoding": "gzip"})
    assert css.headers["content-encoding"] == "gzip"
    assert css.content == assets.all_assets()["app.css"].body
    font = client.get(assets.asset("vendored/inter-latin.woff2"), headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in font.headers
    plain = client.get(assets.asset("app.css"), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize("path", ["vendored.toml", "css/base.css", "../shell.py", "..%2fshell.py", "app.css/", ""])
def test_only_the_files_meant_for_browsers_are_served(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_the_style_sheet_names_only_files_that_exist() -> None:
    css = assets.all_assets()["app.css"].body.decode()
    assert set(re.findall(r'url\("([^"]+)"\)', css)) == {assets.asset("vendored/inter-latin.woff2")}


def test_the_style_sheet_uses_no_token_it_does_not_define() -> None:
    css = assets.all_assets()["app.css"].body.decode()
    defined = set(re.findall(r"(--[\w-]+):", css))
    assert set(re.findall(r"var\((--[\w-]+)", css)) <= defined


def test_a_cold_first_visit_stays_small() -> None:
    def sent(name: str) -> int:
        found = assets.all_assets()[name]
        return len(found.packed or found.body)

    assert len(assets.all_assets()["app.js"].body) < 6_000
    assert sent("app.css") < 12_000
    assert sum(sent(n) for n in ("app.css", "app.js", "vendored/htmx.min.js", "vendored/inter-latin.woff2")) < 76_000


def test_packing_is_the_same_every_time() -> None:
    css = assets.all_assets()["app.css"]
    assert css.packed == gzip.compress(css.body, 9, mtime=0)
