"""Readers: a name or a file in, a `Dataset` out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import TASKS, Dataset, guess_task
from limpid.errors import DataError, LimpidError, choose, nearest
from limpid.frames import is_frame
from limpid.readers.builtin import BUILTIN, read_mnist
from limpid.readers.columns import Wanted
from limpid.readers.content import STDIN
from limpid.readers.databases import asked, called, is_database
from limpid.readers.idx import labels_beside, read_idx
from limpid.readers.npz import read_npz
from limpid.readers.tables import SUFFIXES, dataset_of, is_table, read_table
from limpid.table import Table

if TYPE_CHECKING:
    from limpid.model import Model


def read(
    source: Any,
    target: str | None = None,
    *,
    data_dir: str | Path | None = None,
    task: str | None = None,
    like: "Model | None" = None,
    answers: bool = True,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    query: str | None = None,
) -> Dataset:
    """The examples in `source`.

    A built-in name (see `BUILTIN`); a table: a CSV, Parquet, Arrow (Feather) or JSON lines file, .gz or .zst or
    neither, "-" for standard input, a data frame of pandas, polars or pyarrow or a mapping of names to cells, or the
    answer to the SQL `query` to an SQLite file or a "postgresql://" address; an IDX or `.npz` file.

    `target` names what is to be predicted: a column (or several, with commas) of a table, an array of an `.npz`
    file, the file of labels for an IDX file. `data_dir` holds the four MNIST files. `task` ("classification",
    "multilabel", "regression") is guessed from the answers where it is None. `like` is a model that the examples
    are for: its columns, in its order; answers may then be absent, and without `answers` they are not read at all.
    Of a table, the columns in `ignore` are not learned from, and numbers in those in `categorical` are names.

    Errors: `DataError` for a missing or damaged source or an unusable value, named by file, column and row.
    """
    if task is not None:
        choose("task", task, dict.fromkeys(TASKS))
    if data_dir is not None and not (isinstance(source, str) and source == "mnist"):
        raise LimpidError(f"data_dir is for mnist, not for {_said(source)}")
    dataset = _opened(source, Wanted.of(target, like, answers, ignore, categorical), target, data_dir, query)
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


def read_whole(
    source: Any,
    target: str | None = None,
    *,
    data_dir: str | Path | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    query: str | None = None,
) -> Dataset:
    """All that is in `source`, for who looks at it before anything is to be learned; the arguments are `read`'s.

    Every column of a table that is not in `ignore` is among the inputs, whichever `target` names; other sources have
    their answers where they hold some. Errors: as `read`.
    """
    if is_frame(source) or query is not None or is_table(Path(str(source))):
        wanted = Wanted.of(None, None, False, ignore, categorical)._replace(for_model=True)
    else:
        path = Path(str(source))
        answers = target is not None or "idx" not in path.name or labels_beside(path).exists()
        wanted = Wanted.of(target, None, answers, ignore, categorical)._replace(for_model=target is None)
    return _opened(source, wanted, target, data_dir, query)


def _opened(source: Any, wanted: Wanted, target: str | None, data_dir: str | Path | None, query: str | None) -> Dataset:
    """What is wanted of a source of any kind; `target` as the caller named it."""
    if is_frame(source):
        dataset = dataset_of("table", source, wanted)
    elif query is not None or is_database(str(source)):
        dataset = dataset_of(*asked(str(source), query), wanted)
    else:
        source = str(source)
        if target is not None and source in BUILTIN:
            raise LimpidError(f"{source} has its own target, none can be named, got {target!r}")
        dataset = _read(source, wanted, data_dir)
    if (wanted.ignored or wanted.categorical) and not isinstance(dataset.X, Table):
        raise LimpidError(f"{dataset.name}: its columns have no names; ignore and categorical are for tables")
    return dataset


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


def _said(source: Any) -> str:
    return f"a {type(source).__name__}" if is_frame(source) else called(str(source))


def _fit(dataset: Dataset, model: "Model") -> Dataset:
    """The data set as the model needs it; a refusal names both numbers."""
    if model.encoder is None and isinstance(dataset.X, Table):
        dataset = replace(dataset, X=_numbers(dataset.name, dataset.X))
    inputs, needed = dataset.X.shape[1], len(model.encoder.inputs) if model.encoder else model.network.inputs
    if inputs != needed:
        raise DataError(f"{dataset.name}: the model learned from {needed} inputs, got {inputs}")
    test = dataset.test and _fit(dataset.test, model)
    y = dataset.y
    if y is not None and model.classes is not None and model.classes.dtype.kind == "U":
        y = y.astype(str)
    return replace(dataset, y=y, task=model.task, image_shape=model.image_shape, test=test or None)


def _numbers(name: str, table: Table) -> NDArray[np.float64]:
    try:
        return np.column_stack([table[column].numbers(column) for column in table])
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


__all__ = ["BUILTIN", "SUFFIXES", "read", "read_whole"]
