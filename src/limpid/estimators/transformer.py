"""HiddenActivations: what hidden neurons make of rows, as features for whatever comes next in a pipeline."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted


class HiddenActivations(TransformerMixin, MetaEstimatorMixin, BaseEstimator):
    """A network's hidden activations as features, named `layer2_neuron17`.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        The network; a copy of it is fitted, unless it is wrapped in scikit-learn's `FrozenEstimator`.
    layer : int, default=-1
        Which hidden layer: 1 is the first, -1 the last.

    Attributes
    ----------
    estimator_ : MLPClassifier or MLPRegressor
        The fitted network.
    n_features_in_ : int
        How many numbers a row has.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X had some.
    """

    _parameter_constraints = {"estimator": [HasMethods(["fit", "predict"])], "layer": [Integral]}

    def __init__(self, estimator: Any, *, layer: int = -1) -> None:
        self.estimator = estimator
        self.layer = layer

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, **fit_params: Any) -> Self:
        """Fit a copy of the network to X (rows, features) and y; `fit_params` are those of its `fit`.

        Errors: those of its `fit`; `ValueError` for a layer that it has not.
        """
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        if not hasattr(self._fitted(), "model_"):
            raise ValueError(
                f"HiddenActivations needs an MLPClassifier or MLPRegressor of limpid, got {self.estimator!r}"
            )
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        self._number()
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """The layer's activations (rows, neurons) for X (rows, features)."""
        check_is_fitted(self)
        fitted = self._fitted()
        rows = fitted._inputs(X)
        activations: NDArray[Any] = fitted._hear().trace(rows).a[self._number()]
        return activations

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002 - as the others have it
        """A name for each neuron, (neurons,)."""
        check_is_fitted(self)
        number = self._number()
        units = self._fitted().model_.network.layers[number - 1].units
        return np.array([f"layer{number}_neuron{unit}" for unit in range(units)], dtype=object)

    def _fitted(self) -> Any:
        """The network, without a `FrozenEstimator` around it."""
        return self.estimator_ if hasattr(self.estimator_, "model_") else getattr(self.estimator_, "estimator", None)

    def _number(self) -> int:
        hidden = len(self._fitted().model_.network.layers) - 1
        number = self.layer + hidden + 1 if self.layer < 0 else self.layer
        if not hidden:
            raise ValueError("HiddenActivations needs a network with hidden layers, this one has none")
        if not 1 <= number <= hidden:
            raise ValueError(
                f"layer must name one of the {hidden} hidden layers, from 1 or from -1 back, got {self.layer}"
            )
        return number

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags
