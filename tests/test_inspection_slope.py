"""The slope-zero certificate: against training's own slope, a dense Hessian, and grounds whose shape is known."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, MLPRegressor, Model, learn, read
from limpid.costs import SquaredError
from limpid.encoder import Scaling
from limpid.inspection import Slope, slope
from limpid.inspection.hessian import Surroundings, ends_of
from limpid.inspection.subject import Subject
from limpid.inspection.trained import as_trained
from limpid.network import Network, Parameters, dense_network
from limpid.normalization import NORMALIZATIONS
from tests.helpers import EMBEDDINGS, assert_close, make_examples, make_network, make_parameters

QUICK = {"hidden": [6], "epochs": 3, "precision": "float64"}


def model_of(network: Network, parameters: Parameters) -> Model:
    """Of a regression, of numbers as they are."""
    inputs, outputs = Scaling.none(network.inputs), Scaling.none(network.outputs)
    return Model(network, parameters, "regression", inputs, outputs)


def rows_of(data: Dataset) -> tuple[Any, Any]:
    return data.X, data.y


def numbers(rows: int = 60) -> Dataset:
    random = np.random.default_rng(5)
    X = random.normal(size=(rows, 2))
    return Dataset("numbers", X, np.sin(X[:, 0]) + X[:, 1], "regression")


@pytest.mark.parametrize(
    "choices",
    [
        {"l2": 0.5},
        {"l2": 0.5, "batch_size": 7},
        {"label_smoothing": 0.2},
        {"class_weight": "balanced", "test_size": 0},
        {"normalization": "batch"},
        {"normalization": "layer", "l2": 2.0},
        {"dropout": 0.3},
        {"hidden": []},
        {"optimizer": "lbfgs", "l2": 0.3},
    ],
    ids=str,
)
def test_it_is_the_slope_that_training_measured(choices: dict[str, Any]) -> None:
    data = read("iris").rows(np.arange(10, 140))  # classes of different sizes
    learning = learn(data, **{**QUICK, **choices})
    list(learning)
    model = learning.model
    found = slope(model, *rows_of(learning.train), directions=2)
    assert model.origin.slope is not None
    assert found.norm == pytest.approx(model.origin.slope, rel=1e-9)
    assert found.cost == pytest.approx(model.origin.cost_train, rel=1e-9) or "label_smoothing" in choices
    assert float(np.sum(found.layer_norms**2)) == pytest.approx(found.norm**2)
    assert len(found.differences) == 3
    assert found.checked < 1e-6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a few passes are enough here
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_penalty_of_an_estimator_is_that_of_its_batches(solver: str) -> None:
    data = numbers(450)
    fitted = MLPRegressor(hidden_layer_sizes=(4,), solver=solver, alpha=3.0, max_iter=4, random_state=0)
    fitted.fit(data.X, data.y)
    weights = sum(float((W**2).sum()) for W in fitted.coefs_)
    rows = 450 if solver == "lbfgs" else 200
    assert slope(fitted, *rows_of(data)).penalty == pytest.approx(3.0 / (2 * rows) * weights)


CASES = [
    make_network("tanh", "softmax", "cross_entropy", (4,)),
    make_network("softplus", "sigmoid", "squared_error", (3, 2)),
    *(make_network("silu", normalization=name, hidden=(4,)) for name in NORMALIZATIONS),
    make_network("tanh", embedding=EMBEDDINGS[0], hidden=(3,)),
    make_network(hidden=()),
]


@pytest.mark.parametrize("network", CASES, ids=str)
def test_the_ends_of_the_spectrum_are_those_of_the_dense_hessian(network: Network, random: np.random.Generator) -> None:
    examples = make_examples(network, random, rows=9, weighted=True)
    around = Surroundings(network, make_parameters(network, random), examples, pull=0.05)
    size = len(around.place)
    dense = np.stack([around.times(one) for one in np.eye(size)])
    np.testing.assert_allclose(dense, dense.T, atol=1e-12)
    values = np.linalg.eigvalsh(dense)
    found = ends_of(around.times, random.normal(size=size), 200, 1e-9)
    assert_close(found.values, values[[0, -1]], 1e-9)
    assert (found.errors <= 1e-8 * np.abs(values).max()).all()
    for vector, value in zip(found.vectors, found.values, strict=True):
        np.testing.assert_allclose(dense @ vector, value * vector, atol=1e-6 * np.abs(values).max())
    assert found.products <= size


def test_a_lowest_value_that_is_not_settled_is_above_the_true_one(random: np.random.Generator) -> None:
    dense = np.diag(np.linspace(-1, 3, 80))
    found = ends_of(lambda vector: dense @ vector, random.normal(size=80), 8, 1e-9)
    assert found.products == 8
    assert -1 < found.values[0] < -0.5
    assert found.values[0] - found.errors[0] < -0.999


def test_many_rows_are_taken_in_parts(random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_network("silu", "softmax", "cross_entropy", (4,))
    parameters, examples = make_parameters(network, random), make_examples(network, random, rows=9, weighted=True)
    whole = Surroundings(network, parameters, examples)
    monkeypatch.setattr("limpid.objective.ROWS_AT_ONCE", 4)
    parts = Surroundings(network, parameters, examples)
    direction = random.normal(size=len(whole.place))
    assert len(parts._parts) == 3
    assert_close(parts.times(direction), whole.times(direction), 1e-12)
    assert_close(parts.slope, whole.slope, 1e-12)


def minimum() -> tuple[Model, Dataset]:
    """Linear regression at its solution, by the normal equations."""
    data = numbers()
    assert data.y is not None
    network = dense_network(2, [], 1, output="identity")
    rows = np.column_stack([data.X, np.ones(len(data))])
    best = np.linalg.lstsq(rows, data.y, rcond=None)[0]
    return model_of(network, {"W1": best[:2, None], "b1": best[2:]}), data


def saddle() -> tuple[Model, Dataset]:
    """All weights 0 but the last bias at the mean: by symmetry no slope, and two weights that could go together."""
    data = numbers()
    assert data.y is not None
    network = dense_network(2, [2], 1, "tanh", "identity")
    parameters = {name: np.zeros(shape) for name, shape in network.shapes().items()}
    return model_of(network, {**parameters, "b2": np.array([data.y.mean()])}), data


def flat() -> tuple[Model, Dataset]:
    """As the minimum, behind a relu that is never at rest: two weights in a row can make up for each other."""
    model, data = minimum()
    network = dense_network(2, [1], 1, "relu", "identity")
    W, b = model.parameters["W1"], model.parameters["b1"]
    parameters = {"W1": W, "b1": b + 100, "W2": np.ones((1, 1)), "b2": np.array([-100.0])}
    return model_of(network, parameters), data


@pytest.mark.parametrize(
    ("made", "verdict", "told"),
    [
        (minimum, "minimum", "every direction leads up: a local minimum."),
        (saddle, "saddle", "this is a saddle: there is a direction in which the cost bends down."),
        (flat, "flat", "a minimum is not certified, within this piece"),
    ],
)
def test_the_verdict_is_that_of_grounds_whose_shape_is_known(made: Any, verdict: str, told: str) -> None:
    model, data = made()
    found = slope(model, *rows_of(data))
    assert found.verdict == verdict, found.words
    assert told in found.words
    low, high = found.along_lowest, found.along_highest
    middle = len(low) // 2
    assert low[middle] == high[middle] == pytest.approx(found.cost)
    assert (low[0] < low[middle]) == (verdict == "saddle")
    assert high[0] > high[middle]


def test_one_who_has_not_come_to_rest_is_told(random: np.random.Generator) -> None:
    model, data = minimum()
    moved = replace(model, parameters={**model.parameters, "W1": model.parameters["W1"] + 0.1})
    found = slope(moved, *rows_of(data))
    assert found.verdict == "still descending"
    assert "not zero (at most 0.001 would count)" in found.words
    assert slope(moved, *rows_of(data), level=10).verdict == "minimum"
    learning = learn(numbers(), hidden=[3], activation="tanh", gradient_tol=0.5, epochs=200, test_size=0)
    list(learning)
    asked = slope(learning.model, *rows_of(data))
    assert learning.model.origin.stopped_because == "slope is zero"
    assert asked.level == 0.5
    assert asked.verdict != "still descending"


def test_a_wrong_slope_is_found_by_differences(random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = minimum()
    moved = replace(model, parameters={**model.parameters, "W1": model.parameters["W1"] + 0.1})
    right = slope(moved, *rows_of(data))
    monkeypatch.setattr(SquaredError, "delta", lambda self, activation, z, a, y: 1.01 * (a - y))
    assert right.checked < 1e-7 < 1e-3 < slope(moved, *rows_of(data)).checked


def test_float32_changes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    learning = learn(read("iris"), hidden=[8, 6], activation="gelu", epochs=20, seed=1)
    list(learning)
    exact = slope(learning.model, *rows_of(learning.train))
    monkeypatch.setattr(sys.modules["limpid.inspection.slope"], "IN_FLOAT64", 0.0)
    rounded = slope(learning.model, *rows_of(learning.train))
    np.testing.assert_allclose(rounded.curvatures, exact.curvatures, atol=3e-4 * exact.curvatures[1])
    assert rounded.norm == exact.norm


def test_a_network_too_large_for_it_is_told_what_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = saddle()
    monkeypatch.setattr(sys.modules["limpid.inspection.slope"], "SMALL", 0)
    monkeypatch.setattr(sys.modules["limpid.inspection.slope"], "memory_available", lambda: 720)
    told = r"the curvature of 9 numbers by 100 products needs about 0\.0 GB .*: products=10 is less exact and fits"
    with pytest.raises(LimpidError, match=told):
        slope(model, *rows_of(data))
    assert slope(model, *rows_of(data), products=10).verdict == "saddle"


def test_same_seed_same_result() -> None:
    model, data = saddle()
    one, two, other = (slope(model, *rows_of(data), random=seed) for seed in (3, np.random.default_rng(3), 4))
    assert np.array_equal(one.curvatures, two.curvatures)
    assert np.array_equal(one.lowest["W1"], two.lowest["W1"])
    assert not np.array_equal(one.lowest["W1"], other.lowest["W1"])


def test_rows_and_pictures(tmp_path: Any) -> None:
    model, data = saddle()
    found = slope(model, *rows_of(data))
    rows = found.to_rows()
    assert [row["what"] for row in rows[:5]] == [
        "slope",
        "lowest curvature",
        "highest curvature",
        "slope of hidden layer 1",
        "slope of the output layer",
    ]
    assert all(isinstance(row["value"], float) for row in rows)
    assert found.to_frame().shape == (len(rows), 2)
    ax = found.plot().ax_
    assert len(ax.lines) == 3
    assert ax.get_title() == "saddle"
    ax.figure.savefig(tmp_path / "slope.png")


def test_what_does_not_fit_is_refused() -> None:
    model, data = saddle()
    for wrong, told in (
        ({"directions": 0}, "the number of directions must be an integer of at least 1, got 0"),
        ({"directions": True}, "got True"),
        ({"products": 0}, "the number of products must be an integer of at least 1, got 0"),
        ({"level": 0.0}, "level must be a finite number above 0, got 0.0"),
        ({"level": np.inf}, "got inf"),
    ):
        with pytest.raises(LimpidError, match=told):
            slope(model, *rows_of(data), **wrong)
    with pytest.raises(LimpidError, match="60 rows of inputs need as many answers, got 59"):
        slope(model, data.X, np.zeros(59))
    with pytest.raises(LimpidError, match="inputs must be rows of 2 numbers"):
        slope(model, data.X[:, :1], np.zeros(60))


def test_balanced_classes_of_an_estimator_are_heard() -> None:
    data = read("iris").rows(np.arange(10, 140))
    fitted = MLPClassifier(
        (3,), solver="lbfgs", alpha=1, class_weight="balanced", max_iter=2000, tol=1e-7, random_state=0
    )
    fitted.fit(data.X, data.y)
    found: Slope = slope(fitted, *rows_of(data))
    assert found.norm < 1e-3
    weights = as_trained(Subject.of(fitted), *rows_of(data)).examples.weights
    assert weights is not None
    assert weights.sum() == pytest.approx(len(data))
    assert weights.min() < 1 < weights.max()
