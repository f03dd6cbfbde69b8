"""A table that may be larger than memory: columns one at a time, rows a block at a time, and how they are shuffled."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from limpid.table import Column, Table


class Stream(Protocol):
    """Where a table can be read from in parts."""

    name: str
    """Where it comes from."""
    columns: tuple[str, ...]
    blocks: tuple[int, ...]
    """The rows of each block, in order."""

    def column(self, name: str, *kept: NDArray[np.bool_]) -> list[Column]:
        """The cells of one column in each choice of rows, `kept` (rows,)."""

    def pieces(self, block: int, names: Sequence[str]) -> Iterator[Table]:
        """The columns `names` of a block, `PIECE` rows at a time; the last may have fewer."""

    def bytes_of(self, block: int) -> int:
        """About how much memory reading the pieces of a block takes."""

    def fingerprint(self) -> str:
        """By which a model knows the table that it learned from."""


PIECE = 32_768
"""Rows that are read and encoded together."""
FIRST = 8
"""The first fill of a pass has so much less room."""


class StreamedTable(NamedTuple):
    """A stream, and what is to be learned from it."""

    stream: Stream
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    categorical: tuple[str, ...] = ()
    """Columns whose numbers are names."""
    task: str | None = None
    """As in `Dataset`; guessed from the answers where it is None."""


LEARNED, WATCHED, TESTED = 0, 1, 2


class Split(NamedTuple):
    """Which rows are learned from, watched and tested on."""

    parts: NDArray[np.uint8]
    """(rows,) `LEARNED`, `WATCHED` or `TESTED`."""
    blocks: tuple[int, ...]
    """The rows of each block."""

    def rows(self, part: int) -> NDArray[np.bool_]:
        """(rows,) which are in the part."""
        which: NDArray[np.bool_] = self.parts == part
        return which

    def pieces(self, part: int) -> list[list[NDArray[np.bool_]]]:
        """For each piece of each block (its rows,) which are in the part."""
        which, start, found = self.rows(part), 0, []
        for rows in self.blocks:
            found.append([which[at : min(at + PIECE, start + rows)] for at in range(start, start + rows, PIECE)])
            start += rows
        return found

    def count(self, part: int) -> int:
        return int(np.count_nonzero(self.parts == part))


def split(blocks: Sequence[int], tested: float, watched: float, seed: int) -> Split:
    """Each row goes to a part at random: to be `tested` on with that probability, of the others `watched`."""
    random = np.random.default_rng(seed)
    rows = sum(blocks)
    parts = np.zeros(rows, np.uint8)
    if watched:
        parts[random.random(rows, np.float32) < watched] = WATCHED
    if tested:
        parts[random.random(rows, np.float32) < tested] = TESTED
    return Split(parts, tuple(blocks))


class Fill(NamedTuple):
    """What is shuffled together."""

    pieces: list[tuple[int, int]]
    """Block and piece of it, in the order in which they are read."""
    order: NDArray[np.int64]
    """Of their rows to learn from, piece after piece."""


def fills(counts: list[list[int]], most: int, seed: int, number: int) -> Iterator[Fill]:
    """Blocks in random order, cut into fills of at most `most` rows or one piece, whose rows are shuffled.

    `counts` are the rows to learn from in each piece of each block; `number` is the pass, from 0: each has its own
    order. Where there are several fills the first is smaller: learning begins sooner, while the next is read.
    """
    random = np.random.default_rng([seed, number])
    together: list[tuple[int, int]] = []
    rows, room = 0, most if sum(map(sum, counts)) <= most else most // FIRST
    for block in random.permutation(len(counts)).tolist():
        for piece, count in enumerate(counts[block]):
            if together and rows + count > room:
                yield Fill(together, random.permutation(rows))
                together, rows, room = [], 0, most
            together.append((block, piece))
            rows += count
    if rows:
        yield Fill(together, random.permutation(rows))


def pass_order(chosen: Split, most: int, seed: int, number: int) -> NDArray[np.int64]:
    """The rows of the table in the order in which pass `number` learns from them."""
    pieces, start = chosen.pieces(LEARNED), 0
    rows: list[list[NDArray[np.int64]]] = []
    for block in pieces:
        rows.append([])
        for piece in block:
            rows[-1].append(np.flatnonzero(piece) + start)
            start += len(piece)
    counts = [[len(piece) for piece in block] for block in rows]
    return np.concatenate(
        [
            np.concatenate([rows[block][piece] for block, piece in fill.pieces])[fill.order]
            for fill in fills(counts, most, seed, number)
        ]
    )
