"""Where a model came from: the path that is kept, in files too, and the start that is drawn again bit for bit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import limpid
from limpid import Dataset, LimpidError, MLPClassifier, MLPRegressor, Model, learn, read
from limpid.errors import ModelFileError
from limpid.frames import table_of
from limpid.initializers import INITIALIZERS
from limpid.inspection.course import kept_at, start_of, way_of
from limpid.inspection.subject import Subject
from limpid.memory import memory_needed
from limpid.network import Parameters
from limpid.normalization import NORMALIZATIONS
from tests.helpers import make_network
from tests.test_saving import change

CHOICES: list[dict[str, Any]] = [
    *({"initial_weights": name} for name in INITIALIZERS),
    *({"normalization": name} for name in NORMALIZATIONS),
    {"activation": "selu", "seed": 7},
    {"hidden": []},
    {"precision": "float64", "optimizer": "lbfgs"},
]


def learned(dataset: Dataset | None = None, **choices: Any) -> Model:
    learning = learn(dataset or read("iris"), **{"hidden": [4], "epochs": 2, **choices})
    list(learning)
    return learning.model


def table() -> Dataset:
    random = np.random.default_rng(0)
    kinds = random.integers(0, 4, 80)
    cells = {"size": random.normal(size=80), "kind": [f"kind {at}" for at in kinds]}
    return Dataset("table", table_of(cells), kinds * 1.0, "regression")


def same(some: Parameters, others: Parameters) -> bool:
    return some.keys() == others.keys() and all(np.array_equal(some[name], others[name]) for name in some)


@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_the_start_is_drawn_again_bit_for_bit(choices: dict[str, Any]) -> None:
    kept, unkept = learned(keep_path=True, **choices), learned(**choices)
    assert kept.path is not None
    assert unkept.path is None
    assert same(start_of(Subject.of(unkept)), kept.path[0])
    assert same(start_of(Subject.of(kept)), kept.path[0])
    other = replace(unkept, origin=unkept.origin._replace(recipe={**unkept.origin.recipe, "seed": 99}))
    assert same(start_of(Subject.of(other)), kept.path[0]) == (choices.get("initial_weights") == "zeros")


def test_that_of_an_embedding_too() -> None:
    choices: dict[str, Any] = {"embedding": 2, "keep_path": True}
    kept = learned(table(), **choices)
    assert kept.network.embedding is not None
    assert kept.path is not None
    assert same(start_of(Subject.of(replace(kept, path=None))), kept.path[0])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a few passes are enough here
def test_that_of_an_estimator_too(solver: str) -> None:
    data = read("iris")
    for kind in (MLPClassifier, MLPRegressor):
        fitted = kind(hidden_layer_sizes=(4,), solver=solver, max_iter=3, random_state=3, keep_path=True).fit(
            data.X, (data.y == "setosa") * 1
        )
        assert len(fitted.model_.path) == len(fitted.model_.history) + 1
        assert same(start_of(Subject.of(replace(fitted.model_, path=None))), fitted.model_.path[0])
        assert same(way_of(Subject.of(fitted))[-1], fitted.model_.parameters)


def test_the_path_holds_the_best_epoch() -> None:
    model = learned(read("digits"), hidden=[8], epochs=25, patience=2, learning_rate=0.1, keep_path=True)
    assert model.path is not None
    assert len(model.path) == len(model.history) + 1
    best = min(model.history, key=lambda epoch: epoch.validation_cost or 0.0).number
    assert best < len(model.history)
    assert kept_at(Subject.of(model)) == best
    assert same(model.path[best], model.parameters)


def test_the_path_is_saved_and_loaded(tmp_path: Path) -> None:
    for name, model in {
        "plain": learned(keep_path=True, normalization="batch"),
        "embedded": learned(table(), embedding=2, keep_path=True),
    }.items():
        limpid.save(model, tmp_path / name)
        again = limpid.load(tmp_path / name)
        assert model.path is not None
        assert again.path is not None
        assert len(again.path) == 3
        assert all(same(one, other) for one, other in zip(again.path, model.path, strict=True))
    without = learned()
    limpid.save(without, tmp_path / "without")
    assert limpid.load(tmp_path / "without").path is None
    change(tmp_path / "without", lambda described, _: described.pop("path"))  # as files of before it was kept
    assert same(limpid.load(tmp_path / "without").parameters, without.parameters)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda d, a: d.update(path=10**15), "the path of 2 epochs must have 3 places, got 1000000000000000"),
        (lambda d, a: d.update(path=True), "must have 3 places, got True"),
        (lambda d, a: d.pop("path"), "missing or not expected: path.0"),
        (lambda d, a: a.pop("path.1.b1"), "missing or not expected: path.1.b1"),
        (lambda d, a: a.update({"path.1.b1": np.zeros(5, np.float32)}), "path.1.b1 must be floats of shape"),
        (lambda d, a: a.update({"path.1.b1": a["path.1.b1"] + np.nan}), "path.1.b1 holds numbers that are not finite"),
        (lambda d, a: a.update({"path.0.W1": a["path.0.W1"] + 1}), "path.0.W1 or path.0.b1 differs from what is fixed"),
    ],
)
def test_a_path_that_does_not_fit_is_refused(edit: Any, told: str, tmp_path: Path) -> None:
    limpid.save(learned(table(), embedding=2, keep_path=True), tmp_path / "model")
    change(tmp_path / "model", edit)
    with pytest.raises(ModelFileError, match=told):
        limpid.load(tmp_path / "model")


def test_a_path_that_is_not_finite_is_not_saved(tmp_path: Path) -> None:
    model = learned(keep_path=True)
    assert model.path is not None
    model.path[1]["W1"][0, 0] = np.inf
    with pytest.raises(LimpidError, match=r"not saved: path\.1\.W1 hold"):
        limpid.save(model, tmp_path / "model")


def test_where_the_start_cannot_be_known_it_is_said() -> None:
    data, drawn = read("iris"), np.random.RandomState(1)  # by which it began, no seed says
    fitted = MLPClassifier((4,), solver="lbfgs", alpha=1, max_iter=500, random_state=drawn).fit(data.X, data.y)
    with pytest.raises(LimpidError, match="not known where the model's descent began: learn it with keep_path=True"):
        start_of(Subject.of(fitted))
    with pytest.raises(LimpidError, match="did not keep the way that it came: learn it with keep_path=True"):
        way_of(Subject.of(fitted))
    by_hand = replace(learned(), origin=limpid.model.Origin())
    with pytest.raises(LimpidError, match="keep_path=True"):
        start_of(Subject.of(by_hand))


def test_the_command_keeps_it(run: Any) -> None:
    assert run("train", "iris", "--hidden", "4", "--epochs", "2", "--keep-path", "--quiet")[0] == 0
    path = limpid.load("iris.limpid").path
    assert path is not None
    assert len(path) == 3


def test_memory_for_it_is_counted() -> None:
    network = make_network(hidden=(1000,))
    what: dict[str, Any] = {"slots": 2, "batch_size": 10, "dtype": np.float32}
    more = memory_needed(network, **what, places=10) - memory_needed(network, **what)
    assert more == 10 * network.count() * 4
