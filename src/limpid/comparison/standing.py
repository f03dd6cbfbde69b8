"""How methods stand beside each other: their figures over all splits, and whether differences are more than noise."""

from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from limpid.comparison.scores import Score, Z, interval
from limpid.comparison.trial import Trial


class Result(NamedTuple):
    """A method on one split."""

    trial: Trial
    score: Score


class Difference(NamedTuple):
    """By how much a method's score is below the best one's."""

    value: float
    low: float
    """The lower end of its 95 % interval."""
    high: float

    @property
    def noise(self) -> bool:
        """Whether it may as well be none."""
        return self.low <= 0


@dataclass(frozen=True)
class Standing:
    """How a method did on the splits that it was tried on."""

    name: str
    results: tuple[Result, ...]
    """Of the first splits."""
    failed: str = ""
    """Why it has no results; empty where it has some."""

    @property
    def score(self) -> float:
        """The mean over splits."""
        return float(np.mean(self._scores))

    @property
    def deviation(self) -> float | None:
        """The standard deviation over splits; None for one."""
        return float(np.std(self._scores, ddof=1)) if len(self.results) > 1 else None

    @property
    def beside(self) -> float | None:
        """The mean over splits of the figure told beside the score, where there is one."""
        told = [result.score.beside for result in self.results if result.score.beside is not None]
        return float(np.mean(told)) if told else None

    @property
    def seconds(self) -> float:
        """To learn: the mean over splits."""
        return float(np.mean([result.trial.seconds for result in self.results]))

    @property
    def seconds_a_row(self) -> float:
        """To answer: the median over splits."""
        return float(np.median([result.trial.seconds_a_row for result in self.results]))

    @property
    def size(self) -> int:
        """Bytes: the mean over splits."""
        return round(float(np.mean([result.trial.size for result in self.results])))

    @property
    def remark(self) -> str:
        """What went otherwise than usual, on the last split where something did."""
        return next((result.trial.remark for result in reversed(self.results) if result.trial.remark), self.failed)

    def figures(self, behind: Difference | None) -> dict[str, Any]:
        """All of it by name, with its difference from the best."""
        known, one = bool(self.results), self.results[0].score if len(self.results) == 1 else None
        return {
            "method": self.name,
            "score": self.score if known else None,
            "low": one and one.low,
            "high": one and one.high,
            "deviation": self.deviation,
            "beside": self.beside,
            "behind": behind and behind.value,
            "behind_low": behind and behind.low,
            "behind_high": behind and behind.high,
            "as_good": bool(behind and behind.noise),
            "seconds_to_learn": self.seconds if known else None,
            "microseconds_a_row": 1e6 * self.seconds_a_row if known else None,
            "bytes": self.size if known else None,
            "rows_learned": self.results[-1].trial.rows if known else None,
            "splits": len(self.results),
            "remark": self.remark,
        }

    @property
    def _scores(self) -> list[float]:
        return [result.score.value for result in self.results]


def behind(best: Standing, other: Standing, tested: float | None) -> Difference:
    """How far `other` is behind `best` on the splits that both were tried on.

    On one split, and where all test on the same rows (`tested` is None), by drawing these again for both. Else
    `tested` is the number of rows tested on divided by those learned from: the mean of k splits, which overlap, has
    (1/k + tested) times the variance of one (C. Nadeau, Y. Bengio 2003), for which few splits are a poor guess: it is
    at least what drawing their rows again gives.
    """
    pairs = [(one.score, two.score) for one, two in zip(best.results, other.results, strict=False)]
    differences = np.array([one.value - two.value for one, two in pairs])
    resampled = np.array([one.resampled - two.resampled for one, two in pairs])
    mean = float(differences.mean())
    if tested is None or len(pairs) == 1:
        return Difference(mean, *interval(resampled.mean(axis=0)))
    variance = max(float(differences.var(ddof=1)), float(resampled.var(axis=1).mean()))
    half = Z * sqrt(variance * (1 / len(pairs) + tested))
    return Difference(mean, mean - half, mean + half)
