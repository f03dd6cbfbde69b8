"""Answers in every kind of file, and the table they are for in every kind of part."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import limpid
from limpid import answers
from limpid.dataset import Dataset
from limpid.errors import LimpidError
from limpid.model import Model
from limpid.readers.parts import read_parts, streamed_unseen

polars: Any = pytest.importorskip("polars")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    path = tmp_path / "t.parquet"
    size = random.normal(size=300)
    kind = np.where(size > 0, 'a "b", c', "ü")
    place = np.array(["x", "y"])[random.integers(0, 2, 300)]
    polars.DataFrame({"size": size, "place": place, "kind": kind}).write_parquet(path, row_group_size=70)
    return path


@pytest.fixture
def model(table: Path) -> Model:
    learning = limpid.learn(limpid.read(str(table), "kind"), hidden=[4], epochs=2)
    list(learning)
    return learning.model


def written(suffix: str, parts: Any) -> Any:
    file = io.BytesIO()
    answers.WRITERS[suffix](file, parts)
    file.seek(0)
    if suffix == ".csv":
        header, *rows = csv.reader(io.TextIOWrapper(file))
        columns = dict(zip(header, zip(*rows, strict=True), strict=True))
        return polars.DataFrame(
            {name: [*map({"prediction": str, "row": int}.get(name, float), cells)] for name, cells in columns.items()}
        )
    return polars.read_ndjson(file) if suffix != ".parquet" else polars.read_parquet(file)


@pytest.mark.parametrize("suffix", answers.WRITERS)
def test_every_kind_of_file_holds_the_answers(
    suffix: str, model: Model, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "ROWS_AT_ONCE", 64)
    whole = limpid.read(str(table), like=model, answers=False)
    streamed = read_parts(model, str(table))
    assert streamed is not None
    for parts in (answers.in_parts(whole), streamed):
        found = written(suffix, answers.answered(model, parts))
        assert found.columns == ["row", "prediction", 'probability a "b", c', "probability ü"]
        assert found["row"].to_list() == list(range(1, 301))
        assert found["prediction"].to_list() == model.predict(whole.X).tolist()
        assert found["probability ü"].to_numpy() == pytest.approx(model.predict_proba(whole.X)[:, 1], abs=1e-6)


def test_rows_of_a_test_part_come_last() -> None:
    X = np.arange(8.0).reshape(4, 2)
    dataset = Dataset("d", X, None, test=Dataset("d", -X[:1], None))
    assert [len(part) for part in answers.in_parts(dataset)] == [4, 1]


def test_only_rows_that_were_held_out_are_unseen(table: Path, model: Model) -> None:
    assert streamed_unseen(model, str(table)) is None  # it learned from rows in memory, known by all their cells
    learning = limpid.learn_stream(limpid.open_stream(table, "kind"), "8GB", hidden=[3], epochs=1, seed=4)
    list(learning)
    unseen = streamed_unseen(learning.model, str(table))
    assert unseen is not None
    rows = np.concatenate([part.X["size"].values for part in unseen])
    assert np.array_equal(rows, polars.read_parquet(table)["size"].to_numpy()[learning.split.rows(2)])


def test_parts_are_for_parquet_and_models_of_tables(table: Path, model: Model) -> None:
    other = limpid.learn(limpid.read("iris"), hidden=[2], epochs=1)
    list(other)
    assert read_parts(other.model, str(table)) is None
    assert read_parts(model, "t.csv") is None
    assert streamed_unseen(model, "t.csv") is None


def test_another_ending_is_refused() -> None:
    with pytest.raises(LimpidError, match=r"a.xlsx: its name must end in one of .csv, .jsonl, .ndjson, .parquet"):
        answers.writer_for(Path("a.xlsx"))
    assert answers.writer_for(None) is answers.WRITERS[".csv"]


def test_numbers_stay_numbers() -> None:
    file = io.BytesIO()
    answers.WRITERS[".jsonl"](file, iter([{"row": np.array([1]), "prediction": np.array([0.1])}]))
    assert json.loads(file.getvalue()) == {"row": 1, "prediction": 0.1}
