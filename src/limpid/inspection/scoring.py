"""How good answers are, in one number a person knows: the share that is right, or R²; and how sure that is."""

import numpy as np

from limpid.engines import Examples, find_engine
from limpid.evaluation import score_of
from limpid.inspection.subject import Floats
from limpid.model import Model

DRAWS = 1000
"""Of rows, for an interval."""


def score_name(task: str) -> str:
    """Of `score_on`: "accuracy" or "R²"."""
    return "R²" if task == "regression" else "accuracy"


def score_on(model: Model, examples: Examples) -> float:
    """`evaluation.score_of` what the model's own engine answers."""
    outputs = find_engine(model.engine, model.threads).predict(model.network, model.parameters, examples.X)
    return score_of(model, outputs, examples.Y)


def told(task: str, value: float) -> str:
    """A score as a person reads it."""
    return f"{value:.3f}" if task == "regression" else f"{value:.1%}"


def means_drawn_again(values: Floats, random: np.random.Generator) -> Floats:
    """(draws,) the mean of as many `values` (rows,), drawn again from them each time: the bootstrap (Efron 1979)."""
    rows = len(values)
    return np.array([values[random.integers(rows, size=rows)].mean() for _ in range(DRAWS)])


def middle(values: Floats) -> tuple[float, float]:
    """Where the middle 95 % of them lie."""
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
