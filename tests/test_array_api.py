"""The reference engine gives the same numbers on every kind of array."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from limpid.activations import ACTIVATIONS, Elementwise
from limpid.backprop import forward, gradients
from limpid.engines import Examples, State, StepRule
from limpid.engines.reference import ReferenceEngine
from limpid.network import hidden_activations
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import OPTIMIZERS
from tests.helpers import (
    EMBEDDINGS,
    PAIRS_WITH_NUMBERS,
    assert_close,
    fitting_pairs,
    make_examples,
    make_network,
    make_parameters,
)

Convert = Callable[[np.ndarray], Any]


@pytest.fixture(params=["array_api_strict", "torch"])
def convert(request: pytest.FixtureRequest) -> Convert:
    """NumPy's arrays as another library's."""
    library = pytest.importorskip(request.param, reason=f"{request.param} is not installed (make .venv/bench)")
    return lambda array: library.asarray(array)


@pytest.mark.parametrize(("output", "cost"), [*fitting_pairs(), *PAIRS_WITH_NUMBERS])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients(convert: Convert, output: str, cost: str, weighted: bool, random: np.random.Generator) -> None:
    network = make_network("gelu", output, cost)
    parameters, examples = make_parameters(network, random), make_examples(network, random, weighted=weighted)
    wanted = gradients(network, parameters, *examples, l2=0.1)
    others = {name: convert(array) for name, array in parameters.items()}
    weights = None if examples.weights is None else convert(examples.weights)
    got = gradients(network, others, convert(examples.X), convert(examples.Y), weights, l2=0.1)
    assert type(got.parameters["W1"]) is type(others["W1"])
    assert_close([got.cost, got.penalty], [wanted.cost, wanted.penalty], 1e-12)
    for name in wanted.parameters:
        assert_close(got.parameters[name], wanted.parameters[name], 1e-12, name)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("training", [False, True])
def test_normalization(convert: Convert, normalization: str, training: bool, random: np.random.Generator) -> None:
    network = make_network("gelu", "softmax", "cross_entropy", normalization=normalization)
    parameters, examples = make_parameters(network, random), make_examples(network, random, weighted=True)
    assert examples.weights is not None
    wanted = gradients(network, parameters, *examples, training=training)
    others = {name: convert(array) for name, array in parameters.items()}
    given = convert(examples.X), convert(examples.Y), convert(examples.weights)
    got = gradients(network, others, *given, training=training)
    assert_close(got.cost, wanted.cost, 1e-12)
    assert got.running.keys() == wanted.running.keys()
    for one, other in ((got.parameters, wanted.parameters), (got.running, wanted.running)):
        for name, array in other.items():
            assert_close(one[name], array, 1e-12, name)


def test_embedding(convert: Convert, random: np.random.Generator) -> None:
    network = make_network("gelu", "softmax", "cross_entropy", embedding=EMBEDDINGS[0])
    parameters, examples = make_parameters(network, random), make_examples(network, random)
    wanted = gradients(network, parameters, *examples, l2=0.1)
    others = {name: convert(array) for name, array in parameters.items()}
    got = gradients(network, others, convert(examples.X), convert(examples.Y), l2=0.1)
    assert type(got.parameters["W1"]) is type(others["W1"])
    for name, array in wanted.parameters.items():
        assert_close(got.parameters[name], array, 1e-12, name)


@pytest.mark.parametrize("activation", hidden_activations())
def test_every_activation(convert: Convert, activation: str, random: np.random.Generator) -> None:
    network = make_network(activation)
    parameters, examples = make_parameters(network, random), make_examples(network, random)
    wanted = forward(network, parameters, examples.X)
    got = forward(network, {name: convert(array) for name, array in parameters.items()}, convert(examples.X))
    assert_close(got.a[-1], wanted.a[-1], 1e-12)
    function = ACTIVATIONS[activation]
    assert isinstance(function, Elementwise)
    second = function.second_derivative(convert(wanted.z[0]), convert(wanted.a[1]))
    assert_close(second, function.second_derivative(wanted.z[0], wanted.a[1]), 1e-12)


@pytest.mark.parametrize(
    ("optimizer", "normalization"), [*((name, None) for name in OPTIMIZERS), ("adam", "batch"), ("adamw", "layer")]
)
def test_a_hundred_steps(
    convert: Convert, optimizer: str, normalization: str | None, random: np.random.Generator
) -> None:
    network = make_network("relu", "softmax", "cross_entropy", normalization=normalization)
    parameters, examples = make_parameters(network, random), make_examples(network, random, rows=20)
    rule = StepRule(
        OPTIMIZERS[optimizer], 4, l2=0.01, dropout=0.2, clip_norm=1.0, max_norm=0.8, label_smoothing=0.1, seed=5
    )
    orders = [random.permutation(20) for _ in range(20)]
    ends = []
    for change in (np.asarray, convert):
        start = {name: change(array) for name, array in parameters.items()}
        given = Examples(change(examples.X), change(examples.Y))
        descent = ReferenceEngine().begin(network, State(start, rule.optimizer.init(start), 0), given, rule)
        costs = [descent.train(order, np.full(5, 0.01)) for order in orders]
        assert descent.state().step == 100
        ends.append((np.concatenate(costs), descent.state()))
    assert_close(ends[1][0], ends[0][0], 1e-10)
    for name, array in ends[0][1].parameters.items():
        assert_close(ends[1][1].parameters[name], array, 1e-10, name)


def test_prediction_in_parts(convert: Convert, random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_network("relu", "softmax", "cross_entropy")
    parameters, examples = make_parameters(network, random), make_examples(network, random, rows=10)
    whole = ReferenceEngine().predict(network, parameters, examples.X)
    monkeypatch.setattr("limpid.engines.reference.ROWS_AT_ONCE", 3)
    others = {name: convert(array) for name, array in parameters.items()}
    assert_close(ReferenceEngine().predict(network, others, convert(examples.X)), whole, 1e-12)
