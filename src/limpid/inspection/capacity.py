"""How many hidden neurons: the cost on seen and on unseen rows against the number and the width of hidden layers.

Whether a wider network overfits is not promised but measured: it may, and it may not (Belkin et al. 2019).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from limpid.dataset import Dataset
from limpid.displays import BLUE, GREEN, ORANGE
from limpid.errors import LimpidError
from limpid.evaluation import evaluate
from limpid.inspection.result import Result
from limpid.learning import Learning
from limpid.together import Together, train_many

WIDTHS, DEPTHS, SEEDS = (4, 8, 16, 32, 64, 128, 256), (1, 2, 3), 3
EPOCHS, ROWS = 30, 5_000
"""Of each network, where nothing is said: enough to see, not to get the best."""
MOST_MEASURED = 5_000
SURE = 2.0
"""Standard errors that a difference must have to be spoken of."""


@dataclass(frozen=True)
class Point:
    """Networks of one size: means over their seeds."""

    hidden: tuple[int, ...]
    weights: int
    seen: float
    """The cost of rows learned from."""
    unseen: float
    """The cost of rows not learned from."""
    error: float
    """The standard error of `unseen` over the seeds."""
    score: float
    """On unseen rows: accuracy, or R²."""
    seeds: int


@dataclass
class Capacity(Result):
    """Networks of many sizes, each learned from the same rows with several seeds."""

    trained: list[dict[str, Any]]
    """One for each network."""
    label: str
    """What a score is: accuracy or R²."""
    rows: int
    """Learned from."""
    epochs: int
    interrupted: bool = False

    @property
    def points(self) -> list[Point]:
        """One for each size, in the order in which they were asked for."""
        sizes = dict.fromkeys(tuple(each["hidden"]) for each in self.trained)
        return [self._point([each for each in self.trained if tuple(each["hidden"]) == size]) for size in sizes]

    def _point(self, of: list[dict[str, Any]]) -> Point:
        unseen = np.array([each["unseen_cost"] for each in of])
        error = float(unseen.std(ddof=1) / np.sqrt(len(of))) if len(of) > 1 else 0.0
        return Point(
            tuple(of[0]["hidden"]),
            of[0]["weights"],
            float(np.mean([each["seen_cost"] for each in of])),
            float(unseen.mean()),
            error,
            float(np.mean([each["unseen_score"] for each in of])),
            len(of),
        )

    @property
    def best(self) -> Point:
        """The least cost on unseen rows."""
        return min(self.points, key=lambda point: point.unseen)

    @property
    def enough(self) -> Point:
        """The fewest weights that are within one standard error of the best (Breiman et al. 1984, section 3.4.3)."""
        limit = self.best.unseen + self.best.error
        return min((point for point in self.points if point.unseen <= limit), key=lambda point: point.weights)

    @property
    def worse_beyond(self) -> list[Point]:
        """Sizes with more weights than the best and, surely, a higher cost on unseen rows."""
        best = self.best
        return [
            point
            for point in self.points
            if point.weights > best.weights
            and point.unseen - best.unseen > SURE * float(np.hypot(point.error, best.error))
        ]

    @property
    def words(self) -> str:
        best, enough = self.best, self.enough
        told = (
            f"Of {len(self.points)} sizes, each with {best.seeds} seeds, {_told(best.hidden)} do best on unseen "
            f"rows: cost {best.unseen:.4g}, {self.label} {best.score:.3f}. "
        )
        if enough != best:
            told += f"{_told(enough.hidden)} would do as well, within one standard error. "
        larger = [point for point in self.points if point.weights > best.weights]
        if not larger:
            told += "It is the largest that was tried: larger ones may do better still. "
        elif self.worse_beyond:
            worst = max(self.worse_beyond, key=lambda point: point.unseen)
            told += (
                f"Larger ones do worse, up to a cost of {worst.unseen:.4g} for {_told(worst.hidden)}, whose cost on "
                f"the rows learned from is {worst.seen:.4g}: they overfit. "
            )
        else:
            told += "Larger ones do no worse, as far as these seeds tell. "
        return f"{told}Measured after {self.epochs} passes over {self.rows:,} rows."

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "hidden": ",".join(map(str, point.hidden)) or "none",
                "layers": len(point.hidden),
                "weights": point.weights,
                "seen_cost": point.seen,
                "unseen_cost": point.unseen,
                "standard_error": point.error,
                "unseen_score": point.score,
                "seeds": point.seeds,
                "enough": point == self.enough,
            }
            for point in self.points
        ]

    def _draw(self, ax: Any) -> None:
        depths = sorted({len(point.hidden) for point in self.points})
        for depth, colour in zip(depths, (BLUE, ORANGE, GREEN, "grey"), strict=False):
            of = sorted((point for point in self.points if len(point.hidden) == depth), key=lambda point: point.weights)
            weights, label = [point.weights for point in of], f"{depth} hidden layer{'' if depth == 1 else 's'}"
            unseen, errors = [point.unseen for point in of], [point.error for point in of]
            ax.errorbar(weights, unseen, errors, color=colour, marker="o", capsize=2, label=f"{label}, unseen rows")
            seen = [point.seen for point in of]
            ax.plot(weights, seen, color=colour, linestyle=":", label=f"{label}, rows learned from")
        ax.set(xscale="log", yscale="log", xlabel="weights and biases", ylabel="cost")
        ax.legend(fontsize="small")


class CapacityRun:
    """Networks of many sizes being trained: iterate it for the number of passes done, of `passes`; then take `result`.

    Ctrl-C ends it; `result` then holds the networks that had made all their passes, and `interrupted` says so.
    """

    def __init__(self, dataset: Dataset, networks: Sequence[dict[str, Any]], **shared: Any) -> None:
        """Each of `networks` names its hidden layers and seed; all else is shared."""
        self.dataset = dataset
        self._together: Together = train_many(networks, dataset, **shared)
        self._epochs = int(shared["epochs"])

    @property
    def passes(self) -> int:
        """That are to be made, of all networks together."""
        return self._epochs * len(self._together.learnings)

    def __iter__(self) -> Iterator[int]:
        for done, _ in enumerate(self._together, start=1):
            yield done

    @property
    def interrupted(self) -> bool:
        return any(each.training.stopped_because == "interrupted" for each in self._together.learnings)

    @property
    def result(self) -> Capacity:
        """What they came to. Errors: `LimpidError` where none has made all its passes."""
        whole = [each for each in self._together.learnings if len(each.training.history) == self._epochs]
        ended = [each for each in whole if each.training.history[-1].cost == each.training.history[-1].cost]
        if not ended:
            raise LimpidError("no network had made all its passes: there is nothing to show")
        label = "R²" if self.dataset.task == "regression" else "accuracy"
        return Capacity([_measured(each) for each in ended], label, len(ended[0].train), self._epochs, self.interrupted)


def capacity(
    dataset: Dataset,
    *,
    widths: Sequence[int] = WIDTHS,
    depths: Sequence[int] = DEPTHS,
    sizes: Sequence[tuple[int, ...]] = (),
    seeds: int = SEEDS,
    epochs: int = EPOCHS,
    rows: int | None = ROWS,
    seed: int = 0,
    **choices: Any,
) -> CapacityRun:
    """Start to train networks of these `widths` and `depths`, and `sizes`, on at most so many `rows`: a `CapacityRun`.

    Each size has so many `seeds`, from `seed` on; all learn from the same rows for all `epochs` and are measured on
    the same others, which nothing was chosen by. `choices` are `Recipe`'s. Errors: `LimpidError` for a number out of
    range, fewer than 3 seeds, or an unknown choice.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < SEEDS:
        raise LimpidError(f"the number of seeds must be an integer of at least {SEEDS}, got {seeds!r}")
    for name, numbers in (("widths", widths), ("depths", depths)):
        if not numbers or any(isinstance(each, bool) or not isinstance(each, int) or each < 1 for each in numbers):
            raise LimpidError(f"{name} must be positive integers, got {list(numbers)!r}")
    every = dict.fromkeys([*((width,) * depth for depth in depths for width in widths), *map(tuple, sizes)])
    networks = [{"hidden": list(size), "seed": seed + number} for size in every for number in range(seeds)]
    shared = {"patience": 0, "validation_size": 0.0, **choices, "epochs": epochs}
    return CapacityRun(fewer(dataset, rows, seed), networks, **shared)


def fewer(dataset: Dataset, rows: int | None, seed: int) -> Dataset:
    """At most so many of the rows, and of its test examples where it has some, drawn by chance."""
    if rows is None or len(dataset) <= rows:
        return dataset
    random = np.random.default_rng(seed)
    some = dataset.rows(np.sort(random.choice(len(dataset), rows, replace=False)))
    return replace(some, test=dataset.test and fewer(dataset.test, MOST_MEASURED, seed))


def _measured(learning: Learning) -> dict[str, Any]:
    if learning.test is None:
        raise LimpidError(f"{learning.dataset.name}: rows to measure on are needed, a test size above 0")
    model = learning.model
    seen, unseen = evaluate(model, fewer(learning.train, MOST_MEASURED, 0)), evaluate(model, learning.test)
    score = unseen.r2 if unseen.accuracy is None else unseen.accuracy
    return {
        "hidden": [layer.units for layer in model.network.hidden],
        "seed": learning.recipe.seed,
        "weights": model.network.count(),
        "seen_cost": seen.cost,
        "unseen_cost": unseen.cost,
        "unseen_score": float("nan") if score is None else score,
    }


def _told(hidden: tuple[int, ...]) -> str:
    return "no hidden neurons" if not hidden else f"{', '.join(map(str, hidden))} hidden neurons"
