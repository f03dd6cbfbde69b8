"""How each kind of column is fitted and encoded: what is learned from its rows, and what any cell becomes."""

from typing import Any

import numpy as np
import pytest

from limpid.cells import column_of
from limpid.columns import (
    CYCLES,
    FEWEST_ROWS,
    Category,
    Date,
    Number,
    parts_of,
    robust,
    smoothly_clipped,
    unclipped,
)
from limpid.errors import DataError
from limpid.table import Column

NAN = np.nan
LARGEST = np.finfo(np.float64).max
TINIEST = 5e-324


def of(*cells: Any) -> Column:
    return column_of("a", list(cells))


def encoded(kind: Any, column: Column) -> np.ndarray:
    """(rows, outputs) of one fitted column."""
    found = np.zeros((len(column), len(kind.names)))
    for places, values in kind.encode(column):
        places = np.broadcast_to(places, len(column))
        present = places >= 0
        found[np.arange(len(column))[present], places[present]] = np.broadcast_to(values, len(column))[present]
    return found


@pytest.mark.parametrize(
    ("present", "found"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], (4, 4)),
        ([5, 1, 3], (3, 2)),
        ([1, 2], (1, 0.5)),
        ([3, 3, 3, 3, 3, 3, 3, 9], (3, 3)),
        ([-LARGEST, LARGEST, -LARGEST, LARGEST], (-LARGEST, LARGEST)),
        ([-1e308, 1e308], (-1e308, 1e308)),
        ([0.0, 0.0, 0.0, 0.0, 0.0, TINIEST], (0, TINIEST)),
        ([0.0, 3 * TINIEST], (0, 2 * TINIEST)),
        ([2**60, 2**60 + 2**10], (2.0**60, 512)),
        ([], "every cell is missing"),
        ([7], "every cell is the same"),
        ([7, 7, 7], "every cell is the same"),
    ],
)
def test_median_and_range(present: list[float], found: Any) -> None:
    given = np.array(present, np.float64)
    assert robust(given, indicator=False) == found
    assert robust(given[::-1], indicator=False) == found
    if len(set(present)) == 1:
        assert robust(given, indicator=True) == (7, 1)


def test_numbers_are_kept_within_three() -> None:
    number = Number.fit("a", of(*range(101)))
    assert isinstance(number, Number)
    assert number == Number("a", 50.0, 50.0, indicator=False)
    assert number.names == ("a",)
    found = encoded(number, of(50, 100, 0, 1e308, -1e308, 2**70, None))
    at_one = 1 / np.sqrt(1 + 1 / 9)
    assert np.allclose(found[:, 0], [0, at_one, -at_one, 3, -3, 3, 0], rtol=1e-15)
    assert (np.abs(found) <= 3).all()


def test_missing_numbers_are_told_apart_where_training_saw_any() -> None:
    number = Number.fit("a", of(1, None, 2, 3))
    assert isinstance(number, Number)
    assert number.names == ("a", "a is missing")
    assert encoded(number, of(None, 2, 3)).tolist()[0] == [0, 1]
    assert encoded(number, of(None, 2, 3)).tolist()[1] == [0, 0]
    unseen = Number.fit("a", of(1, 2, 3))
    assert isinstance(unseen, Number)
    assert encoded(unseen, of(None, 2)).tolist() == [[0], [0]]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ((7, None, 7), Number("a", 7.0, 1.0, indicator=True)),
        ((True, False, True, True), Number("a", 1.0, 1.0, indicator=False)),
        ((0.0, TINIEST), Number("a", 0.0, TINIEST, indicator=False)),
        ((-1e308, 1e308), Number("a", -1e308, 1e308, indicator=False)),
        ((2e-300, 4e-300), Number("a", 2e-300, 1e-300, indicator=False)),
        ((None, None), "every cell is missing"),
        ((7, 7), "every cell is the same"),
        ((7,), "every cell is the same"),
        ((), "every cell is missing"),
    ],
)
def test_columns_of_numbers_that_are_unlike(cells: tuple[Any, ...], found: Any) -> None:
    fitted = Number.fit("a", of(*cells))
    assert fitted == found
    if isinstance(fitted, Number):
        assert np.isfinite(encoded(fitted, of(*cells, 1e308, -1e308, TINIEST, None))).all()


def test_numbers_of_any_dtype_are_encoded_alike() -> None:
    for dtype in ("f2", "f4", "f8", "u1", "i8", "?"):
        values = np.array([0, 1, 1, 0, 1], dtype)
        number = Number.fit("a", Column("number", values))
        assert number == Number("a", 1.0, 1.0, indicator=False)
    number = Number("a", 0.0, 1.0, indicator=False)
    assert np.array_equal(encoded(number, of("1", "2.5", None)), encoded(number, of(1, 2.5, None)))
    with pytest.raises(DataError, match="column 'a' row 2: cannot read 'x' as a number"):
        number.encode(of("1", "x"))
    with pytest.raises(DataError, match="column 'a': numbers are needed, got dates"):
        number.encode(of("2020-01-01"))


def words(**counts: int) -> Column:
    return of(*(None if word == "missing" else word for word, count in counts.items() for _ in range(count)))


def test_categories_have_an_input_each() -> None:
    fitted = Category.fit("a", words(red=FEWEST_ROWS, green=9, missing=2, pink=FEWEST_ROWS - 1, grey=1))
    assert fitted == Category("a", ("green", "red"), rare=True, missing=True)
    assert fitted.names == ("a=green", "a=red", "a is rare", "a is missing")
    found = encoded(fitted, of("red", "green", "pink", "unheard of", None))
    assert found.argmax(axis=1).tolist() == [1, 0, 2, 2, 3]
    assert found.sum(axis=1).tolist() == [1] * 5


def test_cells_that_training_never_saw_set_no_input() -> None:
    fitted = Category.fit("a", words(red=5, green=5))
    assert fitted == Category("a", ("green", "red"), rare=False, missing=False)
    assert encoded(fitted, of("red", "unheard of", None)).tolist() == [[0, 1], [0, 0], [0, 0]]
    only_missing = Category.fit("a", words(red=5, green=5, missing=1))
    assert only_missing == Category("a", ("green", "red"), rare=False, missing=True)
    assert encoded(only_missing, of("unheard of", None)).tolist() == [[0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (words(missing=9), "every cell is missing"),
        (of(), "every cell is missing"),
        (words(red=9), "every cell is the same"),
        (words(red=1), "every cell is the same"),
        (words(red=4, green=4), "no category has 5 rows"),
        (words(red=9, missing=1), Category("a", ("red",), rare=False, missing=True)),
        (words(red=9, green=1), Category("a", ("red",), rare=True, missing=False)),
        (words(red=1, green=2, missing=1), Category("a", (), rare=True, missing=True)),
        (words(red=1, missing=1), Category("a", (), rare=True, missing=True)),
    ],
)
def test_columns_of_texts_that_are_unlike(column: Column, found: Any) -> None:
    assert Category.fit("a", column) == found


def test_the_most_frequent_categories_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limpid.columns.MOST_CATEGORIES", 2)
    fitted = Category.fit("a", words(b=6, c=7, a=6, d=9))
    assert fitted == Category("a", ("c", "d"), rare=True, missing=False)


def test_categories_are_the_same_however_they_are_written() -> None:
    written: list[list[Any]] = [
        [3, 12, None, 3, 12] * 5,
        [3.0, 12.0, NAN, 3.0, 12.0] * 5,
        ["3", "12", "", "3.0", "12.00"] * 5,
    ]
    fitted = [Category.fit("a", of(*cells)) for cells in written]
    assert fitted == [Category("a", ("12", "3"), rare=False, missing=True)] * 3
    for cells in written:
        assert encoded(fitted[0], of(*cells)).argmax(axis=1).tolist() == [1, 0, 2, 1, 0] * 5
    flags: list[list[Any]] = [[True, False] * 5, ["True", "false"] * 5, [1, 0] * 5, [1.0, 0.0] * 5]
    assert {str(Category.fit("a", of(*cells))) for cells in flags} == {str(Category("a", ("0", "1"), False, False))}


def test_numbers_that_are_names_are_not_rounded() -> None:
    fitted = Category.fit("a", of(*[2**60, 2**60 + 1] * 5))
    assert fitted == Category("a", (str(2**60), str(2**60 + 1)), rare=False, missing=False)


DAYS = ("1969-12-31", "2000-02-29", "2024-12-25", "9999-12-31")


def test_dates_are_a_number_and_circles() -> None:
    fitted = Date.fit("a", of(*DAYS))
    assert isinstance(fitted, Date)
    assert (fitted.times, fitted.indicator, fitted.shift) == (False, False, 11016.0)
    assert fitted.names == (
        "a",
        *(f"{wave} of a's {part}" for part in ("month", "day", "weekday") for wave in ("sine", "cosine")),
    )
    found = encoded(fitted, of(*DAYS))
    for row, (month, day, weekday) in enumerate([(11, 30, 2), (1, 28, 1), (11, 24, 2), (11, 30, 4)]):
        circles = [(month, 12), (day, 31), (weekday, 7)]
        wanted = [wave(2 * np.pi * step / steps) for step, steps in circles for wave in (np.sin, np.cos)]
        assert np.allclose(found[row, 1:], wanted, atol=1e-15)
    assert found[1, 0] == 0
    assert (np.diff(found[:, 0]) > 0).all()


def test_times_of_day_have_a_circle_where_training_saw_any() -> None:
    fitted = Date.fit("a", of("2020-01-01 06:30", None, "2020-01-02"))
    assert isinstance(fitted, Date)
    assert fitted.names[-3:] == ("sine of a's hour", "cosine of a's hour", "a is missing")
    found = encoded(fitted, of("1969-12-31T06:59:59.999999Z", None))
    assert found[0, -3:].tolist() == [1, 0, 0]
    assert found[1].tolist() == [0] * 9 + [1]
    unseen = Date.fit("a", of("2020-01-01", "2020-01-02"))
    assert isinstance(unseen, Date)
    assert encoded(unseen, of(None, None)).tolist() == [[0] * 7] * 2
    assert encoded(unseen, Column("number", np.array([NAN]))).tolist() == [[0] * 7]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (("2020-01-01",), "every cell is the same"),
        (("2020-01-01", "2020-01-01"), "every cell is the same"),
        (("2020-01-01", None), Date("a", 18262.0, 1.0, times=False, indicator=True)),
    ],
)
def test_columns_of_dates_that_are_unlike(cells: tuple[Any, ...], found: Any) -> None:
    assert Date.fit("a", of(*cells)) == found


def test_what_is_no_date_is_refused() -> None:
    fitted = Date.fit("a", of("2020-01-01", "2020-01-02"))
    assert isinstance(fitted, Date)
    with pytest.raises(DataError, match="column 'a' row 1: cannot read 'soon' as a date"):
        fitted.encode(of("soon"))
    with pytest.raises(DataError, match="column 'a': dates are needed, got numbers"):
        fitted.encode(of(5))


def test_the_calendar_is_pythons() -> None:
    moments = np.arange(np.datetime64("1890-01-01"), np.datetime64("2110-01-01"), np.timedelta64(37, "D")).astype(
        "M8[us]"
    )
    moments = moments + np.arange(len(moments)) * np.timedelta64(7, "h")
    parts = parts_of(moments.astype(np.int64))
    for at, moment in enumerate(moments.tolist()):
        assert [int(parts[part][at]) for part in CYCLES] == [
            moment.month - 1,
            moment.day - 1,
            moment.weekday(),
            moment.hour,
        ]


def test_clipped_numbers_are_found_again() -> None:
    numbers = np.array([-400.0, 12.0, 40.0, 41.5, 70.0, 1e5])
    np.testing.assert_allclose(unclipped(smoothly_clipped(numbers, 40.0, 12.0), 40.0, 12.0), numbers, rtol=1e-6)
    np.testing.assert_allclose(unclipped(np.array([-3.0, 3.5]), 1.0, 2.0), [-2e9, 2e9])
