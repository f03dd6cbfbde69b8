"""What the estimators' words for activations, solvers, learning rates and costs mean to the engine."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import effective_n_jobs

from limpid.activations import Activation
from limpid.costs import Cost
from limpid.optimizers import Adam, AdamW, Lion, Momentum, NAdam, Nesterov, Optimizer, RMSProp
from limpid.schedules import Clock, Factors, Schedule, Steps, find_schedule, warmed_up

SOLVERS: dict[str, Callable[[Any], Optimizer]] = {
    "lbfgs": lambda _: Momentum(),  # it steps by itself: the rule that it is given only carries alpha
    "sgd": lambda chosen: (Nesterov if chosen.nesterovs_momentum else Momentum)(chosen.momentum),
    "adam": lambda chosen: Adam(chosen.beta_1, chosen.beta_2, chosen.epsilon, epsilon_before_correction=True),
    "adamw": lambda chosen: AdamW(chosen.beta_1, chosen.beta_2, chosen.epsilon),
    "nadam": lambda chosen: NAdam(chosen.beta_1, chosen.beta_2, chosen.epsilon),
    "rmsprop": lambda chosen: RMSProp(epsilon=chosen.epsilon),
    "lion": lambda _: Lion(),
}
"""Every solver by name: an estimator's parameters to its optimizer."""

FOR_SGD = ("constant", "invscaling", "adaptive")
"""Learning rates that only "sgd" follows, as in scikit-learn."""
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
    return tuple(str(activation_names(each)) for each in given)


def cost_name(given: str | Cost) -> str:
    """The cost's name; "log_loss" is left to the output activation."""
    return given.name if isinstance(given, Cost) else given


def optimizer_of(estimator: Any) -> Optimizer:
    """The optimizer that `solver` and its numbers name."""
    solver = estimator.solver
    return solver if isinstance(solver, Optimizer) else SOLVERS[solver](estimator)


def schedule_of(estimator: Any, seen: int, passes: int) -> Schedule:
    """The learning rate's course where `seen` rows in `passes` passes were learned from before."""
    given = estimator.learning_rate
    if isinstance(given, Schedule):
        made = given
    elif callable(given):
        made = Schedule("of the caller", lambda step, clock: np.asarray(given(clock.done(step)), float) + 0 * step)
    elif given in FOR_ALL:
        made = find_schedule(FOR_ALL[given])
    else:
        made = _of_sgd(estimator, seen, goes_on=passes > 0)
    return _later(warmed_up(made, estimator.warm_up), passes, estimator.max_iter)


def _of_sgd(estimator: Any, seen: int, goes_on: bool) -> Schedule:
    if estimator.solver != "sgd" or estimator.learning_rate == "constant":
        return find_schedule("constant")
    if estimator.learning_rate == "adaptive":
        return find_schedule("adaptive")
    power = estimator.power_t

    def factor(step: Steps, clock: Clock) -> Factors:
        # a new optimizer begins with the rate as it is, and then counts all rows that were ever seen
        first = clock.epoch(step) == (-1 if goes_on else 0)
        return np.where(first, 1.0, (seen + clock.epoch(step) * clock.rows + 1.0) ** -power)

    return Schedule("invscaling", factor)


def _later(schedule: Schedule, passes: int, epochs: int) -> Schedule:
    """The same where `passes` of `epochs` were made before, at calls of one pass each."""
    if not passes or schedule.name in {"constant", "adaptive", "invscaling"}:
        return schedule

    def factor(step: Steps, clock: Clock) -> Factors:
        whole = clock._replace(epochs=epochs)
        return schedule.factor(np.minimum(step + passes * clock.steps, epochs * clock.steps - 1), whole)

    return replace(schedule, factor=factor)


def thread_count(n_jobs: int | None) -> int | None:
    """Threads for scikit-learn's `n_jobs`; None for what the engine does best with."""
    return None if n_jobs is None else int(effective_n_jobs(n_jobs))
