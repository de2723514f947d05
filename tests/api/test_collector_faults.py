"""The collector when its database dies, hangs or is away: nothing acknowledged is lost, and nobody is kept waiting."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from tests.api.shop import ANNAS_KEY, PHONE, Shop, open_shop, visit

from bookingbridge.infra import migrate, postgres


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a server that the test may ill-treat."""
    data = tmp_path / "pg"
    yield data
    postgres.stop(data)


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    url = postgres.ensure(folder).url()
    migrate.upgrade(url)
    with open_shop(url) as opened:
        yield opened


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def kill(folder: Path) -> None:
    os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


class Senders:
    """Browsers that send one event after another, each until it is answered for good, and note the answers."""

    def __init__(self, base: str, count: int) -> None:
        self.acknowledged: list[UUID] = []
        self.statuses: set[int] = set()
        self._base = base
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(30)

    def _send(self) -> None:
        with httpx2.Client(base_url=self._base, headers={"user-agent": PHONE}, timeout=30) as http:
            while not self._is_over.is_set():
                event_id = uuid4()
                body = {"site": ANNAS_KEY, "events": [visit(id=str(event_id))]}
                while not self._is_over.is_set():
                    answer = http.post("/t", json=body)
                    self.statuses.add(answer.status_code)
                    if answer.status_code == 202:
                        self.acknowledged.append(event_id)
                        break
                    assert answer.headers["retry-after"]
                    time.sleep(0.02)


@pytest.mark.faults
def test_a_database_killed_in_mid_load_loses_and_doubles_nothing(shop: Shop, folder: Path) -> None:
    senders = Senders(shop.base, 8)
    for _ in range(2):
        before = len(senders.acknowledged)
        until(lambda: len(senders.acknowledged) > before + 50)  # noqa: B023 - awaited before it changes
        kill(folder)
        time.sleep(0.3)
        postgres.ensure(folder)
    before = len(senders.acknowledged)
    until(lambda: len(senders.acknowledged) > before + 50)
    senders.stop()
    assert senders.statuses == {202, 503}
    stored = [row[0] for row in shop.rows("id")]
    assert len(stored) == len(set(stored))
    assert set(senders.acknowledged) <= set(stored)
    # At most the one event of each sender that was on its way when a connection broke or the test ended.
    assert len(set(stored) - set(senders.acknowledged)) <= 8


@pytest.mark.faults
def test_without_a_database_people_are_sent_on_and_events_are_sent_back(shop: Shop, folder: Path) -> None:
    shop.link("spring")
    assert shop.http.get("/l/spring").status_code == 302
    assert shop.send(visit()).status_code == 202
    postgres.stop(folder)
    began = time.monotonic()
    answer = shop.http.get("/l/spring")
    took = time.monotonic() - began
    assert (answer.status_code, answer.headers["location"][:29]) == (302, "https://salon.example.com/boo")
    assert took < 0.5
    assert shop.collector.counts.clicks_lost == 1
    refused = shop.send(visit())
    assert (refused.status_code, refused.json()["code"]) == (503, "database_lost")
    assert refused.headers["retry-after"]
    assert shop.http.get("/p.gif", params={"site": ANNAS_KEY}).status_code == 503
    assert shop.http.get("/l/other").status_code == 503
    postgres.ensure(folder)
    until(lambda: shop.send(visit()).status_code == 202)
    assert shop.rows() == [(3,)]


@pytest.mark.faults
def test_a_database_that_hangs_keeps_nobody_waiting_at_a_link(shop: Shop) -> None:
    shop.link("spring")
    assert shop.http.get("/l/spring").status_code == 302
    with psycopg.connect(shop.owner_url) as conn:
        found = conn.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert found
    for (pid,) in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert shop.http.get("/l/spring").status_code == 302
        assert time.monotonic() - began < 0.6
        assert shop.collector.counts.clicks_lost == 1
    finally:
        for (pid,) in found:
            os.kill(pid, signal.SIGCONT)
    until(lambda: shop.send(visit()).status_code == 202)
    # The click was on its way and is stored after all: lost is only what cannot be promised.
    assert shop.rows() == [(3,)]
