"""Local or global: how far apart the places are where descents from many random starts end."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.evaluation import evaluate
from limpid.inspection.flat import Flat
from limpid.inspection.known_rows import choices_of, dataset_for, dataset_of
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats
from limpid.model import Model
from limpid.together import train_many

SAME = 0.05
"""Costs whose spread is below this share of them are much alike."""


@dataclass
class Minima(Result):
    """Where descents from random starts ended."""

    costs: Floats
    """(starts,) the cost of the rows learned from at the end."""
    unseen: Floats
    """(starts,) that of the rows held out."""
    slopes: Floats
    """(starts,) the norm of the gradient at the end: 0 at a minimum."""
    distances: Floats
    """(starts, starts) between the ends, in lengths of an average one's weights; the order of neurons counts."""
    seeds: list[int]

    @property
    def words(self) -> str:
        spread = float(self.costs.max() - self.costs.min())
        mean = float(self.costs.mean())
        apart = self.distances[np.triu_indices(len(self.costs), 1)]
        alike = "much alike" if spread < SAME * mean else "not alike: where one starts matters"
        return (
            f"From {len(self.costs)} random starts the cost ended between {self.costs.min():.4g} and "
            f"{self.costs.max():.4g}, {alike}; on unseen rows between {self.unseen.min():.4g} and "
            f"{self.unseen.max():.4g}. The ends are {apart.mean():.2f} lengths of their weights apart. That none lies "
            "lower elsewhere is not known: a global minimum cannot be certified."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        order = np.argsort(self.costs, kind="stable").tolist()
        return [
            {
                "seed": self.seeds[at],
                "cost": float(self.costs[at]),
                "unseen_cost": float(self.unseen[at]),
                "slope": float(self.slopes[at]),
            }
            for at in order
        ]

    def _draw(self, ax: Any) -> None:
        rows = self.to_rows()
        names = [f"seed {row['seed']}" for row in rows]
        ax.plot(names, [row["cost"] for row in rows], "o", color=BLUE, label="rows learned from")
        ax.plot(names, [row["unseen_cost"] for row in rows], "s", color=ORANGE, label="other rows")
        ax.tick_params(axis="x", rotation=60)
        ax.set(ylabel="cost at the end")
        ax.legend()


def minima(network: Any, X: Any, y: Any = None, *, starts: int = 10, seed: int = 0, **choices: Any) -> Minima:
    """The spread of the final cost of a network over so many random `starts`, by seeds from `seed` on.

    `network` is a `Network`, or a `Model` whose recipe is followed; X and y are rows, or X a `Dataset`; all starts
    learn from the same of them. `choices` are `Recipe`'s and take the place of the model's. Errors: `LimpidError` for
    fewer than 2 starts, rows that do not fit, or a model of which it is not known how it was trained.
    """
    if isinstance(starts, bool) or not isinstance(starts, int) or starts < 2:
        raise LimpidError(f"the number of starts must be an integer of at least 2, got {starts!r}")
    given = getattr(network, "model_", network)
    shared = {**choices_of(given), **choices}
    dataset = dataset_for(given, X, y) if isinstance(given, Model) else dataset_of(X, y)
    seeds = [seed + number for number in range(starts)]
    together = train_many([{"seed": each} for each in seeds], dataset, **shared)
    for _ in together:
        pass
    models = [learning.model for learning in together.learnings]
    flat = Flat.of(models[0].network)
    ends = np.array([flat.vector(model.parameters) for model in models], np.float64)
    lengths = np.linalg.norm(ends, axis=1).mean()
    distances = np.linalg.norm(ends[:, None] - ends[None], axis=2) / lengths
    held = [learning.test for learning in together.learnings]
    unseen = [np.nan if test is None else evaluate(model, test).cost for model, test in zip(models, held, strict=True)]
    costs = np.array([model.origin.cost_train for model in models], np.float64)
    slopes = np.array([model.origin.slope for model in models], np.float64)
    return Minima(costs, np.array(unseen), slopes, distances, seeds)
