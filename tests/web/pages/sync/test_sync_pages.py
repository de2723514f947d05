"""What ran and what arrived, shown as it was, and done again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from uuid import UUID

import httpx2
import pytest
from tests.web.markup import Page
from tests.web.pages.installation import Installation, Visitor, connected, installation, until

from bookingbridge.canonical.ids import ConnectionId, RemoteId
from bookingbridge.canonical.ports import RawRecord
from bookingbridge.domains.accounts.api import Role
from bookingbridge.main.demo import worlds
from bookingbridge.sync.reading import take_raw

KEY = "a-signature-key-of-the-tests"
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def there(database_url: str) -> Iterator[Installation]:
    with installation(database_url, days=8) as found:
        yield found


def _live(there: Installation) -> tuple[Visitor, str]:
    """A connection whose webhooks are admitted."""
    visitor, path = connected(there, there.owner())
    visitor.send(path, f"{path}/key", key=KEY)
    return visitor, path


def _deliver(there: Installation, path: str, event_id: str, of: str, remote_id: str) -> None:
    """Square tells of something, signed."""
    url = f"{there.url}/api/v1/webhooks/square/{path.rsplit('/', 1)[1]}"
    event = {"merchant_id": worlds.MERCHANT, "type": of, "event_id": event_id, "data": {"type": "x", "id": remote_id}}
    body = json.dumps(event).encode()
    signed = base64.b64encode(hmac.new(KEY.encode(), url.encode() + body, hashlib.sha256).digest()).decode()
    answer = httpx2.post(url, content=body, headers={"x-square-hmacsha256-signature": signed})
    assert answer.status_code == 200, answer.text


def _rows(visitor: Visitor, path: str) -> list[str]:
    """Where the rows of the page lead, in order."""
    return re.findall(r'<a class="name row-link" href="([^"]+)"', visitor.get(path).text)


def test_a_webhook_is_shown_as_it_came_with_what_became_of_it_and_can_be_replayed(there: Installation) -> None:
    visitor, path = _live(there)
    assert "No webhook has come yet" in visitor.get("/sync/events").text
    _deliver(there, path, "e-1", "payment.<b>updated</b>", "nothing")
    _deliver(there, path, "e-1", "payment.<b>updated</b>", "nothing")
    _deliver(there, path, "e-2", "dispute.created", "D1")
    first = until(lambda: _rows(visitor, "/sync/events?state=ignored"))
    second, *_ = first
    page = visitor.get(second)
    assert page.status_code == 200
    assert Page(page.text).wrong == []
    assert "dispute.created" in page.text
    assert "nothing to look at" in page.text
    assert "kept back" in page.text, "signatures are not shown"
    assert "payment.&lt;b&gt;updated&lt;/b&gt;" in visitor.get("/sync/events").text

    before = page.text.count("(try ")
    answer = visitor.send(second, f"{second}/replay")
    assert answer.url.path == second
    assert "It will be worked on again." in answer.text
    until(lambda: "nothing to look at" in visitor.get(second).text)
    assert before == visitor.get(second).text.count("(try ") == 1


def test_repetitions_are_one_event(there: Installation) -> None:
    visitor, path = _live(there)
    for _ in range(3):
        _deliver(there, path, "e-1", "dispute.created", "D1")
    until(lambda: "(3 deliveries)" in visitor.get("/sync/events").text)
    assert len(_rows(visitor, "/sync/events")) == 1


def test_events_are_paged_and_filtered_by_state_and_source(there: Installation) -> None:
    visitor, path = _live(there)
    for number in range(53):
        _deliver(there, path, f"e-{number}", "dispute.created", "D1")
    until(lambda: not _rows(visitor, "/sync/events?state=new"))
    page = visitor.get("/sync/events")
    assert Page(page.text).wrong == []
    newest = _rows(visitor, "/sync/events")
    more = re.search(r'href="([^"]+)" rel="next"', page.text)
    assert more
    older = _rows(visitor, more[1].replace("&amp;", "&"))
    assert (len(newest), len(older)) == (50, 3)
    assert not set(newest) & set(older)
    assert _rows(visitor, "/sync/events?state=failed") == []
    assert _rows(visitor, f"/sync/events?source={NOBODY}") == []
    assert len(_rows(visitor, f"/sync/events?source={path.rsplit('/', 1)[1]}")) == 50

    done = visitor.send("/sync/events?state=ignored", "/sync/events/replay")
    assert "53 webhooks will be worked on again." in done.text


def test_runs_are_shown_with_what_they_brought(there: Installation) -> None:
    visitor, path = connected(there, there.owner())
    page = visitor.get("/sync")
    assert Page(page.text).wrong == []
    (run,) = _rows(visitor, "/sync?state=done")
    assert _rows(visitor, "/sync?state=failed") == []
    assert "hx-trigger" not in page.text.split('id="main"')[1].split("<form")[0], "nothing moves: nothing asks again"
    shown = visitor.get(run)
    assert Page(shown.text).wrong == []
    main = shown.text.partition("<main")[2]
    order = [main.index(f">{name}<") for name in ("Locations", "Customers", "Bookings", "Payments", "Refunds")]
    assert order == sorted(order)
    assert "Nothing: everything was understood." in shown.text
    assert re.search(r"[\d,]+ new", shown.text)
    assert f'href="{path}"' in shown.text


def test_what_could_not_be_read_is_kept_and_shown_raw(there: Installation) -> None:
    owner = there.owner()
    visitor, path = connected(there, owner)
    assert "Everything was understood" in visitor.get("/sync/unreadable").text
    there.do(_leave_unreadable(there, there.who(owner).business_id, path))
    rows = _rows(visitor, "/sync/unreadable")
    assert rows == [f"/sync/unreadable/{path.rsplit('/', 1)[1]}/booking/odd%2Fone"]
    page = visitor.get(rows[0])
    assert page.status_code == 200
    assert Page(page.text).wrong == []
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert(1)" not in page.text
    assert "This could not be understood" in page.text


async def _leave_unreadable(there: Installation, business: UUID, path: str) -> None:
    connection = ConnectionId(UUID(path.rsplit("/", 1)[1]))
    odd = RawRecord("booking", RemoteId("odd/one"), {"start_at": "<script>alert(1)</script>"})
    async with there.engine.db.business(business) as tx:
        await take_raw(tx, connection, there.engine.vendor("square"), [odd], there.engine.ingesters, cause="test")


def test_what_followed_names_each_reaction(there: Installation) -> None:
    visitor, _ = connected(there, there.owner())
    until(lambda: "waits for" not in visitor.get("/sync/changes").text)
    page = visitor.get("/sync/changes")
    assert Page(page.text).wrong == []
    assert "attribution.bookings, bookings.days, matching.bookings" in page.text
    newest = _rows(visitor, "/sync/changes")[0]
    shown = visitor.get(newest)
    assert shown.status_code == 200
    assert Page(shown.text).wrong == []


def test_only_who_may_sync_replays_and_nobody_sees_anothers_events(there: Installation) -> None:
    owner = there.owner()
    visitor, path = connected(there, owner)
    visitor.send(path, f"{path}/key", key=KEY)
    _deliver(there, path, "e-1", "dispute.created", "D1")
    event = until(lambda: _rows(visitor, "/sync/events?state=ignored"))[0]
    reader = there.client(there.colleague(owner, Role.READ_ONLY))
    assert "Replay" not in reader.get(event).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', reader.get(event).text)
    assert csrf
    assert reader.http.post(f"{event}/replay", data={"csrf": csrf[1]}).status_code == 403
    assert visitor.http.post(f"{event}/replay", data={"csrf": "x" * 43}).status_code == 403
    stranger = there.client(there.owner())
    assert stranger.get(event).status_code == 404
    assert stranger.get(_rows(visitor, "/sync")[0]).status_code == 404
    assert _rows(stranger, "/sync/events") == _rows(stranger, "/sync") == _rows(stranger, "/sync/changes") == []


@pytest.mark.parametrize(
    "path",
    [
        "/sync/events/0", "/sync/events/99999999999999999999", f"/sync/runs/{NOBODY}", "/sync/changes/1",
        f"/sync/unreadable/{NOBODY}/booking/1",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(there: Installation, path: str) -> None:
    assert there.client(there.owner()).get(path).status_code == 404


def test_odd_filters_are_left_out(there: Installation) -> None:
    visitor = there.client(there.owner())
    for query in ("?after=x&state=%01&source=1", "?after=-1", "?after=99999999999999999999999"):
        for path in ("/sync", "/sync/events", "/sync/unreadable", "/sync/changes"):
            assert visitor.get(path + query).status_code == 200
