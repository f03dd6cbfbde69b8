"""Which rows a model learned from and which it never saw, and by which choices it can be learned again."""

from dataclasses import asdict, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.columns import Category
from limpid.dataset import Dataset, guess_task
from limpid.engines import is_sparse
from limpid.errors import LimpidError
from limpid.frames import table_of
from limpid.inspection.subject import Subject
from limpid.inspection.trained import AUTO_BATCH
from limpid.learning import Learning, held_out, learn
from limpid.model import Model, rows_of_numbers
from limpid.network import Network
from limpid.recipe import Recipe
from limpid.solvers import SOLVERS

OF_MODEL = ("hidden", "seed", "keep_path", "measure_slope", "test_size")
"""Choices of a recipe that are not taken over when it is learned again."""


class Known(NamedTuple):
    """A model, and rows of both kinds."""

    subject: Subject
    seen: Dataset
    """What it learned from, without those that were only watched."""
    kept: Dataset
    """With these: all that may be learned from again."""
    unseen: Dataset

    @property
    def choices(self) -> dict[str, Any]:
        """`Recipe`'s, without the hidden layers, by which a network like the model is learned.

        An estimator's as near as `learn` comes to them. Errors: `LimpidError` where they are not known.
        """
        return _choices(self.subject.given)


def known_rows(
    given: Any, X: Any, y: ArrayLike | None, X_unseen: Any = None, y_unseen: ArrayLike | None = None
) -> Known:
    """Of a `Model`, a fitted estimator, a `Network` or a recipe's choices; the latter two are learned first.

    With X_unseen and y_unseen, X and y are the rows learned from. Without, X is a `Dataset`, or X and y are all rows
    as the model had them: they are split as training did. Errors: `LimpidError` where that cannot be known.
    """
    if (X_unseen is None) != (y_unseen is None):
        raise LimpidError("X_unseen and y_unseen belong together: both must be given, or neither")
    if isinstance(given, Network | dict):
        return _learned(given, _unlearned(X, y, X_unseen, y_unseen))
    subject = Subject.of(given)
    model = subject.given
    dataset = dataset_for(model, X, y)
    if X_unseen is not None and y_unseen is not None:
        dataset = replace(dataset, test=dataset_for(model, X_unseen, y_unseen))
    if "hidden" in model.origin.recipe and model.origin.fingerprint == dataset.fingerprint():
        parts = Learning(dataset, Recipe(**{**model.origin.recipe, "engine": model.engine, "threads": model.threads}))
        if parts.test is None:
            raise LimpidError(
                f"{dataset.name}: the model learned from every row of it; unseen ones are needed, X_unseen"
            )
        return Known(subject, parts.train, _kept(dataset, parts), parts.test)
    if dataset.test is None:
        raise LimpidError(
            f"{dataset.name}: these are not all the rows that the model had, so that it is not known which it learned "
            "from: give these as X and y, and others as X_unseen and y_unseen"
        )
    return Known(subject, replace(dataset, test=None), replace(dataset, test=None), dataset.test)


def choices_of(given: Any) -> dict[str, Any]:
    """A `Network`'s, a `Model`'s or a recipe's own choices, with the hidden layers.

    Errors: `LimpidError` where they are not known.
    """
    if isinstance(given, Model):
        return {**_choices(given), "hidden": [layer.units for layer in given.network.hidden]}
    if not isinstance(given, Network):
        return dict(given)
    if given.embedding:
        raise LimpidError("a network with an embedding belongs to its table: give the choices of a recipe instead")
    hidden = given.hidden
    return {
        "hidden": [layer.units for layer in hidden],
        "activation": [layer.activation for layer in hidden] or None,
        "normalization": hidden[0].normalization if hidden else None,
        "output": given.output.name,
        "cost": given.cost,
    }


def check_like(given: Any, made: Network) -> None:
    """`LimpidError` where a `Network` was given and another one is what rows ask for."""
    if isinstance(given, Network) and given.widths != made.widths:
        raise LimpidError(f"the network {given} does not fit the rows: they ask for {made}")


def dataset_of(X: Any, y: ArrayLike | None) -> Dataset:
    """X itself where it is a `Dataset`, else rows X (rows, inputs) or a table with answers y."""
    if isinstance(X, Dataset):
        return X
    if y is None:
        raise LimpidError("answers y are needed beside X")
    answers = np.atleast_1d(np.asarray(y))
    found = rows_of_numbers(X) if isinstance(X, np.ndarray | list) else table_of(X)
    return Dataset("the rows given", found, answers, guess_task(answers))


def answers_of(part: Dataset) -> NDArray[Any]:
    """Of rows that have some."""
    assert part.y is not None, "these rows were learned from, or tested on"
    return part.y


def _unlearned(X: Any, y: ArrayLike | None, X_unseen: Any, y_unseen: ArrayLike | None) -> Dataset:
    dataset = dataset_of(X, y)
    if X_unseen is None:
        return dataset
    return replace(dataset, test=replace(dataset_of(X_unseen, y_unseen), task=dataset.task))


def _learned(given: Any, dataset: Dataset) -> Known:
    learning = learn(dataset, **choices_of(given))
    check_like(given, learning.network)
    if learning.test is None:
        raise LimpidError(f"{dataset.name}: rows to test on are needed, a test size above 0")
    for _ in learning:
        pass
    subject = Subject.of(learning.model)
    return Known(subject, learning.train, _kept(dataset, learning), learning.test)


def _kept(dataset: Dataset, parts: Learning) -> Dataset:
    """The rows learned from and those watched."""
    if dataset.test is not None:
        return replace(dataset, test=None)
    rows = np.arange(len(dataset))
    return dataset.rows(held_out(dataset, rows, parts.recipe.test_size, parts.recipe.seed)[0])


def dataset_for(model: Model, X: Any, y: ArrayLike | None) -> Dataset:
    """As the model takes it."""
    if isinstance(X, Dataset):
        return X
    if y is None:
        raise LimpidError("answers y are needed beside X")
    if model.several_classes:
        raise LimpidError("several answers a row with classes each cannot be learned again here: look at one of them")
    if is_sparse(X):
        raise LimpidError("sparse rows cannot be learned again here: give X.toarray()")
    task = model.task
    if model.encoder is not None:
        table = table_of(X)
        kinds = {column.name for column in model.encoder.columns if isinstance(column, Category)}
        named = tuple(name for name in table if name in kinds and table[name].kind == "number")
        return Dataset("the rows given", table, np.atleast_1d(np.asarray(y)), task, categorical=named)
    rows = rows_of_numbers(X)
    if model.image_shape and rows.ndim > 1 and rows.shape[-2:] == model.image_shape:
        rows = rows.reshape(-1, model.network.inputs)
    rows = rows[None] if rows.ndim == 1 else rows
    shape = model.image_shape
    full = float(model.input_scaling.scale[0]) if shape else None
    return Dataset("the rows given", rows, np.atleast_1d(np.asarray(y)), task, (), (), shape, full)


def _choices(model: Model) -> dict[str, Any]:
    recipe = model.origin.recipe
    if "hidden" in recipe:
        known = asdict(Recipe(**recipe))
    elif "solver" in recipe:
        known = _of_estimator(model, recipe)
    else:
        raise LimpidError("it is not known how the model was learned, so that it cannot be learned again")
    activation = known.get("activation")
    if isinstance(activation, list | tuple):
        known["activation"] = activation[0] if activation else None  # other depths need one for all layers
    known |= {"engine": model.engine, "threads": model.threads}
    return {name: value for name, value in known.items() if name not in OF_MODEL}


def _of_estimator(model: Model, recipe: dict[str, Any]) -> dict[str, Any]:
    solver = recipe["solver"]
    names = {"sgd": "nesterov" if recipe["nesterovs_momentum"] else "momentum"}
    if solver not in SOLVERS:
        raise LimpidError(f"a model can be learned again by the solvers {', '.join(SOLVERS)}, not by {solver}")
    lbfgs = solver == "lbfgs"
    return {
        **choices_of(model.network),
        "optimizer": names.get(solver, solver),
        "momentum": recipe["momentum"] if solver == "sgd" else None,
        "learning_rate": None if lbfgs else recipe["learning_rate_init"],
        "schedule": "constant",
        "initial_weights": "scikit_learn",
        "l2": recipe["alpha"],
        "dropout": 0.0 if lbfgs else recipe["dropout"],
        "batch_size": AUTO_BATCH if recipe["batch_size"] == "auto" else recipe["batch_size"],
        "epochs": recipe["max_iter"],
        "patience": recipe["n_iter_no_change"] if recipe["early_stopping"] else 0,
        "validation_size": recipe["validation_fraction"] if recipe["early_stopping"] else 0.0,
        "tolerance": recipe["tol"] if recipe["early_stopping"] else 0.0,
    }
