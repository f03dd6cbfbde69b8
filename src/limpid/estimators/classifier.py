"""MLPClassifier: a drop-in for scikit-learn's that tells classes apart, or several labels at once."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import column_or_1d, compute_sample_weight
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
    """A dense network that tells classes apart, or several labels at once."""

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
        (Sadinle, Lei, Wasserman 2019). A set may be empty: no class is likely enough. All classes are in it where there
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

    def _learn_certainty(self, held_out: Examples) -> None:
        if self.calibrate:
            logits = self.model_.logits(held_out.X)
            self.temperature_ = uncertainty.temperature(
                self._labels.parts(logits), self._labels.parts(held_out.Y), held_out.weights
            )
            self.__dict__.update(of_model(self.model_.cooled(self.temperature_)))
        if self._labels.task != "multilabel":
            parts = zip(self._labels.parts(self.model_.logits(held_out.X)), self._labels.parts(held_out.Y), strict=True)
            self.conformity_scores_ = np.sort([uncertainty.surprise(*part) for part in parts], axis=1).T

    def _task(self) -> str:
        return self._labels.task if "_labels" in vars(self) else "classification"

    def _network(self, inputs: int, outputs: int) -> Network:
        cost = cost_name(self.loss)
        named = None if cost == "log_loss" else cost
        activations, output = self._activations(), self._labels.output
        return dense_network(inputs, self._hidden(), outputs, activations, output, named, self.normalization)

    def _begin_classes(self, y: ArrayLike, classes: Any) -> None:
        """What the first `partial_fit` is told of classes to come."""
        kind = type_of_target(y)
        several = kind == "multiclass-multioutput"
        if several and classes is not None and "classes_" not in vars(self):
            self._labels = Several([np.unique(each) for each in classes])
            self.classes_ = self._labels.classes
        elif self.grow and classes is None:
            self._labels = labels_of(np.asarray(y))
            self.classes_ = self._labels.classes
        elif not several and _check_partial_fit_first_call(self, classes):
            marks = kind.startswith("multilabel")
            self._labels = labels_of(np.asarray(y)) if marks else Classes(np.asarray(self.classes_))

    def _begin_answers(self, y: Rows, incremental: bool, more: Any) -> None:
        y = _flat(y)
        if incremental and self.grow and "model_" in vars(self):
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
        y = _flat(y)
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
        by_class = compute_sample_weight(self.class_weight, _flat(y))
        return np.asarray(by_class if weights is None else weights * by_class)

    def _score_outputs(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        return self._labels.score(outputs, targets, weights)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags


def _flat(y: Rows) -> Rows:
    """One column of answers as a vector, with scikit-learn's warning."""
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
