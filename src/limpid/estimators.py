"""MLPClassifier and MLPRegressor: drop-ins for scikit-learn's, with the trained `limpid.Model` as `model_`."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, RegressorMixin, _fit_context
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels

from limpid.engines import ENGINES
from limpid.fitting import MLP, Rows, is_stochastic
from limpid.network import Network, dense_network

ENGINE_CONSTRAINT = {"engine": [StrOptions(set(ENGINES))]}


class MLPClassifier(ClassifierMixin, MLP):
    """A dense network that tells classes apart, or several labels at once.

    Parameters and fitted attributes are those of `sklearn.neural_network.MLPClassifier`, and mean the same; besides,
    `engine` names what computes, and the fitted `model_` is a `limpid.Model`, to inspect and to save.
    """

    _parameter_constraints = {**TheirClassifier._parameter_constraints, **ENGINE_CONSTRAINT}

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        engine: str = "native",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.engine = engine

    @available_if(is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """One more pass, over the rows X (rows, features) and y; the first call must name all `classes`."""
        if _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer().fit(y if type_of_target(y).startswith("multilabel") else classes)
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: ArrayLike) -> Rows:
        """The class of each row of X (rows, features), or 0 or 1 for each of several labels."""
        outputs = self._outputs(X)
        answers = self._label_binarizer.inverse_transform(outputs[:, 0] if outputs.shape[1] == 1 else outputs)
        return np.asarray(answers)

    def predict_proba(self, X: ArrayLike) -> Rows:
        """The probability of each class, in the order of `classes_`, or of each label: (rows, classes)."""
        outputs = self._outputs(X)
        return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs

    def predict_log_proba(self, X: ArrayLike) -> Rows:
        """The logarithm of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def _task(self) -> str:
        return "classification" if self._label_binarizer.y_type_ in {"binary", "multiclass"} else "multilabel"

    def _network(self, inputs: int, outputs: int) -> Network:
        output = "softmax" if self._label_binarizer.y_type_ == "multiclass" else "sigmoid"
        return dense_network(inputs, self._hidden(), outputs, self._activation(), output)

    def _targets(self, y: Rows, incremental: bool) -> Rows:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if "classes_" not in vars(self) or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_classes(unique_labels(y))
        return np.asarray(self._label_binarizer.transform(y))

    def _check_classes(self, classes: Rows) -> None:
        if self.warm_start:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        if outputs.shape[1] > 1 and self._task() == "classification":
            return float(accuracy_score(targets.argmax(axis=1), outputs.argmax(axis=1), sample_weight=weights))
        return float(accuracy_score(targets > 0.5, outputs > 0.5, sample_weight=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class MLPRegressor(RegressorMixin, MLP):
    """A dense network that predicts one number or several.

    Parameters and fitted attributes are those of `sklearn.neural_network.MLPRegressor`, and mean the same; besides,
    `engine` names what computes, and the fitted `model_` is a `limpid.Model`, to inspect and to save.
    """

    _parameter_constraints = {
        **TheirRegressor._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
        **ENGINE_CONSTRAINT,
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        engine: str = "native",
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.engine = engine

    @available_if(is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """One more pass, over the rows X (rows, features) and answers y (rows,) or (rows, outputs)."""
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: ArrayLike) -> Rows:
        """The number (rows,) or numbers (rows, outputs) for each row of X (rows, features)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def _task(self) -> str:
        return "regression"

    def _network(self, inputs: int, outputs: int) -> Network:
        output = "exp" if self.loss == "poisson" else "identity"
        return dense_network(inputs, self._hidden(), outputs, self._activation(), output, self.loss)

    def _targets(self, y: Rows, incremental: bool) -> Rows:  # noqa: ARG002 - a regressor learns no classes
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y.reshape(len(y), -1)

    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        return float(r2_score(targets, outputs, sample_weight=weights))
