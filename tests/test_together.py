"""Many networks at once: each as if it were alone, dropped and stopped at will."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, learn, read, train_many
from limpid.learning import Learning
from limpid.stochastic import SECONDS_A_CALL

NETWORKS: list[dict[str, Any]] = [
    {"hidden": [8], "seed": 1},
    {"hidden": [9, 4], "seed": 2, "dropout": 0.2},
    {"hidden": [], "learning_rate": 0.01, "batch_size": 10},
    {"hidden": [5], "optimizer": "momentum", "epochs": 2, "activation": "tanh"},
    {"hidden": [6, 5], "seed": 4, "normalization": "batch"},
    {"hidden": [6], "seed": 4, "normalization": "layer", "dropout": 0.1},
]
SHARED: dict[str, Any] = {"epochs": 4, "validation_size": 0.2, "patience": 3}


def parameters_of(learning: Learning) -> bytes:
    return b"".join(array.tobytes() for array in learning.training.parameters.values())


def without_time(learning: Learning) -> list[Any]:
    return [epoch._replace(seconds=0.0) for epoch in learning.training.history]


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("name", ["iris", "digits"])
def test_each_is_what_it_would_be_alone(name: str, engine: str) -> None:
    together = train_many(NETWORKS, read(name), engine=engine, **SHARED)
    seen = list(together)
    for number, (network, learning) in enumerate(zip(NETWORKS, together.learnings, strict=True)):
        alone = train_many([network], read(name), engine=engine, **SHARED)
        for _ in alone:
            pass
        assert parameters_of(learning) == parameters_of(alone.learnings[0])
        assert without_time(learning) == without_time(alone.learnings[0])
        assert [epoch for which, epoch in seen if which == number] == learning.training.history
    assert len(together.learnings[3].training.history) == 2


def test_with_the_shared_seed_a_network_is_what_learn_makes() -> None:
    together = train_many([{"hidden": [6]}], read("iris"), seed=5, epochs=3)
    learning = learn(read("iris"), hidden=[6], seed=5, epochs=3)
    for each in (together, learning):
        for _ in each:
            pass
    assert parameters_of(together.learnings[0]) == parameters_of(learning)
    model = together.learnings[0].model
    assert np.array_equal(model.predict(read("iris").X), learning.model.predict(read("iris").X))


def test_scaled_inputs_are_there_once() -> None:
    together = train_many([{"seed": seed} for seed in range(3)], read("digits"), hidden=[4])
    shared = {id(learning.training._in_memory.X.X) for learning in together.learnings}
    assert len(shared) == 1


def test_a_dropped_network_goes_no_further_and_the_others_do() -> None:
    together = train_many([{"seed": seed} for seed in range(3)], read("iris"), hidden=[4], epochs=6)
    for number, epoch in together:
        if number == 1 and epoch.number == 2:
            together.drop(1)
    assert [len(learning.training.history) for learning in together.learnings] == [6, 2, 6]
    assert together.learnings[1].training.stopped_because == "dropped"
    assert list(together) == []


def test_all_can_be_stopped_and_a_loop_that_was_left_goes_on() -> None:
    together = train_many([{"seed": seed} for seed in range(2)], read("iris"), hidden=[4], epochs=5)
    for _ in together:
        break
    assert sum(len(learning.training.history) for learning in together.learnings) == 1
    for _ in together:
        together.stop("enough")
    assert {learning.training.stopped_because for learning in together.learnings} == {"enough"}


def test_ctrl_c_ends_all_and_keeps_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    together = train_many([{"seed": seed} for seed in range(2)], read("iris"), hidden=[4], epochs=50)
    real, calls = together._engine.train_many, 0

    def interrupted(works: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 9:
            raise KeyboardInterrupt
        return real(works)

    monkeypatch.setattr(together._engine, "train_many", interrupted)
    for _ in together:
        pass
    assert {learning.training.stopped_because for learning in together.learnings} == {"interrupted"}
    assert all(0 < len(learning.training.history) < 50 for learning in together.learnings)


def test_calls_are_short_together(random: np.random.Generator) -> None:
    dataset = Dataset("noise", random.normal(size=(300, 5)), random.integers(0, 2, 300))
    together = train_many([{"seed": seed} for seed in range(4)], dataset, hidden=[3], epochs=1, patience=0)
    next(iter(together))
    assert [learning.training.seconds_a_call for learning in together.learnings] == [SECONDS_A_CALL / 4] * 4


@pytest.mark.parametrize(
    ("networks", "shared", "told"),
    [
        ([], {}, "at least one network"),
        ([{"hiden": [3]}], {}, "unknown choice 'hiden'"),
        ([{}], {"hiden": [3]}, "unknown choice 'hiden'"),
        ([{"threads": 1}], {}, "threads is the same for all networks"),
        ([{}, {"precision": "float64"}], {}, "precision is the same for all"),
        ([{"hidden": [0]}], {}, "0"),
    ],
)
def test_what_does_not_fit_is_refused(networks: list[dict[str, Any]], shared: dict[str, Any], told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        train_many(networks, read("iris"), **shared)
