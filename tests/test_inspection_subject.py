"""What is looked at: slopes back to the inputs, names of all parts, and refusals that name what there is."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, Model, learn, read
from limpid.activations import ACTIVATIONS
from limpid.backprop import forward, towards_inputs
from limpid.encoder import Scaling
from limpid.inspection.subject import Subject
from limpid.network import Dense, Network
from limpid.normalization import NORMALIZATIONS
from tests.helpers import EMBEDDINGS, assert_close, central_difference, make_network, make_parameters

NETWORKS = [
    *(make_network(name) for name, activation in ACTIVATIONS.items() if activation.hidden),
    *(make_network(normalization=name) for name in NORMALIZATIONS),
    *(make_network(embedding=embedding) for embedding in EMBEDDINGS),
]


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_slopes_towards_the_inputs_are_central_differences(network: Network, random: np.random.Generator) -> None:
    parameters, x = make_parameters(network, random), random.normal(size=(4, network.inputs))
    depth = len(network.layers)
    for layer in range(1, depth + 1):
        of_z = random.normal(size=(4, network.widths[layer]))

        direction = random.normal(size=x.shape)

        def number(t: Any, layer: int = layer, of_z: Any = of_z, direction: Any = direction) -> Any:
            return (forward(network, parameters, x + t * direction).z[layer - 1] * of_z).sum()

        slopes = towards_inputs(network, parameters, forward(network, parameters, x), layer, of_z)
        assert [each.shape[1] for each in slopes] == list(network.widths[: layer + 1])
        assert_close((slopes[0] * direction).sum(), central_difference(number, np.array(0.0)), 1e-6)


@pytest.fixture(scope="module")
def iris() -> Model:
    learning = learn(read("iris"), hidden=[4, 3], epochs=2)
    list(learning)
    return learning.model


def test_a_model_is_looked_at_in_float64(iris: Model) -> None:
    subject = Subject.of(iris)
    X = read("iris").X
    assert iris.dtype == np.float32
    x = subject.x(X)
    assert x.dtype == np.float64
    np.testing.assert_allclose(subject.trace(x).a[-1], iris.outputs(X), atol=1e-6)
    assert subject.hidden == (1, 2)
    assert subject.depth == 3


def test_an_estimators_model_is_found(iris: Model) -> None:
    data = read("iris")
    fitted = MLPClassifier((4,), solver="lbfgs", alpha=1, max_iter=1000, random_state=0).fit(data.X, data.y)
    assert Subject.of(fitted).given is fitted.model_
    with pytest.raises(LimpidError, match="a Model or a fitted estimator is needed, got int"):
        Subject.of(3)


def test_every_part_has_a_name(iris: Model) -> None:
    subject = Subject.of(iris)
    assert subject.input_names == subject.column_names == iris.features
    assert subject.output_names == ("setosa", "versicolor", "virginica")
    assert subject.unit_name(1, 3) == "neuron 3 of hidden layer 1"
    assert subject.unit_name(3, 2) == "virginica"
    assert subject.layer_name(3) == "output layer"
    assert subject.output("versicolor") == (1, 1.0)


def test_one_output_speaks_for_one_class_and_against_the_other() -> None:
    network = make_network("tanh", "sigmoid", "binary_cross_entropy")
    one = Network(3, (*network.layers[:-1], Dense(1, "sigmoid")), network.cost)
    random = np.random.default_rng(0)
    scaling = Scaling.none(3)
    model = Model(
        one, make_parameters(one, random), "classification", scaling, Scaling.none(1), np.array(["no", "yes"])
    )
    assert Subject.of(model).output("yes") == (0, 1.0)
    assert Subject.of(model).output("no") == (0, -1.0)
    assert Subject.of(model).output_names == ("yes",)
    assert Subject.of(model).input_names == ("input 0", "input 1", "input 2")


def test_inputs_of_one_column_are_summed(random: np.random.Generator) -> None:
    cells: Any = {"size": [1.0, 2.0, 3.0, 4.0] * 20, "kind": ["a", "b", "c", "a"] * 20, "when": ["2020-01-02"] * 80}
    cells["when"][:40] = ["2021-03-04"] * 40
    from limpid.frames import table_of

    table = table_of(cells)
    learning = learn(Dataset("t", table, np.arange(80) % 4 * 1.0, "regression"), hidden=[3], epochs=1)
    list(learning)
    subject = Subject.of(learning.model)
    assert subject.column_names == ("size", "kind", "when")
    values = random.normal(size=(5, subject.network.inputs))
    summed = subject.by_column(values)
    assert summed.shape == (5, 3)
    np.testing.assert_allclose(summed.sum(axis=1), values.sum(axis=1))
    np.testing.assert_allclose(summed[:, 0], values[:, 0])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda subject: subject.check_layer(4), "there is no layer 4: they go from 1 to 3"),
        (lambda subject: subject.check_layer(True), "there is no layer True"),
        (lambda subject: subject.check_layer(3, hidden=True), "there is no hidden layer 3: they go from 1 to 2"),
        (lambda subject: subject.check_unit(2, 3), "there is no neuron 3 in layer 2: they go from 0 to 2"),
        (lambda subject: subject.output("virginca"), "did you mean 'virginica'"),
        (lambda subject: subject.x(np.ones((2, 5))), "inputs must be rows of 4 numbers, got shape"),
    ],
)
def test_what_is_not_there_is_refused(iris: Model, asked: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        asked(Subject.of(iris))


def test_a_number_is_named_by_its_target_or_place() -> None:
    data = Dataset("t", np.random.default_rng(0).normal(size=(40, 2)), np.ones((40, 2)), "regression")
    learning = learn(data, hidden=[], epochs=1)
    list(learning)
    subject = Subject.of(learning.model)
    assert subject.output(1) == (1, 1.0)
    assert subject.output("output 0") == (0, 1.0)
    with pytest.raises(LimpidError, match="2 is no output: it must be one of output 0, output 1, or a place"):
        subject.output(2)
    with pytest.raises(LimpidError, match="a hidden layer is needed"):
        subject.check_layer(1, hidden=True)
