"""What an inspection found: arrays with names, which say in words, in rows and in a picture what they mean."""

from abc import ABC, abstractmethod
from html import escape
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from limpid.displays import axes
from limpid.errors import optional

ROWS_SHOWN = 20
"""Of a result in a notebook."""


class Result(ABC):
    """What is common to all that `limpid.inspection` finds.

    Layers are counted from 1, as "W1" is; neurons, outputs and examples from 0, as places in arrays are.

    Attributes
    ----------
    ax_ : matplotlib Axes, or an array of them, that `plot` drew on last
    figure_ : matplotlib Figure
    """

    ax_: Any
    figure_: Any

    @property
    @abstractmethod
    def words(self) -> str:
        """What was found, in a sentence or a few, for a person who has never seen a network."""

    @abstractmethod
    def to_rows(self) -> list[dict[str, Any]]:
        """A dictionary of plain values for each thing found, the most telling first; all have the same keys."""

    @abstractmethod
    def _draw(self, ax: Any) -> None:
        """Draw on the Axes `ax`."""

    def plot(self, ax: Any = None) -> Self:
        """Draw on matplotlib's Axes `ax`, or on new ones.

        Errors: `LimpidError` where matplotlib is missing.
        """
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        self._draw(self.ax_)
        return self

    def to_frame(self) -> Any:
        """The rows as a polars data frame. Errors: `LimpidError` where polars is missing."""
        polars = optional("polars", "data frames are made", "tables")
        return polars.DataFrame(self.to_rows(), infer_schema_length=None)

    def __str__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        rows = self.to_rows()
        head = "".join(f"<th>{escape(name)}</th>" for name in (rows[0] if rows else ()))
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(told(value))}</td>' for value in row.values())}</tr>"
            for row in rows[:ROWS_SHOWN]
        )
        more = f"<p>... {len(rows):,} rows in all</p>" if len(rows) > ROWS_SHOWN else ""
        return f"<p>{escape(self.words)}</p><table><tr>{head}</tr>{body}</table>{more}"


def largest_places(values: NDArray[Any], most: int | None = None) -> list[tuple[int, int]]:
    """Places (i, j) of the numbers of (rows, columns) that are furthest from 0, those first; at most so many."""
    order = np.argsort(-np.abs(values), axis=None, kind="stable")[:most]
    rows, columns = np.unravel_index(order, values.shape)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def told(value: Any) -> str:
    """A value as a person reads it: nothing for None, four digits of a number, several with commas between."""
    if value is None:
        return ""
    if isinstance(value, np.ndarray):
        return ", ".join(map(told, value))
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
