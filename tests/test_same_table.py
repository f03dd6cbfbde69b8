"""The same table, however it is kept: the bits of what is learned from it are the same."""

import csv
import gzip
import io
import json
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import psycopg
import pytest
import zstandard
from pyarrow import feather, ipc, parquet

from limpid.dataset import Dataset
from limpid.learning import learn
from limpid.model import Model
from limpid.readers import read

ROWS = 60
QUERY = "select n, x, gaps, word, flag, perhaps, day, moment, answer from t order by n"


def _columns() -> dict[str, list[Any]]:
    random = np.random.default_rng(5)
    x = [*random.normal(size=ROWS - 4).tolist(), 1e308, -1e-308, 5e-324, 0.1 + 0.2]
    seconds = random.integers(-3 * 10**9, 3 * 10**9, ROWS).tolist()
    gone = random.random((4, ROWS)) < 0.2

    def some(cells: list[Any], which: int) -> list[Any]:
        return [None if absent else cell for cell, absent in zip(cells, gone[which], strict=True)]

    words = random.choice(["alpha", "Łódź; naïve", 'says "no", twice', "two\nlines"], ROWS).tolist()
    return {
        "n": list(range(-5, ROWS - 5)),
        "x": some(x, 0),
        "gaps": some(random.integers(-9, 9, ROWS).tolist(), 1),
        "word": some(words, 2),
        "flag": (random.random(ROWS) < 0.5).tolist(),
        "perhaps": some((random.random(ROWS) < 0.5).tolist(), 3),
        "day": [date(1969, 12, 1) + timedelta(days=number) for number in random.integers(0, 20000, ROWS).tolist()],
        "moment": some([datetime(1970, 1, 1) + timedelta(seconds=each, microseconds=7) for each in seconds], 0),
        "answer": random.choice(["yes", "no"], ROWS).tolist(),
    }


COLUMNS = _columns()


def _written(cell: Any, comma: bool = False) -> str:
    """As a CSV file has it."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and comma:
        return f"{cell:.1200f}".rstrip("0").replace(".", ",")
    return "" if cell is None else repr(cell) if isinstance(cell, float) else str(cell)


def _csv(delimiter: str = ",", end: str = "\n", comma: bool = False) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(COLUMNS)
    writer.writerows([_written(cell, comma) for cell in row] for row in zip(*COLUMNS.values(), strict=True))
    return text.getvalue().encode()


def _json_lines() -> bytes:
    rows = (dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True))
    return "".join(json.dumps(row, default=str) + "\n" for row in rows).encode()


def _frame() -> pl.DataFrame:
    return pl.DataFrame(COLUMNS)


def _pandas(backend: Any = None) -> pd.DataFrame:
    frame = pd.DataFrame(COLUMNS)
    if backend is not None:
        return frame.convert_dtypes(dtype_backend=backend)
    return frame.assign(day=pd.to_datetime(frame["day"]))


def _bytes(write: Callable[[Any], Any]) -> bytes:
    into = io.BytesIO()
    write(into)
    return into.getvalue()


def _stream(into: Any) -> None:
    with ipc.new_stream(into, _frame().to_arrow().schema) as writer:
        writer.write_table(_frame().to_arrow())


FILES: dict[str, Callable[[], bytes]] = {
    "t.csv": _csv,
    "gz.csv.gz": lambda: gzip.compress(_csv()),
    "zst.csv.zst": lambda: zstandard.compress(_csv()),
    "two.csv.zst": lambda: zstandard.compress(_csv()[:1000]) + zstandard.compress(_csv()[1000:]),
    "t.tsv": lambda: _csv("\t"),
    "semicolon.csv": lambda: _csv(";"),
    "comma.csv": lambda: _csv(";", comma=True),
    "bar.txt": lambda: _csv("|"),
    "crlf.csv": lambda: b"\xef\xbb\xbf" + _csv(end="\r\n"),
    "utf16.csv": lambda: _csv().decode().encode("utf-16"),
    "polars.parquet": lambda: _bytes(_frame().write_parquet),
    "pyarrow.parquet": lambda: _bytes(lambda into: parquet.write_table(_frame().to_arrow(), into)),
    "pandas.parquet": lambda: _bytes(_pandas().iloc[::-1].iloc[::-1].to_parquet),
    "polars.arrow": lambda: _bytes(_frame().write_ipc),
    "pyarrow.feather": lambda: _bytes(lambda into: feather.write_feather(_frame().to_arrow(), into)),
    "stream.arrow": lambda: _bytes(_stream),
    "json.jsonl": _json_lines,
    "polars.ndjson": lambda: _bytes(_frame().write_ndjson),
    "json.jsonl.gz": lambda: gzip.compress(_json_lines()),
}
FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": _pandas,
    "pandas nullable": lambda: _pandas("numpy_nullable"),
    "pandas with pyarrow": lambda: _pandas("pyarrow"),
    "pandas objects": lambda: pd.DataFrame(COLUMNS, dtype=object),
    "polars": _frame,
    "pyarrow": lambda: _frame().to_arrow(),
    "batch": lambda: _frame().to_arrow().combine_chunks().to_batches()[0],
    "lists": lambda: COLUMNS,
    "arrays": lambda: {name: np.array(cells, object) for name, cells in COLUMNS.items()},
}


def _learned(dataset: Dataset) -> Model:
    learning = learn(dataset, hidden=[5], epochs=2, seed=3)
    list(learning)
    return learning.model


def _bits(model: Model) -> str:
    digest = sha256()
    for name, array in model.parameters.items():
        digest.update(name.encode() + (array + 0.0).tobytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def from_lists() -> tuple[str, str]:
    """The data set's fingerprint, and the bits of what is learned from it."""
    dataset = read(COLUMNS, "answer")
    return dataset.fingerprint(), _bits(_learned(dataset))


@pytest.mark.parametrize("name", FILES)
def test_from_a_file(name: str, from_lists: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    dataset = read(path, "answer")
    assert (dataset.fingerprint(), _bits(_learned(dataset))) == from_lists


@pytest.mark.parametrize("name", FRAMES)
def test_from_a_frame(name: str, from_lists: tuple[str, str]) -> None:
    dataset = read(FRAMES[name](), "answer")
    assert (dataset.fingerprint(), _bits(_learned(dataset))) == from_lists


def test_from_sqlite(from_lists: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (n, x, gaps, word, flag, perhaps, day, moment, answer)")
        rows = [
            [str(cell) if isinstance(cell, date) else cell for cell in row]
            for row in zip(*COLUMNS.values(), strict=True)
        ]
        connection.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows[::-1])
    for source in (str(path), f"sqlite:///{path}"):
        dataset = read(source, "answer", query=QUERY)
        assert (dataset.fingerprint(), _bits(_learned(dataset))) == from_lists


def test_from_postgresql(postgresql: str, from_lists: tuple[str, str]) -> None:
    with psycopg.connect(postgresql) as connection:
        connection.execute("drop table if exists t")
        connection.execute(
            "create table t (n bigint, x double precision, gaps smallint, word text, flag boolean, perhaps boolean,"
            " day date, moment timestamp, answer varchar)"
        )
        connection.cursor().executemany(
            "insert into t values (%s, %s, %s, %s, %s, %s, %s, %s, %s)", list(zip(*COLUMNS.values(), strict=True))[::-1]
        )
    dataset = read(postgresql, "answer", query=QUERY)
    assert (dataset.fingerprint(), _bits(_learned(dataset))) == from_lists


def test_another_cell_gives_other_bits(from_lists: tuple[str, str]) -> None:
    for name, cell in (("n", 7), ("x", 0.25), ("word", "beta"), ("flag", not COLUMNS["flag"][0]), ("perhaps", None)):
        dataset = read({**COLUMNS, name: [cell, *COLUMNS[name][1:]]}, "answer")
        assert dataset.fingerprint() != from_lists[0], name
        assert _bits(_learned(dataset)) != from_lists[1], name


def test_answers_are_the_same_whatever_the_row_is_kept_in() -> None:
    model = _learned(read(COLUMNS, "answer"))
    outputs = model.outputs(COLUMNS)
    for name, make in FRAMES.items():
        assert np.array_equal(model.outputs(make()), outputs), name
    rows = list(zip(*(COLUMNS[name] for name in model.encoder.inputs), strict=True)) if model.encoder else []
    assert np.array_equal(model.outputs(rows), outputs)
    for at, row in enumerate(rows):
        assert np.array_equal(model.outputs(list(row)), outputs[at : at + 1])
        assert np.array_equal(model.outputs(dict(zip(COLUMNS, row, strict=False))), outputs[at : at + 1])
