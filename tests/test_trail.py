"""States are copied out rarely: what a training comes to does not tell how often, wherever it is cut or blows up."""

from typing import Any

import numpy as np
import pytest

from limpid.engines import State, Work
from limpid.trail import Trail
from limpid.training import Training
from tests import trainings
from tests.cut_trainings import die_in
from tests.trainings import NETWORK, engine, examples, make

__all__ = ["engine"]  # every test here is run on each

ALWAYS, AT_THE_END = np.inf, 1e-9
"""Bytes a second that may be copied: after each engine call, or at the end of a pass."""
STEPS_A_PASS = 6


def start(monkeypatch: pytest.MonkeyPatch, copied: float, **options: Any) -> Training:
    """A training whose engine calls are a step each."""
    monkeypatch.setattr("limpid.trail.BYTES_A_SECOND", copied)
    training = make(**options)
    training.seconds_a_call = 1e-9
    return training


def bits(training: Training) -> list[Any]:
    arrays = (*training.parameters.values(), *training.best_parameters.values(), *training.state.parameters.values())
    told = [epoch._replace(seconds=0.0) for epoch in training.history]
    return [repr(told), training.stopped_because, training.state.step, *(array.tobytes() for array in arrays)]


def copies(monkeypatch: pytest.MonkeyPatch, copied: float) -> tuple[int, list[Any]]:
    training, count = start(monkeypatch, copied, epochs=3), 0
    made = type(trainings.ENGINE.begin(NETWORK, training.state, examples(), training.rule))
    state = made.state

    def counted(descent: Any) -> State:
        nonlocal count
        count += 1
        return state(descent)

    with monkeypatch.context() as patched:
        patched.setattr(made, "state", counted)
        list(training)
    return count, bits(training)


def test_a_state_is_copied_once_a_pass_or_once_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    often, wanted = copies(monkeypatch, ALWAYS)
    rarely, found = copies(monkeypatch, AT_THE_END)
    assert (often, rarely) == (3 * STEPS_A_PASS, 3)
    assert found == wanted


@pytest.mark.parametrize("made", [False, True], ids=["before the steps", "after them"])
@pytest.mark.parametrize("work", [1, 2, STEPS_A_PASS, STEPS_A_PASS + 1, STEPS_A_PASS + 4])
def test_ctrl_c_leaves_the_last_step_that_was_heard_of(made: bool, work: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for copied in (ALWAYS, AT_THE_END):
        training = start(monkeypatch, copied)
        with monkeypatch.context() as patched:
            die_in(patched, work, KeyboardInterrupt, made)
            list(training)
        assert training.stopped_because == "interrupted"
        assert training.state.step == work - 1
        ends.append(bits(training))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("rate", [1e2, 1e6, 1e30, 1e300])
def test_a_blow_up_is_named_alike(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for copied in (ALWAYS, AT_THE_END):
        training = start(monkeypatch, copied, optimizer="gradient_descent", rate=rate, rule={"l2": 1.0}, epochs=500)
        list(training)
        assert str(training.stopped_because).startswith("not finite: ")
        ends.append(bits(training))
    assert ends[0] == ends[1]


def test_what_no_cost_tells_is_found_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a weight of an input that no row has: the last state before it is kept."""
    monkeypatch.setattr("limpid.trail.BYTES_A_SECOND", AT_THE_END)

    training = make()
    descent = type(trainings.ENGINE.begin(NETWORK, training.state, examples(), training.rule))
    monkeypatch.setattr(descent, "finite", lambda self: self.state().step < 3)
    trail = Trail(trainings.ENGINE, NETWORK, training.state, examples(), training.rule)
    for step in range(4):
        work = Work(trail.descent, np.arange(10 * step, 10 * step + 10), np.full(1, 0.01))
        assert trail.follow(work, work.make()) is None
    trouble = trail.arrive()
    assert trouble == "a cost or a parameter up to step 3, none of which the reference engine meets"
    assert trail.state.step == 2


@pytest.mark.parametrize("name", ["W1", "W2"])
def test_a_descent_knows_whether_its_parameters_are_finite(name: str) -> None:
    training = make(optimizer="gradient_descent", rule={"l2": 1.0})
    large = {**training.state.parameters, name: np.full_like(training.state.parameters[name], 1e300)}
    descent = trainings.ENGINE.begin(NETWORK, State(large, {}, 0), examples(), training.rule)
    assert descent.finite()
    descent.train(np.arange(10), np.full(1, 1e10))
    assert not descent.finite()
    assert not np.isfinite(descent.state().parameters[name]).any()


@pytest.mark.parametrize("copied", [ALWAYS, AT_THE_END])
@pytest.mark.parametrize("work", [6, 7, 8])
def test_ctrl_c_while_it_hurries_leaves_the_last_pass_that_was_told(
    copied: float, work: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limpid.trail.BYTES_A_SECOND", copied)
    training = make(epochs=2000, hurries=True)
    with monkeypatch.context() as patched:
        die_in(patched, work, KeyboardInterrupt, True)
        list(training)
    passes = len(training.history)
    assert training.stopped_because == "interrupted"
    assert passes > 2
    walks = make(epochs=passes)
    list(walks)
    assert training.state.step == walks.state.step == STEPS_A_PASS * passes
    assert all(np.array_equal(array, walks.parameters[name]) for name, array in training.parameters.items())


@pytest.mark.parametrize("copied", [ALWAYS, AT_THE_END])
def test_a_blow_up_while_it_hurries_is_named_as_if_it_walked(copied: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limpid.trail.BYTES_A_SECOND", copied)
    options: dict[str, Any] = {"optimizer": "gradient_descent", "rate": 30.0, "rule": {"l2": 3.0}, "epochs": 500}
    walks, hurries = make(**options), make(**options, hurries=True)
    list(walks)
    list(hurries)
    assert len(walks.history) > 10
    assert str(walks.stopped_because).startswith("not finite: ")
    assert bits(hurries) == bits(walks)
