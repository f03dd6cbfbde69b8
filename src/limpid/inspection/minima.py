"""Where learning ends from other random starts: how far the costs, the weights and the answers are apart.

That all ends cost about the same makes one minimum as good as another; that none is lower cannot be known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.displays import BLUE, ORANGE
from limpid.errors import LimpidError
from limpid.inspection.flat import Flat
from limpid.inspection.known_rows import answers_of, check_like, choices_of, dataset_for, dataset_of
from limpid.inspection.result import Result
from limpid.inspection.scoring import score_name, score_on, told
from limpid.inspection.subject import Floats
from limpid.learning import Learning
from limpid.model import Model
from limpid.network import Network
from limpid.together import train_many
from limpid.training import INTERRUPTED

FEWEST = 2
NAN = float("nan")


@dataclass
class Minima(Result):
    """Networks of one kind that learned the same rows from different random starts."""

    models: list[Model]
    """One for each start, in order of the starts' seeds."""
    costs: Floats
    """(starts,): on the rows learned from, without a penalty, at the end."""
    unseen_costs: Floats
    """(starts,): on rows held out; NaN where there are none."""
    scores: Floats
    """(starts,): accuracy or R² on rows held out, on those learned from where there are none."""
    slopes: Floats
    """(starts,): the norm of the full gradient at the end; 0 at a minimum."""
    distances: Floats
    """(starts, starts): between the ends' weights and all else that is learned, as one vector.

    Hidden neurons may be the same but for their order: far apart does not mean different."""
    lengths: Floats
    """(starts,): of these vectors."""
    disagreements: Floats
    """(starts, starts): the share of rows answered differently; of numbers the root mean square of the difference in
    standard deviations of the answers. On rows held out, else on those learned from."""
    interrupted: bool

    @property
    def words(self) -> str:
        task = self.models[0].task
        name = score_name(task)
        off = ~np.eye(len(self.costs), dtype=bool)
        apart, far = float(self.disagreements[off].mean()), float((self.distances[off]).mean() / self.lengths.mean())
        differ = (
            f"differ by {apart:.2g} standard deviations" if task == "regression" else f"differ on {apart:.1%} of rows"
        )
        return (
            f"From {len(self.costs)} random starts the cost ended between {self.costs.min():.3g} and "
            f"{self.costs.max():.3g}, {name} between {told(task, float(self.scores.min()))} and "
            f"{told(task, float(self.scores.max()))}. The ends' weights are {far:.1f} times their own length apart, "
            f"their answers {differ}. {self._rest} Which of them is the lowest there is, "
            "if any, cannot be certified: only starts that were tried are known."
        )

    @property
    def _rest(self) -> str:
        steep = float(self.slopes.max())
        return f"Slopes at the ends are at most {steep:.2g}" + (
            ": all came to rest." if steep <= 1e-3 else ": not all came to rest, so these are no minima yet."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """A row a start, the one that ended lowest first."""
        nearest = np.where(np.eye(len(self.costs), dtype=bool), np.inf, self.distances)
        return [
            {
                "seed": int(self.models[at].origin.recipe["seed"]),
                "cost": float(self.costs[at]),
                "unseen_cost": None if np.isnan(self.unseen_costs[at]) else float(self.unseen_costs[at]),
                "score": float(self.scores[at]),
                "slope": float(self.slopes[at]),
                "epochs": len(self.models[at].history),
                "nearest_at": float(nearest[at].min()),
                "answers_apart": float(self.disagreements[at].sum() / (len(self.costs) - 1)),
            }
            for at in np.argsort(self.costs, kind="stable").tolist()
        ]

    def _draw(self, ax: Any) -> None:
        order = np.argsort(self.costs, kind="stable")
        places = np.arange(len(order))
        ax.plot(places, self.costs[order], "o", color=BLUE, label="rows learned from")
        if not np.isnan(self.unseen_costs).all():
            ax.plot(places, self.unseen_costs[order], "s", color=ORANGE, label="unseen rows")
        seeds = [str(self.models[at].origin.recipe["seed"]) for at in order]
        ax.set_xticks(places, seeds)
        ax.set(xlabel="seed of the start, lowest end first", ylabel="cost at the end", ylim=(0, None))
        ax.legend()


def minima(
    network: Any, X: Any, y: ArrayLike | None = None, seeds: int = 10, first_seed: int = 0, **choices: Any
) -> Minima:
    """Learn the same rows from `seeds` random starts, all at once, and see where they end.

    `network` is a `Network`, a `Model` or fitted estimator, which is learned again by its own recipe, or a recipe's
    choices ({"hidden": [30]}). X is a `Dataset`, or rows (rows, inputs) with answers y. The starts and the order of
    batches are drawn by the seeds from `first_seed` on; which rows are held out is the same for all. `choices` are
    `Recipe`'s and come before the network's own. It takes as long as `seeds` trainings. Ctrl-C ends them all; what they
    came to counts.

    Errors: `LimpidError` for fewer than 2 seeds, or what does not fit; as `learn`.
    """
    for what, value, least in (("seeds", seeds, FEWEST), ("first_seed", first_seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise LimpidError(f"{what} must be an integer of at least {least}, got {value!r}")
    model = getattr(network, "model_", network)
    if not isinstance(model, Network | Model | dict):
        raise LimpidError(f"a Network, a Model or a recipe's choices are needed, got {type(network).__name__}")
    dataset = dataset_for(model, X, y) if isinstance(model, Model) else dataset_of(X, y)
    shared = {**choices_of(model), **choices}
    shared = {name: value for name, value in shared.items() if name not in {"seed", "keep_path", "measure_slope"}}
    together = train_many([{"seed": first_seed + at} for at in range(seeds)], dataset, **shared, seed=first_seed)
    check_like(network, together.learnings[0].network)
    for _ in together:
        pass
    return _ends(together.learnings)


def _ends(learnings: list[Learning]) -> Minima:
    models = [learning.model for learning in learnings]
    if not all(model.history for model in models):
        raise LimpidError("interrupted before the first epoch had been made: there are no ends to compare")
    watched = learnings[0].test or learnings[0].train
    answers = [np.asarray(model.predict(watched.X)) for model in models]
    examples = models[0].examples(watched.X, answers_of(watched))
    places = np.stack([_place(model) for model in models])
    tests = [learning.evaluate(model) for learning, model in zip(learnings, models, strict=True)]
    return Minima(
        models,
        np.array([model.origin.cost_train for model in models], float),
        np.array([NAN if test is None else test.cost for test in tests]),
        np.array([score_on(model, examples) for model in models]),
        np.array([model.origin.slope for model in models], float),
        np.array([[float(np.linalg.norm(one - other)) for other in places] for one in places]),
        np.linalg.norm(places, axis=1),
        np.array([[_apart(models[0], one, other) for other in answers] for one in answers]),
        any(learning.training.stopped_because == INTERRUPTED for learning in learnings),
    )


def _place(model: Model) -> Floats:
    """All that is learned, as one vector."""
    found: Floats = Flat.of(model.network).vector(model.parameters).astype(np.float64)
    return found


def _apart(model: Model, one: NDArray[Any], other: NDArray[Any]) -> float:
    """How far the answers of two networks are apart."""
    if model.task != "regression":
        different = one != other
        return float(np.mean(different.any(axis=1) if different.ndim == 2 else different))
    spread = model.target_scaling.scale if (model.target_scaling.scale != 1).any() else np.std(one, axis=0)
    scale = np.where(np.asarray(spread) > 0, spread, 1)
    return float(np.sqrt(np.mean(((one - other).reshape(len(one), -1) / scale) ** 2)))
