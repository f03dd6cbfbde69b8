"""A table: named columns of numbers, texts or moments, any cell of which may be missing."""

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


@dataclass(frozen=True)
class Column:
    """The cells of one column, all of one kind."""

    kind: str
    """One of `KINDS`. Truth values are the numbers 0 and 1."""
    values: NDArray[Any]
    """(rows,): numbers of any dtype, NaN where missing; or for texts int32 codes, -1 where missing; or for moments
    int64 microseconds since 1970-01-01, NumPy's NaT (-2**63) where missing."""
    texts: tuple[str, ...] = ()
    """What each code stands for, sorted."""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(rows,) which cells are."""
        if self.kind == "number":
            return np.isnan(self.values) if self.values.dtype.kind == "f" else np.zeros(len(self.values), bool)
        missing: NDArray[np.bool_] = self.values == (-1 if self.kind == "text" else np.iinfo(np.int64).min)
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
        if self.kind == "moment":
            raise DataError(f"column {name!r}: numbers are needed, got dates")
        meanings = np.array([_number(text) for text in self.texts] + [np.nan])
        odd = np.isnan(meanings[self.values]) & (self.values >= 0)
        if odd.any():
            row = int(odd.argmax())
            raise DataError(f"column {name!r} row {row + 1}: cannot read {self.texts[self.values[row]]!r} as a number")
        found: NDArray[np.float64] = meanings[self.values]
        return found

    def labels(self, name: str) -> tuple[NDArray[np.int32], list[str]]:
        """(rows,) codes, -1 where missing, and the text of each: whole numbers as digits alone.

        Errors: `DataError` for dates.
        """
        if self.kind == "text":
            return np.asarray(self.values, np.int32), [_without_point(text) for text in self.texts]
        if self.kind == "moment":
            raise DataError(f"column {name!r}: categories are needed, got dates")
        distinct, codes = np.unique(self.values, return_inverse=True)
        told = [_written(number) for number in distinct.tolist()]
        return np.where(self.missing, -1, codes).astype(np.int32), told

    def moments(self, name: str) -> NDArray[np.int64]:
        """(rows,) the cells as microseconds since 1970-01-01.

        Errors: `DataError` where they are something else.
        """
        if self.kind == "number" and self.missing.all():
            return np.full(len(self), np.iinfo(np.int64).min)
        if self.kind != "moment":
            raise DataError(f"column {name!r}: dates are needed, got {self.kind}s")
        return self.values


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
            if column.values.dtype.kind == "f" and not _all_finite(column.values) and np.isinf(column.values).any():
                row = int(np.isinf(column.values).argmax())
                raise DataError(f"column {name!r} row {row + 1}: {column.values[row]} is not a usable number")

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

    def only(self, names: Any) -> "Table":
        """The columns of these names, in that order."""
        return Table({name: self.columns[name] for name in names}, len(self))

    def fingerprint(self) -> str:
        """A hash of every name and cell, the same whatever dtype holds the numbers."""
        digest = sha256()
        for name, column in self.columns.items():
            values = column.numbers(name) if column.kind == "number" else column.values
            digest.update(repr((name, column.kind, column.texts)).encode())
            digest.update(np.ascontiguousarray(values + 0).data)
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


def _all_finite(values: NDArray[Any]) -> bool:
    """Quickly: NaN and infinities show in the extremes."""
    return not len(values) or bool(np.isfinite(values.min()) and np.isfinite(values.max()))


def _all_missing(kind: str, rows: int) -> Column:
    return Column(
        kind,
        {"number": np.full(rows, np.nan), "text": np.full(rows, -1, np.int32)}.get(
            kind, np.full(rows, np.iinfo(np.int64).min)
        ),
    )


def text_column(cells: NDArray[Any], texts: list[str]) -> Column:
    """A column of `texts` (by code) from codes `cells` (rows,), below 0 where missing.

    Texts lose blanks around them; those that mean "missing" become missing; they get sorted.
    """
    stripped = [text.strip() for text in texts]
    kept = sorted(set(stripped) - set(MISSING_TEXTS))
    places = {text: place for place, text in enumerate(kept)}
    codes = np.array([places.get(text, -1) for text in stripped] + [-1], np.int32)
    return Column("text", codes[np.maximum(cells, -1)], tuple(kept))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _without_point(text: str) -> str:
    """Whole numbers with a point ("3.0", as pandas has them beside a missing cell) as digits alone."""
    whole, point, rest = text.partition(".")
    return whole if point and rest and not rest.strip("0") and whole.lstrip("-").isdigit() else text


def _written(number: float) -> str:
    return _without_point(repr(number))
