"""Commands as people and programs run them: processes, exit codes, JSON, over the embedded database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bookingbridge.canonical.errors import Unreadable
from bookingbridge.canonical.ports import Ability
from bookingbridge.infra import migrate, postgres
from bookingbridge.infra.secrets import Vault
from bookingbridge.main.cli.deliveries import read_headers

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
URL = "https://bridge.example.com/api/v1/webhooks/square/0198a1b2-0000-7000-8000-000000000001"
KEY = "a-signature-key-of-ours"
EVENT = json.dumps(
    {"merchant_id": "M1", "type": "booking.updated", "event_id": "e-1", "data": {"type": "booking", "id": "bkg1:3"}}
).encode()


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer, read."""
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of one installation; its database stops with the tests."""
    folder = tmp_path_factory.mktemp("home")
    yield folder
    if (folder / "postgres" / "PG_VERSION").exists():
        postgres.stop(folder / "postgres")


@pytest.fixture(scope="module")
def bridge(home: Path) -> Command:
    """The program over that installation."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "BOOKINGBRIDGE_DATA_DIR": str(home),
        "SECRET_KEY": "a key of the tests that is long enough", "PUBLIC_URL": "https://bridge.example.com",
    }  # fmt: skip

    def run(*args: object) -> Said:
        words = [sys.executable, "-c", "from bookingbridge.main.cli import main; main()", *map(str, args)]
        done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=home, timeout=120)
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@dataclass(frozen=True)
class Saved:
    """A delivery as somebody saved it: its headers and its body."""

    headers: Path
    body: Path

    def words(self) -> tuple[object, ...]:
        return "--headers", self.headers, "--body", self.body


@pytest.fixture
def square(tmp_path: Path) -> Saved:
    """A delivery that Square signed."""
    signature = base64.b64encode(hmac.new(KEY.encode(), URL.encode() + EVENT, hashlib.sha256).digest()).decode()
    saved = Saved(tmp_path / "headers.txt", tmp_path / "body.json")
    saved.headers.write_text(
        f"POST /x HTTP/1.1\nContent-Type: application/json\nX-Square-HmacSha256-Signature: {signature}\n"
    )
    saved.body.write_bytes(EVENT)
    return saved


def checked(bridge: Command, saved: Saved, *, vendor: str = "square", secret: str = KEY, url: str = URL) -> Said:
    return bridge("webhook", "check", "--vendor", vendor, "--secret", secret, "--url", url, *saved.words(), "--json")


def test_vendors_tell_abilities_and_a_level_that_follows_from_their_rules(bridge: Command) -> None:
    said = bridge("vendors", "--json")
    assert said.code == 0, said.err
    found = {v["name"]: v for v in said.json}
    assert {"square", "meta_ads", "google_ads"} <= found.keys()
    assert set(found["square"]["abilities"]) == {
        "bookings", "catalog", "clients", "payments", "payouts", "team", "webhooks", "write_bookings",
    }  # fmt: skip
    assert found["square"]["level"] == "gold"
    for vendor in found.values():
        assert set(vendor["abilities"]) <= set(Ability)
        reached = "none"
        for level in ("bronze", "silver", "gold"):
            if not all(rule["holds"] for rule in vendor["rules"] if rule["level"] == level):
                break
            reached = level
        assert vendor["level"] == reached
        assert vendor["cost"]
        assert vendor["limits"]


def test_a_delivery_that_the_vendor_signed_is_accepted(bridge: Command, square: Saved) -> None:
    said = checked(bridge, square)
    assert said.code == 0, said.err
    assert (said.json["accepted"], said.json["why"]) == (True, "")
    assert said.json["notice"]["type"] == "booking.updated"
    assert said.json["notice"]["event_id"] == "e-1"


@pytest.mark.parametrize(
    "text",
    ["POST /x HTTP/1.1\nX-One: 1\nX-Two: a: b\n", "> X-One: 1\r\n> X-Two: a: b\r\n", '{"X-One": 1, "x-two": "a: b"}'],
)
def test_headers_are_understood_as_people_save_them(text: str) -> None:
    assert read_headers(text) == {"x-one": "1", "x-two": "a: b"}


@pytest.mark.parametrize("text", ["{broken", "no colon here"])
def test_what_are_no_headers_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read_headers(text)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("body", "the signature does not match"),
        ("url", "Square must have exactly this URL"),
        ("header", "x-square-hmacsha256-signature is missing"),
    ],
)
def test_a_refused_delivery_says_why(bridge: Command, square: Saved, change: str, reason: str) -> None:
    if change == "body":
        square.body.write_bytes(EVENT.replace(b"e-1", b"e-2"))
    if change == "header":
        square.headers.write_text("Content-Type: application/json\n")
    given = {"url": URL.replace("https", "http")} if change == "url" else {}
    said = checked(bridge, square, **given)
    assert said.code == 1
    assert (said.json["accepted"], said.json["notice"]) == (False, None)
    assert reason in said.json["why"]


def test_meta_signs_with_the_apps_secret(bridge: Command, tmp_path: Path) -> None:
    saved = Saved(tmp_path / "headers.txt", tmp_path / "body.json")
    saved.body.write_bytes(b'{"object": "ad_account", "entry": []}')
    signature = hmac.new(b"app secret", saved.body.read_bytes(), hashlib.sha256).hexdigest()
    saved.headers.write_text(f"X-Hub-Signature-256: sha256={signature}\n")
    assert checked(bridge, saved, vendor="meta_ads", secret="app secret", url="").code == 0


def test_a_vendor_without_webhooks_is_named(bridge: Command, square: Saved) -> None:
    said = checked(bridge, square, vendor="google_ads")
    assert (said.code, said.out) == (1, "")
    assert "sends no webhooks" in said.err


def test_a_command_called_wrongly_exits_with_two(bridge: Command) -> None:
    assert bridge("webhook", "check", "--vendor", "square").code == 2


def test_generated_keys_are_new_each_time_and_good_for_the_vault(bridge: Command) -> None:
    first, second = (bridge("secrets", "generate", "--json").json for _ in range(2))
    assert first.keys() == {"SECRET_KEY", "HASH_SALT"}
    assert len({*first.values(), *second.values()}) == 4
    sealed = Vault([first["SECRET_KEY"]]).seal(b"x", context="c")
    assert Vault([second["SECRET_KEY"], first["SECRET_KEY"]]).open(sealed, context="c") == b"x"


def test_a_filled_database_goes_down_only_on_purpose_and_up_again(bridge: Command, home: Path) -> None:
    empty = bridge("doctor", "--json")
    assert empty.code == 1
    [schema] = [f for f in empty.json if f["name"] == "schema"]
    assert (schema["state"], schema["fix"]) == ("bad", "run `bookingbridge migrate`")

    up = bridge("migrate", "--json")
    assert (up.code, up.json["before"], up.json["after"]) == (0, None, migrate.head())
    taken = bridge("import", SAMPLES / "bookings.csv", "--zone", "America/Los_Angeles", "--currency", "USD", "--json")
    assert taken.code == 0, taken.err
    url = postgres.ensure(home / "postgres").url()
    assert count(url, "bookings") > 100

    refused = bridge("migrate", "--to", "base", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "--yes" in refused.err
    assert count(url, "bookings") > 100

    down = bridge("migrate", "--to", "base", "--yes", "--json")
    assert (down.code, down.json["after"]) == (0, None), down.err
    assert count(url, "pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'") == 0
    again = bridge("migrate", "--json")
    assert (again.code, again.json["after"]) == (0, migrate.head()), again.err
    assert count(url, "bookings") == 0


def test_doctor_finds_nothing_bad_and_names_a_fix_for_what_is_not_well(bridge: Command) -> None:
    assert bridge("migrate").code == 0
    said = bridge("doctor", "--json")
    found = {f["name"]: f for f in said.json}
    assert {"python", "disk", "address", "secret key", "database", "schema", "clock", "worker"} <= found.keys()
    assert [f for f in said.json if f["state"] == "bad" and f["name"] != "disk"] == []
    assert [f["name"] for f in said.json if (f["state"] == "ok") == bool(f["fix"])] == []
    assert found["worker"]["fix"]
    assert found["address"]["found"] == "https://bridge.example.com"


def test_a_link_for_an_owner_leads_to_this_installation_and_differs_each_time(bridge: Command) -> None:
    links = {bridge("user", "link", "--json").json["link"] for _ in range(2)}
    assert len(links) == 2
    assert all(link.startswith("https://bridge.example.com/setup/") for link in links)


def test_rotating_with_nothing_sealed_reseals_nothing(bridge: Command) -> None:
    assert bridge("secrets", "rotate", "--json").json == {"resealed": 0}


def count(url: str, table: str) -> int:
    """How many rows there are; counted as the tables' owner, whom row-level security does not bind."""
    with psycopg.connect(url) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row
    return int(row[0])
