"""What holds a table elsewhere - pandas, polars, pyarrow, a mapping of columns - as limpid's own `Table`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from limpid.cells import column_of
from limpid.errors import DataError, LimpidError, listed, optional
from limpid.table import Column, Table, dated, moment_column, text_column


class Opened(NamedTuple):
    """A frame's columns in order."""

    names: list[Any]
    cells: Callable[[int], Any]
    """Of one column by its place."""
    read: Callable[[str, Any], Column]
    """From a column's name and cells."""


def is_frame(X: Any) -> bool:
    """Whether X has columns with names."""
    return isinstance(X, (Table, Mapping)) or _kind(X) in _FRAMES


def column_names(X: Any) -> list[str]:
    """The names of X's columns, for which `is_frame`; numbers as texts.

    Errors: `DataError` for two of the same name or names of several levels, `LimpidError` for a frame without cells.
    """
    return list(X) if isinstance(X, Table) else _names(_opened(X).names)


def table_of(X: Any, names: Sequence[str] | None = None) -> Table:
    """X as a table: one already, a data frame of pandas, polars or pyarrow, or a mapping of names to cells.

    A mapping's cells are a sequence for each column, or one value each for a table of one row; a series of pandas is
    such a row. `names` are the columns that are of use, all where it is None.

    Truth values are 0 and 1. Durations and times of day are in seconds, moments as the clock there had them. Texts
    that are all written as dates are moments, but where the column's type says that they are categories; numbers in
    such a type are texts. Errors: `DataError` for a column that holds anything else, or that is absent, or two of the
    same name.
    """
    if isinstance(X, Table):
        return X if names is None else X.only(_present(names, list(X)))
    if not is_frame(X):
        raise LimpidError(f"a data frame, or a mapping of column names to cells, is needed, got {type(X).__name__}")
    frame = _opened(X)
    given = _names(frame.names)
    places = {name: place for place, name in enumerate(given)}
    wanted = given if names is None else _present(names, given)
    return Table({name: frame.read(name, frame.cells(places[name])) for name in wanted})


def _kind(X: Any) -> str:
    """The library and class, also where X is of a class derived from it."""
    found = (f"{each.__module__.partition('.')[0]}.{each.__name__}" for each in type(X).__mro__)
    return next((kind for kind in found if kind in _FRAMES), "")


def _opened(X: Any) -> Opened:
    if isinstance(X, Mapping):
        cells = list(X.values())
        return Opened(list(X), lambda at: cells[at], column_of)
    return _FRAMES[_kind(X)](X)


def _lazy(X: Any) -> Opened:
    raise LimpidError(f"a {type(X).__name__} holds no cells yet; give what its collect() returns")


_FRAMES: dict[str, Callable[[Any], Opened]] = {
    "pandas.DataFrame": lambda X: Opened(list(X.columns), lambda at: X.iloc[:, at], _from_pandas),
    "pandas.Series": lambda X: Opened(list(X.index), lambda at: X.iloc[at], column_of),
    "polars.DataFrame": lambda X: Opened(X.columns, X.to_series, _from_polars),
    "polars.LazyFrame": _lazy,
    "pyarrow.Table": lambda X: Opened(X.schema.names, X.column, _from_arrow),
    "pyarrow.RecordBatch": lambda X: Opened(X.schema.names, X.column, _from_arrow),
}


def _names(given: list[Any]) -> list[str]:
    several = next((name for name in given if isinstance(name, tuple)), None)
    if several is not None:
        raise DataError(f"each column needs one name, got the levels {several!r}; join them into one text")
    names = [str(name) for name in given]
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise DataError(f"each column needs a name of its own, got {repeated!r} {names.count(repeated)} times")
    return names


def _present(names: Sequence[str], given: list[str]) -> list[str]:
    missing = [name for name in names if name not in given]
    if missing:
        several = "s" if len(missing) > 1 else ""
        needed = ", ".join(map(repr, missing[:20]))
        raise DataError(f"the column{several} {needed} must be given, there are {listed(given) or 'none'}")
    return list(names)


def _from_pandas(name: str, cells: Any) -> Column:
    kind = getattr(cells.dtype, "kind", "O")
    if kind in "biuf":
        plain = cells.to_numpy(np.float64, na_value=np.nan) if cells.isna().any() else cells.to_numpy()
        return column_of(name, plain)
    if kind in "mM":
        zone = getattr(getattr(cells.dtype, "pyarrow_dtype", cells.dtype), "tz", None)
        return column_of(name, (cells if zone is None else cells.dt.tz_localize(None)).to_numpy())
    found = column_of(name, cells.to_numpy(object, na_value=None))
    return _categories(found) if hasattr(cells, "cat") else found


def _from_polars(name: str, cells: Any) -> Column:
    import polars

    kind = cells.dtype
    if kind == polars.Null or isinstance(kind, polars.Decimal) or kind in (polars.Int128, polars.UInt128):
        cells = cells.cast(polars.Float64)
    if cells.dtype.is_numeric() or kind == polars.Boolean:
        cells = cells.cast(polars.Float64).fill_null(np.nan) if cells.null_count() else cells
        return column_of(name, cells.to_numpy())
    if kind == polars.Time:
        cells = cells.cast(polars.Int64).cast(polars.Duration("ns"))
    if cells.dtype == polars.Duration:
        return column_of(name, cells.to_numpy())
    if kind in (polars.Date, polars.Datetime):
        cells = cells.dt.replace_time_zone(None) if kind == polars.Datetime else cells
        return moment_column(name, cells.to_numpy())
    if kind == polars.Object:
        return column_of(name, cells.to_list())
    if kind not in (polars.String, polars.Categorical, polars.Enum):
        raise DataError(f"column {name!r}: numbers, texts or dates are needed, got {kind}")
    texts = cells.cast(polars.String).unique().drop_nulls().sort()
    codes = cells.cast(polars.String).cast(polars.Enum(texts)).to_physical().cast(polars.Int64).fill_null(-1)
    found = text_column(codes.to_numpy(), texts.to_list())
    return dated(name, found) if kind == polars.String else found


def _from_arrow(name: str, cells: Any) -> Column:
    from pyarrow import float64, types

    polars = optional("polars", "pyarrow's tables are read", "tables")
    if types.is_dictionary(cells.type):
        return _categories(_from_arrow(name, cells.cast(cells.type.value_type)))
    if types.is_decimal256(cells.type):
        cells = cells.cast(float64())
    try:
        series = polars.from_arrow(cells)
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, ValueError, TypeError):
        raise DataError(f"column {name!r}: numbers, texts or dates are needed, got {cells.type}") from None
    return _from_polars(name, series)


def _categories(column: Column) -> Column:
    """Of a column whose type says that its cells are categories."""
    return column if column.kind == "text" else text_column(*column.labels())
