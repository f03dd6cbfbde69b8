"""Training, the one loop: it watches the passes over the examples, records each one and says when to stop."""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil, inf, isfinite, nan
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from limpid.engines import Engine, Examples, Made, State, StepRule, Work
from limpid.errors import LimpidError
from limpid.lbfgs import lbfgs_passes
from limpid.network import Network, Parameters
from limpid.objective import evaluate, slope_norm
from limpid.schedules import Schedule, constant
from limpid.stochastic import NO_COSTS, Control, Pass, stochastic_passes
from limpid.stopping import ALL_EPOCHS, FRESH, Standing, Stopping
from limpid.streaming import Part, streamed_passes

SMALLEST_ADAPTIVE_RATE = 1e-6
ALL_DONE = "all epochs done"
INTERRUPTED = "interrupted"


class Epoch(NamedTuple):
    """What one pass over the examples came to."""

    number: int
    """Counted from 1."""
    cost: float
    """Training cost, penalty included, averaged over the pass while it was made; NaN where the network blew up."""
    penalty: float
    """The part of `cost` that is l2's."""
    validation_cost: float | None
    """Cost without penalty on the validation examples after the pass; None without such examples."""
    validation_score: float | None
    """Accuracy, R^2 or whatever score was given, on the validation examples after the pass."""
    slope: float | None
    """Norm of the full gradient after the pass, where it was asked for."""
    learning_rate: float
    """At the pass's last step."""
    seconds: float
    """That the pass took, validation and slope included."""


Course: TypeAlias = Generator[Work | Epoch, Made | None, None]
"""A training under way: epochs, and works that whoever sees them makes and answers; None where one was interrupted."""


class Validation(NamedTuple):
    """Examples that are not learned from, and how well outputs do on them."""

    examples: Examples
    score: Callable[[NDArray[Any], NDArray[Any]], float]
    """(outputs (rows, outputs), targets (rows, outputs)) -> larger is better."""
    decides: bool = True
    """Whether the parameters that do best on them are kept and they say when to stop; else they are only watched."""


class Moment(NamedTuple):
    """A place between two engine calls, and all but the order of the examples that is needed to go on from there."""

    state: State
    costs: NDArray[np.float64]
    """(steps, 2): what each step of the pass under way came to, as `Descent.train` tells it."""
    seconds: float
    """That these steps took."""
    history: list[Epoch]
    path: list[Parameters] | None
    best: Parameters
    standing: Standing
    ended: str | None = None
    """Why the training came to an end of its own; None where it did not."""


@dataclass(frozen=True)
class Descending:
    """Batches in random order, one optimizer step each: `learning_rate` times what `schedule` says."""

    orders: Iterator[NDArray[np.int64]]
    """The order of the examples for each pass (see `stochastic.shuffled`)."""
    learning_rate: float
    schedule: Schedule = field(default_factory=constant)
    by_rows: bool = False
    """Whether the cost of a pass counts each batch by its rows, as scikit-learn does, and not by their weight."""

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < inf:
            raise LimpidError(f"the learning rate must be a finite number above 0, got {self.learning_rate!r}")


@dataclass(frozen=True)
class LBFGS:
    """All examples at each step, by L-BFGS; the numbers are SciPy's `gtol`, `ftol` and `maxfun`."""

    flatness: float = 0.0
    progress: float = 0.0
    evaluations: int = 10**9


@dataclass(frozen=True)
class Streaming:
    """Batches of examples that are not all in memory, one optimizer step each."""

    parts: Callable[[int], Iterator[Part]]
    """Of the pass with a number, from 0, one after the other."""
    rows: int
    """In a pass."""
    learning_rate: float
    schedule: Schedule = field(default_factory=constant)


class Training:
    """One network's training: iterate it, each turn is a pass and gives its `Epoch`.

    It may be stopped at any time by Ctrl-C or `stop`; `parameters` then holds the best so far: with validation
    examples that decide those that did best on them, without those of the last pass that stayed finite.
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        examples: Examples | None,
        rule: StepRule,
        method: Descending | LBFGS | Streaming,
        *,
        engine: Engine,
        epochs: int,
        stopping: Stopping = ALL_EPOCHS,
        validation: Validation | None = None,
        measure_slope: bool = False,
        keep_path: bool = False,
        start: State | None = None,
        first: int = 0,
        hurries: bool = False,
        standing: Standing = FRESH,
    ) -> None:
        """Nothing is computed yet.

        `examples` are None for a `Streaming` method, which has its own.
        `parameters` to start from, or `start` to go on from where a training stood after `first` epochs.
        `measure_slope` fills `Epoch.slope`, which `gradient_tol` needs and switches on. `keep_path` collects the
        parameters of every epoch, the first ones included, in `path`. One that `hurries` makes short passes several a
        call where nothing has to be seen between them; a loop that is left in their midst cannot go on as if it had not
        been. `standing` is where an earlier training stood, to go on from.
        """
        if epochs < 1:
            raise LimpidError(f"the number of epochs must be at least 1, got {epochs!r}")
        self.network, self.rule, self.method = network, rule, method
        begun = start or State(parameters, rule.optimizer.init(parameters), 0)
        self._recall: Callable[[], State] = lambda: begun
        self.history: list[Epoch] = []
        self.path: list[Parameters] | None = [begun.parameters] if keep_path else None
        self.stopped_because: str | None = None
        self._asked: str | None = None
        self._costs, self._seconds = NO_COSTS, 0.0  # of a pass under way where it goes on
        self._examples, self._engine, self._epochs, self._first = examples, engine, epochs, first
        self.rows = method.rows if isinstance(method, Streaming) else len(self._in_memory.Y)
        """The number of rows learned from."""
        self._stopping, self._validation = stopping, validation
        self._descended = examples
        if rule.label_smoothing and examples:
            Y = network.cost_function.smoothed(examples.Y, rule.label_smoothing, network.output.groups)
            self._descended = examples._replace(Y=Y)
        self._measure_slope = measure_slope or stopping.gradient_tol is not None
        self._measures = self._measure_slope or validation is not None
        self._decided_by = validation if validation and validation.decides else None
        self._best_state, self._best, self._worse = self._recall, standing.best, standing.worse
        self._control = Control(rate_factor=standing.rate_factor)
        self.hurries = hurries and not (self._measures or keep_path)

    def resume(self, at: Moment) -> None:
        """Go on from where a training like this one stood; its order of the examples is the caller's to bring back."""
        self.state, self.history, self.path = at.state, [*at.history], at.path
        self._costs, self._seconds = at.costs, at.seconds
        self._best, self._worse, self._control.rate_factor = at.standing
        best = State(at.best, {}, 0)
        self._best_state = lambda: best
        more = at.ended == ALL_DONE and self._first + len(self.history) < self._epochs
        self.stopped_because = None if more else at.ended

    @property
    def state(self) -> State:
        """Where the descent stands: all that is needed to go on."""
        state = self._recall()
        self._recall = lambda: state
        return state

    @state.setter
    def state(self, state: State) -> None:
        self._recall = lambda: state

    @property
    def standing(self) -> Standing:
        """How far the search for something better has come."""
        return Standing(self._best, self._worse, self._control.rate_factor)

    @property
    def best_parameters(self) -> Parameters:
        """Those of the pass that did best on unseen examples or, where none decide, in cost."""
        return self._best_state().parameters

    @property
    def parameters(self) -> Parameters:
        """The best so far: on unseen examples where some decide, else the latest."""
        return self.best_parameters if self._decided_by else self.state.parameters

    @property
    def seconds_a_call(self) -> float:
        """How long the steps of one `Work` may take together."""
        return self._control.seconds_a_call

    @seconds_a_call.setter
    def seconds_a_call(self, seconds: float) -> None:
        self._control.seconds_a_call = seconds

    @property
    def _in_memory(self) -> Examples:
        assert self._examples is not None, "what is streamed is never all there"
        return self._examples

    @property
    def steps_a_pass(self) -> int:
        """How many steps the state counts each pass: L-BFGS counts none."""
        return 0 if isinstance(self.method, LBFGS) else ceil(self.rows / self.rule.batch_size)

    @property
    def ended(self) -> str | None:
        """Why it came to an end of its own; None where it did not, or was asked to."""
        return None if self.stopped_because in {INTERRUPTED, self._asked} else self.stopped_because

    def stop(self, reason: str = INTERRUPTED) -> None:
        """Ask for an end after the engine call under way (about 0.1 s); safe from a signal handler or a thread."""
        self._control.stop = self._asked = reason

    def cost(self) -> float:
        """The cost of the training examples at `parameters`, without a penalty."""
        return evaluate(self._engine, self.network, self.parameters, self._in_memory)[0]

    def slope(self) -> float:
        """The norm of the full gradient at `parameters`, penalty and label smoothing included: 0 at a minimum."""
        return self._slope(self.parameters)

    def _slope(self, parameters: Parameters) -> float:
        size = self.rule.batch_size if isinstance(self.method, Descending) else self.rows
        assert self._descended is not None
        return slope_norm(self._engine, self.network, parameters, self._descended, self.rule.l2, size)

    def __iter__(self) -> Iterator[Epoch]:
        """Train until there is a reason to stop; a loop that was left goes on here."""
        return driven(self.course())

    def course(self) -> Course:
        """The same, but each `Work` is for the caller to have made, who sends back what it came to."""
        if not self.stopped_because:
            yield from self._course()

    def _course(self) -> Course:
        passes, answer = self._passes(), None
        began, self._seconds = perf_counter() - self._seconds, 0.0
        elsewhere = 0.0  # what goes on while work is handed out is not this network's time
        try:
            while True:
                try:
                    item = passes.send(answer)
                except StopIteration:
                    break
                answer = None
                if isinstance(item, Work):
                    left = perf_counter()
                    answer = yield item
                    elsewhere += perf_counter() - left - (answer.seconds if answer else 0.0)
                    continue
                yield self._judge(item, began + elsewhere)
                if self.stopped_because:
                    return
                began, elsewhere = perf_counter(), 0.0
            self.stopped_because = self._control.stop or ALL_DONE
        except KeyboardInterrupt:
            self.stopped_because = INTERRUPTED

    def _passes(self) -> Generator[Work | Pass, Made | None, None]:
        begun, self._costs = self._costs, NO_COSTS
        if isinstance(self.method, Streaming):
            return streamed_passes(
                *(self._engine, self.network, self.state, self.rule, self._control),
                parts=self.method.parts,
                rows=self.method.rows,
                learning_rate=self.method.learning_rate,
                schedule=self.method.schedule,
                epochs=self._epochs,
                first=self._first + len(self.history),
                begun=begun,
            )
        common = self._engine, self.network, self.state, self._in_memory, self.rule, self._control
        if isinstance(self.method, LBFGS):
            return lbfgs_passes(
                *common,
                epochs=self._epochs - self._first - len(self.history),
                flatness=self.method.flatness,
                progress=self.method.progress,
                evaluations=self.method.evaluations,
            )
        return stochastic_passes(
            *common,
            orders=self.method.orders,
            learning_rate=self.method.learning_rate,
            schedule=self.method.schedule,
            by_rows=self.method.by_rows,
            epochs=self._epochs,
            first=self._first + len(self.history),
            begun=begun,
        )

    def _judge(self, each: Pass, began: float) -> Epoch:
        """Record the pass, remember the best, and decide whether to go on."""
        number = self._first + len(self.history) + 1
        if each.trouble:
            epoch = Epoch(number, nan, nan, None, None, None, each.learning_rate, perf_counter() - began)
            self.stopped_because = f"not finite: {each.trouble}, epoch {number}"
        else:
            self._recall = each.recall
            measured = self._measure() if self._measures else (None, None, None)
            seconds = perf_counter() - began
            epoch = Epoch(number, each.cost, each.penalty, *measured, each.learning_rate, seconds)
            self._compare(epoch)
        self.history.append(epoch)
        if self.path is not None:
            self.path.append(self.state.parameters)
        return epoch

    def _measure(self) -> tuple[float | None, float | None, float | None]:
        """Cost and score of unseen examples, and the slope, as far as they are asked for."""
        cost = score = slope = None
        if self._validation:
            examples = self._validation.examples
            cost, outputs = evaluate(self._engine, self.network, self.state.parameters, examples)
            score = self._validation.score(outputs, examples.Y)
        if self._measure_slope:
            slope = self._slope(self.state.parameters)
        return cost, score, slope

    def _compare(self, epoch: Epoch) -> None:
        stopping = self._stopping
        if self._decided_by:
            value = self._watched(epoch)
        else:
            value = -((epoch.cost - epoch.penalty) / stopping.averaged_outputs + epoch.penalty)
        better = value > -inf and value >= self._best + stopping.tolerance
        self._worse = 0 if better else self._worse + 1
        if value > self._best:
            self._best, self._best_state = value, self._recall
        level = stopping.gradient_tol
        if level is not None and epoch.slope is not None and epoch.slope <= level:
            self.stopped_because = "slope is zero"
        if self._worse > stopping.patience and not self.stopped_because:
            self._lose_patience(epoch)
        if self.hurries:  # so many more must be no better before anything is decided
            self._control.passes_ahead = int(min(stopping.patience - self._worse + 1, self._epochs))

    def _watched(self, epoch: Epoch) -> float:
        watched = epoch.validation_score if self._stopping.monitor == "score" else -(epoch.validation_cost or 0.0)
        return -inf if watched is None or not isfinite(watched) else watched

    def _lose_patience(self, epoch: Epoch) -> None:
        adapts = isinstance(self.method, Descending | Streaming) and self.method.schedule.adaptive
        if adapts and epoch.learning_rate > SMALLEST_ADAPTIVE_RATE:
            self._control.rate_factor /= 5
            self._worse = 0
        elif adapts:
            self.stopped_because = "learning rate too small"
        else:
            self.stopped_because = "no better on unseen data" if self._decided_by else "cost no longer falls"


def driven(course: Course) -> Iterator[Epoch]:
    """The epochs of a course whose works are made here and now."""
    answer: Made | None = None
    while True:
        try:
            item = course.send(answer)
        except StopIteration:
            return
        answer = None
        if isinstance(item, Epoch):
            yield item
            continue
        with suppress(KeyboardInterrupt):  # whoever watches hears of it
            answer = item.make()
