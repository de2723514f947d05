"""Reads a page as somebody who listens to it: tables by their name, cards by their heading, facts by their label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "hr", "img", "col", "area", "base", "wbr"}
UNHEARD = {"script", "style", "svg", "template"}


@dataclass
class Node:
    """An element with what is in it."""

    tag: str
    given: dict[str, str] = field(default_factory=dict)
    inside: list[Node | str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """All its text in one line, as it is read out."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for each in self.inside:
            if isinstance(each, str):
                yield each
            elif each.tag not in UNHEARD and each.given.get("aria-hidden") != "true":
                yield from each._texts()

    def all(self, tag: str, **given: str) -> list[Node]:
        """Every element of this tag within, with these attributes."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in given.items()}
        return [n for n in self._nodes() if n.tag == tag and all(n.given.get(k) == v for k, v in wanted.items())]

    def one(self, tag: str, **given: str) -> Node:
        """The only such element."""
        found = self.all(tag, **given)
        assert len(found) == 1, f"{len(found)} elements <{tag} {given}>"
        return found[0]

    def _nodes(self) -> Iterator[Node]:
        for each in self.inside:
            if isinstance(each, Node):
                yield each
                yield from each._nodes()


class Page(Node):
    """A whole page, or the part of one that htmx asked for."""

    def __init__(self, text: str) -> None:
        super().__init__("page")
        builder = _Builder(self)
        builder.feed(text)
        builder.close()

    @property
    def title(self) -> str:
        return self.one("h1").words

    def section(self, heading: str) -> Node:
        """The section that this heading names."""
        for section in self.all("section"):
            named = section.given.get("aria-labelledby", "")
            if any(h.words == heading for tag in ("h2", "h3") for h in section.all(tag, id=named)):
                return section
        raise AssertionError(f"no section {heading!r}; there are {[h.words for h in self.all('h2')]}")

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of the table of this name, by column heading; the foot's too. Hidden headings count."""
        table = self.one("table", aria_label=name)
        heads = [th.words for th in table.one("thead").all("th")]
        rows = []
        for row in [tr for part in ("tbody", "tfoot") for body in table.all(part) for tr in body.all("tr")]:
            cells = [cell.words for cell in row.inside if isinstance(cell, Node) and cell.tag in ("td", "th")]
            rows.append(dict(zip(heads, cells, strict=len(cells) == len(heads))))
        return rows

    def row(self, name: str, first: str) -> dict[str, str]:
        """The row of the table whose first cell begins so."""
        rows = self.table(name)
        found = [row for row in rows if next(iter(row.values())).startswith(first)]
        assert len(found) == 1, f"{len(found)} rows begin with {first!r}: {[next(iter(r.values())) for r in rows]}"
        return found[0]

    def links(self, words: str) -> list[str]:
        """Where the links with these words lead."""
        return [a.given["href"] for a in self.all("a") if a.words == words]

    def facts(self, heading: str) -> dict[str, str]:
        """The names and values of a section's list."""
        lists = self.section(heading).all("dl")
        assert len(lists) == 1
        names, values = lists[0].all("dt"), lists[0].all("dd")
        return {n.words: v.words for n, v in zip(names, values, strict=True)}

    def kpi(self, label: str) -> str:
        """All that a key figure says."""
        cards = [c for tag in ("a", "div") for c in self.section("Key figures").all(tag)]
        found = [c for c in cards if c.all("h3") and c.all("h3")[0].words == label]
        assert len(found) == 1, label
        return found[0].words.removeprefix(label).strip()

    @property
    def toasts(self) -> list[str]:
        return [p.words for box in self.all("div", id="toasts") for p in box.all("p")]


class _Builder(HTMLParser):
    def __init__(self, page: Node) -> None:
        super().__init__(convert_charrefs=True)
        self._open = [page]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].inside.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].inside.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)
