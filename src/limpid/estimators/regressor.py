"""MLPRegressor: a drop-in for scikit-learn's that predicts one number or several."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
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
    """A dense network that predicts one number or several.

    A drop-in for scikit-learn's class of this name: the same parameters and defaults, and for the same `random_state`
    the same network but for rounding. After `max_fun` parameters are limpid's own; they change nothing unless they are
    given. y is (rows,) or (rows, outputs). Scale it to a spread near 1, or let `TransformedTargetRegressor` do so.

    Parameters
    ----------
    loss : str or Cost, default="squared_error"
        What is made small, (a - y) being the error of an output: "squared_error", halved and averaged over outputs; the
        others are summed over these: "absolute_error"; "huber", squared up to a distance of 1 and straight beyond
        ("huber:2": of 2); "quantile:0.9", by which nine tenths of the rows lie below the answer (Koenker & Bassett
        1978); "poisson", half the deviance of y >= 0, with exp as output activation. "quantile:0.05,0.5,0.95" answers
        several quantiles for each number, which `predict_quantiles` gives. `limpid.costs` has formulas and sources
        (scikit-learn #14571).
    hidden_layer_sizes : int, sequence of int or "auto", default=(100,)
        Neurons of each hidden layer, the first one first; () for none. "auto" looks for them: one to three layers of 16
        to 256 neurons are trained in float32, several seeds each, and poor sizes are dropped early (successive halving:
        Jamieson & Talwalkar 2016); the smallest is kept whose loss on rows that it did not learn from (`X_val`, else
        `validation_fraction` of X) is within one standard error of the best one's (Breiman et al. 1984, section 3.4.3).
        A network of that size then learns from all rows that `fit` would; without `early_stopping`, for as many passes
        as did best in the search. "lbfgs" makes up to `max_iter`. A first `partial_fit` cannot search.
    activation : str, Activation or sequence of these, default="relu"
        Of all hidden layers, or one for each: "identity", "logistic" (also called "sigmoid"), "tanh", "relu",
        "leaky_relu" (0.01 z below 0), "elu", "selu", "gelu" (the tanh form), "silu", "softplus" or "mish";
        `limpid.activations` has formulas and sources (scikit-learn #26912, #30199; one for each layer: #10097).
    solver : str or Optimizer, default="adam"
        "lbfgs" steps over all rows at once (Liu & Nocedal 1989, by SciPy) and suits small data. The others,
        *stochastic* below, step batch by batch:

        - "sgd": descent with `momentum`;
        - "adam": Kingma & Ba (2015), `epsilon` placed as at the end of their section 2, which is scikit-learn's way;
        - "adamw": Adam, and every step first shrinks the weights by the factor 1 - 0.01 rate (Loshchilov & Hutter
          2019);
        - "nadam": Adam that looks a step ahead (Dozat 2016);
        - "rmsprop": steps over the root of a mean of squares with decay 0.9 (Hinton, lecture 6e, 2012);
        - "lion": steps of one size, by sign, with betas 0.9 and 0.99 (Chen et al. 2023), for rates well below Adam's.

        An object of `limpid.optimizers` has numbers of its own: `AdamW(weight_decay=0.1)`.
    alpha : float, default=0.0001
        Strength of L2: a step's loss has alpha / (2 n) times the sum of all squared weights added to it, n being the
        rows of its batch (the sum of their weights, where rows have some). Biases are left out.
    batch_size : int or "auto", default="auto"
        Rows a step; the last step of a pass may have fewer. "auto" is 200, or all rows where there are fewer.
        Stochastic solvers.
    learning_rate : str, Schedule or callable, default="constant"
        How the rate goes on, as factors of `learning_rate_init`; other than "constant" none concerns "lbfgs". For "sgd"
        and an `Optimizer`, without effect for the other names:

        - "invscaling": divided by (1 + rows learned from in whole passes)^`power_t`;
        - "adaptive": divided by 5 each time `n_iter_no_change` is exceeded; the fit ends when the rate has come to
          1e-6.

        For every stochastic solver, over the `max_iter` passes:

        - "cosine": down to 0 along half a cosine (Loshchilov & Hutter 2017);
        - "onecycle": up from 1/25 in the first 30 %, then down to 4e-6 of it (Smith & Topin 2018);
        - "step": halved after every 10 passes; "exponential": times 0.95 after each;
        - "coslog4": four cosines up and down, each twice as long as the one before (Holzmüller et al. 2024, section 3).

        A callable is asked before each step: given which share of the fit (from 0 to 1) is done, it answers with the
        factor of the rate, at least 0. A `Schedule` may be made with other numbers in `limpid.schedules`. Each
        `partial_fit` is one of the passes.
    learning_rate_init : float, default=0.001
        The learning rate that those are factors of. Stochastic solvers.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int, default=200
        Most passes over the rows; for "lbfgs" most iterations.
    shuffle : bool, default=True
        Whether each pass takes the rows in a new random order. Stochastic solvers; rows that are one batch come as they
        are, since their order would tell in nothing but rounding and which rows get which of dropout's masks.
    random_state : int, RandomState or None, default=None
        Draws, in scikit-learn's order: the initial weights and biases (Glorot & Bengio 2010, equation 16; for
        "logistic" with 2 in place of 6), the rows set aside, dropout's seed, the order of each pass. An int gives the
        same network each time.
    tol : float, default=0.0001
        By how much a pass must be better than the best one before it to count as better. "lbfgs" ends where no slope is
        steeper than this.
    verbose : bool or int, default=False
        Whether to print each pass's loss, and score on watched rows, in scikit-learn's words.
    warm_start : bool, default=False
        Whether `fit` goes on from where the last one ended, with the same classes and columns.
    momentum : float, default=0.9
        Share of its last step that "sgd" makes again (Polyak 1964), from 0 to 1.
    nesterovs_momentum : bool, default=True
        Whether "sgd" looks ahead along it (Nesterov 1983, as in Sutskever et al. 2013).
    early_stopping : bool, default=False
        Whether rows that are not learned from decide: the weights of the pass that did best on them are kept, and the
        fit ends by them. They are `X_val`, `y_val` of `fit` (scikit-learn #18507), else `validation_fraction` of X.
        `partial_fit` needs `X_val`, `y_val` (#25693). Stochastic solvers; without effect for "lbfgs".
    validation_fraction : float, default=0.1
        Share of X set aside, above 0 and below 1, for `early_stopping` or to search hidden layers by.
    beta_1 : float, default=0.9
        How much of their mean slope "adam", "adamw" and "nadam" keep at each step, at least 0 and below 1.
    beta_2 : float, default=0.999
        How much of their mean squared slope they keep.
    epsilon : float, default=1e-8
        Added to the root that "adam", "adamw", "nadam" and "rmsprop" divide by.
    n_iter_no_change : int or inf, default=10
        So many passes in a row may be no better by `tol`, in loss or with `early_stopping` in what `monitor` says; one
        more ends the fit. Stochastic solvers.
    max_fun : int, default=15000
        Most evaluations of the loss. "lbfgs".
    warm_up : float, default=0
        Passes in which the rate first grows in a straight line, before `learning_rate` has it; parts of a pass count.
        Stochastic solvers.
    monitor : {"score", "loss"}, default="score"
        What `early_stopping` goes by: R^2 (larger is better) or loss (smaller is better) on the watched rows.
    dropout : float, default=0
        Share, at least 0 and below 1, of each hidden layer's neurons left out of a step; those that stay are multiplied
        to make up for them, so that answers need no change (Srivastava et al. 2014; scikit-learn #6175). Inputs are
        never left out. Stochastic solvers.
    normalization : {"batch", "layer"} or None, default=None
        Whether hidden layers' weighted sums are normalised, then scaled and shifted by numbers that are learned, before
        the activation: each neuron's over the rows of the batch, answers by running means (Ioffe & Szegedy 2015;
        stochastic solvers), or each row's over the neurons of the layer (Ba, Kiros & Hinton 2016). `model_.parameters`
        has these numbers as gamma1, beta1, ...; `coefs_` and `intercepts_` do not.
    max_norm : float or None, default=None
        After each step the weights into a hidden neuron are scaled down to at most this Euclidean norm (Srivastava et
        al. 2014). Stochastic solvers.
    clip_norm : float or None, default=None
        A step's slope, over all weights and biases, is shortened to at most this Euclidean norm (Pascanu, Mikolov &
        Bengio 2013). Stochastic solvers.
    gradient_tol : float or None, default=None
        End where the slope is zero: after a pass that leaves the whole gradient, loss and L2 over all rows, with a
        Euclidean norm of at most this. Looking costs another pass forward and back each time. With `tol=0` and
        `n_iter_no_change=inf` nothing ends the fit before. Stochastic solvers; "lbfgs" has `tol`.
    grow : bool, default=False
        Whether `partial_fit` may meet new columns. Their weights start at 0, so that old answers keep their bits.
        Columns of a data frame are known by name, others by place (scikit-learn #7664).
    callbacks : callable, sequence of callables or None, default=None
        Each is called with a `limpid.Epoch` after every pass (`number`, `cost`, which is `loss_`, `validation_score`,
        ...); one that returns True ends the fit (scikit-learn #27676). Those of scikit-learn 1.9 go to `set_callbacks`.
    progress : bool, default=False
        Whether to show a progress bar (scikit-learn #24524).
    keep_path : bool, default=False
        Whether `model_.path` gets the weights before the first pass of a fit and after each.
    n_jobs : int or None, default=None
        Most processor cores to use; -1 for all, None for as many as help. The bits of what stochastic solvers learn do
        not depend on it (scikit-learn #13567).
    precision : {"float32", "float64", "bfloat16"} or None, default=None
        What weights are, and what is computed with. None is float32 for an X of float32, else float64. "bfloat16" is
        float32 with rounded factors of matrix products: quicker for wide layers on processors that multiply them (AMX,
        AVX512-BF16), refused on others. "lbfgs" cannot take "bfloat16".
    engine : {"native", "reference"}, default="native"
        The C++ core, or the same mathematics in NumPy as `limpid.backprop` writes it: equal but for rounding.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Each layer's weights, the first hidden layer's first, float32 or float64. With `early_stopping` those of the
        best pass, else of the last. Who puts other arrays into the list is heard by `predict`.
    intercepts_ : list of ndarray of shape (fan_out,)
        Each layer's biases.
    loss_ : float
        The last pass's loss, L2 included, as `loss_curve_` has it.
    best_loss_ : float or None
        The least of `loss_curve_`; None with `early_stopping`.
    loss_curve_ : list of float
        Each pass's loss, averaged over its batches, each before its step, with L2; for "lbfgs" after each iteration.
        `warm_start` and `partial_fit` append.
    validation_scores_ : list of float or None
        The score on the watched rows after each pass, R^2; None where none were watched: neither `early_stopping` nor
        `X_val`.
    validation_loss_curve_ : list of float or None
        The loss on these, without L2 (scikit-learn #18507).
    best_validation_score_ : float or None
        The highest of `validation_scores_`, with `early_stopping`; by `monitor="loss"` another pass may be the one
        kept.
    n_iter_ : int
        Passes, for "lbfgs" iterations, of the latest call: 1 after `partial_fit`.
    t_ : int
        Rows learned from in all passes of all calls, each row as often as it was; 0 for "lbfgs".
    n_layers_ : int
        Layers, inputs and outputs included.
    n_outputs_ : int
        Output neurons: one for each number, or for each of its quantiles.
    out_activation_ : str
        "identity", or "exp" for "poisson".
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X is a data frame with text for all of them.
    model_ : limpid.Model
        The network as it answers: trace and gradients of rows, `model_.history` with an `Epoch` for each pass of the
        latest call (its `cost` adds up outputs), `model_.origin.stopped_because`; `limpid.save` writes it.
    conformity_scores_ : ndarray of shape (held-out rows, outputs)
        Where rows were held out: how far each one's number lies from the answer or, where `loss` names several
        quantiles, outside the outer two (below 0 within them); ascending, float64, in the unit of y. What
        `predict_interval` goes by.
    should_stop_ : bool
        After `partial_fit` with `early_stopping`: whether more than `n_iter_no_change` calls in a row were no better.
    hidden_layer_sizes_ : tuple of int
        With "auto": what was found.
    capacity_map_ : dict of list
        With "auto": a column for each thing known of the networks tried - "hidden_layer_sizes", "depth", "width",
        "weights" (biases too), "seed", "passes", "best_pass", "loss", "validation_loss", "validation_score", "seconds"
        - and a place in it for each network. `limpid.CapacityMapDisplay` draws it.

    See Also
    --------
    MLPClassifier : Classes instead of numbers.
    HiddenActivations : Hidden activations as features for a pipeline.
    LossCurveDisplay : Draws `loss_curve_` and `validation_loss_curve_`.

    Notes
    -----
    X may be dense or sparse (CSR, CSC), a data frame of pandas or Polars, float64 or float32; arrays of uint8 and
    float16 are read as they are, other numbers become float64. Scale the columns alike, as for scikit-learn's class.

    Errors: `ValueError` in scikit-learn's words for parameters and rows that do not fit, `limpid.LimpidError` (a
    `ValueError`) for what only limpid knows. `ConvergenceWarning` where passes ran out before the loss settled, or the
    network blew up and earlier weights were kept. Ctrl-C ends a fit with a warning and keeps what was learned.

    `predict_interval` keeps its promise exactly for held-out rows that decided nothing: `X_val` without
    `early_stopping`, or those of `conformalize`. Of 90 % asked for, 89.0 % were reached with 50 rows that decided
    (scikit-learn #8303).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.preprocessing import scale
    >>> from limpid import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(scale(X), scale(y), random_state=0)
    >>> network = MLPRegressor(hidden_layer_sizes=(30,), loss="huber", early_stopping=True, random_state=0)
    >>> network.fit(X_train, y_train).score(X_test, y_test) > 0.2
    True
    >>> network.predict_interval(X_test[:4], coverage=0.8).shape
    (4, 2)
    """

    _parameter_constraints = OF_REGRESSOR

    _levels: tuple[float, ...]

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
        keep_path: bool = False,
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
        if not self._levels:
            raise ValueError(f"predict_quantiles needs a loss such as 'quantile:0.05,0.5,0.95', got {self.loss!r}")
        quantiles = self._quantiles(heads)
        return quantiles[:, 0] if quantiles.shape[1] == 1 else quantiles

    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> Rows:
        """From where to where each row's number lies: (rows, 2), or (rows, outputs, 2), for X (rows, features).

        Each interval holds the true number of a new row with probability `coverage`, whatever the network got wrong, as
        long as rows come from where the held-out ones came from: split conformal prediction by the absolute error (Lei
        et al. 2018) or, where `loss` names several quantiles, by how far from the outer ones (Romano, Patterson, Candes
        2019). It is infinite where there are too few held-out rows to tell. Where few held-out rows also decided when
        to stop it holds a little less; see `conformalize`.

        Errors: `ValueError` where no rows were held out, or a coverage that is not above 0 and below 1.
        """
        margin = self._threshold(coverage)
        low, high = self._bounds(self._outputs(X))
        least, most = self.model_.network.output.range
        middle = (low + high) / 2
        low, high = np.minimum(low - margin, middle), np.maximum(high + margin, middle)
        bounds = np.stack([np.maximum(low, least), np.minimum(high, most)], axis=-1)
        return bounds[:, 0] if bounds.shape[1] == 1 else bounds

    def _measure_errors(self, held_out: Examples) -> None:
        low, high = self._bounds(self.model_.outputs(held_out.X).astype(np.float64))
        true = self._middle(held_out.Y)
        self.conformity_scores_ = np.sort(np.maximum(low - true, true - high), axis=0)

    @property
    def _heads(self) -> tuple[float, ...]:
        """The levels where each number is to be answered by several quantiles; `_levels` are those of the last fit."""
        levels = find_cost(cost_name(self.loss)).numbers
        return levels if len(levels) > 1 else ()

    def _quantiles(self, outputs: Rows) -> Rows:
        """(rows, outputs, levels), ascending."""
        return np.sort(outputs.reshape(len(outputs), -1, len(self._levels)), axis=2)

    def _middle(self, outputs: Rows) -> Rows:
        """Of the quantiles of each number the one nearest to the median."""
        heads = self._levels
        if not heads:
            return outputs
        return self._quantiles(outputs)[:, :, int(np.argmin(np.abs(np.sort(heads) - 0.5)))]

    def _bounds(self, outputs: Rows) -> tuple[Rows, Rows]:
        if not self._levels:
            return outputs, outputs
        quantiles = self._quantiles(outputs)
        return quantiles[:, :, 0], quantiles[:, :, -1]

    def _task(self) -> str:
        return "regression"

    def _network(self, inputs: int, hidden: Sequence[int], outputs: int) -> Network:
        cost, heads = cost_name(self.loss), self._heads
        output = "exp" if cost == "poisson" else "identity"
        if heads:
            cost = Quantile(*heads * (outputs // len(heads))).name
        return dense_network(inputs, hidden, outputs, self._activations(), output, cost, self.normalization)

    def _begin_answers(self, y: Rows, incremental: bool, more: Any) -> None:  # noqa: ARG002 - no classes
        known = vars(self).get("n_outputs_") if incremental or self.warm_start else None
        given = y.reshape(len(y), -1).shape[1] * max(len(self._heads), 1)
        if known and given != known:
            raise ValueError(f"y must give {known} outputs as in earlier calls, got {given}")
        self._levels = self._heads

    def _encode(self, y: Rows, dtype: Any) -> Rows:
        targets = np.asarray(y.reshape(len(y), -1), dtype)
        return np.repeat(targets, len(self._heads), axis=1) if self._heads else targets

    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        return evaluation.r_squared(self._middle(outputs), self._middle(targets), weights)
