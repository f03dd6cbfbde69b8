"""Rows as methods read them: the numbers that limpid's network sees, or cells as they are for what splits by them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.columns import DAY, Category, Date, Number, parts_of
from limpid.encoder import Scaling
from limpid.learning import Learning
from limpid.table import Column, Table
from limpid.table_encoder import Encoded, TableEncoder

MOST_CODES = 254
"""As many categories of a column as scikit-learn's boosting can tell apart; rarer ones share the last code."""


@dataclass(frozen=True)
class AsNetwork:
    """Scaled numbers, an input for each category: what the network learns from."""

    encoder: TableEncoder | None
    scaling: Scaling

    @staticmethod
    def of(learning: Learning) -> "AsNetwork":
        return AsNetwork(learning.encoder, learning.input_scaling)

    @property
    def flags(self) -> NDArray[np.bool_]:
        """(columns,) which are 0 or 1: of categories and of missing cells."""
        if self.encoder is None:
            return np.zeros(len(self.scaling.shift), bool)
        return np.concatenate([_flags(column) for column in self.encoder.columns])

    def read(self, X: Any) -> Any:
        """(rows, columns) of float64, dense or sparse."""
        return self.encoder.encode(X, np.float64) if self.encoder else self.scaling.apply(X, np.float64)


@dataclass(frozen=True)
class AsCells:
    """Numbers and days in their own units, categories as codes from 0; NaN where missing."""

    columns: tuple[Encoded, ...]
    """Those of the encoder; none where rows are numbers already."""
    codes: tuple[NDArray[np.float64], ...]
    """For each column that holds categories: the code of each of its inputs, and NaN for a cell that sets none."""

    @staticmethod
    def of(learning: Learning) -> "AsCells":
        table = learning.train.X
        if learning.encoder is None or not isinstance(table, Table):
            return AsCells((), ())
        columns = learning.encoder.columns
        categories = [column for column in columns if isinstance(column, Category)]
        return AsCells(columns, tuple(_codes(column, table[column.name]) for column in categories))

    @property
    def flags(self) -> NDArray[np.bool_]:
        """(columns,) which are categories; empty where rows are numbers already."""
        widths = [5 if isinstance(column, Date) else 1 for column in self.columns]
        return np.repeat([isinstance(column, Category) for column in self.columns], widths)

    def read(self, X: Any) -> Any:
        """(rows, columns) of float64; numbers that are no table stay as they are."""
        if not self.columns:
            return X
        codes = iter(self.codes)
        cells: list[NDArray[np.float64]] = []
        for column in self.columns:
            found = X[column.name]
            if isinstance(column, Number):
                cells.append(found.numbers(column.name))
            elif isinstance(column, Date):
                cells += _moments(column, found)
            else:
                cells.append(next(codes)[_inputs(column, found)])
        return np.column_stack(cells)


def _flags(column: Encoded) -> NDArray[np.bool_]:
    if isinstance(column, Category):
        return np.ones(len(column.names), bool)
    return np.array([column.indicator and at == len(column.names) - 1 for at in range(len(column.names))])


def _inputs(column: Category, cells: Column) -> NDArray[np.int64]:
    """(rows,) which of the column's inputs each cell sets, -1 for none: also where the cell is missing."""
    (piece,) = column.encode(cells)
    return np.where(cells.missing, -1, piece.places)


def _codes(column: Category, cells: Column) -> NDArray[np.float64]:
    inputs = _inputs(column, cells)
    counts = np.bincount(inputs[inputs >= 0], minlength=len(column.names))
    codes = (
        np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
        if len(counts) > MOST_CODES
        else np.arange(len(counts))
    )
    return np.append(np.minimum(codes, MOST_CODES - 1).astype(np.float64), np.nan)


def _moments(column: Date, cells: Column) -> list[NDArray[np.float64]]:
    """Days since 1970, month, day, weekday, hour."""
    moments, absent = cells.moments(column.name), cells.missing
    parts = parts_of(np.where(absent, 0, moments))
    return [np.where(absent, np.nan, each) for each in (moments / DAY, *parts.values())]
