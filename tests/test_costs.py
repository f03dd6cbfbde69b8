import numpy as np
import pytest

from limpid.activations import ACTIVATIONS, find_activation
from limpid.costs import COSTS, Cost, Huber, find_cost
from limpid.errors import LimpidError
from tests.helpers import assert_close, central_difference, fitting_pairs

VARIANTS = [*COSTS.values(), *map(find_cost, ("huber:0.3", "quantile:0.9", "quantile:0.1,0.5,0.9,0.3"))]
OUTPUTS = np.array([[0.1, 0.35, 0.8, 0.95]])
TARGETS = np.array([[0.2, 0.0, 1.0, 0.3]])


@pytest.mark.parametrize("cost", VARIANTS, ids=lambda cost: cost.name)
def test_derivatives_are_the_slopes(cost: Cost) -> None:
    assert_close(cost.derivative(OUTPUTS, TARGETS), central_difference(lambda a: cost.terms(a, TARGETS), OUTPUTS), 1e-8)
    slope = central_difference(lambda a: cost.derivative(a, TARGETS), OUTPUTS)
    assert_close(cost.second_derivative(OUTPUTS, TARGETS), slope, 1e-8)


@pytest.mark.parametrize("cost", VARIANTS, ids=lambda cost: cost.name)
def test_cost_is_least_where_the_target_is_met(cost: Cost) -> None:
    met = cost.terms(TARGETS.clip(1e-9, 1 - 1e-9), TARGETS).sum()
    assert met < cost.terms(OUTPUTS, TARGETS).sum()


@pytest.mark.parametrize(("output", "cost"), [*fitting_pairs(), ("softmax:3,2", "cross_entropy")])
def test_the_matching_short_cut_changes_nothing(output: str, cost: str, random: np.random.Generator) -> None:
    activation, function = find_activation(output), find_cost(cost)
    z, y = random.normal(size=(4, 5)), random.dirichlet(np.ones(5), size=4)
    a = activation.value(z)
    assert_close(function.terms_of(activation, z, a, y), function.terms(a, y), 1e-12)
    long_way = activation.backward(z, a, function.derivative(a, y))
    assert_close(function.delta(activation, z, a, y), long_way, 1e-12)


@pytest.mark.parametrize("cost", [cost for cost in COSTS.values() if cost.matching], ids=lambda cost: cost.name)
def test_a_sure_and_wrong_answer_has_a_finite_cost(cost: Cost) -> None:
    output = ACTIVATIONS[str(cost.matching)]
    z = np.array([[-60.0, 60.0]], np.float32)
    y = np.array([[1.0, 0.0]], np.float32)
    assert np.isfinite(cost.terms_of(output, z, output.value(z), y)).all()
    assert np.isfinite(cost.terms(output.value(z), y)).all()


def test_known_values() -> None:
    a, y = np.array([[3.0]]), np.array([[1.0]])
    known = {"squared_error": 2.0, "absolute_error": 2.0, "huber": 1.5, "quantile:0.9": 0.2, "poisson": 2 - np.log(3)}
    for name, value in known.items():
        assert_close(find_cost(name).terms(a, y), [[value]], 1e-15, name)


def test_label_smoothing_keeps_probabilities() -> None:
    y = np.array([[0.0, 1.0, 0.0, 0.0]])
    assert_close(COSTS["cross_entropy"].smoothed(y, 0.2), [[0.05, 0.85, 0.05, 0.05]], 1e-15)
    assert_close(COSTS["binary_cross_entropy"].smoothed(y, 0.2), [[0.1, 0.9, 0.1, 0.1]], 1e-15)
    grouped = COSTS["cross_entropy"].smoothed(np.array([[0.0, 1.0, 1.0, 0.0, 0.0, 0.0]]), 0.2, (2, 4))
    assert_close(grouped, [[0.1, 0.9, 0.85, 0.05, 0.05, 0.05]], 1e-15)
    with pytest.raises(LimpidError, match="label smoothing"):
        COSTS["huber"].smoothed(y, 0.2)


def test_names_carry_numbers() -> None:
    huber = find_cost("huber:2.5")
    assert isinstance(huber, Huber)
    assert (huber.width, huber.name) == (2.5, "huber:2.5")
    assert find_cost("quantile:0.05,0.5,0.95").numbers == (0.05, 0.5, 0.95)
    assert find_cost("quantile:0.50, 0.9").name == "quantile:0.5,0.9"
    for wrong in ("quantile:1.5", "quantile:0.5,", "quantile:0.1,2", "huber:1,2", "huber:x", "huber:-1",
                  "squared_error:2", "hubert"):  # fmt: skip
        with pytest.raises(LimpidError, match="huber|quantile|squared_error"):
            find_cost(wrong)
