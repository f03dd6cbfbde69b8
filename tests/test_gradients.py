"""Backpropagation against central differences in float64: every activation, every cost, every option, both engines."""

from collections.abc import Callable

import numpy as np
import pytest

from limpid.activations import ACTIVATIONS
from limpid.backprop import Gradients, forward, gradients
from limpid.costs import COSTS
from limpid.dropout import dropout_mask
from limpid.embedding import Embedding
from limpid.engines import Examples, State, StepRule, find_engine
from limpid.network import Network, Parameters, hidden_activations
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import OPTIMIZERS
from tests.helpers import (
    EMBEDDINGS,
    PAIRS_WITH_NUMBERS,
    assert_close,
    fitting_pairs,
    learned,
    make_examples,
    make_network,
    make_parameters,
)

STEP = 1e-6
ALLOWED = 1e-6
Slopes = Callable[..., Gradients]


def native_gradients(
    network: Network,
    parameters: Parameters,
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None = None,
    l2: float = 0.0,
) -> Gradients:
    return find_engine("native").gradients(network, parameters, Examples(x, y, weights), l2)


@pytest.fixture(params=[gradients, native_gradients], ids=["reference", "native"])
def slopes(request: pytest.FixtureRequest) -> Slopes:
    """Each engine's way to the slopes."""
    found: Slopes = request.param
    return found


def numeric(slopes: Slopes, network: Network, parameters: Parameters, *given: object, **options: object) -> Parameters:
    """Every slope by moving one weight at a time; 0 for what is not learned."""
    found = {}
    for name, array in parameters.items():
        found[name] = np.zeros_like(array)
        for place in zip(*np.nonzero(learned(network, name)), strict=True):
            ends = []
            for sign in (1, -1):
                moved = {**parameters, name: array.copy()}
                moved[name][place] += sign * STEP
                there = slopes(network, moved, *given, **options)
                ends.append(there.cost + there.penalty)
            found[name][place] = (ends[0] - ends[1]) / (2 * STEP)
    return found


def away_from_kinks(network: Network, parameters: Parameters, x: np.ndarray) -> bool:
    """Whether no neuron stands so near a kink that a step could cross it."""
    trace = forward(network, parameters, x)
    return all(
        np.abs(z - kink).min() > 1e-3
        for layer, z in zip(network.layers, trace.z, strict=True)
        for kink in layer.function.kinks
    )


def check(
    slopes: Slopes, network: Network, random: np.random.Generator, weighted: bool = False, **options: object
) -> None:
    for _ in range(100):
        parameters, examples = make_parameters(network, random), make_examples(network, random, weighted=weighted)
        if away_from_kinks(network, parameters, examples.X):
            break
    else:
        pytest.fail("no place away from the kinks was found")
    got = slopes(network, parameters, *examples, **options).parameters
    wanted = numeric(slopes, network, parameters, *examples, **options)
    assert got.keys() == network.shapes().keys()
    for name, slope in wanted.items():
        assert_close(got[name], slope, ALLOWED, f"{network} {name}")
        assert not got[name][~learned(network, name)].any()


@pytest.mark.parametrize(("output", "cost"), fitting_pairs())
@pytest.mark.parametrize("activation", hidden_activations())
def test_every_activation_with_every_output_and_cost(
    slopes: Slopes, activation: str, output: str, cost: str, random: np.random.Generator
) -> None:
    check(slopes, make_network(activation, output, cost), random)


@pytest.mark.parametrize(("output", "cost"), PAIRS_WITH_NUMBERS)
def test_outputs_in_groups_and_costs_with_numbers(
    slopes: Slopes, output: str, cost: str, random: np.random.Generator
) -> None:
    check(slopes, make_network("gelu", output, cost), random, weighted=True)


def test_every_variant_was_met() -> None:
    pairs = fitting_pairs()
    assert {output for output, _ in pairs} == set(ACTIVATIONS)
    assert {cost for _, cost in pairs} == set(COSTS)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_normalization(slopes: Slopes, normalization: str, activation: str, random: np.random.Generator) -> None:
    network = make_network(activation, "softmax", "cross_entropy", normalization=normalization)
    check(slopes, network, random, weighted=True, l2=0.3)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_normalization_in_a_training_step(normalization: str, random: np.random.Generator) -> None:
    masks = [dropout_mask(0.4, 1, 2, layer, 7, units) for layer, units in ((1, 5), (2, 4))]
    network = make_network("gelu", "softmax", "cross_entropy", normalization=normalization)
    check(gradients, network, random, weighted=True, l2=0.3, masks=masks, training=True)


@pytest.mark.parametrize("embedding", EMBEDDINGS, ids=str)
@pytest.mark.parametrize("normalization", [None, "layer"])
def test_embedding(
    slopes: Slopes, embedding: Embedding, normalization: str | None, random: np.random.Generator
) -> None:
    network = make_network("silu", "softmax", "cross_entropy", (4,), normalization, embedding)
    check(slopes, network, random, weighted=True, l2=0.3)


def test_dropout_behind_an_embedding(random: np.random.Generator) -> None:
    network = make_network("gelu", "softmax", "cross_entropy", normalization="batch", embedding=EMBEDDINGS[0])
    masks = [None, *(dropout_mask(0.4, 1, 2, layer, 7, units) for layer, units in ((2, 5), (3, 4)))]
    check(gradients, network, random, weighted=True, masks=masks, training=True)


@pytest.mark.parametrize(
    ("normalization", "embedding"), [*((kind, None) for kind in NORMALIZATIONS), ("batch", EMBEDDINGS[0])]
)
@pytest.mark.parametrize("rows", [9, 600])
def test_a_native_step_follows_the_slopes_of_training(
    normalization: str, embedding: Embedding | None, rows: int, random: np.random.Generator
) -> None:
    """What plain gradient descent does to the parameters are their slopes, by differences of a batch's own cost."""
    network = make_network("tanh", "softmax", "cross_entropy", normalization=normalization, embedding=embedding)
    parameters, examples = make_parameters(network, random), make_examples(network, random, rows, weighted=True)
    descent = find_engine("native").begin(
        network, State(parameters, {}, 0), examples, StepRule(OPTIMIZERS["gradient_descent"], rows)
    )
    cost = descent.train(np.arange(rows), np.full(1, 1.0))[0, 0]
    after = descent.state().parameters
    wanted = numeric(gradients, network, parameters, *examples, training=True)
    assert_close(cost, gradients(network, parameters, *examples, training=True).cost, 1e-12)
    for name, slope in wanted.items():
        if learned(network, name).any():  # running statistics follow no slope
            assert_close(parameters[name] - after[name], slope, ALLOWED, f"{network} {name}")


@pytest.mark.parametrize("hidden", [(), (1,), (7,), (3, 5, 2)])
@pytest.mark.parametrize("cost", ["huber:0.3", "quantile:0.9", "squared_error"])
def test_any_depth(slopes: Slopes, hidden: tuple[int, ...], cost: str, random: np.random.Generator) -> None:
    check(slopes, make_network("tanh", "identity", cost, hidden), random)


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_and_l2(slopes: Slopes, l2: float, weighted: bool, random: np.random.Generator) -> None:
    check(slopes, make_network("silu", "softmax", "cross_entropy"), random, weighted, l2=l2)


def test_dropout(random: np.random.Generator) -> None:
    masks = [dropout_mask(0.4, 1, 2, layer, 7, units) for layer, units in ((1, 5), (2, 4))]
    assert any((mask == 0).any() for mask in masks)
    check(gradients, make_network("relu", "softmax", "cross_entropy"), random, masks=masks)


@pytest.mark.parametrize("output", ["softmax", "softmax:2,3"])
def test_several_true_classes_in_a_row(slopes: Slopes, output: str, random: np.random.Generator) -> None:
    network = make_network("tanh", output, "cross_entropy")
    parameters, examples = make_parameters(network, random), make_examples(network, random)
    Y = random.uniform(size=examples.Y.shape)  # rows that do not sum to 1
    got = slopes(network, parameters, examples.X, Y).parameters
    wanted = numeric(slopes, network, parameters, examples.X, Y)
    for name in wanted:
        assert_close(got[name], wanted[name], ALLOWED, name)


def test_deltas_are_the_slopes_along_each_sum(random: np.random.Generator) -> None:
    network = make_network("gelu", "softmax", "cross_entropy")
    parameters, examples = make_parameters(network, random), make_examples(network, random, rows=1)
    found = gradients(network, parameters, *examples)
    for number, delta in enumerate(found.deltas, start=1):
        assert_close(delta[0], found.parameters[f"b{number}"], 1e-15, f"a bias moves its own sum, layer {number}")


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_wrong_way_through_a_normalization_is_found(
    normalization: str, random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(NORMALIZATIONS[normalization])
    monkeypatch.setattr(kind, "backward", lambda self, blame, normalized: blame / normalized.statistics.deviation)
    with pytest.raises(AssertionError, match="off by"):
        check(gradients, make_network("tanh", normalization=normalization), random, training=True)


def test_a_wrong_derivative_is_found(random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    tanh = type(ACTIVATIONS["tanh"])
    monkeypatch.setattr(tanh, "derivative", lambda self, z, a: 1 - a * a + 1e-4)
    with pytest.raises(AssertionError, match="off by"):
        check(gradients, make_network("tanh"), random)


def test_one_step_by_hand() -> None:
    """One input 2, one hidden sigmoid, one sigmoid output, wanted 1, worked through with pencil and paper."""
    network = Network.from_description(
        {
            "inputs": 1,
            "layers": [{"kind": "dense", "units": 1, "activation": "sigmoid"}] * 2,
            "cost": "squared_error",
        }
    )
    parameters = {"W1": np.array([[0.5]]), "b1": np.array([-1.0]), "W2": np.array([[2.0]]), "b2": np.array([-1.0])}
    found = gradients(network, parameters, np.array([[2.0]]), np.array([[1.0]]))
    # z1 = 0, a1 = 0.5, z2 = 0, a2 = 0.5; delta2 = (0.5 - 1) 0.25; delta1 = delta2 * 2 * 0.25
    assert found.cost == 0.125
    assert [delta.item() for delta in found.deltas] == [-0.0625, -0.125]
    assert {name: slope.item() for name, slope in found.parameters.items()} == {
        "W1": -0.125,
        "b1": -0.0625,
        "W2": -0.0625,
        "b2": -0.125,
    }
