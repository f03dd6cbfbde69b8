"""A descent on its way from a state that is known, which is copied out only so often that it costs little."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from limpid.divergence import first_non_finite
from limpid.engines import Engine, Examples, Made, State, StepRule, Work
from limpid.network import Network

Steps: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""The order and the rates of a work."""

BYTES_A_SECOND = 5e7
"""That may be copied out: a fortieth of what a slow machine copies, so that it takes no more of the time."""
FEWEST_BYTES = 50_000
"""That a copy counts as: of fewer it takes as long, 25 microseconds."""


class Trail:
    """Steps of one descent, each as sure as if the state after it had been looked at.

    What follows on the last state that was, `state`, can be made again: up to there where an engine call was cut
    short, call by call where something is not finite. Then `state` is where it ends, and the descent of no more use.
    """

    def __init__(self, engine: Engine, network: Network, state: State, examples: Examples, rule: StepRule) -> None:
        self._engine, self._network, self._examples, self._rule = engine, network, examples, rule
        bytes_of_state = sum(array.nbytes for array in state.parameters.values()) * (1 + len(state.slots))
        self._seconds_between_copies = max(bytes_of_state, FEWEST_BYTES) / BYTES_A_SECOND
        self._begin(state)

    def _begin(self, state: State) -> None:
        self.descent = self._engine.begin(self._network, state, self._examples, self._rule)
        self.know(state)

    def know(self, state: State) -> None:
        """Where the descent stands now, all of it finite."""
        self.state = state
        self._works: list[Steps] = []
        self._seconds = 0.0

    def follow(self, work: Work, made: Made) -> str | None:
        """Hear what came of a work; the first array that is not finite, if one is: then `state` is the last good."""
        self._works.append((work.order, work.rates))
        self._seconds += made.seconds
        if not np.isfinite(made.costs).all():
            return self._first_non_finite()
        return self.arrive() if self._seconds >= self._seconds_between_copies else None

    def keep_up(self) -> None:
        """Before more steps: bring `state` to where the descent stands, if that is due; all is known to be finite."""
        if self._seconds >= self._seconds_between_copies:
            self.know(self.descent.state())
        else:
            self._works = [*self._works]  # places that were told are no longer where the descent will stand

    def holds(self, work: Work, made: Made) -> bool:
        """Whether all is finite after a work, looked at where it lies; it then counts as followed."""
        if not (np.isfinite(made.costs).all() and self.descent.finite()):
            return False
        self._works.append((work.order, work.rates))
        self._seconds += made.seconds
        return True

    def place(self, rows: int, steps: int) -> Callable[[], State]:
        """What tells where the descent stood when so many rows of the last work, and steps, were done."""
        return partial(self._recall, self.state, self._works, len(self._works), rows, steps)

    def _recall(self, known: State, works: list[Steps], count: int, rows: int, steps: int) -> State:
        order, rates = works[count - 1]
        if works is self._works and count == len(works) and steps == len(rates):
            self.know(self.descent.state())
            return self.state
        descent = self._engine.begin(self._network, known, self._examples, self._rule)
        for before in works[: count - 1]:
            descent.train(*before)
        descent.train(order[:rows], rates[:steps])
        return descent.state()

    def arrive(self) -> str | None:
        """Bring `state` to where the descent stands; the first array that is not finite, as `follow` has it."""
        if not self._works:
            return None
        if not self.descent.finite():
            return self._first_non_finite()
        self.know(self.descent.state())
        return None

    def turn_back(self) -> None:
        """Bring `state` to where `follow` last heard of steps: nobody knows how far a call came that was cut short."""
        works = self._works
        if not works:
            return
        self._begin(self.state)
        for order, rates in works:
            self.descent.train(order, rates)
        self.know(self.descent.state())

    def _first_non_finite(self) -> str:
        *before, last = self._works
        if before:
            self._begin(self.state)
        for order, rates in before:
            costs = self.descent.train(order, rates)
            if not (np.isfinite(costs).all() and self.descent.finite()):
                last = order, rates
                break
            self.know(self.descent.state())
        return first_non_finite(self._network, self.state, self._examples, self._rule, *last)
