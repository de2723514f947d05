"""A checked query over the simulated accounts: which rows come out, or Google's own refusal. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NoReturn

from bookingbridge.canonical.ports import Json
from bookingbridge.vendors.google_ads.sim_fields import DATES, FIELDS, RESOURCES, Field, Row, camel
from bookingbridge.vendors.google_ads.sim_gaql import Condition, Query, Refusal, parse
from bookingbridge.vendors.google_ads.sim_world import Account, Campaign, Figures, World

_DAY = timedelta(days=1)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_PERIODS: dict[str, Callable[[date], tuple[date, date]]] = {
    "TODAY": lambda t: (t, t),
    "YESTERDAY": lambda t: (t - _DAY, t - _DAY),
    "LAST_7_DAYS": lambda t: (t - 7 * _DAY, t - _DAY),
    "LAST_14_DAYS": lambda t: (t - 14 * _DAY, t - _DAY),
    "LAST_30_DAYS": lambda t: (t - 30 * _DAY, t - _DAY),
    "THIS_MONTH": lambda t: (t.replace(day=1), t),
    "LAST_MONTH": lambda t: ((t.replace(day=1) - _DAY).replace(day=1), t.replace(day=1) - _DAY),
}
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def report(text: str, world: World, account: Account, *, today: date) -> tuple[list[Json], str]:
    """The rows as JSON, and the field mask."""
    query = checked(parse(text), account)
    periods = [_period(c, today) for c in query.where if c.field == "segments.date"]
    first = max((p[0] for p in periods), default=date.min)
    last = min([today, *(p[1] for p in periods)])
    others = [c for c in query.where if c.field != "segments.date"]
    rows = [row for row in _rows(query, world, account, first, last) if all(_holds(c, row) for c in others)]
    for name, is_descending in reversed(query.order):
        rows.sort(key=lambda row: _sortable(FIELDS[name], row), reverse=is_descending)
    mask = ",".join(f"{name.split('.')[0]}.{camel(name.split('.')[1])}" for name in map(_in_json, query.select))
    return [_written(query.select, row) for row in rows[: query.limit]], mask


def checked(query: Query, account: Account) -> Query:
    """The query, which asks only for fields there are, in combinations the real API answers."""
    if query.resource not in RESOURCES:
        _refuse("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"Error in query: {query.resource} is not a resource.")
    for name in (*query.select, *(c.field for c in query.where), *(name for name, _ in query.order)):
        if name not in FIELDS:
            _refuse("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{name}'.")
        if name.split(".")[0] not in RESOURCES[query.resource]:
            place = "SELECT" if name in query.select else "WHERE"
            what = f"PROHIBITED_RESOURCE_TYPE_IN_{place}_CLAUSE"
            _refuse(what, f"Error in query: '{name}' cannot be used with FROM {query.resource}.")
    filtered = {c.field for c in query.where}
    selected = set(query.select)
    if DATES & selected and not any(c.field == "segments.date" for c in query.where):
        _refuse("EXPECTED_FILTERS_ON_DATE_RANGE", "Error in query: a date segment needs a finite range of dates.")
    loose = {n for n in filtered | {n for n, _ in query.order} if n.startswith(("metrics.", "segments."))}
    if unseen := sorted(loose - selected - {"segments.date"}):
        _refuse("EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", f"Error in query: '{unseen[0]}' must be selected too.")
    if account.is_manager and any(name.startswith("metrics.") for name in selected):
        _refuse("REQUESTED_METRICS_FOR_MANAGER", "Metrics cannot be requested for a manager account.")
    for condition in query.where:
        _check_values(condition)
    return query


def _rows(query: Query, world: World, account: Account, first: date, last: date) -> Iterator[Row]:
    if query.resource == "customer_client":
        for below, level in world.below(account.id):
            yield Row(below, level=level, manager=account.id)
        return
    campaigns: Sequence[Campaign | None] = [None] if query.resource == "customer" else list(account.campaigns.values())
    wants_figures = any(name.startswith("metrics.") for name in query.select)
    by = [name for name in query.select if name in DATES]
    for campaign in campaigns:
        held = list(account.campaigns.values()) if campaign is None else [campaign]
        if not by:
            yield Row(account, campaign, None, _sum(held, first, last) if wants_figures else None)
            continue
        for day, figures in _by_period(held, by, first, last).items():
            if figures.is_any:
                yield Row(account, campaign, day, figures)


def _by_period(campaigns: Sequence[Campaign], by: Sequence[str], first: date, last: date) -> dict[date, Figures]:
    """Sums by the segments asked for, under the first day of each that has a row."""
    sums: dict[tuple[Any, ...], tuple[date, Figures]] = {}
    for campaign in campaigns:
        for day, figures in sorted(campaign.days.items()):
            if first <= day <= last:
                key = tuple(FIELDS[name].value(Row(_NOBODY, None, day)) for name in by)
                _add(sums.setdefault(key, (day, Figures()))[1], figures)
    return dict(sums.values())


_NOBODY = Account("", "", "", "", "", is_manager=False, manager=None, is_direct=False, is_test=False)


def _sum(campaigns: Sequence[Campaign], first: date, last: date) -> Figures:
    total = Figures()
    for campaign in campaigns:
        for day, figures in campaign.days.items():
            if first <= day <= last:
                _add(total, figures)
    return total


def _add(total: Figures, figures: Figures) -> None:
    total.micros += figures.micros
    total.clicks += figures.clicks
    total.impressions += figures.impressions
    total.conversions += figures.conversions


def _period(condition: Condition, today: date) -> tuple[date, date]:
    """The days a condition on segments.date allows."""
    if condition.operator not in ("=", ">=", ">", "<=", "<", "BETWEEN", "DURING"):
        _refuse("OPERATOR_FIELD_MISMATCH", f"Error in query: {condition.operator} is not for segments.date here.")
    match condition.operator:
        case "DURING":
            return _PERIODS[condition.values[0].upper()](today)
        case "BETWEEN":
            return date.fromisoformat(condition.values[0]), date.fromisoformat(condition.values[1])
    at = date.fromisoformat(condition.values[0])
    match condition.operator:
        case "=":
            return at, at
        case ">=":
            return at, date.max
        case ">":
            return at + _DAY, date.max
        case "<=":
            return date.min, at
    return date.min, at - _DAY


def _holds(condition: Condition, row: Row) -> bool:
    field = FIELDS[condition.field]
    value = _comparable(field, field.value(row))
    wanted = [_comparable(field, text) for text in condition.values]
    match condition.operator:
        case "IN" | "NOT IN":
            return (value in wanted) == (condition.operator == "IN")
        case "LIKE" | "NOT LIKE":
            pattern = "".join(".*" if part == "%" else re.escape(part) for part in re.split("(%)", condition.values[0]))
            return bool(re.fullmatch(pattern, str(value), re.IGNORECASE)) == (condition.operator == "LIKE")
        case "IS NULL" | "IS NOT NULL":
            return (value is None) == (condition.operator == "IS NULL")
        case "BETWEEN":
            return bool(wanted[0] <= value <= wanted[1])
    return value is not None and _COMPARE[condition.operator](value, wanted[0])


def _check_values(condition: Condition) -> None:
    """Refusal for values the field cannot have."""
    field = FIELDS[condition.field]
    if condition.operator == "DURING":
        if field.type != "date":
            _refuse("OPERATOR_FIELD_MISMATCH", "Error in query: DURING is for dates.")
        if condition.values[0].upper() not in _PERIODS:
            _refuse("INVALID_VALUE_WITH_DURING_OPERATOR", f"Error in query: {condition.values[0]} is not a period.")
        return
    if condition.operator in ("LIKE", "NOT LIKE") and field.type != "string":
        _refuse("OPERATOR_FIELD_MISMATCH", f"Error in query: LIKE cannot be used with '{condition.field}'.")
    for text in condition.values:
        if field.type == "enum" and text not in field.enum:
            _refuse("BAD_ENUM_CONSTANT", f"Error in query: {text!r} is not a value of '{condition.field}'.")
        if field.type == "date" and not _is_date(text):
            _refuse("INVALID_DATE_FORMAT", f"Error in query: {text!r} is not a date, YYYY-MM-DD.")
        if field.type in ("int64", "int32", "double") and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text, re.ASCII):
            _refuse("BAD_NUMBER", f"Error in query: {text!r} is not a number.")
        if field.type == "bool" and text.upper() not in ("TRUE", "FALSE"):
            _refuse("BAD_VALUE", f"Error in query: {text!r} is neither TRUE nor FALSE.")


def _is_date(text: str) -> bool:
    try:
        return bool(_ISO.fullmatch(text)) and date.fromisoformat(text) > date.min
    except ValueError:
        return False


def _comparable(field: Field, value: Any) -> Any:
    if value is None:
        return None
    match field.type:
        case "int64" | "int32" | "double":
            return float(value) if field.type == "double" or "." in str(value) else int(value)
        case "bool":
            return str(value).upper() == "TRUE"
    return str(value)


def _sortable(field: Field, row: Row) -> tuple[bool, Any]:
    value = _comparable(field, field.value(row))
    return value is not None, "" if value is None else value


def _written(select: Sequence[str], row: Row) -> Json:
    """The row in JSON: each resource that was touched names itself, whether asked or not."""
    written: Json = {}
    for name in select:
        owner, member = name.split(".")
        held = written.setdefault(camel(owner), {})
        if (own := FIELDS.get(f"{owner}.resource_name")) and "resourceName" not in held:
            held["resourceName"] = own.written(row)
        if (value := FIELDS[name].written(row)) is not None:
            held[camel(member)] = value
    return written


def _in_json(name: str) -> str:
    owner, member = name.split(".")
    return f"{camel(owner)}.{member}"


def _refuse(name: str, message: str) -> NoReturn:
    raise Refusal("queryError", name, message)
