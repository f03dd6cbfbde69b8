"""Solvers and learning rates, by name and as objects: the reference engine makes the same steps."""

from collections.abc import Callable
from math import cos, pi
from typing import Any

import numpy as np
import pytest

from limpid import MLPRegressor
from limpid.optimizers import Adam, AdamW, GradientDescent, Lion, Momentum, NAdam, Nesterov, Optimizer, RMSProp
from limpid.schedules import find_schedule, step
from tests.test_estimator_choices import (
    NUMBER,
    PASSES,
    SHORT,
    STEPS,
    X,
    assert_is,
    assert_same_bits,
    by_hand,
    differs,
    regression,
)  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NUMBERS: dict[str, Any] = {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-3, "momentum": 0.6}
OPTIMIZERS: list[tuple[Any, dict[str, Any], Optimizer]] = [
    ("sgd", {}, Nesterov(0.6)),
    ("sgd", {"nesterovs_momentum": False}, Momentum(0.6)),
    ("adam", {}, Adam(0.7, 0.9, 1e-3, epsilon_before_correction=True)),
    ("adamw", {}, AdamW(0.7, 0.9, 1e-3)),
    ("nadam", {}, NAdam(0.7, 0.9, 1e-3)),
    ("rmsprop", {}, RMSProp(epsilon=1e-3)),
    ("lion", {}, Lion()),
    (AdamW(weight_decay=0.5), {}, AdamW(weight_decay=0.5)),
    (GradientDescent(), {}, GradientDescent()),
]


@pytest.mark.parametrize(("given", "options", "optimizer"), OPTIMIZERS, ids=str)
def test_solvers(given: Any, options: dict[str, Any], optimizer: Optimizer) -> None:
    fitted = MLPRegressor(**SHORT, **NUMBERS, **options, solver=given).fit(X, NUMBER)
    assert_is(fitted, by_hand(regression(), NUMBER[:, None], {}, optimizer))


def half_cosine(done: float) -> float:
    return (1 + cos(pi * done)) / 2


COURSES: list[tuple[Any, float, Callable[[int], float]]] = [
    ("cosine", 0, lambda at: half_cosine(at / 12)),
    ("exponential", 0, lambda at: 0.95 ** (at // STEPS)),
    ("cosine", 2, lambda at: min((at + 1) / 6, 1) * half_cosine(at / 12)),
    ("constant", 1.5, lambda at: min((at + 1) / 4.5, 1)),
    (step(every=2, by=0.1), 0, lambda at: 0.1 ** (at // (2 * STEPS))),
    (lambda done: 1 - done, 0, lambda at: 1 - at / 12),
    (lambda done: 1 - done**2, 1, lambda at: min((at + 1) / 3, 1) * (1 - (at / 12) ** 2)),
]


@pytest.mark.parametrize(("given", "warm_up", "factor"), COURSES)
def test_learning_rates(given: Any, warm_up: float, factor: Callable[[int], float]) -> None:
    options = {**SHORT, "learning_rate": given, "warm_up": warm_up}
    fitted = MLPRegressor(**options).fit(X, NUMBER)
    assert_is(fitted, by_hand(regression(), NUMBER[:, None], {}, factors=[factor(at) for at in range(12)]))


@pytest.mark.parametrize("warm_up", [0, 1.5])
@pytest.mark.parametrize("given", ["constant", "cosine", "onecycle", "coslog4", "exponential", lambda done: 1 - done])
def test_learning_rates_go_on_through_parts(given: Any, warm_up: float) -> None:
    options = {**SHORT, "learning_rate": given, "warm_up": warm_up}
    parts, fitted = MLPRegressor(**options), MLPRegressor(**options).fit(X, NUMBER)
    for _ in range(PASSES):
        parts.partial_fit(X, NUMBER)
    assert_same_bits(parts, fitted)
    assert parts.loss_curve_ == fitted.loss_curve_
    assert np.isfinite(parts.partial_fit(X, NUMBER).coefs_[0]).all()  # the course stays where it ended


@pytest.mark.parametrize(("given", "named"), [("onecycle", "one_cycle"), ("coslog4", "coslog4"), ("step", "step")])
def test_learning_rates_by_name(given: str, named: str) -> None:
    one, other = (
        MLPRegressor(**{**SHORT, "max_iter": 12}, learning_rate=rate).fit(X, NUMBER)
        for rate in (given, find_schedule(named))
    )
    assert_same_bits(one, other)
    assert differs(one, MLPRegressor(**{**SHORT, "max_iter": 12}).fit(X, NUMBER))
