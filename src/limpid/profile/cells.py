"""The cells of a column by their distinct values: what every other figure is made from."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.table import Column

MOMENT = "M8[us]"
WORDS_OF_A_SENTENCE = 4
"""Texts with so many words on average are sentences, not names."""


class Cells(NamedTuple):
    """A column's cells as places among its sorted distinct values."""

    codes: NDArray[np.int32]
    """(rows,) which value each cell has, -1 where it is missing."""
    values: NDArray[Any]
    """(distinct,) numbers, NumPy's moments, or texts as objects."""
    counts: NDArray[np.int64]
    """(distinct,) how many cells have each."""

    @property
    def present(self) -> int:
        """How many cells are not missing."""
        return int(self.counts.sum())

    @property
    def texts(self) -> bool:
        """Whether the values are texts, which have no order; else neighbours are alike."""
        return self.values.dtype.kind == "O"

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return self.values.dtype.kind in "biuf" and bool((self.values == np.round(self.values)).all())

    @property
    def sentences(self) -> bool:
        """Whether the values are texts of several words, of which none is like another."""
        if not self.texts or not len(self.values):
            return False
        blanks = [text.count(" ") for text in self.values[:1000]]
        return float(np.mean(blanks)) + 1 >= WORDS_OF_A_SENTENCE

    def plain(self, place: int) -> float | str:
        """The value at `place`: a whole number as an integer, a moment as ISO 8601 has it."""
        value = self.values[place]
        if isinstance(value, str):
            return value
        if isinstance(value, np.datetime64):
            day = value.astype("M8[D]")
            return str(day if day == value else value.astype("M8[s]"))
        return int(value) if value == np.round(value) else float(value)

    def written(self, place: int) -> str:
        """The value at `place` in few letters."""
        return written(self.plain(place))

    def frequent(self, most: int) -> list[int]:
        """Places of the `most` values that most cells have, the most frequent first."""
        return [int(place) for place in np.argsort(-self.counts, kind="stable")[:most]]


def cells_of(column: Column, as_names: bool = False) -> Cells:
    """The cells of a column; its numbers and dates as texts where they are names."""
    if column.kind == "text" or as_names:
        codes, texts = column.labels()
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        used = counts > 0  # rows that were taken from a table may lack some of its texts
        places = np.append(np.cumsum(used) - 1, -1).astype(np.int32)
        return Cells(places[codes], np.array(texts, dtype=object)[used], counts[used])
    present = ~column.missing
    distinct, found, counts = np.unique(column.values[present], return_inverse=True, return_counts=True)
    all_codes = np.full(len(column), -1, np.int32)
    all_codes[present] = found
    return Cells(all_codes, distinct.astype(MOMENT) if column.kind == "moment" else distinct, counts)


def written(value: float | str) -> str:
    """A number or text in as few letters as a person needs."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and abs(value) < 10**15 else f"{value:.5g}"
