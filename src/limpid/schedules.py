"""Schedules: how the learning rate changes while training goes on, as a factor of the rate that was asked for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError, choose

Steps: TypeAlias = NDArray[np.int64]
Factors: TypeAlias = NDArray[np.float64]


class Clock(NamedTuple):
    """What a schedule may know of the training: passes in all, steps in each pass, examples in each pass."""

    epochs: int
    steps: int
    rows: int

    def epoch(self, step: Steps) -> Factors:
        """Whole passes done when `step` (counted from 0) begins."""
        return (step // self.steps).astype(np.float64)

    def done(self, step: Steps) -> Factors:
        """The share of the training done when `step` begins, from 0 to 1."""
        return step / (self.steps * self.epochs)


@dataclass(frozen=True)
class Schedule:
    """`factor(step, clock)`: the factor at each of the steps, an array of whole numbers counted from 0.

    An `adaptive` schedule besides divides the rate by 5 each time that training stops getting better, instead of
    ending, until the rate falls to 1e-6 (scikit-learn's rule). One that `spans` the training knows how long it is.
    """

    name: str
    factor: Callable[[Steps, Clock], Factors]
    adaptive: bool = False
    spans: bool = False


def constant() -> Schedule:
    """1 all along."""
    return Schedule("constant", lambda step, clock: np.ones(step.shape))


def inverse_scaling(power: float = 0.5) -> Schedule:
    """1 / (1 + examples seen in whole passes)^power (scikit-learn's `invscaling`)."""
    return Schedule("inverse_scaling", lambda step, clock: (1 + clock.epoch(step) * clock.rows) ** -power)


def adaptive() -> Schedule:
    """1, divided by 5 each time that training stops getting better."""
    return replace(constant(), name="adaptive", adaptive=True)


def step(every: int = 10, by: float = 0.5) -> Schedule:
    """Multiplied by `by` after each `every` epochs."""
    return Schedule("step", lambda step, clock: by ** (clock.epoch(step) // every))


def exponential(by: float = 0.95) -> Schedule:
    """Multiplied by `by` after each epoch."""
    return Schedule("exponential", lambda step, clock: by ** clock.epoch(step))


def cosine() -> Schedule:
    """Half a cosine from 1 to 0 over the whole training (Loshchilov, Hutter 2017, without restarts)."""
    return Schedule("cosine", lambda step, clock: _half_cosine(clock.done(step), 1.0, 0.0), spans=True)


def coslog4() -> Schedule:
    """Four cosines from 0 to 1 and back, each twice as long as the one before (Holzmüller et al. 2024, section 3)."""
    return Schedule("coslog4", _four_cosines, spans=True)


def one_cycle(rise: float = 0.3, start: float = 1 / 25, end: float = 1e-4 / 25) -> Schedule:
    """From `start` up to 1 in the first `rise` of the training, then down to `end` (Smith, Topin 2018)."""

    def factor(step: Steps, clock: Clock) -> Factors:
        done = clock.done(step)
        up = _half_cosine(np.minimum(done / rise, 1), start, 1.0)
        down = _half_cosine(np.maximum((done - rise) / (1 - rise), 0), 1.0, end)
        return np.where(done < rise, up, down)

    return Schedule("one_cycle", factor, spans=True)


def warmed_up(schedule: Schedule, epochs: float) -> Schedule:
    """`schedule`, with the rate growing in a straight line from almost 0 over the first `epochs` passes."""
    if not 0 <= epochs < inf:
        raise LimpidError(f"the epochs of warm-up must be a finite number of at least 0, got {epochs!r}")

    def factor(step: Steps, clock: Clock) -> Factors:
        return np.minimum((step + 1) / (epochs * clock.steps), 1) * schedule.factor(step, clock)

    return replace(schedule, factor=factor) if epochs else schedule


def _four_cosines(step: Steps, clock: Clock) -> Factors:
    return 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * clock.done(step))))


def _half_cosine(done: Factors, first: float, last: float) -> Factors:
    """From `first` to `last` along half a cosine as `done` goes from 0 to 1."""
    return last + (first - last) * 0.5 * (1 + np.cos(np.pi * done))


SCHEDULES: dict[str, Callable[[], Schedule]] = {
    make.__name__: make for make in (constant, inverse_scaling, adaptive, step, exponential, cosine, coslog4, one_cycle)
}
"""Every schedule by name, with its usual numbers."""


def find_schedule(name: str) -> Schedule:
    """The schedule called `name`; `LimpidError` names the nearest where there is none."""
    return choose("schedule", name, SCHEDULES)()
