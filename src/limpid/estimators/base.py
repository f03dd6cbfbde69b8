"""What the estimators share: scikit-learn's conventions around one `Fit`, with the trained `Model` as `model_`."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from operator import index
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils.validation import check_is_fitted

from limpid.costs import Cost
from limpid.engines import Examples, canonical, is_sparse
from limpid.estimators.callbacks import Support
from limpid.estimators.choices import activation_names
from limpid.estimators.fitting import Fit
from limpid.estimators.outcome import of_model
from limpid.estimators.rows import check_both, check_rows
from limpid.model import Model
from limpid.network import Network
from limpid.uncertainty import threshold

Rows = NDArray[Any]


def assign(estimator: BaseEstimator, given: dict[str, Any]) -> None:
    """Keep the parameters of `__init__` (its `locals()`) as they are, as scikit-learn's conventions ask."""
    for name, value in given.items():
        if name not in {"self", "__class__"}:
            setattr(estimator, name, value)


def is_stochastic(estimator: "MLP") -> bool:
    """Whether the solver goes batch by batch; scikit-learn's `AttributeError` where it does not."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic."
        )
    return True


class MLP(Support, BaseEstimator):
    """What both estimators share; their docstrings say what each parameter means."""

    hidden_layer_sizes: Any
    activation: Any
    solver: Any
    alpha: float
    batch_size: int | str
    learning_rate: Any
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    tol: float
    verbose: bool | int
    warm_start: bool
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: float
    max_fun: int
    loss: str | Cost
    warm_up: float
    monitor: str
    dropout: float
    normalization: str | None
    label_smoothing: float = 0.0
    max_norm: float | None
    grow: bool
    clip_norm: float | None
    gradient_tol: float | None
    callbacks: Any
    progress: bool
    keep_path: bool
    n_jobs: int | None
    precision: str | None
    engine: str

    model_: Model
    coefs_: list[Rows]
    intercepts_: list[Rows]
    n_layers_: int
    conformity_scores_: Rows

    @abstractmethod
    def _begin_answers(self, y: Rows, incremental: bool, more: Any) -> None:
        """Learn what answers there are, `more` (or None) besides those of y, or check that those of y are known."""

    @abstractmethod
    def _encode(self, y: Rows, dtype: Any) -> Rows:
        """Answers as the network's targets (rows, outputs)."""

    @abstractmethod
    def _network(self, inputs: int, hidden: Sequence[int], outputs: int) -> Network:
        """The network that the parameters ask for, with these numbers of neurons."""

    @abstractmethod
    def _task(self) -> str:
        """As in `limpid.Model`."""

    @abstractmethod
    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        """The score of outputs on rows that were not learned from."""

    def _weigh(self, y: Rows, weights: Rows | None, incremental: bool) -> Rows | None:  # noqa: ARG002 - by class only
        """How much each row counts, whatever its class says included."""
        return weights

    def conformalize(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Measure by rows X (rows, features) and answers y how far the fitted network errs, for sets and intervals.

        Rows that had no part in `fit`, not even in early stopping, make the promise of coverage exact. They take the
        place of those that `fit` measured by. Returns the estimator. Errors: `ValueError` where X or y do not fit.
        """
        check_is_fitted(self)
        rows, answers = check_both(self, X, y, reset=False, numeric=self._task() == "regression")
        self._measure_errors(Examples(rows, self._encode(answers, self._hear().dtype)))
        return self

    def _learn_certainty(self, held_out: Examples) -> None:
        """Learn from rows that were not learned from how sure the fitted `model_` may be."""
        self._cool(held_out)
        self._measure_errors(held_out)

    def _cool(self, held_out: Examples) -> None:
        """Divide logits by a temperature, where that was asked for."""

    @abstractmethod
    def _measure_errors(self, held_out: Examples) -> None:
        """Make `conformity_scores_`."""

    def _threshold(self, coverage: Any) -> Rows:
        """The conformity score that new rows stay below with probability `coverage`, for each column of scores."""
        check_is_fitted(self)
        if not isinstance(coverage, Real) or not 0 < float(coverage) < 1:
            raise ValueError(f"coverage must be a share above 0 and below 1, got {coverage!r}")
        if "conformity_scores_" not in vars(self):
            raise ValueError(
                f"{type(self).__name__} was fitted without held-out rows to measure its errors by: fit it with "
                "early_stopping=True and a stochastic solver, give X_val and y_val, or call conformalize"
            )
        return np.array([threshold(scores, float(coverage)) for scores in self.conformity_scores_.T])

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Learn from X (rows, features), dense or sparse, and answers y (rows,) or (rows, outputs).

        `sample_weight` (rows,) says how much each row's cost counts. `X_val`, `y_val` and `sample_weight_val` are rows
        that are not learned from: how well the network does on them is in `validation_scores_` and
        `validation_loss_curve_`, and with `early_stopping` they take the place of those that would be split off.
        Returns the estimator. Errors: scikit-learn's.
        """
        Fit(self, X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=False).run()
        return self

    def _layers(self) -> dict[str, Rows]:
        """The parameters as `coefs_` and `intercepts_` have them now: who puts others there is heard."""
        pairs = enumerate(zip(self.coefs_, self.intercepts_, strict=True), start=1)
        return {f"{kind}{number}": array for number, pair in pairs for kind, array in zip("Wb", pair, strict=True)}

    def _hear(self) -> Model:
        """The model with these."""
        given = self._layers()
        if any(self.model_.parameters[name] is not array for name, array in given.items()):
            self.model_ = replace(self.model_, parameters={**self.model_.parameters, **given})
        return self.model_

    def __getstate__(self) -> dict[str, Any]:
        """Without `coefs_` and `intercepts_`, which `model_` holds too: files keep them once."""
        state: dict[str, Any] = super().__getstate__()
        if "model_" not in state:
            return state
        self._hear()
        lighter = {name: value for name, value in state.items() if name not in {"coefs_", "intercepts_"}}
        return lighter | {"model_": self.model_}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "model_" in state:
            self.__dict__.update(of_model(self.model_))

    def _outputs(self, X: ArrayLike) -> Rows:
        """The network's outputs (rows, outputs) for X (rows, features), in the wider of both precisions."""
        rows = self._inputs(X)
        outputs = self._hear().outputs(rows)
        return outputs.astype(np.float64) if rows.dtype == np.float64 else outputs

    def _inputs(self, X: ArrayLike) -> Any:
        check_is_fitted(self)
        found = check_rows(self, X, reset=False)
        return canonical(found) if is_sparse(found) else found

    def _hidden(self) -> list[int]:
        found = isinstance(self.hidden_layer_sizes, str)
        sizes = vars(self).get("hidden_layer_sizes_", ()) if found else self.hidden_layer_sizes
        try:
            return [index(units) for units in np.atleast_1d(sizes).ravel()]
        except TypeError:
            raise ValueError(f"hidden_layer_sizes must be whole numbers, got {sizes!r}") from None

    def _activations(self) -> str | tuple[str, ...]:
        return activation_names(self.activation)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
