"""What each parameter of the estimators may be, in the words of scikit-learn's own machinery."""

from numbers import Integral, Real
from typing import Any

from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.utils._param_validation import Interval, StrOptions

from limpid.activations import Activation
from limpid.costs import COSTS, Cost
from limpid.engines import ENGINES
from limpid.estimators.choices import FOR_ALL, FOR_SGD, SOLVERS
from limpid.network import hidden_activations
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import Optimizer
from limpid.recipe import PRECISIONS
from limpid.schedules import Schedule


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
