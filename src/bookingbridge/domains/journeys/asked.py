"""What people answer to "how did you hear about us", in English, Spanish, Polish, Ukrainian and German. Pure.

An answer is what somebody remembers, so it makes a touch of its own beside those that were seen; it replaces none.
Of several places the one named first counts. What names no place gives no channel: nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bookingbridge.domains.journeys.asked_words import ADS, PLACES
from bookingbridge.domains.journeys.channels_data import Kind
from bookingbridge.domains.journeys.vocabulary import Channel, as_ad, organic

LONGEST_ANSWER = 500


@dataclass(frozen=True, slots=True)
class Heard:
    """The channel an answer names, the words that name it (as folded), and a sentence for people."""

    channel: Channel
    words: str
    why: str


def heard_from(answer: str) -> Heard | None:
    """The channel that an answer names, or None when it names none that we know.

    An advertisement at a named place is that place's paid channel; without a place it is one of the others.
    """
    words = _folded(answer)
    found = _FIRST_PLACE.search(words)
    ad = _AD.search(words)
    quoted = " ".join(answer[:LONGEST_ANSWER].split())[:80]
    if found is None:
        if ad is None:
            return None
        return Heard(Channel.PAID_OTHER, ad[0], f"They answered “{quoted}”: an advertisement, and not where.")
    place = PLACES[int((found.lastgroup or "p0")[1:])][0]
    if isinstance(place, Channel):
        channel = place
    else:
        channel = as_ad(place) if ad and place not in (Kind.MAIL, Kind.DIRECTORY) else organic(place)
    return Heard(channel, found[0], f"Asked how they heard of you, they answered “{quoted}”.")


def _folded(text: str) -> str:
    """Lower case, without accents, words apart by single spaces."""
    decomposed = unicodedata.normalize("NFKD", text[:LONGEST_ANSWER].casefold().replace("ł", "l"))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _NOT_LETTERS.sub(" ", bare).strip()


_NOT_LETTERS = re.compile(r"[^\w.]+|_+")


def _any_of(phrases: str) -> str:
    """A pattern for the folded phrases, longest first, so that `instagram` is not found as `insta`."""
    found = {f"{_folded(p)}$" if p.endswith("$") else _folded(p) for p in map(str.strip, phrases.split(",")) if p}
    return "|".join(
        re.escape(p[:-1]) + r"\b" if p.endswith("$") else re.escape(p) + r"\w*"
        for p in sorted(found, key=lambda p: (-len(p), p))
    )


_FIRST_PLACE = re.compile(
    "|".join(rf"(?P<p{i}>\b(?:{_any_of(phrases)}))" for i, (_, phrases) in enumerate(PLACES)),
)
_AD = re.compile(rf"\b(?:{_any_of(ADS)})")
