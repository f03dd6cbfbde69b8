"""One method on one split: trained within a time, asked, timed and weighed."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.comparison.learned import Learned, Other, Ours
from limpid.comparison.methods import Method, Setting
from limpid.dataset import Dataset
from limpid.learning import Learning, held_out
from limpid.recipe import Recipe

PILOT_FROM = 1_000_000
"""Numbers (rows x columns x classes) from which on few rows are tried first, to see how long all would take."""
PILOT_ROWS = 500
PILOT_SHARE = 0.05
"""Of the rounds that a method makes, to see how long even these few rows would take."""
BATCH = 1000
"""Rows asked for at once where it is measured how long a row takes."""
ROUNDS = 5
SECONDS_TO_ASK = 1.0
"""No more rounds begin after that."""


class TooSlowError(Exception):
    """Why a method is not tried."""


@dataclass(frozen=True)
class Trial:
    """What a method came to on a split."""

    predictions: NDArray[Any]
    """(rows,) labels or numbers for the rows to test on."""
    certainty: NDArray[Any] | None
    """(rows,) how likely the watched class is; None where none is watched."""
    seconds: float
    """To learn, from rows as they were read."""
    seconds_a_row: float
    """To answer, from rows as they were read, in batches of `BATCH`."""
    size: int
    """Bytes in a file."""
    rows: int
    """It learned from."""
    remark: str = ""
    """What went otherwise than usual."""


@dataclass(frozen=True)
class Split:
    """Rows to learn from and to test on, the same for all methods."""

    dataset: Dataset
    recipe: Recipe
    learning: Learning
    """Limpid's, with its encoder; it is never begun."""
    kept: Dataset
    """All rows to learn from, those that limpid only watches included."""

    @staticmethod
    def of(dataset: Dataset, recipe: Recipe) -> "Split":
        """As `recipe` says.

        Errors: as `Learning`.
        """
        learning, kept = Learning(dataset, recipe), dataset
        if dataset.test is None:
            kept = dataset.rows(held_out(dataset, np.arange(len(dataset)), recipe.test_size, recipe.seed)[0])
        return Split(dataset, recipe, learning, kept)

    @property
    def test(self) -> Dataset:
        """The rows to test on."""
        assert self.learning.test is not None
        return self.learning.test

    @property
    def width(self) -> int:
        """Inputs of the network times outputs."""
        return self.learning.network.inputs * self.learning.network.outputs


def try_limpid(split: Split, watched: Any, limit: float) -> Trial:
    """With its defaults, ended where it has taken `limit` seconds.

    Errors: `KeyboardInterrupt` where it was interrupted.
    """
    began = perf_counter()
    learning = Learning(split.dataset, split.recipe)
    for _ in learning:
        if perf_counter() - began > limit:
            learning.stop("out of time")
    seconds, ended = perf_counter() - began, learning.training.stopped_because
    if ended == "interrupted":
        raise KeyboardInterrupt
    remark = f"stopped after {len(learning.training.history)} epochs: out of time" if ended == "out of time" else ""
    learned = Ours(learning.model)
    return _asked(learned, learned.predict(split.test.X), split.test, watched, seconds, len(split.kept), remark)


def try_method(method: Method, split: Split, setting: Setting, watched: Any, limit: float) -> Trial:
    """On fewer rows where all would take longer than `limit` seconds.

    Errors: `TooSlowError` where even few would.
    """
    view, test, rows = method.view.of(split.learning), split.test, len(split.kept)

    def learn(size: int, share: float = 1.0) -> tuple[Other, float, NDArray[Any]]:
        part = split.kept if size == rows else _some(split.kept, size, setting.seed)
        fit = method.make(setting._replace(rows=size, flags=view.flags, share=share))
        began = perf_counter()
        learned = Other.learn(fit, view, part)
        seconds = perf_counter() - began
        return learned, seconds, learned.predict(test.X)

    pilot = rows
    if rows * split.width > PILOT_FROM and rows > PILOT_ROWS:
        pilot, share = PILOT_ROWS, PILOT_SHARE if method.in_rounds else 1.0
        least = learn(pilot, share)[1] / share
        if least > limit:
            raise TooSlowError(f"{pilot} of {rows:,} rows alone would take about {least:.0f} s")
    (learned, seconds, predictions), size = within(limit, rows, pilot, learn)
    remark = f"learned from {size:,} of {rows:,} rows: all would take too long" if size < rows else ""
    return _asked(learned, predictions, test, watched, seconds, size, remark)


def within(limit: float, rows: int, pilot: int, work: Callable[[int], Any]) -> tuple[Any, int]:
    """What `work` gives for all `rows`, or for as many as `limit` seconds seem enough for, and how many they are.

    It is tried with `pilot` of them, then with more as long as that leaves time for twice as many.
    """
    size, tried = pilot, list[tuple[int, float]]()
    while True:
        began = perf_counter()
        done = work(size)
        tried.append((size, perf_counter() - began))
        larger = min(rows, affordable(tried, limit - sum(seconds for _, seconds in tried)))
        if size == rows or larger < min(rows, 2 * size):
            return done, size
        size = larger


def affordable(tried: list[tuple[int, float]], left: float) -> int:
    """For how many rows `left` seconds are enough, by the (rows, seconds) tried: by the line through the last two.

    By the last in proportion where it is the only one.
    """
    rows, seconds = tried[-1]
    a_row = seconds / rows
    if len(tried) > 1:
        a_row = min(a_row, (seconds - tried[-2][1]) / (rows - tried[-2][0]))
    fixed = seconds - a_row * rows
    return int((left - fixed) / max(a_row, 1e-9))


def _some(part: Dataset, size: int, seed: int) -> Dataset:
    return part.rows(held_out(part, np.arange(len(part)), size / len(part), seed)[1])


def _asked(
    learned: Learned,
    predictions: NDArray[Any],
    test: Dataset,
    watched: Any,
    seconds: float,
    rows: int,
    remark: str,
) -> Trial:
    certainty = None if watched is None else learned.certainty(test.X, watched)
    return Trial(predictions, certainty, seconds, _seconds_a_row(learned, test), learned.size(), rows, remark)


def _seconds_a_row(learned: Learned, test: Dataset) -> float:
    """The median of some rounds; where there are fewer rows than a batch has they are asked for again."""
    batch = test.rows(np.resize(np.arange(len(test)), BATCH)).X
    taken: list[float] = []
    while len(taken) < ROUNDS and sum(taken) < SECONDS_TO_ASK:
        began = perf_counter()
        learned.predict(batch)
        taken.append(perf_counter() - began)
    return median(taken) / BATCH
