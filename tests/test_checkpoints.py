"""Checkpoints: a training that was killed, wherever it was, comes to the same bits as one that was not."""

import errno
import os
import random as chance
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import limpid
from limpid.checkpoint_file import Owner
from limpid.checkpoints import NAME, Checkpoints
from limpid.engines import ENGINES
from limpid.errors import LimpidError, ModelFileError
from limpid.learning import Learning, learn
from limpid.optimizers import OPTIMIZERS
from limpid.readers import read
from limpid.schedules import SCHEDULES
from limpid.stochastic import shuffled
from limpid.training import Descending, Training
from tests.cut_trainings import ALWAYS, RARELY, Disk, KilledError, die_in, lesson, lives, outcome
from tests.test_bfloat16 import needs_bfloat16
from tests.trainings import make

CHOICES: dict[str, dict[str, Any]] = {
    **{optimizer: {"optimizer": optimizer} for optimizer in OPTIMIZERS},
    **{schedule: {"schedule": schedule, "warm_up": 1.5} for schedule in SCHEDULES},
    "adaptive": {"schedule": "adaptive", "patience": 1, "tolerance": 0.05, "epochs": 9},
    "dropout": {"dropout": 0.3},
    "class weights": {"class_weight": "balanced"},
    "batch": {"normalization": "batch", "dropout": 0.2},
    "layer": {"normalization": "layer", "max_norm": 1.0},
    "early stopping": {"patience": 2, "learning_rate": 0.3, "epochs": 40},
    "by cost": {"patience": 1, "validation_size": 0.0, "tolerance": 0.05, "epochs": 40},
    "regression": {"cost": "huber:0.5", "clip_norm": 0.5, "l2": 0.3},
    "float64": {"precision": "float64", "l2": 0.1, "label_smoothing": 0.1, "output": "softmax"},
    "slope": {"gradient_tol": 1e-9, "measure_slope": True},
    "path": {"keep_path": True},
    "one batch": {"batch_size": 83, "epochs": 12},
}
CASES = [(engine, name) for name in CHOICES for engine in ENGINES]


class AtOnce:
    """Writes where a thread would: a test then knows what was written when."""

    def __init__(self, *_: Any) -> None: ...

    def __enter__(self) -> "AtOnce":
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, function: Callable[..., None], *arguments: Any) -> Future[None]:
        future: Future[None] = Future()
        try:
            function(*arguments)
            future.set_result(None)
        except OSError as error:
            future.set_exception(error)
        return future


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limpid.checkpoints.ThreadPoolExecutor", AtOnce)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("engine", "name"), CASES, ids=lambda value: value)
def test_a_killed_training_comes_to_the_same(engine: str, name: str, tmp_path: Path) -> None:
    def start() -> Learning:
        return lesson(CHOICES[name], engine=engine)

    whole = start()
    list(whole)
    got, died = lives(tmp_path, 3, start)
    assert died > 3
    assert outcome(got) == outcome(whole)


@pytest.mark.usefixtures("at_once")
def test_a_killed_training_on_a_table_comes_to_the_same(tmp_path: Path) -> None:
    rows = "".join(f"{number % 7},{'ab'[number % 2]}{number % 3},{number * number % 5}\n" for number in range(90))
    (tmp_path / "rows.csv").write_text(f"number,name,wanted\n{rows}")

    def start() -> Learning:
        learning = learn(read(tmp_path / "rows.csv", "wanted"), hidden=[5], epochs=4, batch_size=16)
        learning.training.seconds_a_call = 1e-9
        return learning

    whole = start()
    list(whole)
    got, died = lives(tmp_path, 3, start)
    assert died > 3
    assert outcome(got) == outcome(whole)


@needs_bfloat16
@pytest.mark.usefixtures("at_once")
def test_a_killed_training_in_bfloat16_comes_to_the_same(tmp_path: Path) -> None:
    whole = lesson({"precision": "bfloat16"})
    list(whole)
    assert outcome(lives(tmp_path, 3, lambda: lesson({"precision": "bfloat16"}))[0]) == outcome(whole)


@pytest.mark.usefixtures("at_once")
def test_one_that_hurries_walks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner("", {"epochs": 60})

    def start() -> tuple[Training, np.random.Generator]:
        random = np.random.default_rng(0)
        training = make(epochs=60, hurries=True, method=Descending(shuffled(random, 60), 0.01))
        return training, random

    whole, _ = start()
    list(whole)
    once = Checkpoints(*start(), owner, tmp_path, ALWAYS, resume=False)
    with monkeypatch.context() as patched:
        die_in(patched, 20)
        with pytest.raises(KilledError):
            list(once)
    training, random = start()
    rest = Checkpoints(training, random, owner, tmp_path, ALWAYS, resume=True)
    list(rest)
    assert rest.resumed
    assert [epoch[:3] for epoch in training.history] == [epoch[:3] for epoch in whole.history]
    assert all(np.array_equal(training.parameters[name], array) for name, array in whole.parameters.items())


@pytest.mark.parametrize("made", [False, True], ids=["before the steps", "after them"])
def test_ctrl_c_writes_a_last_checkpoint(made: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever in a pass it comes, with what the pass under way came to."""
    whole = lesson({})
    list(whole)
    for works in (3, 6, 7, 14):
        first, directory = lesson({}), tmp_path / str(works)
        first.checkpoint(directory, RARELY)
        with monkeypatch.context() as patched:
            die_in(patched, works, KeyboardInterrupt, made)
            list(first)
        assert first.training.stopped_because == "interrupted"
        assert first.model.history
        second = lesson({})
        assert second.checkpoint(directory, RARELY, resume=True)
        assert second.training.state.step == works - 1
        list(second)
        assert outcome(second) == outcome(whole)


@pytest.mark.parametrize(
    ("function", "step"), [("limpid.training.evaluate", 8), ("limpid.engines.native.NativeDescent.finite", 4)]
)
def test_ctrl_c_between_steps_and_their_record(
    function: str, step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the second pass: when it is made and is to be judged, or when its first step is."""
    choices = {"patience": 3, "validation_size": 0.2}
    whole, first, second = (lesson(choices) for _ in range(3))
    list(whole)
    assert first.training.steps_a_pass == 4
    first.checkpoint(tmp_path, RARELY)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for _ in first:
        monkeypatch.setattr(function, interrupted)
    monkeypatch.undo()
    assert first.training.stopped_because == "interrupted"
    second.checkpoint(tmp_path, RARELY, resume=True)
    assert (len(second.training.history), second.training.state.step) == (1, step)
    list(second)
    assert outcome(second) == outcome(whole)


def test_a_loop_that_is_left_leaves_a_checkpoint(tmp_path: Path) -> None:
    whole, first, second = (lesson({}) for _ in range(3))
    list(whole)
    first.checkpoint(tmp_path, RARELY)
    for epoch in first:
        if epoch.number == 2:
            break
    second.checkpoint(tmp_path, RARELY, resume=True)
    assert [epoch.number for epoch in second] == [3, 4, 5, 6]
    assert [epoch.number for epoch in first] == [3, 4, 5, 6], "it can be gone on with too"
    assert outcome(first) == outcome(second) == outcome(whole)


@pytest.mark.parametrize("reason", ["enough", "all epochs done"])
def test_who_was_asked_to_stop_goes_on(reason: str, tmp_path: Path) -> None:
    whole, first, second = (lesson({}) for _ in range(3))
    list(whole)
    first.checkpoint(tmp_path, RARELY)
    for _ in first:
        first.stop(reason)
    assert (len(first.training.history), first.training.stopped_because) == (1, reason)
    second.checkpoint(tmp_path, RARELY, resume=True)
    list(second)
    assert outcome(second) == outcome(whole)


def test_a_stop_before_the_first_step_writes_nothing(tmp_path: Path) -> None:
    learning = lesson({})
    learning.checkpoint(tmp_path, RARELY)
    learning.stop()
    assert list(learning) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["adam", "early stopping", "adaptive", "path"])
def test_one_that_was_complete_is(name: str, tmp_path: Path) -> None:
    first, second = lesson(CHOICES[name]), lesson(CHOICES[name])
    first.checkpoint(tmp_path, RARELY)
    list(first)
    assert second.checkpoint(tmp_path, RARELY, resume=True)
    assert list(second) == []
    assert outcome(second) == outcome(first)
    assert second.model.history == first.model.history
    assert second.model.origin == first.model.origin


def test_one_that_blew_up_has(tmp_path: Path) -> None:
    choices = {"optimizer": "gradient_descent", "learning_rate": 1e30, "l2": 1.0, "measure_slope": True}
    first, second = lesson(choices), lesson(choices)
    first.checkpoint(tmp_path, RARELY)
    list(first)
    assert str(first.training.stopped_because).startswith("not finite: ")
    second.checkpoint(tmp_path, RARELY, resume=True)
    assert list(second) == []
    assert outcome(second) == outcome(first)


def test_more_epochs_may_be_asked_for_and_other_threads(tmp_path: Path) -> None:
    longer, first, second = lesson({}, epochs=9), lesson({}), lesson({}, epochs=9, threads=2)
    list(longer)
    first.checkpoint(tmp_path, RARELY)
    list(first)
    second.checkpoint(tmp_path, RARELY, resume=True)
    assert [epoch.number for epoch in second] == [7, 8, 9]
    assert outcome(second) == outcome(longer)


def test_lbfgs_goes_on_from_its_last_iterate(tmp_path: Path) -> None:
    choices = {"optimizer": "lbfgs", "batch_size": None, "l2": 1.0, "epochs": 30}
    first, second = lesson(choices), lesson(choices)
    first.checkpoint(tmp_path, ALWAYS)
    for epoch in first:
        if epoch.number == 7:
            break
    second.checkpoint(tmp_path, ALWAYS, resume=True)
    for name, array in first.training.state.parameters.items():
        assert np.array_equal(second.training.state.parameters[name], array)
    costs = [epoch.cost for epoch in second]
    assert second.training.history[6].number == 7
    assert costs[0] < second.training.history[6].cost
    third = lesson(choices)
    third.checkpoint(tmp_path, ALWAYS, resume=True)
    assert third.training.stopped_because == second.training.stopped_because
    assert list(third) == []


@pytest.mark.parametrize("every", [0, -1.0, nan, "30s", True, None])
def test_a_time_that_is_none_is_refused(every: Any, tmp_path: Path) -> None:
    with pytest.raises(LimpidError, match="every must be a number of seconds above 0, got"):
        lesson({}).checkpoint(tmp_path / "new", every)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LimpidError, match="cannot write checkpoints into .*file: File exists"):
        lesson({}).checkpoint(tmp_path / "file", RARELY)
    (tmp_path / NAME).mkdir()
    with pytest.raises(ModelFileError, match="cannot read the checkpoint .*: Is a directory"):
        lesson({}).checkpoint(tmp_path, RARELY, resume=True)


def test_what_a_kill_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".limpid-checkpoint-abc").write_bytes(b"half")
    (tmp_path / "run" / ".limpid-another").write_bytes(b"somebody's")
    lesson({}).checkpoint(tmp_path / "run", RARELY, resume=True)
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".limpid-another"]


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("failing", [1, 5, 23, 24, 25, 26, 27, 60, 77, 78])
def test_a_disk_that_fails_ends_no_training(failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, learning = lesson({}), lesson({})
    list(whole)
    learning.checkpoint(tmp_path, ALWAYS)
    with monkeypatch.context() as patched:
        Disk(patched, failing, errno.ENOSPC)
        with pytest.warns(UserWarning, match=f"write the checkpoint .*{NAME}: No space left on device .training"):
            list(learning)
    assert outcome(learning) == outcome(whole)
    again = lesson({})
    assert again.checkpoint(tmp_path, ALWAYS, resume=True)
    assert outcome(again) == outcome(whole)


def test_a_disk_that_is_full_all_along_ends_no_training_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the thread that writes, and a checkpoint of before."""
    whole, first, learning = (lesson({}) for _ in range(3))
    list(whole)
    first.checkpoint(tmp_path, RARELY)
    for _ in first:
        break
    content = (tmp_path / NAME).read_bytes()
    learning.checkpoint(tmp_path, ALWAYS, resume=True)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(UserWarning, match="No space left on device .training"):
        list(learning)
    assert outcome(learning) == outcome(whole)
    assert (tmp_path / NAME).read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


CHOSEN: dict[str, Any] = {"hidden": [64], "epochs": 1200, "patience": 0}
WORDS = "train digits --hidden 64 --epochs 1200 --patience 0 --checkpoint run --resume --every"


def run_digits(folder: Path, every: str, seconds: float, number: int) -> int:
    """The exit code of a training that got a signal so long after it had begun."""
    words = [sys.executable, "-m", "limpid", *WORDS.split(), every]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert NAME in program.stdout.readline()
        assert "digits" in program.stdout.readline()
        time.sleep(seconds)
        program.send_signal(number)
        program.communicate()
        return program.returncode


def test_a_process_that_is_killed_comes_to_the_same(tmp_path: Path) -> None:
    whole, again = learn(read("digits"), **CHOSEN), learn(read("digits"), **CHOSEN)
    list(whole)
    assert run_digits(tmp_path, "1h", 0.2, signal.SIGTERM) == 0
    assert limpid.load(tmp_path / "digits.limpid").origin.stopped_because == "interrupted"
    moments = chance.Random(7)
    for _ in range(4):
        assert run_digits(tmp_path, "0.001s", moments.uniform(0.02, 0.3), signal.SIGKILL) in {-signal.SIGKILL, 0}
    assert again.checkpoint(tmp_path / "run", resume=True)
    list(again)
    assert outcome(again) == outcome(whole)
