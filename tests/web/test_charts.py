"""Charts: whatever the figures, the drawing is sound, and its table and CSV say the same as the picture."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.canonical.money import Money
from bookingbridge.web.charts import base
from bookingbridge.web.charts.bars import Bar, Bars
from bookingbridge.web.charts.dumbbell import Dumbbell, DumbbellRow
from bookingbridge.web.charts.heat import HeatMap
from bookingbridge.web.charts.qr import qr
from bookingbridge.web.charts.range_bar import RangeBar
from bookingbridge.web.charts.sankey import Flow, Node, Sankey, Stage
from bookingbridge.web.charts.spark import Sparkline
from bookingbridge.web.charts.stacked import Series, StackedBars

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
MINOR = st.integers(-(10**9), 10**12)
HUES = st.sampled_from(["c0", "c1", "c2", "c11"])
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def numbers(path: str) -> list[float]:
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", path)]


def sound(svg: str, *, margin: float = 0.6) -> list[ElementTree.Element]:
    """The drawing's elements, after checking that it is well-formed, finite, titled, and inside its view box."""
    assert not re.search(r"\b(?:nan|inf|None)\b|\de[+-]?\d", re.sub(r'data-tip="[^"]*"|>[^<]*<', "", svg)), svg
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    x0, y0, wide, tall = (float(x) for x in root.attrib["viewBox"].split())
    assert (x0, y0) == (0, 0)
    assert wide > 0
    assert tall > 0
    for element in root.iter():
        for name in ("x", "x1", "x2", "cx"):
            if name in element.attrib and element.tag != "text":
                assert -margin <= float(element.attrib[name]) <= wide + margin, ElementTree.tostring(element)
        for name in ("y", "y1", "y2", "cy"):
            if name in element.attrib and element.tag != "text":
                assert -margin <= float(element.attrib[name]) <= tall + margin, ElementTree.tostring(element)
        for name in ("width", "height", "r", "stroke-width"):
            assert float(element.attrib.get(name, "0")) >= 0
    if root.attrib.get("role") == "img":
        titles = {e.attrib["id"]: e.text for e in root.iter() if e.tag in ("title", "desc")}
        assert set(root.attrib["aria-labelledby"].split()) == set(titles)
        assert all(titles.values())
    return list(root.iter())


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@st.composite
def stacked(draw: st.DrawFn) -> StackedBars:
    count = draw(st.integers(1, 30))
    values = st.lists(MINOR, min_size=count, max_size=count).map(tuple)
    labels = draw(st.lists(WORDS, min_size=count, max_size=count).map(tuple))
    series = draw(st.lists(st.builds(Series, WORDS, HUES, values), min_size=1, max_size=7).map(tuple))
    spend = draw(st.one_of(st.just(()), st.lists(st.integers(0, 10**9), min_size=count, max_size=count).map(tuple)))
    return StackedBars("c", draw(WORDS), labels, series, "USD", spend, draw(st.booleans()))


@given(stacked(), st.booleans())
def test_stacked_bars_are_sound_for_any_money(chart: StackedBars, is_narrow: bool) -> None:
    elements = sound(chart.svg(is_narrow=is_narrow))
    blocks = [e for e in elements if "block" in e.attrib.get("class", "")]
    assert len(blocks) == sum(value != 0 for series in chart.series for value in series.values)
    assert sum(e.attrib.get("class") == "hit" for e in elements) == len(chart.labels)


@given(stacked())
def test_the_heights_of_stacked_bars_are_in_proportion_to_the_money(chart: StackedBars) -> None:
    elements = sound(chart.svg())
    blocks = [numbers(e.attrib["d"]) for e in elements if "block" in e.attrib.get("class", "")]
    tall = sum(bottom - (below_round + up) for _, bottom, below_round, _, up, *_ in blocks)
    assert all(below_round + up >= 0 and bottom <= 260 for _, bottom, below_round, _, up, *_ in blocks)
    buckets = range(len(chart.labels))
    top = max([0, *chart.spend, *(sum(max(0, s.values[i]) for s in chart.series) for i in buckets)])
    low = min([0, *(sum(min(0, s.values[i]) for s in chart.series) for i in buckets)])
    money = sum(abs(v) for s in chart.series for v in s.values)
    full = 260 - 12 - 24  # the drawing without its edges
    # The axis ends at round figures: it is as long as the figures need, and at most twice that.
    share = money / max(top - low, 1) * full
    assert share / 2 - 0.2 * len(blocks) - 1 <= tall <= share + 0.2 * len(blocks) + 1


@given(stacked())
def test_table_and_csv_of_stacked_bars_sum_to_the_same(chart: StackedBars) -> None:
    table, rows = chart.table(), read(chart.csv())
    assert len(table.rows) == len(rows) - 1 == len(chart.labels)
    total = 1 + len(chart.series)
    for i, row in enumerate(rows[1:]):
        parts = [Decimal(x) for x in row[1:total]]
        assert sum(parts) == Decimal(row[total]) == Money(chart.totals()[i], "USD").decimal()
        assert len(row) == len(table.head) == len(table.rows[i])


def test_a_bar_without_its_label_is_refused() -> None:
    with pytest.raises(ValueError, match="2 values for 1 labels"):
        StackedBars("c", "t", ("one",), (Series("a", "c1", (1, 2)),), "USD")


def test_the_bucket_that_is_not_over_says_so() -> None:
    chart = StackedBars("c", "t", ("a", "b"), (Series("s", "c1", (1, 2)),), "USD", open_bucket=True)
    assert [row[0] for row in chart.table().rows] == ["a", "b (so far)"]


@given(st.lists(st.one_of(st.none(), ANY_FLOAT), max_size=40))
def test_a_sparkline_is_sound_for_anything(values: list[float | None]) -> None:
    chart = Sparkline(tuple(values))
    svg = chart.svg()
    if svg:
        assert 'aria-hidden="true"' in svg
        for element in sound(svg):
            assert all(-0.1 <= y <= 28.1 for y in numbers(element.attrib.get("d", ""))[1::2])


def test_a_sparkline_of_one_value_is_nothing_and_a_gap_stays_a_gap() -> None:
    assert Sparkline((3.0,)).svg() == ""
    assert Sparkline((None, 2.0, None)).svg() == ""
    assert Sparkline((1, 2, None, 4, 5)).svg().count('class="line"') == 2


@given(ANY_FLOAT, ANY_FLOAT, ANY_FLOAT, ANY_FLOAT, st.booleans())
def test_a_range_is_drawn_in_order_and_inside(a: float, b: float, c: float, top: float, is_early: bool) -> None:
    low, middle, high = sorted((a, b, c), key=lambda x: 0.0 if math.isnan(x) else x)
    elements = sound(RangeBar("r", low, middle, high, top, is_early).svg())
    [likely] = [e for e in elements if e.attrib.get("class") == "likely"]
    [dot] = [e for e in elements if e.attrib.get("class") == "middle"]
    assert float(likely.attrib["x1"]) <= float(dot.attrib["cx"]) <= float(likely.attrib["x2"]) + 0.1


def test_a_range_says_what_it_shows_and_when_it_is_early() -> None:
    assert RangeBar("r", 0.4, 0.9, 1.8, 10).words() == "likely 0.4× to 1.8×"
    assert RangeBar("r", 0.4, 0.9, 1.8, 10, is_early=True).words() == "likely 0.4× to 1.8×, too early to tell"


@st.composite
def sankeys(draw: st.DrawFn) -> Sankey:
    stages = [
        Stage(draw(WORDS), tuple(Node(f"{i}.{j}", draw(WORDS)) for j in range(draw(st.integers(1, 5)))))
        for i in range(draw(st.integers(1, 4)))
    ]
    people = st.integers(0, 100_000)
    flows = [
        Flow(a.key, b.key, draw(people))
        for left, right in itertools.pairwise(stages)
        for a in left.nodes
        for b in right.nodes
        if draw(st.booleans())
    ]
    return Sankey("s", draw(WORDS), tuple(stages), tuple(flows))


@given(sankeys())
def test_flows_stay_inside_and_nodes_are_as_tall_as_what_passes(chart: Sankey) -> None:
    elements = sound(chart.svg())
    sizes = list(chart.sizes().values())
    tall = [float(e.attrib["height"]) for e in elements if e.tag == "rect"]
    assert len(tall) == len(sizes)
    widest = max(range(len(sizes)), key=sizes.__getitem__)
    if sizes[widest]:
        scale = tall[widest] / sizes[widest]
        assert all(abs(t - max(size * scale, 1.0)) < 1.2 for t, size in zip(tall, sizes, strict=True))
    for flow, drawn in zip(chart.flows, [e for e in elements if "flow" in e.attrib.get("class", "")], strict=True):
        assert f"{flow.people:,} people" in drawn.attrib["data-tip"]


@given(sankeys())
def test_on_a_phone_each_stage_is_a_bar_with_its_figures(chart: Sankey) -> None:
    text = chart.svg(is_narrow=True)
    root = ElementTree.fromstring(text)  # noqa: S314 - our own drawing
    assert len(root.findall("div")) == len(chart.stages)
    for svg in root.iter("svg"):
        assert sum(float(r.attrib["width"]) for r in svg.iter("rect")) <= 340.5
    assert [int((b.text or "").replace(",", "")) for b in root.iter("b")] == list(chart.sizes().values())


def test_a_flow_to_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Sankey("s", "t", (Stage("a", (Node("x", "X"),)),), (Flow("x", "y", 3),))


@given(
    st.lists(st.lists(MINOR, min_size=6, max_size=6).map(tuple), min_size=1, max_size=12),
    st.lists(WORDS, min_size=12, max_size=12),
    st.booleans(),
)
def test_every_model_has_its_own_mark_in_every_row(rows: list[tuple[int, ...]], names: list[str], narrow: bool) -> None:
    models = ("first", "last", "direct", "linear", "ends", "decay")
    chart = Dumbbell("d", "t", models, tuple(DumbbellRow(n, r) for n, r in zip(names, rows, strict=False)), "USD")
    elements = sound(chart.svg(is_narrow=narrow))
    marks = [e for e in elements if "shape" in e.attrib.get("class", "")]
    assert len(marks) == 6 * len(rows)
    for i in range(len(rows)):
        shapes = {
            re.sub(r"[\d.,-]+", "#", mark.attrib["d"]) + mark.attrib["class"] for mark in marks[6 * i : 6 * i + 6]
        }
        assert len(shapes) == 6
    for row, cells in zip(rows, read(chart.csv())[1:], strict=True):
        assert [Decimal(c) for c in cells[1:]] == [Money(v, "USD").decimal() for v in row]


def test_marks_on_one_spot_stand_apart() -> None:
    chart = Dumbbell("d", "t", ("a", "b", "c"), (DumbbellRow("same", (500, 500, 500)),), "USD")
    marks = [e.attrib["d"] for e in sound(chart.svg()) if "shape" in e.attrib.get("class", "")]
    assert len({numbers(d)[1] for d in marks}) == 3


def test_models_beyond_what_shapes_can_tell_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 8"):
        Dumbbell("d", "t", tuple("abcdefghi"), (), "USD")


@given(st.lists(st.builds(Bar, WORDS, HUES, MINOR, st.just("note")), max_size=15), st.booleans(), st.booleans())
def test_bars_are_as_long_as_their_figures(bars: list[Bar], narrow: bool, is_money: bool) -> None:
    chart = Bars("b", "t", tuple(bars), "USD" if is_money else "")
    elements = sound(chart.svg(is_narrow=narrow))
    long = [float(e.attrib["width"]) for e in elements if e.attrib.get("class", "").startswith("c")
            and e.tag == "rect"]  # fmt: skip
    most = max((b.value for b in bars), default=0)
    rails = [float(e.attrib["width"]) for e in elements if e.attrib.get("class") == "rail"]
    assert len(long) == len(bars)
    for bar, width, rail in zip(bars, long, rails, strict=True):
        assert abs(width - max(bar.value, 0) / (most if most > 0 else 1) * rail) < 0.1


@given(st.lists(st.lists(st.one_of(st.none(), ANY_FLOAT), min_size=3, max_size=3).map(tuple), min_size=2, max_size=2))
def test_a_heat_map_writes_whole_percents_and_names_what_is_closed(cells: list[tuple[float | None, ...]]) -> None:
    chart = HeatMap("h", "t", ("Mon", "Tue"), ("9", "10", "11"), tuple(cells))
    root = ElementTree.fromstring(chart.svg().replace("<col>", "<col/>"))  # noqa: S314 - our own drawing
    shown = [c for c in root.iter("td") if c.attrib]
    assert len(shown) == 6
    for cell, share in zip(shown, [c for row in cells for c in row], strict=True):
        if share is None or not math.isfinite(share):
            assert cell.attrib["class"] == "none"
            assert cell.findtext("span") == "closed"
        else:
            assert 0 <= int(cell.text or "") <= 100
            assert re.fullmatch(r"h[0-9]", cell.attrib["class"])


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.integers(2, 8))
def test_ticks_are_even_and_hold_everything_and_zero(a: float, b: float, wanted: int) -> None:
    ticks = base.nice_ticks(min(a, b), max(a, b), wanted)
    assert 2 <= len(ticks) <= wanted + 3
    hair = 1e-8 * (max(a, b, 0) - min(a, b, 0))  # far below a pixel
    assert ticks[0] <= min(a, b, 0) + hair
    assert ticks[-1] >= max(a, b, 0) - hair
    assert any(t == 0 for t in ticks)
    steps = [after - before for before, after in itertools.pairwise(ticks)]
    assert max(steps) - min(steps) <= max(steps) * 1e-9


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM", "\tx", "\rx"])
def test_a_name_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    [[_], [shown]] = read(base.csv_text(["name"], [[start]]))
    assert shown == f"'{start}"


def test_negative_figures_stay_figures_in_csv() -> None:
    assert read(base.csv_text(["n"], [[-5], [Decimal("-1.50")]]))[1:] == [["-5"], ["-1.50"]]


@given(WORDS)
def test_words_of_strangers_never_become_markup(word: str) -> None:
    evil = f'"><script>{word}</script>'
    chart = Bars("b", evil, (Bar(evil, "c1", 3, evil),))
    assert "<script" not in chart.svg()
    sound(chart.svg())


def test_a_channel_has_one_colour_and_an_unforeseen_one_has_one_too() -> None:
    assert (base.hue("google_ads"), base.hue("Google Ads"), base.hue("unknown")) == ("c1", "c1", "c0")
    assert base.hue("carrier pigeon") == "c11"


def test_a_qr_code_is_titled_and_a_novel_is_refused() -> None:
    svg = qr("https://example.com/r/flyer", "Flyer <1>")
    assert "<title>Flyer &lt;1&gt;</title>" in svg
    assert 'role="img"' in svg
    assert "style=" not in svg
    with pytest.raises(ValueError, match="do not fit"):
        qr("x" * 4000, "Novel")
