"""Columns of numbers, texts and moments: what each can be read as, and what cannot."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from limpid.errors import DataError
from limpid.table import MISSING_TEXTS, Column, Table, dated, label, moment_column, text_column

NAN = np.nan


def texts(*cells: str | None) -> Column:
    known = sorted({cell for cell in cells if cell is not None})
    return text_column(np.array([-1 if cell is None else known.index(cell) for cell in cells]), known)


def numbers(*cells: Any, dtype: Any = None) -> Column:
    return Column("number", np.array(cells, dtype))


def moments(*cells: str) -> Column:
    return moment_column("m", np.array(cells, "M8[us]"))


def test_texts_are_stripped_sorted_and_missing_where_they_say_so() -> None:
    column = texts(" b ", "a", "b", None, *MISSING_TEXTS, " NA ")
    assert column.texts == ("a", "b")
    assert column.values.tolist() == [1, 0, 1, -1] + [-1] * (len(MISSING_TEXTS) + 1)
    assert column.missing.sum() == len(MISSING_TEXTS) + 2
    assert column.rows([2, 3]).values.tolist() == [1, -1]
    assert column.rows(np.arange(len(column)) < 2).values.tolist() == [1, 0]
    nothing = text_column(np.array([-1, -1]), [])
    assert not nothing.texts
    assert nothing.missing.tolist() == [True, True]


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (numbers(1, 2), [1, 2]),
        (numbers(True, False), [1, 0]),
        (numbers(2**63, 1, dtype=np.uint64), [2.0**63, 1]),
        (numbers(0.5, NAN, dtype=np.float16), [0.5, NAN]),
        (texts("1", " -2.5e3 ", None, ".5", "+1.", "007"), [1, -2500, NAN, 0.5, 1, 7]),
        (moments("NaT", "NaT"), [NAN, NAN]),
        (text_column(np.array([-1]), []), [NAN]),
    ],
)
def test_what_is_a_number(column: Column, found: list[float]) -> None:
    assert column.numbers("a").dtype == np.float64
    assert np.array_equal(column.numbers("a"), found, equal_nan=True)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        *((texts("1", text), f"column 'a' row 2: cannot read '{text}' as a number") for text in ("x", "inf", "1e999")),
        *((texts("1", text), "row 2: cannot read") for text in ("1_000", "0x1", "-nan", "1 2", "٣", "1,5", "infinity")),
        (texts("1", "x" * 1000), "cannot read 'x{50,60} as a number"),
        (moments("2020-01-01", "NaT"), "column 'a': numbers are needed, got dates"),
    ],
)
def test_what_is_no_number(column: Column, told: str) -> None:
    with pytest.raises(DataError, match=told):
        column.numbers("a")


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (numbers(3, 1, 3), ["3", "1", "3"]),
        (numbers(3.0, NAN, 1.5, -0.0), ["3", None, "1.5", "0"]),
        (numbers(NAN, NAN), [None, None]),
        (numbers(True, False), ["1", "0"]),
        (numbers(0.1, 1e300), ["0.1", "1e+300"]),
        (numbers(0.1, 16777216, dtype=np.float32), ["0.1", "16777216"]),
        (numbers(2**53, 2**53 + 1), ["9007199254740992", "9007199254740993"]),
        (numbers(2**64 - 1, dtype=np.uint64), ["18446744073709551615"]),
        (numbers(1e16, -1e18), ["10000000000000000", "-1000000000000000000"]),
        (texts("3", "3.0", "3.50", None, "-0.0"), ["3", "3", "3.5", None, "0"]),
        (texts("True", "false", "1", "TRUE"), ["1", "0", "1", "1"]),
        (texts("007", "7", "1e3", "1.", "a.0"), ["007", "7", "1e3", "1.", "a.0"]),
        (texts("2020-01-01 00:00", "2020-13-01", "v1.0"), ["2020-01-01", "2020-13-01", "v1.0"]),
        (moments("2020-01-01", "2020-01-01T05:00", "NaT"), ["2020-01-01", "2020-01-01T05:00:00", None]),
    ],
)
def test_what_categories_are_called(column: Column, names: list[str | None]) -> None:
    codes, told = column.labels()
    assert [told[code] if code >= 0 else None for code in codes] == names
    assert len(set(told)) == len(told)
    assert all(label(text) == text for text in told), "a name's own name is itself"


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (moments("1969-12-31T23:59:59.999999", "NaT"), ["1969-12-31T23:59:59.999999", "NaT"]),
        (texts("2020-01-05", "2020-01-05 07:08", None), ["2020-01-05", "2020-01-05T07:08", "NaT"]),
        (texts("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9"), ["0001-01-01", "9999-12-31T23:59:59.9"]),
        (numbers(NAN, NAN), ["NaT", "NaT"]),
        (text_column(np.array([-1]), []), ["NaT"]),
    ],
)
def test_what_is_a_moment(column: Column, found: list[str]) -> None:
    assert column.moments("a").tolist() == np.array(found, "M8[us]").astype(np.int64).tolist()


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (numbers(1, 2), "column 'a': dates are needed, got numbers"),
        (texts("2020-01-05", "soon"), "column 'a' row 2: cannot read 'soon' as a date"),
        (texts("2020-01-05", "2020-02-30"), "column 'a': Day out of range .*2020-02-30"),
        (texts("2020-01-05", "2020-01-05T25:00"), "column 'a': Hours out of range"),
    ],
)
def test_what_is_no_moment(column: Column, told: str) -> None:
    with pytest.raises(DataError, match=told):
        column.moments("a")


def test_texts_that_are_all_dates_are_moments() -> None:
    assert dated("a", texts("2020-01-05", None, "2020-01-06 10:00:00.123456")).kind == "moment"
    for column in (texts("2020-01-05", "x"), texts(None, None), texts("2020"), texts("20:15"), texts("05.01.2020")):
        assert dated("a", column) is column
    with pytest.raises(DataError, match="column 'a': Month out of range"):
        dated("a", texts("2020-01-05", "2020-13-05"))


def test_moments_too_far_from_today_are_refused() -> None:
    assert moment_column("a", np.array(["-200000-01-01", "200000-01-01"], "M8[s]")).kind == "moment"
    with pytest.raises(DataError, match="column 'a' row 2: 300000-01-01.* is too far from today"):
        moment_column("a", np.array(["NaT", "300000-01-01"], "M8[s]"))


def test_a_table() -> None:
    table = Table({"a": numbers(1, 2, 3), "b": texts("x", None, "y")})
    assert (table.shape, len(table), list(table), "a" in table, "c" in table) == ((3, 2), 3, ["a", "b"], True, False)
    assert table.rows(np.array([2, 0]))["a"].values.tolist() == [3, 1]
    assert table.rows(np.array([], int)).shape == (0, 2)
    assert list(table.only(["b"])) == ["b"]
    assert table.only([]).shape == (3, 0)
    assert table.only([]).rows(slice(0, 2)).shape == (2, 0)
    assert Table({}).shape == (0, 0)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"a": numbers(1), "b": numbers(1, 2)}, "column 'b' has 2 rows, others have 1"),
        ({"a": numbers(1, np.inf)}, "column 'a' row 2: inf is not a usable number"),
        ({"a": numbers(1, -np.inf, dtype=np.float16)}, "column 'a' row 2: -inf is not a usable number"),
    ],
)
def test_tables_that_cannot_be(columns: dict[str, Column], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Table(columns)


def test_the_fingerprint_is_of_names_and_cells_alone() -> None:
    def of(**columns: Column) -> str:
        return Table(columns).fingerprint()

    plain = of(a=numbers(1, 0, 3), b=texts("x", None, "y"))
    assert of(a=numbers(1.0, -0.0, 3.0), b=texts(" x", "?", "y")) == plain
    assert of(a=numbers(1, 0, 3, dtype=np.uint8), b=texts("x", None, "y")) == plain
    others: list[Callable[[], str]] = [
        lambda: of(c=numbers(1, 0, 3), b=texts("x", None, "y")),
        lambda: of(a=numbers(1, NAN, 3), b=texts("x", None, "y")),
        lambda: of(a=numbers(1, -1, 3), b=texts("x", None, "y")),
        lambda: of(a=numbers(1, 0, 3), b=texts("x", None, "z")),
        lambda: of(a=numbers(1, 0, 3), b=texts("x", "x", "y")),
        lambda: of(b=texts("x", None, "y"), a=numbers(1, 0, 3)),
        lambda: of(a=numbers(1, 0, 3)),
    ]
    assert len({plain, *(other() for other in others)}) == len(others) + 1
    gone = np.float64(NAN)
    assert of(a=numbers(gone)) == of(a=numbers(-gone))
    assert of(a=moments("1970-01-01")) != of(a=numbers(0))
