"""Hessian-vector products against central differences of backpropagation's slopes: every activation, cost, option."""

from typing import Any

import numpy as np
import pytest

from limpid.activations import ACTIVATIONS
from limpid.backprop import forward, gradients
from limpid.curvature import Curvature
from limpid.embedding import Embedding
from limpid.engines import Examples
from limpid.network import Network, Parameters, dense_network, hidden_activations
from limpid.normalization import NORMALIZATIONS, OverLayer
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

STEP, ALLOWED = 1e-5, 1e-6


def along(parameters: Parameters, direction: Parameters, step: float) -> Parameters:
    return {name: array + step * direction[name] for name, array in parameters.items()}


def bends(network: Network, parameters: Parameters, examples: Examples) -> bool:
    """Whether some neuron stands so near the place where its activation bends that a step could cross it."""
    trace = forward(network, parameters, examples.X)
    return any(
        np.abs(z).min() < 1e-3
        for layer, z in zip(network.layers, trace.z, strict=True)
        if layer.activation in {"relu", "leaky_relu", "elu", "selu"}
    )


def check(network: Network, random: np.random.Generator, weighted: bool = False) -> None:
    while True:
        parameters, examples = make_parameters(network, random), make_examples(network, random, weighted=weighted)
        if not bends(network, parameters, examples):
            break
    curvature = Curvature(network, parameters, *examples)
    there = gradients(network, parameters, *examples)
    direction = {name: random.normal(size=array.shape) for name, array in parameters.items()}
    moving = {name: np.where(learned(network, name), each, 0.0) for name, each in direction.items()}
    up, down = (
        gradients(network, along(parameters, moving, sign * STEP), *examples).parameters for sign in (1.0, -1.0)
    )
    found = curvature.times(direction)
    assert list(found) == list(network.shapes())
    for name in network.shapes():
        assert_close(curvature.slopes[name], there.parameters[name], 1e-12, f"slope of {name}")
        wanted = np.where(learned(network, name), (up[name] - down[name]) / (2 * STEP), 0.0)
        assert_close(found[name], wanted, ALLOWED, f"{network}: {name}")


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("activation", hidden_activations())
def test_every_hidden_activation(activation: str, normalization: str | None, random: np.random.Generator) -> None:
    check(make_network(activation, "softmax", "cross_entropy", normalization=normalization), random)
    check(make_network(activation, normalization=normalization), random)


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize(("output", "cost"), [*fitting_pairs(), *PAIRS_WITH_NUMBERS])
def test_every_output_with_every_cost(
    output: str, cost: str, normalization: str | None, random: np.random.Generator
) -> None:
    check(make_network("tanh", output, cost, normalization=normalization), random, weighted=True)


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("embedding", EMBEDDINGS, ids=str)
def test_every_embedding(embedding: Embedding, normalization: str | None, random: np.random.Generator) -> None:
    check(make_network("gelu", normalization=normalization, embedding=embedding), random)


@pytest.mark.parametrize("hidden", [(), (4,), (3, 4, 5, 3)])
def test_every_depth(hidden: tuple[int, ...], random: np.random.Generator) -> None:
    check(make_network("silu", "softmax", "cross_entropy", hidden), random)


def test_one_row_and_one_output(random: np.random.Generator) -> None:
    network = dense_network(2, [3], 1, "tanh", "sigmoid")
    parameters = make_parameters(network, random)
    examples = Examples(random.normal(size=(1, 2)), np.array([[1.0]]))
    hessian = dense(network, parameters, examples)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)


def dense(network: Network, parameters: Parameters, examples: Examples) -> np.ndarray:
    """The Hessian, a column for each number."""
    curvature, columns = Curvature(network, parameters, *examples), []
    for name, array in parameters.items():
        for place in np.ndindex(array.shape):
            one = {other: np.zeros_like(each) for other, each in parameters.items()}
            one[name][place] = 1.0
            columns.append(np.concatenate([each.ravel() for each in curvature.times(one).values()]))
    return np.stack(columns)


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
def test_it_is_symmetric(normalization: str | None, random: np.random.Generator) -> None:
    network = make_network("mish", "softmax", "squared_error", (4,), normalization)
    hessian = dense(network, make_parameters(network, random), make_examples(network, random))
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)


def test_of_squared_error_without_a_hidden_layer_it_is_known(random: np.random.Generator) -> None:
    network = dense_network(3, [], 1, output="identity")
    examples = make_examples(network, random, rows=20)
    rows = np.column_stack([examples.X, np.ones(20)])
    wanted = rows.T @ rows / 20
    np.testing.assert_allclose(dense(network, make_parameters(network, random), examples), wanted, atol=1e-12)


@pytest.mark.parametrize("broken", ["second_derivative", "backward_along"])
def test_the_check_finds_a_wrong_product(
    broken: str, random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    if broken == "second_derivative":
        monkeypatch.setattr(type(ACTIVATIONS["tanh"]), broken, lambda _, z, a: -2 * a)
    else:

        def without(self: Any, blame: Any, blame_dot: Any, sums_dot: Any, normalized: Any) -> Any:
            return self.backward(blame_dot, normalized)

        monkeypatch.setattr(OverLayer, broken, without)
    with pytest.raises(AssertionError, match="off by"):
        check(make_network("tanh", normalization="layer"), random)
