"""What the optimizer would really do next: one step of training, made aside."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from limpid.engines import Examples, State, StepRule, find_engine
from limpid.errors import LimpidError
from limpid.inspection.subject import Subject, exact
from limpid.network import Parameters
from limpid.optimizers import Optimizer
from limpid.recipe import Recipe, optimizer_of
from limpid.solvers import SOLVERS


def next_update(subject: Subject, examples: Examples) -> Parameters:
    """What a step with the rows of `examples` would add to each parameter. Errors: as `Blame.next_update`."""
    recipe = subject.given.origin.recipe
    optimizer, rule = _optimizer(recipe), _rule(recipe, len(examples.Y))
    rate = subject.given.history[-1].learning_rate if subject.given.history else recipe["learning_rate"]
    start = State(subject.parameters, optimizer.init(subject.parameters), 0)
    if (kept := subject.given.state) is not None and set(kept.slots) == set(optimizer.slots):
        start = State(subject.parameters, {slot: exact(of) for slot, of in kept.slots.items()}, kept.step)
    descent = find_engine("reference").begin(subject.network, start, examples, StepRule(optimizer, **rule))
    descent.train(np.arange(len(examples.Y)), np.array([rate]))
    after = descent.state().parameters
    return {name: after[name] - before for name, before in subject.parameters.items()}


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


def _rule(recipe: dict[str, Any], rows: int) -> dict[str, Any]:
    """Of a step: with the penalty that a batch has, which is alpha in scikit-learn's words."""
    names = ("clip_norm", "max_norm", "label_smoothing")
    l2 = recipe.get("l2", recipe.get("alpha")) or 0.0
    return {"batch_size": rows, "l2": float(l2), **{name: recipe[name] for name in names if name in recipe}}
