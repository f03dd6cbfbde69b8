"""A table: named columns of numbers, texts or moments, any cell of which may be missing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import DataError

MISSING_TEXTS = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")
"""Texts that stand for a missing cell, in every kind of source."""
KINDS = ("number", "text", "moment")
NO_MOMENT = np.iinfo(np.int64).min
"""NumPy's NaT."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?", re.ASCII)
"""A date, or a date and a time of day, as ISO 8601 has them."""


@dataclass(frozen=True)
class Column:
    """The cells of one column, all of one kind."""

    kind: str
    """One of `KINDS`. Truth values are the numbers 0 and 1."""
    values: NDArray[Any]
    """(rows,): numbers of any dtype, NaN where missing; or for texts int32 codes, -1 where missing; or for moments
    int64 microseconds since 1970-01-01, `NO_MOMENT` where missing."""
    texts: tuple[str, ...] = ()
    """What each code stands for, sorted."""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(rows,) which cells are."""
        if self.kind == "number":
            return np.isnan(self.values) if self.values.dtype.kind == "f" else np.zeros(len(self.values), bool)
        missing: NDArray[np.bool_] = self.values == (-1 if self.kind == "text" else NO_MOMENT)
        return missing

    def rows(self, which: Any) -> "Column":
        """The cells of the rows that NumPy finds by `which`."""
        return replace(self, values=self.values[which])

    def numbers(self, name: str) -> NDArray[np.float64]:
        """(rows,) the cells as numbers, NaN where missing.

        Errors: `DataError` that names the first text that is none.
        """
        if self.kind == "number":
            return self.values.astype(np.float64, copy=False)
        if self.kind == "moment" and not self.missing.all():
            raise DataError(f"column {name!r}: numbers are needed, got dates")
        meanings = np.array([*map(_number, self.texts), np.nan])
        self._check(name, np.isinf(meanings[:-1]), "a number")
        found: NDArray[np.float64] = meanings[self.values if self.kind == "text" else np.full(len(self), -1)]
        return found

    def labels(self) -> tuple[NDArray[np.int64], list[str]]:
        """(rows,) codes, -1 where missing, and the text of each, as `label` has it."""
        if self.kind == "text":
            codes, given = self.values, [label(text) for text in self.texts]
        else:
            present, codes = ~self.missing, np.full(len(self), -1)
            distinct, codes[present] = np.unique(self.values[present], return_inverse=True)
            given = [(_written if self.kind == "number" else _date)(each) for each in distinct]
        places = {text: place for place, text in enumerate(dict.fromkeys(given))}
        return np.array([*map(places.__getitem__, given), -1])[codes], list(places)

    def moments(self, name: str) -> NDArray[np.int64]:
        """(rows,) the cells as microseconds since 1970-01-01, `NO_MOMENT` where missing.

        Errors: `DataError` where they are something else.
        """
        if self.kind == "moment":
            return self.values
        if self.missing.all():
            return np.full(len(self), NO_MOMENT)
        if self.kind == "number":
            raise DataError(f"column {name!r}: dates are needed, got numbers")
        self._check(name, np.array([not MOMENT.fullmatch(text) for text in self.texts], bool), "a date")
        moments: NDArray[np.int64] = np.append(_moments(name, self.texts), NO_MOMENT)[self.values]
        return moments

    def _check(self, name: str, wrong: NDArray[np.bool_], what: str) -> None:
        """`DataError` for the first cell whose text is `wrong` (texts,)."""
        odd = np.append(wrong, False)[self.values] if wrong.any() else wrong
        if odd.any():
            row = int(odd.argmax())
            raise DataError(
                f"column {name!r} row {row + 1}: cannot read {self.texts[self.values[row]]!r:.60} as {what}"
            )


class Table:
    """Columns by name, all with the same number of rows."""

    def __init__(self, columns: Mapping[str, Column], rows: int | None = None) -> None:
        """`rows` is needed where there are no columns.

        Errors: `DataError` where columns differ in length, or a number is infinite.
        """
        self.columns = dict(columns)
        self._rows = rows if rows is not None else len(next(iter(self.columns.values()), ()))
        for name, column in self.columns.items():
            if len(column) != self._rows:
                raise DataError(f"column {name!r} has {len(column)} rows, others have {self._rows}")
            check_usable(name, column)

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self), len(self.columns)

    def rows(self, which: Any) -> "Table":
        """The rows that NumPy finds by `which`, in that order."""
        found = {name: column.rows(which) for name, column in self.columns.items()}
        return Table(found, len(np.arange(len(self))[which]))

    def only(self, names: Sequence[str]) -> "Table":
        """The columns of these names, in that order."""
        return Table({name: self.columns[name] for name in names}, len(self))

    def fingerprint(self) -> str:
        """A hash of every name and cell, the same whatever dtype holds the numbers."""
        digest = sha256()
        for name, column in self.columns.items():
            values = column.numbers(name) if column.kind == "number" else column.values
            digest.update(repr((name, column.kind, column.texts)).encode())
            digest.update(np.where(column.missing, values.dtype.type(-1), values + 0).data)  # one NaN, one zero
            digest.update(np.packbits(column.missing).data)
        return digest.hexdigest()


def joined(columns: Sequence[Column]) -> Column:
    """Columns of one kind, one below the other; one without a cell that is not missing fits any kind."""
    kinds = {column.kind for column in columns}
    if len(kinds) > 1:
        kinds = {column.kind for column in columns if not column.missing.all()} or {columns[0].kind}
    kind = kinds.pop()
    if kinds:
        raise DataError(f"cells of one kind are needed, got {kind}s and {kinds.pop()}s")
    columns = [column if column.kind == kind else _all_missing(kind, len(column)) for column in columns]
    if kind != "text":
        return Column(kind, np.concatenate([column.values for column in columns]))
    texts = tuple(sorted({text for column in columns for text in column.texts}))
    places = {text: place for place, text in enumerate(texts)}
    parts = [np.array([*map(places.get, column.texts), -1], np.int32)[column.values] for column in columns]
    return Column(kind, np.concatenate(parts), texts)


def check_usable(name: str, column: Column, start: int = 0) -> None:
    """`DataError` for a number of the column called `name` that is infinite; its first row is `start`, from 0."""
    values = column.values
    if values.dtype.kind == "f" and not _all_finite(values) and np.isinf(values).any():
        row = int(np.isinf(values).argmax())
        raise DataError(f"column {name!r} row {start + row + 1}: {values[row]} is not a usable number")


def _all_finite(values: NDArray[Any]) -> bool:
    """Quickly: NaN and infinities show in the extremes."""
    return not len(values) or bool(np.isfinite(values.min()) and np.isfinite(values.max()))


def _all_missing(kind: str, rows: int) -> Column:
    cells = {"number": np.float64(np.nan), "text": np.int32(-1), "moment": np.int64(NO_MOMENT)}
    return Column(kind, np.full(rows, cells[kind]))


def text_column(cells: NDArray[Any], texts: Sequence[str]) -> Column:
    """A column of `texts` (by code) from codes `cells` (rows,), below 0 where missing.

    Texts lose blanks around them; those that mean "missing" become missing; they get sorted.
    """
    stripped = [text.strip() for text in texts]
    kept = sorted(set(stripped) - set(MISSING_TEXTS))
    places = {text: place for place, text in enumerate(kept)}
    codes = np.array([*(places.get(text, -1) for text in stripped), -1], np.int32)
    return Column("text", codes[np.maximum(cells, -1)], tuple(kept))


def moment_column(name: str, moments: NDArray[Any]) -> Column:
    """A column of NumPy's datetimes `moments` (rows,), cut to microseconds.

    Errors: `DataError` for one that is too far from today for these.
    """
    values = moments.astype("M8[us]")
    far = (values.astype("M8[Y]") != moments.astype("M8[Y]")) & ~np.isnat(moments)
    if far.any():
        row = int(far.argmax())
        raise DataError(f"column {name!r} row {row + 1}: {moments[row]} is too far from today")
    return Column("moment", values.astype(np.int64))


def dated(name: str, column: Column) -> Column:
    """A column of texts as moments, where every one of them is written as a date.

    Errors: `DataError` for one that is no day of the calendar.
    """
    if not column.texts or not all(map(MOMENT.fullmatch, column.texts)):
        return column
    return Column("moment", column.moments(name))


def label(text: str) -> str:
    """What a category is called, however a source writes it.

    Whole numbers have digits alone (pandas has them as "3.0" beside a missing cell), truth values are 1 and 0, and
    dates have no time of day where that is midnight.
    """
    if text.lower() in {"true", "false"}:
        return "1" if text.lower() == "true" else "0"
    whole, point, rest = text.partition(".")
    if point and rest.isdecimal() and whole.removeprefix("-").isdecimal():
        return text.rstrip("0").rstrip(".") if rest.strip("0") else str(int(whole))
    try:
        return _date(_moments(text, [text])[0]) if MOMENT.fullmatch(text) else text
    except DataError:
        return text


def _number(text: str) -> float:
    """Infinite where the text is none."""
    return float(text) if NUMBER.fullmatch(text) else np.inf


def _moments(name: str, texts: Sequence[str]) -> NDArray[np.int64]:
    try:
        return np.array([text.rstrip("Z") for text in texts], "M8[us]").astype(np.int64)
    except ValueError as error:
        raise DataError(f"column {name!r}: {error}") from None


def _written(number: np.generic) -> str:
    """A number without a point where it is whole, truth values as 1 and 0."""
    value = number.item()
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**63
    return str(int(value) if whole or isinstance(value, bool) else number)


def _date(moment: Any) -> str:
    return str(np.datetime64(int(moment), "us")).removesuffix(".000000").removesuffix("T00:00:00")
