"""Ends from many random starts: each as if it were alone, distances by hand, and a cost with one minimum."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, learn, read
from limpid.engines.native import NativeEngine
from limpid.frames import table_of
from limpid.inspection import Minima, minima
from limpid.inspection.flat import Flat
from limpid.network import dense_network
from limpid.normalization import NORMALIZATIONS
from limpid.together import train_many
from tests.test_inspection_course import table


@pytest.fixture(scope="module")
def found() -> Minima:
    return minima({"hidden": [6]}, read("iris"), seeds=4, first_seed=3, epochs=8)


def test_each_end_is_a_network_as_if_it_were_alone(found: Minima) -> None:
    assert [model.origin.recipe["seed"] for model in found.models] == [3, 4, 5, 6]
    for at, seed in enumerate((3, 4, 5, 6)):
        (alone,) = train_many([{"seed": seed}], read("iris"), hidden=[6], epochs=8, seed=3).learnings
        list(alone)
        model, test = alone.model, alone.evaluate(alone.model)
        assert test is not None
        assert found.costs[at] == model.origin.cost_train
        assert found.slopes[at] == model.origin.slope
        assert (found.unseen_costs[at], found.scores[at]) == (pytest.approx(test.cost), test.accuracy)
    assert len(set(found.costs)) == 4


def test_distances_are_those_of_all_weights(found: Minima) -> None:
    places = np.stack(
        [np.concatenate([array.ravel().astype(float) for array in model.parameters.values()]) for model in found.models]
    )
    assert found.distances[0, 2] == pytest.approx(np.linalg.norm(places[0] - places[2]))
    np.testing.assert_array_equal(found.distances, found.distances.T)
    np.testing.assert_array_equal(np.diag(found.distances), 0)
    np.testing.assert_allclose(found.lengths, np.linalg.norm(places, axis=1))
    (learning,) = train_many([{"seed": 3}], read("iris"), hidden=[6], epochs=8, seed=3).learnings
    test = learning.test
    assert test is not None
    one, other = (found.models[at].predict(test.X) for at in (1, 3))
    assert found.disagreements[1, 3] == np.mean(one != other)


def test_a_cost_with_one_minimum_has_one_end() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 3))
    data = Dataset("line", X, X @ [1.0, 2.0, -1.0] + 0.1 * random.normal(size=200), "regression")
    one = minima({"hidden": [], "optimizer": "lbfgs", "epochs": 500}, data, seeds=3)
    assert np.ptp(one.costs) < 1e-9
    assert one.distances.max() < 1e-3 * one.lengths.mean()
    assert one.disagreements.max() < 1e-3
    assert one.slopes.max() < 1e-3
    assert "all came to rest." in one.words
    assert "cannot be certified" in one.words
    several = minima({"hidden": [2], "activation": "tanh", "optimizer": "lbfgs", "epochs": 500}, data, seeds=3)
    assert several.distances[0, 1] > 0.1 * several.lengths.mean()


KINDS: list[dict[str, Any]] = [
    *({"normalization": name} for name in NORMALIZATIONS),
    {"hidden": []},
    {"test_size": 0},
    {"output": "sigmoid"},
]


@pytest.mark.parametrize("choices", KINDS, ids=str)
def test_every_kind_of_network(choices: dict[str, Any]) -> None:
    some = minima({"hidden": [4], "epochs": 2, **choices}, read("iris"), seeds=2)
    numbers = sum(int(mark.sum()) for mark in Flat.of(some.models[0].network).learned.values())
    assert numbers == sum(
        array.size for name, array in some.models[0].parameters.items() if not name.startswith(("mean", "variance"))
    )
    assert np.isnan(some.unseen_costs).all() == ("test_size" in choices)
    assert some.to_rows()[0]["unseen_cost"] is None or "test_size" not in choices


def test_every_task() -> None:
    random = np.random.default_rng(1)
    X = random.normal(size=(100, 2))
    labels = (np.column_stack([X[:, 0] > 0, X[:, 1] > 0]) * 1).astype(int)
    for data in (
        table(),
        Dataset("labels", X, labels, "multilabel"),
        Dataset("counts", X, random.poisson(2.0, 100), "regression"),
        Dataset("two", X, X * [1, 1000.0], "regression"),
    ):
        choices: dict[str, Any] = {"cost": "poisson"} if data.name == "counts" else {}
        some = minima({"hidden": [3], "epochs": 3, **choices}, data, seeds=3)
        assert np.isfinite(some.disagreements).all()
        assert ("standard deviations" in some.words) == (data.task == "regression")
        if data.name == "two":
            assert some.disagreements.max() < 3


def test_it_takes_networks_models_estimators_and_arrays() -> None:
    data = read("iris")
    network = dense_network(4, [3], 3, "tanh")
    by_network = minima(network, data.X, data.y, seeds=2, epochs=2)
    assert by_network.models[0].network == network
    learning = learn(data, hidden=[3], activation="tanh", epochs=2, seed=8)
    list(learning)
    by_model = minima(learning.model, data, seeds=2)
    assert by_model.models[0].network == network
    assert len(by_model.models[0].history) == 2
    fitted = MLPClassifier((3,), activation="tanh", solver="lbfgs", alpha=1, max_iter=400, random_state=0)
    by_estimator = minima(fitted.fit(data.X, data.y), data, seeds=2, epochs=3)
    assert by_estimator.models[0].network == network
    assert by_estimator.models[0].origin.recipe["optimizer"] == "lbfgs"
    frame = minima({"hidden": [3], "epochs": 2}, table_of({"a": data.X[:, 0], "b": data.X[:, 1]}), data.y, seeds=2)
    assert frame.models[0].encoder is not None


def test_rows_and_pictures(found: Minima) -> None:
    rows = found.to_rows()
    assert [row["cost"] for row in rows] == sorted(found.costs.tolist())
    assert rows[0]["nearest_at"] == pytest.approx(np.sort(found.distances[found.costs.argmin()])[1])
    assert {row["epochs"] for row in rows} == {8}
    assert "not all came to rest, so these are no minima yet" in found.words
    assert [each.get_text() for each in found.plot().ax_.get_xticklabels()] == [str(row["seed"]) for row in rows]


def test_same_seed_same_ends(found: Minima) -> None:
    again = minima({"hidden": [6]}, read("iris"), seeds=4, first_seed=3, epochs=8)
    assert np.array_equal(again.costs, found.costs)
    assert np.array_equal(again.distances, found.distances)


def test_ctrl_c_counts_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    once, calls, most = NativeEngine.train_many, list[int](), 3

    def interrupted(self: Any, works: Any) -> Any:
        calls.append(len(works))
        if len(calls) > most:
            raise KeyboardInterrupt
        return once(self, works)

    monkeypatch.setattr(NativeEngine, "train_many", interrupted)
    some = minima({"hidden": [4]}, read("iris"), seeds=2, epochs=50)
    assert some.interrupted
    assert len(some.models[0].history) < 50
    most = 0
    with pytest.raises(LimpidError, match="interrupted before the first epoch had been made"):
        minima({"hidden": [4]}, read("iris"), seeds=2, epochs=50)


def test_what_does_not_fit_is_refused() -> None:
    data = read("iris")
    for given, wrong, told in (
        ({"hidden": [3]}, {"seeds": 1}, "seeds must be an integer of at least 2, got 1"),
        ({"hidden": [3]}, {"first_seed": -1}, "first_seed must be an integer of at least 0, got -1"),
        ({"hidden": [3]}, {"epoch": 3}, "did you mean 'epochs'"),
        ({"hiden": [3]}, {}, "did you mean 'hidden'"),
        ("network", {}, "a Network, a Model or a recipe's choices are needed, got str"),
        (dense_network(7, [3], 3), {}, r"the network 7-3-3 .* does not fit the rows: they ask for 4-3-3"),
    ):
        with pytest.raises(LimpidError, match=told):
            minima(given, data, **wrong)
    with pytest.raises(LimpidError, match="answers y are needed beside X"):
        minima({"hidden": [3]}, data.X)
