"""Every page with every sample: complete, well formed, labelled, and without anything the policy forbids."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.markup import Page

from bookingbridge.web import gallery, templating
from bookingbridge.web.shell import Shell

ALL = sorted(gallery.PAGES)
SHELL = Shell()


def drawn(name: str, *, is_part: bool = False) -> str:
    shown = gallery.PAGES[name]
    frame = gallery.frame(shown.path, is_signed_in=shown.is_signed_in)
    return SHELL.render(frame, shown.template, shown.view(), title=shown.title, is_part=is_part)


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_well_formed_and_labelled_and_holds_nothing_inline(name: str) -> None:
    page = Page(drawn(name))
    assert page.wrong == []
    assert [words for level, words in page.headings if level == 1] == [gallery.PAGES[name].title]


@pytest.mark.parametrize("name", ALL)
def test_headings_never_skip_a_level(name: str) -> None:
    # The phone's stage bars and the pop-ups stand outside the order, under headings of their own.
    text = re.sub(r'<div id="(?:account|shortcuts|ask-)[\s\S]*?</div>\s*</div>', "", drawn(name))
    levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels


@pytest.mark.parametrize("name", ALL)
def test_the_part_is_the_page_without_its_surroundings(name: str) -> None:
    whole, part = drawn(name), drawn(name, is_part=True)
    inside = whole.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    body = part.partition("</title>")[2]
    assert body.strip() in inside
    assert "<html" not in part
    assert '<nav class="side"' not in part
    assert f"<title>{gallery.PAGES[name].title} · BookingBridge</title>" in part


@pytest.mark.parametrize("name", ALL)
def test_a_page_asks_nothing_of_strangers(name: str) -> None:
    outside = re.findall(r'(?:src|href|action)="(https?:)?//[^"]+"[^>]*>', drawn(name))
    assert len(outside) == drawn(name).count('rel="noreferrer"')


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_light_enough_for_a_slow_phone(name: str) -> None:
    assert len(drawn(name).encode()) < 90_000


def test_every_template_of_a_page_is_in_the_gallery() -> None:
    pages = Path(templating.WEB / "pages")
    whole = {
        path.relative_to(pages).as_posix()
        for path in pages.rglob("*.html")
        if path.read_text().startswith("{% extends") and path.name != "frame.html"
    }
    assert whole == {shown.template for shown in gallery.PAGES.values()}


def views() -> Iterator[type]:
    for name in ("attribution", "connections", "customers", "error", "settings", "signin", "sync", "today", "welcome"):
        module = __import__(f"bookingbridge.web.pages.{name}.view", fromlist=["view"])
        yield from (v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__)


@pytest.mark.parametrize("view", list(views()), ids=lambda v: f"{v.__module__.split('.')[-2]}.{v.__name__}")
def test_a_view_is_frozen_and_says_what_it_is(view: type) -> None:
    assert dataclasses.is_dataclass(view)
    assert view.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert (view.__doc__ or "").strip()[-1:] in {".", "?", "`"}


def test_words_of_strangers_are_shown_and_not_run() -> None:
    raw = drawn("event")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in raw
    assert "<script>alert" not in raw


def test_the_sample_under_an_empty_page_is_labelled_and_cannot_be_reached() -> None:
    text = drawn("today-empty")
    assert "Sample, not your figures" in text
    assert '<div inert aria-hidden="true"><svg' in text
    page = Page(text)
    assert page.wrong == []
    assert "No paid visit yet" in page.words


def test_a_figure_that_is_not_known_is_a_dash_and_never_a_zero() -> None:
    page = Page(drawn("today-empty"))
    assert page.words.count("—") == 6
    assert "$0" not in Page(re.sub(r'<div class="sample">[\s\S]*?</svg>', "", drawn("today-empty"))).words


def test_a_booking_that_nothing_led_to_says_so() -> None:
    page = Page(drawn("journey-unknown"))
    assert "We do not know what brought this visit" in page.words
    assert "Who gets how much" not in page.words


def test_an_import_asks_for_its_progress_until_it_is_finished() -> None:
    from bookingbridge.web.pages.connections import samples

    frame = gallery.frame("/connections/1/import")
    going = SHELL.render(frame, "connections/progress.html", samples.progress(), title="")
    done = SHELL.render(frame, "connections/progress.html", samples.progress_done(), title="")
    assert 'hx-get="/connections/1/import/progress" hx-trigger="every 1s"' in going
    assert "hx-" not in done
    assert 'href="/connections/1/rows"' in done


def test_who_may_only_look_gets_no_buttons_that_change_something() -> None:
    from bookingbridge.web.pages.connections import samples

    view = dataclasses.replace(samples.connection(), can_sync=False, can_manage=False)
    text = SHELL.render(gallery.frame("/connections/1"), "connections/connection.html", view, title="Square")
    inside = text.partition("<main")[2].partition("</main>")[0]
    assert 'method="post"' not in inside
    assert "Disconnect" not in inside
