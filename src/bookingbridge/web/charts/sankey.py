"""How people went from a first touch to a paid visit: flows on a wide screen, one bar per stage on a phone."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from bookingbridge.web import format as fmt
from bookingbridge.web.charts.base import Shade, Table, attribute, csv_text, drawing, n, shorten

_NODE, _GAP, _SIDE = 12.0, 12.0, 4.0


@dataclass(frozen=True, slots=True)
class Node:
    """A place people pass. `key` is unique in the chart."""

    key: str
    label: str
    shade: Shade = "mid"


@dataclass(frozen=True, slots=True)
class Stage:
    """One column: its name and its nodes from top to bottom."""

    name: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """`people` went from node `source` to node `target` of the next stage. Not negative."""

    source: str
    target: str
    people: int


@dataclass(frozen=True, slots=True)
class Sankey:
    """Stages from left to right and the flows between neighbours; every flow names known nodes."""

    name: str
    title: str
    stages: tuple[Stage, ...]
    flows: tuple[Flow, ...]
    unit: str = "people"

    def __post_init__(self) -> None:
        known = {node.key for stage in self.stages for node in stage.nodes}
        for flow in self.flows:
            if flow.source not in known or flow.target not in known or flow.people < 0:
                raise ValueError(f"{self.name}: flow {flow} does not fit the nodes")

    def sizes(self) -> dict[str, int]:
        """How many passed each node: the greater of what came in and what went out."""
        into = {node.key: 0 for stage in self.stages for node in stage.nodes}
        out = dict(into)
        for flow in self.flows:
            out[flow.source] += flow.people
            into[flow.target] += flow.people
        return {key: max(into[key], out[key]) for key in into}

    def description(self) -> str:
        sizes = self.sizes()
        return " ".join(
            f"{stage.name}: {', '.join(f'{node.label} {fmt.count(sizes[node.key])}' for node in stage.nodes)}."
            for stage in self.stages
        )

    def svg(self, *, is_narrow: bool = False) -> Markup:
        """Flows, 760 x 300; on a phone stacked stage bars, which stay readable there."""
        return self._stage_bars() if is_narrow else self._flows()

    def table(self) -> Table:
        labels = self._labels()
        rows = tuple((labels[f.source], labels[f.target], fmt.count(f.people)) for f in self.flows)
        return Table(self.title, ("From", "To", self.unit.capitalize()), rows)

    def csv(self) -> str:
        labels = self._labels()
        return csv_text(("from", "to", self.unit), [(labels[f.source], labels[f.target], f.people) for f in self.flows])

    def _labels(self) -> dict[str, str]:
        return {node.key: node.label for stage in self.stages for node in stage.nodes}

    def _flows(self) -> Markup:
        width, height = 760.0, 300.0
        placed = self._placed(width, height)
        sizes, labels = self.sizes(), self._labels()
        shades = {node.key: node.shade for stage in self.stages for node in stage.nodes}
        scale = self._scale(height)
        leaving = {key: y for key, (_, y, _) in placed.items()}
        entering = dict(leaving)
        body = []
        for flow in self.flows:
            thick = flow.people * scale
            x0, x1 = placed[flow.source][0] + _NODE, placed[flow.target][0]
            y0, y1 = leaving[flow.source] + thick / 2, entering[flow.target] + thick / 2
            leaving[flow.source] += thick
            entering[flow.target] += thick
            bend = (x0 + x1) / 2
            tip = attribute(f"{labels[flow.source]} to {labels[flow.target]}\n{fmt.count(flow.people)} {self.unit}")
            body.append(
                f'<path class="flow {shades[flow.source]}" stroke-width="{n(max(thick, 0.5))}" data-tip="{tip}"'
                f' d="M{n(x0)},{n(y0)}C{n(bend)},{n(y0)} {n(bend)},{n(y1)} {n(x1)},{n(y1)}"/>'
            )
        for column, stage in enumerate(self.stages):
            for node in stage.nodes:
                body.extend(self._node(node, placed[node.key], sizes[node.key], column))
        return drawing(self.name, width, height, self.title, self.description(), body)

    def _node(self, node: Node, place: tuple[float, float, float], size: int, column: int) -> tuple[str, str]:
        x, y, tall = place
        is_last = column == len(self.stages) - 1 and column > 0
        at, anchor = (x - 7, "end") if is_last else (x + _NODE + 7, "start")
        words = escape(shorten(node.label, 26))
        box = f'x="{n(x)}" y="{n(y)}" width="{n(_NODE)}" height="{n(max(tall, 1.0))}" rx="2"'
        figure = f'<tspan class="value" dx="5">{fmt.count(size)}</tspan>'
        where = f'x="{n(at)}" y="{n(y + tall / 2 + 4)}" text-anchor="{anchor}"'
        return f'<rect class="{node.shade}" {box}/>', f'<text class="node" {where}>{words}{figure}</text>'

    def _scale(self, height: float) -> float:
        """Pixels per person, so that the fullest column fits with its gaps."""
        sizes = self.sizes()
        scales = []
        for stage in self.stages:
            total = sum(sizes[node.key] for node in stage.nodes)
            room = height - 8 - _GAP * (len(stage.nodes) - 1)
            if total:
                scales.append(max(room, 8.0) / total)
        return min(scales, default=0.0)

    def _placed(self, width: float, height: float) -> dict[str, tuple[float, float, float]]:
        """(x, y, height) of every node, each column centred."""
        sizes, scale = self.sizes(), self._scale(height)
        out = {}
        for column, stage in enumerate(self.stages):
            x = _SIDE + column * (width - 2 * _SIDE - _NODE) / max(1, len(self.stages) - 1)
            gap = min(_GAP, (height - 8) / (2 * max(1, len(stage.nodes))))
            tall = sum(sizes[node.key] * scale for node in stage.nodes) + gap * (len(stage.nodes) - 1)
            y = (height - tall) / 2
            for node in stage.nodes:
                out[node.key] = (x, y, sizes[node.key] * scale)
                y += sizes[node.key] * scale + gap
        return out

    def _stage_bars(self) -> Markup:
        sizes = self.sizes()
        most = max((sum(sizes[node.key] for node in stage.nodes) for stage in self.stages), default=0) or 1
        out = ['<div class="stages">']
        for stage in self.stages:
            bars, x = [], 0.0
            for node in stage.nodes:
                wide = sizes[node.key] / most * 340.0
                bars.append(
                    f'<rect class="{node.shade}" x="{n(x)}" y="0" width="{n(max(wide - 2, 0.0))}" height="15" rx="3"/>'
                )
                x += wide
            items = "".join(
                f'<li><i class="dot {node.shade}"></i>{escape(node.label)} <b>{fmt.count(sizes[node.key])}</b></li>'
                for node in stage.nodes
            )
            out.append(
                f'<div><h3>{escape(stage.name)}</h3><svg class="chart" viewBox="0 0 340 15" preserveAspectRatio="none"'
                f' aria-hidden="true">{"".join(bars)}</svg><ul>{items}</ul></div>'
            )
        return Markup("".join([*out, "</div>"]))  # noqa: S704 - labels are escaped above
