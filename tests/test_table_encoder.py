"""A whole table as rows of numbers: fitted column by column, encoded dense or sparse, told in plain values and back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from limpid import table_encoder
from limpid.columns import Category, Date, Number
from limpid.dataset import Dataset
from limpid.errors import DataError, LimpidError, ModelFileError
from limpid.frames import table_of
from limpid.learning import learn
from limpid.readers import read
from limpid.saving import load, save
from limpid.table_encoder import TableEncoder

ROWS = 40


def columns() -> dict[str, list[Any]]:
    random = np.random.default_rng(3)
    return {
        "size": [None if n % 9 == 0 else n / 7 for n in range(ROWS)],
        "town": [f"t{number}" for number in random.integers(0, 5, ROWS)],
        "empty": [None] * ROWS,
        "when": list(np.datetime64("2020-01-01") + np.arange(ROWS)),
        "same": ["x"] * ROWS,
        "code": [float(number) for number in random.integers(0, 3, ROWS)],
        "id": [f"only {n}" for n in range(ROWS)],
        "flag": [n % 2 == 0 for n in range(ROWS)],
    }


@pytest.fixture
def encoder() -> TableEncoder:
    table = table_of(columns())
    return TableEncoder.fit(table, table.__getitem__, ["code"])


def test_each_column_is_fitted_as_its_kind(encoder: TableEncoder) -> None:
    assert encoder.inputs == ("size", "town", "when", "code", "flag")
    assert [type(column) for column in encoder.columns] == [Number, Category, Date, Category, Number]
    assert encoder.left_out == (
        ("empty", "every cell is missing"),
        ("same", "every cell is the same"),
        ("id", "no category has 5 rows"),
    )
    assert encoder.names[:4] == ("size", "size is missing", "town=t0", "town=t1")
    assert "code=2" in encoder.names
    assert encoder.outputs == len(encoder.names) == len(encoder.owners)
    assert [encoder.inputs[owner] for owner in encoder.owners][:3] == ["size", "size", "town"]


def test_columns_are_asked_for_one_by_one() -> None:
    table, asked = table_of(columns()), []

    def cells(name: str) -> Any:
        asked.append(name)
        return table[name]

    TableEncoder.fit(iter(table), cells)
    assert asked == list(table)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_rows_are_the_dense_ones(encoder: TableEncoder, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(columns())
    found = []
    for below in (0, 2):
        monkeypatch.setattr(table_encoder, "SPARSE_BELOW", below)
        assert encoder.sparse == (below == 2)
        found.append(encoder.encode(table, dtype))
    dense, sparse = found
    assert dense.dtype == sparse.dtype == dtype
    assert dense.shape == sparse.shape == (ROWS, encoder.outputs)
    assert np.array_equal(sparse.toarray(), dense)
    assert sparse.has_canonical_format
    assert np.count_nonzero(sparse.data) == sparse.nnz < encoder.numbers(ROWS)
    assert np.isfinite(dense).all()
    strange = {"size": 1e308, "town": "t9", "when": None, "code": 8, "flag": None}
    assert np.array_equal(
        encoder.encode(strange, dtype).toarray(), [[3.0 if at == 0 else 0.0 for at in range(encoder.outputs)]]
    )


def test_wide_tables_are_kept_sparse() -> None:
    table = table_of({"town": [f"t{n % 40}" for n in range(400)], "size": np.arange(400)})
    encoder = TableEncoder.fit(table, table.__getitem__)
    assert encoder.sparse
    assert encoder.numbers(10) == 10 * 2 * 2
    assert encoder.encode(table, np.float32).nnz == 400 * 2 - 1


def test_rows_in_every_shape(encoder: TableEncoder) -> None:
    given = columns()
    wanted = encoder.encode(given, np.float64)
    frame = pd.DataFrame(given)
    rows = [list(row) for row in zip(*(given[name] for name in encoder.inputs), strict=True)]
    for X in (frame, frame[frame.columns[::-1]], table_of(given), rows, np.array(rows, object), frame.to_dict("list")):
        assert np.array_equal(encoder.encode(X, np.float64), wanted)
    for row in (rows[3], np.array(rows[3], object), frame.iloc[3], dict(frame.iloc[3]), frame.iloc[[3]]):
        assert np.array_equal(encoder.encode(row, np.float64), wanted[3:4])
    words = [[None if cell is None else str(cell) for cell in row] for row in rows]
    for row in words:
        row[-1] = "1" if row[-1] == "True" else "0"
    assert np.array_equal(encoder.encode(words, np.float64), wanted)


@pytest.mark.parametrize(
    ("X", "told"),
    [
        ({}, "the columns 'size', 'town', 'when', 'code', 'flag' must be given, there are none"),
        ({**columns(), "when": 3}, "column 'when' has 1 rows|column 'town' has 40 rows|others have"),
        ({name: cells for name, cells in columns().items() if name != "when"}, "the column 'when' must be given"),
        ({**columns(), "size": ["big"] * ROWS}, "column 'size' row 1: cannot read 'big' as a number"),
        ({**columns(), "size": [np.inf] * ROWS}, "column 'size' row 1: inf is not a usable number"),
        ({**columns(), "when": ["soon"] * ROWS}, "column 'when' row 1: cannot read 'soon' as a date"),
        ({**columns(), "town": [3, "x"] * (ROWS // 2)}, "column 'town': its cells must be of one kind"),
        ({name: [] for name in columns()}, "at least one row is needed, the table has none"),
        ([1, 2], r"rows with a cell for each of size, town, when, code, flag are needed, got shape \(1, 2\)"),
        (np.zeros((2, 3, 5)), r"are needed, got shape \(2, 3, 5\)"),
        (np.zeros((0, 5)), "at least one row is needed"),
        (pd.Series([1.0, "t1", None, 2, True]), "the columns 'size', .* must be given, there are 0, 1, 2, 3, 4"),
        ("t.csv", r"are needed, got shape \(1, 1\)"),
    ],
)
def test_what_cannot_be_encoded_is_refused(encoder: TableEncoder, X: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        encoder.encode(X, np.float32)


@pytest.mark.parametrize(
    ("given", "categorical", "told"),
    [
        ({}, [], "no column is of use to learn from .there is none"),
        ({"a": [None, None], "b": [1, 1]}, [], "of use .*'a': every cell is missing; 'b': every cell is the same"),
        ({"a": [1, 2]}, ["aa"], "no column 'aa' .did you mean 'a'.. to be categorical; columns: a"),
        ({"a": [1, 2]}, ["a"], "'a': no category has 5 rows"),
    ],
)
def test_tables_that_nothing_can_be_learned_from(given: dict[str, Any], categorical: list[str], told: str) -> None:
    table = table_of(given)
    with pytest.raises(DataError, match=told):
        TableEncoder.fit(table, table.__getitem__, categorical)


def test_plain_values_and_back(encoder: TableEncoder) -> None:
    described = json.loads(json.dumps(encoder.describe(), allow_nan=False))
    assert TableEncoder.from_description(described) == encoder
    described["columns"][0]["shift"] = np.inf
    with pytest.raises(LimpidError, match="shift must be finite and its scale above 0"):
        TableEncoder.from_description(described)


DAMAGE: dict[str, Any] = {
    "no columns": lambda told: told.update(columns=[]),
    "columns are none": lambda told: told.pop("columns"),
    "the same column twice": lambda told: told["columns"].append(told["columns"][0]),
    "unknown kind": lambda told: told["columns"][0].update(kind="wish"),
    "no kind": lambda told: told["columns"][0].pop("kind"),
    "kind is a list": lambda told: told["columns"][0].update(kind=["number"]),
    "no name": lambda told: told["columns"][0].pop("name"),
    "name is a number": lambda told: told["columns"][0].update(name=5),
    "more than is known": lambda told: told["columns"][0].update(more=1),
    "scale 0": lambda told: told["columns"][0].update(scale=0),
    "scale below 0": lambda told: told["columns"][0].update(scale=-1.0),
    "scale is a text": lambda told: told["columns"][0].update(scale="1"),
    "scale is true": lambda told: told["columns"][0].update(scale=True),
    "shift is nothing": lambda told: told["columns"][0].update(shift=None),
    "shift is too large": lambda told: told["columns"][0].update(shift=10**400),
    "indicator is a number": lambda told: told["columns"][0].update(indicator=1),
    "categories are numbers": lambda told: told["columns"][1].update(categories=[1, 2]),
    "categories are none": lambda told: told["columns"][1].update(categories=None),
    "categories are alike": lambda told: told["columns"][1].update(categories=["a", "a"]),
    "one category less": lambda told: told["columns"][1]["categories"].pop(),
    "rare is a text": lambda told: told["columns"][1].update(rare="no"),
    "times is nothing": lambda told: told["columns"][2].update(times=None),
    "left out are texts": lambda told: told.update(left_out=["a"]),
}


@pytest.fixture
def dataset() -> Dataset:
    return read({**columns(), "y": [n % 3 for n in range(ROWS)]}, "y", categorical=["code"])


def test_a_model_keeps_how_its_table_is_encoded(dataset: Dataset, tmp_path: Path) -> None:
    learning = learn(dataset, hidden=[4], epochs=2)
    list(learning)
    save(learning.model, tmp_path / "a.limpid")
    model = load(tmp_path / "a.limpid")
    assert model.encoder == learning.model.encoder
    assert model.encoder is not None
    assert model.features == model.encoder.names
    assert np.array_equal(model.predict_proba(columns()), learning.model.predict_proba(columns()))
    with pytest.raises(LimpidError, match="the column 'size' must be given"):
        model.predict({name: cells for name, cells in columns().items() if name != "size"})


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_descriptions_are_refused(
    name: str, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = learn(dataset, hidden=[2], epochs=1)
    described = json.loads(json.dumps(learning.model.encoder.describe())) if learning.model.encoder else {}
    DAMAGE[name](described)
    monkeypatch.setattr(TableEncoder, "describe", lambda _: described)
    save(learning.model, tmp_path / "a.limpid")
    with pytest.raises(ModelFileError, match=r"a\.limpid is damaged: .+"):
        load(tmp_path / "a.limpid")
