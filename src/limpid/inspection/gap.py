"""The gap between rows that were seen and others: how sure it is, what knowing nothing costs, and when it opened."""

from typing import NamedTuple

import numpy as np

from limpid.engines import Examples, find_engine
from limpid.evaluation import score_of
from limpid.inspection.scoring import means_drawn_again, middle
from limpid.inspection.subject import Floats
from limpid.model import Model

RISES = 0.01
"""By this share of its least the cost of watched rows has to rise until the end for them to have separated."""


class Earlier(NamedTuple):
    """The place of the kept path that does best on unseen rows."""

    epoch: int
    """0 before the first."""
    better: float
    """By how much less it costs than the model."""
    error: float
    """The standard error of that."""


def costs_of(model: Model, examples: Examples) -> Floats:
    """(rows,) what each costs, by the model's own engine."""
    return find_engine(model.engine, model.threads).judge(model.network, model.parameters, examples)[0]


def gap_interval(seen: Floats, unseen: Floats, draws: np.random.Generator) -> tuple[float, float]:
    """95 % of the gap, by drawing rows again."""
    return middle(means_drawn_again(unseen, draws) - means_drawn_again(seen, draws))


def _same_for_all(model: Model, examples: Examples) -> Floats:
    """(1, outputs): the mean answer, or the middle one where it is that which costs least."""
    cost = model.network.cost_function
    Y = examples.Y.astype(np.float64)
    if cost.name.startswith(("absolute_error", "huber", "quantile")):
        levels = cost.numbers if cost.name.startswith("quantile") else (0.5,)
        every = np.resize(levels or (0.5,), Y.shape[1])
        return np.array([[np.quantile(column, level) for column, level in zip(Y.T, every, strict=True)]])
    mean: Floats = Y.mean(axis=0, keepdims=True)
    return mean


def base_costs(model: Model, seen: Examples, unseen: Examples) -> tuple[float, float]:
    """What the best answer that is the same for all seen rows costs on these and on unseen ones."""
    answer, cost = _same_for_all(model, seen), model.network.cost_function
    costs = [
        cost.terms(np.repeat(answer, len(part.Y), axis=0), part.Y.astype(np.float64)).sum(axis=1).mean()
        for part in (seen, unseen)
    ]
    return float(costs[0]), float(costs[1])


def chance(model: Model, seen: Examples) -> float:
    """The score of that answer on seen rows."""
    answer = _same_for_all(model, seen)
    return score_of(model, np.repeat(answer, len(seen.Y), axis=0), seen.Y)


def separation(model: Model) -> int | None:
    """After which epoch watched rows cost more and those learned from less until the end; None where they did not."""
    watched = [epoch for epoch in model.history if epoch.validation_cost is not None and np.isfinite(epoch.cost)]
    if len(watched) < 2:
        return None
    costs = np.array([epoch.validation_cost for epoch in watched], float)
    least = int(costs.argmin())
    rose = costs[-1] > (1 + RISES) * costs[least]
    return watched[least].number if rose and watched[-1].cost < watched[least].cost else None


def earlier(model: Model, unseen: Examples, costs: Floats) -> Earlier | None:
    """Where on its way the model did best on unseen rows, which now have these `costs`; None without a path."""
    if not model.path:
        return None
    engine = find_engine(model.engine, model.threads)
    places = [engine.judge(model.network, place, unseen)[0] for place in model.path]
    best = min(range(len(places)), key=lambda at: float(places[at].mean()))
    apart = costs - places[best]
    return Earlier(best, float(apart.mean()), float(apart.std() / np.sqrt(len(apart))))
