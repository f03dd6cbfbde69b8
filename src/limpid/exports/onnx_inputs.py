"""What goes into an exported model, in ONNX: rows of numbers, or an input for each column of a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from limpid.columns import CYCLES, FARTHEST, SMOOTHNESS, Category, Date, Number
from limpid.exports.onnx_graph import ML_OPSET, Graph, utf8
from limpid.exports.rows import cells_of
from limpid.exports.subject import Subject
from limpid.table import MISSING_TEXTS, Table
from limpid.table_encoder import Encoded

DOUBLE, WHOLE = np.float64, np.int64
DAY, HOUR = 86_400_000_000, 3_600_000_000
"""In microseconds."""


def inputs(graph: Graph, subject: Subject) -> tuple[str, dict[str, list[Any]]]:
    """The name of what the network reads, (rows, inputs), and the self-test's rows for each input of the graph."""
    if not isinstance(subject.rows, Table):
        name, x = _numbers(graph, subject)
        return x, {name: subject.rows.tolist()}
    assert subject.model.encoder is not None
    parts, rows = [], {}
    for column in subject.model.encoder.columns:
        kind = str if isinstance(column, Category) else DOUBLE
        name = graph.input(column.name or "column", kind, 1, _told(column))
        parts += _read(graph, column, name)
        cells = cells_of(subject.rows, column)
        rows[name] = [[cell or "" if isinstance(column, Category) else cell] for cell in cells]
    return graph.node("Concat", *parts, axis=1), rows


def _numbers(graph: Graph, subject: Subject) -> tuple[str, str]:
    """The input, and it scaled: in double where a shift could cost a float its digits."""
    scaling = subject.model.input_scaling
    shifted = bool(scaling.shift.any())
    kind = DOUBLE if shifted else graph.dtype
    told = ", ".join(subject.model.features) or "a row of numbers as limpid was given them"
    name = x = graph.input("x", kind, subject.network.inputs, told)
    if shifted:
        x = graph.node("Sub", x, graph.constant(scaling.shift, kind))
    if (scaling.scale != 1).any():
        x = graph.node("Div", x, graph.constant(scaling.scale, kind))
    return name, x if kind == graph.dtype else graph.cast(x)


def _told(column: Encoded) -> str:
    if isinstance(column, Category):
        return "a text, empty where it is missing"
    return ("seconds since 1970-01-01" if isinstance(column, Date) else "a number") + ", NaN where it is missing"


def _read(graph: Graph, column: Encoded, cell: str) -> list[str]:
    if isinstance(column, Category):
        return _category(graph, column, cell)
    missing = graph.node("IsNaN", cell)
    if isinstance(column, Number):
        parts = [_clipped(graph, column, cell, missing)]
    else:
        parts = _date(graph, column, cell, missing)
    return [graph.cast(part) for part in [*parts, *([missing] if column.indicator else [])]]


def _category(graph: Graph, column: Category, cell: str) -> list[str]:
    known = len(column.categories)
    gone = known + column.rare if column.missing else -1
    places = {text: place for place, text in enumerate(column.categories)} | dict.fromkeys(MISSING_TEXTS, gone)
    place = graph.node(
        "LabelEncoder",
        cell,
        domain="ai.onnx.ml",
        keys_strings=[utf8(text) for text in places],
        values_int64s=list(places.values()),
        default_int64=known if column.rare else -1,
    )
    each = graph.constant(np.arange(known + column.rare + column.missing)[None], WHOLE)
    return [graph.cast(graph.node("Equal", place, each))]


def _clipped(graph: Graph, column: Number | Date, value: str, missing: str) -> str:
    z = graph.node("Sub", value, graph.constant(column.shift, DOUBLE))
    z = graph.node("Div", z, graph.constant(column.scale, DOUBLE))
    z = graph.node("Where", missing, graph.constant(0, DOUBLE), z)
    z = graph.node("Clip", z, graph.constant(-FARTHEST, DOUBLE), graph.constant(FARTHEST, DOUBLE))
    part = graph.node("Div", z, graph.constant(SMOOTHNESS, DOUBLE))
    square = graph.node("Add", graph.node("Mul", part, part), graph.constant(1, DOUBLE))
    return graph.node("Div", z, graph.node("Sqrt", square))


def _date(graph: Graph, column: Date, seconds: str, missing: str) -> list[str]:
    zero = graph.constant(0, DOUBLE)
    present = graph.node("Where", missing, zero, seconds)
    moment = graph.cast(graph.node("Round", graph.node("Mul", present, graph.constant(1e6, DOUBLE))), WHOLE)
    in_day = _whole(graph, "Mod", moment, DAY)
    day = _whole(graph, "Div", graph.node("Sub", moment, in_day), DAY)
    month, day_of_month = _month_and_day(graph, day)
    steps = {"month": month, "day": day_of_month, "weekday": _whole(graph, "Mod", _whole(graph, "Add", day, 3), 7)}
    steps |= {"hour": _whole(graph, "Div", in_day, HOUR)} if column.times else {}
    days = graph.node("Div", graph.cast(moment, DOUBLE), graph.constant(DAY, DOUBLE))
    parts = [_clipped(graph, column, days, missing)]
    for part, step in steps.items():
        circle = graph.constant(np.stack(CYCLES[part], axis=1), DOUBLE, part)
        waves = graph.node("Gather", circle, graph.node("Squeeze", step, graph.constant([1], WHOLE)))
        parts.append(graph.node("Where", missing, zero, waves))
    return parts


def _month_and_day(graph: Graph, day: str) -> tuple[str, str]:
    """Both from 0 on, of days since 1970-01-01: eras of 400 years that begin in March.

    (Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.)
    """
    in_era = _whole(graph, "Mod", _whole(graph, "Add", day, 719_468), 146_097)
    leap = _sum(graph, (1, in_era, 1), (-1, in_era, 1460), (1, in_era, 36_524), (-1, in_era, 146_096))
    year = _whole(graph, "Div", leap, 365)
    in_year = _sum(graph, (1, in_era, 1), (-365, year, 1), (-1, year, 4), (1, year, 100))
    from_march = _whole(graph, "Div", _whole(graph, "Add", _whole(graph, "Mul", in_year, 5), 2), 153)
    month = _whole(graph, "Mod", _whole(graph, "Add", from_march, 2), 12)
    before = _whole(graph, "Div", _whole(graph, "Add", _whole(graph, "Mul", from_march, 153), 2), 5)
    return month, graph.node("Sub", in_year, before)


def _sum(graph: Graph, *terms: tuple[int, str, int]) -> str:
    """The sum of `factor * (value // by)` over terms of whole numbers that are not negative."""
    made = ""
    for factor, value, by in terms:
        part = value if by == 1 else _whole(graph, "Div", value, by)
        term = part if factor == 1 else _whole(graph, "Mul", part, factor)
        made = graph.node("Add", made, term) if made else term
    return made


def _whole(graph: Graph, operation: str, value: str, by: int) -> str:
    return graph.node(operation, value, graph.constant(by, WHOLE))


def opsets(subject: Subject) -> Sequence[tuple[str, int]]:
    """What is needed besides ONNX's own operations."""
    columns = subject.model.encoder.columns if subject.model.encoder else ()
    return [("ai.onnx.ml", ML_OPSET)] if any(isinstance(column, Category) for column in columns) else []
