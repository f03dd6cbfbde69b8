"""What the estimators' words for activations, solvers, learning rates and costs mean to the engine."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import effective_n_jobs

from limpid.activations import Activation
from limpid.costs import Cost
from limpid.optimizers import Optimizer
from limpid.schedules import Clock, Factors, Schedule, Steps, find_schedule, warmed_up
from limpid.solvers import SOLVERS

FOR_SGD = ("constant", "invscaling", "adaptive")
"""Learning rates that of the named solvers only "sgd" follows, as in scikit-learn."""
FOR_ALL = {
    "cosine": "cosine",
    "onecycle": "one_cycle",
    "step": "step",
    "exponential": "exponential",
    "coslog4": "coslog4",
}
"""Learning rates for every stochastic solver: their names in `schedules`."""


def activation_names(given: Any) -> str | tuple[str, ...]:
    """One name for all hidden layers, or one each, in the field's words."""
    if isinstance(given, (str, Activation)):
        name = given if isinstance(given, str) else given.name
        return "sigmoid" if name == "logistic" else name
    if not isinstance(given, (list, tuple)):
        raise ValueError(f"activation must be a name or an Activation for each hidden layer, got {given!r}")
    return tuple(str(activation_names(each)) for each in given)


def cost_name(given: str | Cost) -> str:
    """The cost's name; "log_loss" is left to the output activation."""
    return given.name if isinstance(given, Cost) else given


def optimizer_of(estimator: Any) -> Optimizer:
    """The optimizer that `solver` and its numbers name."""
    solver = estimator.solver
    return solver if isinstance(solver, Optimizer) else SOLVERS[solver](estimator)


def schedule_of(estimator: Any, seen: int, passes: int | None) -> Schedule:
    """The learning rate's course where `seen` rows were learned from before.

    For `partial_fit` after so many `passes`, of which `max_iter` are the whole course; None for `fit`.
    """
    made = _unwarmed(estimator, seen, goes_on=bool(passes))
    warming = warmed_up(find_schedule("constant"), estimator.warm_up)
    if passes is not None:
        warming = _later(warming, passes, estimator.max_iter)
        made = made if made.name == "invscaling" else _later(made, passes, estimator.max_iter)
    if not estimator.warm_up:
        return made
    return replace(made, factor=lambda step, clock: warming.factor(step, clock) * made.factor(step, clock))


def _unwarmed(estimator: Any, seen: int, goes_on: bool) -> Schedule:
    given = estimator.learning_rate
    if isinstance(given, Schedule):
        return given
    if callable(given):
        return Schedule("of the caller", lambda step, clock: _asked(given, clock.done(step)), spans=True)
    if given in FOR_ALL:
        return find_schedule(FOR_ALL[given])
    if given == "constant" or not (estimator.solver == "sgd" or isinstance(estimator.solver, Optimizer)):
        return find_schedule("constant")
    return find_schedule("adaptive") if given == "adaptive" else _inverse_scaling(estimator.power_t, seen, goes_on)


def _asked(given: Callable[[float], Any], shares: Factors) -> Factors:
    """The caller's factors at these shares of the training."""
    factors = np.array([given(share) for share in shares.tolist()], dtype=float)
    bad = ~(np.isfinite(factors) & (factors >= 0))
    if bad.any():
        raise ValueError(f"learning_rate must answer with finite factors of at least 0, got {factors[bad][0]}")
    return factors


def _inverse_scaling(power: float, seen: int, goes_on: bool) -> Schedule:
    """As scikit-learn's: a new optimizer begins with the rate as it is, then all rows count that were ever seen."""

    def factor(step: Steps, clock: Clock) -> Factors:
        falling = (seen + clock.epoch(step) * clock.rows + 1.0) ** -power
        return falling if goes_on else np.where(clock.epoch(step) == 0, 1.0, falling)

    return Schedule("invscaling", factor)


def _later(schedule: Schedule, passes: int, epochs: int) -> Schedule:
    """The same where `passes` of `epochs` were made before, at calls of one pass each."""

    def factor(step: Steps, clock: Clock) -> Factors:
        whole = clock._replace(epochs=epochs)
        return schedule.factor(np.minimum(step + passes * clock.steps, epochs * clock.steps - 1), whole)

    return replace(schedule, factor=factor)


def thread_count(n_jobs: int | None) -> int | None:
    """Threads for scikit-learn's `n_jobs`; None for what the engine does best with."""
    return None if n_jobs is None else int(effective_n_jobs(n_jobs))
