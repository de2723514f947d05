"""The page that explains attribution says what the rules do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bookingbridge.domains.attribution.rules import DEFAULT_WINDOW, MODELS, SESSION, TITLES, Model, Touch, credits, path

PAGE = (Path(__file__).parents[3] / "docs" / "attribution.md").read_text("utf-8")
BOOKED = datetime(2026, 3, 31, 12, tzinfo=UTC)


def example() -> list[Touch]:
    return [
        Touch(UUID(int=1), BOOKED - timedelta(days=14), "meta_ads"),
        Touch(UUID(int=2), BOOKED - timedelta(days=7), "google_organic"),
        Touch(UUID(int=3), BOOKED, "direct", is_direct=True),
    ]


@pytest.mark.parametrize("model", MODELS)
def test_the_example_shows_what_each_model_gives(model: Model) -> None:
    parts = credits(path(example(), BOOKED), 10_000)[model]
    cells = [f"${part / 100:.2f}" if part else "–" for part in parts]
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {TITLES[model]} |")]
    assert row.split("|")[3:6] == [f" {cell} " for cell in cells]


def test_the_page_names_the_window_and_the_session() -> None:
    assert f"({DEFAULT_WINDOW.days} days unless you" in PAGE
    assert f"within {SESSION // timedelta(minutes=1)} minutes" in PAGE
