"""Does it learn its examples by heart? The gap between seen and unseen rows, and what would close it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.inspection.again import Again
from limpid.inspection.capacity import Capacity, fewer
from limpid.inspection.known import constant_cost, costs_of, dataset_of, parts_of, recipe_of, trained
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject
from limpid.network import Network
from limpid.training import Epoch

MUCH, SOME = 0.25, 0.1
"""Shares of what was learned from rows that do not hold on others: from the first on it overfits."""
RESAMPLES = 1000
MOST_ROWS = 5_000
"""Measured, and learned from again where networks are trained for comparison."""
SURE = 2.0
"""Standard errors that a difference must have to be spoken of."""
ROSE = 1.05
LESS = 0.95
"""A cost that more rows bring below this share of what it was says that more would help."""


@dataclass
class Overfitting(Result):
    """What a network knows of the rows it learned from and does not know of others, and what follows."""

    cost_seen: float
    """The mean cost of rows learned from."""
    cost_unseen: float
    """The mean cost of rows not learned from."""
    cost_constant: float
    """The cost on unseen rows of always giving the mean answer: what knowing nothing about them costs."""
    gap: tuple[float, float, float]
    """`cost_unseen` - `cost_seen`, and its 95 % interval by drawing rows again."""
    share: tuple[float, float, float]
    """The gap as a share of what was learned, `cost_constant` - `cost_seen`, and its interval: 0 is none by heart."""
    separation: int | None
    """The epoch after which the cost of watched rows rose; None where it did not, or none were watched."""
    by_heart: float | None
    """How far the same network gets with shuffled answers, which only can be learned by heart, from 0 to 1 (all)."""
    by_examples: list[dict[str, float]]
    """The costs against the number of rows learned from: means over seeds; empty where it was not asked for."""
    sizes: Capacity | None
    """The costs against the number and width of hidden layers; None where it was not asked for."""
    rows: tuple[int, int]
    """Measured: seen and unseen."""
    hidden: tuple[int, ...]
    """The network's hidden layers."""

    @property
    def overfits(self) -> bool:
        """Whether surely so much of what it learned does not hold on other rows."""
        return self.share[1] > SOME and self.share[0] > MUCH

    @property
    def verdict(self) -> list[str]:
        """In a few words: "overfits", "more data would help", ..."""
        told = ["overfits" if self.overfits else "overfits a little" if self.share[1] > SOME else "does not overfit"]
        if self.cost_unseen > self.cost_constant:
            told.append("it is worse on unseen rows than always giving the mean answer")
        if self._more_rows_help:
            told.append("more data would help")
        if self.sizes is not None:
            told.append(self._of_size(self.sizes))
        return told

    @property
    def words(self) -> str:
        told = (
            f"The network {'; '.join(self.verdict)}. Its cost is {self.cost_seen:.4g} on rows it learned from and "
            f"{self.cost_unseen:.4g} on others: a gap of {_between(self.gap, '{:.3g}')}. That is "
            f"{_between(self.share, '{:.0%}')} of what it learned. "
        )
        if self.separation is not None:
            told += f"After epoch {self.separation} the cost of watched rows rose. "
        if self.by_heart is not None:
            told += f"Shuffled answers, which have to be learned by heart, it learns to {self.by_heart:.0%}. "
        return told.strip()

    def to_rows(self) -> list[dict[str, Any]]:
        figures = {
            "cost on seen rows": self.cost_seen,
            "cost on unseen rows": self.cost_unseen,
            "cost of the mean answer": self.cost_constant,
            "gap": self.gap[0],
            "gap at least": self.gap[1],
            "gap at most": self.gap[2],
            "share by heart": self.share[0],
            "epoch of separation": self.separation,
            "shuffled answers learned": self.by_heart,
        }
        return [{"figure": name, "value": value} for name, value in figures.items()]

    def _draw(self, ax: Any) -> None:
        if not self.by_examples:
            names = ["rows learned from", "other rows", "mean answer"]
            ax.bar(names, [self.cost_seen, self.cost_unseen, self.cost_constant], color=[BLUE, ORANGE, "grey"])
            ax.set(ylabel="cost", title=", ".join(self.verdict))
            return
        rows = [each["rows"] for each in self.by_examples]
        ax.plot(rows, [each["seen"] for each in self.by_examples], color=BLUE, marker="o", label="rows learned from")
        ax.errorbar(rows, [each["unseen"] for each in self.by_examples], [each["error"] for each in self.by_examples],
                    color=ORANGE, marker="s", linestyle="--", capsize=2, label="other rows")  # fmt: skip
        ax.set(xscale="log", xlabel="rows learned from", ylabel="cost", title=", ".join(self.verdict))
        ax.legend()

    @property
    def _more_rows_help(self) -> bool:
        if len(self.by_examples) < 2:
            return False
        fewer_, all_ = self.by_examples[-2], self.by_examples[-1]
        sure = fewer_["unseen"] - all_["unseen"] > SURE * float(np.hypot(fewer_["error"], all_["error"]))
        return sure and all_["unseen"] < LESS * fewer_["unseen"]

    def _of_size(self, sizes: Capacity) -> str:
        own = next(point for point in sizes.points if point.hidden == self.hidden)
        enough, best = sizes.enough, sizes.best
        if enough.weights < own.weights:
            return f"a smaller one would do as well: {_told(enough.hidden)}"
        if own.unseen - best.unseen > SURE * float(np.hypot(own.error, best.error)):
            return f"a larger one would do better: {_told(best.hidden)}"
        return "no other size that was tried would do better"


def overfitting(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    X_unseen: Any = None,
    y_unseen: Any = None,
    shuffled: bool = True,
    examples: bool = True,
    sizes: bool = True,
    seeds: int = 3,
    epochs: int | None = None,
    rows: int = MOST_ROWS,
    widths: Sequence[int] | None = None,
    depths: Sequence[int] = (1, 2, 3),
    random: int = 0,
) -> Overfitting:
    """Whether a network learned its examples by heart, and whether more data or another size would help.

    `model` is a `Model` or a fitted estimator, or a `Network` that is trained here. X and y are the rows that it
    learned from where `X_unseen`, `y_unseen` are others; else all rows that were there when it learned, which are split
    as in training; X may be that `Dataset`. What takes training again can be left out: a control with `shuffled`
    answers, the costs against the number of `examples`, and against `sizes`, hidden layers of `widths` and `depths`.
    It is done with so many `seeds` (3 at least), `epochs` at most (as many as the model's where None) and at most so
    many `rows`.

    Errors: `LimpidError` for rows that do not fit, rows that are not known to be seen or unseen, or a model of which it
    is not known how it was trained.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 3:
        raise LimpidError(f"the number of seeds must be an integer of at least 3, got {seeds!r}")
    dataset = dataset_of(model, X, y, X_unseen, y_unseen)
    recipe = recipe_of(model)
    known = trained(dataset, recipe) if isinstance(model, Network) else Subject.of(model).given
    learned, others = parts_of(known, dataset)
    of_seen, of_unseen = costs_of(known, fewer(learned, rows, random)), costs_of(known, fewer(others, rows, random))
    constant = constant_cost(known, learned, others)
    gap = _resampled(of_seen, of_unseen, lambda seen, unseen: unseen - seen, random)
    share = _resampled(
        of_seen, of_unseen, lambda seen, unseen: (unseen - seen) / np.maximum(constant - seen, 1e-12), random
    )
    again = Again(
        replace(fewer(learned, rows, random), test=fewer(others, rows, random)), recipe, epochs, seeds, random
    )
    if shuffled or examples or sizes:
        again.check()
    return Overfitting(
        cost_seen=float(of_seen.mean()),
        cost_unseen=float(of_unseen.mean()),
        cost_constant=constant,
        gap=gap,
        share=share,
        separation=separation(known.history),
        by_heart=again.by_heart() if shuffled else None,
        by_examples=again.by_examples() if examples else [],
        sizes=again.by_size(widths, depths) if sizes else None,
        rows=(len(of_seen), len(of_unseen)),
        hidden=tuple(layer.units for layer in known.network.hidden),
    )


def separation(history: list[Epoch]) -> int | None:
    """The epoch after which the cost of watched rows was higher, by a twentieth and more on average."""
    costs = np.array([np.nan if epoch.validation_cost is None else epoch.validation_cost for epoch in history])
    if not len(costs) or np.isnan(costs).all():
        return None
    least = int(np.nanargmin(costs))
    later = costs[least + 1 :]
    return history[least].number if len(later) and np.nanmean(later) > ROSE * costs[least] else None


def _resampled(
    one: Floats, other: Floats, figure: Callable[[Floats, Floats], Floats], seed: int
) -> tuple[float, float, float]:
    """A figure of two means, and its 95 % interval by drawing the rows of both again (Efron 1979)."""
    random = np.random.default_rng(seed)
    means = [
        np.array([values[random.integers(len(values), size=len(values))].mean() for _ in range(RESAMPLES)])
        for values in (one, other)
    ]
    low, high = np.quantile(figure(means[0], means[1]), [0.025, 0.975])
    return float(figure(one.mean(), other.mean())), float(low), float(high)


def _between(figure: tuple[float, float, float], form: str) -> str:
    value, low, high = map(form.format, figure)
    return f"{value} ({low} to {high})"


def _told(hidden: tuple[int, ...]) -> str:
    return f"{', '.join(map(str, hidden))} hidden neurons" if hidden else "none hidden"
