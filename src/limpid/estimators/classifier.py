"""MLPClassifier: a drop-in for scikit-learn's that tells classes apart, or several labels at once."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target

from limpid import uncertainty
from limpid.engines import Examples
from limpid.estimators.base import MLP, Rows, assign, is_stochastic
from limpid.estimators.choices import cost_name
from limpid.estimators.constraints import OF_CLASSIFIER
from limpid.estimators.fitting import Fit
from limpid.estimators.labels import Classes, Labels, Several, labels_of
from limpid.estimators.outcome import of_model
from limpid.network import Network, dense_network


class MLPClassifier(ClassifierMixin, MLP):
    """A dense network that tells classes apart, or several labels at once.

    A drop-in for scikit-learn's class of this name: the same parameters and defaults, and for the same `random_state`
    the same network but for rounding. From `loss` on parameters are limpid's own; they change nothing unless they are
    given. y may hold a class a row (rows,), marks 0 and 1 of several labels (rows, labels), or several answers with
    classes of their own (rows, answers) (scikit-learn #26762).

    Parameters
    ----------
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
        fit ends by them. They are `X_val`, `y_val` of `fit` (scikit-learn #18507), else `validation_fraction` of X,
        split by class for two classes, as scikit-learn does. `partial_fit` needs `X_val`, `y_val` (#25693). Stochastic
        solvers; without effect for "lbfgs".
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
    loss : str or Cost, default="log_loss"
        What is made small: "log_loss" is the cross-entropy of softmax outputs, and of a sigmoid each for two classes
        and for labels. Others compare probabilities with 0 and 1, summed over outputs: "binary_cross_entropy",
        "squared_error" (halved, and averaged over outputs), "absolute_error", "huber" ("huber:0.5" is narrower),
        "quantile:0.9", "poisson". `limpid.costs` has formulas and sources (scikit-learn #14571).
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight of each class, as elsewhere in scikit-learn (#9113): {class: weight}, a list of such for several answers
        or labels, or "balanced" for rows / (classes * rows of the class). Rows' weights are multiplied by it; those of
        `X_val` are not. `partial_fit` cannot take "balanced".
    label_smoothing : float, default=0
        Share, at least 0 and below 1, of each row's probability that is spread evenly over the classes while learning
        (Szegedy et al. 2016, section 7). For cross-entropies. Stochastic solvers.
    calibrate : bool, default=False
        Whether to divide the logits, after the fit, by the `temperature_` with which held-out rows surprise least (Guo
        et al. 2017). `predict` answers the same, `predict_proba` better. Held-out rows are those of `early_stopping`,
        or `X_val`.
    warm_up : float, default=0
        Passes in which the rate first grows in a straight line, before `learning_rate` has it; parts of a pass count.
        Stochastic solvers.
    monitor : {"score", "loss"}, default="score"
        What `early_stopping` goes by: accuracy (larger is better) or loss (smaller is better) on the watched rows.
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
        Whether `partial_fit` may meet new columns, classes and labels; the first call then need not name `classes`. New
        weights start at 0, so that old logits keep their bits; a sigmoid of z becomes a softmax of (0, z). Columns of a
        data frame are known by name, others by place (scikit-learn #7664).
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
        The score on the watched rows after each pass, accuracy; None where none were watched: neither `early_stopping`
        nor `X_val`.
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
        Output neurons: 1 for two classes, else one for each class or label.
    out_activation_ : str
        "softmax", "logistic", or "softmax:3,4" for answers with 3 and 4 classes.
    classes_ : ndarray of shape (classes,) or list of ndarray
        The classes in the order of `predict_proba`'s columns; for several answers a list with those of each; for labels
        their columns' numbers.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X is a data frame with text for all of them.
    model_ : limpid.Model
        The network as it answers: trace and gradients of rows, `model_.history` with an `Epoch` for each pass of the
        latest call (its `cost` adds up outputs), `model_.origin.stopped_because`; `limpid.save` writes it.
    temperature_ : float
        With `calibrate`: what the logits were divided by, by way of the last layer's weights and biases; above 1 where
        the network had been too sure.
    conformity_scores_ : ndarray of shape (held-out rows, answers)
        Where rows were held out, and not for labels: -log of the probability of each one's true class (natural
        logarithm), ascending, float64: what `predict_set` goes by.
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
    MLPRegressor : Numbers instead of classes.
    HiddenActivations : Hidden activations as features for a pipeline.
    LossCurveDisplay : Draws `loss_curve_` and `validation_loss_curve_`.

    Notes
    -----
    X may be dense or sparse (CSR, CSC), a data frame of pandas or Polars, float64 or float32; arrays of uint8 and
    float16 are read as they are, other numbers become float64. Scale the columns alike, as for scikit-learn's class.

    Errors: `ValueError` in scikit-learn's words for parameters and rows that do not fit, `limpid.LimpidError` (a
    `ValueError`) for what only limpid knows. `ConvergenceWarning` where passes ran out before the loss settled, or the
    network blew up and earlier weights were kept. Ctrl-C ends a fit with a warning and keeps what was learned.

    `predict_set` keeps its promise exactly for held-out rows that decided nothing: `X_val` without `early_stopping` and
    `calibrate`, or those of `conformalize`. Of 90 % asked for, 89.4 % were reached with 50 rows that decided.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.preprocessing import scale
    >>> from limpid import MLPClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(scale(X), y, random_state=0)
    >>> network = MLPClassifier((30,), activation="gelu", class_weight="balanced", max_iter=400, random_state=0)
    >>> network.fit(X_train, y_train, X_val=X_test, y_val=y_test).score(X_test, y_test) > 0.9
    True
    >>> network.predict_set(X_test[:2], coverage=0.95).shape
    (2, 3)
    """

    _parameter_constraints = OF_CLASSIFIER

    loss: Any
    class_weight: Any
    calibrate: bool
    classes_: Any
    _labels: Labels

    def __init__(
        self,
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
        loss: Any = "log_loss",
        class_weight: Any = None,
        label_smoothing: float = 0.0,
        calibrate: bool = False,
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
        classes: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """One more pass, over the rows X (rows, features) and y; the first call must name all `classes`.

        The other arguments are those of `fit`; with `early_stopping`, which needs X_val and y_val here, the answers
        are those of the pass that did best on them so far.
        """
        grows = self.grow and "_labels" in vars(self)
        if not grows:
            self._begin_classes(y, classes)
        more = classes if grows else None
        Fit(self, X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=True, more=more).run()
        return self

    def predict(self, X: ArrayLike) -> Rows:
        """The class of each row of X (rows, features): (rows,).

        With several answers a row the class of each, (rows, answers); with several labels 0 or 1 for each.
        """
        outputs = self._outputs(X)
        answers: Rows = self._labels.decode(outputs)
        return answers

    def predict_proba(self, X: ArrayLike) -> Any:
        """The probability of each class, in the order of `classes_`, or of each label: (rows, classes).

        With several answers a row a list of such arrays, one an answer.
        """
        outputs = self._outputs(X)
        return self._labels.probabilities(outputs)

    def predict_log_proba(self, X: ArrayLike) -> Any:
        """The logarithm of `predict_proba`."""
        chances = self.predict_proba(X)
        return [np.log(each) for each in chances] if isinstance(chances, list) else np.log(chances)

    def predict_set(self, X: ArrayLike, coverage: float = 0.9) -> Any:
        """Which classes each row of X (rows, features) may have: (rows, classes) booleans, in the order of `classes_`.

        The set holds the true class of a new row with probability `coverage`, whatever the network got wrong, as long
        as rows come from where the held-out ones came from: split conformal prediction by the probability of the class
        (Sadinle, Lei, Wasserman 2019). Where few held-out rows also decided when to stop it is a little less; see
        `conformalize`. A set may be empty: no class is likely enough. All classes are in it where there
        are too few held-out rows to tell. With several answers a row a list of such arrays, one an answer.

        Errors: `ValueError` where no rows were held out, for several labels a row, or a coverage that is not above 0
        and below 1.
        """
        rows = self._inputs(X)
        if self._labels.task == "multilabel":
            raise ValueError("predict_set needs one class for each answer, this classifier gives several labels a row")
        highest = self._threshold(coverage)
        parts = zip(self._labels.parts(self._hear().logits(rows)), highest, strict=True)
        sets = [uncertainty.surprises(logits) <= most for logits, most in parts]
        return sets if isinstance(self._labels, Several) else sets[0]

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """The share of rows of X (rows, features) that are answered as in y, in all of their answers.

        `sample_weight` (rows,) says how much each row counts.
        """
        if not isinstance(vars(self).get("_labels"), Several):
            return float(super().score(X, y, sample_weight))
        weights = None if sample_weight is None else np.asarray(sample_weight)
        return float(np.average((self.predict(X) == np.asarray(y)).all(axis=1), weights=weights))

    def _cool(self, held_out: Examples) -> None:
        if not self.calibrate:
            return
        logits = self.model_.logits(held_out.X)
        self.temperature_ = uncertainty.temperature(
            self._labels.parts(logits), self._labels.parts(held_out.Y), held_out.weights
        )
        self.__dict__.update(of_model(self.model_.cooled(self.temperature_)))

    def _measure_errors(self, held_out: Examples) -> None:
        if self._labels.task != "multilabel":
            parts = zip(self._labels.parts(self.model_.logits(held_out.X)), self._labels.parts(held_out.Y), strict=True)
            self.conformity_scores_ = np.sort([uncertainty.surprise(*part) for part in parts], axis=1).T

    def _task(self) -> str:
        return self._labels.task if "_labels" in vars(self) else "classification"

    def _network(self, inputs: int, hidden: Sequence[int], outputs: int) -> Network:
        cost = cost_name(self.loss)
        named = None if cost == "log_loss" else cost
        activations, output = self._activations(), self._labels.output
        return dense_network(inputs, hidden, outputs, activations, output, named, self.normalization)

    def _begin_classes(self, y: ArrayLike, classes: Any) -> None:
        """What the first `partial_fit` is told of classes to come."""
        kind = type_of_target(y)
        nested = classes is not None and np.ndim(next(iter(classes), 0)) == 1
        several = nested or kind == "multiclass-multioutput"
        if nested and "classes_" not in vars(self):
            columns = np.shape(y)[1] if np.ndim(y) == 2 else 1
            if len(classes) != columns:
                raise ValueError(f"classes must be {columns} lists, one for each column of y, got {len(classes)}")
            self._labels = Several([np.unique(each) for each in classes])
            self.classes_ = self._labels.classes
        elif self.grow and classes is None:
            self._labels = labels_of(np.asarray(y))
            self.classes_ = self._labels.classes
        elif not several and _check_partial_fit_first_call(self, classes):
            marks = kind.startswith("multilabel")
            self._labels = labels_of(np.asarray(y)) if marks else Classes(np.asarray(self.classes_))

    def _begin_answers(self, y: Rows, incremental: bool, more: Any) -> None:
        if incremental and self.grow and "model_" in vars(self):
            self._labels.check(y)
            self._labels = self._labels.grown(y, more)
            self.classes_ = self._labels.classes
            return
        if "classes_" not in vars(self) or not (self.warm_start or incremental):
            self._labels = labels_of(y)
            self.classes_ = self._labels.classes
            return
        if self.warm_start and (given := labels_of(y)).named != self._labels.named:
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {given.classes}"
            )
        if self._labels.unknown(y):
            classes = labels_of(y).classes
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _encode(self, y: Rows, dtype: Any) -> Rows:
        if unknown := self._labels.unknown(y):
            raise ValueError(f"y_val has classes that y has not: {', '.join(map(str, unknown))}")
        return self._labels.encode(y, dtype)

    def _weigh(self, y: Rows, weights: Rows | None, incremental: bool) -> Rows | None:
        if self.class_weight is None:
            return weights
        if incremental and isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight {self.class_weight!r} is not supported for partial_fit, which does not see all rows; "
                "give the weights as a dictionary, or use fit"
            )
        by_class = compute_sample_weight(self.class_weight, y)
        return np.asarray(by_class if weights is None else weights * by_class)

    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        return self._labels.score(outputs, targets, weights)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags
