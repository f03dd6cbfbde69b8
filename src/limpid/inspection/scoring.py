"""How good answers are, in one number a person knows: the share that is right, or R²."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.evaluation import score_for
from limpid.groups import columns_of
from limpid.model import Model


def score_name(model: Model) -> str:
    """Of `score`: "accuracy" or "R²"."""
    return "R²" if model.task == "regression" else "accuracy"


def score(model: Model, outputs: NDArray[Any], targets: NDArray[Any]) -> float:
    """Accuracy of outputs (rows, outputs): of a row's labels together, of several answers each by itself; or R²."""
    if model.several_classes:
        sizes = [len(classes) for classes in model.several_classes]
        pairs = zip(columns_of(sizes, outputs), columns_of(sizes, targets), strict=True)
        return float(np.mean([(got.argmax(axis=1) == wanted.argmax(axis=1)).mean() for got, wanted in pairs]))
    return score_for(model.task)(outputs, targets)


def told(model: Model, value: float) -> str:
    """A score as a person reads it."""
    return f"{value:.3f}" if model.task == "regression" else f"{value:.1%}"
