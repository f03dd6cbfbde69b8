"""Tables of every kind - CSV, Parquet, Arrow, JSON lines, data frames, the answer to an SQL query - as examples."""

from pathlib import Path
from typing import Any

from limpid.dataset import Dataset, answers_in
from limpid.errors import DataError, LimpidError
from limpid.frames import table_of
from limpid.readers.columns import Wanted
from limpid.readers.content import STDIN, content_of
from limpid.readers.delimited import read_delimited

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
        inputs, targets = wanted.choose(name, [str(column) for column in frame.columns])
        table = table_of(frame, [*inputs, *targets])
        if not len(table):
            raise DataError("no rows")
        return Dataset(
            name=name,
            X=table.only(inputs),
            y=answers_in(name, table, targets) if targets else None,
            features=tuple(inputs),
            targets=tuple(targets),
            categorical=wanted.categorical,
        )
    except DataError as error:
        raise error if str(error).startswith(name) else DataError(f"{name}: {error}") from None


def _polars() -> Any:
    try:
        import polars
    except ImportError:
        raise LimpidError("tables are read with polars: pip install 'limpid[tables]'") from None
    return polars
