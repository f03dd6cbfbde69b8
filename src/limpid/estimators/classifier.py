"""MLPClassifier: a drop-in for scikit-learn's that tells classes apart, or several labels at once."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels

from limpid import evaluation, uncertainty
from limpid.engines import Examples
from limpid.estimators.base import MLP, Rows, assign, is_stochastic
from limpid.estimators.choices import cost_name
from limpid.estimators.constraints import OF_CLASSIFIER
from limpid.estimators.fitting import Fit
from limpid.estimators.growth import sources_of
from limpid.estimators.labels import Labels
from limpid.network import Network, dense_network


class MLPClassifier(ClassifierMixin, MLP):
    """A dense network that tells classes apart, or several labels at once."""

    _parameter_constraints = OF_CLASSIFIER

    loss: Any
    class_weight: Any
    calibrate: bool
    classes_: Rows

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
        if self.grow and classes is None and "classes_" not in vars(self):
            classes = unique_labels(y)
        grows = self.grow and "_labels" in vars(self)
        if not grows and _check_partial_fit_first_call(self, classes):
            many = type_of_target(y).startswith("multilabel")
            self._labels = Labels.of(np.asarray(y)) if many else Labels.named(self.classes_)
        more = classes if grows else None
        Fit(self, X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=True, more=more).run()
        return self

    def predict(self, X: ArrayLike) -> Rows:
        """The class of each row of X (rows, features), or 0 or 1 for each of several labels."""
        outputs = self._outputs(X)
        return self._labels.decode(outputs)

    def predict_proba(self, X: ArrayLike) -> Rows:
        """The probability of each class, in the order of `classes_`, or of each label: (rows, classes)."""
        outputs = self._outputs(X)
        return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs

    def predict_log_proba(self, X: ArrayLike) -> Rows:
        """The logarithm of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def predict_set(self, X: ArrayLike, coverage: float = 0.9) -> Rows:
        """Which classes each row of X (rows, features) may have: (rows, classes) booleans, in the order of `classes_`.

        The set holds the true class of a new row with probability `coverage`, whatever the network got wrong, as long
        as rows come from where the held-out ones came from: split conformal prediction by the probability of the class
        (Sadinle, Lei, Wasserman 2019). A set may be empty: no class is likely enough. All classes are in it where there
        are too few held-out rows to tell.

        Errors: `ValueError` where no rows were held out, for several labels a row, or a coverage that is not above 0
        and below 1.
        """
        highest = self._threshold(coverage)
        rows = self._inputs(X)
        return np.asarray(uncertainty.surprises(self.model_.logits(rows)) <= highest)

    def _learn_certainty(self, held_out: Examples) -> None:
        if self.calibrate:
            logits = self.model_.logits(held_out.X)
            self.temperature_ = uncertainty.temperature(logits, held_out.Y, held_out.weights)
            self.model_ = self.model_.cooled(self.temperature_)
        if self._task() == "classification":
            surprise = uncertainty.surprise(self.model_.logits(held_out.X), held_out.Y)
            self.conformity_scores_ = np.sort(surprise)[:, None]

    def _task(self) -> str:
        labels = vars(self).get("_labels")
        return "multilabel" if labels and labels.kind == "multilabel-indicator" else "classification"

    def _network(self, inputs: int, outputs: int) -> Network:
        output = "softmax" if self._labels.kind == "multiclass" else "sigmoid"
        cost = cost_name(self.loss)
        return dense_network(
            inputs, self._hidden(), outputs, self._activations(), output, None if cost == "log_loss" else cost
        )

    def _begin_answers(self, y: Rows, incremental: bool, more: Any) -> None:
        y = _flat(y)
        if incremental and self.grow and "model_" in vars(self):
            self._labels = self._labels.grown(y, more)
            self.classes_ = self._labels.classes
            return
        if "classes_" not in vars(self) or not (self.warm_start or incremental):
            self._labels = Labels.of(y)
            self.classes_ = self._labels.classes
            return
        unknown = self._labels.unknown(y)
        if self.warm_start:
            classes = Labels.of(y).classes
            if len(unknown) or len(classes) < len(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(unknown):
            classes = Labels.of(y).classes
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _encode(self, y: Rows, dtype: Any) -> Rows:
        y = _flat(y)
        if len(unknown := self._labels.unknown(y)):
            raise ValueError(f"y_val has classes that y has not: {unknown}")
        return self._labels.encode(y, dtype)

    def _sources(self, outputs: int) -> list[int | None]:
        before = self.model_.classes
        labels = Labels.named(before) if before is not None else Labels(self._labels.kind, np.arange(outputs))
        return sources_of(labels, self._labels)

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
        score = evaluation.accuracy if self._task() == "classification" else evaluation.label_accuracy
        return score(outputs, targets, weights)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _flat(y: Rows) -> Rows:
    """One column of answers as a vector, with scikit-learn's warning."""
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
