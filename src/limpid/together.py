"""Many networks trained at once over the same rows: sizes, seeds, rates; each as if it were alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from limpid.dataset import Dataset
from limpid.engines import Engine, Made, Work, find_engine
from limpid.errors import LimpidError, choose
from limpid.learning import Learning
from limpid.recipe import Recipe, complete
from limpid.stochastic import SECONDS_A_CALL
from limpid.training import Epoch, Training

OF_ALL = ("test_size", "validation_size", "engine", "threads", "precision")
"""Choices that no network can have of its own."""


class Together:
    """Networks being trained together: iterate it for (number, `Epoch`) as passes are done, in any order of networks.

    `learnings` has one `Learning` for each network, in the order given; its `model` is the best so far at any time.
    """

    def __init__(self, learnings: list[Learning]) -> None:
        self.learnings = learnings
        first = learnings[0].recipe
        self._engine = find_engine(first.engine, first.threads)

    def drop(self, number: int, reason: str = "dropped") -> None:
        """Train network `number` no further; the others go on."""
        self.learnings[number].stop(reason)

    def stop(self, reason: str = "interrupted") -> None:
        """Ask all networks for an end soon; their models keep the best so far."""
        for learning in self.learnings:
            learning.stop(reason)

    def __iter__(self) -> Iterator[tuple[int, Epoch]]:
        return in_turns([learning.training for learning in self.learnings], self._engine)


def in_turns(
    trainings: Sequence[Training], engine: Engine, limits: Sequence[int] | None = None
) -> Iterator[tuple[int, Epoch]]:
    """Passes of all trainings, each until it ends: (number, `Epoch`) as they are done.

    With `limits` each only goes on until it has made so many in all. `engine` makes the next steps of all at once.
    """
    courses = {number: training.course() for number, training in enumerate(trainings) if not training.stopped_because}
    answers: dict[int, Made | None] = {}
    interrupted = False
    while courses:
        works: dict[int, Work] = {}
        for number, course in list(courses.items()):
            # a call makes some steps of each: together no more than one network's call alone would take
            trainings[number].seconds_a_call = SECONDS_A_CALL / len(courses)
            while number not in works:
                if limits and not interrupted and len(trainings[number].history) >= limits[number]:
                    courses.pop(number).close()
                    break
                try:
                    item = course.send(answers.pop(number, None))
                except StopIteration:
                    del courses[number]
                    break
                if isinstance(item, Epoch):
                    yield number, item
                else:
                    works[number] = item
        try:
            made: list[Made | None] = [*engine.train_many(list(works.values()))] if works else []
        except KeyboardInterrupt:
            made, interrupted = [None] * len(works), True  # each course ends by itself when it hears of it
        answers = dict(zip(works, made, strict=True))


def train_many(networks: Iterable[Mapping[str, Any]], dataset: Dataset, **shared: Any) -> Together:
    """Train many networks at once on the rows of `dataset`, as many of them at a time as there are threads.

    Each of `networks` names the choices of `Recipe` in which it differs from the `shared` ones, such as
    `{"hidden": [64], "seed": 1}`. All learn from, are watched and tested on the same rows, which are split by the
    shared seed. A network comes out bit by bit as if it had been trained alone, `train_many([network], ...)`.
    Errors: `LimpidError` for an unknown choice, one that all must share, or a value that does not fit.
    """
    every: list[dict[str, Any]] = [dict(network) for network in networks]
    if not every:
        raise LimpidError("at least one network is needed to train")
    for name in {*shared, *(name for own in every for name in own)}:
        choose("choice", name, asdict(Recipe()))
    for own in every:
        for name in OF_ALL:
            if name in own:
                raise LimpidError(f"{name} is the same for all networks: give it once, beside them")
    common = Recipe(**shared)
    settled = complete(common, len(dataset), dataset.image_shape is not None)
    common = replace(common, **{name: getattr(settled, name) for name in OF_ALL})
    base = Learning(dataset, common)
    return Together([Learning(dataset, replace(common, **own), like=base) for own in every])
