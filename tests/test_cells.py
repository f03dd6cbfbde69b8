"""Cells of any kind as a column: their kind, what is missing, and what does not belong together."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from limpid.cells import column_of
from limpid.errors import DataError

NAN = float("nan")
CEST = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([], []),
        (5, [5]),
        (None, [NAN]),
        ([None, None], [NAN, NAN]),
        ([1, 2.5, None], [1, 2.5, NAN]),
        ([True, None, False], [1, NAN, 0]),
        ([True, 2], [1, 2]),
        ([np.int8(3), np.float32(0.5), np.bool_(True), np.float64("nan")], [3, 0.5, 1, NAN]),
        ([Decimal("1.5"), Decimal("NaN"), Decimal("sNaN"), 2], [1.5, NAN, NAN, 2]),
        ([pd.NA, pd.NaT, NAN, 1], [NAN, NAN, NAN, 1]),
        ([2**70, 1], [2.0**70, 1]),
        ([2**63, -1], [2.0**63, -1]),
        ([1.7976931348623157e308, 5e-324, -0.0], [1.7976931348623157e308, 5e-324, 0]),
        (np.array([1, 2], np.longdouble), [1, 2]),
        (np.array([1, None, "nan"], object)[:2], [1, NAN]),
        (np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]), [1, NAN, 3]),
        (pd.Series([1, None]), [1, NAN]),
        ([dt.timedelta(minutes=1.5), None], [90, NAN]),
        (np.array([1500, "NaT"], "m8[ms]"), [1.5, NAN]),
        ([np.timedelta64(3, "h")], [10800]),
        ([dt.time(1, 2, 3, 5), None, dt.time(tzinfo=CEST)], [3723.000005, NAN, 0]),
    ],
)
def test_numbers(cells: Any, found: list[float]) -> None:
    column = column_of("a", cells)
    assert column.kind == "number"
    assert np.array_equal(column.numbers("a"), found, equal_nan=True)


def test_whole_numbers_are_kept_whole() -> None:
    for cells in ([2**53 + 1, 1], np.array([2**53 + 1, 1]), [np.int64(2**53 + 1), 1]):
        assert column_of("a", cells).values.tolist() == [2**53 + 1, 1]
    assert column_of("a", [2**64 - 1]).values.dtype == np.uint64
    assert column_of("a", np.array([1, 0], np.uint8)).values.dtype == np.uint8
    assert column_of("a", [True, False]).values.dtype == bool


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ("red", ["red"]),
        (["b", " a", None, "", "?", NAN, pd.NA], ["b", "a", None, None, None, None, None]),
        (np.array(["b", "a ", "NA"]), ["b", "a", None]),
        (["x" * 100_000, "y"], ["x" * 100_000, "y"]),
        (["1", "2"], ["1", "2"]),
        (["2020-01-01", "x"], ["2020-01-01", "x"]),
    ],
)
def test_texts(cells: Any, found: list[str | None]) -> None:
    column = column_of("a", cells)
    assert column.kind == "text"
    assert [column.texts[code] if code >= 0 else None for code in column.values] == found


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (dt.date(1969, 12, 31), ["1969-12-31"]),
        ([dt.datetime(9999, 12, 31, 23, 59, 59, 999999), None], ["9999-12-31T23:59:59.999999", "NaT"]),
        ([dt.datetime(2020, 7, 1, 12, tzinfo=CEST), dt.date(1, 1, 1)], ["2020-07-01T12:00", "0001-01-01"]),
        ([pd.Timestamp("2020-07-01 12:00", tz="Europe/Paris"), pd.NaT], ["2020-07-01T12:00", "NaT"]),
        ([np.datetime64("2020-01-01"), np.datetime64("NaT")], ["2020-01-01", "NaT"]),
        (np.array(["1960-01-01", "NaT"], "M8[D]"), ["1960-01-01", "NaT"]),
        (np.array(["1969-12-31T23:59:59.999999999"], "M8[ns]"), ["1969-12-31T23:59:59.999999"]),
        (["2020-01-01", None, "2020-01-01 10:00"], ["2020-01-01", "NaT", "2020-01-01T10:00"]),
    ],
)
def test_moments(cells: Any, found: list[str]) -> None:
    column = column_of("a", cells)
    assert column.kind == "moment"
    assert column.values.tolist() == np.array(found, "M8[us]").astype(np.int64).tolist()


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([1, "x"], r"its cells must be of one kind, got numbers \(row 1\) and texts \(row 2\)"),
        ([None, "x", NAN, True], r"got texts \(row 2\) and numbers \(row 4\)"),
        ([dt.date(2020, 1, 1), "2020-01-02"], r"got dates \(row 1\) and texts \(row 2\)"),
        ([dt.timedelta(1), 3], r"got durations \(row 1\) and numbers \(row 2\)"),
        ([dt.time(1), dt.date(2020, 1, 1)], r"got times \(row 1\) and dates \(row 2\)"),
        ([1, [2]], "numbers, texts or dates are needed, got list in row 2"),
        ([[1], [2]], "got list in row 1"),
        ([{"a": 1}], "got dict in row 1"),
        ([None, b"x"], "got bytes in row 2"),
        (np.array([b"x"]), "got bytes_ in row 1"),
        (b"x", "got bytes_ in row 1"),
        ([1, 2j], "got complex in row 2"),
        (np.array([2j]), "got complex"),
        ([np.zeros(2), 1], "got ndarray in row 1"),
        ([Fraction(1, 2)], "got Fraction in row 1"),
        ([object()], "got object in row 1"),
        ([pd.Period("2020")], "got Period in row 1"),
        (np.array([(1, 2)], [("x", int), ("y", int)]), "got void in row 1"),
        (np.ones((2, 2)), r"one cell for each row is needed, got shape \(2, 2\)"),
        ([10**400, 1], "not every cell is a usable number: int too large"),
        (np.array(["300000-01-01"], "M8[s]"), "is too far from today"),
    ],
)
def test_what_is_no_column(cells: Any, told: str) -> None:
    with pytest.raises(DataError, match=f"column 'a'.*{told}"):
        column_of("a", cells)
