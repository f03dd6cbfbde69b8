"""What learning needs before its first step, whether the rows are in memory or not: network, scaling, targets, rule."""

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.activations import find_activation
from limpid.embedding import Embedding
from limpid.encoder import Scaling, check_targets, encode_labels, value_range
from limpid.engines import StepRule
from limpid.errors import LimpidError
from limpid.network import Network, dense_network
from limpid.recipe import Recipe, optimizer_of
from limpid.stopping import Stopping

ONE_HOT = 50
"""Columns of at most so many categories have an input for each, unless an embedding is asked for."""
DIMENSIONS = 32
"""Of the others' embedding. Both are measured (docs/results.md); with fewer, products of columns are often missed."""


def network_for(
    task: str,
    answers: int,
    inputs: int,
    recipe: Recipe,
    classes: NDArray[Any] | None,
    categories: Sequence[tuple[int, int]] = (),
) -> Network:
    """With so many `inputs`, for so many `answers` a row or the `classes` of a classification.

    `categories`: first input and size of each column of categories. Errors: `LimpidError` where the recipe's output
    does not fit the task, or there is nothing to embed.
    """
    outputs = answers
    if classes is None:
        output = recipe.output or _natural_output(task, recipe.cost)
        if output == "softmax":
            raise LimpidError(f"a softmax output is for a class each, not for a {task}; use sigmoid or identity")
    else:
        output = recipe.output or ("sigmoid" if len(classes) == 2 else "softmax")
        if recipe.cost == "cross_entropy" and recipe.output is None:
            output = "softmax"
        if find_activation(output).groups:
            raise LimpidError(f"the outputs {output!r} are for several answers a row, a classification has one")
        outputs = 1 if output == "sigmoid" and len(classes) == 2 else len(classes)
    activation: Any = recipe.activation
    return dense_network(
        *(inputs, recipe.hidden, outputs, activation, output, recipe.cost, recipe.normalization),
        _embedding(inputs, categories, recipe.embedding),
    )


def _embedding(inputs: int, categories: Sequence[tuple[int, int]], dimensions: int | None) -> Embedding | None:
    """Of all `categories` where `dimensions` are asked for, else of those that are many."""
    if dimensions and not categories:
        raise LimpidError(f"embedding {dimensions} needs a table with columns of categories, there are none")
    least = ONE_HOT + 1 if dimensions is None else 1
    columns = tuple((first, size) for first, size in categories if size >= least)
    return Embedding(inputs, columns, dimensions or DIMENSIONS) if columns and dimensions != 0 else None


def _natural_output(task: str, cost: str | None) -> str:
    if task == "multilabel":
        return "sigmoid"
    return "exp" if cost == "poisson" else "identity"


def target_scaling(y: NDArray[Any], task: str, network: Network) -> Scaling:
    """Numbers y (rows,) or (rows, outputs) are standardised where outputs can take any value.

    A bounded output meets its targets as they are.
    """
    if task == "regression" and network.output.name == "identity":
        return Scaling.standard(y.reshape(len(y), -1))
    return Scaling.none(network.outputs)


def targets_for(
    name: str, y: NDArray[Any], network: Network, classes: NDArray[Any] | None, scaling: Scaling, dtype: Any
) -> NDArray[Any]:
    """Answers y of the source called `name` as targets (rows, outputs).

    Errors: `LimpidError` for a label that is not among the classes, or a number that the outputs or the cost cannot
    reach.
    """
    if classes is not None:
        targets = encode_labels(y, classes, network.outputs, dtype)
    else:
        targets = scaling.apply(y.reshape(len(y), -1), dtype)
    check_targets(network, targets)
    low, high = network.output.range
    if not ((targets >= low) & (targets <= high)).all():
        raise LimpidError(
            f"{name}: the output activation {network.output.name!r} gives {low:g} to {high:g}, "
            f"the targets are {value_range(targets)}"
        )
    return targets


def class_weights(recipe: Recipe, y: NDArray[Any], classes: NDArray[Any] | None) -> NDArray[np.float64] | None:
    """(classes,) how much a row of each class counts, by the labels y (rows,) learned from; None where all are alike.

    "balanced" is rows / (classes * rows of the class), as scikit-learn has it (G. King, L. Zeng 2001). Errors:
    `LimpidError` where there are no classes.
    """
    if recipe.class_weight is None:
        return None
    if classes is None:
        raise LimpidError(f"class_weight {recipe.class_weight!r} is for a classification; here numbers are predicted")
    counts = np.bincount(np.searchsorted(classes, y), minlength=len(classes))
    return np.asarray(len(y) / (len(classes) * np.maximum(counts, 1)))


def row_weights(
    weights: NDArray[np.float64] | None, y: NDArray[Any], classes: NDArray[Any] | None, dtype: Any
) -> NDArray[Any] | None:
    """(rows,) how much each row counts by its label in y (rows,), None where all count the same."""
    if weights is None or classes is None:
        return None
    found: NDArray[Any] = weights[np.searchsorted(classes, y)].astype(dtype)
    return found


def step_rule(recipe: Recipe, rows: int) -> StepRule:
    """How a complete recipe makes steps of batches of so many `rows`."""
    return StepRule(
        optimizer_of(recipe),
        batch_size=min(recipe.batch_size or 0, rows),
        l2=recipe.l2 or 0.0,
        dropout=recipe.dropout or 0.0,
        clip_norm=recipe.clip_norm,
        max_norm=recipe.max_norm,
        label_smoothing=recipe.label_smoothing,
        seed=recipe.seed,
        bfloat16=recipe.precision == "bfloat16",
    )


def stopping(recipe: Recipe) -> Stopping:
    """When a complete recipe says to stop."""
    return Stopping(recipe.patience or inf, recipe.tolerance, recipe.gradient_tol, monitor="cost")


def classes_in(name: str, y: NDArray[Any], task: str) -> NDArray[Any] | None:
    """The sorted labels of a classification, None for other tasks.

    Errors: `LimpidError` for fewer than two, or more than one label a row.
    """
    if task != "classification":
        return None
    if y.ndim != 1:
        raise LimpidError(f"{name}: a classification needs one label for each row, got {y.shape[1]}")
    classes = np.unique(y)
    if len(classes) < 2:
        raise LimpidError(f"{name}: at least two classes are needed to tell apart, got only {classes[0]!s}")
    return classes
