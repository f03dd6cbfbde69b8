"""Checkpoints: where a training stands is kept in a file now and then, so that whatever ends it costs it little.

The file is replaced whole, which leaves a complete one at every moment: one is enough.
"""

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from numbers import Real
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.checkpoint_file import WHAT, Owner, read, write
from limpid.engines import State
from limpid.errors import LimpidError
from limpid.files import check_writable
from limpid.model_file import beside
from limpid.stochastic import NO_COSTS
from limpid.training import Course, Epoch, Moment, Training, driven

NAME = "checkpoint.limpid"


class Checkpoints:
    """A training that is watched from outside: between two engine calls all that makes it up can be kept.

    Iterate it in the training's stead. A thread writes while training goes on; a disk that fails costs the checkpoint,
    of which a warning tells, and neither the training nor the checkpoint before.
    """

    def __init__(
        self,
        training: Training,
        random: np.random.Generator,
        owner: Owner,
        directory: Path,
        every: float,
        resume: bool,
    ) -> None:
        """`random` draws the training's orders; `every` counts seconds. To `resume` is to stand where the file says.

        Errors: `LimpidError` for a file that is there without `resume`, for one that does not fit, a directory that
        cannot be written.
        """
        given: Any = every
        if isinstance(given, bool) or not isinstance(given, Real) or not float(every) > 0:
            raise LimpidError(f"every must be a number of seconds above 0, got {every!r}")
        self._training, self._random, self._owner, self._every = training, random, owner, every
        self._path, self._begun = directory / NAME, (NO_COSTS, 0.0)
        self._writing: Future[None] | None = None
        self._trouble = ""
        training.hurries = False  # orders would be drawn ahead of their passes
        self.resumed = resume and self._path.exists()
        if self.resumed:
            self._go_on()
        elif self._path.exists():
            raise LimpidError(f"{self._path} is there from an earlier training: resume it, or remove the file")
        _make_ready(directory, self._path)

    def _go_on(self) -> None:
        at, state = read(self._path, self._owner, self._training, self._random)
        self._training.resume(at)
        self._random.bit_generator.state = state
        self._begun = at.costs, at.seconds

    def __iter__(self) -> Iterator[Epoch]:
        return driven(self.course())

    def course(self) -> Course:
        """As `Training.course`."""
        if self._training.stopped_because:
            return
        self._begin_pass(*self._begun)
        self._begun, self._last = (NO_COSTS, 0.0), perf_counter()
        with ThreadPoolExecutor(1, "limpid-checkpoint") as self._writer, closing(self._training.course()) as course:
            yield from self._watch(course)
            self._keep()

    def _watch(self, course: Course) -> Course:
        answer = None
        while True:
            try:
                item = course.send(answer)
            except StopIteration:
                return
            answer = None
            if isinstance(item, Epoch):
                yield from self._passed(item)
                continue
            self._consider(item.descent.state)
            answer = yield item
            if answer:
                self._costs.append(answer.costs)
                self._seconds += answer.seconds

    def _passed(self, epoch: Epoch) -> Course:
        """A pass was made; one that a stop cut short is still under way."""
        training = self._training
        if training.ended or training.state.step - self._first == training.steps_a_pass:
            self._begin_pass()
        self._consider(lambda: training.state)
        try:
            yield epoch
        except GeneratorExit:
            self._keep()
            raise

    def _begin_pass(self, costs: NDArray[np.float64] = NO_COSTS, seconds: float = 0.0) -> None:
        """Remember what stands still until the next, of which the steps that came to `costs` are made."""
        training = self._training
        self._costs, self._seconds = [costs], seconds
        self._first = training.state.step - len(costs)
        self._passes, self._standing, self._best = len(training.history), training.standing, training.best_parameters
        self._drawn_from = self._random.bit_generator.state

    def _moment(self, state: State) -> Moment:
        training, passes = self._training, self._passes
        return Moment(
            state,
            np.concatenate(self._costs)[: state.step - self._first],  # a state from before a step that was cut short
            self._seconds,
            training.history[:passes],
            None if training.path is None else training.path[: passes + 1],
            self._best,
            self._standing,
            training.ended,
        )

    def _consider(self, state: Callable[[], State]) -> None:
        """Begin to write where it is time, and no write is under way."""
        try:
            if self._writing and self._writing.done():
                self._settle()
            if not self._writing and perf_counter() - self._last >= self._every:
                self._write(state())
        except KeyboardInterrupt:
            self._training.stop()

    def _keep(self) -> None:
        """Write where the training stands, and wait for it."""
        if self._training.history or self._training.state.step:
            self._settle()
            self._write(self._training.state)
            self._settle()

    def _write(self, state: State) -> None:
        self._last = perf_counter()
        self._writing = self._writer.submit(
            write, self._path, self._owner, self._training.network, self._moment(state), self._drawn_from
        )

    def _settle(self) -> None:
        """Hear what came of the last write; a trouble that lasts is told once."""
        writing, self._writing = self._writing, None
        if not writing:
            return
        before, self._trouble = self._trouble, ""
        try:
            writing.result()
        except OSError as error:
            self._trouble = error.strerror or str(error)
            if self._trouble != before:
                told = f"cannot write the checkpoint {self._path}: {self._trouble} (training is not affected)"
                warnings.warn(told, stacklevel=2)


def _make_ready(directory: Path, path: Path) -> None:
    """A folder that can be written, without what a process left that was killed while it wrote."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob(f"{beside(WHAT)}*"):
            left.unlink()
    except OSError as error:
        raise LimpidError(f"cannot write checkpoints into {directory}: {error.strerror or error}") from None
    check_writable(path, WHAT)
