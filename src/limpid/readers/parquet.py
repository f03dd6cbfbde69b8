"""Parquet files read in parts, through pyarrow: a column at a time, or a row group at a time."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import DataError, optional
from limpid.frames import table_of
from limpid.readers.arrow import columns_of, refusing
from limpid.stream import PIECE
from limpid.table import Column, Table, check_usable, dated, joined, text_column

PARQUET = ".parquet"
"""What the name of such a file ends in."""


class ParquetStream:
    """A `Stream` whose blocks are row groups."""

    def __init__(self, path: str | Path) -> None:
        """Errors: `DataError` for a missing or damaged file, or one without rows."""
        pyarrow = optional("pyarrow", "tables larger than memory are read", "tables")
        parquet = optional("pyarrow.parquet", "tables larger than memory are read", "tables")
        self.name, self._path = str(path), str(path)
        with refusing(self.name):
            self._metadata = parquet.read_metadata(self._path)
            schema = parquet.read_schema(self._path)
            self.columns: tuple[str, ...] = tuple(columns_of(schema))
        self._texts = {field.name for field in schema if field.type in (pyarrow.string(), pyarrow.large_string())}
        self._numbers = {field.name for field in schema if _is_number(field.type)}
        groups = range(self._metadata.num_row_groups)
        self._groups = [group for group in groups if self._metadata.row_group(group).num_rows]
        self.blocks: tuple[int, ...] = tuple(self._metadata.row_group(group).num_rows for group in self._groups)
        if not self.blocks:
            raise DataError(f"{path}: no rows")

    def column(self, name: str, *kept: NDArray[np.bool_]) -> list[Column]:
        with refusing(self.name):
            return self._columns(name, kept)

    def pieces(self, block: int, names: Sequence[str]) -> Iterator[Table]:
        with refusing(self.name):
            file, group = self._open(names), self._groups[block]
            for cells in file.iter_batches(PIECE, row_groups=[group], columns=list(names), use_threads=False):
                yield Table({name: _column(name, cells.column(name)) for name in names})

    def bytes_of(self, block: int) -> int:
        group = self._metadata.row_group(self._groups[block])
        return sum(group.column(at).total_compressed_size for at in range(group.num_columns))

    def fingerprint(self) -> str:
        """Of the file's size and its footer, which holds each column's extremes and places: not of every cell."""
        with refusing(self.name), Path(self._path).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - self._metadata.serialized_size - 8))
            return sha256(size.to_bytes(8, "little") + file.read()).hexdigest()

    def _open(self, names: Sequence[str]) -> Any:
        import pyarrow.parquet

        # texts as the file's own dictionaries: the cells are never spelled out
        texts = [name for name in names if name in self._texts]
        return pyarrow.parquet.ParquetFile(self._path, metadata=self._metadata, read_dictionary=texts)

    def _columns(self, name: str, kept: tuple[NDArray[np.bool_], ...]) -> list[Column]:
        file, start = self._open([name]), 0
        gathered = [_Gathered(which, name in self._numbers) for which in kept]
        for group in self._groups:
            cells = file.read_row_group(group, columns=[name], use_threads=False).column(name)
            for chunk in cells.chunks:
                column = _column(name, chunk)
                check_usable(name, column, start)
                for each in gathered:
                    each.add(column, start)
                start += len(chunk)
        if start != sum(self.blocks):
            raise ValueError(f"column {name!r} has {start} of {sum(self.blocks)} rows")
        found = [each.column() for each in gathered]
        return [dated(name, column) for column in found] if name in self._texts else found


class _Gathered:
    """The cells of one column in some of the rows, as they come."""

    def __init__(self, which: NDArray[np.bool_], numbers: bool) -> None:
        self._which, self._parts = which, list[Column]()
        # numbers go straight to where they stay: new memory is dear
        self._numbers = np.empty(np.count_nonzero(which)) if numbers else None
        self._filled = 0

    def add(self, column: Column, start: int) -> None:
        """Those of the rows from `start` on that are in the `column`."""
        some = column.rows(self._which[start : start + len(column)])
        if self._numbers is None:
            self._parts.append(some)
        else:
            self._numbers[self._filled : self._filled + len(some)] = some.values
        self._filled += len(some)

    def column(self) -> Column:
        return joined(self._parts) if self._numbers is None else Column("number", self._numbers)


def _column(name: str, cells: Any) -> Column:
    """An Arrow array as a column; what it holds without missing cells is not copied."""
    import pyarrow

    texts = pyarrow.string(), pyarrow.large_string()
    if isinstance(cells, pyarrow.DictionaryArray) and cells.dictionary.type in texts:
        return text_column(cells.indices.fill_null(-1).to_numpy(), cells.dictionary.to_pylist())
    if _is_number(cells.type):
        return Column("number", cells.to_numpy(zero_copy_only=False))
    return table_of(pyarrow.table({name: cells}))[name]


def _is_number(kind: Any) -> bool:
    import pyarrow

    return bool(pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind))
