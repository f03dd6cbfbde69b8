"""What was made small: the cost as training saw it, with its penalty, smoothed targets and weights of classes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from limpid.engines import Examples, find_engine
from limpid.inspection.subject import Subject
from limpid.network import Network, Parameters
from limpid.objective import evaluate
from limpid.preparation import class_weights, row_weights
from limpid.recipe import Recipe

AUTO_BATCH = 200
"""Rows a step at most where an estimator's `batch_size` is "auto", as in scikit-learn."""


class Trained(NamedTuple):
    """The average cost of `examples` plus pull / 2 |W|^2: biases and all else but weights are left out of that."""

    network: Network
    examples: Examples
    pull: float

    def penalty(self, parameters: Parameters) -> float:
        """pull / 2 |W|^2."""
        decayed = [array for name, array in parameters.items() if self.network.decays(name)]
        return 0.5 * self.pull * sum(float(np.sum(np.square(array, dtype=np.float64))) for array in decayed)

    def cost(self, parameters: Parameters, engine: str = "reference", threads: int | None = None) -> float:
        """Without the penalty, in the precision of the examples' targets."""
        return evaluate(find_engine(engine, threads), self.network, parameters, self.examples)[0]

    def whole(self, parameters: Parameters, engine: str = "reference", threads: int | None = None) -> float:
        """Cost and penalty."""
        return self.cost(parameters, engine, threads) + self.penalty(parameters)

    def in_precision(self, dtype: Any) -> "Trained":
        """The same rows in another precision."""
        X, Y, weights = self.examples
        cast = Examples(X.astype(dtype), Y.astype(dtype), None if weights is None else weights.astype(dtype))
        return self._replace(examples=cast)


def as_trained(subject: Subject, X: Any, y: ArrayLike) -> Trained:
    """Of the rows X (rows, inputs) with answers y, in float64.

    Nothing is dropped, and what is normalised over batches is so by running statistics. Weights that rows were given
    by hand, and a weight decay outside of the cost, are not known here. Errors: `LimpidError` where rows do not fit.
    """
    examples, recipe = subject.examples(X, y), subject.given.origin.recipe
    if share := recipe.get("label_smoothing"):
        network = subject.network
        smoothed = network.cost_function.smoothed(examples.Y, share, network.output.groups)
        examples = examples._replace(Y=smoothed)
    if recipe.get("class_weight") == "balanced" and subject.given.classes is not None:
        labels, classes = np.asarray(y).ravel(), subject.given.classes
        weights = class_weights(Recipe(class_weight="balanced"), labels, classes)
        examples = examples._replace(weights=row_weights(weights, labels, classes, np.float64))
    return Trained(subject.network, examples, _pull(subject))


def cost_elsewhere(subject: Subject, trained: Trained) -> Callable[[Parameters], float]:
    """Parameters to cost and penalty: quick, in the model's own precision, by its own engine."""
    given, own = subject.given, trained.in_precision(subject.given.dtype)

    def cost(parameters: Parameters) -> float:
        rounded = {name: array.astype(given.dtype) for name, array in parameters.items()}
        return own.whole(rounded, given.engine, given.threads)

    return cost


def _pull(subject: Subject) -> float:
    """Of an average batch, whose penalty is l2 / (2 rows) |W|^2."""
    origin = subject.given.origin
    recipe, rows = origin.recipe, max(1, origin.rows_train - origin.rows_validation)
    l2 = float(recipe.get("l2", recipe.get("alpha")) or 0.0)
    size = AUTO_BATCH if recipe.get("batch_size") == "auto" else recipe.get("batch_size") or rows
    whole = "lbfgs" in {recipe.get("optimizer"), recipe.get("solver")}
    return l2 / (rows if whole else min(int(size), rows))
