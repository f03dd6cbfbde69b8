"""Rows made up to test an export with, always the same: from where a model's inputs come, missing and odd cells too."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.columns import Category, Date, Number
from limpid.model import Model
from limpid.table import Column, Table, text_column
from limpid.table_encoder import Encoded

ROWS = 10
NO_MOMENT = np.iinfo(np.int64).min
"""A missing one in microseconds."""
SECOND, MILLISECOND = 1_000_000, 1000
"""In microseconds."""


def made_up(model: Model) -> NDArray[np.float64] | Table:
    """`ROWS` rows as the model's users have them."""
    random = np.random.default_rng(0)
    if model.encoder is not None:
        columns = enumerate(model.encoder.columns)
        return Table({column.name: _cells(column, random, at) for at, column in columns}, ROWS)
    shift, scale = model.input_scaling.shift, model.input_scaling.scale
    if model.image_shape:
        return np.asarray(shift + scale * random.integers(0, 256, (ROWS, len(scale))) / 255)
    return np.asarray(shift + scale * random.normal(size=(ROWS, len(scale))).round(3))


def cells_of(table: Table, column: Encoded, unit: int = SECOND) -> list[Any]:
    """The cells of the column that `column` encodes: numbers, texts, or dates in units since 1970-01-01.

    Missing are NaN, and None for a text. `unit` is in microseconds.
    """
    given = table[column.name]
    if isinstance(column, Number):
        return list(given.numbers(column.name))
    if isinstance(column, Category):
        codes, texts = given.labels(column.name)
        return [None if code < 0 else texts[code] for code in codes]
    moments = given.moments(column.name)
    return list(np.where(moments == NO_MOMENT, np.nan, moments / unit))


def _cells(column: Encoded, random: np.random.Generator, at: int) -> Column:
    """Every fifth cell is missing, the sixth is odd."""
    missing = np.arange(at, at + ROWS) % 5 == 4
    if isinstance(column, Category):
        texts = sorted({*column.categories, _unseen(column)})
        codes = np.concatenate([random.permutation(len(texts)) for _ in range(-(-ROWS // len(texts)))])[:ROWS]
        codes[5] = texts.index(_unseen(column))
        return text_column(np.where(missing, -1, codes), texts)
    values = column.shift + column.scale * random.normal(size=ROWS)
    if isinstance(column, Date):
        days = values.clip(-700_000, 2_900_000)  # from the year 54 to 9910
        seconds = (days * 86400 if column.times else days.round() * 86400).astype(np.int64)
        return Column("moment", np.where(missing, NO_MOMENT, seconds * SECOND))
    values[5] = column.shift + 1e12 * column.scale
    return Column("number", np.where(missing, np.nan, values))


def _unseen(column: Category) -> str:
    text = "something else"
    while text in column.categories:
        text += "!"
    return text
