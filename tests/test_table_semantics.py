"""Everything odd that a table may hold, in learning and in answering, from Python and by the command.

Each cell of the grid is a clear error or a valid model: nothing is silently wrong. The oddities: NaN, infinity, a
column of NaN, a constant one, no rows, one row, one class, an unseen category, mixed types, columns of unequal length,
a constant target, a missing target, a column missing when answers are asked for.
"""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from limpid.dataset import Dataset
from limpid.errors import LimpidError
from limpid.learning import learn
from limpid.model import Model
from limpid.readers import read
from limpid.saving import load

ROWS = 60
Table = dict[str, list[Any]]


def good(rows: int = ROWS) -> Table:
    """Red and large things are "yes"."""
    return {
        "size": [n % 10 / 10 for n in range(rows)],
        "colour": [("red", "green", "blue")[n * 7 % 3] for n in range(rows)],
        "y": ["yes" if n * 7 % 3 == 0 or n % 10 > 6 else "no" for n in range(rows)],
    }


def altered(table: Table, **columns: Any) -> Table:
    return {**table, **{name: [cells(n) for n in range(len(table["y"]))] for name, cells in columns.items()}}


class Odd(NamedTuple):
    """One oddity of the grid, and what becomes of it."""

    table: Table
    python: str = ""
    """What the refusal says; empty for a valid model."""
    command: str | None = None
    """The same of a CSV file, where it differs."""
    check: Callable[[Model], None] = lambda model: None
    """What a valid model must be besides."""
    options: tuple[str, ...] = ()


def _left_out(name: str, why: str) -> Callable[[Model], None]:
    def check(model: Model) -> None:
        assert model.encoder is not None
        assert dict(model.encoder.left_out) == {name: why}
        assert name not in model.encoder.inputs

    return check


def _has_input(*names: str) -> Callable[[Model], None]:
    def check(model: Model) -> None:
        assert set(names) <= set(model.features)

    return check


def _is_constant(model: Model) -> None:
    assert np.allclose(model.predict(good(5)), 5, atol=0.5)


SAME, GONE = "every cell is the same", "every cell is missing"

FIT: dict[str, Odd] = {
    "NaN": Odd(altered(good(), size=lambda n: n % 10 / 10 if n % 4 else None), check=_has_input("size is missing")),
    "infinity": Odd(
        altered(good(), size=lambda n: n / 10 if n != 30 else float("inf")),
        "table: column 'size' row 31: inf is not a usable number",
        "t.csv: column 'size' row 31: cannot read 'inf' as a number",
    ),
    "a column of NaN": Odd(altered(good(), size=lambda n: None), check=_left_out("size", GONE)),
    "a constant column": Odd(altered(good(), size=lambda n: 3), check=_left_out("size", SAME)),
    "a constant column of texts": Odd(altered(good(), colour=lambda n: "red"), check=_left_out("colour", SAME)),
    "constant columns alone": Odd(
        altered(good(), size=lambda n: 1, colour=lambda n: "red"), "no column is of use to learn from .'size': every"
    ),
    "no rows": Odd(good(0), "table: it has no rows", "t.csv: no rows below the header"),
    "one row": Odd(good(1), "at least two classes are needed to tell apart, got only yes"),
    "two rows": Odd({name: cells[:2] for name, cells in good().items()}, "of the 1 that are left|too few to set"),
    "one class": Odd(altered(good(), y=lambda n: "yes"), "at least two classes are needed to tell apart, got only yes"),
    "a category unseen in training": Odd(
        altered(good(), colour=lambda n: f"c{n}" if n < 12 else "red" if n % 2 else "green"),
        check=_has_input("colour=red", "colour is rare"),
    ),
    "mixed types": Odd(
        altered(good(), size=lambda n: "big" if n % 2 else 1),
        r"table: column 'size': its cells must be of one kind, got numbers \(row 1\) and texts \(row 2\)",
        "",
        _has_input("size=big", "size=1"),
    ),
    "one text among numbers": Odd(
        altered(good(), size=lambda n: "big" if n == 9 else n),
        "table: column 'size': its cells must be of one kind",
        "t.csv: column 'size' row 10: cannot read 'big' as a number .if its cells are names, call it categorical",
    ),
    "columns of unequal length": Odd(
        {**good(), "size": [1.0] * 50},
        "table: column 'colour' has 60 rows, others have 50",
        "t.csv row 51: 2 cells, the header has 3",
    ),
    "a constant target": Odd(altered(good(), y=lambda n: 5), "at least two classes are needed", None),
    "a constant number to predict": Odd(
        altered(good(), y=lambda n: 5), check=_is_constant, options=("--task", "regression")
    ),
    "a missing target": Odd(
        altered(good(), y=lambda n: n % 2 if n != 7 else None),
        "column 'y' row 8: a missing cell, which cannot be used",
    ),
    "an infinite target": Odd(
        altered(good(), y=lambda n: n if n != 7 else float("-inf")),
        "column 'y' row 8: -inf is not a usable number",
        "column 'y' row 8: cannot read '-inf' as a number",
    ),
    "dates to predict": Odd(altered(good(), y=lambda n: f"2020-01-{n % 28 + 1:02}"), "column 'y' holds dates"),
    "an absent target": Odd({name: cells for name, cells in good().items() if name != "y"}, "no column 'y'"),
    "huge numbers": Odd(altered(good(), size=lambda n: (-1) ** n * 1e308), check=_has_input("size")),
    "tiny numbers": Odd(altered(good(), size=lambda n: n % 2 * 5e-324), check=_has_input("size")),
    "numbers beyond 2**53": Odd(altered(good(), size=lambda n: 2**53 + n), check=_has_input("size")),
}
PREDICT: dict[str, Odd] = {
    "NaN": Odd(altered(good(), size=lambda n: None if n == 3 else 0.5)),
    "infinity": Odd(
        altered(good(), size=lambda n: float("inf") if n == 3 else 0.5),
        "column 'size' row 4: inf is not a usable number",
        "column 'size' row 4: cannot read 'inf' as a number",
    ),
    "a column of NaN": Odd(altered(good(), size=lambda n: None)),
    "a column of missing texts": Odd(altered(good(), colour=lambda n: None)),
    "a constant column": Odd(altered(good(), size=lambda n: 0.5)),
    "no rows": Odd(good(0), "at least one row is needed, the table has none", "t.csv: no rows below the header"),
    "one row": Odd(good(1)),
    "one class": Odd(altered(good(), y=lambda n: "yes")),
    "an unseen class": Odd(altered(good(), y=lambda n: "maybe")),
    "an unseen category": Odd(altered(good(), colour=lambda n: "violet")),
    "mixed types": Odd(
        altered(good(), size=lambda n: "big" if n % 2 else 1),
        "column 'size': its cells must be of one kind",
        "column 'size' row 2: cannot read 'big' as a number",
    ),
    "texts for numbers": Odd(
        altered(good(), size=lambda n: "big"), "column 'size' row 1: cannot read 'big' as a number"
    ),
    "dates for numbers": Odd(
        altered(good(), size=lambda n: "2020-01-01"), "column 'size': numbers are needed, got dates"
    ),
    "numbers for texts": Odd(altered(good(), colour=lambda n: n)),
    "columns of unequal length": Odd(
        {**good(), "size": [1.0] * 50},
        "column 'colour' has 60 rows, others have 50",
        "t.csv row 51: 2 cells, the header has 3",
    ),
    "a constant target": Odd(altered(good(), y=lambda n: 5)),
    "a missing target": Odd(altered(good(), y=lambda n: None)),
    "no target": Odd({name: cells for name, cells in good().items() if name != "y"}),
    "a missing column": Odd(
        {name: cells for name, cells in good().items() if name != "size"},
        "the column 'size' must be given, there are colour, y",
        "t.csv: the model needs the column 'size', which the table lacks",
    ),
    "more columns, in another order": Odd({"more": [[1]] * ROWS, **dict(reversed(good().items()))}),
    "huge numbers": Odd(altered(good(), size=lambda n: 1e308)),
}


def _write(table: Table, path: Path) -> None:
    rows = max(map(len, table.values()), default=0)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows([cells[at] for cells in table.values() if at < len(cells)] for at in range(rows))


def _learned(dataset: Dataset, **choices: Any) -> Model:
    learning = learn(dataset, hidden=[8], epochs=3, **choices)
    list(learning)
    return learning.model


def check_valid(model: Model) -> None:
    """All of its numbers are finite, and so is what it answers."""
    assert all(np.isfinite(array).all() for array in model.parameters.values())
    answers = model.predict(good())
    assert set(answers) <= set(model.classes) if model.classes is not None else np.isfinite(answers).all()


@pytest.fixture(scope="module")
def model() -> Model:
    return _learned(read(good(), "y"), test_size=0)


@pytest.mark.parametrize("name", FIT)
def test_learning_from_python(name: str) -> None:
    odd = FIT[name]
    task = odd.options[-1] if odd.options else None
    if odd.python:
        with pytest.raises(LimpidError, match=odd.python) as refused:
            _learned(read(odd.table, "y", task=task))
        assert "\n" not in str(refused.value)
    else:
        learned = _learned(read(odd.table, "y", task=task))
        check_valid(learned)
        odd.check(learned)


@pytest.mark.parametrize("name", FIT)
def test_learning_by_the_command(name: str, run: Any, tmp_path: Path) -> None:
    odd = FIT[name]
    told = odd.python.replace("table: ", "t.csv: ") if odd.command is None else odd.command
    _write(odd.table, tmp_path / "t.csv")
    code, out, err = run("train", "t.csv", "--target", "y", "--hidden", "8", "--epochs", "3", "--quiet", *odd.options)
    if told:
        assert (code, out) == (2, "")
        assert_refused(err, told)
        assert not (tmp_path / "t.limpid").exists()
    else:
        assert (code, err) == (0, "")
        learned = load(tmp_path / "t.limpid")
        check_valid(learned)
        odd.check(learned)


@pytest.mark.parametrize("name", PREDICT)
def test_answering_from_python(name: str, model: Model) -> None:
    odd = PREDICT[name]
    if odd.python:
        with pytest.raises(LimpidError, match=odd.python) as refused:
            model.predict(odd.table)
        assert "\n" not in str(refused.value)
    else:
        assert_as_row_by_row(model, odd.table, model.predict_proba(odd.table))


@pytest.mark.parametrize("name", PREDICT)
def test_answering_by_the_command(name: str, model: Model, run: Any, tmp_path: Path) -> None:
    odd = PREDICT[name]
    told = odd.python if odd.command is None else odd.command
    _write(odd.table, tmp_path / "t.csv")
    _write(good(), tmp_path / "good.csv")
    assert (
        run("train", "good.csv", "--target", "y", "--hidden", "8", "--epochs", "3", "--test-size", "0", "--quiet")[0]
        == 0
    )
    code, out, err = run("predict", "good.limpid", "t.csv")
    if told:
        assert (code, out) == (2, "")
        assert_refused(err, told)
    else:
        assert (code, err) == (0, "")
        rows = list(csv.DictReader(out.splitlines()))
        probabilities = np.array([[float(row[f"probability {name}"]) for name in ("no", "yes")] for row in rows])
        assert_as_row_by_row(model, odd.table, probabilities, within=1e-6)


def assert_refused(err: str, told: str) -> None:
    assert re.search(told, err), err
    assert err.startswith("limpid: ")
    assert err.count("\n") == 1


def assert_as_row_by_row(model: Model, table: Table, probabilities: np.ndarray, within: float = 0) -> None:
    """The answers are those to the rows one by one, with what cannot be known (unseen, missing) named as such."""
    rows = len(table["colour"])
    assert probabilities.shape == (rows, 2)
    for at in range(rows):
        colour = table["colour"][at]
        known = {"size": table["size"][at], "colour": colour if colour in {"red", "green", "blue"} else None}
        assert np.abs(model.predict_proba(known) - probabilities[at]).max() <= within
