"""Data frames of pandas, polars and pyarrow, and mappings: every type of column that they have."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from limpid.errors import DataError, LimpidError
from limpid.frames import column_names, is_frame, table_of
from limpid.table import Column, Table

NAN = float("nan")
DAYS = [dt.date(1960, 1, 1), None, dt.date(9999, 12, 31)]
MOMENTS = [dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None, dt.datetime(9999, 12, 31, 1)]
SUMMER = [dt.datetime(2020, 7, 1, 12), None]


def cells_of(column: Column) -> list[Any]:
    """What a person would call them."""
    if column.kind == "number":
        return [None if value != value else value for value in column.values.tolist()]
    if column.kind == "text":
        return [column.texts[code] if code >= 0 else None for code in column.values]
    return list(column.values.astype("M8[us]").tolist())


def _pandas(cells: Any, dtype: Any = None) -> Any:
    return pd.DataFrame({"a": pd.array(cells, dtype) if dtype is not None else cells})


def _arrow(cells: Any, kind: Any = None) -> Any:
    return pd.DataFrame({"a": pd.array(cells, pd.ArrowDtype(kind))})


def _polars(cells: Any, dtype: Any = None) -> Any:
    return pl.DataFrame({"a": pl.Series(cells, dtype=dtype)})


def _pyarrow(cells: Any, kind: Any = None) -> Any:
    return pa.table({"a": pa.array(cells, kind)})


READ: dict[str, tuple[Callable[[], Any], str, list[Any]]] = {
    "int64 beyond 2**53": (lambda: _pandas([2**53 + 1, 1]), "number", [2**53 + 1, 1]),
    "uint64": (lambda: _pandas(np.array([2**64 - 1], np.uint64)), "number", [2**64 - 1]),
    "float32": (lambda: _pandas(np.array([0.5, NAN], np.float32)), "number", [0.5, None]),
    "float16": (lambda: _pandas(np.array([0.5, NAN], np.float16)), "number", [0.5, None]),
    "bool": (lambda: _pandas([True, False]), "number", [True, False]),
    "nullable": (lambda: _pandas([1, None, 2**60], "Int64"), "number", [1, None, 2**60]),
    "nullable, whole": (lambda: _pandas([1, 2**60 + 1], "Int64"), "number", [1, 2**60 + 1]),
    "nullable UInt8": (lambda: _pandas([1, None], "UInt8"), "number", [1, None]),
    "nullable Float32": (lambda: _pandas([0.5, None], "Float32"), "number", [0.5, None]),
    "nullable boolean": (lambda: _pandas([True, None, False], "boolean"), "number", [1, None, 0]),
    "sparse": (lambda: _pandas(pd.arrays.SparseArray([0.0, 1.5, NAN])), "number", [0, 1.5, None]),
    "timedelta": (lambda: _pandas(pd.to_timedelta(["90min", None])), "number", [5400, None]),
    "objects: numbers": (lambda: _pandas([1, None, Decimal("2.5"), NAN], object), "number", [1, None, 2.5, None]),
    "objects: bools": (lambda: _pandas([True, None, False], object), "number", [1, None, 0]),
    "objects: texts": (lambda: _pandas(["b", None, NAN, pd.NA, "a"], object), "text", ["b", None, None, None, "a"]),
    "objects: moments": (lambda: _pandas(MOMENTS, object), "moment", MOMENTS),
    "objects: nothing": (lambda: _pandas([None, NAN], object), "number", [None, None]),
    "str": (lambda: _pandas(["b", None, " a "]), "text", ["b", None, "a"]),
    "string": (lambda: _pandas(["b", None, "NA"], "string"), "text", ["b", None, None]),
    "str of dates": (lambda: _pandas(["2020-07-01T12:00", None]), "moment", SUMMER),
    "category": (lambda: _pandas(["b", None, "a"], "category"), "text", ["b", None, "a"]),
    "category of numbers": (lambda: _pandas([10, None, 2], "category"), "text", ["10", None, "2"]),
    "category of floats": (lambda: _pandas([0.5, None, 2.0], "category"), "text", ["0.5", None, "2"]),
    "category of bools": (lambda: _pandas([True, None, False], "category"), "text", ["1", None, "0"]),
    "category of dates": (lambda: _pandas(["2020-07-01", None], "category"), "text", ["2020-07-01", None]),
    "category of nothing": (lambda: _pandas([None, None], "category"), "text", [None, None]),
    "datetime64[s]": (
        lambda: _pandas(np.array(["1960-01-01", "NaT"], "M8[s]")),
        "moment",
        [dt.datetime(1960, 1, 1), None],
    ),
    "datetime64[ns]": (lambda: _pandas(np.array(["2020-07-01T12:00", "NaT"], "M8[ns]")), "moment", SUMMER),
    "datetime with zone": (
        lambda: _pandas(pd.to_datetime(["2020-07-01 12:00", None]).tz_localize("Europe/Paris")),
        "moment",
        SUMMER,
    ),
    "arrow int": (lambda: _arrow([1, None], pa.int8()), "number", [1, None]),
    "arrow bool": (lambda: _arrow([True, None], pa.bool_()), "number", [1, None]),
    "arrow string": (lambda: _arrow(["a", None], pa.string()), "text", ["a", None]),
    "arrow decimal": (lambda: _arrow([Decimal("1.5"), None], pa.decimal128(9, 2)), "number", [1.5, None]),
    "arrow date": (
        lambda: _arrow(DAYS, pa.date32()),
        "moment",
        [dt.datetime(1960, 1, 1), None, dt.datetime(9999, 12, 31)],
    ),
    "arrow timestamp": (lambda: _arrow(MOMENTS, pa.timestamp("us")), "moment", MOMENTS),
    "arrow timestamp with zone": (
        lambda: _arrow([dt.datetime(2020, 7, 1, 10, tzinfo=dt.UTC), None], pa.timestamp("us", "Europe/Paris")),
        "moment",
        SUMMER,
    ),
    "arrow time": (lambda: _arrow([dt.time(1, 0, 0, 5), None], pa.time64("us")), "number", [3600.000005, None]),
    "arrow duration": (lambda: _arrow([dt.timedelta(1), None], pa.duration("ms")), "number", [86400, None]),
    "arrow dictionary": (lambda: _arrow(["a", None], pa.dictionary(pa.int8(), pa.string())), "text", ["a", None]),
    "polars Int64": (lambda: _polars([2**53 + 1, 1]), "number", [2**53 + 1, 1]),
    "polars Int64, missing": (lambda: _polars([2**60, None]), "number", [2**60, None]),
    "polars UInt8": (lambda: _polars([1, 2], pl.UInt8), "number", [1, 2]),
    "polars Int128": (lambda: _polars([2**100, None], pl.Int128), "number", [2.0**100, None]),
    "polars Float32": (lambda: _polars([0.5, None, NAN], pl.Float32), "number", [0.5, None, None]),
    "polars Boolean": (lambda: _polars([True, False]), "number", [True, False]),
    "polars Boolean, missing": (lambda: _polars([True, None]), "number", [1, None]),
    "polars Null": (lambda: _polars([None, None]), "number", [None, None]),
    "polars Decimal": (lambda: _polars([Decimal("1.5"), None]), "number", [1.5, None]),
    "polars Duration": (lambda: _polars([dt.timedelta(minutes=1.5), None]), "number", [90, None]),
    "polars Time": (lambda: _polars([dt.time(1, 0, 0, 5), None]), "number", [3600.000005, None]),
    "polars Date": (lambda: _polars(DAYS), "moment", [dt.datetime(1960, 1, 1), None, dt.datetime(9999, 12, 31)]),
    "polars Datetime": (lambda: _polars(MOMENTS), "moment", MOMENTS),
    "polars Datetime[ns]": (lambda: _polars(SUMMER, pl.Datetime("ns")), "moment", SUMMER),
    "polars Datetime[ms], zone": (
        lambda: _polars(SUMMER, pl.Datetime("ms", "Asia/Tokyo")),
        "moment",
        [dt.datetime(2020, 7, 1, 21), None],
    ),
    "polars String": (lambda: _polars(["b", None, " ? ", "a "]), "text", ["b", None, None, "a"]),
    "polars String of dates": (lambda: _polars(["2020-07-01 12:00:00", None]), "moment", SUMMER),
    "polars Categorical": (lambda: _polars(["b", None, "a"], pl.Categorical), "text", ["b", None, "a"]),
    "polars Enum": (lambda: _polars(["b", None, "a"], pl.Enum(["b", "a", "c"])), "text", ["b", None, "a"]),
    "polars Object": (lambda: _polars([1, None, 2.5], pl.Object), "number", [1, None, 2.5]),
    "pyarrow int": (lambda: _pyarrow([1, None]), "number", [1, None]),
    "pyarrow half": (lambda: _pyarrow([np.float16(0.5)], pa.float16()), "number", [0.5]),
    "pyarrow null": (lambda: _pyarrow([None, None]), "number", [None, None]),
    "pyarrow decimal256": (lambda: _pyarrow([Decimal("1.5"), None], pa.decimal256(50, 2)), "number", [1.5, None]),
    "pyarrow date64": (lambda: _pyarrow(DAYS[:2], pa.date64()), "moment", [dt.datetime(1960, 1, 1), None]),
    "pyarrow timestamp[s]": (lambda: _pyarrow(SUMMER, pa.timestamp("s")), "moment", SUMMER),
    "pyarrow time32": (lambda: _pyarrow([dt.time(1), None], pa.time32("s")), "number", [3600, None]),
    "pyarrow duration": (lambda: _pyarrow([dt.timedelta(1), None], pa.duration("ns")), "number", [86400, None]),
    "pyarrow large string": (lambda: _pyarrow(["a", None], pa.large_string()), "text", ["a", None]),
    "pyarrow string view": (lambda: _pyarrow(["a", None], pa.string_view()), "text", ["a", None]),
    "pyarrow dictionary": (
        lambda: pa.table({"a": pa.array(["b", None, "a"]).dictionary_encode()}),
        "text",
        ["b", None, "a"],
    ),
    "pyarrow dictionary of numbers": (
        lambda: pa.table({"a": pa.array([10, None, 2]).dictionary_encode()}),
        "text",
        ["10", None, "2"],
    ),
    "pyarrow chunks": (lambda: pa.concat_tables([_pyarrow(["b"]), _pyarrow(["a", None])]), "text", ["b", "a", None]),
}


@pytest.mark.parametrize("name", READ)
def test_every_type_of_column(name: str) -> None:
    make, kind, cells = READ[name]
    table = table_of(make())
    assert (list(table), table["a"].kind) == (["a"], kind)
    assert cells_of(table["a"]) == cells


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "mixed objects": (lambda: _pandas(["a", None, 3], object), r"one kind, got texts \(row 1\) and numbers \(row 3\)"),
    "lists": (lambda: _pandas([[1], [2]], object), "got list in row 1"),
    "bytes": (lambda: _pandas([b"a"], object), "got bytes in row 1"),
    "complex": (lambda: _pandas([1j]), "got complex in row 1"),
    "periods": (lambda: _pandas(pd.period_range("2020", "2022", freq="Y")), "got Period in row 1"),
    "intervals": (lambda: _pandas(pd.interval_range(0, 2)), "got Interval in row 1"),
    "infinity": (lambda: _pandas([1, np.inf]), "row 2: inf is not a usable number"),
    "arrow lists": (lambda: _arrow([[1], None], pa.list_(pa.int64())), "got ndarray in row 1"),
    "arrow structs": (lambda: _arrow([{"b": 1}], pa.struct([("b", pa.int64())])), "got dict in row 1"),
    "arrow binary": (lambda: _arrow([b"a"], pa.binary()), "got bytes in row 1"),
    "polars lists": (lambda: _polars([[1], [2]]), r"got List\(Int64\)"),
    "polars arrays": (lambda: _polars([[1, 2]], pl.Array(pl.Int8, 2)), r"got Array\(Int8, shape=\(2,\)\)"),
    "polars structs": (lambda: _polars([{"b": 1}]), "got Struct"),
    "polars binary": (lambda: _polars([b"a"]), "got Binary"),
    "polars objects": (lambda: _polars([object()], pl.Object), "got object in row 1"),
    "polars mixed objects": (lambda: _polars([1, "x"], pl.Object), "got numbers .* and texts"),
    "polars infinity": (lambda: _polars([None, -np.inf]), "row 2: -inf is not a usable number"),
    "pyarrow lists": (lambda: _pyarrow([[1]]), "got List"),
    "pyarrow maps": (lambda: _pyarrow([[("b", 1)]], pa.map_(pa.string(), pa.int64())), "got Map|got List"),
    "pyarrow intervals": (lambda: _pyarrow([(1, 2, 3)], pa.month_day_nano_interval()), "got month_day_nano_interval"),
    "pyarrow runs": (lambda: pa.table({"a": pa.RunEndEncodedArray.from_arrays([2], [5])}), "got run_end_encoded"),
    "pyarrow uuids": (lambda: pa.table({"a": pa.array([b"1" * 16], pa.uuid())}), "got "),
    "pyarrow, far away": (lambda: _pyarrow([2**55], pa.timestamp("s")), "row 1: .* is too far from today"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_column_can_hold_is_refused_by_name(name: str) -> None:
    make, told = REFUSED[name]
    with pytest.raises(DataError, match=f"column 'a'.*{told}"):
        table_of(make())


@pytest.mark.parametrize(
    ("X", "told"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "each column needs a name of its own, got 'a' 2 times"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "each column needs a name of its own, got '1' 2 times"),
        (pa.table([pa.array([1]), pa.array([2])], ["a", "a"]), "each column needs a name of its own, got 'a' 2 times"),
        (
            pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
            r"each column needs one name, got the levels \('a', 'b'\); join them into one text",
        ),
        (pl.LazyFrame({"a": [1]}), r"a LazyFrame holds no cells yet; give what its collect\(\) returns"),
        ({"a": [1, 2], "b": [1]}, "column 'b' has 1 rows, others have 2"),
        ({1: [1], "1": [2]}, "each column needs a name of its own, got '1' 2 times"),
        (np.zeros((2, 2)), "a data frame, or a mapping of column names to cells, is needed, got ndarray"),
        ([[1, 2]], "is needed, got list"),
        (None, "is needed, got NoneType"),
    ],
)
def test_what_is_no_table_is_refused(X: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        table_of(X)


def test_the_columns_that_are_of_use() -> None:
    for X in (
        {"a": 1, "b": object(), "c": "x"},
        pd.Series({"a": 1, "b": object(), "c": "x"}),
        table_of({"a": 1, "c": "x"}),
    ):
        table = table_of(X, ["c", "a"])
        assert (list(table), len(table)) == (["c", "a"], 1)
        with pytest.raises(DataError, match="the columns 'd', 'e' must be given, there are a, "):
            table_of(X, ["a", "d", "e"])
    with pytest.raises(DataError, match="the column 'd' must be given, there are none"):
        table_of({}, ["d"])
    table = Table({})
    assert table_of(table) is table


def test_names_that_are_no_texts_become_them() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=[0, 2.5, dt.date(2020, 1, 1)])
    assert list(table_of(frame)) == column_names(frame) == ["0", "2.5", "2020-01-01"]


def test_what_is_a_frame() -> None:
    class Mine(pd.DataFrame):  # type: ignore[misc]  # pandas has no types here
        pass

    frames: list[Any] = [
        {},
        Table({}),
        pd.DataFrame(),
        Mine(),
        pl.DataFrame(),
        pa.table({}),
        pd.Series([1]),
        pl.LazyFrame(),
    ]
    for X in frames:
        assert is_frame(X)
    others: list[Any] = [[], np.zeros(3), "a.csv", None, pl.Series([1]), pa.array([1]), Mine]
    for X in others:
        assert not is_frame(X)
    assert list(table_of(Mine({"a": [1]}))) == ["a"]


def test_pandas_rows_are_told_by_place_whatever_its_index_says() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "y"]}, index=[7, 7, 1])
    assert cells_of(table_of(frame)["b"]) == ["x", None, "y"]
    assert cells_of(table_of(frame.iloc[::-1])["a"]) == [3, 2, 1]


def test_without_polars_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"a": [1]})
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(LimpidError, match=r"pyarrow's tables are read with polars: pip install 'limpid\[tables\]'"):
        table_of(table)
    assert len(table_of(pd.DataFrame({"a": ["x"]}))) == 1
