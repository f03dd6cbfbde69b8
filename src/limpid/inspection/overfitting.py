"""Whether a network learned what holds, or by heart what it was shown: the gap between seen and unseen rows, and why.

A model overfits where something simpler does better on unseen rows although it does worse on those learned from
(T. Mitchell 1997, section 3.7): an earlier epoch, a smaller network, or knowing nothing but averages.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.inspection.arguments import check_finite, check_list, draws_from
from limpid.inspection.capacity_curves import (
    BEYOND,
    DEPTHS,
    FEWEST_SEEDS,
    CapacityCurves,
    Hidden,
    capacity_curves,
    check_positive,
    layers_told,
)
from limpid.inspection.gap import RISES, Earlier, base_costs, chance, costs_of, earlier, gap_interval, separation
from limpid.inspection.known_rows import Known, answers_of, known_rows
from limpid.inspection.learning_again import LearningCurve, by_heart, check_shares, learning_curve
from limpid.inspection.result import Result
from limpid.inspection.scoring import score_name, score_on, told
from limpid.inspection.subject import Floats, Subject

KEPT = 0.8
"""Where less than this share of what was learned on seen rows holds on unseen ones, that is overfitting by itself."""
SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
TIMES = (0.25, 0.5, 1, 2, 4)
"""The model's own width, that are tried where no widths are said."""


@dataclass
class Overfitting(Result):
    """A model on rows that it learned from and on others, and what learning again showed."""

    subject: Subject
    rows_seen: int
    rows_unseen: int
    cost_seen: float
    """C_train: the average on rows learned from, without a penalty."""
    cost_unseen: float
    """C_validation: on rows that it never saw."""
    gap_low: float
    """The lower end of the gap's 95 % interval, by drawing the rows of both kinds again."""
    gap_high: float
    score_seen: float
    """Accuracy or R²."""
    score_unseen: float
    base_seen: float
    """The cost on rows learned from of the best answer that is the same for all: what it takes to know nothing."""
    base_unseen: float
    """What that answer costs on unseen rows."""
    separation: int | None
    """The epoch after which the cost of watched rows rose while that of those learned from fell on; None if none."""
    earlier: Earlier | None
    """None where the model kept no path."""
    shuffled: Floats | None
    """(seeds,): the score on rows learned from where their answers had been shuffled; None where that was left out."""
    chance: float
    """That score of the best answer that is the same for all."""
    examples: LearningCurve | None
    """Over the number of rows learned from; None where it was left out."""
    capacity: CapacityCurves | None
    """Over the width and the number of hidden layers; None where that was left out."""
    hidden: Hidden
    """The model's own."""

    @property
    def gap(self) -> float:
        """C_validation - C_train."""
        return self.cost_unseen - self.cost_seen

    @property
    def holds(self) -> float:
        """The share of what it learned about seen rows (their cost below `base_seen`) that holds on unseen ones."""
        learned = self.base_seen - self.cost_seen
        return (self.base_unseen - self.cost_unseen) / learned if learned > 0 else 1.0

    @property
    def reasons(self) -> list[str]:
        """Why it overfits; none where it does not."""
        if self.gap_low <= 0:
            return []
        found = []
        if self.holds < KEPT:
            found.append(
                f"only {max(self.holds, 0):.0%} of what it learned holds on unseen rows"
                if self.holds > 0
                else "on unseen rows it does worse than one answer for all"
            )
        if self.earlier is not None and self.earlier.better > BEYOND * self.earlier.error:
            found.append(f"after epoch {self.earlier.epoch} it did better on them, by {self.earlier.better:.3g}")
        smaller = self._better(smaller=True)
        if smaller is not None:
            found.append(f"{layers_told(smaller)} does better on them")
        return found

    @property
    def overfits(self) -> bool:
        """Whether the gap is more than noise, and there are `reasons`."""
        return bool(self.reasons)

    @property
    def advice(self) -> list[str]:
        """What of "more data would help", "smaller would do as well" and "larger would help" was measured."""
        found = []
        if self.examples is not None and self.examples.more_would_help:
            found.append("more data would help")
        if self.as_small is not None:
            found.append("smaller would do as well")
        if self._better(smaller=False) is not None:
            found.append("larger would help")
        return found

    @property
    def as_small(self) -> Hidden | None:
        """The smallest size tried that is no worse than the model's by more than a standard error; None if none is."""
        for size in self._others(smaller=True):
            apart = self._curves.apart(size, self.hidden)
            if apart.value <= apart.error:
                return size
        return None

    @property
    def verdict(self) -> str:
        """ "overfits" or "does not overfit", and what would help."""
        return "; ".join(["overfits" if self.overfits else "does not overfit", *self.advice])

    @property
    def words(self) -> str:
        task = self.subject.given.task
        name = score_name(task)
        lead = "It overfits" if self.overfits else "It does not overfit"
        because = f": {', and '.join(self.reasons)}" if self.overfits else ""
        parts = [
            f"{lead}{because}.",
            f"{name[0].upper()}{name[1:]} is {told(task, self.score_seen)} on {self.rows_seen:,} rows learned from and "
            f"{told(task, self.score_unseen)} on {self.rows_unseen:,} others; the cost is {self.gap:.3g} higher there "
            f"({self.gap_low:.3g} to {self.gap_high:.3g}).",
        ]
        if self.separation is not None:
            parts.append(f"Watched rows separated from those learned from after epoch {self.separation}.")
        if self.shuffled is not None:
            parts.append(
                f"Given shuffled answers, which can only be learned by heart, its {name} on them is "
                f"{told(task, float(self.shuffled.mean()))}, where {told(task, self.chance)} is chance."
            )
        return " ".join([*parts, *self._advised()])

    def _advised(self) -> list[str]:
        found = []
        if "more data would help" in self.advice:
            found.append("More data would help.")
        if self.as_small is not None:
            found.append(f"Smaller would do as well: {layers_told(self.as_small)}.")
        if (larger := self._better(smaller=False)) is not None:
            found.append(f"Larger would help: {layers_told(larger)}.")
        return found

    def to_rows(self) -> list[dict[str, Any]]:
        name = score_name(self.subject.given.task)
        rows: list[tuple[str, Any]] = [
            ("verdict", self.verdict),
            ("gap", self.gap),
            ("gap, lower end", self.gap_low),
            ("gap, upper end", self.gap_high),
            ("cost on rows learned from", self.cost_seen),
            ("cost on unseen rows", self.cost_unseen),
            (f"{name} on rows learned from", self.score_seen),
            (f"{name} on unseen rows", self.score_unseen),
            ("share of what was learned that holds", self.holds),
            ("epoch of separation", self.separation),
            (f"{name} on shuffled answers learned by heart", self._by_heart),
            (f"{name} by chance", self.chance),
        ]
        return [{"what": what, "value": value} for what, value in rows]

    def _draw(self, ax: Any) -> None:
        """The epochs, where they were watched; else both costs beside what knowing nothing costs."""
        history = [epoch for epoch in self.subject.given.history if epoch.validation_cost is not None]
        if history:
            epochs = [epoch.number for epoch in history]
            ax.plot(epochs, [each.cost for each in history], "o--", ms=3, color=BLUE, label="rows learned from")
            ax.plot(
                epochs, [each.validation_cost for each in history], "s-", ms=3, color=ORANGE, label="rows only watched"
            )
            if self.separation is not None:
                ax.axvline(self.separation, color="grey", ls=":", label="separation")
            ax.set(xlabel="epoch", yscale="log")
        else:
            names = ["rows learned from", "unseen rows"]
            ends = [[0, max(self.gap - self.gap_low, 0)], [0, max(self.gap_high - self.gap, 0)]]
            ax.bar(names, [self.cost_seen, self.cost_unseen], yerr=ends, color=[BLUE, ORANGE], capsize=6)
            ax.axhline(self.base_unseen, color="grey", ls=":", label="one answer for all")
        ax.set(ylabel="cost", title=self.verdict)
        ax.legend()

    @property
    def _by_heart(self) -> float | None:
        return None if self.shuffled is None else float(self.shuffled.mean())

    @property
    def _curves(self) -> CapacityCurves:
        assert self.capacity is not None
        return self.capacity

    def _others(self, smaller: bool) -> list[Hidden]:
        """Sizes with fewer, or more, weights than the model's, the smallest first."""
        if self.capacity is None or self.hidden not in self.capacity.measured:
            return []
        own = self.capacity.measured.index(self.hidden)
        return self.capacity.measured[:own] if smaller else self.capacity.measured[own + 1 :]

    def _better(self, smaller: bool) -> Hidden | None:
        """The best size among the smaller, or larger, where it is better by more than noise and by a hundredth."""
        best = min(self._others(smaller), key=self._curves.mean, default=None) if self.capacity else None
        if best is None:
            return None
        apart = self._curves.apart(self.hidden, best)
        return best if apart.beyond and apart.value > RISES * self._curves.mean(self.hidden) else None


def overfitting(
    model: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    X_unseen: Any = None,
    y_unseen: ArrayLike | None = None,
    seeds: int = FEWEST_SEEDS,
    epochs: int | None = None,
    shares: Sequence[float] = SHARES,
    widths: Sequence[int] | None = None,
    depths: Sequence[int] = DEPTHS,
    control: bool = True,
    random: int | np.random.Generator | np.random.RandomState = 0,
) -> Overfitting:
    """Whether a model, or a network that is learned for it, overfits, and what would help.

    `model` is a `Model`, a fitted estimator, a `Network`, or a recipe's choices ({"hidden": [30]}). X is a `Dataset`,
    or rows (rows, inputs) with answers y: all those that the model had, which are split into seen and unseen ones as
    training did, or, with `X_unseen` and `y_unseen`, those that it learned from.

    The other parts learn again, by the model's own recipe (an estimator's as near as `limpid.learn` comes to it), with
    `seeds` networks each, at least 3, and at most `epochs` each: from `shares` of the rows; with hidden layers of
    `widths` (None: a quarter to four times its own) and with each of `depths`; and, as a `control`, from shuffled
    answers, for as many epochs as the model took. `shares=()`, `widths=()`, `depths=()` and `control=False` leave a
    part out: the gap alone takes a second or two for 60,000 digits, all of it some 40 trainings.

    Errors: `LimpidError` where it is not known which rows are which, for a number out of range, or where the model
    cannot be learned again by what is known of it.
    """
    _check(seeds, epochs)
    for what, numbers in (("shares", shares), ("widths", () if widths is None else widths), ("depths", depths)):
        check_list(what, numbers)
    check_shares(shares)
    check_positive("widths", () if widths is None else widths)
    check_positive("depths", depths)
    draws = draws_from(random)
    known = known_rows(model, X, y, X_unseen, y_unseen)
    given = known.subject.given
    hidden = tuple(layer.units for layer in given.network.hidden)
    sizes = _sizes(hidden, widths, depths)
    again: dict[str, Any] = {}
    if control or sizes or len(shares):  # what is not known is said before the work
        again = {**known.choices, **({} if epochs is None else {"epochs": epochs})}
    seen, unseen = (given.examples(part.X, answers_of(part)) for part in (known.seen, known.unseen))
    costs, others = costs_of(given, seen), costs_of(given, unseen)
    check_finite("the cost of some rows", costs, others)
    low, high = gap_interval(costs, others, draws)
    seed = int(draws.integers(2**31))
    took = epochs or max(1, len(given.history))
    return Overfitting(
        known.subject,
        len(seen.Y),
        len(unseen.Y),
        float(costs.mean()),
        float(others.mean()),
        low,
        high,
        score_on(given, seen),
        score_on(given, unseen),
        *base_costs(given, seen, unseen),
        separation(given),
        earlier(given, unseen, others),
        by_heart(known.kept, hidden, took, seeds, again, draws) if control else None,
        chance(given, seen),
        learning_curve(known.kept, known.unseen, hidden, shares, seeds, again, seed) if len(shares) else None,
        _capacity(known, sizes, seeds, {**again, "seed": seed}) if sizes else None,
        hidden,
    )


def _check(seeds: Any, epochs: Any) -> None:
    for what, value, least in (("seeds", seeds, FEWEST_SEEDS), ("epochs", 1 if epochs is None else epochs, 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise LimpidError(f"{what} must be an integer of at least {least}, got {value!r}")


def _sizes(hidden: Hidden, widths: Sequence[int] | None, depths: Sequence[int]) -> list[Hidden]:
    """The model's own, its layers in other widths, and other numbers of its widest layer."""
    widest = max(hidden, default=0)
    if widths is None:
        scaled = [tuple(max(1, round(times * units)) for units in hidden) for times in TIMES] if hidden else []
    else:
        scaled = [tuple(max(1, round(width / widest * units)) for units in hidden) or (width,) for width in widths]
    deep = [(widest,) * depth for depth in depths] if hidden else []
    return [hidden, *scaled, *deep] if scaled or deep else []


def _capacity(known: Known, sizes: list[Hidden], seeds: int, choices: dict[str, Any]) -> CapacityCurves:
    return capacity_curves(replace(known.kept, test=known.unseen), sizes, seeds, **choices).run()
