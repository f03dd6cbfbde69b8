"""Where a model's descent began: kept with the model, or drawn again from its seed, which gives the same bits."""

from typing import Any

import numpy as np

from limpid.errors import LimpidError
from limpid.initializers import INITIALIZERS, Random, initial_parameters
from limpid.inspection.flat import Flat
from limpid.inspection.subject import Subject, exact
from limpid.network import Parameters

TO_KEEP = "learn it with keep_path=True"


def start_of(subject: Subject) -> Parameters:
    """The parameters before the first step, in float64.

    With a kept path, where that begins: of an estimator, at its last call of `fit` or `partial_fit`. Errors:
    `LimpidError` where they are neither kept nor can be drawn again.
    """
    given = subject.given
    if given.path:
        return exact(given.path[0])
    name, random = _draw(given.origin.recipe)
    return exact(initial_parameters(subject.network, name, random, given.dtype))


def way_of(subject: Subject) -> list[Parameters]:
    """The parameters before the first epoch and after each, in float64.

    Errors: `LimpidError` where they were not kept.
    """
    if not subject.given.path:
        raise LimpidError(f"the model did not keep the way that it came: {TO_KEEP}")
    return [exact(place) for place in subject.given.path]


def kept_at(subject: Subject) -> int:
    """Which place of the way the model's own parameters are: the last, or the best epoch; the nearest if none."""
    vector = Flat.of(subject.network).vector
    apart = [float(np.linalg.norm(vector(place) - vector(subject.parameters))) for place in way_of(subject)]
    return len(apart) - 1 - int(np.argmin(apart[::-1]))


def _draw(recipe: dict[str, Any]) -> tuple[str, Random]:
    """The initializer's name and the random source, as `learn` or an estimator began with them."""
    if recipe.get("initial_weights") in INITIALIZERS and "seed" in recipe:
        return recipe["initial_weights"], np.random.default_rng(recipe["seed"])
    seed = recipe.get("random_state")
    if isinstance(seed, int) and not isinstance(seed, bool) and not recipe.get("grow"):
        return "scikit_learn", np.random.RandomState(seed)
    raise LimpidError(f"it is not known where the model's descent began: {TO_KEEP}")
