"""Passes over the examples in batches: one optimizer step each, engine calls of about 0.1 s."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.divergence import all_finite, first_non_finite
from limpid.engines import Engine, Examples, Made, State, StepRule, Work
from limpid.initializers import Random
from limpid.network import Network
from limpid.schedules import Clock, Schedule

SECONDS_A_CALL = 0.1


class Pass(NamedTuple):
    """One pass over the examples, as far as it came."""

    state: State
    cost: float
    """Average over the batches before their steps, penalty included."""
    penalty: float
    learning_rate: float
    trouble: str | None = None
    """The first array that was not finite, if one was; `state` is then the last good one."""


@dataclass
class Control:
    """What the one who watches the passes says to the one who makes them."""

    stop: str | None = None
    """Why to stop after the engine call under way; None to go on."""
    rate_factor: float = 1.0
    seconds_a_call: float = SECONDS_A_CALL


def shuffled(random: Random, rows: int) -> Iterator[NDArray[np.int64]]:
    """A new random order of `rows` examples for each pass."""
    while True:
        yield random.permutation(rows)


def in_order(rows: int) -> Iterator[NDArray[np.int64]]:
    """The examples as they come, each pass."""
    while True:
        yield np.arange(rows)


def stochastic_passes(
    engine: Engine,
    network: Network,
    start: State,
    examples: Examples,
    rule: StepRule,
    control: Control,
    *,
    orders: Iterator[NDArray[np.int64]],
    learning_rate: float,
    schedule: Schedule,
    epochs: int,
    first: int,
) -> Generator[Work | Pass, Made | None, None]:
    """Passes from `start`, of which `first` were made before, until `epochs` are done.

    Steps are not made here: each `Work` that is handed out is answered with what was made of it, or with None where
    that was interrupted. A pass cut short by `control.stop` is handed out as far as it came.
    """
    descent = engine.begin(network, start, examples, rule)
    rows, size = len(examples.Y), rule.batch_size
    clock = Clock(epochs, ceil(rows / size), rows)
    pace = _Pace()
    for number in range(first, epochs):
        order = next(orders)
        steps = np.arange(number * clock.steps, (number + 1) * clock.steps)
        rates = learning_rate * control.rate_factor * schedule.factor(steps, clock)
        costs, done, trouble = np.empty((clock.steps, 2)), 0, None
        state = descent.state()
        while done < clock.steps and not control.stop and not trouble:
            stop = min(done + pace.steps, clock.steps)
            part, part_rates = order[done * size : stop * size], rates[done:stop]
            made = yield Work(descent, part, part_rates)
            if made is None:
                control.stop = "interrupted"
                break
            costs[done:stop] = made.costs
            pace.learn(made.seconds / (stop - done), control.seconds_a_call)
            after = descent.state()
            if not (np.isfinite(costs[done:stop]).all() and all_finite(after.parameters)):
                trouble = first_non_finite(network, state, examples, rule, part, part_rates)
                break
            state, done = after, stop
        if done or trouble:
            cost, penalty = _averages(costs[:done], order, examples, size)
            yield Pass(state, np.nan if trouble else cost + penalty, penalty, float(rates[max(done - 1, 0)]), trouble)
        if control.stop or trouble:
            return


def _averages(
    costs: NDArray[np.float64], order: NDArray[np.int64], examples: Examples, size: int
) -> tuple[float, float]:
    """Cost and penalty averaged over batches, each by the weight of its rows."""
    weights = np.ones(len(order)) if examples.weights is None else examples.weights[order].astype(np.float64)
    shares = np.add.reduceat(weights, np.arange(0, len(order), size))[: len(costs)]
    cost, penalty = (shares @ costs / shares.sum()) if len(costs) else (np.nan, np.nan)
    return float(cost), float(penalty)


class _Pace:
    """How many steps fill an engine call of the wanted length; one at first, then by what was measured."""

    def __init__(self) -> None:
        self.steps = 1

    def learn(self, seconds_a_step: float, seconds_a_call: float) -> None:
        # at most doubling: one quick call must not lead to a long one that nobody can stop
        self.steps = max(1, min(2 * self.steps, int(seconds_a_call / max(seconds_a_step, 1e-9))))
