"""The rows of a stream as examples: shuffled within what memory holds, the next read while these are learned from."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset, answers_in
from limpid.encoder import Scaling
from limpid.engines import Examples, is_sparse
from limpid.errors import LimpidError
from limpid.network import Network
from limpid.preparation import row_weights, targets_for
from limpid.stream import LEARNED, PIECE, Fill, Split, Stream, fills
from limpid.streaming import Part
from limpid.table import Table
from limpid.table_encoder import TableEncoder

COPIES = 3
"""Of the rows that are shuffled together: learned from, those read next, and these put together from pieces."""
PIECES = 6
"""Of the file that are there while one is read: as in the file, as columns, as encoded numbers, and on the way."""


@dataclass(frozen=True)
class StreamedRows:
    """How rows become examples, and which of them are learned from, watched and tested on."""

    stream: Stream
    targets: tuple[str, ...]
    task: str
    split: Split
    encoder: TableEncoder
    network: Network
    classes: NDArray[Any] | None
    target_scaling: Scaling
    dtype: Any
    seed: int
    class_weights: NDArray[np.float64] | None = None
    """(classes,) how much a row of each counts."""
    kept: dict[str, Any] = field(default_factory=dict)
    """All examples, where they fit."""

    @property
    def bytes_a_row(self) -> int:
        """That an example takes in memory, at most."""
        return int((self.encoder.numbers(1) + self.network.outputs) * np.dtype(self.dtype).itemsize)

    def most(self, memory: int) -> int:
        """How many rows may be shuffled together in `memory` bytes.

        Errors: `LimpidError` that says how much is needed, where not even a piece of the table fits.
        """
        reading = max(map(self.stream.bytes_of, range(len(self.stream.blocks))))
        reading += PIECES * PIECE * 8 * len(self.encoder.columns)
        needed = reading + COPIES * PIECE * self.bytes_a_row
        if needed > memory:
            raise LimpidError(
                f"{self.stream.name}: reading it needs about {needed / 1e6:.0f} MB, "
                f"{max(memory, 0) / 1e6:.0f} MB of the memory are left; allow more"
            )
        return (memory - reading) // (COPIES * self.bytes_a_row)

    def datasets(self, part: int) -> Iterator[Dataset]:
        """All rows of a part, a piece at a time."""
        for table in self._tables(part):
            y = answers_in(table, self.targets)
            yield Dataset(self.stream.name, table.only(self.encoder.inputs), y, self.task, targets=self.targets)

    def examples(self, part: int) -> Examples:
        """All rows of a part."""
        return _stacked([self.encoded(table) for table in self._tables(part)])

    def parts(self, number: int, most: int, batch: int) -> Iterator[Part]:
        """Pass `number` over the rows to learn from, about `most` of them at a time, in whole batches but the last."""
        masks = self.split.pieces(LEARNED)
        counts = [[int(np.count_nonzero(piece)) for piece in block] for block in masks]
        todo = fills(counts, most, self.seed, number)
        if sum(map(sum, counts)) <= most:
            yield self._all(counts, next(todo))
            return
        with ThreadPoolExecutor(1) as ahead:
            reading = self._read(todo, masks, batch)
            coming = ahead.submit(next, reading, None)
            while (part := coming.result()) is not None:
                coming = ahead.submit(next, reading, None)
                yield part
                del part  # two of them are enough

    def _read(self, todo: Iterator[Fill], masks: list[list[NDArray[np.bool_]]], batch: int) -> Iterator[Part]:
        rest: list[Examples] = []
        source = self._in_turn(masks)
        next(source)
        for fill in todo:
            more = sum(len(each.Y) for each in rest)
            found = (source.send(place) for place in fill.pieces)
            examples = _stacked([*rest, *(self.encoded(table) for table in found if table is not None)])
            order = np.concatenate([np.arange(more), fill.order + more])
            whole = len(order) // batch * batch
            left = order[whole:]
            rest = [_rows(examples, left)] if len(left) else []
            yield Part(examples, order[:whole])
            del examples
        if rest:
            yield Part(rest[0], np.arange(len(rest[0].Y)))

    def _in_turn(self, masks: list[list[NDArray[np.bool_]]]) -> Generator[Table | None, tuple[int, int], None]:
        """Asked for one piece of a block after the other, gives each."""
        block, pieces = -1, iter(list[Table]())
        wanted = yield None
        while True:
            if wanted[0] != block:
                block = wanted[0]
                pieces = self.stream.pieces(block, [*self.encoder.inputs, *self.targets])
            wanted = yield _some(next(pieces), masks[block][wanted[1]])

    def _all(self, counts: list[list[int]], fill: Fill) -> Part:
        """Everything in the file's order, read once, with the order of a pass."""
        if not self.kept:
            self.kept["examples"] = self.examples(LEARNED)
        sizes = np.array([count for block in counts for count in block])
        starts = np.cumsum(sizes) - sizes
        first = np.cumsum([0, *map(len, counts)])
        places = [first[block] + piece for block, piece in fill.pieces]
        rows = np.concatenate([np.arange(starts[place], starts[place] + sizes[place]) for place in places])
        return Part(self.kept["examples"], rows[fill.order])

    def _tables(self, part: int) -> Iterator[Table]:
        """All rows of a part, a piece at a time."""
        for block, masks in enumerate(self.split.pieces(part)):
            pieces = self.stream.pieces(block, [*self.encoder.inputs, *self.targets])
            for table, which in zip(pieces, masks, strict=True):
                if (found := _some(table, which)) is not None:
                    yield found

    def encoded(self, table: Table) -> Examples:
        """Rows that have all inputs and answers, as the network computes with them."""
        name, y = self.stream.name, answers_in(table, self.targets)
        Y = targets_for(name, y, self.network, self.classes, self.target_scaling, self.dtype)
        weights = row_weights(self.class_weights, y, self.classes, self.dtype)
        return Examples(self.encoder.encode(table, self.dtype), Y, weights)


def parts_of(stream: Stream, inputs: Sequence[str], task: str) -> Iterator[Dataset]:
    """All rows of a stream without answers, a piece at a time."""
    for block in range(len(stream.blocks)):
        for table in stream.pieces(block, inputs):
            yield Dataset(stream.name, table, None, task)


def _some(table: Table, which: NDArray[np.bool_]) -> Table | None:
    return table.rows(which) if which.any() else None


def _stacked(parts: list[Examples]) -> Examples:
    if len(parts) == 1:
        return parts[0]
    Y = np.concatenate([part.Y for part in parts])
    weights = [part.weights for part in parts if part.weights is not None]
    counted = np.concatenate(weights) if weights else None
    if not is_sparse(parts[0].X):
        return Examples(np.concatenate([part.X for part in parts]), Y, counted)
    from scipy.sparse import csr_array, vstack

    return Examples(csr_array(vstack([part.X for part in parts], format="csr")), Y, counted)


def _rows(examples: Examples, which: NDArray[np.int64]) -> Examples:
    weights = None if examples.weights is None else examples.weights[which]
    return Examples(examples.X[which], examples.Y[which], weights)
