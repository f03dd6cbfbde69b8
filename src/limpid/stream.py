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

    def column(self, name: str, kept: NDArray[np.bool_]) -> Column:
        """The cells of one column in the rows that are `kept` (rows,)."""

    def block(self, number: int, names: Sequence[str]) -> Table:
        """The columns `names` of a block."""

    def bytes_of(self, number: int) -> int:
        """About how much memory reading a block takes."""

    def fingerprint(self) -> str:
        """By which a model knows the table that it learned from."""


LEARNED, WATCHED, TESTED = 0, 1, 2


class Split(NamedTuple):
    """Which rows are learned from, watched and tested on."""

    parts: NDArray[np.uint8]
    """(rows,) `LEARNED`, `WATCHED` or `TESTED`."""
    starts: NDArray[np.int64]
    """(blocks + 1,) where each block begins."""

    def rows(self, part: int, block: int | None = None) -> NDArray[np.bool_]:
        """Which rows, of all or of one block, are in the part."""
        which: NDArray[np.bool_] = self.parts == part
        return which if block is None else which[self.starts[block] : self.starts[block + 1]]

    def count(self, part: int) -> int:
        return int(np.count_nonzero(self.parts == part))

    def counts(self, part: int) -> NDArray[np.int64]:
        """(blocks,) rows of the part in each block."""
        found: NDArray[np.int64] = np.add.reduceat(self.parts == part, self.starts[:-1], dtype=np.int64)
        return found


def split(blocks: Sequence[int], tested: float, watched: float, seed: int) -> Split:
    """Each row goes to a part at random: to be `tested` on with that probability, of the others `watched`."""
    random = np.random.default_rng(seed)
    rows = sum(blocks)
    parts = np.zeros(rows, np.uint8)
    if watched:
        parts[random.random(rows, np.float32) < watched] = WATCHED
    if tested:
        parts[random.random(rows, np.float32) < tested] = TESTED
    return Split(parts, np.concatenate([[0], np.cumsum(blocks)]).astype(np.int64))


class Fill(NamedTuple):
    """What is shuffled together."""

    blocks: NDArray[np.int64]
    order: NDArray[np.int64]
    """Of the rows of all of them, block after block."""


def fills(counts: NDArray[np.int64], most: int, seed: int, number: int) -> Iterator[Fill]:
    """Blocks in random order, at most `most` rows of them at a time or one block, their rows shuffled.

    `counts` (blocks,) are the rows of each block; `number` is the pass, from 0: each pass has its own order.
    """
    random = np.random.default_rng([seed, number])
    together: list[int] = []
    for block in random.permutation(np.flatnonzero(counts)):
        if together and counts[[*together, block]].sum() > most:
            yield _fill(together, counts, random)
            together = []
        together.append(int(block))
    if together:
        yield _fill(together, counts, random)


def _fill(blocks: list[int], counts: NDArray[np.int64], random: np.random.Generator) -> Fill:
    return Fill(np.array(blocks, np.int64), random.permutation(int(counts[blocks].sum())))


def pass_order(chosen: Split, most: int, seed: int, number: int) -> NDArray[np.int64]:
    """The rows of the table in the order in which pass `number` learns from them."""
    rows = [
        np.flatnonzero(chosen.rows(LEARNED, block)) + chosen.starts[block] for block in range(len(chosen.starts) - 1)
    ]
    found = [
        np.concatenate([rows[block] for block in fill.blocks])[fill.order]
        for fill in fills(chosen.counts(LEARNED), most, seed, number)
    ]
    return np.concatenate(found)
