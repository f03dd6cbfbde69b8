"""Which rows a model learned from and how it was trained, as far as it says, and what rows cost it."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset, guess_task
from limpid.engines import Examples, find_engine
from limpid.errors import LimpidError
from limpid.frames import is_frame, table_of
from limpid.inspection.subject import Floats, Subject
from limpid.learning import Learning, seen, unseen
from limpid.model import Model
from limpid.network import Network
from limpid.objective import row_costs
from limpid.recipe import Recipe


def dataset_of(model: Any, X: Any, y: Any, X_unseen: Any, y_unseen: Any) -> Dataset:
    """All rows, those that are unseen as its test examples where they are given."""
    if isinstance(X, Dataset):
        return X
    if y is None:
        raise LimpidError("answers y are needed beside X, or a Dataset as X")
    known = None if isinstance(model, Network) else Subject.of(model).given
    dataset = wrapped(known, X, y)
    return dataset if X_unseen is None else replace(dataset, test=wrapped(known, X_unseen, y_unseen))


def wrapped(model: Model | None, X: Any, y: Any) -> Dataset:
    """X and y as a data set like the one that `model` learned from."""
    answers = np.asarray(y)
    if is_frame(X):
        return Dataset("rows given", table_of(X), answers, model.task if model else guess_task(answers))
    values = np.asarray(X)
    values = values.reshape(len(values), -1)
    if model is None:
        return Dataset("rows given", values, answers, guess_task(answers))
    scale = model.input_scaling.scale
    same = bool((scale == scale[0]).all() and not model.input_scaling.shift.any())
    full_scale = float(scale[0]) if same else None
    return Dataset(
        "rows given", values, answers, model.task, model.features, model.targets, model.image_shape, full_scale
    )


def recipe_of(model: Any) -> dict[str, Any] | None:
    """The choices by which it was trained, where they are those of `Recipe`."""
    if isinstance(model, Network):
        if model.embedding is not None:
            raise LimpidError("a network with an embedding is made from a table: give the trained model")
        return {
            "hidden": [layer.units for layer in model.hidden],
            "activation": [layer.activation for layer in model.hidden],
            "output": model.output.name,
            "cost": model.cost,
            "normalization": model.hidden[0].normalization if model.hidden else None,
        }
    recipe = Subject.of(model).given.origin.recipe
    fields = Recipe.__dataclass_fields__
    return {**recipe} if recipe and set(recipe) <= set(fields) else None


def trained(dataset: Dataset, recipe: dict[str, Any] | None) -> Model:
    """A model that learned by these choices."""
    learning = Learning(dataset, Recipe(**(recipe or {})))
    for _ in learning:
        pass
    return learning.model


def parts_of(model: Model, dataset: Dataset) -> tuple[Dataset, Dataset]:
    """The rows learned from, and others."""
    if model.origin.fingerprint == dataset.fingerprint():
        found = seen(model, dataset)
        if found is not None:
            return dataset.rows(found), unseen(model, dataset)
    if dataset.test is not None:
        return replace(dataset, test=None), dataset.test
    raise LimpidError(
        "it is not known which of these rows the model learned from: give others as X_unseen and y_unseen"
    )


def costs_of(model: Model, dataset: Dataset) -> Floats:
    """Of each row."""
    examples = model.examples(dataset.X, np.asarray(dataset.y))
    return row_costs(find_engine(model.engine, model.threads), model.network, model.parameters, examples)


def constant_cost(model: Model, learned: Dataset, others: Dataset) -> float:
    """The mean cost on others of always giving the mean answer of the rows learned from."""
    targets = model.examples(learned.X, np.asarray(learned.y)).Y
    wanted: Examples = model.examples(others.X, np.asarray(others.y))
    mean = np.broadcast_to(targets.mean(axis=0, dtype=np.float64), wanted.Y.shape)
    terms: NDArray[Any] = model.network.cost_function.terms(mean, wanted.Y.astype(np.float64))
    return float(terms.sum(axis=1).mean())
