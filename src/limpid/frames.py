"""What holds a table elsewhere - pandas, polars, pyarrow, a mapping of columns - as limpid's own `Table`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import DataError, LimpidError
from limpid.table import Column, Table, text_column


def is_frame(X: Any) -> bool:
    """Whether X has columns with names."""
    return isinstance(X, (Table, Mapping)) or _kind_of(X) in {"pandas", "polars", "pyarrow"}


def table_of(X: Any, names: Any = None) -> Table:
    """X as a table: one already, a data frame of pandas, polars or pyarrow, or a mapping of names to cells.

    A mapping's cells are a sequence for each column, or one value each for a table of one row. `names` are the columns
    that are of use, all where it is None. Errors: `DataError` for a column that holds anything but numbers, truth
    values, texts and moments, or that is absent, or two of the same name.
    """
    if isinstance(X, Table):
        return X if names is None else X.only(_present(names, list(X)))
    kind = _kind_of(X)
    if kind == "pyarrow":
        X, kind = _polars().from_arrow(X), "polars"
    if kind not in {"pandas", "polars"} and not isinstance(X, Mapping):
        raise LimpidError(f"a data frame, or a mapping of column names to cells, is needed, got {type(X).__name__}")
    given = [str(name) for name in (X if isinstance(X, Mapping) else X.columns)]
    repeated = {name for name in given if given.count(name) > 1} if len(set(given)) < len(given) else set()
    if repeated:
        raise DataError(
            f"each column needs a name of its own, got {min(repeated)!r} {given.count(min(repeated))} times"
        )
    columns = dict(zip(given, X.values() if isinstance(X, Mapping) else (X[name] for name in X.columns), strict=True))
    read = {"pandas": _from_pandas, "polars": _from_polars}.get(kind, _from_cells)
    wanted = given if names is None else _present(names, given)
    return Table({name: read(name, columns[name]) for name in wanted}, None if wanted else len(X))


def _present(names: Any, given: list[str]) -> list[str]:
    missing = [name for name in names if name not in given]
    if missing:
        several = "s" if len(missing) > 1 else ""
        raise DataError(
            f"the column{several} {', '.join(map(repr, missing))} must be given, there are {', '.join(given)}"
        )
    return list(names)


def _kind_of(X: Any) -> str:
    return type(X).__module__.partition(".")[0] if hasattr(X, "columns") else ""


def _polars() -> Any:
    try:
        import polars
    except ImportError:
        raise LimpidError("tables are read with polars: pip install 'limpid[tables]'") from None
    return polars


def _from_cells(name: str, cells: Any) -> Column:
    """A column given as a sequence, or as the one value of a single row."""
    values = np.atleast_1d(np.asarray(cells, dtype=object if _is_mixed(cells) else None))
    if values.ndim != 1:
        raise DataError(f"column {name!r}: one cell for each row is needed, got shape {values.shape}")
    if values.dtype.kind in "biuf":
        return Column("number", values)
    if values.dtype.kind == "M":
        return _moments(values)
    if values.dtype.kind == "U":
        texts, codes = np.unique(values, return_inverse=True)
        return text_column(codes, texts.tolist())
    absent = np.array([cell is None or cell != cell for cell in values.tolist()], bool)
    present = values[~absent]
    if all(isinstance(cell, (bool, int, float, np.number, np.bool_)) for cell in present):
        return Column(
            "number", np.array([np.nan if gone else float(cell) for cell, gone in zip(values, absent, strict=True)])
        )
    if all(isinstance(cell, str) for cell in present):
        texts, found = np.unique(present.astype(str), return_inverse=True)
        codes = np.full(len(values), -1)
        codes[~absent] = found
        return text_column(codes, texts.tolist())
    try:
        return _moments(np.array([None if gone else cell for cell, gone in zip(values, absent, strict=True)], "M8[us]"))
    except (TypeError, ValueError):
        odd = next(cell for cell in present if not isinstance(cell, (str, int, float)))
        raise DataError(f"column {name!r}: numbers, texts or dates are needed, got {type(odd).__name__}") from None


def _is_mixed(cells: Any) -> bool:
    return isinstance(cells, (list, tuple)) and any(not isinstance(cell, (int, float)) for cell in cells)


def _from_pandas(name: str, cells: Any) -> Column:
    kind = getattr(cells.dtype, "kind", "O")
    if kind in "biuf":
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan) if cells.isna().any() else cells.to_numpy()
        return Column("number", np.asarray(values, np.float64) if values.dtype.kind == "O" else values)
    if kind == "M":
        return _moments(cells.dt.tz_localize(None).to_numpy())
    if kind == "m":
        return Column("number", cells.dt.total_seconds().to_numpy())
    codes, distinct = cells.factorize()
    if not all(isinstance(text, str) for text in distinct):
        return _from_cells(name, cells.to_numpy(dtype=object, na_value=None))
    return text_column(codes, list(distinct))


def _from_polars(name: str, cells: Any) -> Column:
    polars = _polars()
    kind = cells.dtype
    if kind == polars.Boolean:
        cells = cells.cast(polars.UInt8)
    if kind == polars.Null or isinstance(kind, polars.Decimal):
        cells = cells.cast(polars.Float64)
    if kind == polars.Duration:
        cells = cells.dt.total_microseconds() / 1e6
    if kind == polars.Time:
        cells = cells.cast(polars.Int64) / 1e9
    if cells.dtype.is_numeric():
        return Column(
            "number", (cells.cast(polars.Float64).fill_null(np.nan) if cells.null_count() else cells).to_numpy()
        )
    if kind in (polars.Date, polars.Datetime):
        plain = cells.dt.replace_time_zone(None) if kind == polars.Datetime else cells
        return _moments(plain.cast(polars.Datetime("us")).to_numpy())
    if kind in (polars.Categorical, polars.Enum):
        cells = cells.cast(polars.String)
    if kind == polars.Object and all(cell is None or isinstance(cell, (str, int, float)) for cell in cells):
        return _from_cells(name, list(cells))
    if cells.dtype != polars.String:
        raise DataError(f"column {name!r}: numbers, texts or dates are needed, got {kind}")
    texts = cells.unique().drop_nulls().sort()
    codes = cells.cast(polars.Enum(texts)).to_physical().cast(polars.Int64).fill_null(-1)
    return text_column(codes.to_numpy(), texts.to_list())


def _moments(values: NDArray[Any]) -> Column:
    return Column("moment", values.astype("M8[us]").astype(np.int64))
