"""A whole table as rows of numbers: each column as its kind has it, side by side; fitted on rows to learn from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.columns import Category, Date, Number, Piece
from limpid.errors import DataError, LimpidError, listed, nearest
from limpid.frames import is_frame, table_of
from limpid.table import Column, Table

Encoded = Number | Category | Date
BY_KIND: dict[str, type[Encoded]] = {"number": Number, "category": Category, "date": Date}
NATURAL: dict[str, type[Encoded]] = {"number": Number, "text": Category, "moment": Date}
"""How each kind of column of a `Table` is encoded where nobody says otherwise."""
SPARSE_BELOW = 0.25
"""Rows are kept sparse where a smaller share of their numbers can differ from 0."""


@dataclass(frozen=True)
class TableEncoder:
    """What became of each column that was fitted."""

    columns: tuple[Encoded, ...]
    """Those that are used, in the order of the table learned from."""
    left_out: tuple[tuple[str, str], ...] = ()
    """The names of those that are of no use, and why."""

    @staticmethod
    def fit(names: Iterable[str], cells: Callable[[str], Column], categorical: Sequence[str] = ()) -> "TableEncoder":
        """From the columns called `names`, whose `cells` in the rows to learn from are asked for one by one.

        Numbers in columns named in `categorical` are categories. Errors: `DataError` where no column is of use, or
        one that is named in `categorical` is absent.
        """
        names = list(names)
        return TableEncoder.of(names, (fit_column(name, cells(name), categorical) for name in names), categorical)

    @staticmethod
    def of(names: Sequence[str], fitted: Iterable[Encoded | str], categorical: Sequence[str] = ()) -> "TableEncoder":
        """From what `fit_column` has come to for each of the columns called `names`.

        Errors: as `fit`.
        """
        for name in categorical:
            if name not in names:
                raise DataError(f"no column {name!r}{nearest(name, names)} to be categorical; columns: {listed(names)}")
        columns: list[Encoded] = []
        left_out: list[tuple[str, str]] = []
        for name, found in zip(names, fitted, strict=True):
            if isinstance(found, str):
                left_out.append((name, found))
            else:
                columns.append(found)
        if not columns:
            why = "; ".join(f"{name!r}: {reason}" for name, reason in left_out[:20])
            raise DataError(f"no column is of use to learn from ({why or 'there is none'})")
        return TableEncoder(tuple(columns), tuple(left_out))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A name for each output."""
        return tuple(name for column in self.columns for name in column.names)

    @property
    def outputs(self) -> int:
        """How many numbers a row becomes."""
        return len(self.names)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the columns that are needed."""
        return tuple(column.name for column in self.columns)

    @property
    def sparse(self) -> bool:
        """Whether rows are kept sparse."""
        return self._filled < SPARSE_BELOW * self.outputs

    @property
    def _filled(self) -> int:
        """Outputs of a row that can differ from 0 together."""
        return sum(1 if isinstance(column, Category) else len(column.names) for column in self.columns)

    def numbers(self, rows: int) -> int:
        """How many numbers `rows` rows are kept as, at most."""
        return rows * (2 * self._filled if self.sparse else self.outputs)

    @property
    def owners(self) -> NDArray[np.int64]:
        """(outputs,) which column each output comes from."""
        return np.repeat(np.arange(len(self.columns)), [len(column.names) for column in self.columns])

    @property
    def categories(self) -> tuple[tuple[int, int], ...]:
        """Of each column of categories its first output, and how many it has."""
        sizes = [len(column.names) for column in self.columns]
        firsts = np.cumsum([0, *sizes[:-1]]).tolist()
        kinds = zip(self.columns, firsts, sizes, strict=True)
        return tuple((first, size) for column, first, size in kinds if isinstance(column, Category))

    def table(self, X: Any) -> Table:
        """The columns that are needed of rows as `encode` takes them. Errors: as there."""
        table = table_of(X if is_frame(X) else self._named(X), self.inputs)
        if not len(table):
            raise LimpidError("at least one row is needed, the table has none")
        return table

    def encode(self, X: Any, dtype: Any, sparse: bool | None = None) -> Any:
        """Rows of a `Table` or data frame as (rows, outputs) of `dtype`: an array, or SciPy's compressed sparse rows.

        Or rows of an array, or one row, with a cell for each of `inputs` in that order. `sparse` decides where it is
        given, else `self.sparse`. Errors: `DataError` for an absent column or a cell that cannot be read as what the
        column is.
        """
        table = self.table(X)
        pieces = [column.encode(table[column.name]) for column in self.columns]
        places = np.cumsum([0, *(len(column.names) for column in self.columns[:-1])])
        placed = [(int(at), piece) for at, several in zip(places, pieces, strict=True) for piece in several]
        sparse = self.sparse if sparse is None else sparse
        return (self._sparse if sparse else self._dense)(placed, len(table), dtype)

    def _named(self, X: Any) -> dict[str, Any]:
        cells = np.atleast_2d(np.asarray(X, dtype=object if isinstance(X, (list, tuple)) else None))
        if cells.ndim != 2 or cells.shape[1] != len(self.inputs):
            raise LimpidError(
                f"a table, or rows with a cell for each of {listed(self.inputs)} are needed, got shape {cells.shape}"
            )
        return dict(zip(self.inputs, cells.T, strict=True))

    def _dense(self, placed: list[tuple[int, Piece]], rows: int, dtype: Any) -> NDArray[Any]:
        out = np.zeros((rows, self.outputs), dtype)
        every = np.arange(rows)
        for at, (places, values) in placed:
            if isinstance(places, int):
                out[:, at + places] = values
            else:
                present = places >= 0
                out[every[present], at + places[present]] = values
        return out

    def _sparse(self, placed: list[tuple[int, Piece]], rows: int, dtype: Any) -> Any:
        from scipy.sparse import csr_array

        data = np.empty((rows, len(placed)), dtype)
        where = np.empty((rows, len(placed)), np.int32)
        for slot, (at, (places, values)) in enumerate(placed):
            where[:, slot] = at + places
            data[:, slot] = values if isinstance(places, int) else np.where(places >= 0, values, 0)
        filled = data != 0
        starts = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
        small = starts[-1] < 2**31
        indices = where[filled] if small else where[filled].astype(np.int64)
        return csr_array((data[filled], indices, starts.astype(indices.dtype)), shape=(rows, self.outputs))

    def describe(self) -> dict[str, Any]:
        """Plain values, from which `from_description` makes it again."""
        return {
            "columns": [{"kind": column.kind, **asdict(column)} for column in self.columns],
            "left_out": [list(each) for each in self.left_out],
        }

    @staticmethod
    def from_description(described: dict[str, Any]) -> "TableEncoder":
        """Errors: `LimpidError`, `KeyError` or `TypeError` for what `describe` has not given."""
        columns = tuple(_column(dict(each)) for each in described["columns"])
        left_out = tuple((str(name), str(reason)) for name, reason in described["left_out"])
        if not columns or len({column.name for column in columns}) < len(columns):
            raise LimpidError("an encoder needs columns with a name of their own each")
        return TableEncoder(columns, left_out)


def fit_column(name: str, column: Column, categorical: Sequence[str] = ()) -> Encoded | str:
    """What the column called `name`, in the rows to learn from, will be; or why it is of no use."""
    kind: Any = Category if name in categorical else NATURAL[column.kind]
    found: Encoded | str = kind.fit(name, column)
    return found


def _column(described: dict[str, Any]) -> Encoded:
    kind = BY_KIND[described.pop("kind")]
    if kind is Category:
        described["categories"] = tuple(described["categories"])
        if not all(isinstance(category, str) for category in described["categories"]):
            raise LimpidError("categories must be texts")
        if len(set(described["categories"])) < len(described["categories"]):
            raise LimpidError("categories must differ")
    numbers = [described[name] for name in ("shift", "scale") if name in described]
    flags = [value for name, value in described.items() if name in {"indicator", "rare", "missing", "times"}]
    if not isinstance(described["name"], str) or not all(isinstance(flag, bool) for flag in flags):
        raise LimpidError("a column needs a name, and true or false where it asks for that")
    if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers):
        raise LimpidError("a column's shift and scale must be numbers")
    if numbers and not (np.isfinite(numbers).all() and numbers[1] > 0):
        raise LimpidError("a column's shift must be finite and its scale above 0")
    return kind(**described)
