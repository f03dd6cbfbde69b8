"""Small trainings that are cut short anywhere, and what is to be equal when they have gone on."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid import files
from limpid.dataset import Dataset
from limpid.engines import Made, Work
from limpid.learning import Learning, learn

RARELY, ALWAYS = 1e9, 1e-9
SMALL: dict[str, Any] = {
    "hidden": [6, 5], "epochs": 6, "batch_size": 16, "learning_rate": 0.02, "patience": 0, "schedule": "constant"
}  # fmt: skip


class KilledError(Exception):
    """What stands for a kill."""


def table(rows: int = 83, task: str = "classification") -> Dataset:
    random = np.random.default_rng(3)
    X = random.normal(size=(rows, 4))
    y = X[:, 0] + random.normal(size=rows) if task == "regression" else (X[:, 0] + X[:, 1] > 0).astype(int)
    return Dataset("table", X, y, task)


def lesson(choices: dict[str, Any], **more: Any) -> Learning:
    """One whose engine calls are a step each."""
    given = {**SMALL, **choices, **more}
    learning = learn(table(task="regression" if "cost" in given else "classification"), **given)
    learning.training.seconds_a_call = 1e-9
    return learning


def outcome(learning: Learning) -> dict[str, Any]:
    """All that a training comes to but seconds, to be compared bit by bit."""
    training = learning.training
    state = training.state
    arrays = {"parameters": training.parameters, "best": training.best_parameters, "state": state.parameters}
    return {
        "arrays": {
            f"{kind} {name}": array.tobytes()
            for kind, named in {**arrays, **state.slots}.items()
            for name, array in named.items()
        },
        "step": state.step,
        "history": [repr(epoch._replace(seconds=0.0)) for epoch in training.history],
        "standing": training.standing,
        "stopped": training.stopped_because,
        "path": [{name: array.tobytes() for name, array in each.items()} for each in training.path or ()],
    }


def die_in(
    monkeypatch: pytest.MonkeyPatch, works: int, error: type[BaseException] = KilledError, made: bool = True
) -> None:
    """In that engine call, counted from here: when its steps are `made`, or before."""
    make, calls = Work.make, 0

    def counted(work: Work) -> Made:
        nonlocal calls
        calls += 1
        if calls == works and not made:
            raise error
        answer = make(work)
        if calls == works:
            raise error
        return answer

    monkeypatch.setattr(Work, "make", counted)


def lives(directory: Path, works: int, start: Callable[[], Learning]) -> tuple[Learning, int]:
    """Killed in every so many-th engine call and started anew, until it comes to its end; and how often it began."""
    for number in range(1, 1000):
        learning = start()
        assert learning.checkpoint(directory, ALWAYS, resume=True) is (number > 1)
        with pytest.MonkeyPatch.context() as monkeypatch:
            die_in(monkeypatch, works)
            try:
                list(learning)
            except KilledError:
                continue
        return learning, number
    raise AssertionError("it never came to its end")


class Disk:
    """Fails at the n-th of all writes, syncs and renames."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: int, number: int) -> None:
        self._calls, self._failing, self._error = 0, failing, OSError(number, os.strerror(number))
        make: Any = tempfile.NamedTemporaryFile

        def file(**options: Any) -> Any:
            made = make(**options)
            made.write = self._counted(made.write)
            return made

        monkeypatch.setattr(files, "NamedTemporaryFile", file)
        monkeypatch.setattr(os, "fsync", self._counted(os.fsync))
        monkeypatch.setattr(Path, "replace", self._counted(Path.replace))

    def _counted(self, function: Any) -> Any:
        def call(*given: Any) -> Any:
            self._calls += 1
            if self._calls == self._failing:
                raise self._error
            return function(*given)

        return call
