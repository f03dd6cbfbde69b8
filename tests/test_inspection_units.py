"""What a neuron looks for: each of its four pictures is what it is defined as, and the last is the best in range."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, Model, learn, read
from limpid.encoder import Scaling
from limpid.frames import table_of
from limpid.inspection import units
from limpid.inspection.activation_maximisation import maximise, total_variation
from limpid.inspection.subject import Subject
from limpid.network import Network
from limpid.normalization import NORMALIZATIONS
from tests.helpers import INSPECTED, assert_close, central_difference, make_network, make_parameters, model_of

LAYERS = [(network, layer) for network in INSPECTED for layer in range(1, len(network.layers) + 1)]


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_weights_are_the_slopes_where_all_is_linear(normalization: str | None, random: np.random.Generator) -> None:
    network = make_network("identity", normalization=normalization)
    subject = Subject.of(model_of(network, make_parameters(network, random)))
    X = random.normal(size=(6, 3))
    for layer in (1, 2, 3):
        found = units(subject.model, layer, X)
        assert found.linear
        slopes = [
            subject.slopes(subject.trace(X), layer, np.tile(row, (6, 1)))[0][0] for row in np.eye(len(found.units))
        ]
        assert_close(found.weights, np.array(slopes), 1e-12)
        assert "approximation" not in found.words


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
def test_deeper_weights_are_told_as_an_approximation(normalization: str | None, random: np.random.Generator) -> None:
    network = make_network("relu", normalization=normalization)
    parameters = make_parameters(network, random)
    model, X = model_of(network, parameters), random.normal(size=(6, 3))
    assert units(model, 1, X).linear == (normalization != "layer")
    found = units(model, 2, X)
    assert not found.linear
    assert "linear approximation" in found.words
    if normalization is None:
        assert_close(found.weights, (parameters["W1"] @ parameters["W2"]).T, 1e-12)


@pytest.mark.parametrize(("network", "layer"), LAYERS, ids=str)
def test_pictures_are_their_definitions(network: Network, layer: int, random: np.random.Generator) -> None:
    model = model_of(network, make_parameters(network, random))
    X = random.normal(size=(20, network.inputs))
    found = units(model, layer, X, most=4)
    trace = Subject.of(model).trace(X)
    a, positive = trace.a[layer], network.layers[layer - 1].function.range[0] >= 0
    for unit in found.units.tolist():
        own = a[:, unit]
        best = sorted(own, reverse=True)[:4]
        assert_close(found.activations[unit], best, 1e-12)
        assert_close(own[found.exciting[unit]], best, 1e-12)
        assert len(set(found.exciting[unit])) == 4
        shares = own if positive else own - own.mean()
        whole = np.abs(shares).sum()
        wanted = (shares[:, None] * X).sum(axis=0) / whole - (X.mean(axis=0) if positive else 0) if whole else 0 * X[0]
        assert_close(found.stimulus[unit], wanted, 1e-10)
        assert found.means[unit] == pytest.approx(own.mean())


@pytest.mark.parametrize(("network", "layer"), LAYERS[::2], ids=str)
def test_nothing_in_range_is_liked_better(network: Network, layer: int, random: np.random.Generator) -> None:
    """Than what the ascent finds: no row that was seen, and no step from there."""
    model = model_of(network, make_parameters(network, random))
    X = random.normal(size=(12, network.inputs))
    found = units(model, layer, X)
    low, high = X.min(axis=0), X.max(axis=0)
    assert (found.maximising >= low - 1e-12).all()
    assert (found.maximising <= high + 1e-12).all()
    subject = Subject.of(model)
    near = np.clip(found.maximising + 0.01 * random.normal(size=(300, *found.maximising.shape)), low, high)
    for unit in found.units.tolist():
        tried = np.concatenate([found.maximising[[unit]], near[:, unit], X[found.exciting[unit, :1]]])
        z = subject.trace(tried).z[layer - 1][:, unit]
        gains = z - found.shrinkage[unit] * (tried**2).sum(axis=1)
        assert found.reached[unit] == pytest.approx(z[0])
        assert gains.max() - gains[0] < 2e-2 * max(1, np.ptp(gains))


def test_the_first_layers_best_inputs_are_known(random: np.random.Generator) -> None:
    """Of w x - lambda x^2 in a box: w / 2 lambda, or the side that is nearest."""
    network = make_network("relu", hidden=(5,))
    parameters = make_parameters(network, random)
    parameters["W1"] *= random.uniform(0.1, 3, (3, 5))
    X = random.uniform(-2, 3, size=(30, 3))
    found = units(model_of(network, parameters), 1, X)
    wanted = np.clip(parameters["W1"].T / (2 * found.shrinkage[:, None]), X.min(axis=0), X.max(axis=0))
    assert np.ptp(wanted) > 1
    assert_close(found.maximising, wanted, 5e-3)
    assert not found.smoothness.any()


def test_total_variation_and_its_slopes(random: np.random.Generator) -> None:
    x = random.uniform(size=(2, 12))
    value, slopes = total_variation(x, (3, 4), 1.0)
    picture, small = x[0].reshape(3, 4), 0.01
    wanted = 0.0
    for row, column in np.ndindex(3, 4):
        right = picture[row, column + 1] - picture[row, column] if column < 3 else 0.0
        below = picture[row + 1, column] - picture[row, column] if row < 2 else 0.0
        wanted += (right**2 + below**2 + small**2) ** 0.5 - small
    assert value[0] == pytest.approx(wanted)
    for at in range(12):

        def varied(t: Any, at: int = at) -> Any:
            moved = x.copy()
            moved[:, at] += t
            return total_variation(moved, (3, 4), 1.0)[0]

        assert_close(slopes[:, at], central_difference(varied, np.array(0.0)), 1e-6)
    assert not total_variation(np.full((1, 12), 7.0), (3, 4), 1.0)[0].any()


def test_smoothness_is_paid_for_pictures_only(random: np.random.Generator) -> None:
    """A neuron that likes each other pixel cannot have them all where neighbours must be alike."""
    network = make_network("relu", hidden=(2,))
    wide = Network(36, network.layers, network.cost)
    parameters = make_parameters(wide, random)
    parameters["W1"] = np.tile(np.indices((6, 6)).sum(axis=0).ravel()[:, None] % 2 - 0.4, (1, 2))
    flat, pictured = (
        Model(wide, parameters, "regression", Scaling.none(36), Scaling.none(3), image_shape=shape)
        for shape in (None, (6, 6))
    )
    X = random.uniform(size=(10, 1)) + random.uniform(0, 0.1, size=(10, 36))
    rough, smooth = (total_variation(units(each, 1, X).maximising, (6, 6), 1.0)[0] for each in (flat, pictured))
    assert (smooth < 0.5 * rough).all()


def test_equal_activations_are_ranked_by_their_sums(random: np.random.Generator) -> None:
    network = make_network("sigmoid", hidden=(2,))
    parameters = make_parameters(network, random)
    parameters["W1"] = np.full((3, 2), 1e3)
    X = np.array([[1.0, 1, 1], [3, 3, 3], [2, 2, 2], [-1, -1, -1]])
    assert units(model_of(network, parameters), 1, X).exciting[0].tolist() == [1, 2, 0, 3]


def test_a_neuron_that_nothing_excites_says_so(random: np.random.Generator) -> None:
    network = make_network("relu")
    parameters = make_parameters(network, random)
    parameters["b1"] = np.array([9.0, 9, -1e3, 9, 9])
    found = units(model_of(network, parameters), 1, random.normal(size=(9, 3)))
    assert found.spreads[2] == 0
    assert not found.stimulus[2].any()
    assert found.order[-1] == 2
    assert "1 of them is the same on all rows" in found.words


@pytest.fixture(scope="module")
def digits() -> Model:
    learning = learn(read("digits"), hidden=[16, 8], epochs=10, seed=0)
    list(learning)
    return learning.model


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_digits_are_shown_as_pictures(digits: Model, layer: int) -> None:
    X = read("digits").X[:200]
    found = units(digits, layer, X, [1, 3], most=500)
    assert found.exciting.shape == (2, 200)
    assert found.maximising.shape == found.weights.shape == found.stimulus.shape == (2, 64)
    whole = units(digits, layer, X.reshape(-1, 8, 8))
    np.testing.assert_allclose(found.maximising, whole.maximising[[1, 3]], atol=1e-9)
    np.testing.assert_allclose(found.stimulus, whole.stimulus[[1, 3]], atol=1e-12)
    assert [row["neuron"] for row in whole.to_rows()] == whole.units[whole.order].tolist()
    assert whole.plot().ax_.images


def test_a_tables_columns_are_named_in_their_own_units(random: np.random.Generator) -> None:
    """By a neuron that wants the number high, and one that wants a category."""
    size = random.normal(50, 10, size=400)
    cells: Any = {"size": size, "kind": list("abab" * 100)}
    learning = learn(Dataset("t", table_of(cells), size, "regression"), hidden=[2], epochs=1, test_size=0)
    list(learning)
    model = learning.model
    model.parameters["W1"] = np.array([[1, 0], [0, 1], [0, 0]], np.float32)  # size; kind=a, kind=b
    model.parameters["b1"] = np.zeros(2, np.float32)
    found = units(model, 1, cells)
    higher = found.stands_for(0)[0]
    assert higher.startswith("size higher by ")
    rate = np.maximum(Subject.of(model).x(cells)[:, 0], 0)
    true = (rate * size).sum() / rate.sum() - size.mean()
    assert float(higher.rpartition(" ")[2]) == pytest.approx(true, rel=0.15)
    assert "kind=a 50 points more often" in found.stands_for(1)
    assert "kind=b 50 points less often" in found.stands_for(1)
    assert found.plot().ax_.patches
    assert "The rows that excite it have size higher by" in units(model, 1, cells, [0]).words


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"layer": 4}, "there is no layer 4: they go from 1 to 3"),
        ({"layer": 1, "units": [16]}, "there is no neuron 16 in layer 1: they go from 0 to 15"),
        ({"layer": 1, "units": []}, "at least one neuron is needed, got none"),
        ({"layer": 1, "most": 0}, "most must be a positive integer, got 0"),
    ],
)
def test_what_is_not_there_is_refused(digits: Model, asked: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        units(digits, X=read("digits").X[:3], **asked)


def test_one_row_is_enough(digits: Model) -> None:
    """Though it leaves nothing to choose from."""
    x = read("digits").X[0]
    found = units(digits, 2, x)
    np.testing.assert_allclose(found.maximising, np.tile(Subject.of(digits).x(x), (8, 1)))
    assert not found.stimulus.any()


def test_maximising_is_the_same_however_many_are_asked(digits: Model) -> None:
    subject = Subject.of(digits)
    x = subject.x(read("digits").X[:50])
    z = subject.trace(x).z[1]
    whole = maximise(subject, 2, np.arange(8), x, z)
    some = maximise(subject, 2, np.array([5]), x, z[:, [5]])
    np.testing.assert_allclose(some.inputs[0], whole.inputs[5], atol=1e-9)
