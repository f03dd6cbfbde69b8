"""Tables of every kind - CSV, Parquet, Arrow, JSON lines, data frames, the answer to an SQL query - as examples."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import DataError
from limpid.frames import column_names, table_of
from limpid.readers.arrow import read_with_arrow
from limpid.readers.columns import Wanted
from limpid.readers.content import STDIN, content_of
from limpid.readers.delimited import read_delimited
from limpid.table import Column

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")
BINARY_SUFFIXES = (".parquet", ".feather", ".arrow", ".ipc")
SUFFIXES = TEXT_SUFFIXES + BINARY_SUFFIXES
"""Of files that hold a table; .gz or .zst may follow."""


def is_table(path: Path) -> bool:
    """Whether the file's name says that it holds a table."""
    return path.name == STDIN or _uncompressed(path.name).endswith(SUFFIXES)


def read_table(source: str, wanted: Wanted) -> Dataset:
    """The table in the file `source`, or in standard input for "-"; its kind is told by how it begins.

    Errors: `DataError` that names file, column and row (1 is the first) of a cell that cannot be used, or says what
    else is wrong.
    """
    content = content_of(source)
    frame = read_with_arrow(source, content)
    if frame is None and _uncompressed(source).endswith(BINARY_SUFFIXES):
        begins = content[:6].hex(" ") or "nothing"
        raise DataError(f"{source} is neither Parquet nor Arrow: it begins with {begins}")
    return dataset_of(source, read_delimited(source, content, wanted.as_text) if frame is None else frame, wanted)


def _uncompressed(name: str) -> str:
    return name.lower().removesuffix(".gz").removesuffix(".zst")


def dataset_of(name: str, frame: Any, wanted: Wanted) -> Dataset:
    """The examples in a data frame.

    Errors: `DataError` as `read_table`.
    """
    try:
        inputs, targets = wanted.choose(column_names(frame))
        table = table_of(frame, list(dict.fromkeys([*inputs, *targets])))
        if not len(table):
            raise DataError("it has no rows")
        y = [answers(target, table[target]) for target in targets]
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    return Dataset(
        name=name,
        X=table.only(inputs),
        y=None if not y else y[0] if len(y) == 1 else np.column_stack(y),
        features=tuple(inputs),
        targets=tuple(targets),
        categorical=wanted.categorical,
    )


def answers(name: str, column: Column) -> NDArray[Any]:
    """A target column (rows,): truth values, whole numbers, numbers or texts.

    Errors: `DataError` for a missing cell or dates.
    """
    if column.missing.any():
        raise DataError(f"column {name!r} row {int(column.missing.argmax()) + 1}: a missing cell, which cannot be used")
    if column.kind == "moment":
        raise DataError(f"column {name!r} holds dates, which cannot be predicted; numbers or texts are needed")
    if column.kind == "text":
        texts: NDArray[Any] = np.array(column.texts)
        return np.asarray(texts[column.values])
    if column.values.dtype.kind == "b" or np.can_cast(column.values.dtype, np.int64):
        return column.values if column.values.dtype.kind == "b" else column.values.astype(np.int64)
    numbers = column.numbers(name)
    whole = (numbers == np.round(numbers)).all() and np.abs(numbers).max() < 2**53
    return numbers.astype(np.int64) if whole else numbers
