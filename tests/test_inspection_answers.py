"""Whether blame is true, what is taken for what, and what fires together: against what really happens."""

from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, MLPRegressor, Model, evaluate, learn, read
from limpid.backprop import Trace, forward
from limpid.explaining import explain
from limpid.frames import table_of
from limpid.inspection import confusions, faithfulness, hebb
from limpid.inspection.draws import source_of
from limpid.inspection.subject import Subject
from limpid.network import Network
from tests.helpers import INSPECTED, assert_close, make_examples, make_parameters, model_of, rows_of


@pytest.fixture(scope="module")
def digits() -> Model:
    learning = learn(read("digits"), hidden=[24, 12], epochs=60, seed=0)
    list(learning)
    return learning.model


@pytest.mark.parametrize("network", INSPECTED[::3], ids=str)
def test_what_follows_from_a_layer_is_the_rest_of_the_network(network: Network, random: np.random.Generator) -> None:
    parameters = make_parameters(network, random)
    subject = Subject.of(model_of(network, parameters))
    trace = forward(network, parameters, random.normal(size=(4, network.inputs)))
    for layer in range(1, subject.depth):
        behind = subject.behind(layer).trace(trace.a[layer])
        assert_close(behind.a[-1], trace.a[-1], 1e-12)


@pytest.mark.parametrize("replacement", ["mean", "zero"])
def test_blame_is_true_and_that_of_random_networks_is_not(digits: Model, replacement: str) -> None:
    X, y = rows_of("digits", 150)
    found = faithfulness(digits, X, y, replacement=replacement)
    assert found.predicted.shape == found.true.shape == (150, 36)
    assert found.correlation > 0.8
    assert found.by_neuron > 0.4
    assert found.randomised.shape == (10,)
    assert abs(found.randomised.mean()) < 0.1
    assert np.abs(found.randomised).max() < 0.2  # the network that the training began with has 0.3
    assert found.gain[1] > 0
    assert found.over_activation[1] > 0
    curves = found.curves
    assert curves["blame"][0] == pytest.approx(curves["random"][0])
    assert curves["blame"][-1] == pytest.approx(curves["random"][-1])
    assert curves["blame"].mean() > curves["random"].mean()
    assert "not surely" not in found.words
    assert found.plot().ax_.lines
    again = faithfulness(digits, X, y, replacement=replacement)
    np.testing.assert_array_equal(again.randomised, found.randomised)
    assert again.gain == found.gain
    assert len(found.to_rows()) == len(curves["blame"])


@pytest.mark.parametrize("seed", [0, np.random.default_rng(0), np.random.RandomState(0)], ids=["int", "new", "old"])
def test_draws_are_not_those_of_a_training_with_the_same_seed(seed: Any) -> None:
    assert abs(np.corrcoef(source_of(seed).normal(size=1000), np.random.default_rng(0).normal(size=1000))[0, 1]) < 0.1
    assert source_of(0).normal() == source_of(0).normal()


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_true_changes_are_those_of_the_whole_network(network: Network, random: np.random.Generator) -> None:
    if not network.hidden:
        return
    parameters, examples = make_parameters(network, random), make_examples(network, random, 4)
    found = faithfulness(model_of(network, parameters), examples.X, examples.Y, replacement="zero")
    subject = Subject.of(model_of(network, parameters))
    trace, column = subject.trace(examples.X), 0

    def costs(trace: Trace) -> Any:
        return network.cost_function.terms_of(network.output, trace.z[-1], trace.a[-1], examples.Y).sum(axis=1)

    for layer in subject.hidden:
        for unit in range(trace.a[layer].shape[1]):
            a = trace.a[layer].copy()
            a[:, unit] = 0
            wanted = costs(subject.behind(layer).trace(a)) - costs(trace)
            assert_close(found.true[:, column], wanted, 1e-12, f"layer {layer}, neuron {unit}")
            column += 1
    assert column == found.true.shape[1]


def test_a_change_that_is_predicted_exactly(random: np.random.Generator) -> None:
    """Where the cost is linear in the activations, blame predicts what happens to the last digit."""
    network = INSPECTED[0]
    network = Network(network.inputs, network.layers, "absolute_error")
    model, examples = model_of(network, make_parameters(network, random)), make_examples(network, random, 6)
    found = faithfulness(model, examples.X, examples.Y + 1000)
    assert_close(found.predicted, found.true, 1e-9)
    assert found.correlation == pytest.approx(1)


def test_confusions_name_pairs_and_who_is_to_blame(digits: Model) -> None:
    X, y = rows_of("digits", 1797)
    found = confusions(digits, X, y, worst=5)
    answered = digits.predict(X)
    assert found.errors == (answered != y).sum() > 5
    assert found.matrix is not None
    assert found.matrix.sum() == 1797
    assert np.trace(found.matrix) == (answered == y).sum()
    true, got, count = found.pairs[0]
    assert ((y == true) & (answered == got)).sum() == count
    costs = [each.cost for each in found.worst]
    assert costs == sorted(costs, reverse=True)
    for each in found.worst:
        assert y[each.row] == each.true != each.answered
        assert each.answered == answered[each.row]
        assert [layer for layer, _, _ in each.blamed] == [1, 1, 1, 2, 2, 2]
    assert found.x.shape == (5, 64)
    assert "taken for" in found.words
    assert found.plot().ax_.images
    assert len(found.plot_worst().ax_.images) == 5
    assert len(found.to_rows()) == 5


def test_of_numbers_the_furthest_off_come_first(random: np.random.Generator) -> None:
    X = random.normal(size=(60, 3))
    data = Dataset("t", X, X @ np.ones(3) + 5, "regression")
    learning = learn(data, hidden=[4], epochs=2)
    list(learning)
    assert data.y is not None
    found = confusions(learning.model, X, data.y, worst=3)
    off = np.abs(learning.model.predict(X) - data.y)
    assert [each.row for each in found.worst] == np.argsort(-off)[:3].tolist()
    assert found.matrix is None
    assert found.plot().ax_.patches
    assert len(found.plot_worst().ax_.patches) == 3


def test_a_perfect_network_has_no_confusions() -> None:
    X = np.repeat(np.eye(2), 30, axis=0)
    data = Dataset("t", X, np.repeat([0, 1], 30))
    learning = learn(data, hidden=[4], epochs=200)
    list(learning)
    found = confusions(learning.model, X, np.repeat([0, 1], 30))
    assert (found.errors, found.worst, found.pairs) == (0, [], [])
    assert found.words == "0 of 60 rows are answered wrongly."


def test_of_several_answers_all_have_to_be_right(random: np.random.Generator) -> None:
    X = random.normal(size=(90, 3))
    y = np.column_stack([X[:, 0] > 0, (X[:, 1:] > 0).sum(axis=1)]).astype(int)
    fitted = MLPClassifier((6,), solver="lbfgs", alpha=1, max_iter=1000, random_state=1).fit(X, y)
    found = confusions(fitted, X, y)
    wrong = (fitted.predict(X) != y).any(axis=1)
    assert found.errors == wrong.sum() > 0
    assert all(wrong[each.row] and each.certainty is None for each in found.worst)
    assert found.words.startswith(f"{wrong.sum()} of 90 rows are answered wrongly. The worst is row")


def test_firing_together_is_the_mean_product(digits: Model) -> None:
    X, y = rows_of("digits", 40)
    found = hebb(digits, X, y)
    trace = Subject.of(digits).trace(Subject.of(digits).x(X))
    for layer in (1, 2, 3):
        wanted = np.mean([np.outer(trace.a[layer - 1][row], trace.a[layer][row]) for row in range(40)], axis=0)
        assert_close(found.together[layer - 1], wanted, 1e-12)
        W = Subject.of(digits).parameters[f"W{layer}"]
        assert found.with_weights[layer - 1] == pytest.approx(np.corrcoef(wanted.ravel(), W.ravel())[0, 1])
    assert found.steps is not None
    assert found.with_steps is not None
    assert_close(found.steps[2], -digits.gradients(X, y).parameters["W3"], 1e-5)
    assert "analogy" in found.words
    assert found.plot().ax_.collections
    assert hebb(digits, X).steps is None
    assert hebb(digits, X).to_rows()[0]["step"] is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda model, X, y: faithfulness(model, X, y, replacement="median"), "one of mean, zero, got 'median'"),
        (lambda model, X, y: faithfulness(model, X, y[:2]), "5 rows of inputs need as many answers, got 2"),
        (lambda model, X, y: confusions(model, X[:, :3], y), "inputs must be rows of 64 numbers"),
        (lambda model, X, y: hebb(model, X, [99] * 5), "label 99 is none of the 10 classes"),
    ],
)
def test_what_does_not_fit_is_refused(digits: Model, asked: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        asked(digits, *rows_of("digits", 5))


def test_without_hidden_layers_no_neuron_is_replaced() -> None:
    learning = learn(read("iris"), hidden=[], epochs=1)
    list(learning)
    with pytest.raises(LimpidError, match="a hidden layer is needed"):
        faithfulness(learning.model, *rows_of("iris", 20))


def test_one_answer_is_explained(digits: Model) -> None:
    data = read("digits")
    found = explain(digits, data, 7)
    assert data.y is not None
    assert found.truth == data.y[6]
    assert found.blame is not None
    assert found.examples is not None
    assert found.learned is not None
    plain = found.describe()
    assert plain["row"] == 7
    assert list(plain["certainty"].values()) == sorted(plain["certainty"].values(), reverse=True)
    pushed = [each["row"] for each in plain["examples"]]
    assert all(data.y[row - 1] == each["answer"] for row, each in zip(pushed, plain["examples"], strict=True))
    assert set(np.array(pushed) - 1) <= set(found.learned.tolist())
    assert len(plain["blamed"]) == 9
    worst = explain(digits, data)
    assert worst.right is False
    assert worst.row == confusions(digits, data.X, data.y, worst=1).worst[0].row + 1


def test_a_row_without_a_true_answer_is_explained_without_blame() -> None:
    table = table_of({"a": list(map(float, range(40))), "b": ["x", "y"] * 20})
    learning = learn(Dataset("t", table, np.arange(40.0), "regression"), hidden=[3], epochs=2)
    list(learning)
    unknown = Dataset("new", table, None, "regression")
    found = explain(learning.model, unknown, 3)
    assert found.blame is None
    assert found.right is None
    assert found.describe()["spoke_for_it"].keys() == {"a", "b"}
    with pytest.raises(LimpidError, match="new: a row must be named with --row"):
        explain(learning.model, unknown)
    with pytest.raises(LimpidError, match="new: there is no row 41: they go from 1 to 40"):
        explain(learning.model, unknown, 41)


def test_a_model_of_lbfgs_is_explained() -> None:
    data = read("iris")
    learning = learn(data, hidden=[3], optimizer="lbfgs", epochs=5)
    list(learning)
    described = explain(learning.model, data, 1).describe()
    assert [row["next_update"] for row in described["weights"]] == [None] * len(described["weights"])


def test_several_answers_a_row_are_all_right_or_wrong() -> None:
    data = read("iris")
    both = np.column_stack([np.asarray(data.y), np.arange(150) % 2])
    fitted = MLPClassifier((4,), solver="lbfgs", alpha=1, max_iter=1000, random_state=0).fit(data.X, both)
    right = (fitted.predict(data.X) == both).all(axis=1)
    assert 0.1 < right.mean() < 0.9
    found = confusions(fitted, data.X, both)
    assert (found.errors, found.matrix) == (150 - right.sum(), None)
    found_by = evaluate(fitted.model_, Dataset("t", data.X, both))
    assert found_by.accuracy == right.mean()


def test_quantiles_say_what_their_answers_are() -> None:
    data = read("iris")
    fitted = MLPRegressor(
        hidden_layer_sizes=(3,), loss="quantile:0.1,0.9", solver="lbfgs", alpha=1, max_iter=500, random_state=0
    )
    fitted.fit(data.X, data.X[:, 0])
    with pytest.raises(LimpidError, match="2 answers .* needed, each number once for each of its 2 quantiles, got 1"):
        confusions(fitted, data.X, data.X[:, 0])
    assert confusions(fitted, data.X, data.X[:, [0, 0]]).rows == 150
