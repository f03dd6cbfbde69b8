"""What goes into an exported model, in C: how its row is declared, read and written down for the self-test."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from limpid.columns import CYCLES, FARTHEST, Category, Date
from limpid.exports.c_text import array, comment, identifiers, listing, number, text_literal
from limpid.exports.rows import cells_of
from limpid.exports.subject import Subject
from limpid.table import MISSING_TEXTS, Table
from limpid.table_encoder import Encoded, TableEncoder

LAST_SECOND = "9.2e12"
"""Behind it microseconds would not fit into 64 bits."""


class Inputs(Protocol):
    """The parts of an export that depend on what a row is."""

    parameter: str
    """A row as a function's parameter."""
    argument: str
    """The self-test's row number `row` as that."""

    @property
    def sections(self) -> set[str]:
        """What is needed of the runtime."""

    def declaration(self) -> str:
        """What the header says of a row."""

    def tables(self) -> Iterator[str]:
        """Constants to read it by."""

    def reading(self) -> Iterator[str]:
        """Lines that fill `x`, which holds zeros, with what the network sees."""

    def trial(self) -> str:
        """The self-test's rows."""


class Numbers:
    """A row is an array of numbers."""

    sections: set[str] = set()
    parameter, argument = "const double *row", "rows[row]"

    def __init__(self, subject: Subject, rows: NDArray[np.float64]) -> None:
        self._model, self._rows = subject.model, rows
        self._scaling, self._count = subject.model.input_scaling, subject.network.inputs

    def declaration(self) -> str:
        lines = [f"   row[{at}] is {comment(feature)}" for at, feature in enumerate(self._model.features)]
        if self._model.image_shape:
            height, width = self._model.image_shape
            lines.append(f"   {height} lines of {width} pixels, each from 0 to {self._scaling.scale.max():g}")
        return "\n".join([f"/* A row is {self._count} numbers.", *lines]) + " */\n"

    def tables(self) -> Iterator[str]:
        for name, values in (("shifts", self._scaling.shift), ("scales", self._scaling.scale)):
            if not _same(values):
                yield array("double", name, [number(value) for value in values])

    def reading(self) -> Iterator[str]:
        shift = number(self._scaling.shift[0]) if _same(self._scaling.shift) else "shifts[i]"
        scale = number(self._scaling.scale[0]) if _same(self._scaling.scale) else "scales[i]"
        yield f"for (int i = 0; i < {self._count}; ++i) {{"
        yield f"    const real value = (real)((row[i] - {shift}) / {scale});"
        yield "    if (value - value != 0) return i + 1;"
        yield "    x[i] = flushed(value);"
        yield "}"

    def trial(self) -> str:
        told = ",\n".join(f"    {{{listing(map(number, row), '')}}}" for row in self._rows)
        return f"static const double rows[{len(self._rows)}][{self._count}] = {{\n{told}\n}};\n"


class Columns:
    """A row is a struct with a member for each column of a table."""

    argument = "&rows[row]"

    def __init__(self, encoder: TableEncoder, rows: Table, name: str) -> None:
        self._encoder, self._rows, self._name = encoder, rows, name
        self._members = dict(zip(encoder.columns, identifiers(encoder.inputs, "column"), strict=True))
        self.parameter = f"const {name}_row *row"

    @property
    def sections(self) -> set[str]:
        kinds = {column.kind for column in self._encoder.columns}
        return kinds | ({"usable"} if kinds - {"category"} else set())

    def declaration(self) -> str:
        members = "\n".join(f"    {_declared(column, member)}" for column, member in self._members.items())
        return f"typedef struct {{\n{members}\n}} {self._name}_row;\n"

    def tables(self) -> Iterator[str]:
        none = listing(map(text_literal, sorted(MISSING_TEXTS)), "").rstrip(",")
        yield f"#define FARTHEST {number(FARTHEST)}\n#define NO_TEXT {{{none}}}\n"
        if any(isinstance(column, Date) for column in self._encoder.columns):
            for part, waves in CYCLES.items():
                for what, wave in zip(("SINES", "COSINES"), waves, strict=True):
                    yield array("double", f"{part.upper()}_{what}", [number(value) for value in wave])
        for at, column in enumerate(self._encoder.columns):
            if isinstance(column, Category):
                places = sorted(
                    (text.encode("utf-8", "surrogatepass"), place) for place, text in enumerate(column.categories)
                )
                texts = [text_literal(column.categories[place]) for _, place in places]
                yield array("char *const", f"texts{at}", texts or ["0"])
                yield array("int", f"places{at}", [str(place) for _, place in places] or ["0"])

    def reading(self) -> Iterator[str]:
        first = 0
        for at, (column, member) in enumerate(self._members.items()):
            cell, x = f"row->{member}", f"x + {first}"
            if isinstance(column, Category):
                rare, missing = _places(column)
                yield f"category({cell}, texts{at}, places{at}, {len(column.categories)}, {rare}, {missing}, {x});"
            else:
                end = LAST_SECOND if isinstance(column, Date) else "INFINITY"
                times = f"{column.times:d}, " if isinstance(column, Date) else ""
                scaling = f"{number(column.shift)}, {number(column.scale)}"
                yield f"if (!usable({cell}, {end})) return {at + 1};"
                yield f"{column.kind}({cell}, {scaling}, {times}{column.indicator:d}, {x});"
            first += len(column.names)
        yield f"for (int i = 0; i < {first}; ++i) x[i] = flushed(x[i]);"

    def trial(self) -> str:
        columns = [
            [f".{member} = {_cell(column)(cell)}" for cell in cells_of(self._rows, column)]
            for column, member in self._members.items()
        ]
        told = ",\n".join(f"    {{{listing(row, '')}}}" for row in zip(*columns, strict=True))
        return f"static const {self._name}_row rows[{len(self._rows)}] = {{\n{told}\n}};\n"


def inputs_of(subject: Subject, name: str) -> Inputs:
    """What a row of the subject's model is in the export called `name`."""
    if isinstance(subject.rows, Table):
        assert subject.model.encoder is not None
        return Columns(subject.model.encoder, subject.rows, name)
    return Numbers(subject, subject.rows)


def _declared(column: Encoded, member: str) -> str:
    told = comment(column.name)
    if isinstance(column, Category):
        return f"const char *{member}; /* {told}: a text in UTF-8, NULL where it is missing */"
    unit = ": seconds since 1970-01-01" if isinstance(column, Date) else ""
    return f"double {member}; /* {told}{unit}, NAN where it is missing */"


def _places(column: Category) -> tuple[int, int]:
    """Where a rare text and a missing one have their inputs, -1 for none."""
    known = len(column.categories)
    return known if column.rare else -1, known + column.rare if column.missing else -1


def _cell(column: Encoded) -> Callable[[Any], str]:
    return (lambda text: "0" if text is None else text_literal(text)) if isinstance(column, Category) else number


def _same(values: NDArray[np.float64]) -> bool:
    return bool((values == values[0]).all())
