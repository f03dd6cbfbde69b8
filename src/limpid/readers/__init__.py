"""Readers: a name or a file in, a `Dataset` out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from limpid.dataset import TASKS, Dataset, guess_task
from limpid.errors import DataError, LimpidError, choose, nearest, printable
from limpid.model import Model
from limpid.readers.builtin import BUILTIN, read_mnist
from limpid.readers.columns import Wanted
from limpid.readers.folders import read_files, read_folder
from limpid.readers.idx import read_idx
from limpid.readers.npz import read_npz
from limpid.readers.pictures import SUFFIXES, Reading, is_picture
from limpid.readers.tables import read_csv

BY_SUFFIX: dict[str, Callable[[Path, Wanted], Dataset]] = {".csv": read_csv, ".npz": read_npz}


def read(
    source: str | Path | Sequence[str | Path],
    target: str | None = None,
    *,
    data_dir: str | Path | None = None,
    task: str | None = None,
    like: Model | None = None,
    answers: bool = True,
    image_shape: tuple[int, int] | None = None,
    threads: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Dataset:
    """The examples in `source`: a built-in name (see `BUILTIN`), an IDX, `.npz` or `.csv` file, or pictures.

    `target` names what is to be predicted: a column (or several, with commas) of a CSV file, an array of an `.npz`
    file, the file of labels for an IDX file. `data_dir` holds the four MNIST files, or the pictures that a table
    names. `task` ("classification", "multilabel", "regression") is guessed from the answers where it is None. `like`
    is a model that the examples are for: its columns, in its order; answers may then be absent, and without `answers`
    they are not read at all.

    Pictures are a folder that has a folder of PNG and JPEG files for each class, or a train and a test folder of that
    kind; or a table with a column that names such files, which lie in `data_dir` or beside it; or, for a model and
    without answers, one or several files and folders. They become grey and get the `image_shape` (height, width)
    without being distorted; where it is None all must have the same. For a model they are placed as those are that it
    learned from (see `limpid.framing`). At most `threads` are read at once, and `told` is called again and again with
    the number of those read and of all.

    Errors: `DataError` for a missing or damaged source or an unusable value, named by file, column and row.
    """
    if task is not None:
        choose("task", task, dict.fromkeys(TASKS))
    sources = [str(each) for each in ([source] if isinstance(source, str | Path) else source)]
    if not sources:
        raise LimpidError("a source is needed, got none")
    if target is not None and sources[0] in BUILTIN:
        raise LimpidError(f"{sources[0]} has its own target, none can be named, got {target!r}")
    table = sources[0].lower().endswith(".csv")
    if data_dir is not None and sources[0] != "mnist" and not table:
        raise LimpidError(f"data_dir is for mnist and for tables that name pictures, not for {sources[0]}")
    if image_shape is not None and (like is not None or len(image_shape) != 2 or min(image_shape) < 1):
        raise LimpidError(f"an image_shape is two positive numbers, and a model has its own; got {image_shape}")
    reading = Reading(image_shape, like, Path(data_dir) if data_dir and table else None, threads, told)
    dataset = _read_for(like, sources, Wanted.of(target, like, answers, reading), data_dir)
    if image_shape is not None and not dataset.names:
        raise LimpidError(f"only pictures can be given a size, {sources[0]} are none")
    if like is not None:
        return _fit(dataset, like)
    if dataset.y is None or (task is None and sources[0] in BUILTIN):
        return dataset
    guessed = task or ("classification" if Path(sources[0]).is_dir() else guess_task(dataset.y))
    if (
        guessed == "multilabel"
        and dataset.y.dtype.kind != "U"
        and (dataset.y.ndim != 2 or not np.isin(dataset.y, (0, 1)).all())
    ):
        raise LimpidError(f"{source}: several labels need columns of 0 and 1")
    test = dataset.test and replace(dataset.test, task=guessed)
    return replace(dataset, task=guessed, test=test or None)


def _read_for(like: Model | None, sources: list[str], wanted: Wanted, data_dir: str | Path | None) -> Dataset:
    """Pictures that the model learned from come as they did then, so that it knows them again."""
    if like is not None and like.framing is not None and wanted.answers:
        dataset = _read(sources, wanted._replace(pictures=wanted.pictures._replace(as_learned=True)), data_dir)
        if not dataset.names or dataset.fingerprint() == like.origin.fingerprint:
            return dataset
    return _read(sources, wanted, data_dir)


def _read(sources: list[str], wanted: Wanted, data_dir: str | Path | None) -> Dataset:
    if len(sources) > 1:
        return _read_several(sources, wanted)
    source = sources[0]
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
        return read_folder(path, wanted)
    if is_picture(path):
        return read_files([path], wanted)
    if path.suffix.lower() in BY_SUFFIX:
        return BY_SUFFIX[path.suffix.lower()](path, wanted)
    if "idx" in path.name:
        return read_idx(path, wanted.target, wanted.answers)
    known = ", ".join((*BY_SUFFIX, *SUFFIXES))
    raise DataError(f"{source}: unknown kind of file; known are {known} and IDX (a name with 'idx' in it)")


def _read_several(sources: list[str], wanted: Wanted) -> Dataset:
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.exists():
            raise DataError(f"no such file: {printable(path)}")
        if not path.is_dir() and not is_picture(path):
            raise DataError(f"several sources can only be pictures and folders of them, got {printable(path)}")
    return read_files(paths, wanted)


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
