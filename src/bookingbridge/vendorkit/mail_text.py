"""The words of an HTML mail, line by line as a person sees them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = frozenset(
    (
        "address", "article", "blockquote", "br", "div", "dd", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "li", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    )
)  # fmt: skip
_UNSEEN = frozenset(("head", "script", "style", "template", "title"))
_SPACES = re.compile(r"[^\S\n]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


def lines(text: str) -> list[str]:
    """The text's lines, trimmed, inner spaces single, empty ones and invisible characters left out."""
    bare = _SPACES.sub(" ", _INVISIBLE.sub("", text.replace("\x00", "")).replace("\r", "\n"))
    return [line for raw in bare.split("\n") if (line := raw.strip())]


def from_html(html: str) -> str:
    """What an HTML document says; one line per block. Never raises: broken markup is read as far as it goes."""
    parser = _Words()
    parser.feed(html)
    parser.close()
    return "\n".join(lines("".join(parser.words)))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._unseen = ""  # of a head that was never closed
        if not self._unseen and tag in _UNSEEN:
            self._unseen = tag
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen or (self._unseen == "head" and tag == "html"):
            self._unseen = ""
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            # Line ends in the source are spaces on the screen.
            self.words.append(data.replace("\n", " ").replace("\r", " "))
