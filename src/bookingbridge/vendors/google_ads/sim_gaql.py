"""Google's query language as the simulated API understands it: text in, a checked form or Google's own refusal out.

SELECT … FROM … [WHERE … AND …] [ORDER BY … [ASC|DESC], …] [LIMIT n] [PARAMETERS name = value, …]. Words count in any
case. Which fields there are is not known here. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

OPERATORS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_WORDS = frozenset(
    {
        "SELECT", "FROM", "WHERE", "AND", "ORDER", "BY", "ASC", "DESC", "LIMIT", "PARAMETERS", "IN", "NOT", "LIKE",
        "BETWEEN", "DURING", "IS", "NULL", "CONTAINS", "ANY", "ALL", "NONE", "REGEXP_MATCH",
    }
)  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?![\w.])"
    r"|(?P<name>[A-Za-z_][\w.]*)|(?P<mark>!=|<=|>=|[=<>(),]))",
    re.ASCII,
)


class Refusal(Exception):
    """What Google answers in the place of rows: a kind of error, its name in that enum, a sentence."""

    def __init__(self, kind: str, name: str, message: str, *, status: int = 400, canonical: str = "") -> None:
        super().__init__(message)
        self.kind, self.name, self.message, self.status = kind, name, message, status
        self.canonical = canonical or "INVALID_ARGUMENT"


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator` is one of OPERATORS, IN, NOT IN, LIKE, NOT LIKE, BETWEEN, DURING, IS NULL, IS NOT NULL."""

    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    select: tuple[str, ...]
    resource: str
    where: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """(field, whether descending)"""
    limit: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Query:
    """The query's form. Refusal with a name of QueryErrorEnum where it has none."""
    return _Reader(_tokens(text)).query()


def _refuse(name: str, message: str) -> NoReturn:
    raise Refusal("queryError", name, message)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = _TOKEN.match(stripped, at)
        if found is None:
            rest = stripped[at:].lstrip()
            if rest[:1] in ("'", '"'):
                _refuse("STRING_NOT_TERMINATED", "Error in query: a string is not terminated.")
            _refuse("BAD_SYMBOL", f"Error in query: unexpected symbol {rest[:1]!r}.")
        kind = found.lastgroup or ""
        word = found[kind]
        if kind == "name" and word.upper() in _WORDS:
            tokens.append(("word", word.upper()))
        elif kind == "string":
            tokens.append((kind, re.sub(r"\\(.)", r"\1", word[1:-1])))
        else:
            tokens.append((kind, word))
        at = found.end()
    return tokens


class _Reader:
    """Reads the tokens from left to right, once."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        if not self._took("SELECT"):
            _refuse("EXPECTED_SELECT", "Error in query: expected SELECT.")
        select = self._names()
        if not self._took("FROM"):
            _refuse("EXPECTED_FROM", "Error in query: expected FROM.")
        resource = self._name("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE")
        where = self._conditions() if self._took("WHERE") else ()
        order = self._order() if self._took("ORDER") else ()
        limit = self._limit() if self._took("LIMIT") else None
        parameters = self._parameters() if self._took("PARAMETERS") else {}
        if self._at < len(self._tokens):
            _refuse("UNEXPECTED_INPUT", f"Error in query: unexpected input {self._peek()[1]}.")
        return Query(select, resource, where, order, limit, parameters)

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._took("AND"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        name = self._name("BAD_FIELD_NAME")
        kind, word = self._next()
        if kind == "mark" and word in OPERATORS:
            return Condition(name, word, (self._value(),))
        if kind != "word":
            _refuse("BAD_OPERATOR", f"Error in query: {word!r} is not an operator.")
        if word == "IS":
            operator = "IS NOT NULL" if self._took("NOT") else "IS NULL"
            if not self._took("NULL"):
                _refuse("BAD_OPERATOR", "Error in query: expected NULL after IS.")
            return Condition(name, operator, ())
        if word == "NOT":
            word = f"NOT {self._next()[1]}"
        match word:
            case "IN" | "NOT IN":
                return Condition(name, word, self._list())
            case "LIKE" | "NOT LIKE" | "DURING":
                return Condition(name, word, (self._value(),))
            case "BETWEEN":
                first = self._value()
                if not self._took("AND"):
                    _refuse("EXPECTED_VALUE_WITH_BETWEEN_OPERATOR", "Error in query: expected AND after BETWEEN.")
                return Condition(name, word, (first, self._value()))
        _refuse("BAD_OPERATOR", f"Error in query: the operator {word} is not simulated.")

    def _list(self) -> tuple[str, ...]:
        if self._next() != ("mark", "("):
            _refuse("EXPECTED_LIST", "Error in query: expected a list in parentheses.")
        values: list[str] = []
        while self._peek() != ("mark", ")"):
            values.append(self._value())
            if self._peek() == ("mark", ","):
                self._at += 1
        self._at += 1
        if not values:
            _refuse("PROHIBITED_EMPTY_LIST_IN_CONDITION", "Error in query: the list is empty.")
        return tuple(values)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._took("BY"):
            _refuse("EXPECTED_BY", "Error in query: expected BY after ORDER.")
        found: list[tuple[str, bool]] = []
        while True:
            name = self._name("BAD_FIELD_NAME")
            found.append((name, self._took("DESC")))
            if not found[-1][1]:
                self._took("ASC")
            if self._peek() != ("mark", ","):
                return tuple(found)
            self._at += 1

    def _limit(self) -> int:
        kind, word = self._next()
        if kind != "number" or not word.isdigit():
            _refuse("BAD_LIMIT_VALUE", f"Error in query: {word!r} is not a limit.")
        if int(word) < 1:
            _refuse("LIMIT_VALUE_TOO_LOW", "Error in query: the limit must be at least 1.")
        return int(word)

    def _parameters(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            name = self._name("BAD_PARAMETER_NAME")
            if self._next() != ("mark", "="):
                _refuse("BAD_PARAMETER_VALUE", "Error in query: expected = after a parameter's name.")
            found[name] = self._value()
            if self._peek() != ("mark", ","):
                return found
            self._at += 1

    def _names(self) -> tuple[str, ...]:
        found = [self._name("BAD_FIELD_NAME")]
        while self._peek() == ("mark", ","):
            self._at += 1
            found.append(self._name("BAD_FIELD_NAME"))
        return tuple(found)

    def _name(self, error: str) -> str:
        kind, word = self._next()
        if kind != "name":
            _refuse(error, f"Error in query: {word!r} is not a name.")
        return word

    def _value(self) -> str:
        kind, word = self._next()
        if kind in ("mark", "word"):
            _refuse("BAD_VALUE", f"Error in query: {word!r} is not a value.")
        return word

    def _took(self, word: str) -> bool:
        if self._peek() != ("word", word):
            return False
        self._at += 1
        return True

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            _refuse("UNEXPECTED_END_OF_QUERY", "Error in query: unexpected end of query.")
        self._at += 1
        return self._tokens[self._at - 1]
