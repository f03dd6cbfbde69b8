"""Each column of a table in figures, and as what limpid takes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from limpid.columns import Category
from limpid.profile.cells import Cells, written
from limpid.table import Column
from limpid.table_encoder import NATURAL

FREQUENT = 5
"""How many of its values are told of a column."""


@dataclass(frozen=True)
class ColumnFigures:
    """What one column holds."""

    name: str
    kind: str
    """number, whole number, truth value, category, text (sentences), date, identifier, or nothing."""
    present: int
    """Cells that are not missing."""
    missing: int
    """Cells that are."""
    distinct: int
    """Values that differ."""
    least: float | str | None
    """The least number, or date in the manner of ISO 8601; None for texts."""
    middle: float | str | None
    """The median."""
    most: float | str | None
    frequent: tuple[tuple[str, int], ...]
    """The values that most cells have, and how many have each."""
    inputs: int
    """How many numbers it becomes: 0 where it is left out, or is to be predicted."""
    left_out: str = ""
    """Why it is of no use, where it is none."""
    told: float | None = None
    """The share of the target's variance that it tells alone, on rows held out; None where no target is known."""

    @property
    def values(self) -> str:
        """Its range, or its most frequent values with their shares, in one line."""
        if self.least is not None and self.most is not None:
            return f"{written(self.least)} to {written(self.most)}"
        return ", ".join(f"{text} {count / self.present:.0%}" for text, count in self.frequent[:3])


def kind_of(cells: Cells) -> str:
    """In one or two words, what the cells are."""
    if not cells.present:
        return "nothing"
    if cells.texts:
        return "text" if cells.sentences else "category"
    if cells.values.dtype.kind == "M":
        return "date"
    if len(cells.values) <= 2 and np.isin(cells.values, (0, 1)).all():
        return "truth value"
    return "whole number" if cells.whole else "number"


def figures_of(name: str, cells: Cells, kind: str, inputs: int, left_out: str) -> ColumnFigures:
    """The column's figures from its `cells`."""
    ranged = bool(cells.present) and not cells.texts
    middle = int(np.searchsorted(np.cumsum(cells.counts), (cells.present + 1) // 2))
    return ColumnFigures(
        name=name,
        kind=kind,
        present=cells.present,
        missing=len(cells.codes) - cells.present,
        distinct=len(cells.values),
        least=cells.plain(0) if ranged else None,
        middle=cells.plain(middle) if ranged else None,
        most=cells.plain(-1) if ranged else None,
        frequent=tuple((cells.written(place), int(cells.counts[place])) for place in cells.frequent(FREQUENT)),
        inputs=inputs,
        left_out=left_out,
    )


def encoding(name: str, column: Column, as_names: bool) -> tuple[int, str]:
    """How many inputs the column becomes, or 0 and why it is left out: as learning from these rows would have it."""
    kind: Any = Category if as_names else NATURAL[column.kind]
    found = kind.fit(name, column)
    return (0, found) if isinstance(found, str) else (len(found.names), "")
