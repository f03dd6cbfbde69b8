"""MLPRegressor: a drop-in for scikit-learn's that predicts one number or several."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if

from limpid import evaluation
from limpid.costs import Quantile, find_cost
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
        normalization: str | None = None,
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
        """The number (rows,) or numbers (rows, outputs) for each row of X (rows, features).

        Of several quantiles the one nearest to the median.
        """
        outputs = self._middle(self._outputs(X))
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def predict_quantiles(self, X: ArrayLike) -> Rows:
        """The quantiles that `loss` names, ascending, for X (rows, features).

        (rows, levels), or (rows, outputs, levels) for several numbers a row. Where the network's cross they are put in
        order (Chernozhukov, Fernandez-Val, Galichon 2010). Errors: `ValueError` where the loss names none.
        """
        heads = self._outputs(X)
        if not self._heads:
            raise ValueError(f"predict_quantiles needs a loss such as 'quantile:0.05,0.5,0.95', got {self.loss!r}")
        quantiles = self._quantiles(heads)
        return quantiles[:, 0] if quantiles.shape[1] == 1 else quantiles

    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> Rows:
        """From where to where each row's number lies: (rows, 2), or (rows, outputs, 2), for X (rows, features).

        Each interval holds the true number of a new row with probability `coverage`, whatever the network got wrong, as
        long as rows come from where the held-out ones came from: split conformal prediction by the absolute error (Lei
        et al. 2018) or, where `loss` names several quantiles, by how far from the outer ones (Romano, Patterson, Candes
        2019). It is infinite where there are too few held-out rows to tell.

        Errors: `ValueError` where no rows were held out, or a coverage that is not above 0 and below 1.
        """
        margin = self._threshold(coverage)
        low, high = self._bounds(self._outputs(X))
        least, most = self.model_.network.output.range
        middle = (low + high) / 2
        low, high = np.minimum(low - margin, middle), np.maximum(high + margin, middle)
        bounds = np.stack([np.maximum(low, least), np.minimum(high, most)], axis=-1)
        return bounds[:, 0] if bounds.shape[1] == 1 else bounds

    def _learn_certainty(self, held_out: Examples) -> None:
        low, high = self._bounds(self.model_.outputs(held_out.X).astype(np.float64))
        true = self._middle(held_out.Y)
        self.conformity_scores_ = np.sort(np.maximum(low - true, true - high), axis=0)

    @property
    def _heads(self) -> tuple[float, ...]:
        """The levels where each number is answered by several quantiles."""
        levels = find_cost(cost_name(self.loss)).numbers
        return levels if len(levels) > 1 else ()

    def _quantiles(self, outputs: Rows) -> Rows:
        """(rows, outputs, levels), ascending."""
        return np.sort(outputs.reshape(len(outputs), -1, len(self._heads)), axis=2)

    def _middle(self, outputs: Rows) -> Rows:
        """Of the quantiles of each number the one nearest to the median."""
        heads = self._heads
        if not heads:
            return outputs
        return self._quantiles(outputs)[:, :, int(np.argmin(np.abs(np.sort(heads) - 0.5)))]

    def _bounds(self, outputs: Rows) -> tuple[Rows, Rows]:
        if not self._heads:
            return outputs, outputs
        quantiles = self._quantiles(outputs)
        return quantiles[:, :, 0], quantiles[:, :, -1]

    def _task(self) -> str:
        return "regression"

    def _network(self, inputs: int, outputs: int) -> Network:
        cost, heads = cost_name(self.loss), self._heads
        output = "exp" if cost == "poisson" else "identity"
        if heads:
            cost = Quantile(*heads * (outputs // len(heads))).name
        return dense_network(inputs, self._hidden(), outputs, self._activations(), output, cost, self.normalization)

    def _begin_answers(self, y: Rows, incremental: bool, more: Any) -> None:
        pass

    def _encode(self, y: Rows, dtype: Any) -> Rows:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets = np.asarray(y.reshape(len(y), -1), dtype)
        return np.repeat(targets, len(self._heads), axis=1) if self._heads else targets

    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        return evaluation.r_squared(self._middle(outputs), self._middle(targets), weights)
