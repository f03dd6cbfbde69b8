"""Answers for many rows, a part at a time, as CSV, JSON lines or Parquet; and the pictures that a network saw."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.displays import png
from limpid.errors import LimpidError
from limpid.model import Model

ROWS_AT_ONCE = 32_768

Columns = dict[str, NDArray[Any]]
Writer = Callable[[BinaryIO, Iterator[Columns]], None]


def answered(model: Model, parts: Iterator[Dataset]) -> Iterator[Columns]:
    """For each part: the rows' numbers from 1, the predictions and, for classes, each one's probability.

    Rows that were read from files of their own have these files' names.
    """
    start = 1
    for part in parts:
        columns: Columns = {"row": np.arange(start, start + len(part))}
        if part.names:
            columns["file"] = np.array(part.names)
        start += len(part)
        predicted = model.predict(part.X)
        if predicted.ndim == 1:
            columns["prediction"] = predicted
        else:
            names = model.targets or tuple(str(number) for number in range(1, predicted.shape[1] + 1))
            columns |= {f"prediction {name}": predicted[:, at] for at, name in enumerate(names)}
        if model.classes is not None and model.network.output.range == (0.0, 1.0):
            probabilities = model.predict_proba(part.X).astype(float).round(6)
            columns |= {f"probability {name}": probabilities[:, at] for at, name in enumerate(model.classes)}
        yield columns


def in_parts(dataset: Dataset) -> Iterator[Dataset]:
    """The rows of a data set, those of its own test part last, some at a time."""
    for each in (dataset, dataset.test):
        for start in range(0, len(each or ()), ROWS_AT_ONCE):
            assert each is not None
            yield each.rows(np.arange(start, min(start + ROWS_AT_ONCE, len(each))))


def _write_csv(file: BinaryIO, parts: Iterator[Columns]) -> None:
    for number, columns in enumerate(parts):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not number:
            writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
        file.write(text.getvalue().encode())


def _write_json_lines(file: BinaryIO, parts: Iterator[Columns]) -> None:
    for columns in parts:
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        lines = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
        file.write("".join(f"{line}\n" for line in lines).encode())


def _write_parquet(file: BinaryIO, parts: Iterator[Columns]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise LimpidError("Parquet is written with pyarrow: pip install 'limpid[tables]'") from None
    writer = None
    for columns in parts:
        table = pyarrow.table(columns)
        writer = writer or pyarrow.parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


WRITERS: dict[str, Writer] = {
    ".csv": _write_csv, ".jsonl": _write_json_lines, ".ndjson": _write_json_lines, ".parquet": _write_parquet,
}  # fmt: skip
"""By what the name of a file ends in."""


def writer_for(path: Path | None) -> Writer:
    """How answers are written to the file `path`; CSV where there is none.

    Errors: `LimpidError` for another ending.
    """
    suffix = ".csv" if path is None else path.suffix.lower()
    if suffix not in WRITERS:
        known = ", ".join(WRITERS)
        raise LimpidError(f"cannot write the answers to {path}: its name must end in one of {known}")
    return WRITERS[suffix]


def seen_pictures(model: Model, dataset: Dataset, place: Path) -> Iterator[tuple[Path, bytes]]:
    """Where each row of the data set goes as the network saw it, and the PNG file: `place`, or in it for several.

    Errors: `LimpidError` where rows are no pictures, several have one place, or one lies where a source does.
    """
    if model.image_shape is None or model.framing is None:
        raise LimpidError("the network saw no pictures that could be written")
    folder = place.is_dir() or place.suffix.lower() != ".png"
    rows = _rows(dataset)
    if not folder and len(rows) > 1:
        raise LimpidError(f"a folder is needed for {len(rows)} pictures that the network saw, got {place}")
    paths = [place / f"seen_{row}.png" for row in range(1, len(rows) + 1)] if folder else [place]
    taken = {os.path.realpath(name) for name in dataset.names} & {os.path.realpath(path) for path in paths}
    if taken:
        raise LimpidError(f"the picture seen cannot be written to {taken.pop()}: a source lies there")
    for path, row in zip(paths, rows, strict=True):
        grey = np.rint(np.clip(row * (255 / model.framing.full_scale), 0, 255)).astype(np.uint8)
        yield path, png(grey.reshape(model.image_shape))


def _rows(dataset: Dataset) -> NDArray[Any]:
    return np.concatenate([dataset.X, dataset.test.X]) if dataset.test else dataset.X
