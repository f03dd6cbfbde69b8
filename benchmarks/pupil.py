"""A contender that learns MNIST by a recipe, seed by seed."""

from collections.abc import Callable
from time import perf_counter

import numpy as np

from benchmarks.contenders import LIMPID, USUAL
from benchmarks.contenders.limpid_engine import on
from benchmarks.recipes import Images, Recipe
from benchmarks.workload import Learner

PUPILS = {LIMPID: on(), **USUAL}
SCIKIT_LEARN = "scikit-learn"
SCIKIT_LEARN_EPOCHS = 20
"""At most: its rate is constant, so that a lesson of its may end where it first gets there."""
Lesson = tuple[float, float]
"""Seconds from drawing the weights to the last step, and the share of right answers then."""


def pupil(name: str, recipe: Recipe, wanted: float, seen: Images, cores: int) -> Callable[[int], Lesson]:
    """Seed -> a lesson of that contender, with data in memory and all code warm."""
    work = recipe.workload(seen)
    if name == SCIKIT_LEARN:
        patient = work._replace(optimizer="adam", rate=0.001, beta_2=0.999, label_smoothing=0.0)
        own = PUPILS[name](patient, cores)
        return lambda seed: _lesson_until(own, wanted, seen, seed)
    learner = PUPILS[name](work, cores)
    _lesson(learner, recipe._replace(epochs=1), seen, 0)  # all code is compiled then
    return lambda seed: _lesson(learner, recipe, seen, seed)


def _lesson(learner: Learner, recipe: Recipe, seen: Images, seed: int) -> Lesson:
    """The recipe once."""
    rates = recipe.rates(recipe.workload(seen))
    start, random = perf_counter(), np.random.default_rng(seed)
    learner.start(seed)
    for each in rates:
        learner.descend(random.permutation(len(seen.X)), each)
    return perf_counter() - start, _right(learner, seen)


def _lesson_until(learner: Learner, wanted: float, seen: Images, seed: int) -> Lesson:
    """Until an epoch first ends with so many right answers; the time to ask is not counted."""
    taken, found, start = 0.0, 0.0, perf_counter()
    learner.start(seed)
    for _ in range(SCIKIT_LEARN_EPOCHS):
        learner.descend(np.arange(0), np.empty(0))
        taken += perf_counter() - start
        if (found := _right(learner, seen)) >= wanted:
            break
        start = perf_counter()
    return taken, found


def _right(learner: Learner, seen: Images) -> float:
    return float((learner.predictor()(seen.asked).argmax(axis=1) == seen.answers).mean())
