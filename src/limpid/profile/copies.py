"""What is there twice: columns that say the same, rows that repeat an earlier one."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from limpid.profile.cells import Cells
from limpid.profile.findings import Finding
from limpid.table import Column

FEWEST_ROWS, FEWEST_OTHERS = 30, 10
"""Rows, and rows of other than the most frequent value, with fewer of which all may be chance."""
IN_STEP = 0.99999
"""The correlation from which two columns of numbers are one in two units."""
SAMPLED = 2000
"""Rows by which columns are compared for it."""


def signature(cells: Cells) -> bytes | None:
    """The same for columns of which each value stands for one value of the other, in every row.

    Numbers of which hardly any two are the same have to have the same order besides, or the reverse one. None where
    it would mean little.
    """
    distinct, present = len(cells.counts), cells.present
    if present < FEWEST_ROWS or present - cells.counts.max() < FEWEST_OTHERS:
        return None
    if distinct > present / 2:
        return None if cells.texts else _digest(b"in order", _first_low(cells))
    return _digest(b"in any order", _by_appearance(cells))


def _by_appearance(cells: Cells) -> NDArray[np.int32]:
    """The codes, numbered anew in the order in which values appear."""
    rows, distinct = len(cells.codes), len(cells.counts)
    first = np.empty(distinct + 1, np.int64)
    first[cells.codes[::-1]] = np.arange(rows)[::-1]
    first[-1] = rows  # missing cells keep a place of their own
    order = np.empty(distinct + 1, np.int32)
    order[np.argsort(first)] = np.arange(distinct + 1, dtype=np.int32)
    return order[cells.codes]


def _first_low(cells: Cells) -> NDArray[np.int32]:
    """The codes, or reversed ones where the first is above the middle."""
    last = len(cells.counts) - 1
    first = cells.codes[int((cells.codes >= 0).argmax())]
    return np.where(cells.codes < 0, -1, last - cells.codes) if first > last / 2 else cells.codes


def _digest(what: bytes, codes: NDArray[np.int32]) -> bytes:
    return blake2b(what + np.ascontiguousarray(codes, np.int32).tobytes(), digest_size=16).digest()


def same(one: Cells, other: Cells) -> str | None:
    """In words, how a column whose cells are `one` says the same as `other`, where it does."""
    mark = signature(one)
    if mark is not None and mark == signature(other):
        return how_alike(one, other)
    return "in another unit" if _in_step(one, other) else None


def how_alike(one: Cells, other: Cells) -> str:
    """In words, how two columns of the same signature differ."""
    if one.values.dtype.kind == other.values.dtype.kind and np.array_equal(one.values, other.values):
        return "cell by cell"
    if len(one.counts) > one.present / 2:
        return "in another unit"
    return f"each of its {len(one.values)} values stands for one of the other's"


def same_columns(columns: Mapping[str, Cells]) -> list[Finding]:
    """Columns that say the same as an earlier one."""
    found: dict[str, tuple[str, str]] = {}
    earlier: dict[bytes, str] = {}
    for name, cells in columns.items():
        mark = signature(cells)
        if mark is not None and mark in earlier:
            found[name] = earlier[mark], how_alike(cells, columns[earlier[mark]])
        elif mark is not None:
            earlier[mark] = name
    found |= _in_another_unit({name: cells for name, cells in columns.items() if name not in found})
    return [Finding(name, "copy", f"it says the same as {of}: {how}") for name, (of, how) in found.items()]


def _in_another_unit(columns: Mapping[str, Cells]) -> dict[str, tuple[str, str]]:
    names = [name for name, cells in columns.items() if _comparable(cells)]
    if len(names) < 2:
        return {}
    sample = np.random.default_rng(0).permutation(len(columns[names[0]].codes))[:SAMPLED]
    rows = np.stack([_standardised(columns[name], sample) for name in names])
    likely = np.abs(rows @ rows.T) >= 2 * IN_STEP - 1
    found = {}
    for at, name in enumerate(names):
        pairs = (names[before] for before in np.flatnonzero(likely[at, :at]))
        first = next((other for other in pairs if _in_step(columns[other], columns[name])), None)
        if first is not None:
            found[name] = first, "in another unit"
    return found


def _in_step(one: Cells, other: Cells) -> bool:
    """Whether two columns of numbers are missing in the same rows and lie on a straight line."""
    if not (_comparable(one) and _comparable(other)) or ((one.codes < 0) != (other.codes < 0)).any():
        return False
    every = np.arange(len(one.codes))
    return bool(abs(_standardised(one, every) @ _standardised(other, every)) >= IN_STEP)


def _comparable(cells: Cells) -> bool:
    return cells.values.dtype.kind in "biuf" and len(cells.values) > 2 and cells.present >= FEWEST_ROWS


def _standardised(cells: Cells, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(rows,) numbers of mean 0 and length 1, 0 where missing."""
    codes = cells.codes[rows]
    values = cells.values.astype(np.float64)
    values = values / np.abs(values).max()  # squares of numbers near 1e300 would overflow
    numbers = np.where(codes >= 0, values[codes], 0.0)
    numbers -= np.where(codes >= 0, numbers.sum() / max(1, (codes >= 0).sum()), 0.0)
    standardised: NDArray[np.float64] = numbers / (np.sqrt((numbers**2).sum()) or 1.0)
    return standardised


def repeated_rows(columns: Iterable[Column], rows: int) -> int:
    """How many rows repeat an earlier one, missing cells included; by hashes of 64 bits."""
    hashes = np.zeros(rows, np.uint64)
    for at, column in enumerate(columns):
        if column.values.dtype.kind == "f":
            numbers = column.values.astype(np.float64) + 0.0  # one zero, and one bit pattern for what is missing
            cells = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
        else:
            cells = column.values.astype(np.int64).view(np.uint64)
        hashes ^= cells + np.uint64(at)
        hashes *= np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio, as multiplicative hashing has it (Knuth)
        hashes ^= hashes >> np.uint64(29)
    return rows - len(np.unique(hashes))
