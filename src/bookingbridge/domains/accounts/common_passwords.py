"""Whether a password is among the first that are guessed: known words and walks, however they are decorated.

Lists of leaked passwords hold few words in many dresses (p@ssw0rd2024!, Password123456). So the dress is taken off
and what remains is compared with the words, which keeps the list short and catches the dresses no list has.
"""

from __future__ import annotations

from collections.abc import Iterable

_LIST = """
    password passwort passw passwd pass pwd contrasena clave senha parola haslo motdepasse geheim secret
    login logon signin access admin administrator root user guest test tester demo sample example changeme default
    welcome hello letmein openup comein iloveyou loveyou love lovely princess sunshine flower butterfly
    football soccer baseball basketball hockey cricket liverpool arsenal chelsea barcelona yankees cowboys steelers
    monkey dragon tiger shadow master killer hunter ranger cheese cookie chocolate coffee banana orange
    superman batman spiderman pokemon starwars matrix minecraft fortnite google facebook instagram whatsapp
    michael jordan jennifer jessica ashley daniel robert thomas charlie andrew nicole michelle anthony joshua
    summer winter spring autumn january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday today forever whatever nothing blink freedom
    computer internet server windows database system network mustang porsche ferrari mercedes harley corvette
    barber barbershop salon haircut beauty massage studio business company office manager owner booking bookings
    bookingbridge bridge appointment appointments square money dollar secure security private temporary
    qwerty qwertz azerty qazwsx asdfgh zxcvbn trustno trust the and for you my is me new old big best god jesus
    """
_WORDS = frozenset(_LIST.split())
_LONGEST = max(map(len, _WORDS))
_WALKS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
)
_UNDRESSED = str.maketrans("@4831!|0$57+2", "aabelilossttz")
_FEWEST_DIFFERENT = 5
_SHORTEST_CORE = 4


def is_common(password: str, not_like: Iterable[str] = ()) -> bool:
    """Whether a guesser would soon try it.

    That is: few different characters, one short piece repeated, walks over the keyboard or alphabet, or nothing but
    known words (those of `not_like` included) with digits and signs around them.
    """
    text = password.casefold()
    if len(set(text)) < _FEWEST_DIFFERENT or _is_repetition(text):
        return True
    own = frozenset(word for given in not_like for word in _words_of(given.casefold()))
    plain, undressed = _letters(text), _letters(text.translate(_UNDRESSED))
    cores = {plain, undressed, _letters(text.strip("0123456789!?.,-_*#$%&@ ").translate(_UNDRESSED))}
    digits = "".join(c for c in text if c.isdigit())
    if len(plain) < _SHORTEST_CORE and len(text) - len(plain) - len(digits) < _SHORTEST_CORE:
        return len(digits) < 12 or _is_walked("".join(c for c in text if c.isalnum()))
    return _is_walked("".join(c for c in text if c.isalnum())) or any(_is_of_words(core, own) for core in cores)


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalpha())


def _words_of(text: str) -> set[str]:
    """The pieces of a name or an address that somebody would put into a password."""
    pieces = "".join(c if c.isalnum() else " " for c in text).split()
    return {_letters(p) for p in [*pieces, "".join(pieces)] if len(_letters(p)) >= _SHORTEST_CORE}


def _is_repetition(text: str) -> bool:
    """Whether the whole is one piece, over and over: found inside itself doubled, before its own end."""
    return (text + text).find(text, 1) < len(text)


def _is_walked(text: str) -> bool:
    """Whether all of it consists of stretches, four long at least, of walks in either direction."""
    ways = [way for walk in _WALKS for way in (walk, walk[::-1])]
    at = 0
    while at < len(text):
        longest = 0
        for way in ways:
            reach = 0
            while at + reach < len(text) and text[at : at + reach + 1] in way:
                reach += 1
            longest = max(longest, reach)
        if longest < min(4, len(text) - at) or longest == 0:
            return False
        at += longest
    return bool(text)


def _is_of_words(core: str, own: frozenset[str]) -> bool:
    """Whether the letters are nothing but known words, one after the other."""
    if len(core) < _SHORTEST_CORE:
        return False
    longest = max([_LONGEST, *map(len, own)])
    ends = {0}
    for end in range(1, len(core) + 1):
        if any(core[start:end] in _WORDS or core[start:end] in own for start in ends if end - start <= longest):
            ends.add(end)
    return len(core) in ends
