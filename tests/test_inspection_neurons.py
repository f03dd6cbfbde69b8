"""What neurons detect, whether they work, what layers know: against planted detectors, random networks, definitions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, Model, learn, read
from limpid.activations import ACTIVATIONS
from limpid.encoder import Scaling
from limpid.inspection import Concept, health, layers, parts
from limpid.inspection.concepts import concepts_for
from limpid.inspection.null import aurocs
from limpid.inspection.parts import smallest_set
from limpid.inspection.representation import linear_cka
from limpid.inspection.shapes import crossings, loops
from limpid.inspection.strokes import STROKES, drawn
from limpid.network import Dense, Network, Parameters, dense_network
from tests.helpers import make_parameters, model_of

SHAPE = (16, 16)


def handwriting(rows: int, random: np.random.Generator) -> Any:
    """Pictures of two strokes each, with a frame of loops and crosses: cheap digits."""
    names = list(STROKES)
    pictures = []
    for _ in range(rows):
        some = random.choice(len(names), 2, replace=False)
        ink = np.maximum(*(drawn(STROKES[names[at]] + random.uniform(-0.05, 0.05, 2), SHAPE) for at in some))
        pictures.append(ink.ravel())
    return np.array(pictures)


def picture_model(network: Network, parameters: Parameters) -> Model:
    return replace(model_of(network, parameters), image_shape=SHAPE)


def test_a_loop_is_enclosed_background_and_a_crossing_has_arms() -> None:
    ring, cross, line = np.zeros((3, *SHAPE))
    ring[4:12, 4:12] = 1
    ring[6:10, 6:10] = 0
    cross[7:9, 2:14] = cross[2:14, 7:9] = 1
    line[7:9, 2:14] = 1
    pictures = np.array([ring, cross, line])
    assert loops(pictures).any(axis=(1, 2)).tolist() == [True, False, False]
    assert loops(pictures)[0, 7, 7]
    assert not loops(pictures)[0, 0, 0]
    assert crossings(pictures).any(axis=(1, 2)).tolist() == [False, True, False]
    assert crossings(pictures)[1, 8, 8]
    assert not crossings(pictures)[1, 2, 2]


def test_every_stroke_lies_where_its_name_says() -> None:
    rows, columns = np.mgrid[0:28, 0:28]
    centre = {name: ((ink := drawn(at, (28, 28))) * rows).sum() / ink.sum() for name, at in STROKES.items()}
    side = {name: ((ink := drawn(at, (28, 28))) * columns).sum() / ink.sum() for name, at in STROKES.items()}
    assert centre["horizontal bar, top"] < centre["horizontal bar, middle"] < centre["horizontal bar, bottom"]
    assert side["vertical stroke, left"] < side["vertical stroke, centre"] < side["vertical stroke, right"]
    assert side["arc open to the right"] < 13.5 < side["arc open to the left"]
    assert centre["arc open below"] < 13.5 < centre["arc open above"]
    for ink in (drawn(at, (28, 28)) for at in STROKES.values()):
        assert ink.max() == 1
        assert 0.01 < ink.mean() < 0.2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auroc_counts_pairs_and_shares_ties(dtype: Any, random: np.random.Generator) -> None:
    a = random.integers(0, 4, (30, 5)).astype(float)
    a[:, 3] = random.normal(size=30)
    a[:, 4] = np.maximum(a[:, 3], 0)
    a[::2, 4] *= -0.0
    a = a.astype(dtype)
    marks = random.random((30, 3)) < 0.4
    found = aurocs(a, marks)
    for unit, concept in np.ndindex(5, 3):
        present = marks[:, concept]
        pairs = [(one > two) + 0.5 * (one == two) for one in a[present, unit] for two in a[~present, unit]]
        assert found[unit, concept] == pytest.approx(np.mean(pairs))


def test_the_smallest_set_holds_its_share() -> None:
    found = smallest_set(np.array([[5.0, 1.0, 3.0, 1.0], [0.0, 0.0, 0.0, 0.0]]), 0.8)
    assert found.tolist() == [[True, False, True, False], [False] * 4]


@pytest.fixture(scope="module")
def pictures() -> Any:
    random = np.random.default_rng(3)
    X = handwriting(250, random)
    X[::3] = np.maximum(X[::3], _ring())
    X[1::5] = np.maximum(X[1::5], _cross())
    return X


def _ring() -> Any:
    ring = np.zeros(SHAPE)
    ring[1:7, 1:7] = 1
    ring[3:5, 3:5] = 0
    return ring.ravel()


def _cross() -> Any:
    cross = np.zeros(SHAPE)
    cross[12, 9:15] = cross[9:15, 12] = 1
    return cross.ravel()


def planted(pictures: Any, random: np.random.Generator) -> tuple[Model, list[str]]:
    """A layer of random neurons, but for one for each concept, whose weights are fitted to examples of its own."""
    concepts = concepts_for(pictures, SHAPE, np.random.default_rng(99))
    network = dense_network(256, (60,), 3, "identity", "identity")
    parameters = make_parameters(network, random)
    for unit, concept in enumerate(concepts):
        rows = pictures if concept.x is None else concept.x
        centred = rows - rows.mean(axis=0)
        kernel = centred.T @ centred + 5 * np.eye(256)
        parameters["W1"][:, unit] = np.linalg.solve(kernel, centred.T @ (concept.present - concept.present.mean()))
    parameters["W1"][:, len(concepts) :] *= np.abs(parameters["W1"][:, : len(concepts)]).mean()
    return picture_model(network, parameters), [concept.name for concept in concepts]


def test_a_planted_detector_ranks_first_for_every_concept(pictures: Any, random: np.random.Generator) -> None:
    model, names = planted(pictures, random)
    assert names == [*STROKES, "loop", "crossing"]
    found = parts(model, pictures, random=1)
    assert found.concepts == names
    assert found.scores.argmax(axis=0).tolist() == list(range(len(names)))
    detected = {(unit, at) for unit, at in found.detections}
    assert {(at, at) for at in range(len(names))} <= detected
    for at, name in enumerate(names):
        assert name in found.of_neuron(at)
        assert found.effect[at, at] > 0
        others = found.overlap[len(names) :, at]
        assert found.overlap[at, at] > np.median(others)
    assert found.to_rows()[0]["detects"]
    assert "detect one of 14 concepts" in found.words
    assert found.plot().ax_.patches


def test_random_networks_detect_almost_nothing(pictures: Any) -> None:
    """Twenty of them, none of which is in the pool: at most 5 % of all that is asked."""
    network = dense_network(256, (12,), 3)
    detections = tests = 0
    for seed in range(20):
        model = picture_model(network, make_parameters(network, np.random.default_rng(1000 + seed)))
        found = parts(model, pictures, random=seed)
        detections, tests = detections + len(found.detections), tests + found.scores.size
    assert tests == 20 * 12 * 14
    assert detections <= 0.05 * tests


def test_within_classes_a_loop_is_not_an_eight(random: np.random.Generator) -> None:
    y = np.arange(200) % 2
    loop = random.random(200) < np.where(y == 1, 0.9, 0.1)
    X = np.column_stack([y, loop]).astype(float) + 0.01 * random.normal(size=(200, 2))
    network = dense_network(2, (2,), 2, "identity", "identity")
    parameters = {"W1": np.eye(2), "b1": np.zeros(2), "W2": np.eye(2), "b2": np.zeros(2)}
    found = parts(model_of(network, parameters), X, [Concept("loop", loop)], y=y)
    assert found.scores[0, 0] > 0.8
    assert abs(found.within[0, 0] - 0.5) < 0.2
    assert found.within[1, 0] == 1
    assert np.isnan(found.overlap).all()
    assert np.isnan(found.effect).all()
    assert found.to_rows()[0]["effect"] is None


def test_deeper_layers_are_scored_too(pictures: Any, random: np.random.Generator) -> None:
    network = dense_network(256, (10, 8), 3)
    found = parts(picture_model(network, make_parameters(network, random)), pictures, layer=2)
    assert found.scores.shape == (8, 14)
    assert ((found.overlap >= 0) & (found.overlap <= 1)).all()
    assert found.pool >= 8 * 14 / 0.05


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"layer": 2}, "there is no hidden layer 2: they go from 1 to 1"),
        ({"alpha": 0}, "alpha must be between 0 and 1, got 0"),
        ({"concepts": []}, "at least one concept is needed, got none"),
        ({"concepts": [Concept("hat", np.zeros(250, bool))]}, "at least 5 examples with it and 5 without it"),
        ({"concepts": [Concept("hat", np.zeros(3, bool))]}, "concept 'hat': 250 rows need as many marks"),
        ({"y": [1, 2]}, "250 rows of inputs need as many answers, got 2"),
    ],
)
def test_what_does_not_fit_is_refused(pictures: Any, random: np.random.Generator, asked: Any, told: str) -> None:
    network = dense_network(256, (4,), 2)
    model = picture_model(network, make_parameters(network, random))
    with pytest.raises(LimpidError, match=told):
        parts(model, pictures, **asked)
    with pytest.raises(LimpidError, match="concepts are needed: only pictures"):
        parts(model_of(network, model.parameters), pictures)


def hand_built(activation: str) -> Model:
    """Four neurons: dead, always on, the same for all, at work; inputs from -1 to 1."""
    network = dense_network(1, (4,), 1, activation)
    W = np.array([[1.0, 1.0, 0.0, 5.0]])
    parameters = {"W1": W, "b1": np.array([-9.0, 9.0, 0.3, 0.0]), "W2": np.ones((4, 1)), "b2": np.zeros(1)}
    none = Scaling.none(1)
    return Model(network, parameters, "regression", none, none)


def test_every_kind_of_trouble_is_found() -> None:
    X = np.linspace(-1, 1, 101)[:, None]
    (relu,) = health(hand_built("relu"), X).layers
    assert relu.dead.tolist() == [True, False, False, False]
    assert relu.always_on.tolist() == [False, True, True, False]
    assert relu.constant.tolist() == [False, False, True, False]
    assert relu.on[3] == pytest.approx(50 / 101)
    (tanh,) = health(hand_built("tanh"), X).layers
    assert tanh.saturated[:3].tolist() == [1, 1, 0]
    assert tanh.saturated[3] == pytest.approx(np.mean(np.abs(np.tanh(5 * X)) > 0.95))
    (sigmoid,) = health(hand_built("sigmoid"), X).layers
    values = 1 / (1 + np.exp(-5 * X))
    assert sigmoid.saturated[3] == pytest.approx(np.mean((values < 0.05) | (values > 0.95)))
    found = health(hand_built("relu"), X)
    assert "1 dead" in found.words
    assert any("1 of 4 neurons of hidden layer 1 is dead: a lower learning rate" in told for told in found.warnings)
    assert found.to_rows()[0]["dead"]
    assert found.plot().ax_.patches


def growing(*factors: float) -> Model:
    """Each neuron passes on what its one input is, times the layer's factor."""
    network = dense_network(4, (4,) * len(factors), 1, "identity")
    parameters = make_parameters(network, np.random.default_rng(0))
    for number, factor in enumerate(factors, start=1):
        parameters |= {f"W{number}": factor * np.eye(4), f"b{number}": np.zeros(4)}
    return model_of(network, parameters)


def test_sums_that_explode_are_told(random: np.random.Generator) -> None:
    X = random.normal(size=(50, 4))
    assert health(growing(1, 9, 9), X).warnings == []
    assert [each.size for each in health(growing(1, 9, 9), X).layers] == pytest.approx(
        [np.sqrt((X**2).mean()) * factor for factor in (1, 9, 81)]
    )
    (told,) = health(growing(1, 9, 11), X).warnings
    assert told.startswith("Sums grow 11-fold from hidden layer 2 to hidden layer 3: smaller initial weights")
    (told,) = health(growing(1, 5, 5, 5), X).warnings
    assert told.startswith("Sums grow 125-fold from hidden layer 1 to hidden layer 4")
    apart = growing(1)
    apart.parameters["W1"][2, 2] = 2000
    found = health(apart, X)
    assert found.layers[0].exploding.tolist() == [False, False, True, False]
    assert "1 of 4 neurons of hidden layer 1 is exploding: a lower learning rate" in found.words
    assert "The largest weight of the hidden layer 1 is 2,000 times the middle one" in found.words


def test_what_is_not_finite_is_told_not_refused(random: np.random.Generator) -> None:
    network = dense_network(3, (5, 5), 1)
    parameters = make_parameters(network, random)
    parameters["W1"][0, 2] = np.nan
    found = health(model_of(network, parameters), random.normal(size=(50, 3)))
    assert found.layers[0].exploding.tolist() == [False, False, True, False, False]
    assert found.layers[1].exploding.all()
    assert "Weights of the hidden layer 1 are not finite: train again" in found.words
    assert "exploding" in found.words
    parameters["W1"][0, 2] = 1e308
    found = health(replace(model_of(network, parameters), engine="reference"), 1e3 * np.ones((5, 3)))
    assert found.layers[0].exploding.tolist() == [False, False, True, False, False]


@pytest.mark.parametrize("name", [name for name, each in ACTIVATIONS.items() if each.hidden])
def test_every_activation_is_looked_at(name: str, random: np.random.Generator) -> None:
    network = dense_network(3, (40,), 1, name)
    model, X = model_of(network, make_parameters(network, random)), random.normal(size=(90, 3))
    (found,) = health(model, X).layers
    a, z = model.trace(X).a[1], model.trace(X).z[0]
    np.testing.assert_allclose(found.on, (a > 0).mean(axis=0))
    np.testing.assert_allclose(found.sizes, np.sqrt((z**2).mean(axis=0)))
    linear = name in {"relu", "leaky_relu", "elu", "selu"}
    assert (found.always_on == ((z > 0).all(axis=0) & linear)).all()


def test_rows_in_parts_are_rows_together(random: np.random.Generator) -> None:
    network = dense_network(3, (5,), 1, "sigmoid")
    model, X = model_of(network, make_parameters(network, random)), random.normal(size=(9000, 3))
    (found,) = health(model, X).layers
    a = model.trace(X).a[1]
    np.testing.assert_allclose(found.mean, a.mean(axis=0))
    np.testing.assert_allclose(found.largest, a.max(axis=0))
    line = model_of(Network(3, (Dense(1, "identity"),), "squared_error"), {"W1": np.ones((3, 1)), "b1": np.ones(1)})
    assert health(line, X).words == "There are no hidden neurons to look at."


def test_cka_is_its_formula_and_does_not_see_turns(random: np.random.Generator) -> None:
    X, Y = random.normal(size=(40, 5)), random.normal(size=(40, 7))
    X_, Y_ = X - X.mean(axis=0), Y - Y.mean(axis=0)
    wanted = np.linalg.norm(Y_.T @ X_) ** 2 / (np.linalg.norm(X_.T @ X_) * np.linalg.norm(Y_.T @ Y_))
    assert linear_cka(X, Y) == pytest.approx(wanted)
    turned, _ = np.linalg.qr(random.normal(size=(5, 5)))
    assert linear_cka(X, 3 * X @ turned + 1) == pytest.approx(1)
    assert linear_cka(X, np.ones((40, 2))) == 0


def test_layers_know_more_than_their_control() -> None:
    data = read("digits").rows(np.arange(500))
    learning = learn(data, hidden=[32, 16], epochs=100, seed=0)
    list(learning)
    assert data.y is not None
    found = layers(learning.model, data.X, data.y)
    assert found.names == ["inputs", "hidden layer 1", "hidden layer 2", "output layer"]
    assert found.accuracy.min() > 0.85
    assert found.control.max() < 0.4
    assert found.selectivity.min() > 0.5
    np.testing.assert_allclose(found.cka, found.cka.T, atol=1e-12)
    np.testing.assert_allclose(np.diag(found.cka), 1)
    assert found.words.startswith("A linear reader of the inputs has accuracy")
    assert found.plot().ax_.lines
    assert found.to_frame().height == 4
    with pytest.raises(LimpidError, match="at least 20 rows are needed"):
        layers(learning.model, data.X[:10], data.y[:10])
    with pytest.raises(LimpidError, match="500 rows of inputs need as many answers, got 3"):
        layers(learning.model, data.X, [1, 2, 3])
    with pytest.raises(LimpidError, match="answers must be one label for each row, got shape"):
        layers(learning.model, data.X, np.ones((500, 2)))
    with pytest.raises(LimpidError, match="33"):
        layers(learning.model, data.X, np.full(500, 33))


def test_numbers_are_read_by_r_squared(random: np.random.Generator) -> None:
    network = dense_network(4, (6,), 1, "tanh", "identity")
    X = random.normal(size=(300, 4))
    found = layers(model_of(network, make_parameters(network, random)), X, X @ [1.0, 2.0, 0.0, -1.0])
    assert found.accuracy[0] > 0.99
    assert found.label == "R²"


def test_several_answers_a_row_are_read_on_average(random: np.random.Generator) -> None:
    network = dense_network(4, (6,), 2, "tanh", "identity")
    X = random.normal(size=(300, 4))
    told, noise = X @ [1.0, 2.0, 0.0, -1.0], random.normal(size=300)
    both = layers(model_of(network, make_parameters(network, random)), X, np.column_stack([told, noise]))
    assert both.accuracy[0] == pytest.approx(0.5, abs=0.1)
    with pytest.raises(LimpidError, match="answers must be finite numbers, got nan"):
        layers(model_of(network, make_parameters(network, random)), X, np.full((300, 2), np.nan))
    labels = np.column_stack([told > 0, noise > 9]).astype(int)
    data = Dataset("two labels", X, labels, "multilabel")
    learning = learn(data, hidden=[5], epochs=2, seed=0)
    list(learning)
    found = layers(learning.model, X, labels)
    assert found.label == "accuracy"
    assert found.accuracy[0] > 0.9
    assert 0.7 < found.chance < 0.8


def test_a_control_is_learned_by_heart_where_rows_are_alike(random: np.random.Generator) -> None:
    """Types of rows that come again and again: a reader can learn a random answer for each."""
    types = random.normal(size=(12, 30))
    X = types[random.integers(12, size=400)]
    learning = learn(Dataset("types", X, (X[:, 0] > 0).astype(int), "classification"), hidden=[20], epochs=2, seed=0)
    list(learning)
    found = layers(learning.model, X, (X[:, 0] > 0).astype(int))
    assert found.control[0] > 0.9
    assert abs(found.selectivity[0]) < 0.1


def test_of_many_rows_some_are_read(random: np.random.Generator) -> None:
    network = dense_network(3, (4,), 1, "tanh", "identity")
    model, X = model_of(network, make_parameters(network, random)), random.normal(size=(9000, 3))
    y = X[:, 0]
    assert layers(model, X, y).accuracy[0] > 0.99
    again, other = layers(model, X, y, random=1), layers(model, X, y, random=2)
    assert (again.cka == layers(model, X, y, random=1).cka).all()
    assert not (again.cka == other.cka).all()


def test_where_inputs_say_most_no_layer_says_more(random: np.random.Generator) -> None:
    network = dense_network(4, (2,), 1, "tanh", "identity")
    X = random.normal(size=(300, 4))
    found = layers(model_of(network, make_parameters(network, random)), X, X @ [1.0, 2.0, 0.0, -1.0])
    assert "of no layer more" in found.words
