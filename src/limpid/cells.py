"""A column given cell by cell - lists, arrays, what a database answers - by the kind that its cells have."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import DataError
from limpid.table import Column, dated, moment_column, text_column

KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("durations", (timedelta, np.timedelta64)),  # NumPy's are whole numbers too
    ("numbers", (bool, int, float, Decimal, np.bool_, np.integer, np.floating)),
    ("texts", (str,)),
    ("dates", (date, np.datetime64)),
    ("times", (time,)),
)
"""Of cells, with the types that have it; the first that fits counts."""
ABSENT = ("NoneType", "NAType", "NaTType")
"""Types of a missing cell: Python's, and two of pandas."""


def column_of(name: str, cells: Any) -> Column:
    """A column from a sequence with a cell for each row, or from the one cell of a single row.

    Durations and times of day become seconds. Errors: `DataError` for cells of several kinds or of none of these.
    """
    values = np.atleast_1d(_array(cells))
    if values.ndim != 1:
        raise DataError(f"column {name!r}: one cell for each row is needed, got shape {values.shape}")
    kind = values.dtype.kind
    if kind in "biuf":
        with np.errstate(over="ignore"):  # what becomes infinite is refused by name
            return Column("number", values.astype(np.float64) if values.dtype.itemsize > 8 else values)
    if kind == "M":
        return moment_column(name, values)
    if kind == "m":
        return Column("number", _seconds(values))
    if kind == "U":
        texts, codes = np.unique(values, return_inverse=True)
        return dated(name, text_column(codes, texts.tolist()))
    return _by_kind(name, values.tolist() if kind == "O" else list(values))


def _array(cells: Any) -> NDArray[Any]:
    """Lists of anything but numbers keep their cells as they are: NumPy would make texts of mixed ones."""
    if isinstance(cells, np.ma.MaskedArray):
        cells = cells.tolist()  # None where masked
    if isinstance(cells, (list, tuple)) and not all(isinstance(cell, (int, float)) for cell in cells):
        return np.fromiter(cells, object, len(cells))
    return np.asarray(cells)


def _by_kind(name: str, cells: list[Any]) -> Column:
    kinds = {each: _kind(each) for each in set(map(type, cells))}
    present = [not _is_missing(cell, kinds[type(cell)]) for cell in cells]
    known = {kind for kind in kinds.values() if kind is not None}
    if len(known) > 1 or "" in known:
        found = [kinds[type(cell)] if there else None for cell, there in zip(cells, present, strict=True)]
        known = _only_kind(name, cells, found)
    kept = [cell for cell, there in zip(cells, present, strict=True) if there]
    return _READ[known.pop() if known else "numbers"](name, kept, np.array(present, bool))


def _only_kind(name: str, cells: list[Any], kinds: list[str | None]) -> set[str]:
    """The kind of all cells that are not missing, which must be one."""
    first = {kind: kinds.index(kind) for kind in set(kinds) if kind is not None}
    if "" in first:
        row = first[""]
        raise DataError(
            f"column {name!r}: numbers, texts or dates are needed, got {type(cells[row]).__name__} in row {row + 1}"
        )
    if len(first) > 1:
        told = " and ".join(f"{kind} (row {row + 1})" for kind, row in sorted(first.items(), key=lambda each: each[1]))
        raise DataError(f"column {name!r}: its cells must be of one kind, got {told}")
    return set(first)


def _is_missing(cell: Any, kind: str | None) -> bool:
    if not kind:
        return kind is None
    return cell.is_nan() if isinstance(cell, Decimal) else bool(cell != cell)


def _kind(given: type) -> str | None:
    """Of cells of a type: empty where limpid has none, None where they are missing."""
    if given.__name__ in ABSENT:
        return None
    return next((kind for kind, types in KINDS if issubclass(given, types)), "")


def _numbers(name: str, kept: list[Any], present: NDArray[np.bool_]) -> Column:
    try:
        numbers = np.array(kept) if present.all() and kept else np.array([])
        if numbers.dtype.kind not in "biu":
            numbers = np.full(len(present), np.nan)
            numbers[present] = [float(cell) for cell in kept]
    except (OverflowError, ValueError) as error:
        raise DataError(f"column {name!r}: not every cell is a usable number: {error}") from None
    return Column("number", numbers)


def _texts(name: str, kept: list[Any], present: NDArray[np.bool_]) -> Column:
    texts = sorted(set(kept))
    places = {text: place for place, text in enumerate(texts)}
    codes = np.full(len(present), -1)
    codes[present] = [places[cell] for cell in kept]
    return dated(name, text_column(codes, texts))


def _dates(name: str, kept: list[Any], present: NDArray[np.bool_]) -> Column:
    """Times of day as the clock there had them, wherever that was."""
    moments = np.full(len(present), np.datetime64("NaT"), "M8[us]")
    moments[present] = [cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell for cell in kept]
    return moment_column(name, moments)


def _durations(name: str, kept: list[Any], present: NDArray[np.bool_]) -> Column:  # noqa: ARG001 - as all in _READ
    durations = np.full(len(present), np.timedelta64("NaT"), "m8[us]")
    durations[present] = kept
    return Column("number", _seconds(durations))


def _times(name: str, kept: list[Any], present: NDArray[np.bool_]) -> Column:
    midnight = datetime.min
    since = [datetime.combine(midnight, cell.replace(tzinfo=None)) - midnight for cell in kept]
    return _durations(name, since, present)


def _seconds(durations: NDArray[Any]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = durations.astype("m8[us]").astype(np.int64) / 1e6
    return np.where(np.isnat(durations), np.nan, found)


_READ = {"numbers": _numbers, "texts": _texts, "dates": _dates, "durations": _durations, "times": _times}
