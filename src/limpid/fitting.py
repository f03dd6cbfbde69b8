"""What the estimators share: scikit-learn's way to fit, over limpid's engine and training loop.

Random draws and their order are scikit-learn's, so that equal `random_state` gives the same network.
"""

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from math import inf, nan
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from limpid.encoder import Scaling
from limpid.engines import Examples, State, StepRule, canonical, find_engine, is_sparse
from limpid.initializers import initial_parameters
from limpid.lbfgs import CONVERGED
from limpid.memory import check_memory
from limpid.model import Model, Origin
from limpid.network import Network
from limpid.optimizers import Adam, Momentum, Nesterov, Optimizer
from limpid.schedules import Schedule, adaptive, constant
from limpid.stochastic import in_order
from limpid.training import LBFGS, Descending, Epoch, Stopping, Training, Validation

Rows = NDArray[Any]

PROGRESS = 2.2204460492503131e-09
"""SciPy's default for how little the cost may fall before L-BFGS ends, which scikit-learn leaves as it is."""


def is_stochastic(estimator: "MLP") -> bool:
    """Whether the solver goes batch by batch; scikit-learn's `AttributeError` where it does not."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic."
        )
    return True


class MLP(BaseEstimator):
    """What both estimators share; see scikit-learn's `sklearn.neural_network` for each parameter."""

    solver: str
    model_: Model

    @abstractmethod
    def _targets(self, y: Rows, incremental: bool) -> Rows:
        """Answers as the network's targets (rows, outputs)."""

    @abstractmethod
    def _network(self, inputs: int, outputs: int) -> Network:
        """The network that the parameters ask for."""

    @abstractmethod
    def _task(self) -> str:
        """As in `limpid.Model`."""

    @abstractmethod
    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        """The validation score of early stopping."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from X (rows, features), dense or sparse, and answers y (rows,) or (rows, outputs).

        `sample_weight` (rows,) says how much each row's cost counts. Errors: scikit-learn's.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @property
    def coefs_(self) -> list[Rows]:
        """Each layer's weights (fan_in, fan_out)."""
        return self._arrays("W")

    @property
    def intercepts_(self) -> list[Rows]:
        """Each layer's biases (fan_out,)."""
        return self._arrays("b")

    def _arrays(self, kind: str) -> list[Rows]:
        if "model_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has weights when it is fitted")
        return [self.model_.parameters[f"{kind}{number}"] for number in range(1, self.n_layers_)]

    def _outputs(self, X: ArrayLike) -> Rows:
        """The network's outputs (rows, outputs) for X (rows, features)."""
        rows = self._inputs(X)
        return self.model_.outputs(rows)

    def _inputs(self, X: ArrayLike) -> Any:
        check_is_fitted(self)
        found = validate_data(self, X, accept_sparse=["csr", "csc"], dtype=_dtypes(X), reset=False)
        return canonical(found) if is_sparse(found) else found

    def _fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None, incremental: bool) -> Self:
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        fresh = "model_" not in vars(self) or not (self.warm_start or incremental)
        if any(units <= 0 for units in self._hidden()):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {self._hidden()}.")
        inputs, answers = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=_dtypes(X), reset=fresh
        )
        rows = canonical(inputs) if is_sparse(inputs) else inputs
        dtype = np.float32 if rows.dtype == np.float32 else np.float64
        targets = self._targets(answers, incremental).astype(dtype)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, rows, dtype=dtype)
        random = check_random_state(self.random_state)
        if fresh:
            network = self._network(rows.shape[1], targets.shape[1])
            slots = len(self._optimizer().slots)
            check_memory(network, slots=slots, batch_size=self._batch_rows(len(targets)), dtype=dtype)
            start = State(initial_parameters(network, "scikit_learn", random, dtype), {}, 0)
            self._begin(network)
        else:
            network, start = self.model_.network, self.model_.state or State(self.model_.parameters, {}, 0)
        examples, validation = self._split(Examples(rows, targets, weights), random)
        training = self._training(network, start, examples, validation, random, incremental)
        for epoch in training:
            self._record(epoch, len(examples.Y))
        self._finish(training, incremental)
        return self

    def _hidden(self) -> list[int]:
        return [int(units) for units in np.atleast_1d(self.hidden_layer_sizes).ravel()]

    def _activation(self) -> str:
        """The field's name for scikit-learn's."""
        return "sigmoid" if self.activation == "logistic" else self.activation

    def _begin(self, network: Network) -> None:
        self.t_, self.n_outputs_, self.n_layers_ = 0, network.outputs, len(network.layers) + 1
        self.out_activation_ = {"sigmoid": "logistic"}.get(network.output.name, network.output.name)
        # scikit-learn's squared error is averaged over outputs where this cost sums over them
        self._averaged_outputs = network.outputs if network.cost == "squared_error" else 1
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = [] if self.early_stopping else None
        self.best_validation_score_ = -inf if self.early_stopping else None
        self.best_loss_ = None if self.early_stopping else inf

    def _split(self, examples: Examples, random: np.random.RandomState) -> tuple[Examples, Validation | None]:
        if not self.early_stopping or self.solver == "lbfgs":
            return examples, None
        stratify = examples.Y if self._task() == "classification" and examples.Y.shape[1] == 1 else None
        parts = [part for part in examples if part is not None]
        split = train_test_split(*parts, random_state=random, test_size=self.validation_fraction, stratify=stratify)
        if split[1].shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        train, unseen = Examples(*split[::2]), Examples(*split[1::2])
        return train, Validation(unseen, lambda outputs, y: self._score_outputs(outputs, y, unseen.weights))

    def _training(
        self,
        network: Network,
        start: State,
        examples: Examples,
        validation: Validation | None,
        random: np.random.RandomState,
        incremental: bool,
    ) -> Training:
        rows = len(examples.Y)
        optimizer = self._optimizer()
        if not incremental or not start.slots:
            start = State(start.parameters, optimizer.init(start.parameters), start.step if incremental else 0)
        method: Descending | LBFGS = LBFGS(self.tol, PROGRESS, self.max_fun)
        if self.solver != "lbfgs":
            orders = _orders(random, rows) if self.shuffle else in_order(rows)
            method = Descending(orders, self.learning_rate_init, self._schedule(self.t_ if incremental else 0))
        tolerance = self.tol * (self._averaged_outputs if validation is None else 1)
        return Training(
            network,
            start.parameters,
            examples,
            StepRule(optimizer, self._batch_rows(rows), l2=float(self.alpha)),
            method,
            engine=find_engine(self.engine),
            epochs=1 if incremental else self.max_iter,
            stopping=Stopping(inf if self.solver == "lbfgs" else self.n_iter_no_change, tolerance),
            validation=validation,
            start=start,
        )

    def _optimizer(self) -> Optimizer:
        if self.solver == "adam":
            return Adam(self.beta_1, self.beta_2, self.epsilon, epsilon_before_correction=True)
        return Nesterov(self.momentum) if self.nesterovs_momentum else Momentum(self.momentum)

    def _schedule(self, seen: int) -> Schedule:
        """The learning rate's course when `seen` rows were learned from before; only "sgd" has one."""
        if self.solver != "sgd" or self.learning_rate == "constant":
            return constant()
        if self.learning_rate == "adaptive":
            return adaptive()
        power = self.power_t
        return Schedule("invscaling", lambda step, clock: (seen + clock.epoch(step) * clock.rows + 1.0) ** -power)

    def _batch_rows(self, rows: int) -> int:
        if self.solver == "lbfgs":
            return rows
        if self.batch_size == "auto":
            return min(200, rows)
        if self.batch_size > rows:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=5
            )
        return int(min(self.batch_size, rows))

    def _record(self, epoch: Epoch, rows: int) -> None:
        data = epoch.cost - epoch.penalty
        self.loss_ = data / self._averaged_outputs + epoch.penalty
        self.t_ += rows
        if self.solver == "lbfgs":
            return
        self.loss_curve_.append(self.loss_)
        if self.verbose:
            print(f"Iteration {epoch.number}, loss = {self.loss_:.8f}")
        if self.validation_scores_ is not None and self.best_validation_score_ is not None:
            score = nan if epoch.validation_score is None else epoch.validation_score
            self.validation_scores_.append(score)
            self.best_validation_score_ = max(self.best_validation_score_, score)
            if self.verbose:
                print(f"Validation score: {score:f}")
        elif self.best_loss_ is not None and self.loss_ < self.best_loss_:
            self.best_loss_ = self.loss_

    def _finish(self, training: Training, incremental: bool) -> None:
        reason = str(training.stopped_because)
        parameters = training.parameters
        if reason.startswith("not finite"):
            if len(training.history) < 2:
                raise ValueError(
                    "Solver produced non-finite parameter weights. The input data may contain large values and need "
                    "to be preprocessed."
                )
            parameters = training.best_parameters
            warnings.warn(f"Training stopped, the best weights are kept; {reason}", ConvergenceWarning, stacklevel=4)
        self.n_iter_ = len(training.history)
        self.model_ = Model(
            network=training.network,
            parameters=parameters,
            task=self._task(),
            input_scaling=Scaling.none(training.network.inputs),
            target_scaling=Scaling.none(training.network.outputs),
            classes=self.classes_ if self._task() == "classification" else None,
            features=tuple(map(str, getattr(self, "feature_names_in_", ()))),
            history=list(training.history),
            origin=Origin(
                rows_train=training.rows,
                stopped_because=reason,
                seconds_training=sum(epoch.seconds for epoch in training.history),
                recipe={name: _plain(value) for name, value in self.get_params(deep=False).items()},
            ),
            state=training.state._replace(parameters=parameters),
            engine=self.engine,
        )
        if reason == "interrupted":
            warnings.warn("Training interrupted by user.", stacklevel=4)
        elif self.solver == "lbfgs" and reason != CONVERGED:
            warnings.warn(
                f"lbfgs failed to converge after {self.n_iter_} iteration(s): {reason}. You might also want to scale "
                "the data or raise max_iter.",
                ConvergenceWarning,
                stacklevel=4,
            )
        elif reason == "all epochs done" and not incremental and self.solver != "lbfgs":
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _dtypes(X: Any) -> Any:
    """What X may hold: scikit-learn's float64 or float32; pictures' bytes and half precision are read as they are."""
    kept = isinstance(X, np.ndarray) and X.dtype in (np.uint8, np.float16)
    return X.dtype if kept else (np.float64, np.float32)


def _orders(random: np.random.RandomState, rows: int) -> Iterator[NDArray[np.int64]]:
    """The orders that scikit-learn's `shuffle`, called once a pass on the order before, would give."""
    order = np.arange(rows)
    while True:
        places = np.arange(rows)
        random.shuffle(places)
        order = order[places]
        yield order


def _plain(value: Any) -> Any:
    """A parameter as a value that any file can hold."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else repr(value)
