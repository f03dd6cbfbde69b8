"""Each choice does what its name says: the network is the one that the reference engine makes of it, step by step."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.utils import compute_sample_weight

from limpid import MLPClassifier, MLPRegressor
from limpid.activations import find_activation
from limpid.costs import Huber, Quantile, find_cost
from limpid.engines import Examples, State, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.network import Network, Parameters, dense_network
from limpid.optimizers import Adam, Optimizer
from tests.helpers import assert_close

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DRAWS = np.random.RandomState(0)
X = DRAWS.normal(size=(90, 4))
NUMBER = np.sin(X[:, 0]) + X[:, 1]
TWO = (NUMBER > 0.3).astype(int)
THREE = np.digitize(NUMBER, [-0.5, 0.8])
SEVERAL = np.column_stack([THREE, TWO + 5])
WEIGHTS = DRAWS.uniform(0.2, 3, 90)
PASSES, STEPS = 4, 3
SHORT: dict[str, Any] = {
    "random_state": 7, "hidden_layer_sizes": (9, 6), "max_iter": PASSES, "batch_size": 30, "shuffle": False,
    "alpha": 0.01, "learning_rate_init": 0.02,
}  # fmt: skip
ADAM = Adam(epsilon_before_correction=True)


def by_hand(
    network: Network, Y: Any, rule: dict[str, Any], optimizer: Optimizer = ADAM, factors: Sequence[float] = [1.0] * 12
) -> Parameters:
    """What the reference engine makes of all rows in their order, at 0.02 times each step's factor."""
    random = np.random.RandomState(7)
    parameters = initial_parameters(network, "scikit_learn", random)
    seed = random.randint(2**31) if "dropout" in rule else 0
    made = StepRule(optimizer, 30, l2=0.01, seed=seed, **rule)
    start = State(parameters, optimizer.init(parameters), 0)
    descent = find_engine("reference").begin(network, start, Examples(X, np.asarray(Y, float)), made)
    descent.train(np.tile(np.arange(90), PASSES), 0.02 * np.asarray(factors))
    return descent.state().parameters


def regression(
    activation: str | tuple[str, ...] = "relu", cost: str = "squared_error", outputs: int = 1, output: str = "identity"
) -> Network:
    return dense_network(4, (9, 6), outputs, activation, output, cost)


def assert_is(fitted: Any, wanted: Parameters) -> None:
    """Fail where the estimator's network is another one, or nothing was learned."""
    for number, (W, b) in enumerate(zip(fitted.coefs_, fitted.intercepts_, strict=True), start=1):
        assert_close(W, wanted[f"W{number}"], 1e-10, f"W{number}")
        assert_close(b, wanted[f"b{number}"], 1e-10, f"b{number}")


def assert_same_bits(one: Any, other: Any) -> None:
    for got, wanted in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        assert np.array_equal(got, wanted)


def differs(one: Any, other: Any) -> bool:
    return bool(np.abs(one.coefs_[0] - other.coefs_[0]).max() > 1e-6)


@pytest.mark.parametrize(
    ("name", "value"), [("dropout", 0.4), ("max_norm", 0.7), ("clip_norm", 0.05), ("label_smoothing", 0.3)]
)
def test_what_a_step_is_told(name: str, value: float) -> None:
    told: dict[str, Any] = {name: value}
    network = dense_network(4, (9, 6), 3)
    fitted = MLPClassifier(**SHORT, **told).fit(X, THREE)
    assert_is(fitted, by_hand(network, np.eye(3)[THREE], told))
    assert differs(fitted, MLPClassifier(**SHORT).fit(X, THREE))


def test_smoothed_labels_are_what_is_learned() -> None:
    fitted = MLPClassifier(**SHORT, label_smoothing=0.3).fit(X, TWO)
    assert_is(fitted, by_hand(dense_network(4, (9, 6), 1, output="sigmoid"), 0.7 * TWO[:, None] + 0.15, {}))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("logistic", "sigmoid"),
        ("gelu", "gelu"),
        (find_activation("silu"), "silu"),
        (["tanh", "logistic"], ("tanh", "sigmoid")),
        ((find_activation("elu"), "relu"), ("elu", "relu")),
    ],
    ids=str,
)
def test_activations(given: Any, named: Any) -> None:
    fitted = MLPRegressor(**SHORT, activation=given).fit(X, NUMBER)
    assert_is(fitted, by_hand(regression(named), NUMBER[:, None], {}))
    assert differs(fitted, MLPRegressor(**SHORT, activation="relu").fit(X, NUMBER))


@pytest.mark.parametrize(
    ("given", "network", "repeats"),
    [
        ("absolute_error", regression(cost="absolute_error"), 1),
        ("huber:0.3", regression(cost="huber:0.3"), 1),
        (Huber(0.3), regression(cost="huber:0.3"), 1),
        (find_cost("poisson"), regression(cost="poisson", output="exp"), 1),
        ("quantile:0.9", regression(cost="quantile:0.9"), 1),
        (Quantile(0.1, 0.5, 0.9), regression(cost="quantile:0.1,0.5,0.9", outputs=3), 3),
    ],
    ids=str,
)
def test_losses_of_numbers(given: Any, network: Network, repeats: int) -> None:
    y = np.exp(NUMBER)
    fitted = MLPRegressor(**SHORT, loss=given).fit(X, y)
    assert_is(fitted, by_hand(network, np.repeat(y[:, None], repeats, axis=1), {}))
    assert fitted.model_.network == network


@pytest.mark.parametrize("given", ["squared_error", "binary_cross_entropy", find_cost("absolute_error")], ids=str)
def test_losses_of_classes(given: Any) -> None:
    name = given if isinstance(given, str) else given.name
    network = dense_network(4, (9, 6), 3, output="softmax", cost=name)
    fitted = MLPClassifier(**SHORT, loss=given).fit(X, THREE)
    assert_is(fitted, by_hand(network, np.eye(3)[THREE], {}))
    assert differs(fitted, MLPClassifier(**SHORT).fit(X, THREE))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("y", [TWO, THREE, SEVERAL, np.column_stack([TWO, TWO[::-1]])], ids=["2", "3", "s", "l"])
def test_class_weights_are_weights_of_rows(y: Any, solver: str) -> None:
    single: dict[Any, float] = {0: 2.0, 1: 0.5, 2: 1.5}
    dictionaries: Any = single if y.ndim == 1 else [single, {5: 1.0, 6: 3.0, 0: 0.2, 1: 4.0}]
    for class_weight in ("balanced", dictionaries):
        weights = compute_sample_weight(class_weight, y)
        options = {**SHORT, "solver": solver}
        fitted = MLPClassifier(**options, class_weight=class_weight).fit(X, y)
        assert_same_bits(fitted, MLPClassifier(**options).fit(X, y, weights))
        assert differs(fitted, MLPClassifier(**options).fit(X, y))
        both = MLPClassifier(**options, class_weight=class_weight).fit(X, y, WEIGHTS)
        assert_same_bits(both, MLPClassifier(**options).fit(X, y, WEIGHTS * weights))
        assert differs(both, fitted)


def test_class_weights_of_parts() -> None:
    part = MLPClassifier(**SHORT, class_weight={0: 3.0}).partial_fit(X, TWO, classes=[0, 1])
    assert_same_bits(part, MLPClassifier(**SHORT).partial_fit(X, TWO, np.where(TWO, 1.0, 3.0), classes=[0, 1]))


def test_the_end_comes_where_the_slope_is_small() -> None:
    options = {**SHORT, "alpha": 0.0, "max_iter": 500, "solver": "sgd", "tol": 0.0, "n_iter_no_change": 500}
    fitted = MLPClassifier(**options, gradient_tol=0.12).fit(X, TWO)
    assert 1 < fitted.n_iter_ < 500
    assert fitted.model_.origin.stopped_because == "slope is zero"

    def slope(estimator: Any) -> float:
        slopes = estimator.model_.gradients(X, TWO).parameters
        return float(np.sqrt(sum((array**2).sum() for array in slopes.values())))

    before = MLPClassifier(**{**options, "max_iter": fitted.n_iter_ - 1}).fit(X, TWO)
    assert slope(fitted) <= 0.12 < slope(before)
    assert fitted.model_.history[-1].slope == pytest.approx(slope(fitted), rel=1e-9)
