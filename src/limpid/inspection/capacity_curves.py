"""What more neurons, or more hidden layers, are good for: cost on rows learned from and on others, several seeds each.

All networks learn from the same rows and are asked about the same others, each as if it were alone. What wider layers
do is measured, not presumed: the cost on other rows may fall, rise, or rise and fall again (Belkin et al. 2018).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.displays import BLUE, ORANGE
from limpid.engines import find_engine
from limpid.errors import LimpidError
from limpid.inspection.arguments import check_list
from limpid.inspection.result import Result
from limpid.inspection.scoring import score_name, score_on, told
from limpid.learning import Learning
from limpid.together import train_many
from limpid.training import INTERRUPTED, Epoch

FEWEST_SEEDS = 3
WIDTHS = (8, 16, 32, 64, 128)
DEPTHS = (1, 2, 3)
BEYOND = 2.0
"""So many standard errors a difference has to have to count as one."""

MARKS = "osD^v*"

Hidden: TypeAlias = tuple[int, ...]


class Point(NamedTuple):
    """One network that was trained to its end."""

    hidden: Hidden
    seed: int
    weights: int
    """All numbers that are learned."""
    cost_learned: float
    """On the rows learned from, without a penalty."""
    cost_unseen: float
    score: float
    """On unseen rows: accuracy or R²."""
    epochs: int
    seconds: float
    row_costs: NDArray[np.float64]
    """(unseen rows,)."""


class Apart(NamedTuple):
    """How far the costs of two sizes are apart on unseen rows."""

    value: float
    error: float
    """Its standard error, by seeds and by rows."""

    @property
    def beyond(self) -> bool:
        """Whether the first costs more by more than noise."""
        return self.value > BEYOND * self.error


@dataclass
class CapacityCurves(Result):
    """Networks of many sizes: iterate it for (hidden layers, seed, `Epoch`) as passes are done, then see what is found.

    All sizes are trained with one seed, then with the next. Ctrl-C ends the iteration; `interrupted` says so then, and
    what was trained to its end by then counts.
    """

    dataset: Dataset
    sizes: list[Hidden]
    seeds: int
    choices: dict[str, Any]
    points: list[Point]
    interrupted: bool = False

    def __iter__(self) -> Iterator[tuple[Hidden, int, Epoch]]:
        first = int(self.choices.get("seed", 0))
        try:
            for seed in range(first, first + self.seeds):
                yield from self._of_seed(seed)
                if self.interrupted:
                    return
        except KeyboardInterrupt:
            self.interrupted = True

    def _of_seed(self, seed: int) -> Iterator[tuple[Hidden, int, Epoch]]:
        networks = [{"hidden": hidden, "seed": seed} for hidden in self.sizes]
        together = train_many(networks, self.dataset, **self.choices)
        for number, epoch in together:
            yield self.sizes[number], seed, epoch
        for learning in together.learnings:
            if learning.training.ended:
                self.points.append(self._measured(learning, seed))
        self.interrupted = any(each.training.stopped_because == INTERRUPTED for each in together.learnings)

    @property
    def score_name(self) -> str:
        """ "accuracy" or "R²"."""
        return score_name(self.dataset.task)

    def run(self) -> "CapacityCurves":
        """All of it."""
        for _ in self:
            pass
        return self

    def of(self, hidden: Hidden) -> list[Point]:
        """The networks of that size."""
        return [point for point in self.points if point.hidden == hidden]

    @property
    def measured(self) -> list[Hidden]:
        """The sizes with at least one network, those with the fewest weights first."""
        known = {point.hidden: point.weights for point in self.points}
        return sorted(known, key=lambda hidden: (known[hidden], hidden))

    def mean(self, hidden: Hidden, what: str = "cost_unseen") -> float:
        """Of what a `Point` has by that name, over the seeds."""
        return float(np.mean([getattr(point, what) for point in self.of(hidden)]))

    def apart(self, one: Hidden, other: Hidden) -> Apart:
        """By how much the first size costs more than the other on unseen rows, with the seeds that both had."""
        first, second = ({point.seed: point.row_costs for point in self.of(hidden)} for hidden in (one, other))
        differences = np.array([first[seed] - second[seed] for seed in first if seed in second])
        by_seed, by_row = differences.mean(axis=1), differences.mean(axis=0)
        variance = by_row.var() / len(by_row)
        if len(by_seed) > 1:
            variance += by_seed.var(ddof=1) / len(by_seed)
        return Apart(float(by_seed.mean()), sqrt(variance))

    @property
    def best(self) -> Hidden:
        """The size with the least cost on unseen rows, among those with the most seeds."""
        most = max(len(self.of(hidden)) for hidden in self.measured)
        return min((size for size in self.measured if len(self.of(size)) == most), key=self.mean)

    @property
    def as_good(self) -> list[Hidden]:
        """The sizes that are no worse than the best by more than one standard error, the smallest first."""
        return [
            size for size in self.measured if self.apart(size, self.best).value <= self.apart(size, self.best).error
        ]

    @property
    def smallest(self) -> Hidden:
        """The smallest of `as_good`."""
        return self.as_good[0]

    def verdict(self) -> list[str]:
        """In plain words: which size does best, whether smaller would do or larger help, and whether any overfits."""
        if not self.points:
            return []
        best, sizes = self.best, self.measured
        found = [f"Least cost on unseen rows: {layers_told(best)}, {self._told(best)}"]
        if self.smallest != best:
            found.append(f"Smaller would do as well: {layers_told(self.smallest)}, {self._told(self.smallest)}")
        if best == sizes[-1] and len(sizes) > 1:
            helps = self.apart(sizes[-2], best).beyond
            found.append("Larger may help: the largest that was tried is best" if helps else "Larger would help little")
        return [*found, self._overfitting()]

    def _overfitting(self) -> str:
        best = self.best
        larger = self.measured[self.measured.index(best) + 1 :]
        worse = [size for size in larger if self.apart(size, best).beyond]
        by_heart = [size for size in worse if self.mean(size, "cost_learned") < self.mean(best, "cost_learned")]
        if by_heart:
            first = by_heart[0]
            learned = f"from {self.mean(best, 'cost_learned'):.3g} to {self.mean(first, 'cost_learned'):.3g}"
            unseen = f"from {self.mean(best):.3g} to {self.mean(first):.3g}"
            return (
                f"Larger overfits: with {layers_told(first)} the cost on rows learned from falls {learned}, "
                f"on unseen rows it rises {unseen}"
            )
        return "No size that was tried overfits beyond what noise explains"

    @property
    def words(self) -> str:
        return ". ".join(self.verdict() or ["No network is trained yet: iterate, or call run()"]) + "."

    def to_rows(self) -> list[dict[str, Any]]:
        """A row a size, the smallest first."""
        as_good, best = (self.as_good, self.best) if self.points else ([], ())
        return [self._row(size, size == best, size in as_good) for size in self.measured]

    def _row(self, hidden: Hidden, best: bool, as_good: bool) -> dict[str, Any]:
        points = self.of(hidden)
        spread = [point.cost_unseen for point in points]
        return {
            "hidden": ",".join(map(str, hidden)) or "none",
            "depth": len(hidden),
            "width": max(hidden, default=0),
            "weights": points[0].weights,
            "seeds": len(points),
            "cost_learned": self.mean(hidden, "cost_learned"),
            "cost_unseen": self.mean(hidden),
            "deviation": float(np.std(spread, ddof=1)) if len(spread) > 1 else None,
            "gap": self.mean(hidden) - self.mean(hidden, "cost_learned"),
            "score": self.mean(hidden, "score"),
            "epochs": self.mean(hidden, "epochs"),
            "seconds": self.mean(hidden, "seconds"),
            "best": best,
            "as_good": as_good,
        }

    def _draw(self, ax: Any) -> None:
        """Over the neurons of each hidden layer, a line for each number of layers; else over all that is learned."""
        if not self.points:
            raise LimpidError("no network is trained yet: iterate, or call run()")
        even = all(size and len(set(size)) == 1 for size in self.measured)
        for at, depth in enumerate(sorted({len(size) for size in self.measured})):
            sizes = [size for size in self.measured if len(size) == depth]
            x = [size[0] if even else self.of(size)[0].weights for size in sizes]
            rows = {"cost_learned": (BLUE, "--", "rows learned from"), "cost_unseen": (ORANGE, "-", "unseen rows")}
            for what, (colour, style, of) in rows.items():
                costs = [np.array([getattr(point, what) for point in self.of(size)]) for size in sizes]
                means = [each.mean() for each in costs]
                ends = np.array([[each.mean() - each.min(), each.max() - each.mean()] for each in costs]).T.clip(min=0)
                label = f"{of}, {depth} hidden layer{'' if depth == 1 else 's'}"
                ax.errorbar(x, means, ends, color=colour, ls=style, marker=MARKS[at % 6], capsize=3, label=label)
        ax.set(xscale="log", xlabel="neurons of each hidden layer" if even else "numbers that are learned")
        ax.set(yscale="log", ylabel="cost: mean, least and most of the seeds")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")
        if even:
            widths = sorted({size[0] for size in self.measured})
            ax.set_xticks(widths, [str(width) for width in widths])
            ax.set_xticks([], minor=True)
        ax.legend()

    def _told(self, hidden: Hidden) -> str:
        score = told(self.dataset.task, self.mean(hidden, "score"))
        return f"cost {self.mean(hidden):.3g}, {self.score_name} {score}"

    def _measured(self, learning: Learning, seed: int) -> Point:
        model, test = learning.model, learning.test
        assert test is not None
        assert test.y is not None
        examples = model.examples(test.X, test.y)
        engine = find_engine(model.engine, model.threads)
        costs = engine.judge(model.network, model.parameters, examples)[0]
        return Point(
            tuple(learning.recipe.hidden),
            seed,
            model.network.count(),
            learning.training.cost(),
            float(costs.mean()),
            score_on(model, examples),
            len(model.history),
            model.origin.seconds_training,
            costs,
        )


def capacity_curves(
    dataset: Dataset, sizes: Sequence[Sequence[int]], seeds: int = FEWEST_SEEDS, **choices: Any
) -> CapacityCurves:
    """Start to train networks of these `sizes`, the neurons of each hidden layer, `seeds` of each.

    See `CapacityCurves`. `choices` are `Recipe`'s, the same for all. The rows are split by the seed among them, and the
    networks begin with that seed and those after it. Errors: `LimpidError` for fewer than 3 seeds, sizes that cannot
    be, no rows to test on; as `learn`.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < FEWEST_SEEDS:
        raise LimpidError(f"at least {FEWEST_SEEDS} seeds a size are needed to tell from noise, got {seeds!r}")
    if not isinstance(dataset, Dataset):
        raise LimpidError(f"a Dataset is needed, got {type(dataset).__name__}")
    check_list("sizes", sizes)
    for size in sizes:
        check_list("each of sizes", size)
    wanted = list(dict.fromkeys(tuple(size) for size in sizes))
    if not wanted:
        raise LimpidError("at least one size of network is needed")
    if dataset.test is None and choices.get("test_size", 0.2) == 0:
        raise LimpidError(f"{dataset.name}: rows to test on are needed, a test size above 0")
    train_many([{"hidden": size} for size in wanted], dataset, **choices)  # what does not fit is found before the work
    return CapacityCurves(dataset, wanted, seeds, dict(choices), [])


def sizes_of(widths: Sequence[int], depths: Sequence[int]) -> list[Hidden]:
    """Every width with every number of hidden layers. Errors: `LimpidError` for what is not a positive integer."""
    for what, numbers in (("widths", widths), ("depths", depths)):
        if not len(numbers):
            raise LimpidError(f"{what} must be positive integers, at least one, got none")
        check_positive(what, numbers)
    return [(int(width),) * int(depth) for depth in depths for width in widths]


def check_positive(what: str, numbers: Sequence[int]) -> None:
    """`LimpidError` unless all are positive integers."""
    for each in numbers:
        if isinstance(each, bool) or not isinstance(each, int | np.integer) or each < 1:
            raise LimpidError(f"{what} must be positive integers, got {each!r}")


def layers_told(hidden: Hidden) -> str:
    """ "2 hidden layers of 64", "hidden layers of 64, 32", "no hidden layer"."""
    if not hidden:
        return "no hidden layer"
    if len(set(hidden)) > 1:
        return f"hidden layers of {', '.join(map(str, hidden))}"
    return f"{len(hidden)} hidden layer{'s' if len(hidden) > 1 else ''} of {hidden[0]}"
