"""How many hidden neurons: networks of many depths and widths are trained at once, and the poor ones dropped early.

Successive halving (Jamieson, Talwalkar 2016): all sizes get the same work, so that small networks make more passes
than large ones; the better half of them get twice as much and another seed, and so on. The smallest size is chosen that
is no worse than the best by more than one standard error of the difference on rows that none of them learned from
(Breiman et al. 1984, section 3.4.3, with the rows' differences).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, product
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.engines import Engine, Examples
from limpid.together import in_turns
from limpid.training import Epoch, Training

SIZES: tuple[tuple[int, ...], ...] = tuple((width,) * depth for depth in (1, 2, 3) for width in (16, 32, 64, 128, 256))
FEWEST_PASSES = 4
"""Of the largest network, in the first round."""
PASS_ITSELF = 4_000
"""A pass takes time besides: as much as so many weights."""
FINALISTS = 3
"""So many sizes are trained to the end."""


@dataclass(frozen=True)
class Tried:
    """One network of the search."""

    hidden: tuple[int, ...]
    seed: int
    training: Training
    watched: Examples
    """Rows that it does not learn from."""

    @property
    def best(self) -> Epoch | None:
        """The pass that did best on the watched rows."""
        known = [epoch for epoch in self.training.history if epoch.validation_cost is not None]
        return min(known, key=_cost_of, default=None)


class Search:
    """The networks being tried: iterate it for (network, `Epoch`) as passes are made, then ask what was found."""

    def __init__(
        self,
        make: Callable[[tuple[int, ...], int], Tried],
        engine: Engine,
        *,
        passes: int,
        seeds: int,
        sizes: Sequence[tuple[int, ...]] = SIZES,
    ) -> None:
        """`make(hidden, seed)` gives a network to try for up to `passes` passes; those of one seed watch the same."""
        self.tried = [make(hidden, seed) for hidden, seed in product(sizes, range(seeds))]
        self._engine, self._passes, self._seeds = engine, passes, seeds
        self._sizes = list(sizes)

    def __iter__(self) -> Iterator[tuple[Tried, Epoch]]:
        alive, work = self._sizes, FEWEST_PASSES * max(map(self._work, self._sizes))
        for round_ in count():
            ends = len(alive) <= FINALISTS
            seeds = self._seeds if ends else min(round_ + 1, self._seeds)
            going = [each for each in self.tried if each.hidden in alive and each.seed < seeds]
            limits = [self._passes if ends else min(work // self._work(each.hidden), self._passes) for each in going]
            for number, epoch in in_turns([each.training for each in going], self._engine, limits):
                yield going[number], epoch
            if ends or self.interrupted:
                return
            alive, work = sorted(alive, key=self.cost_of)[: max(FINALISTS, len(alive) // 2)], 2 * work

    @property
    def interrupted(self) -> bool:
        """Whether it was ended by Ctrl-C."""
        return any(each.training.stopped_because == "interrupted" for each in self.tried)

    def of_size(self, hidden: tuple[int, ...]) -> list[Tried]:
        """All networks of that size."""
        return [each for each in self.tried if each.hidden == hidden]

    def cost_of(self, hidden: tuple[int, ...]) -> float:
        """The least cost on the watched rows, averaged over the networks of that size."""
        best = [each.best for each in self.of_size(hidden) if each.training.history]
        return float(np.mean([inf if epoch is None else _cost_of(epoch) for epoch in best])) if best else inf

    def chosen(self) -> tuple[int, ...]:
        """The smallest size that is within one standard error of the best."""
        costs = {hidden: self._row_costs(hidden) for hidden in self._sizes if self.cost_of(hidden) < inf}
        most = max(len(rows) for rows in costs.values())
        best = min((hidden for hidden in costs if len(costs[hidden]) == most), key=lambda hidden: costs[hidden].mean())
        within = [hidden for hidden in costs if _no_worse(costs[hidden], costs[best])]
        return min(within, key=self._weights)

    def best_of(self, hidden: tuple[int, ...]) -> Tried:
        """The network of that size with the least cost on its watched rows."""
        return min(self.of_size(hidden), key=lambda each: inf if each.best is None else _cost_of(each.best))

    def passes_of(self, hidden: tuple[int, ...]) -> int:
        """After how many passes networks of that size did best: the median."""
        return int(np.median([each.best.number for each in self.of_size(hidden) if each.best]))

    def table(self) -> dict[str, list[Any]]:
        """The map: for each network that was trained a place in columns of the same length."""
        tried = [each for each in self.tried if each.training.history]
        best = [each.best for each in tried]
        return {
            "hidden_layer_sizes": [each.hidden for each in tried],
            "depth": [len(each.hidden) for each in tried],
            "width": [each.hidden[0] for each in tried],
            "weights": [each.training.network.count() for each in tried],
            "seed": [each.seed for each in tried],
            "passes": [len(each.training.history) for each in tried],
            "best_pass": [epoch.number if epoch else 0 for epoch in best],
            "loss": [epoch.cost if epoch else np.nan for epoch in best],
            "validation_loss": [_cost_of(epoch) if epoch else np.nan for epoch in best],
            "validation_score": [_score_of(epoch) if epoch else np.nan for epoch in best],
            "seconds": [sum(epoch.seconds for epoch in each.training.history) for each in tried],
        }

    def _work(self, hidden: tuple[int, ...]) -> int:
        return self._weights(hidden) + PASS_ITSELF

    def _weights(self, hidden: tuple[int, ...]) -> int:
        return self.of_size(hidden)[0].training.network.count()

    def _row_costs(self, hidden: tuple[int, ...]) -> NDArray[np.float64]:
        """What each watched row of each seed costs the network of that size."""
        of = [(each.training, each.watched) for each in self.of_size(hidden) if each.best]
        return np.concatenate(
            [self._engine.judge(each.network, each.best_parameters, watched)[0] for each, watched in of]
        )


def _no_worse(costs: NDArray[np.float64], best: NDArray[np.float64]) -> bool:
    differences = costs - best[: len(costs)]  # of the seeds that both were tried with
    return bool(differences.mean() <= differences.std() / sqrt(len(differences)))


def _cost_of(epoch: Epoch) -> float:
    return inf if epoch.validation_cost is None or np.isnan(epoch.validation_cost) else epoch.validation_cost


def _score_of(epoch: Epoch) -> float:
    return np.nan if epoch.validation_score is None else epoch.validation_score
