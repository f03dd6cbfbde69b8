"""Optimizers by the names that scikit-learn's users know."""

from collections.abc import Callable
from typing import Any

from limpid.optimizers import Adam, AdamW, Lion, Momentum, NAdam, Nesterov, Optimizer, RMSProp

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
