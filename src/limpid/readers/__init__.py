"""Readers: a name or a file in, a `Dataset` out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from limpid.dataset import TASKS, Dataset, guess_task
from limpid.errors import DataError, LimpidError, choose, nearest
from limpid.model import Model
from limpid.readers.builtin import BUILTIN, read_mnist
from limpid.readers.columns import Wanted
from limpid.readers.idx import read_idx
from limpid.readers.npz import read_npz
from limpid.readers.tables import read_csv

BY_SUFFIX: dict[str, Callable[[Path, Wanted], Dataset]] = {".csv": read_csv, ".npz": read_npz}


def read(
    source: str | Path,
    target: str | None = None,
    *,
    data_dir: str | Path | None = None,
    task: str | None = None,
    like: Model | None = None,
    answers: bool = True,
) -> Dataset:
    """The examples in `source`: a built-in name (see `BUILTIN`), or an IDX, `.npz` or `.csv` file.

    `target` names what is to be predicted: a column (or several, with commas) of a CSV file, an array of an `.npz`
    file, the file of labels for an IDX file. `data_dir` holds the four MNIST files. `task` ("classification",
    "multilabel", "regression") is guessed from the answers where it is None. `like` is a model that the examples
    are for: its columns, in its order; answers may then be absent, and without `answers` they are not read at all.

    Errors: `DataError` for a missing or damaged source or an unusable value, named by file, column and row.
    """
    if task is not None:
        choose("task", task, dict.fromkeys(TASKS))
    if target is not None and str(source) in BUILTIN:
        raise LimpidError(f"{source} has its own target, none can be named, got {target!r}")
    if data_dir is not None and str(source) != "mnist":
        raise LimpidError(f"data_dir is for mnist, not for {source}")
    dataset = _read(str(source), Wanted.of(target, like, answers), data_dir)
    if like is not None:
        return _fit(dataset, like)
    if dataset.y is None or (task is None and str(source) in BUILTIN):
        return dataset
    guessed = task or guess_task(dataset.y)
    if (
        guessed == "multilabel"
        and dataset.y.dtype.kind != "U"
        and (dataset.y.ndim != 2 or not np.isin(dataset.y, (0, 1)).all())
    ):
        raise LimpidError(f"{source}: several labels need columns of 0 and 1")
    test = dataset.test and replace(dataset.test, task=guessed)
    return replace(dataset, task=guessed, test=test or None)


def _read(source: str, wanted: Wanted, data_dir: str | Path | None) -> Dataset:
    if source == "mnist":
        return read_mnist(data_dir)
    if source in BUILTIN:
        return BUILTIN[source].read()
    path = Path(source)
    if not path.exists():
        raise DataError(
            f"no such file or built-in data set: {source!r}{nearest(source, BUILTIN)}; "
            f"built in are {', '.join(BUILTIN)}"
        )
    if path.is_dir():
        raise DataError(f"{source} is a directory; a file is needed")
    if path.suffix.lower() in BY_SUFFIX:
        return BY_SUFFIX[path.suffix.lower()](path, wanted)
    if "idx" in path.name:
        return read_idx(path, wanted.target, wanted.answers)
    raise DataError(
        f"{source}: unknown kind of file; known are {', '.join(BY_SUFFIX)} and IDX (a name with 'idx' in it)"
    )


def _fit(dataset: Dataset, model: Model) -> Dataset:
    """The data set as the model needs it; a refusal names both numbers."""
    inputs = dataset.X.shape[1]
    if inputs != model.network.inputs:
        raise DataError(f"{dataset.name}: the model learned from {model.network.inputs} inputs, got {inputs}")
    test = dataset.test and _fit(dataset.test, model)
    y = dataset.y
    if y is not None and model.classes is not None and model.classes.dtype.kind == "U":
        y = y.astype(str)
    return replace(dataset, y=y, task=model.task, image_shape=model.image_shape, test=test or None)


__all__ = ["BUILTIN", "read"]
