"""Readers: a name or a file in, a `Dataset` out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import TASKS, Dataset, guess_task
from limpid.errors import DataError, LimpidError, choose, nearest, printable
from limpid.frames import is_frame
from limpid.readers.builtin import BUILTIN, read_mnist
from limpid.readers.columns import Wanted
from limpid.readers.content import STDIN
from limpid.readers.databases import asked, called, is_database
from limpid.readers.folders import read_files, read_folder
from limpid.readers.idx import labels_beside, read_idx
from limpid.readers.npz import read_npz
from limpid.readers.pictures import SUFFIXES as PICTURES
from limpid.readers.pictures import Reading, is_picture
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
    image_shape: tuple[int, int] | None = None,
    threads: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Dataset:
    """The examples in `source`.

    A built-in name (see `BUILTIN`); a table: a CSV, Parquet, Arrow (Feather) or JSON lines file, .gz or .zst or
    neither, "-" for standard input, a data frame of pandas, polars or pyarrow or a mapping of names to cells, or the
    answer to the SQL `query` to an SQLite file or a "postgresql://" address; an IDX or `.npz` file; or pictures.

    `target` names what is to be predicted: a column (or several, with commas) of a table, an array of an `.npz`
    file, the file of labels for an IDX file. `data_dir` holds the four MNIST files, or the pictures that a table
    names. `task` ("classification", "multilabel", "regression") is guessed from the answers where it is None. `like`
    is a model that the examples are for: its columns, in its order; answers may then be absent, and without `answers`
    they are not read at all.
    Of a table, the columns in `ignore` are not learned from, and numbers in those in `categorical` are names.

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
    frame = is_frame(source)
    sources = [] if frame else [str(each) for each in ([source] if isinstance(source, str | Path) else source)]
    if not frame and not sources:
        raise LimpidError("a source is needed, got none")
    table = frame or is_table(Path(sources[0]))
    if data_dir is not None and not table and sources[0] != "mnist":
        raise LimpidError(f"data_dir is for mnist and for tables that name pictures, not for {_said(source)}")
    if image_shape is not None and (like is not None or len(image_shape) != 2 or min(image_shape) < 1):
        raise LimpidError(f"an image_shape is two positive numbers, and a model has its own; got {image_shape}")
    reading = Reading(image_shape, like, Path(data_dir) if data_dir and table else None, threads, told)
    wanted = Wanted.of(target, like, answers, ignore, categorical)._replace(pictures=reading)
    dataset = _opened_for(like, source if frame else sources, wanted, target, data_dir, query)
    if image_shape is not None and not dataset.names:
        raise LimpidError(f"only pictures can be given a size, {_said(source)} are none")
    if like is not None:
        return _fit(dataset, like)
    if dataset.y is None or (task is None and not frame and sources[0] in BUILTIN):
        return dataset
    folder = not frame and Path(sources[0]).is_dir()
    guessed = task or ("classification" if folder else guess_task(dataset.y))
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


def _opened_for(
    like: "Model | None",
    source: Any,
    wanted: Wanted,
    target: str | None,
    data_dir: str | Path | None,
    query: str | None,
) -> Dataset:
    """Pictures that the model learned from come as they did then, so that it knows them again."""
    if like is not None and like.framing is not None and wanted.answers:
        as_learned = wanted._replace(pictures=wanted.pictures._replace(as_learned=True))
        dataset = _opened(source, as_learned, target, data_dir, query)
        if not dataset.names or dataset.fingerprint() == like.origin.fingerprint:
            return dataset
    return _opened(source, wanted, target, data_dir, query)


def _opened(source: Any, wanted: Wanted, target: str | None, data_dir: str | Path | None, query: str | None) -> Dataset:
    """What is wanted of a source of any kind, or of several files; `target` as the caller named it."""
    if is_frame(source):
        dataset = dataset_of("table", source, wanted)
    elif isinstance(source, list) and len(source) > 1:
        return _read_several(source, wanted)
    else:
        name = source[0] if isinstance(source, list) else str(source)
        if query is not None or is_database(name):
            dataset = dataset_of(*asked(name, query), wanted)
        else:
            if target is not None and name in BUILTIN:
                raise LimpidError(f"{name} has its own target, none can be named, got {target!r}")
            dataset = _read(name, wanted, data_dir)
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
        return read_folder(path, wanted)
    if is_picture(path):
        return read_files([path], wanted)
    if is_table(path):
        return read_table(source, wanted)
    if path.suffix.lower() == ".npz":
        return read_npz(path, wanted)
    if "idx" in path.name:
        return read_idx(path, wanted.target, wanted.answers)
    known = ", ".join((*SUFFIXES, ".npz", *PICTURES))
    raise DataError(f"{source}: unknown kind of file; known are {known} and IDX (a name with 'idx' in it)")


def _read_several(sources: list[str], wanted: Wanted) -> Dataset:
    paths = [Path(source) for source in sources]
    for path in paths:
        if not path.exists():
            raise DataError(f"no such file: {printable(path)}")
        if not path.is_dir() and not is_picture(path):
            raise DataError(f"several sources can only be pictures and folders of them, got {printable(path)}")
    return read_files(paths, wanted)


def _said(source: Any) -> str:
    return called(str(source)) if isinstance(source, str | Path) else f"a {type(source).__name__}"


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
