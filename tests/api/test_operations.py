"""What every operation has without doing it: keys of requests, limits, sessions with their token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest
from tests.api import toys
from tests.small_site import Site, small_site

from bookingbridge.api.limits import PER_ADDRESS
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.domains.accounts.api import Presented, Role, Who
from bookingbridge.infra.secrets import Vault


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    toys.made.clear()
    with small_site(database_url, routers=(toys.router, toys.slow_router)) as site:
        yield site


def make(http: httpx2.Client, name: str, key: str | None) -> httpx2.Response:
    headers = {"idempotency-key": key} if key is not None else {}
    return http.post("/api/v1/toys", json={"name": name}, headers=headers)


def test_the_same_request_with_the_same_key_takes_effect_once(site: Site) -> None:
    with site.client(key=site.owner().key()) as http:
        first, second = make(http, "top", "k1"), make(http, "top", "k1")
        assert (first.status_code, second.status_code) == (201, 201)
        assert (first.content, first.headers["location"]) == (second.content, second.headers["location"])
        assert "idempotency-replayed" not in first.headers
        assert second.headers["idempotency-replayed"] == "true"
        assert toys.made == ["top"]
        assert [make(http, "top", key).status_code for key in (None, "k2")] == [201, 201]
        assert toys.made == ["top"] * 3


def test_another_request_with_the_same_key_is_refused_and_does_nothing(site: Site) -> None:
    with site.client(key=site.owner().key()) as http:
        make(http, "top", "k1")
        refused = make(http, "ball", "k1")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
        assert toys.made == ["top"]


def test_of_many_at_once_one_works_and_the_others_are_told_so(site: Site) -> None:
    key = site.owner().key()
    with site.client(key=key) as http, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: make(http, "top", "k1"), range(6)))
    assert toys.made == ["top"]
    codes = Counter(a.status_code if a.status_code == 201 else a.json()["code"] for a in answers)
    assert set(codes) <= {201, "idempotency_key_busy"}
    assert codes[201] >= 1
    assert codes["idempotency_key_busy"] >= 1


def test_a_refused_request_frees_its_key_and_an_unknown_outcome_does_not(site: Site) -> None:
    with site.client(key=site.owner().key()) as http:
        assert make(http, "impossible", "k1").status_code == 409
        assert make(http, "possible", "k1").status_code == 201
        assert make(http, "unknown", "k2").status_code == 504
        assert make(http, "unknown", "k2").json()["code"] == "idempotency_key_busy"
        site.clock.move(timedelta(minutes=3))
        assert make(http, "unknown", "k2").json()["code"] == "outcome_unknown"
        assert toys.made == ["possible", "unknown"]


def test_a_key_belongs_to_whoever_sent_it(site: Site) -> None:
    owner = site.owner()
    with site.client(key=owner.key()) as one, site.client(key=owner.key()) as other:
        assert make(one, "top", "k1").status_code == 201
        assert make(other, "ball", "k1").status_code == 201
        assert toys.made == ["top", "ball"]


@pytest.mark.parametrize("key", ["", "with space", "x" * 201])
def test_a_key_that_is_none_is_refused(site: Site, key: str) -> None:
    with site.client(key=site.owner().key()) as http:
        refused = make(http, "top", key)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_idempotency_key")
        assert toys.made == []


def test_what_is_kept_of_an_answer_cannot_be_read_in_the_database(site: Site) -> None:
    owner = site.owner()
    with site.client(key=owner.key()) as http:
        make(http, "a-name-to-look-for", "k1")

    business_id = owner.who.business_id

    async def stored() -> str:
        async with site.db.business(business_id) as tx:
            row = await tx.one("SELECT response FROM idempotency_keys")
            assert row
            return bytes(row[0]).decode("latin-1")

    assert "a-name-to-look-for" not in site.do(stored())


def test_an_answer_sealed_by_a_key_that_is_gone_is_not_made_again(site: Site) -> None:
    with site.client(key=site.owner().key()) as http:
        make(http, "top", "k1")
        site.app.state.vault = Vault(["another key of the tests that is long enough"])
        refused = make(http, "top", "k1")
        assert (refused.status_code, refused.json()["code"]) == (409, "answer_gone")
        assert toys.made == ["top"]


def test_a_client_is_held_to_its_pace_at_each_operation_and_told_how_long(site: Site) -> None:
    owner = site.owner()
    with site.client(key=owner.key()) as http, site.client(key=owner.key()) as other:
        left = []
        for _ in range(3):
            answer = http.get("/api/v1/rare")
            assert answer.status_code == 200
            assert (answer.headers["ratelimit-limit"], answer.headers["ratelimit-policy"]) == ("3", "3;w=60")
            left.append(answer.headers["ratelimit-remaining"])
        assert left == ["2", "1", "0"]
        refused = http.get("/api/v1/rare")
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
        assert (refused.headers["retry-after"], refused.headers["ratelimit-remaining"]) == ("20", "0")
        assert refused.headers["ratelimit-reset"] == "60"
        assert http.get("/api/v1/toys").status_code == 200
        assert other.get("/api/v1/rare").status_code == 200
        site.clock.move(timedelta(seconds=20))
        assert [http.get("/api/v1/rare").status_code for _ in range(2)] == [200, 429]


def test_an_address_that_tries_keys_is_stopped(site: Site) -> None:
    with site.client() as http:
        http.get("/api/v1/toys")
        left_over = PER_ADDRESS.burst - 21
        site.app.state.api_buckets.take("address:127.0.0.1", PER_ADDRESS, site.clock.now(), left_over)
        answers = [http.get("/api/v1/toys", headers={"authorization": f"Bearer bb_{i}"}).status_code for i in range(25)]
    assert Counter(answers) == {401: 20, 429: 5}


def test_a_session_needs_its_token_for_what_changes_something(site: Site) -> None:
    owner = site.owner()
    with owner.browser() as http:
        assert http.get("/api/v1/toys").status_code == 200
        token = owner.who.csrf
        for headers in (
            {},
            {"x-csrf-token": "x" * len(token)},
            {"x-csrf-token": token, "origin": "https://evil.example"},
            {"x-csrf-token": token, "origin": "null"},
            {"x-csrf-token": token, "sec-fetch-site": "cross-site"},
        ):
            refused = http.post("/api/v1/toys", json={"name": "top"}, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "forged")
        assert toys.made == []
        allowed = {"x-csrf-token": token, "origin": site.url, "sec-fetch-site": "same-origin"}
        assert http.post("/api/v1/toys", json={"name": "top"}, headers=allowed).status_code == 201


def test_a_key_is_of_its_own_business_and_ends_when_revoked(site: Site) -> None:
    owner, stranger = site.owner(), site.owner()
    key = owner.key(Role.STAFF)
    with site.client(key=key) as http:
        assert http.get("/api/v1/toys").status_code == 200
        # A good key beside a stranger's cookie is still the key's business, and needs no token.
        both = {"cookie": f"bb_session={stranger.session}"}
        assert http.post("/api/v1/toys", json={"name": "top"}, headers=both).status_code == 201
        me = site.do(accounts.identify(site.db, Presented("GET", bearer=key)))
        assert isinstance(me, Who)
        assert me.token_id
        site.do(accounts.revoke_token(site.db, owner.who, me.token_id))
        assert http.get("/api/v1/toys").status_code == 401
