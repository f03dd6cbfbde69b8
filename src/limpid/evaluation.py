"""How good a model is on examples: its cost, its score, and where it errs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.engines import find_engine
from limpid.errors import LimpidError
from limpid.groups import columns_of
from limpid.model import Model
from limpid.objective import evaluate as evaluate_cost


@dataclass(frozen=True)
class Evaluation:
    """What a model made of the rows of a data set."""

    dataset: Dataset
    """The rows, or the first of them where they are too many to be kept."""
    rows: int
    """All of them."""
    cost: float
    """Average cost, in the network's units, without a penalty."""
    predictions: NDArray[Any]
    """As `Model.predict` gives them, for `dataset`."""
    certainty: NDArray[Any] | None
    """(rows, classes) probabilities, where the model gives any."""
    accuracy: float | None
    """Share of rows answered rightly (all labels or answers of a row, where it has several); None for a regression."""
    rmse: float | None
    """Root of the mean squared error in the target's units; None without a regression."""
    r2: float | None
    """Share of the target's variance explained (averaged over targets); None without a regression."""
    confusion: NDArray[np.int64] | None
    """(classes, classes) rows with the true class down and the predicted class across."""

    @property
    def balanced_accuracy(self) -> float | None:
        """The share of each class's rows that are answered rightly, averaged over the classes that have any."""
        if self.confusion is None:
            return None
        rows = self.confusion.sum(axis=1)
        return float((np.diag(self.confusion)[rows > 0] / rows[rows > 0]).mean())

    def worst_confusions(self, classes: NDArray[Any], most: int = 5) -> list[tuple[Any, Any, int]]:
        """The pairs (true, predicted, rows) of different classes with the most rows, most first."""
        return [] if self.confusion is None else most_confused(self.confusion, classes, most)


def most_confused(confusion: NDArray[np.int64], classes: NDArray[Any], most: int = 5) -> list[tuple[Any, Any, int]]:
    """The pairs (true, predicted, rows) of different classes with the most rows, most first."""
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [np.unravel_index(place, wrong.shape) for place in order]
    return [(classes[true], classes[got], int(wrong[true, got])) for true, got in pairs if wrong[true, got]]


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """What `model` makes of `dataset`, whose answers must be known.

    Errors: `LimpidError` where inputs or answers do not fit the model.
    """
    if dataset.y is None:
        raise LimpidError(f"{dataset.name}: answers are needed to evaluate, the source has none; name them with target")
    examples = model.examples(dataset.X, dataset.y)
    cost, outputs = evaluate_cost(find_engine(model.engine, model.threads), model.network, model.parameters, examples)
    predictions = model.answers(outputs)
    regression = model.task == "regression"
    certain = not regression and model.network.output.range == (0.0, 1.0)
    return Evaluation(
        dataset=dataset,
        rows=len(dataset),
        cost=cost,
        predictions=predictions,
        certainty=model.probabilities(outputs) if certain else None,
        accuracy=None if regression else score_of(model, outputs, examples.Y),
        rmse=float(np.sqrt(np.mean((predictions - dataset.y) ** 2))) if regression else None,
        r2=r_squared(outputs, examples.Y) if regression else None,
        confusion=None if model.classes is None else confusion_of(model.classes, dataset.y, predictions),
    )


def evaluate_parts(model: Model, parts: Iterator[Dataset]) -> Evaluation:
    """What `model` makes of rows that come in parts, of which only the first is kept."""
    total: Evaluation | None = None
    spread = _Spread()
    for dataset in parts:
        part = evaluate(model, dataset)
        if part.rmse is not None:
            spread.add(np.asarray(dataset.y, np.float64), part.predictions)
        total = part if total is None else _together(total, part)
    if total is None:
        raise LimpidError("there are no rows to evaluate")
    return total if total.rmse is None else replace(total, r2=spread.explained())


def _together(some: Evaluation, more: Evaluation) -> Evaluation:
    rows = some.rows + more.rows
    share = more.rows / rows

    def mean(one: float | None, other: float | None) -> float | None:
        return None if one is None or other is None else one + share * (other - one)

    squared = mean(some.rmse and some.rmse**2, more.rmse and more.rmse**2)
    return replace(
        some,
        rows=rows,
        cost=some.cost + share * (more.cost - some.cost),
        accuracy=mean(some.accuracy, more.accuracy),
        rmse=None if squared is None else squared**0.5,
        confusion=None if some.confusion is None or more.confusion is None else some.confusion + more.confusion,
    )


class _Spread:
    """Squared errors, and squared deviations from a mean that is known only at the end (Chan, Golub, LeVeque 1979)."""

    def __init__(self) -> None:
        self._rows, self._mean, self._deviation, self._error = 0, np.zeros(1), np.zeros(1), np.zeros(1)

    def add(self, y: NDArray[np.float64], predicted: NDArray[Any]) -> None:
        y, predicted = y.reshape(len(y), -1), predicted.reshape(len(y), -1)
        rows, mean = self._rows + len(y), y.mean(axis=0)
        apart = mean - self._mean
        self._error = self._error + ((y - predicted) ** 2).sum(axis=0)
        self._deviation = self._deviation + ((y - mean) ** 2).sum(axis=0) + apart**2 * self._rows * len(y) / rows
        self._mean, self._rows = self._mean + apart * len(y) / rows, rows

    def explained(self) -> float:
        varies = self._deviation > 0
        shares = 1 - self._error / np.where(varies, self._deviation, 1)
        return float(np.where(varies, shares, np.where(self._error > 0, 0.0, 1.0)).mean())


def score_of(model: Model, outputs: NDArray[Any], targets: NDArray[Any]) -> float:
    """`score_for` the model's task; of several answers a row with classes each, all of them have to be right."""
    if not model.several_classes:
        return score_for(model.task)(outputs, targets)
    sizes = [len(classes) for classes in model.several_classes]
    pairs = zip(columns_of(sizes, outputs), columns_of(sizes, targets), strict=True)
    return share(np.all([got.argmax(axis=1) == wanted.argmax(axis=1) for got, wanted in pairs], axis=0), None)


def score_for(task: str) -> Callable[[NDArray[Any], NDArray[Any]], float]:
    """What counts as good on examples that were not learned from: accuracy, several labels' accuracy, or R^2."""
    return {"classification": accuracy, "multilabel": label_accuracy, "regression": r_squared}[task]


def accuracy(outputs: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any] | None = None) -> float:
    """Share of rows whose class (the largest of outputs (rows, classes), or above 0.5 for one output) is right.

    `weights` (rows,) say how much each row counts, here and below; where all are 0, all count the same.
    """
    if outputs.shape[1] == 1:
        return label_accuracy(outputs, targets, weights)
    return share(outputs.argmax(axis=1) == targets.argmax(axis=1), weights)


def label_accuracy(outputs: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any] | None = None) -> float:
    """Share of rows all of whose labels (outputs (rows, labels) above 0.5) are right."""
    return share(((outputs > 0.5) == (targets > 0.5)).all(axis=1), weights)


def r_squared(outputs: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any] | None = None) -> float:
    """1 - squared error / squared deviation from the mean, averaged over the columns of (rows, outputs).

    NaN where outputs are not finite.
    """
    if not np.isfinite(outputs).all():
        return nan
    counts = np.ones(len(targets)) if weights is None or not weights.any() else weights.astype(np.float64)
    mean = counts @ targets / counts.sum()
    error = counts @ np.square(targets - outputs, dtype=np.float64)
    spread = counts @ np.square(targets - mean, dtype=np.float64)
    shares = np.where(spread > 0, 1 - error / np.where(spread > 0, spread, 1), np.where(error > 0, 0.0, 1.0))
    return float(shares.mean())


def share(right: NDArray[Any], weights: NDArray[Any] | None) -> float:
    """Of the rows that are right (rows,)."""
    if weights is None or not weights.any():
        return float(np.mean(right))
    return float(np.average(right, weights=weights))


def confusion_of(classes: NDArray[Any], y: NDArray[Any], predictions: NDArray[Any]) -> NDArray[np.int64]:
    """(classes, classes) rows with the true class down and the predicted class across."""
    true, got = np.searchsorted(classes, y), np.searchsorted(classes, predictions)
    return np.bincount(true * len(classes) + got, minlength=len(classes) ** 2).reshape(len(classes), len(classes))
