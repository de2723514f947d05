"""Reads a page as a strict reader would and lists what is wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "hr", "img", "col", "area", "base", "wbr"}
# SVG leaves that our charts write closed in themselves; HTMLParser reports those as start-and-end.
NEEDS_LABEL = {"input", "select", "textarea"}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "popovertarget", "list", "aria-controls")
POINTS_NOWHERE = {"", "#"}


@dataclass
class Element:
    """One element while it is open."""

    tag: str
    given: dict[str, str]
    words: list[str] = field(default_factory=list)
    has_svg: bool = False


class Page(HTMLParser):
    """What a page holds, and `wrong`: every rule it breaks."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.ids: Counter[str] = Counter()
        self.headings: list[tuple[int, str]] = []
        self.forms: list[dict[str, str]] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._open: list[Element] = []
        self._references: list[tuple[str, str]] = []
        self._labelled: set[str] = set()
        self._unlabelled: list[str] = []
        self._csrf: list[bool] = []
        self.feed(text)
        self.close()
        self._finish()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if len(given) != len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice: {attrs}")
        self._attributes(tag, given)
        self._element(tag, given)
        if tag not in VOID:
            self._open.append(Element(tag, given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._attributes(tag, given)
        if not any(e.tag == "svg" for e in self._open):
            self.wrong.append(f"<{tag}/> is closed in itself outside an SVG")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            self.wrong.append(f"</{tag}> closes {self._open[-1].tag if self._open else 'nothing'}")
            return
        self._closed(self._open.pop())

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.words.append(data)
        if data.strip():
            self.texts.append(data.strip())

    def _attributes(self, tag: str, given: dict[str, str]) -> None:
        for name, value in given.items():
            if name.startswith("on"):
                self.wrong.append(f"<{tag}> has the inline handler {name}")
            if name == "style":
                self.wrong.append(f"<{tag}> has an inline style")
            if name == "id":
                self.ids[value] += 1
            if name in REFERENCES:
                self._references += [(name, word) for word in value.split()]
            if name in ("href", "action", "hx-get") and value.lower().startswith(("javascript:", "data:", "http:")):
                self.wrong.append(f"<{tag}> leads to {value[:40]}")

    def _element(self, tag: str, given: dict[str, str]) -> None:
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.wrong.append("a script that is not one of our files")
        if tag == "style":
            self.wrong.append("an inline style sheet")
        if tag == "svg" and self._open:
            for element in self._open:
                element.has_svg = True
        if tag == "form":
            self.forms.append(given)
            self._csrf.append(False)
        if tag == "input" and given.get("name") == "csrf" and self._csrf:
            self._csrf[-1] = bool(given.get("value"))
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in NEEDS_LABEL and given.get("type") != "hidden" and "hidden" not in given:
            inside = any(e.tag == "label" for e in self._open)
            if not inside and not given.get("aria-label"):
                self._unlabelled.append(given.get("id") or f"{tag} {given.get('name')}")

    def _closed(self, element: Element) -> None:
        words = " ".join("".join(element.words).split())
        if element.tag in ("h1", "h2", "h3"):
            self.headings.append((int(element.tag[1]), words))
        if element.tag in ("h1", "h2", "h3", "button", "a", "label", "th", "legend", "summary", "option") and not (
            words or element.given.get("aria-label") or (element.tag == "option" and element.given.get("value"))
        ):
            self.wrong.append(f"<{element.tag}> says nothing: {element.given}")
        if element.tag == "label" and "for" in element.given:
            self._labelled.add(element.given["for"])
        if element.tag == "form":
            form, has_csrf = element.given, self._csrf.pop()
            if form.get("method", "get").lower() == "post" and not has_csrf and "action" in form:
                self.wrong.append(f"the form to {form['action']} has no csrf field")
        if element.tag == "a" and element.given.get("href") in POINTS_NOWHERE:
            self.wrong.append(f"a link that leads nowhere: {words}")

    def _finish(self) -> None:
        self.wrong += [f"<{e.tag}> is never closed" for e in self._open]
        self.wrong += [f"id {name} is there {n} times" for name, n in self.ids.items() if n > 1]
        self.wrong += [f"{what} names no element: {name}" for what, name in self._references if not self.ids[name]]
        self.wrong += [f"no label for {name}" for name in self._unlabelled if name not in self._labelled]

    @property
    def words(self) -> str:
        """All text, in one line."""
        return " ".join(" ".join(self.texts).split())
