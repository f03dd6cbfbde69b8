"""Small networks and examples for every task, and a comparison that asserts."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid import read
from limpid.activations import ACTIVATIONS, find_activation
from limpid.costs import COSTS
from limpid.embedding import Embedding
from limpid.encoder import Scaling
from limpid.engines import Examples
from limpid.initializers import initial_parameters
from limpid.model import Model
from limpid.network import Network, Parameters, dense_network
from limpid.normalization import NORMALIZATIONS


def make_network(
    activation: str = "tanh",
    output: str = "identity",
    cost: str = "squared_error",
    hidden: tuple[int, ...] = (5, 4),
    normalization: str | None = None,
    embedding: Embedding | None = None,
) -> Network:
    """3 inputs, or those that are embedded; 3 outputs, or as many as the output's groups have."""
    outputs = sum(find_activation(output).groups) or 3
    inputs = 3 if embedding is None else embedding.inputs
    return dense_network(inputs, hidden, outputs, activation, output, cost, normalization, embedding)


def learned(network: Network, name: str) -> NDArray[Any]:
    """Which numbers of the array called `name` are: not what is fixed in an embedding, nor running statistics."""
    kind, shape = name.rstrip("0123456789"), network.shapes()[name]
    if network.embedding is not None and name in {"W1", "b1"}:
        return network.embedding.learned if kind == "W" else np.zeros(shape, bool)
    return np.full(shape, kind not in {"mean", "variance"})


EMBEDDINGS = [
    Embedding(7, ((1, 3), (5, 1)), 2),
    Embedding(6, ((0, 6),), 9),
    Embedding(40, ((18, 9), (30, 10)), 3),
]
"""Inputs that pass on before, between and behind columns; none; more than a vector of them."""


def make_parameters(network: Network, random: np.random.Generator, dtype: Any = np.float64) -> Parameters:
    """Weights and biases of the size that keeps sums near N(0, 1), so that all of an activation is met.

    What normalisation owns is drawn too, since it would change little as it starts.
    """
    parameters = initial_parameters(network, "normal_scaled", random, dtype)
    for name, array in parameters.items():
        if name.rstrip("0123456789") not in {"W", "b"}:
            low, high = (0.5, 1.5) if name.startswith(("gamma", "variance")) else (-0.5, 0.5)
            parameters[name] = random.uniform(low, high, array.shape).astype(dtype)
    return parameters


def model_of(network: Network, parameters: Parameters) -> Model:
    """A model that takes inputs and targets as the network computes with them."""
    none = Scaling.none
    return Model(network, parameters, "regression", none(network.inputs), none(network.outputs))


def make_examples(network: Network, random: np.random.Generator, rows: int = 7, weighted: bool = False) -> Examples:
    """Inputs, and targets that the network's cost is defined for."""
    X = random.normal(size=(rows, network.inputs))
    kind = network.cost_function.name
    if kind == "cross_entropy":
        groups = network.output.groups or (network.outputs,)
        Y = np.concatenate([random.dirichlet(np.ones(size), size=rows) for size in groups], axis=1)
    elif kind == "binary_cross_entropy":
        Y = random.uniform(size=(rows, network.outputs))
    elif kind == "poisson":
        Y = random.poisson(2.0, size=(rows, network.outputs)).astype(float)
    else:
        Y = random.normal(size=(rows, network.outputs))
    return Examples(X, Y, random.uniform(0.5, 2.0, rows) if weighted else None)


PAIRS_WITH_NUMBERS = [
    ("identity", "huber:0.3"),
    ("tanh", "quantile:0.9"),
    ("identity", "quantile:0.05,0.5,0.95"),
    ("softmax:2,3", "cross_entropy"),
    ("softmax:3,4,2", "squared_error"),
    ("softmax:3,2", "quantile:0.3,0.2,0.9,0.5,0.6"),
]
"""Outputs in groups, and costs with a number, or one for each output."""


def fitting_pairs() -> list[tuple[str, str]]:
    """Every (output activation, cost) that a network may have."""
    return [
        (name, cost.name) for name, output in ACTIVATIONS.items() for cost in COSTS.values() if cost.accepts(output)
    ]


def central_difference(function: Callable[[NDArray[Any]], Any], at: NDArray[Any], step: float = 1e-6) -> NDArray[Any]:
    """(f(x + h) - f(x - h)) / 2h, elementwise."""
    return np.asarray((function(at + step) - function(at - step)) / (2 * step))


def assert_close(got: Any, wanted: Any, relative: float, what: str = "") -> None:
    """Fail where two arrays differ by more than `relative` times the larger of 1 and their largest number."""
    got, wanted = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    assert got.shape == wanted.shape, f"{what}: shape {got.shape}, wanted {wanted.shape}"
    assert np.isfinite(got).all(), f"{what}: not finite"
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    error = float(np.abs(got - wanted).max(initial=0)) / scale
    assert error <= relative, f"{what}: off by {error:.3g}, allowed {relative:.3g}"


def rows_of(name: str, rows: int) -> tuple[Any, Any]:
    """The first rows of a data set, and their answers."""
    data = read(name)
    assert data.y is not None
    return data.X[:rows], data.y[:rows]


INSPECTED = [
    *(make_network(name) for name, activation in ACTIVATIONS.items() if activation.hidden),
    *(make_network(output=output, cost=cost) for output, cost in (*fitting_pairs(), *PAIRS_WITH_NUMBERS)),
    *(make_network(normalization=name) for name in NORMALIZATIONS),
    *(make_network("relu", "softmax", "cross_entropy", normalization=name) for name in NORMALIZATIONS),
    *(make_network(embedding=embedding) for embedding in EMBEDDINGS),
    make_network(hidden=()),
    make_network(hidden=(4, 3, 5), activation="silu"),
]
"""A network of every kind of layer, output and cost, to look into."""
