"""Parquet files a part at a time: to learn from, to answer for, and to find again what was held out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from limpid.dataset import TASKS, Dataset
from limpid.errors import DataError, choose
from limpid.model import Model
from limpid.readers.columns import Wanted
from limpid.readers.parquet import PARQUET, ParquetStream
from limpid.stream import StreamedTable
from limpid.streamed_learning import held_out_rows
from limpid.streamed_rows import parts_of


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
    if not str(source).lower().endswith(PARQUET):
        raise DataError(
            f"{source}: only Parquet files are read in parts; polars makes one of a large CSV file: "
            "scan_csv(...).sink_parquet(...)"
        )
    stream = ParquetStream(source)
    wanted = Wanted.of(target, None, True, ignore, categorical)
    inputs, targets = wanted.choose(list(stream.columns))
    return StreamedTable(stream, tuple(inputs), tuple(targets), tuple(categorical), task)


def read_parts(model: Model, source: str) -> Iterator[Dataset] | None:
    """The rows of a Parquet file for a model that learned from a table, without answers, some at a time.

    None for another kind of file or of model. Errors: as `read`.
    """
    if model.encoder is None or not source.lower().endswith(PARQUET):
        return None
    stream = ParquetStream(source)
    inputs = Wanted.of(None, model, False, (), ()).choose(list(stream.columns))[0]
    return parts_of(stream, inputs, model.task)


def streamed_unseen(model: Model, source: str) -> Iterator[Dataset] | None:
    """The rows that were held out when the model learned from this Parquet file in parts; None where it did not."""
    if model.encoder is None or not source.lower().endswith(PARQUET):
        return None
    stream = ParquetStream(source)
    return held_out_rows(model, stream) if stream.fingerprint() == model.origin.fingerprint else None
