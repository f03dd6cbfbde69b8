"""MLPRegressor: a drop-in for scikit-learn's that predicts one number or several."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if

from limpid import evaluation
from limpid.engines import Examples
from limpid.estimators.base import MLP, Rows, assign, is_stochastic
from limpid.estimators.choices import cost_name
from limpid.estimators.constraints import OF_REGRESSOR
from limpid.estimators.fitting import Fit
from limpid.network import Network, dense_network


class MLPRegressor(RegressorMixin, MLP):
    """A dense network that predicts one number or several."""

    _parameter_constraints = OF_REGRESSOR

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
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
        warm_up: float = 0,
        monitor: str = "score",
        dropout: float = 0.0,
        max_norm: float | None = None,
        clip_norm: float | None = None,
        gradient_tol: float | None = None,
        grow: bool = False,
        callbacks: Any = None,
        progress: bool = False,
        n_jobs: int | None = None,
        precision: str | None = None,
        engine: str = "native",
    ) -> None:
        assign(self, locals())

    @available_if(is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """One more pass, over the rows X (rows, features) and answers y (rows,) or (rows, outputs).

        The other arguments are those of `fit`; with `early_stopping`, which needs X_val and y_val here, the answers
        are those of the pass that did best on them so far.
        """
        Fit(self, X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=True).run()
        return self

    def predict(self, X: ArrayLike) -> Rows:
        """The number (rows,) or numbers (rows, outputs) for each row of X (rows, features)."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> Rows:
        """From where to where each row's number lies: (rows, 2), or (rows, outputs, 2), for X (rows, features).

        Each interval holds the true number of a new row with probability `coverage`, whatever the network got wrong, as
        long as rows come from where the held-out ones came from: split conformal prediction by the absolute error (Lei
        et al. 2018). It is infinite where there are too few held-out rows to tell.

        Errors: `ValueError` where no rows were held out, or a coverage that is not above 0 and below 1.
        """
        margin = self._threshold(coverage)
        outputs = self._outputs(X)
        least, most = self.model_.network.output.range
        bounds = np.stack([np.maximum(outputs - margin, least), np.minimum(outputs + margin, most)], axis=-1)
        return bounds[:, 0] if outputs.shape[1] == 1 else bounds

    def _learn_certainty(self, held_out: Examples) -> None:
        errors = np.abs(self.model_.outputs(held_out.X).astype(np.float64) - held_out.Y)
        self.conformity_scores_ = np.sort(errors, axis=0)

    def _task(self) -> str:
        return "regression"

    def _network(self, inputs: int, outputs: int) -> Network:
        cost = cost_name(self.loss)
        output = "exp" if cost == "poisson" else "identity"
        return dense_network(inputs, self._hidden(), outputs, self._activations(), output, cost)

    def _begin_answers(self, y: Rows, incremental: bool, more: Any) -> None:
        pass

    def _encode(self, y: Rows, dtype: Any) -> Rows:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return np.asarray(y.reshape(len(y), -1), dtype)

    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        return evaluation.r_squared(outputs, targets, weights)
