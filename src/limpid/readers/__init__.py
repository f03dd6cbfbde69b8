"""Readers: a name or a file in, a `Dataset` out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from limpid.dataset import TASKS, Dataset, guess_task
from limpid.errors import DataError, LimpidError, choose, nearest
from limpid.frames import is_frame
from limpid.model import Model
from limpid.readers.builtin import BUILTIN, read_mnist
from limpid.readers.columns import Wanted
from limpid.readers.content import STDIN
from limpid.readers.databases import asked, is_database
from limpid.readers.idx import read_idx
from limpid.readers.npz import read_npz
from limpid.readers.parquet import PARQUET, ParquetStream
from limpid.readers.tables import SUFFIXES, dataset_of, is_table, read_table
from limpid.stream import StreamedTable
from limpid.streamed_learning import held_out_rows
from limpid.streamed_rows import parts_of
from limpid.table import Table


def read(
    source: Any,
    target: str | None = None,
    *,
    data_dir: str | Path | None = None,
    task: str | None = None,
    like: Model | None = None,
    answers: bool = True,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    query: str | None = None,
) -> Dataset:
    """The examples in `source`.

    A built-in name (see `BUILTIN`); a table: a CSV, Parquet, Arrow (Feather) or JSON lines file, .gz or .zst or
    neither, "-" for standard input, a data frame of pandas, polars or pyarrow, or the answer to the SQL `query` to an
    SQLite file or a "postgresql://" address; an IDX or `.npz` file.

    `target` names what is to be predicted: a column (or several, with commas) of a table, an array of an `.npz`
    file, the file of labels for an IDX file. `data_dir` holds the four MNIST files. `task` ("classification",
    "multilabel", "regression") is guessed from the answers where it is None. `like` is a model that the examples
    are for: its columns, in its order; answers may then be absent, and without `answers` they are not read at all.
    Of a table, the columns in `ignore` are not learned from, and numbers in those in `categorical` are names.

    Errors: `DataError` for a missing or damaged source or an unusable value, named by file, column and row.
    """
    if task is not None:
        choose("task", task, dict.fromkeys(TASKS))
    wanted = Wanted.of(target, like, answers, ignore, categorical)
    if is_frame(source):
        dataset = dataset_of("table", source, wanted)
    elif query is not None or is_database(str(source)):
        dataset = dataset_of(*asked(str(source), query), wanted)
    else:
        source = str(source)
        if target is not None and source in BUILTIN:
            raise LimpidError(f"{source} has its own target, none can be named, got {target!r}")
        if data_dir is not None and source != "mnist":
            raise LimpidError(f"data_dir is for mnist, not for {source}")
        dataset = _read(source, wanted, data_dir)
    if (ignore or categorical) and not isinstance(dataset.X, Table):
        raise LimpidError(f"{dataset.name}: its columns have no names; ignore and categorical are for tables")
    if like is not None:
        return _fit(dataset, like)
    if dataset.y is None or (task is None and isinstance(source, str) and source in BUILTIN):
        return dataset
    guessed = task or guess_task(dataset.y)
    if (
        guessed == "multilabel"
        and dataset.y.dtype.kind != "U"
        and (dataset.y.ndim != 2 or not np.isin(dataset.y, (0, 1)).all())
    ):
        raise LimpidError(f"{dataset.name}: several labels need columns of 0 and 1")
    test = dataset.test and replace(dataset.test, task=guessed)
    return replace(dataset, task=guessed, test=test or None)


def open_stream(
    source: str | Path,
    target: str,
    *,
    task: str | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
) -> StreamedTable:
    """The Parquet file `source`, to be read in parts; the rest is as for `read`.

    Errors: `DataError` for a missing or damaged file, or an unknown column.
    """
    if task is not None:
        choose("task", task, dict.fromkeys(TASKS))
    stream = ParquetStream(source)
    wanted = Wanted.of(target, None, True, ignore, categorical)
    inputs, targets = wanted.choose(str(source), list(stream.columns))
    return StreamedTable(stream, tuple(inputs), tuple(targets), tuple(categorical), task)


def read_parts(model: Model, source: str) -> Iterator[Dataset] | None:
    """The rows of a Parquet file for a model that learned from a table, without answers, some at a time.

    None for another kind of file or of model. Errors: as `read`.
    """
    if model.encoder is None or not source.lower().endswith(PARQUET):
        return None
    stream = ParquetStream(source)
    inputs = Wanted.of(None, model, False, (), ()).choose(source, list(stream.columns))[0]
    return parts_of(stream, inputs, model.task)


def streamed_unseen(model: Model, source: str) -> Iterator[Dataset] | None:
    """The rows that were held out when the model learned from this Parquet file in parts; None where it did not."""
    if model.encoder is None or not source.lower().endswith(PARQUET):
        return None
    stream = ParquetStream(source)
    return held_out_rows(model, stream) if stream.fingerprint() == model.origin.fingerprint else None


def _read(source: str, wanted: Wanted, data_dir: str | Path | None) -> Dataset:
    if source == "mnist":
        return read_mnist(data_dir)
    if source in BUILTIN:
        return BUILTIN[source].read()
    path = Path(source)
    if source != STDIN and not path.exists():
        raise DataError(
            f"no such file or built-in data set: {source!r}{nearest(source, BUILTIN)}; "
            f"built in are {', '.join(BUILTIN)}"
        )
    if path.is_dir():
        raise DataError(f"{source} is a directory; a file is needed")
    if is_table(path):
        return read_table(source, wanted)
    if path.suffix.lower() == ".npz":
        return read_npz(path, wanted)
    if "idx" in path.name:
        return read_idx(path, wanted.target, wanted.answers)
    raise DataError(
        f"{source}: unknown kind of file; known are {', '.join(SUFFIXES)}, .npz and IDX (a name with 'idx' in it)"
    )


def _fit(dataset: Dataset, model: Model) -> Dataset:
    """The data set as the model needs it; a refusal names both numbers."""
    if model.encoder is None and isinstance(dataset.X, Table):
        X = np.column_stack([dataset.X[name].numbers(name) for name in dataset.X])
        dataset = replace(dataset, X=X)
    inputs, needed = dataset.X.shape[1], len(model.encoder.inputs) if model.encoder else model.network.inputs
    if inputs != needed:
        raise DataError(f"{dataset.name}: the model learned from {needed} inputs, got {inputs}")
    test = dataset.test and _fit(dataset.test, model)
    y = dataset.y
    if y is not None and model.classes is not None and model.classes.dtype.kind == "U":
        y = y.astype(str)
    return replace(dataset, y=y, task=model.task, image_shape=model.image_shape, test=test or None)


__all__ = ["BUILTIN", "SUFFIXES", "open_stream", "read", "read_parts", "streamed_unseen"]
