"""What each parameter of the estimators may be, in the words of scikit-learn's own machinery."""

from numbers import Integral, Real
from typing import Any

from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.utils._param_validation import Interval, StrOptions

from limpid.activations import Activation
from limpid.costs import COSTS, Cost
from limpid.engines import ENGINES
from limpid.estimators.choices import FOR_ALL, FOR_SGD
from limpid.network import hidden_activations
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import Optimizer
from limpid.recipe import PRECISIONS
from limpid.schedules import Schedule
from limpid.solvers import SOLVERS


class CostName(StrOptions):
    """A cost by name, with its numbers after a colon where it takes some: "huber:2"."""

    def is_satisfied_by(self, val: Any) -> bool:
        return isinstance(val, str) and val.partition(":")[0] in self.options


_ABOVE_0 = Interval(Real, 0, None, closed="neither")

SHARED: dict[str, list[Any]] = {
    **{name: allowed for name, allowed in TheirClassifier._parameter_constraints.items() if name != "loss"},
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    "activation": [StrOptions({"logistic", *hidden_activations()}), Activation, list, tuple],
    "solver": [StrOptions(set(SOLVERS)), Optimizer],
    "learning_rate": [StrOptions({*FOR_SGD, *FOR_ALL}), Schedule, callable],
    "warm_up": [Interval(Real, 0, None, closed="left")],
    "monitor": [StrOptions({"score", "loss"})],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "normalization": [StrOptions(set(NORMALIZATIONS)), None],
    "max_norm": [_ABOVE_0, None],
    "clip_norm": [_ABOVE_0, None],
    "gradient_tol": [_ABOVE_0, None],
    "callbacks": [list, tuple, callable, None],
    "progress": ["boolean"],
    "keep_path": ["boolean"],
    "n_jobs": [Integral, None],
    "precision": [StrOptions(set(PRECISIONS)), None],
    "engine": [StrOptions(set(ENGINES))],
}
"""Of both estimators."""

OF_CLASSIFIER: dict[str, list[Any]] = {
    **SHARED,
    "loss": [CostName({"log_loss", *COSTS}), Cost],
    "class_weight": [StrOptions({"balanced"}), dict, list, None],
    "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    "calibrate": ["boolean"],
    "grow": ["boolean"],
}

OF_REGRESSOR: dict[str, list[Any]] = {
    **SHARED,
    "loss": [CostName({name for name in COSTS if "cross_entropy" not in name}), Cost],
    "grow": ["boolean"],
}

NOT_FOR_LBFGS = ("dropout", "max_norm", "clip_norm", "label_smoothing", "gradient_tol", "warm_up")

Held = tuple[Any, Any, Any]
"""X, y and weights of rows to watch, or None."""


def check_together(of: Any, held: Held, *, incremental: bool, fresh: bool) -> None:
    """What parameters of the estimator `of`, and the rows `held` out, must be beside each other.

    `incremental`: in `partial_fit`; `fresh`: where nothing was learned before. Errors: `ValueError`.
    """
    watches = held[0] is not None
    if incremental and of.early_stopping and not watches:
        raise ValueError("partial_fit does not support early_stopping=True")
    if any(units <= 0 for units in of._hidden()):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {of._hidden()}.")
    if watches != (held[1] is not None):
        raise ValueError("X_val and y_val belong together: both must be given, or neither")
    if not watches and held[2] is not None:
        raise ValueError("sample_weight_val weighs the rows of X_val, which is not given")
    if isinstance(of.hidden_layer_sizes, str):
        _check_search(of, begins_in_parts=incremental and fresh)
    lbfgs = of.solver == "lbfgs"
    if getattr(of, "calibrate", False) and not watches and (lbfgs or not of.early_stopping):
        raise ValueError(
            "calibrate=True needs held-out rows: early_stopping=True with a stochastic solver, or X_val and y_val"
        )
    if lbfgs:
        _check_lbfgs(of)


def _check_search(of: Any, begins_in_parts: bool) -> None:
    if begins_in_parts:
        raise ValueError("hidden_layer_sizes='auto' needs all rows at once: call fit before partial_fit")
    if isinstance(of.activation, list | tuple):
        raise ValueError(f"hidden_layer_sizes='auto' needs one activation for all layers, got {of.activation!r}")


def _check_lbfgs(of: Any) -> None:
    for name in NOT_FOR_LBFGS:
        if getattr(of, name):
            raise ValueError(f"solver='lbfgs' takes no {name}: choose another solver")
    if of.normalization == "batch":
        raise ValueError("solver='lbfgs' takes no normalization='batch', which needs batches: choose another solver")
    if of.precision == "bfloat16":
        raise ValueError("solver='lbfgs' needs precision float32 or float64, got 'bfloat16'")
