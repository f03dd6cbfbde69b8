"""One fit under way: from what the user gave to a trained model, by scikit-learn's rules and random draws.

Random draws and their order are scikit-learn's, so that equal `random_state` gives the same network.
"""

import warnings
from contextlib import nullcontext
from dataclasses import replace
from math import inf, nan
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from limpid.encoder import Scaling
from limpid.engines import Examples, State
from limpid.estimators.callbacks import Bar, Hooks, Listener, functions
from limpid.estimators.choices import optimizer_of, thread_count
from limpid.estimators.descent import averaged_outputs, batch_rows, training_of
from limpid.estimators.growth import grow, old_columns_first
from limpid.estimators.rows import check_both, check_weights, split
from limpid.estimators.searching import search
from limpid.initializers import initial_parameters
from limpid.lbfgs import CONVERGED
from limpid.memory import check_memory
from limpid.model import Model, Origin
from limpid.network import Parameters
from limpid.recipe import PRECISIONS
from limpid.training import Epoch, Validation

BY_A_CALLBACK = "stopped by a callback"

Held = tuple[Any, Any, Any]
"""X, y and weights of rows to watch."""


class Fit:
    """One call of `fit` or `partial_fit` of an estimator, which it gives its fitted attributes."""

    def __init__(
        self, estimator: Any, X: Any, y: Any, weights: Any, held: Held, *, incremental: bool, more: Any = None
    ) -> None:
        self.of, self.incremental = estimator, incremental
        self._given, self._held, self._more = (X, y, weights), held, more
        self.fresh = "model_" not in vars(estimator) or not (estimator.warm_start or incremental)
        self.lbfgs = estimator.solver == "lbfgs"
        self.passes = 1 if incremental else estimator.max_iter

    def run(self) -> None:
        """All of it. Errors: scikit-learn's, in its words."""
        before = dict(vars(self.of))
        try:
            self._check()
            self._read()
            self._start()
            self._set_aside()
        except Exception:
            if not self.fresh:  # what was learned before stays as it was
                vars(self.of).clear()
                vars(self.of).update(before)
            raise
        self._train()
        self._keep()
        self._warn()

    def _check(self) -> None:
        of = self.of
        if self.incremental and of.early_stopping and self._held[0] is None:
            raise ValueError("partial_fit does not support early_stopping=True")
        if self.incremental and self.fresh and isinstance(of.hidden_layer_sizes, str):
            raise ValueError("hidden_layer_sizes='auto' needs all rows at once: call fit before partial_fit")
        if any(units <= 0 for units in of._hidden()):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {of._hidden()}.")
        if (self._held[0] is None) != (self._held[1] is None):
            raise ValueError("X_val and y_val belong together: both must be given, or neither")
        if getattr(of, "calibrate", False) and self._held[0] is None and not (of.early_stopping and not self.lbfgs):
            raise ValueError(
                "calibrate=True needs held-out rows: early_stopping=True with a stochastic solver, or X_val"
            )
        if self.lbfgs:
            for name in ("dropout", "max_norm", "clip_norm", "label_smoothing"):
                if getattr(of, name):
                    raise ValueError(f"solver='lbfgs' takes no {name}: choose another solver")
            if of.precision == "bfloat16":
                raise ValueError("solver='lbfgs' needs precision float32 or float64, got 'bfloat16'")

    def _read(self) -> None:
        """Rows, targets and weights, checked."""
        of = self.of
        X, y, weights = self._given
        self.grows = self.incremental and of.grow and not self.fresh
        if self.grows:
            X = old_columns_first(of, X)
        rows, answers = check_both(of, X, y, reset=self.fresh or self.grows, numeric=of._task() == "regression")
        self.dtype = PRECISIONS[of.precision] if of.precision else _dtype_of(rows)
        of._begin_answers(answers, self.incremental, self._more)
        weights = of._weigh(answers, check_weights(weights, rows, self.dtype), self.incremental)
        self.examples = self._examples(rows, answers, weights)
        self.watched: Examples | None = None
        if self._held[0] is not None:
            rows, answers = check_both(of, *self._held[:2], reset=False, numeric=of._task() == "regression")
            self.watched = self._examples(rows, answers, check_weights(self._held[2], rows, self.dtype))

    def _examples(self, rows: Any, answers: Any, weights: Any) -> Examples:
        if rows.dtype.kind == "f" and rows.dtype.itemsize > 2:
            rows = rows.astype(self.dtype, copy=False)
        return Examples(rows, self.of._encode(answers, self.dtype), weights)

    def _start(self) -> None:
        """The network, and where its descent begins or goes on."""
        of, self.random = self.of, check_random_state(self.of.random_state)
        if not self.fresh:
            self.network = of.model_.network
            self.start = of.model_.state or State(of.model_.parameters, {}, 0)
            if self.grows:
                self._grow()
            return
        if isinstance(of.hidden_layer_sizes, str):
            self._search()
        self.network = of._network(self.examples.X.shape[1], self.examples.Y.shape[1])
        check_memory(
            self.network,
            slots=len(optimizer_of(of).slots),
            batch_size=batch_rows(of, len(self.examples.Y)),
            dtype=self.dtype,
        )
        self.start = State(initial_parameters(self.network, "scikit_learn", self.random, self.dtype), {}, 0)
        self._begin_record()

    def _search(self) -> None:
        of = self.of
        found = search(of, self.examples, self.watched)
        of.hidden_layer_sizes_, of.capacity_map_ = found.chosen(), found.table()
        if not of.early_stopping and not self.lbfgs:
            self.passes = found.passes_of(of.hidden_layer_sizes_)

    def _grow(self) -> None:
        of, known = self.of, self.network.outputs
        inputs, outputs = self.examples.X.shape[1], self.examples.Y.shape[1]
        if (inputs, outputs) == (self.network.inputs, known):
            return
        self.network, self.start = grow(self.network, self.start, of._network(inputs, outputs), of._sources(known))
        self._describe()

    def _describe(self) -> None:
        of, network = self.of, self.network
        of.n_outputs_, of.n_layers_ = network.outputs, len(network.layers) + 1
        of.out_activation_ = {"sigmoid": "logistic"}.get(network.output.name, network.output.name)

    def _begin_record(self) -> None:
        of = self.of
        self._describe()
        of.t_, of.loss_curve_ = 0, []
        for name in ("conformity_scores_", "temperature_"):
            vars(of).pop(name, None)
        watches = of.early_stopping or self.watched is not None
        of.validation_scores_ = [] if watches else None
        of.validation_loss_curve_ = [] if watches else None
        of.best_validation_score_ = -inf if of.early_stopping else None
        of.best_loss_ = None if of.early_stopping else inf

    def _set_aside(self) -> None:
        of = self.of
        decides = of.early_stopping and not self.lbfgs
        if decides and self.watched is None:
            stratify = self.examples.Y if of._task() == "classification" and self.network.outputs == 1 else None
            self.examples, self.watched = split(self.examples, of.validation_fraction, self.random, stratify)
        self.validation: Validation | None = None
        if self.watched is not None:
            weights = self.watched.weights
            score = of._score_outputs
            self.validation = Validation(self.watched, lambda outputs, y: score(outputs, y, weights), decides)

    def _train(self) -> None:
        of = self.of
        listeners = [*functions(of.callbacks)]
        bar = Bar(self.passes) if of.progress else None
        X, y, weights = self._given
        hooks = Hooks(of, X, y, weights, self.passes)
        if bar:
            listeners.append(bar)
        watched = bool(listeners) or hooks.wanted
        before = (of.t_, len(of.loss_curve_)) if self.incremental else (0, 0)
        self.training = training_of(
            of,
            self.network,
            self.start,
            self.examples,
            self.validation,
            self.random,
            passes=self.passes,
            before=before,
            hurries=not watched,
        )
        with bar or nullcontext():
            hooks.begin_pass()
            for epoch in self.training:
                self._record(epoch)
                if watched:
                    self._tell(epoch, listeners, hooks)
        hooks.end(self._model)

    def _tell(self, epoch: Epoch, listeners: list[Listener], hooks: Hooks) -> None:
        told = epoch._replace(cost=self.of.loss_)
        if any([*(listener(told) is True for listener in listeners), hooks.end_pass(self._model)]):
            self.training.stop(BY_A_CALLBACK)
        if not self.training.stopped_because and epoch.number < self.passes:
            hooks.begin_pass()

    def _record(self, epoch: Epoch) -> None:
        of = self.of
        of.loss_ = (epoch.cost - epoch.penalty) / averaged_outputs(self.network) + epoch.penalty
        of.t_ += len(self.examples.Y)
        if self.lbfgs:
            return
        of.loss_curve_.append(of.loss_)
        if of.verbose:
            print(f"Iteration {epoch.number}, loss = {of.loss_:.8f}")
        if self.validation:
            self._record_watched(epoch)
        if of.best_loss_ is not None and of.loss_ < of.best_loss_:
            of.best_loss_ = of.loss_

    def _record_watched(self, epoch: Epoch) -> None:
        of = self.of
        if of.validation_scores_ is None:  # an earlier partial_fit had nothing to watch
            of.validation_scores_, of.validation_loss_curve_ = [], []
        score = nan if epoch.validation_score is None else epoch.validation_score
        cost = nan if epoch.validation_cost is None else epoch.validation_cost
        of.validation_scores_.append(score)
        of.validation_loss_curve_.append(cost / averaged_outputs(self.network))
        if of.best_validation_score_ is not None:
            of.best_validation_score_ = max(of.best_validation_score_, score)
        if of.verbose:
            print(f"Validation score: {score:f}")

    def _keep(self) -> None:
        of, training = self.of, self.training
        self.reason = str(training.stopped_because)
        parameters = training.parameters
        if self.reason.startswith("not finite"):
            if len(training.history) < 2:
                raise ValueError(
                    "Solver produced non-finite parameter weights. The input data may contain large values and need "
                    "to be preprocessed."
                )
            parameters = training.best_parameters
        of.n_iter_ = len(training.history)
        state = training.state._replace(parameters=parameters)
        if self.incremental and of.early_stopping and self._is_worse():
            of.model_ = replace(of.model_, state=state)
            return
        of.model_ = self._model(parameters, state)
        if self.watched is not None:
            of._learn_certainty(self.watched)

    def _is_worse(self) -> bool:
        """Whether this pass did worse on the watched rows than one before; also says when there were too many such."""
        of = self.of
        values = np.array(of.validation_scores_ if of.monitor == "score" else of.validation_loss_curve_)
        values = values if of.monitor == "score" else -values
        best = int(np.argmax(np.where(np.isnan(values), -inf, values)))
        of.should_stop_ = len(values) - 1 - best > of.n_iter_no_change
        return best < len(values) - 1 and not self.grows

    def _model(self, parameters: Parameters | None = None, state: State | None = None) -> Model:
        of, training = self.of, self.training
        return Model(
            network=self.network,
            parameters=training.parameters if parameters is None else parameters,
            task=of._task(),
            input_scaling=Scaling.none(self.network.inputs),
            target_scaling=Scaling.none(self.network.outputs),
            classes=of.classes_ if of._task() == "classification" else None,
            features=tuple(map(str, getattr(of, "feature_names_in_", ()))),
            history=list(training.history),
            origin=Origin(
                rows_train=training.rows,
                rows_validation=0 if self.watched is None else len(self.watched.Y),
                stopped_because=str(training.stopped_because),
                seconds_training=sum(epoch.seconds for epoch in training.history),
                recipe={name: _plain(value) for name, value in of.get_params(deep=False).items()},
            ),
            state=state,
            engine=of.engine,
            threads=thread_count(of.n_jobs),
        )

    def _warn(self) -> None:
        of, told = self.of, None
        if self.reason == "interrupted":
            warnings.warn("Training interrupted by user.", stacklevel=5)
        elif self.reason.startswith("not finite"):
            told = f"Training stopped, the best weights are kept; {self.reason}"
        elif self.lbfgs and self.reason not in {CONVERGED, BY_A_CALLBACK}:
            told = (
                f"lbfgs failed to converge after {of.n_iter_} iteration(s): {self.reason}. You might also want to "
                "scale the data or raise max_iter."
            )
        elif (
            self.reason == "all epochs done" and self.passes == of.max_iter and not self.incremental and not self.lbfgs
        ):
            told = (
                f"Stochastic Optimizer: Maximum iterations ({of.max_iter}) reached and the optimization hasn't "
                "converged yet."
            )
        if told:
            warnings.warn(told, ConvergenceWarning, stacklevel=5)


def _dtype_of(rows: Any) -> type[np.float32] | type[np.float64]:
    return np.float32 if rows.dtype == np.float32 else np.float64


def _plain(value: Any) -> Any:
    """A parameter as a value that any file can hold."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else repr(value)
