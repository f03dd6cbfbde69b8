"""Attributions add up to what they promise, and are the integrals and rules that they are defined as."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, Model, learn, read
from limpid.backprop import forward, towards_inputs
from limpid.frames import table_of
from limpid.inspection import attribute
from limpid.inspection.attribution import METHODS
from limpid.inspection.integrated import integrated_gradients
from limpid.inspection.subject import Subject
from limpid.network import Network, dense_network
from tests.helpers import INSPECTED, assert_close, central_difference, make_network, make_parameters, model_of


def subject_of(network: Network, random: np.random.Generator) -> Subject:
    return Subject.of(model_of(network, make_parameters(network, random)))


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_integrated_gradients_are_complete_for_every_layer(network: Network, random: np.random.Generator) -> None:
    subject = subject_of(network, random)
    x, baseline = 2 * random.normal(size=(5, network.inputs)), random.normal(size=network.inputs)
    for layer in range(1, subject.depth + 1):
        of_z = random.normal(size=network.widths[layer])
        values, residual = integrated_gradients(subject, x, baseline, layer, of_z)
        whole = (subject.trace(x).z[layer - 1] - subject.trace(baseline[None]).z[layer - 1]) @ of_z
        assert_close(values.sum(axis=1), whole, 1e-8)
        assert_close(values.sum(axis=1) - whole, residual, 1e-12)


@pytest.mark.parametrize("network", [each for each in INSPECTED if len(each.layers) == 3], ids=str)
def test_they_are_the_integral_of_the_slope(network: Network, random: np.random.Generator) -> None:
    """By the midpoint rule with 100,000 steps."""
    subject = subject_of(network, random)
    x, baseline, steps = 2 * random.normal(size=network.inputs), random.normal(size=network.inputs), 100_000
    of_z = random.normal(size=network.outputs)
    total = np.zeros(network.inputs)
    for some in np.array_split((np.arange(steps) + 0.5) / steps, 10):
        points = baseline + some[:, None] * (x - baseline)
        trace = forward(network, subject.parameters, points)
        slopes = towards_inputs(network, subject.parameters, trace, 3, np.broadcast_to(of_z, (len(some), len(of_z))))
        total += slopes[0].sum(axis=0) / steps
    assert_close(integrated_gradients(subject, x[None], baseline, 3, of_z)[0][0], (x - baseline) * total, 1e-4)


@pytest.mark.parametrize("activation", ["identity", "relu", "leaky_relu"])
def test_piecewise_linear_networks_are_exact(activation: str, random: np.random.Generator) -> None:
    network = dense_network(30, (40, 30, 20), 4, activation)
    subject = subject_of(network, random)
    x = 2 * random.normal(size=(20, 30))
    of_z: Any = np.eye(4)[1]
    _, residual = integrated_gradients(subject, x, np.zeros(30), 4, of_z)
    assert np.abs(residual).max() < 1e-12


@pytest.mark.parametrize("activations", [("sigmoid", "mish"), ("softplus", "identity"), ("tanh", "selu")])
def test_steep_places_are_met_by_halving(activations: tuple[str, str], random: np.random.Generator) -> None:
    """Two neurons normalised over themselves all but jump where they change places."""
    network = dense_network(6, (2, 2), 3, activations, "identity", normalization="layer")
    drawn = make_parameters(network, random)
    steep = {name: array * (3 if name.startswith("W") else 1) for name, array in drawn.items()}
    x, baseline = 3 * random.normal(size=(100, 6)), random.normal(size=6)
    _, residual = integrated_gradients(Subject.of(model_of(network, steep)), x, baseline, 3, np.eye(3)[0])
    assert np.abs(residual).max() < 1e-8


def test_what_rounding_misses_is_told_not_sought(random: np.random.Generator) -> None:
    network = dense_network(3, (4,), 2, "tanh")
    parameters = make_parameters(network, random)
    parameters["b2"] += 1e12
    x: Any = random.normal(size=(3, 3))
    _, residual = integrated_gradients(Subject.of(model_of(network, parameters)), x, np.zeros(3), 2, np.eye(2)[0])
    assert 1e-6 < np.abs(residual).max() < 1e-2


PLAIN = [each for each in INSPECTED if not any(layer.normalization == "layer" for layer in each.layers)]


@pytest.mark.parametrize("network", PLAIN, ids=str)
def test_lrps_three_terms_and_deeplift_add_up(network: Network, random: np.random.Generator) -> None:
    model = model_of(network, make_parameters(network, random))
    X, baseline = 2 * random.normal(size=(6, network.inputs)), random.normal(size=network.inputs)
    logits = Subject.of(model).trace(X).z[-1][:, 1]
    found = attribute(model, X, 1, "lrp", epsilon=0.01)
    assert found.bias_share is not None
    assert found.absorbed is not None
    assert_close(found.inputs.sum(axis=1) + found.bias_share + found.absorbed, logits, 1e-13)
    assert np.abs(found.absorbed).max() > 0
    found = attribute(model, X, 1, "deeplift", baseline=baseline)
    assert_close(found.inputs.sum(axis=1), logits - Subject.of(model).trace(baseline[None]).z[-1][:, 1], 1e-8)
    assert found.residual is not None
    assert np.abs(found.residual).max() < 1e-8


def test_lrp_is_its_formula_neuron_by_neuron(random: np.random.Generator) -> None:
    network = make_network("relu", hidden=(4,))
    parameters, epsilon = make_parameters(network, random), 0.05
    x = random.normal(size=3)
    trace = forward(network, parameters, x[None])
    z1, z2, a1 = trace.z[0][0], trace.z[1][0], trace.a[1][0]
    hidden = [a1[j] * parameters["W2"][j, 2] * z2[2] / (z2[2] + epsilon * (1 if z2[2] >= 0 else -1)) for j in range(4)]
    wanted = [
        sum(x[i] * parameters["W1"][i, j] * hidden[j] / (z1[j] + epsilon * (1 if z1[j] >= 0 else -1)) for j in range(4))
        for i in range(3)
    ]
    found = attribute(model_of(network, parameters), x, 2, "lrp", epsilon=epsilon)
    assert_close(found.values, wanted, 1e-12)


def test_deeplift_multiplies_quotients_and_falls_back_to_slopes(random: np.random.Generator) -> None:
    network = make_network("tanh", hidden=(4,))
    parameters = make_parameters(network, random)
    x, baseline = random.normal(size=(2, 3))
    one, other = forward(network, parameters, x[None]), forward(network, parameters, baseline[None])
    quotient = (one.a[1] - other.a[1]) / (one.z[0] - other.z[0])
    wanted = (x - baseline) * ((parameters["W2"][:, 0] * quotient) @ parameters["W1"].T)[0]
    found = attribute(model_of(network, parameters), x, 0, "deeplift", baseline=baseline)
    assert_close(found.values, wanted, 1e-12)
    near = attribute(model_of(network, parameters), x, 0, "deeplift", baseline=x - 1e-12)
    slope = Subject.of(model_of(network, parameters))
    slopes = slope.slopes(slope.trace(x[None]), 2, np.eye(3)[[0]])[0][0]
    assert_close(near.values / 1e-12, slopes, 1e-3)


def test_gradient_x_input_is_what_it_says(random: np.random.Generator) -> None:
    network = make_network("silu")
    model = model_of(network, make_parameters(network, random))
    X = random.normal(size=(2, 3))
    found = attribute(model, X, 2, "gradient_x_input")
    for row, column in np.ndindex(X.shape):

        def logit(t: Any, row: int = row, column: int = column) -> Any:
            moved = X.copy()
            moved[row, column] += t
            return Subject.of(model).trace(moved).z[-1][row, 2]

        assert_close(found.values[row, column], X[row, column] * central_difference(logit, np.array(0.0)), 1e-6)
    assert found.residual is None
    assert "promises no sum" in found.words


@pytest.fixture(scope="module")
def digits() -> Model:
    learning = learn(read("digits"), hidden=[16, 8], epochs=10, seed=0)
    list(learning)
    return learning.model


@pytest.mark.parametrize("method", METHODS)
def test_digits_are_answered_for_in_their_shape(digits: Model, method: str) -> None:
    X = read("digits").X[:7]
    flat = attribute(digits, X, method=method)
    assert flat.values.shape == X.shape
    assert flat.targets == list(map(str, digits.predict(X)))
    square = attribute(digits, X.reshape(7, 8, 8), method=method)
    np.testing.assert_array_equal(square.values.reshape(7, 64), flat.values)
    one = attribute(digits, X[0], method=method)
    np.testing.assert_allclose(one.values, flat.values[0], atol=1e-12)
    assert len(flat.to_rows()) == 64
    assert flat.plot().ax_.images
    assert flat.ax_.collections, "the outline of the digit"
    blank = attribute(digits, 0 * X[0], method=method).plot()
    assert not blank.ax_.collections
    assert flat.words


def test_each_row_may_have_a_target_of_its_own(digits: Model) -> None:
    X = read("digits").X[:2]
    both = attribute(digits, X, [3, 5])
    assert both.targets == ["3", "5"]
    np.testing.assert_allclose(both.inputs[1], attribute(digits, X[1], 5).inputs[0], atol=1e-12)


def test_one_output_is_turned_for_the_class_that_it_speaks_against() -> None:
    table = read("breast_cancer")
    learning = learn(table, hidden=[6], epochs=3)
    list(learning)
    model = learning.model
    assert model.classes is not None
    first, second = (attribute(model, table.X[:3], each) for each in model.classes)
    np.testing.assert_allclose(first.inputs, -second.inputs)
    mean = attribute(model, table.X[:30], model.classes[1], baseline="mean")
    assert mean.residual is not None
    assert np.abs(mean.residual).max() < 1e-8


def test_a_tables_columns_get_what_their_inputs_have(random: np.random.Generator) -> None:
    cells: Any = {"size": random.normal(size=60), "kind": list("abcabd" * 10)}
    table = Dataset("t", table_of(cells), cells["size"] + 1.0, "regression")
    learning = learn(table, hidden=[5], epochs=5)
    list(learning)
    found = attribute(learning.model, {"size": [1.0, -2.0], "kind": ["a", "z"]})
    assert found.values.shape == (2, 2)
    np.testing.assert_allclose(found.values.sum(axis=1), found.inputs.sum(axis=1))
    np.testing.assert_allclose(found.values.sum(axis=1), found.value - found.value_at_baseline, atol=1e-8)
    assert {row["name"] for row in found.to_rows()} == {"size", "kind"}
    assert found.plot().ax_.patches


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"method": "integrated_gradient"}, "did you mean 'integrated_gradients'"),
        ({"target": 77}, "77 is none of the classes"),
        ({"target": [1, 2]}, "one target, or one for each of 3 rows is needed, got 2"),
        ({"baseline": "median"}, "the baseline must be a row, 0 or 'mean', got 'median'"),
        ({"baseline": 1}, "the baseline must be a row, 0 or 'mean', got 1"),
        ({"baseline": np.zeros((2, 64))}, "one baseline, or one for each of 3 rows is needed, got 2"),
        ({"method": "lrp", "epsilon": 0}, "epsilon must be a finite number above 0, got 0"),
    ],
)
def test_what_does_not_fit_is_refused(digits: Model, asked: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        attribute(digits, read("digits").X[:3], **asked)


@pytest.mark.parametrize("method", ["lrp", "deeplift"])
def test_layers_normalised_over_themselves_are_for_integrated_gradients(method: str) -> None:
    random = np.random.default_rng(0)
    network = make_network(normalization="layer")
    model = model_of(network, make_parameters(network, random))
    with pytest.raises(LimpidError, match=f"{method} is not defined through layer 1.*choose integrated_gradients"):
        attribute(model, np.zeros((1, 3)), 0, method)
    with pytest.raises(LimpidError, match="a target is needed: one of output 0"):
        attribute(model, np.zeros((1, 3)))


def test_a_picture_of_one_line_is_drawn(random: np.random.Generator) -> None:
    data = Dataset("t", random.uniform(size=(40, 5)), np.arange(40) % 2, image_shape=(1, 5), full_scale=1.0)
    learning = learn(data, hidden=[3], epochs=1)
    list(learning)
    found = attribute(learning.model, data.X[:1]).plot()
    assert found.ax_.images[0].get_array().shape[:2] == (1, 5)
