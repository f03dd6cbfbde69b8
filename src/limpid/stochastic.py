"""Passes over the examples in batches: one optimizer step each, engine calls of about 0.1 s."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.engines import Engine, Examples, Made, State, StepRule, Work
from limpid.initializers import Random
from limpid.network import Network
from limpid.schedules import Clock, Schedule
from limpid.trail import Trail

SECONDS_A_CALL = 0.1
NO_COSTS: NDArray[np.float64] = np.empty((0, 2))


class Pass(NamedTuple):
    """One pass over the examples, as far as it came."""

    recall: Callable[[], State]
    """Where the descent stood after it; a pass in the midst of an engine call is made again to know."""
    cost: float
    """Average over the batches before their steps, penalty included."""
    penalty: float
    learning_rate: float
    trouble: str | None = None
    """The first array that was not finite, if one was; the state is then the last good one."""


@dataclass
class Control:
    """What the one who watches the passes says to the one who makes them."""

    stop: str | None = None
    """Why to stop after the engine call under way; None to go on."""
    rate_factor: float = 1.0
    seconds_a_call: float = SECONDS_A_CALL
    passes_ahead: int = 1
    """So many passes may be made before anyone must look at the first."""


def shuffled(random: Random, rows: int) -> Iterator[NDArray[np.int64]]:
    """A new random order of `rows` examples for each pass."""
    while True:
        yield random.permutation(rows)


def in_order(rows: int) -> Iterator[NDArray[np.int64]]:
    """The examples as they come, each pass."""
    return repeat(np.arange(rows))


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
    begun: NDArray[np.float64] = NO_COSTS,
    by_rows: bool = False,
) -> Generator[Work | Pass, Made | None, None]:
    """Passes from `start`, of which `first` were made before, until `epochs` are done.

    `begun` (steps, 2) is what the steps of the next pass came to that were made before too.

    Steps are not made here: each `Work` that is handed out is answered with what was made of it, or with None where
    that was interrupted. A pass cut short by `control.stop` is handed out as far as it came. Its cost counts each batch
    by the weight of its rows, or `by_rows` by their number.
    """
    counted = examples._replace(weights=None) if by_rows else examples
    course = _Course(engine, network, examples, rule, control, learning_rate, schedule, orders, epochs, counted)
    course.begin(start, begun)
    number = first
    while number < epochs and not control.stop:
        together = course.passes_at_once(epochs - number)
        made = yield from course.several(number, together) if together > 1 else course.one(number)
        if not made:
            return
        number += made


class _Course:
    """Passes being made, one in parts or several at once."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        examples: Examples,
        rule: StepRule,
        control: Control,
        learning_rate: float,
        schedule: Schedule,
        orders: Iterator[NDArray[np.int64]],
        epochs: int,
        counted: Examples,
    ) -> None:
        self._counted = counted
        self._engine, self._network, self._examples, self._rule = engine, network, examples, rule
        self._control, self._learning_rate, self._schedule, self._orders = control, learning_rate, schedule, orders
        rows = len(examples.Y)
        self._clock = Clock(epochs, ceil(rows / rule.batch_size), rows)
        self._steps_a_call = 1

    def begin(self, state: State, begun: NDArray[np.float64] = NO_COSTS) -> None:
        """Go on from `state`, in a pass of which the steps that came to `begun` are made."""
        self._trail = Trail(self._engine, self._network, state, self._examples, self._rule)
        self._begun = begun

    def passes_at_once(self, left: int) -> int:
        """How many of the passes that are `left` the next engine call may make: 1 for one, or a part of it."""
        return max(1, min(self._control.passes_ahead, left, self._steps_a_call // self._clock.steps))

    def one(self, number: int) -> Generator[Work | Pass, Made | None, int]:
        """Pass `number` (from 0); how many passes were made, 0 where no more are to be."""
        clock, size, control = self._clock, self._rule.batch_size, self._control
        order, rates, trail = next(self._orders), self._rates(number, 1), self._trail
        costs, begun, trouble = np.empty((clock.steps, 2)), len(self._begun), trail.arrive()
        costs[:begun], self._begun = self._begun, NO_COSTS
        done, before = begun, trail.state.step - begun
        while done < clock.steps and not control.stop and not trouble:
            stop = min(done + self._steps_a_call, clock.steps)
            work = Work(trail.descent, order[done * size : stop * size], rates[done:stop])
            made = yield work
            if made is None:
                control.stop = "interrupted"
                trail.turn_back()
                break
            costs[done:stop] = made.costs
            self._learn_pace(made.seconds, stop - done)
            trouble, done = trail.follow(work, made), stop
        trouble = trouble or trail.arrive()
        state = trail.state
        done = state.step - before
        if done or trouble:
            cost, penalty = _averages(costs[:done], order, self._counted, size)
            rate = float(rates[max(done - 1, 0)])
            yield Pass(lambda: state, np.nan if trouble else cost + penalty, penalty, rate, trouble)
        return 0 if control.stop or trouble else 1

    def several(self, number: int, together: int) -> Generator[Work | Pass, Made | None, int]:
        """The passes from `number` on in one engine call; where one of them blows up, one by one."""
        steps, rows, trail = self._clock.steps, self._clock.rows, self._trail
        orders, rates = [next(self._orders) for _ in range(together)], self._rates(number, together)
        trail.keep_up()
        work = Work(trail.descent, np.concatenate(orders), rates)
        made = yield work
        if made is None:  # nobody knows how far it came
            self._control.stop = "interrupted"
            return 0
        self._learn_pace(made.seconds, len(rates))
        if not trail.holds(work, made):
            trail.turn_back()
            return (yield from self._one_by_one(number, orders))
        last_rates = rates[steps - 1 :: steps].tolist()
        for at, (cost, penalty) in enumerate(self._averages(made.costs, orders)):
            yield Pass(trail.place((at + 1) * rows, (at + 1) * steps), cost + penalty, penalty, last_rates[at])
        return 0 if self._control.stop else together

    def _one_by_one(self, number: int, orders: list[NDArray[np.int64]]) -> Generator[Work | Pass, Made | None, int]:
        self._orders = chain(orders, self._orders)
        self.begin(self._trail.state)
        for made in range(len(orders)):
            if not (yield from self.one(number + made)):
                return 0
        return len(orders)

    def _averages(self, costs: NDArray[np.float64], orders: list[NDArray[np.int64]]) -> list[tuple[float, float]]:
        """Each pass's cost and penalty."""
        steps = self._clock.steps
        if steps == 1:
            return [(cost, penalty) for cost, penalty in costs.tolist()]
        size = self._rule.batch_size
        return [
            _averages(costs[at * steps : (at + 1) * steps], order, self._counted, size)
            for at, order in enumerate(orders)
        ]

    def _rates(self, number: int, passes: int) -> NDArray[np.float64]:
        steps = np.arange(number * self._clock.steps, (number + passes) * self._clock.steps)
        return self._learning_rate * self._control.rate_factor * self._schedule.factor(steps, self._clock)

    def _learn_pace(self, seconds: float, steps: int) -> None:
        """How many steps fill an engine call of the wanted length."""
        # at most doubling: one quick call must not lead to a long one that nobody can stop
        wanted = int(self._control.seconds_a_call / max(seconds / steps, 1e-9))
        self._steps_a_call = max(1, min(2 * self._steps_a_call, wanted))


def _averages(
    costs: NDArray[np.float64], order: NDArray[np.int64], examples: Examples, size: int
) -> tuple[float, float]:
    """Cost and penalty averaged over batches, each by the weight of its rows."""
    shares = batch_weights(order, examples, size)[: len(costs)] if len(costs) > 1 else np.ones(len(costs))
    return average_costs(costs, shares)


def batch_weights(order: NDArray[np.int64], examples: Examples, size: int) -> NDArray[np.float64]:
    """(batches,) the weight of the rows of each batch of `size` of them."""
    weights = np.ones(len(order)) if examples.weights is None else examples.weights[order].astype(np.float64)
    found: NDArray[np.float64] = np.add.reduceat(weights, np.arange(0, len(order), size))
    return found


def average_costs(costs: NDArray[np.float64], shares: NDArray[Any]) -> tuple[float, float]:
    """Cost and penalty of batches (batches, 2) averaged by their `shares` (batches,); NaN where there are none."""
    if len(costs) > 1:
        costs = (shares @ costs / (shares.sum() or 1.0))[np.newaxis]
    cost, penalty = costs[0].tolist() if len(costs) else (np.nan, np.nan)  # of one to the bit, whatever its share
    return cost, penalty
