"""One fit under way: from what the user gave to a trained model, by scikit-learn's rules and random draws.

Random draws and their order are scikit-learn's, so that equal `random_state` gives the same network.
"""

import warnings
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from limpid.capacity import Tried
from limpid.encoder import check_targets
from limpid.engines import Examples, State
from limpid.estimators import outcome, record
from limpid.estimators.callbacks import Bar, Hooks, Listener, functions
from limpid.estimators.choices import optimizer_of
from limpid.estimators.constraints import Held, check_together
from limpid.estimators.descent import averaged_outputs, batch_rows, training_of
from limpid.estimators.growth import grow, old_columns_first
from limpid.estimators.rows import as_precise, check_both, check_weights, split
from limpid.estimators.searching import search
from limpid.initializers import initial_parameters
from limpid.memory import check_memory
from limpid.network import Network
from limpid.recipe import PRECISIONS
from limpid.stopping import FRESH, Standing
from limpid.training import Epoch, Training, Validation


class Fit:
    """One call of `fit` or `partial_fit` of an estimator, which it gives its fitted attributes."""

    def __init__(
        self, estimator: Any, X: Any, y: Any, weights: Any, held: Held, *, incremental: bool, more: Any = None
    ) -> None:
        self.of, self.incremental = estimator, incremental
        self._given, self._held, self._more = (X, y, weights), held, more
        self.fresh = "coefs_" not in vars(estimator) or not (estimator.warm_start or incremental)
        self.grows = incremental and estimator.grow and not self.fresh
        self.lbfgs = estimator.solver == "lbfgs"
        self.decides = bool(estimator.early_stopping) and not self.lbfgs
        self.passes = 1 if incremental else estimator.max_iter
        self.found: Tried | None = None
        self.training: Training

    def run(self) -> None:
        """All of it. Errors: scikit-learn's, in its words."""
        self._before = {name: [*value] if isinstance(value, list) else value for name, value in vars(self.of).items()}
        try:
            check_together(self.of, self._held, incremental=self.incremental, fresh=self.fresh)
            self._read()
            self._start()
            self._set_aside()
            if self.found:
                self._adopt(self.found)
            else:
                self._train()
            self._keep()
        except BaseException:
            self._undo()
            raise
        all_passes = self.passes == self.of.max_iter and not self.incremental and not self.lbfgs
        outcome.warn(self.of, str(self.training.stopped_because), all_passes=all_passes)

    def _undo(self) -> None:
        """What was learned before stays as it was; scikit-learn's callbacks are still to be torn down."""
        now = vars(self.of)
        for name in [name for name in now if name not in self._before and not name.startswith(("_callback", "_skl"))]:
            del now[name]
        now.update(self._before)

    def _read(self) -> None:
        """Rows, targets and weights, checked."""
        of, numeric = self.of, self.of._task() == "regression"
        X, y, weights = self._given
        if self.grows:
            X = old_columns_first(of, X)
        rows, answers = check_both(of, X, y, reset=self.fresh or self.grows, numeric=numeric)
        self.dtype = self._precision(rows)
        of._begin_answers(answers, self.incremental, self._more)
        weights = of._weigh(answers, check_weights(weights, rows, self.dtype), self.incremental)
        self.examples = self._examples(rows, answers, weights)
        self.watched: Examples | None = None
        if self._held[0] is not None:
            columns = _columns(answers)
            rows, answers = check_both(of, *self._held[:2], reset=False, numeric=numeric)
            if _columns(answers) != columns:
                raise ValueError(f"y_val must have as many columns as y, {columns}, got {_columns(answers)}")
            self.watched = self._examples(rows, answers, check_weights(self._held[2], rows, self.dtype))

    def _precision(self, rows: Any) -> Any:
        if not self.fresh:  # what was learned keeps its precision
            return self.of.coefs_[0].dtype
        if self.of.precision:
            return PRECISIONS[self.of.precision]
        return np.float32 if rows.dtype == np.float32 else np.float64

    def _examples(self, rows: Any, answers: Any, weights: Any) -> Examples:
        if rows.dtype.kind == "f" and rows.dtype.itemsize > 2:
            rows = as_precise(rows, self.dtype)
        weights = None if weights is None else weights.astype(self.dtype, copy=False)
        return Examples(rows, self.of._encode(answers, self.dtype), weights)

    def _start(self) -> None:
        """The network, and where its descent begins or goes on."""
        of, self.random = self.of, check_random_state(self.of.random_state)
        self.standing = FRESH
        if self.fresh and isinstance(of.hidden_layer_sizes, str):
            self._search()
        self.network = of._network(self.examples.X.shape[1], of._hidden(), self.examples.Y.shape[1])
        for each in filter(None, (self.examples, self.watched)):
            check_targets(self.network, each.Y)
        if not self.fresh:
            self._go_on(self.network)
            return
        check_memory(
            self.network,
            slots=len(optimizer_of(of).slots),
            batch_size=batch_rows(of, len(self.examples.Y)),
            dtype=self.dtype,
            places=self.passes if of.keep_path else 0,
        )
        self.start = State(initial_parameters(self.network, "scikit_learn", self.random, self.dtype), {}, 0)
        record.begin(of, self.network, watches=self.decides or self.watched is not None, decides=self.decides)

    def _go_on(self, wanted: Network) -> None:
        """From what was learned before, in the activations that are `wanted` now."""
        of, model = self.of, vars(self.of).get("model_")
        given = of._layers()
        if model is None:  # put together by hand
            self.start = State({name: np.asarray(array, self.dtype) for name, array in given.items()}, {}, 0)
            return
        self.start = model.state or State(model.parameters, {}, 0)
        if any(model.parameters[name] is not array for name, array in given.items()):
            self.start = self.start._replace(parameters={**self.start.parameters, **given})
        if wanted.shapes() == model.network.shapes():
            kept: Standing = vars(of).get("_standing", FRESH)
            self.standing = kept if self.incremental else kept._replace(rate_factor=1.0)
            return
        if not self.grows and of.normalization == model.network.layers[0].normalization:
            self.network = model.network  # as scikit-learn, which does not hear of other hidden layers
            return
        if not self.grows or not _same_inside(model.network, wanted):
            raise ValueError(
                f"learning goes on with the network {model.network}, the parameters now ask for {wanted}: "
                "fit without warm_start for a new one"
            )
        labels = self._before.get("_labels")
        sources = of._labels.sources(labels) if labels else range(wanted.outputs)
        self.network, self.start = grow(model.network, self.start, wanted, sources)
        record.describe(of, self.network)

    def _search(self) -> None:
        of = self.of
        found = search(of, self.examples, self.watched)
        if found.interrupted and not any(each.best for each in found.tried):
            raise KeyboardInterrupt
        of.hidden_layer_sizes_, of.capacity_map_ = found.chosen(), found.table()
        if not self.decides and not self.lbfgs:
            self.passes = found.passes_of(of.hidden_layer_sizes_)
        if found.interrupted:
            self.found = found.best_of(of.hidden_layer_sizes_)

    def _set_aside(self) -> None:
        of = self.of
        if self.decides and self.watched is None:
            binary = of._task() == "classification" and self.network.outputs == 1
            stratify = self.examples.Y.astype(bool) if binary else None
            self.examples, self.watched = split(self.examples, of.validation_fraction, self.random, stratify)
        self.validation: Validation | None = None
        if self.watched is not None:
            weights, score = self.watched.weights, of._score_outputs
            self.validation = Validation(self.watched, lambda outputs, y: score(outputs, y, weights), self.decides)

    def _train(self) -> None:
        of = self.of
        bar = Bar(self.passes) if of.progress else None
        listeners: list[Listener] = [*functions(of.callbacks)]
        if bar:
            listeners.append(bar)
        hooks = Hooks(of, *self._given, self.passes)
        self.training = self._training(hurries=not listeners and not hooks.wanted)
        with bar or nullcontext():
            hooks.begin_pass()
            try:
                self._pass_by_pass(listeners, hooks)
            except KeyboardInterrupt:  # while someone was told
                self.training.stopped_because = "interrupted"
        hooks.end(self._fitted)

    def _pass_by_pass(self, listeners: list[Listener], hooks: Hooks) -> None:
        of, training = self.of, self.training
        rate, averaged = self.standing.rate_factor, averaged_outputs(self.network)
        for epoch in training:
            record.note(of, training, epoch, averaged)
            if of.verbose:
                before, rate = rate, training.standing.rate_factor
                record.tell_patience(of, training, rate * of.learning_rate_init, before * of.learning_rate_init)
            if listeners or hooks.wanted:
                self._tell(epoch, listeners, hooks)

    def _adopt(self, found: Tried) -> None:
        """The best network of a search that was interrupted."""
        self.training, self.network, self.watched = found.training, found.training.network, found.watched
        for epoch in self.training.history:
            record.note(self.of, self.training, epoch, averaged_outputs(self.network))
        self.training.stopped_because = "interrupted"

    def _training(self, hurries: bool) -> Training:
        of, size = self.of, self.of.batch_size
        if size != "auto" and size > len(self.examples.Y) and not self.lbfgs:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=6
            )
        return training_of(
            of,
            self.network,
            self.start,
            self.examples,
            self.validation,
            self.random,
            passes=self.passes,
            seen=of.t_,
            passes_before=len(vars(of).get("loss_curve_", ())) if self.incremental else None,
            standing=self.standing,
            hurries=hurries,
            keep_path=of.keep_path,
        )

    def _tell(self, epoch: Epoch, listeners: list[Listener], hooks: Hooks) -> None:
        told = epoch._replace(cost=self.of.loss_)
        answers = [listener(told) for listener in listeners]
        asked = any(isinstance(answer, bool | np.bool_) and answer for answer in answers)
        if hooks.end_pass(self._fitted) or asked:
            self.training.stop(outcome.BY_A_CALLBACK)
        elif not self.training.stopped_because and epoch.number < self.passes:
            hooks.begin_pass()

    def _fitted(self) -> dict[str, Any]:
        """The attributes of the estimator as if it had been fitted up to here."""
        model = self._model(self.training.parameters, None)
        return {"n_iter_": len(self.training.history), **outcome.of_model(model)}

    def _keep(self) -> None:
        of, training, reason = self.of, self.training, str(self.training.stopped_because)
        parameters = training.parameters
        if reason.startswith("not finite"):
            if len(training.history) < 2:
                raise ValueError(
                    "Solver produced non-finite parameter weights. The input data may contain large values and need "
                    "to be preprocessed."
                )
            parameters = training.best_parameters
        of.n_iter_, of._standing = len(training.history), training.standing
        state = training.state._replace(parameters=parameters)
        if self.incremental and self.decides:
            of.should_stop_ = of._standing.worse > of.n_iter_no_change
        if self.incremental and self.decides and of._standing.best <= self.standing.best:
            of.model_ = replace(of.model_, state=training.state)  # what did better before is still the answer
        else:
            vars(of).update(outcome.of_model(self._model(parameters, state)))
            for name in ("conformity_scores_", "temperature_"):
                vars(of).pop(name, None)
            if self.watched is not None:
                of._learn_certainty(self.watched)

    def _model(self, parameters: Any, state: State | None) -> Any:
        watched = 0 if self.watched is None else len(self.watched.Y)
        return outcome.model_of(self.of, self.training, parameters, state, watched)


def _columns(answers: Any) -> int:
    return answers.shape[1] if answers.ndim == 2 else 1


def _same_inside(one: Network, other: Network) -> bool:
    """Whether two networks have the same hidden layers but for their activations."""
    inner = [[(layer.units, layer.normalization) for layer in network.layers[:-1]] for network in (one, other)]
    return inner[0] == inner[1]
