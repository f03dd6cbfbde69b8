"""Tables of every kind - CSV, Parquet, Arrow, JSON lines, data frames, the answer to an SQL query - as examples."""

from pathlib import Path
from typing import Any

import numpy as np

from limpid.dataset import Dataset, answers_in
from limpid.errors import DataError, printable
from limpid.frames import column_names, table_of
from limpid.readers.arrow import read_with_arrow
from limpid.readers.columns import Wanted
from limpid.readers.content import STDIN, content_of
from limpid.readers.delimited import read_delimited
from limpid.readers.pictures import is_picture, read_pictures
from limpid.table import Table

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")
BINARY_SUFFIXES = (".parquet", ".feather", ".arrow", ".ipc")
SUFFIXES = TEXT_SUFFIXES + BINARY_SUFFIXES
"""Of files that hold a table; .gz or .zst may follow."""


MOST_FILES = 0.5
"""From this share of picture files on a column is taken for one of them, and another cell for a mistake."""


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
        y = answers_in(table, targets) if targets else None
        files = _files(table.only(inputs))
    except DataError as error:
        raise DataError(f"{name}: {error}") from None
    if files:
        folder = wanted.pictures.folder or Path(name).parent
        rows = read_pictures([folder / file for file in files], wanted.pictures)
        names = tuple(map(printable, files))
        return Dataset(name, y=y, targets=tuple(targets), names=names, **rows._asdict())
    if wanted.pictures.folder is not None:
        raise DataError(f"{name}: no column names PNG or JPEG files, so that no folder of them can be given")
    return Dataset(
        name=name,
        X=table.only(inputs),
        y=y,
        features=tuple(inputs),
        targets=tuple(targets),
        categorical=wanted.categorical,
    )


def _files(table: Table) -> list[str]:
    """The picture file of each row, by the one column that names some; empty where none does."""
    found = {}
    for name in table:
        column = table[name]
        if column.kind != "text":
            continue
        named = np.array([*map(is_picture, column.texts), False])[column.values]
        if named.sum() < MOST_FILES * len(named):
            continue
        cells = [*column.texts, ""]
        if not named.all():
            row = int(named.argmin())
            raise DataError(f"column {name!r} row {row + 1}: {cells[column.values[row]]!r} is no PNG or JPEG file")
        found[name] = [cells[code] for code in column.values]
    if len(found) > 1:
        raise DataError(f"pictures in one column are needed, got {' and '.join(map(repr, found))}")
    return next(iter(found.values()), [])
