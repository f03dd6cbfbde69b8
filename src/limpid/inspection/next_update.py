"""What the optimizer would really do next: one step of training, made aside."""

from dataclasses import dataclass
from math import ceil
from types import SimpleNamespace
from typing import Any

import numpy as np

from limpid.engines import Examples, State, StepRule, find_engine
from limpid.errors import LimpidError
from limpid.inspection.subject import Subject, exact
from limpid.network import Parameters
from limpid.optimizers import Optimizer
from limpid.recipe import Recipe, optimizer_of
from limpid.schedules import Clock, find_schedule, warmed_up
from limpid.solvers import SOLVERS


@dataclass(frozen=True)
class NextStep:
    """How a model's next step of training is made."""

    rule: StepRule
    """The optimizer, the penalty and what bounds a step; without dropout, which is drawn anew each step."""
    rate: float
    """The learning rate."""
    start: State
    """The parameters, and what the optimizer remembers of the steps before."""
    remembers: bool
    """Whether that was kept with the model; else it is as in a first step."""
    notes: tuple[str, ...]
    """What differs from a step of the training."""

    @property
    def words(self) -> str:
        """In a sentence or a few."""
        told = f"The next step is one of {self.rule.optimizer.name} at the rate {self.rate:.3g}"
        told += f" with a penalty of {self.rule.l2:g}" if self.rule.l2 else ""
        if self.rule.optimizer.slots:
            kept = "what it remembers of the steps before" if self.remembers else "no memory of the steps before"
            told += f", with {kept}"
        return " ".join([f"{told}.", *self.notes])

    def update(self, subject: Subject, examples: Examples) -> Parameters:
        """What it adds to each parameter where it learns from the rows of `examples`."""
        descent = find_engine("reference").begin(subject.network, self.start, examples, self.rule)
        descent.train(np.arange(len(examples.Y)), np.array([self.rate]))
        after = descent.state().parameters
        return {name: after[name] - before for name, before in subject.parameters.items()}


def next_step(subject: Subject, rows: int) -> NextStep:
    """How a step with so many rows is made. Errors: as `Blame.next_update`."""
    model, recipe = subject.given, subject.given.origin.recipe
    optimizer = _optimizer(recipe)
    start = State(subject.parameters, optimizer.init(subject.parameters), 0)
    remembers = (kept := model.state) is not None and set(kept.slots) == set(optimizer.slots)
    if kept is not None and remembers:
        start = State(subject.parameters, {slot: exact(of) for slot, of in kept.slots.items()}, kept.step)
    return NextStep(StepRule(optimizer, rows, **_bounds(recipe)), _rate(subject), start, remembers, _notes(subject))


def _optimizer(recipe: dict[str, Any]) -> Optimizer:
    solver = recipe.get("optimizer", recipe.get("solver"))
    if solver is None:
        raise LimpidError("the model does not say how it was trained, so that its next update is not known")
    if solver == "lbfgs":
        raise LimpidError("L-BFGS learns from all rows at once: there is no next update by some of them")
    if "optimizer" in recipe:
        return optimizer_of(Recipe(**recipe))
    if solver not in SOLVERS:
        raise LimpidError(f"the next update is known for the solvers {', '.join(SOLVERS)}, not for {solver}")
    return SOLVERS[solver](SimpleNamespace(**recipe))


def _bounds(recipe: dict[str, Any]) -> dict[str, Any]:
    """With the penalty that a batch has, which is alpha in scikit-learn's words."""
    names = ("clip_norm", "max_norm", "label_smoothing")
    l2 = recipe.get("l2", recipe.get("alpha")) or 0.0
    return {"l2": float(l2), **{name: recipe[name] for name in names if name in recipe}}


def _rate(subject: Subject) -> float:
    """The learning rate of the step that follows; of a course that is over, and of an estimator's, that of the last."""
    model, recipe = subject.given, subject.given.origin.recipe
    base = recipe["learning_rate_init"] if "solver" in recipe else recipe["learning_rate"]
    last = float(model.history[-1].learning_rate if model.history else base)
    if "solver" in recipe or not model.history:
        return last
    rows = model.origin.rows_train - model.origin.rows_validation
    clock = Clock(recipe["epochs"], ceil(rows / min(recipe["batch_size"], rows)), rows)
    schedule = warmed_up(find_schedule(recipe["schedule"]), recipe["warm_up"])
    step = len(model.history) * clock.steps if model.state is None else model.state.step
    if schedule.spans:
        step = min(step, clock.steps * clock.epochs - 1)
    before, now = schedule.factor(np.array([step - 1, step]), clock)
    # of an adaptive rate what it was divided by is known from the last one
    return float(last * now / before if schedule.adaptive else base * now)


def _notes(subject: Subject) -> tuple[str, ...]:
    recipe = subject.given.origin.recipe
    found = []
    if recipe.get("dropout"):
        found.append("Dropout is left out: it is drawn anew each step.")
    if recipe.get("class_weight"):
        found.append("The rows count the same, whatever their classes.")
    if any(layer.normalization == "batch" for layer in subject.network.layers):
        found.append("These rows alone are the batch that sums are normalised over.")
    return tuple(found)
