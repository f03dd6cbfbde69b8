"""How good answers are, and how sure that is: each score as a function of how often every tested row counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.comparison.trial import Trial

Rows = NDArray[np.float64]
RESAMPLES = 1000
AT_ONCE = 4_000_000
"""Numbers of resamples x rows in memory together."""
LEVEL = 0.95
Z = 1.959964
"""Standard deviations on both sides of a normal distribution's mean that hold 95 % of it."""


@dataclass(frozen=True)
class Judge:
    """What counts on the rows of one test part."""

    y: NDArray[Any]
    """(rows,) what is true."""
    score: str
    """What methods are judged by: "accuracy", "average precision" or "R²"."""
    beside: str
    """What is told beside it: "balanced accuracy", "accuracy", "RMSE", or nothing."""
    watched: Any
    """The class that average precision is about; None for another score."""
    seed: int

    @staticmethod
    def of(y: NDArray[Any], learned_from: NDArray[Any], classification: bool, seed: int) -> "Judge":
        """For rows with the answers `y`, where methods learn from others.

        Two classes of which one has fewer than a sixth of the rows learned from are judged by average precision of
        that one: always answering the other would look good by accuracy.
        """
        if not classification:
            return Judge(y, "R²", "RMSE", None, seed)
        labels, counts = np.unique(learned_from, return_counts=True)
        if counts.min() * 3 * len(counts) >= counts.sum():
            return Judge(y, "accuracy", "", None, seed)
        if len(labels) > 2:
            return Judge(y, "accuracy", "balanced accuracy", None, seed)
        return Judge(y, "average precision", "accuracy", labels[counts.argmin()], seed)

    def judge(self, trial: Trial) -> "Score":
        """What a method's answers come to."""
        value = float(self._value(trial, np.ones((1, len(self.y))))[0])
        resampled = np.concatenate([self._value(trial, weights) for weights in self._weights()])
        low, high = wilson(value, len(self.y)) if self.score == "accuracy" else interval(resampled)
        return Score(value, low, high, self._told_beside(trial), resampled)

    def _value(self, trial: Trial, weights: Rows) -> Rows:
        """(resamples,) by weights (resamples, rows)."""
        if self.score == "R²":
            return explained(self.y, trial.predictions, weights)
        if self.score == "accuracy":
            return np.asarray(weights @ (trial.predictions == self.y) / weights.sum(axis=1))
        assert trial.certainty is not None
        return average_precision(self.y == self.watched, trial.certainty, weights)

    def _told_beside(self, trial: Trial) -> float | None:
        right = trial.predictions == self.y
        if self.beside == "RMSE":
            return float(np.sqrt(np.mean((trial.predictions - self.y) ** 2)))
        if self.beside == "balanced accuracy":
            return float(np.mean([right[self.y == label].mean() for label in np.unique(self.y)]))
        return float(right.mean()) if self.beside else None

    def _weights(self) -> Iterator[Rows]:
        """How often each row is drawn (some resamples, rows), the same for every method."""
        random, rows = np.random.default_rng(self.seed), len(self.y)
        step = max(1, AT_ONCE // rows)
        for first in range(0, RESAMPLES, step):
            some = min(step, RESAMPLES - first)
            drawn = random.integers(rows, size=(some, rows)) + rows * np.arange(some)[:, None]
            yield np.bincount(drawn.ravel(), minlength=some * rows).reshape(some, rows).astype(np.float64)


@dataclass(frozen=True)
class Score:
    """How good a method is on one split."""

    value: float
    low: float
    """The lower end of its 95 % interval: Wilson's for an accuracy, by resampled test rows for another score."""
    high: float
    beside: float | None
    """The figure told beside it; None where there is none."""
    resampled: Rows
    """(resamples,) on test rows drawn again, the same ones for every method."""


def explained(y: NDArray[Any], predictions: NDArray[Any], weights: Rows) -> Rows:
    """R²: the share of the variance of y (rows,) that is explained (resamples,), by weights (resamples, rows)."""
    centred = y - y.mean()
    error, square = weights @ (y - predictions) ** 2, weights @ centred**2
    spread = square - (weights @ centred) ** 2 / weights.sum(axis=1)
    differ = spread > 1e-12 * square  # less is rounding: rows drawn again may all be the same one
    return np.where(differ, 1 - error / np.where(differ, spread, 1), np.where(error > 0, 0.0, 1.0))


def average_precision(positive: NDArray[np.bool_], certainty: NDArray[Any], weights: Rows) -> Rows:
    """The mean over positive rows of the share of positives among all rows at least as certain (resamples,).

    `positive` and `certainty` are (rows,), `weights` (resamples, rows); 0 where no positive row is drawn.
    """
    order = np.argsort(-certainty, kind="stable")
    sure, positive = certainty[order], positive[order]
    last = np.searchsorted(-sure, -sure, side="right") - 1  # of the rows that are equally certain
    drawn = weights[:, order]
    found, asked = np.cumsum(drawn * positive, axis=1)[:, last], np.cumsum(drawn, axis=1)[:, last]
    counted = drawn * positive
    total = counted.sum(axis=1)
    return np.asarray((counted * found / np.maximum(asked, 1)).sum(axis=1) / np.maximum(total, 1))


def wilson(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many rows (E. B. Wilson 1927)."""
    middle = share + Z * Z / (2 * rows)
    half = Z * sqrt(share * (1 - share) / rows + (Z / (2 * rows)) ** 2)
    whole = 1 + Z * Z / rows
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def interval(resampled: Rows) -> tuple[float, float]:
    """What lies in the middle 95 % of scores on resampled rows."""
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
