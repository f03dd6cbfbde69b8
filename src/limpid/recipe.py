"""A recipe: every choice of how to learn, with what is sensible where nothing is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from numbers import Integral, Real
from typing import Any

import numpy as np

from limpid.errors import LimpidError, choose
from limpid.initializers import natural_initializer
from limpid.optimizers import OPTIMIZERS, Momentum, Nesterov, Optimizer, find_optimizer
from limpid.schedules import find_schedule, warmed_up

PRECISIONS = {"float32": np.float32, "float64": np.float64, "bfloat16": np.float32}
"""By name, the dtype of parameters and all that is computed but bfloat16's factors of products."""
ROWS_FOR_VALIDATION = 1000
"""With fewer rows than this none are set aside to stop by, unless patience is asked for: too few to judge by."""
NUMBERS = (
    "learning_rate", "momentum", "warm_up", "l2", "dropout", "clip_norm", "max_norm", "label_smoothing", "tolerance",
    "gradient_tol", "test_size", "validation_size",
)  # fmt: skip
OF_STEPS = ("dropout", "clip_norm", "max_norm", "label_smoothing")
"""What only optimizers that go step by step can take."""
ROWS_FOR_LARGE_BATCHES = 10_000
PATIENCE, PATIENCE_WITH_TABLES = 10, 25
RATES_OF_TABLES, RATE_OF_FEW_LABELS, L2_OF_FEW_LABELS = (0.005, 0.01), 0.002, 0.1
"""Of AdamW where labels and where numbers are learned, and of labels of few rows, which a penalty keeps from being
learned by heart. Chosen with all that is particular to tables by rows that were neither learned from nor tested on;
RealMLP (D. Holzmueller et al., 2024) has the same optimizer and schedule."""


@dataclass(frozen=True)
class Recipe:
    """How to learn; None leaves a choice to the data (see `complete`).

    `hidden`: neurons of each hidden layer. `activation` of hidden layers, `output` of the last, `cost`: by name.
    Of a table with kinds of columns these are silu, adamw and coslog4 if not said, else relu, adam and constant.
    `normalization` of hidden layers over the "batch" or the "layer", or None for none. `embedding`: so many learned
    numbers in place of each column of categories of a table, 0 for an input of its own for each category; None leaves
    columns of few categories as they are. `optimizer`, also "lbfgs", with its `learning_rate` and `momentum`;
    `schedule` after `warm_up` epochs.
    `l2`, `dropout`, `clip_norm`, `max_norm`, `label_smoothing`, `batch_size`: as in `StepRule`.
    `class_weight` "balanced" lets each class count the same, however few rows it has. `epochs` at most; training
    stops after `patience` epochs (0: never) that are not better by `tolerance` in cost on the `validation_size` share
    of the training rows, or in training cost where that share is 0; `gradient_tol`: as in `Stopping`. `test_size`:
    share of rows held out for the test, or 0. `seed` decides every draw. `engine` computes, on at most `threads` cores,
    in `precision` "float32", or "float64" as L-BFGS has it; "bfloat16" is float32 but for the factors of matrix
    products, rounded to 8 significant bits: quicker where layers are wide and the processor multiplies them.
    """

    hidden: Sequence[int] = (256, 128)
    activation: str | Sequence[str] | None = None
    output: str | None = None
    cost: str | None = None
    normalization: str | None = None
    embedding: int | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    momentum: float | None = None
    schedule: str | None = None
    warm_up: float = 0
    initial_weights: str | None = None
    l2: float | None = None
    dropout: float | None = None
    clip_norm: float | None = None
    max_norm: float | None = None
    label_smoothing: float = 0.0
    class_weight: str | None = None
    batch_size: int | None = None
    epochs: int | None = None
    patience: int | None = None
    tolerance: float = 0.0
    gradient_tol: float | None = None
    test_size: float = 0.2
    validation_size: float | None = None
    seed: int = 0
    engine: str = "native"
    threads: int | None = None
    precision: str | None = None
    measure_slope: bool = False
    keep_path: bool = False


def complete(
    recipe: Recipe, rows: int, *, pictures: bool = False, table: bool = False, task: str = "classification"
) -> Recipe:
    """The recipe with a choice made wherever it left one to the data, which are so many `rows`.

    They may be `pictures`, or of a `table` with kinds of columns. Errors: `LimpidError` for a choice that no data could
    make right.
    """
    check_recipe(recipe)
    lbfgs, level = recipe.optimizer == "lbfgs", recipe.gradient_tol is not None
    cycles = table and recipe.optimizer is None and not level
    recipe = replace(recipe, hidden=tuple(recipe.hidden))
    natural = {
        "activation": "silu" if table else "relu",
        "optimizer": "adamw" if cycles else "adam",
        "schedule": "coslog4" if cycles else "constant",
    }
    recipe = _filled(recipe, natural)
    few = table and rows < ROWS_FOR_VALIDATION
    labels = few and task != "regression" and cycles
    rate = RATE_OF_FEW_LABELS if labels else RATES_OF_TABLES[task == "regression"]
    # a search for slope 0 must go on while nothing gets better, and must see the cost that it descends
    patience = 0 if level or rows < ROWS_FOR_VALIDATION else PATIENCE_WITH_TABLES if table else PATIENCE
    choices: dict[str, Any] = {
        "learning_rate": rate if cycles else optimizer_of(recipe).default_rate,
        "l2": L2_OF_FEW_LABELS if labels else 0.0,
        "initial_weights": natural_initializer(_first_activation(recipe)),
        "dropout": 0.2 if pictures and not level and not lbfgs else 0.0,
        "batch_size": 32 if rows < ROWS_FOR_LARGE_BATCHES else 128,
        "epochs": 200 if few and cycles and not labels else 100,
        "patience": patience,
        "validation_size": 0.1 if (patience if recipe.patience is None else recipe.patience) else 0.0,
        "precision": "float64" if lbfgs else "float32",  # L-BFGS's line search needs the digits
    }
    return _filled(recipe, choices)


def _filled(recipe: Recipe, choices: dict[str, Any]) -> Recipe:
    """With those of the choices that it leaves open."""
    return replace(recipe, **{name: choice for name, choice in choices.items() if getattr(recipe, name) is None})


def _first_activation(recipe: Recipe) -> str:
    if not recipe.hidden:
        return "identity"
    activation: Any = recipe.activation
    return activation if isinstance(activation, str) else next(iter(activation), "identity")


def check_recipe(recipe: Recipe) -> None:
    """`LimpidError` for a choice that no data could make right."""
    _check_kinds(recipe)
    if recipe.precision is not None:
        choose("precision", recipe.precision, PRECISIONS)
    if recipe.class_weight is not None:
        choose("class_weight", recipe.class_weight, {"balanced": None})
    if recipe.optimizer is not None:
        choose("optimizer", recipe.optimizer, {**OPTIMIZERS, "lbfgs": None})
    for what, share in (("test", recipe.test_size), ("validation", recipe.validation_size)):
        if share is not None and not 0 <= share < 1:
            raise LimpidError(f"the {what} size must be a share of at least 0 and below 1, got {share!r}")
    if recipe.seed < 0:
        raise LimpidError(f"the seed must be an integer of at least 0, got {recipe.seed!r}")
    if recipe.embedding is not None and recipe.embedding < 0:
        raise LimpidError(f"the embedding must have at least 0 dimensions, got {recipe.embedding!r}")
    if recipe.patience is not None and recipe.patience < 0:
        raise LimpidError(f"the patience must be at least 0 epochs, got {recipe.patience!r}")
    if recipe.learning_rate is not None and not 0 < recipe.learning_rate < inf:
        raise LimpidError(f"the learning rate must be a finite number above 0, got {recipe.learning_rate!r}")
    warmed_up(find_schedule("constant" if recipe.schedule is None else recipe.schedule), recipe.warm_up)
    if recipe.optimizer == "lbfgs" and any(getattr(recipe, name) for name in OF_STEPS):
        raise LimpidError(f"lbfgs takes neither {' nor '.join(OF_STEPS)}: choose another optimizer")
    if recipe.optimizer == "lbfgs" and recipe.normalization == "batch":
        raise LimpidError("normalization 'batch' needs batches, lbfgs has none: choose 'layer' or another optimizer")
    if recipe.optimizer == "lbfgs" and recipe.precision == "bfloat16":
        raise LimpidError("lbfgs needs precision float32 or float64, got bfloat16")


def optimizer_of(recipe: Recipe) -> Optimizer:
    """The optimizer, of a complete recipe, with the momentum that was asked for."""
    # L-BFGS steps by itself: the rule that it is given only carries l2
    optimizer = find_optimizer("gradient_descent" if recipe.optimizer == "lbfgs" else str(recipe.optimizer))
    if recipe.momentum is None:
        return optimizer
    if not isinstance(optimizer, (Momentum, Nesterov)):
        raise LimpidError(f"momentum is for the optimizers momentum and nesterov, not for {recipe.optimizer!r}")
    return replace(optimizer, momentum=recipe.momentum)


def _check_kinds(recipe: Recipe) -> None:
    """Each choice is of the kind that it must be, before any is compared with a number."""
    for kind, names, called in (
        (Integral, ("embedding", "batch_size", "epochs", "patience", "seed", "threads"), "an integer"),
        (Real, NUMBERS, "a number"),
        (
            str,
            (
                "output",
                "cost",
                "normalization",
                "optimizer",
                "schedule",
                "initial_weights",
                "class_weight",
                "engine",
                "precision",
            ),
            "a name",
        ),
    ):
        for name in names:
            value: Any = getattr(recipe, name)
            left_open = value is None and Recipe.__dataclass_fields__[name].default is None
            if isinstance(value, bool) or not (left_open or isinstance(value, kind)):
                raise LimpidError(f"{name} must be {called}, got {value!r}")
    hidden: Any = recipe.hidden
    if isinstance(hidden, str) or not isinstance(hidden, Iterable):
        raise LimpidError(f"hidden must be a sequence of integers, one for each hidden layer, got {hidden!r}")
    if recipe.activation is not None and not isinstance(recipe.activation, (str, Sequence)):
        raise LimpidError(f"activation must be a name, or one for each hidden layer, got {recipe.activation!r}")
