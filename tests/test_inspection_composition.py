"""Pushes add up, the tree is that of a network built by hand, and taking away what pushes proves it."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, Model, learn, read
from limpid.encoder import Scaling
from limpid.frames import table_of
from limpid.inspection import Node, compose
from limpid.inspection.composition import _of_z
from limpid.inspection.subject import Subject
from limpid.network import Network, dense_network
from tests.helpers import INSPECTED, assert_close, make_examples, make_network, make_parameters, model_of

DEEP = [network for network in INSPECTED if network.hidden]


@pytest.mark.parametrize("network", DEEP, ids=str)
def test_pushes_of_each_layer_add_up(network: Network, random: np.random.Generator) -> None:
    model = model_of(network, make_parameters(network, random))
    X = random.normal(size=(25, network.inputs))
    found = compose(model, 1, X, draws=3)
    subject = Subject.of(model)
    of_z, trace = _of_z(subject, 1, 1.0), subject.trace(X)
    for layer in subject.hidden:
        behind = subject.behind(layer)
        at_mean = behind.trace(trace.a[layer].mean(axis=0)[None]).z[-1] @ of_z
        whole = (trace.z[-1][found.rows] @ of_z - at_mean).mean()
        assert_close(found.pushes[layer].sum(), whole, 1e-8)
        assert np.abs(found.residuals[layer]).max() < 1e-8
    assert found.root.push == pytest.approx(found.pushes[subject.hidden[-1]].sum())


@pytest.mark.parametrize("network", DEEP, ids=str)
def test_what_is_behind_a_layer_goes_on_as_before(network: Network, random: np.random.Generator) -> None:
    subject = Subject.of(model_of(network, make_parameters(network, random)))
    trace = subject.trace(make_examples(network, random).X)
    for layer in range(1, subject.depth):
        behind = subject.behind(layer)
        assert set(behind.parameters) == set(behind.network.shapes())
        for number, z in enumerate(behind.trace(trace.a[layer]).z):
            np.testing.assert_array_equal(z, trace.z[layer + number])


def test_softmax_counts_less_the_mean_of_its_group(random: np.random.Generator) -> None:
    network = make_network(output="softmax:3,2", cost="cross_entropy")
    subject = Subject.of(model_of(network, make_parameters(network, random)))
    np.testing.assert_allclose(_of_z(subject, 1, 1.0), [-1 / 3, 2 / 3, -1 / 3, 0, 0])
    np.testing.assert_allclose(_of_z(subject, 4, 1.0), [0, 0, 0, -1 / 2, 1 / 2])
    sums = Subject.of(model_of(make_network("relu"), make_parameters(make_network("relu"), random)))
    np.testing.assert_allclose(_of_z(sums, 2, -1.0), [0, 0, -1])


def built() -> Model:
    """Class "left" is both of the inputs 0 and 1, "right" both of 2 and 3; all else in it leads nowhere.

    Layer 1 passes on each input (neurons 0 to 3), layer 2 has the two pairs (neurons 0 and 1).
    """
    network = dense_network(6, (8, 6), 2, "relu", "softmax")
    parameters = {name: np.zeros(shape) for name, shape in network.shapes().items()}
    random = np.random.default_rng(5)
    parameters["W1"][:4, :4] = np.eye(4)
    parameters["W1"][4:, 4:] = random.normal(size=(2, 4))
    parameters["W2"][:4, :2] = [[1, 0], [1, 0], [0, 1], [0, 1]]
    parameters["W2"][4:, 2:] = random.normal(size=(4, 4))
    parameters["b2"][:2] = -1
    parameters["W3"][:2] = 4 * np.eye(2)
    none = Scaling.none
    return Model(network, parameters, "classification", none(6), none(2), np.array(["left", "right"]))


def drawn() -> tuple[Any, Any]:
    """Rows with both of one pair, and noise."""
    random = np.random.default_rng(1)
    left = np.arange(80) % 2 == 0
    pairs = np.where(left[:, None], [1.0, 1, 0, 0], [0, 0, 1.0, 1]) + random.uniform(0, 0.2, (80, 4))
    return np.hstack([pairs, random.uniform(size=(80, 2))]), np.where(left, "left", "right")


def units_of(nodes: list[Node]) -> set[tuple[int, bool]]:
    return {(node.unit, node.high) for node in nodes}


def test_a_network_built_by_hand_is_taken_apart() -> None:
    """Its class is pushed by its own pair being high, and by the other's being low, by nothing else."""
    X, y = drawn()
    found = compose(built(), "left", X, y, branches=2, most=2)
    assert found.rows.tolist() == np.flatnonzero(y == "left").tolist()
    assert units_of(found.root.children) == {(0, True), (1, False)}
    own, other = sorted(found.root.children, key=lambda node: node.unit)
    assert units_of(own.children) == {(0, True), (1, True)}
    assert units_of(other.children) == {(2, False), (3, False)}
    assert all(child.push < 0 for child in other.children)
    for node in own.children:
        (name, push), *others = node.inputs
        assert name == f"input {node.unit}"
        assert push == pytest.approx(X[found.rows, node.unit].mean() - X[:, node.unit].mean())
        assert not others
    np.testing.assert_allclose(found.pushes[1][4:], 0, atol=1e-12)
    np.testing.assert_allclose(found.pushes[2][2:], 0, atol=1e-12)
    assert found.tree["children"][0]["children"]
    assert all(ablation.proven for ablation in found.ablations.values())


def test_what_is_lost_is_what_the_answer_falls_by() -> None:
    X, y = drawn()
    model = built()
    found = compose(model, "right", X, y, most=2, draws=50)
    subject = Subject.of(model)
    trace = subject.trace(X)
    own = np.flatnonzero(y == "right")
    for layer in (1, 2):
        ablation = found.ablations[layer]
        assert len(ablation.units) == 2
        assert set(ablation.units) == set(np.argsort(-found.pushes[layer])[:2])
        a = trace.a[layer][own]
        a[:, ablation.units] = trace.a[layer].mean(axis=0)[ablation.units]
        changed = subject.behind(layer).trace(a).a[-1][:, 1]
        assert ablation.lost == pytest.approx((trace.a[-1][own, 1] - changed).mean())
        assert len(ablation.others) == len(ablation.more) == 50
        assert ablation.more.mean() == pytest.approx(ablation.lost - ablation.others.mean(), abs=0.02)
    assert found.answer == pytest.approx(model.predict_proba(X)[own, 1].mean())


def test_wrong_neurons_prove_nothing() -> None:
    """The pair of the other class, taken for what pushes this one, loses nothing of it."""
    X, y = drawn()
    swapped = compose(built(), "left", X, np.where(y == "left", "right", "left"), most=2)
    assert not any(ablation.proven for ablation in swapped.ablations.values())
    assert "which proves nothing" in swapped.words


@pytest.fixture(scope="module")
def digits() -> Model:
    learning = learn(read("digits"), hidden=[24, 16], epochs=15, seed=0)
    list(learning)
    return learning.model


def test_what_pushes_a_digit_carries_it(digits: Model) -> None:
    data = read("digits")
    proven = []
    for digit in range(10):
        found = compose(digits, digit, data.X, data.y)
        proven += [ablation.proven for ablation in found.ablations.values()]
        for ablation in found.ablations.values():
            assert ablation.others_lost is not None
            assert ablation.lost > ablation.others_lost
    assert np.mean(proven) >= 0.9
    again = compose(digits, 9, data.X, data.y, random=np.random.default_rng(0))
    np.testing.assert_array_equal(again.ablations[1].others, found.ablations[1].others)
    first = found.to_rows()[0]
    assert (first["layer"], first["neuron"]) == (2, found.root.children[0].unit)
    assert found.plot().ax_.texts
    assert found.input_pushes[found.root.children[0].children[0].unit].shape == (64,)
    assert "these carry it" in found.words


def test_a_models_own_answers_choose_the_rows(digits: Model) -> None:
    X = read("digits").X
    found = compose(digits, 3, X)
    np.testing.assert_array_equal(found.rows, np.flatnonzero(digits.predict(X) == 3))


def test_one_output_has_both_classes() -> None:
    table = read("breast_cancer")
    X = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    fitted = MLPClassifier((8,), max_iter=400, random_state=0, alpha=1, solver="lbfgs").fit(X, table.y)
    both = [compose(fitted, each, X, table.y) for each in fitted.classes_]
    for found, at in zip(both, (0, 1), strict=True):
        np.testing.assert_array_equal(found.rows, np.flatnonzero(table.y == fitted.classes_[at]))
        assert found.answer == pytest.approx(fitted.predict_proba(X)[found.rows, at].mean(), abs=1e-5)
        assert found.root.push > 0


def test_a_number_is_looked_at_where_it_is_high_and_columns_are_named(random: np.random.Generator) -> None:
    cells: Any = {"size": random.normal(50, 10, size=200), "noise": random.normal(size=200), "kind": list("abab" * 50)}
    price = cells["size"] * 3
    data = Dataset("t", table_of(cells), price, "regression", targets=("price",))
    learning = learn(data, hidden=[12, 6], epochs=60, seed=0)
    list(learning)
    for y in (None, price):
        found = compose(learning.model, 0, cells, y)
        assert len(found.rows) == 20
        assert found.answer == pytest.approx(learning.model.predict(cells)[found.rows].mean(), rel=1e-5)
    np.testing.assert_array_equal(found.rows, np.sort(np.argsort(-price, kind="stable")[:20]))
    assert found.target == "price"
    leaves = [leaf for node in found.root.children for leaf in node.children]
    assert {leaf.inputs[0][0] for leaf in leaves} == {"size"}
    assert found.plot().ax_.texts
    assert "the value of price is" in found.words


def test_several_labels_and_answers_are_looked_at_one_by_one(random: np.random.Generator) -> None:
    X = random.normal(size=(120, 4))
    labels = (X[:, :2] > 0).astype(int)
    answers = np.stack([np.where(X[:, 0] > 0, "a", "b"), np.where(X[:, 1] > 0, "c", "d")], axis=1)
    for y, target, wanted in ((labels, 1, labels[:, 1] == 1), (answers, "d", answers[:, 1] == "d")):
        fitted = MLPClassifier((6,), random_state=0, solver="lbfgs", alpha=1, max_iter=1000).fit(X, y)
        found = compose(fitted, target, X, y)
        np.testing.assert_array_equal(found.rows, np.flatnonzero(wanted))
        assert found.answer > 0.5
        assert found.ablations[1].lost > (found.ablations[1].others_lost or 0)


def test_a_layer_of_one_has_no_others_to_compare_with(random: np.random.Generator) -> None:
    network = make_network("tanh", hidden=(1,))
    found = compose(model_of(network, make_parameters(network, random)), 0, random.normal(size=(20, 3)))
    ablation = found.ablations[1]
    assert ablation.others_lost is None
    assert ablation.p is None
    assert not ablation.proven
    assert "there are not as many others" in found.words


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"target": 77}, "77 is none of the classes"),
        ({"target": 3, "y": [1, 2, 4]}, "no row of X has 3"),
        ({"target": 3, "y": [1, 2]}, "3 rows of inputs need as many answers, got 2"),
        ({"target": 1, "y": [1, 2, 4], "draws": 0}, "draws must be a positive integer, got 0"),
        ({"target": 1, "y": [1, 2, 4], "most": -1}, "most must be a positive integer, got -1"),
        ({"target": 1, "y": [1, 2, 4], "branches": 1.5}, "branches must be a positive integer, got 1.5"),
    ],
)
def test_what_does_not_fit_is_refused(digits: Model, asked: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        compose(digits, X=read("digits").X[:3], **asked)


def test_a_network_without_hidden_layers_has_no_parts(random: np.random.Generator) -> None:
    network = make_network(hidden=())
    model = model_of(network, make_parameters(network, random))
    with pytest.raises(LimpidError, match="a hidden layer is needed"):
        compose(model, 0, random.normal(size=(4, 3)))
    shown = Model(network, model.parameters, "classification", Scaling.none(3), Scaling.none(3), np.array([1, 2, 3]))
    with pytest.raises(LimpidError, match="a hidden layer is needed"):
        compose(shown, 1, random.normal(size=(4, 3)))
