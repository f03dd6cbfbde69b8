"""Tables of every kind - CSV, Parquet, Arrow, JSON lines, data frames, the answer to an SQL query - as examples."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import DataError, LimpidError
from limpid.frames import table_of
from limpid.readers.columns import Wanted
from limpid.readers.content import STDIN, content_of
from limpid.readers.delimited import read_delimited
from limpid.table import Column

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".feather", ".arrow", ".ipc", ".jsonl", ".ndjson")
"""Of files that hold a table; .gz or .zst may follow."""


def is_table(path: Path) -> bool:
    """Whether the file's name says that it holds a table."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return name == STDIN or name.endswith(SUFFIXES)


def read_table(source: str, wanted: Wanted) -> Dataset:
    """The table in the file `source`, or in standard input for "-"; its kind is told by how it begins.

    Errors: `DataError` that names file, column and row (1 is the first) of a cell that cannot be used, or says what
    else is wrong.
    """
    return dataset_of(source, frame_in(source, content_of(source), wanted.as_text), wanted)


def frame_in(name: str, content: bytes, as_text: tuple[str, ...] = ()) -> Any:
    """The polars frame in `content` of the source called `name`."""
    polars = _polars()
    try:
        if content.startswith(b"PAR1"):
            return polars.read_parquet(content)
        if content.startswith(b"ARROW1"):
            return polars.read_ipc(content)
        if content.lstrip()[:1] == b"{":
            return polars.read_ndjson(content, infer_schema_length=None)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise DataError(f"cannot read {name}: {str(error).splitlines()[0]}") from None
    return read_delimited(name, content, as_text)


def dataset_of(name: str, frame: Any, wanted: Wanted) -> Dataset:
    """The examples in a data frame.

    Errors: `DataError` as `read_table`.
    """
    try:
        inputs, targets = wanted.choose(name, [str(column) for column in getattr(frame, "columns", frame)])
        table = table_of(frame, [*inputs, *targets])
        if not len(table):
            raise DataError("no rows")
        y = [answers(target, table[target]) for target in targets]
        return Dataset(
            name=name,
            X=table.only(inputs),
            y=None if not y else y[0] if len(y) == 1 else np.column_stack(y),
            features=tuple(inputs),
            targets=tuple(targets),
            categorical=wanted.categorical,
        )
    except DataError as error:
        raise error if str(error).startswith(name) else DataError(f"{name}: {error}") from None


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
    if column.values.dtype.kind == "b":
        return column.values
    numbers = column.numbers(name)
    whole = (numbers == np.round(numbers)).all() and np.abs(numbers).max() < 2**53
    return numbers.astype(np.int64) if whole else numbers


def _polars() -> Any:
    try:
        import polars
    except ImportError:
        raise LimpidError("tables are read with polars: pip install 'limpid[tables]'") from None
    return polars
