"""Passes over examples that are not all in memory: a part of them at a time, steps as if they were all there."""

from collections.abc import Callable, Generator, Iterator
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.engines import Engine, Examples, Made, State, StepRule, Work
from limpid.network import Network
from limpid.schedules import Clock, Schedule
from limpid.stochastic import NO_COSTS, Control, Pass, average_costs, batch_weights
from limpid.trail import Trail


class Part(NamedTuple):
    """Examples that are in memory, and in which order they are learned from; others follow."""

    examples: Examples
    order: NDArray[np.int64]
    """A whole number of batches, but in the last part of a pass."""


def streamed_passes(
    engine: Engine,
    network: Network,
    start: State,
    rule: StepRule,
    control: Control,
    *,
    parts: Callable[[int], Iterator[Part]],
    rows: int,
    learning_rate: float,
    schedule: Schedule,
    epochs: int,
    first: int,
    begun: NDArray[np.float64] = NO_COSTS,
) -> Generator[Work | Pass, Made | None, None]:
    """Passes from `start`, of which `first` were made before, over the `parts` of each (by its number, from 0).

    `begun` (steps, 2) is what the steps of the next pass came to that were made before too; its rows are read again.
    The bits are those of `stochastic_passes` over all `rows` at once in the same order.
    """
    clock = Clock(epochs, ceil(rows / rule.batch_size), rows)
    state = start
    for number in range(first, epochs):
        walk, begun = _Walk(engine, network, rule, control, state, begun), NO_COSTS
        steps = np.arange(number * clock.steps, (number + 1) * clock.steps)
        rates = learning_rate * control.rate_factor * schedule.factor(steps, clock)
        reached = yield from walk.over(parts(number), rates)
        if reached is not None:
            state = walk.state
            yield reached
        if control.stop or walk.trouble:
            return


class _Walk:
    """One pass: part after part, in engine calls of about 0.1 s."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        rule: StepRule,
        control: Control,
        state: State,
        begun: NDArray[np.float64],
    ) -> None:
        self._engine, self._network, self._rule, self._control = engine, network, rule, control
        self.state, self.trouble = state, ""
        self._costs: list[NDArray[np.float64]] = [begun] if len(begun) else []
        self._begun = len(begun)
        self._shares: list[NDArray[np.float64]] = []
        self._steps_a_call = 1

    def over(
        self, parts: Iterator[Part], rates: NDArray[np.float64]
    ) -> Generator[Work | Pass, Made | None, Pass | None]:
        done = 0
        for part in parts:
            done += yield from self._part(part, rates[done:])
            if self._control.stop or self.trouble:
                break
        if self._begun or not (self._costs or self.trouble):
            return None
        cost, penalty = average_costs(np.concatenate([np.empty((0, 2)), *self._costs]), np.concatenate(self._shares))
        state = self.state
        rate = float(rates[max(done - 1, 0)])
        return Pass(lambda: state, np.nan if self.trouble else cost + penalty, penalty, rate, self.trouble or None)

    def _part(self, part: Part, rates: NDArray[np.float64]) -> Generator[Work | Pass, Made | None, int]:
        size, (examples, order) = self._rule.batch_size, part
        trail = Trail(self._engine, self._network, self.state, examples, self._rule)
        steps = ceil(len(order) / size)
        begun = done = min(self._begun, steps)
        self._begun -= done
        costs = np.empty((steps, 2))
        while done < steps and not self._control.stop and not self.trouble:
            stop = min(done + self._steps_a_call, steps)
            work = Work(trail.descent, order[done * size : stop * size], rates[done:stop])
            made = yield work
            if made is None:
                self._control.stop = "interrupted"
                trail.turn_back()
                break
            costs[done:stop] = made.costs
            # at most doubling, as `stochastic` has it
            wanted = int(self._control.seconds_a_call / max(made.seconds / (stop - done), 1e-9))
            self._steps_a_call = max(1, min(2 * self._steps_a_call, wanted))
            self.trouble, done = trail.follow(work, made) or "", stop
        self.trouble = self.trouble or trail.arrive() or ""
        done = begun + trail.state.step - self.state.step
        if done > begun:
            self._costs.append(costs[begun:done])
        self._shares.append(batch_weights(order[: done * size], examples, size) if done else np.empty(0))
        self.state = trail.state
        return done
