import json

import pytest

from limpid.embedding import Embedding
from limpid.errors import LimpidError
from limpid.network import Dense, Network, dense_network, natural_cost
from tests.helpers import fitting_pairs

WITHOUT_SIZE = {"inputs": 3, "layers": [{"kind": "embedding", "inputs": 3, "columns": [[0]], "dimensions": 2}]}


def test_shapes_are_the_one_table() -> None:
    network = dense_network(4, [3], 2)
    assert network.shapes() == {"W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2,)}
    assert network.count() == 4 * 3 + 3 + 3 * 2 + 2
    assert [network.decays(name) for name in network.shapes()] == [True, False, True, False]
    assert network.widths == (4, 3, 2)
    assert str(network) == "4-3-2 (relu, softmax; cross_entropy)"


def test_normalisation_owns_arrays_of_its_own() -> None:
    batch = dense_network(4, [3], 2, normalization="batch")
    assert list(batch.shapes()) == ["W1", "b1", "gamma1", "beta1", "mean1", "variance1", "W2", "b2"]
    assert set(list(batch.shapes().values())[1:6]) == {(3,)}
    assert [name for name in batch.shapes() if batch.decays(name)] == ["W1", "W2"]
    assert batch.count() == 4 * 3 + 5 * 3 + 3 * 2 + 2
    layer = Network(4, (Dense(3, "relu", "layer"), Dense(2, "relu"), Dense(1, "identity")), "huber")
    assert list(layer.shapes()) == ["W1", "b1", "gamma1", "beta1", "W2", "b2", "W3", "b3"]
    assert (batch.over_batch, layer.over_batch) == (True, False)
    assert str(layer) == "4-3-2-1 (relu over layer, relu, identity; huber)"
    for network in (batch, layer):
        assert Network.from_description(network.describe()) == network


def test_a_description_comes_back() -> None:
    network = dense_network(4, [3, 3], 1, ["tanh", "gelu"], "identity", "quantile:0.9")
    assert Network.from_description(network.describe()) == network
    grouped = dense_network(4, [3], 5, output="softmax:2,3")
    assert grouped.cost == "cross_entropy"
    assert Network.from_description(grouped.describe()) == grouped


def test_the_cost_follows_the_output() -> None:
    assert natural_cost("softmax") == "cross_entropy"
    assert natural_cost("sigmoid") == "binary_cross_entropy"
    assert natural_cost("exp") == "poisson"
    assert natural_cost("tanh") == "squared_error"


def test_an_embedding_is_the_first_layer() -> None:
    network = dense_network(9, [5], 2, embedding=Embedding(9, ((1, 4), (6, 2)), 3))
    assert network.widths == (9, 9, 5, 2)
    assert str(network) == "9>9-5-2 (2 columns embedded by 3, relu, softmax; cross_entropy)"
    assert list(network.shapes().items())[:3] == [("W1", (9, 9)), ("b1", (9,)), ("W2", (9, 5))]
    assert network.count() == 6 * 3 + 9 * 5 + 5 + 5 * 2 + 2
    assert [name for name in network.shapes() if network.decays(name)] == ["W2", "W3"]
    assert [layer.units for layer in network.hidden] == [5]
    assert network.linear.embedding == network.embedding
    described = json.loads(json.dumps(network.describe()))
    assert Network.from_description(described) == network
    assert described["layers"][0] == {"kind": "embedding", "inputs": 9, "columns": [[1, 4], [6, 2]], "dimensions": 3}


@pytest.mark.parametrize(("output", "cost"), fitting_pairs())
def test_every_fitting_pair_makes_a_network(output: str, cost: str) -> None:
    assert dense_network(2, [], 2, output=output, cost=cost).cost == cost


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: dense_network(2, [0], 1), "number of neurons must be a positive integer, got 0"),
        (lambda: dense_network(2, [2.5], 1), "positive integer, got 2.5"),  # type: ignore[list-item]
        (lambda: dense_network(2, [True], 1), "positive integer, got True"),
        (lambda: dense_network(-1, [2], 1), "number of inputs must be a positive integer, got -1"),
        (lambda: dense_network(2, [2], 1, "softmax"), "a hidden layer cannot use 'softmax'"),
        (lambda: dense_network(2, [2, 2], 1, ["relu"]), "2 layers, got 1"),
        (lambda: dense_network(2, [2], 1, output="identity", cost="cross_entropy"), "'cross_entropy' is not defined"),
        (lambda: dense_network(2, [2], 1, output="relu", cost="poisson"), "it needs 'sigmoid' or"),
        (lambda: dense_network(2, [2], 1, cost="cros_entropy"), "did you mean 'cross_entropy'"),
        (lambda: Network(2, (), "huber"), "at least one layer"),
        (lambda: Network.from_description({"inputs": 2}), "lacks 'layers'"),
        (lambda: dense_network(3, [2], 1, embedding=Embedding(4, ((0, 2),), 2)), "of 4 inputs does not fit 3 inputs"),
        (lambda: Network(4, (Embedding(4, ((0, 2),), 2),), "squared_error"), "the first layer, and not the only one"),
        (lambda: Network(4, (Dense(4, "relu"), Embedding(4, ((0, 2),), 2), Dense(1, "identity")), "huber"), "first"),
        (lambda: Embedding(4, (), 2), "needs columns and dimensions, at least one each, got  by 2"),
        (lambda: Embedding(4, ((0, 2),), 0), "at least one each, got 0.2 by 0"),
        (lambda: Embedding(4, ((1, 2), (2, 2)), 3), "ascend, apart from each other, within 4 inputs, got 1.2, 2.2 by"),
        (lambda: Embedding(4, ((2, 3),), 3), "within 4 inputs, got 2.3"),
        (lambda: Embedding(4, ((-1, 3),), 3), "within 4 inputs, got -1.3"),
        (lambda: Embedding(4, ((0, True),), 3), "must be integers"),
        (lambda: Embedding(4, ((0, 2.0),), 3), "must be integers"),  # type: ignore[arg-type]  # is refused
        (lambda: Embedding(4, ((0, 2),), 2**31), "may have 2147483647 units at most"),
        (lambda: Network.from_description(WITHOUT_SIZE), "told by its first input and its size"),
        (lambda: Dense(2, "rely"), "did you mean 'relu'"),
        (lambda: Dense(2, "relu", "lawyer"), "unknown normalization 'lawyer' .did you mean 'layer'"),
        (lambda: Network(2, (Dense(2, "relu", "batch"),), "huber"), "outputs are not normalised, got 'batch'"),
        (
            lambda: dense_network(2, [], 4, output="softmax:2,3"),
            "'softmax:2,3' has 5 outputs in its groups, the layer 4",
        ),
        (lambda: dense_network(2, [5], 1, "softmax:2,3"), "a hidden layer cannot use 'softmax:2,3'"),
        (lambda: dense_network(2, [], 5, output="softmax:2,3", cost="poisson:2"), "takes no number"),
        (lambda: dense_network(2, [], 2, output="identity", cost="quantile:0.1,0.5,0.9"), "needs 3 outputs, .* got 2"),
    ],
)
def test_what_does_not_fit_is_refused(make: object, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        make()  # type: ignore[operator]
