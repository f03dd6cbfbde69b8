"""How good answers are, in one number a person knows: the share that is right, or R²; and how sure that is."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.engines import Examples, find_engine
from limpid.evaluation import score_for
from limpid.groups import columns_of
from limpid.inspection.subject import Floats
from limpid.model import Model

DRAWS = 1000
"""Of rows, for an interval."""


def score_name(task: str) -> str:
    """Of `score`: "accuracy" or "R²"."""
    return "R²" if task == "regression" else "accuracy"


def score(model: Model, outputs: NDArray[Any], targets: NDArray[Any]) -> float:
    """Accuracy of outputs (rows, outputs): of a row's labels together, of several answers each by itself; or R²."""
    if model.several_classes:
        sizes = [len(classes) for classes in model.several_classes]
        pairs = zip(columns_of(sizes, outputs), columns_of(sizes, targets), strict=True)
        return float(np.mean([(got.argmax(axis=1) == wanted.argmax(axis=1)).mean() for got, wanted in pairs]))
    return score_for(model.task)(outputs, targets)


def score_on(model: Model, examples: Examples) -> float:
    """`score` of what the model's own engine answers."""
    outputs = find_engine(model.engine, model.threads).predict(model.network, model.parameters, examples.X)
    return score(model, outputs, examples.Y)


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
