"""What grew and shrank since the start, and what pruning leaves: against weights and signals that are known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, Model, learn, read
from limpid.encoder import Scaling
from limpid.inspection import Growth, Pruning, growth
from limpid.network import hidden_activations
from limpid.normalization import NORMALIZATIONS
from tests.helpers import make_network, make_parameters
from tests.test_inspection_course import learned, table


def by_hand(W: Any, start: Any, network: Any = None) -> Model:
    """Weights of one layer of two inputs and one output, at the end and at the start."""
    network = network or replace(make_network(hidden=()), inputs=2)
    network = replace(network, layers=(replace(network.layers[0], units=1),))
    nothing = np.zeros(1)
    path = [{"W1": np.asarray(each, float).reshape(2, 1), "b1": nothing} for each in (start, W)]
    return Model(network, path[1], "regression", Scaling.none(2), Scaling.none(1), path=path)


def test_what_grew_and_what_shrank() -> None:
    found = growth(by_hand(W=[-3.0, 0.5], start=[1.0, -2.0]))
    (layer,) = found.layers
    assert layer.changes.tolist() == [2.0, -1.5]
    assert layer.grown == 0.5
    assert (layer.of_major, layer.of_minor) == (3.0, 0.25)
    assert found.pruning is None
    assert found.ranked(1) == [
        {"layer": 1, "from": "input 0", "to": "output 0", "start": 1.0, "end": -3.0, "change": 2.0}
    ]
    assert found.ranked(1, shrunk=True)[0]["from"] == "input 1"
    assert found.words == (
        "50% of the weights of the output layer grew: its largest tenth are 3 times as large as at the start, the "
        "others 0.25 times as large as at the start. The weight from input 0 to output 0 grew most in "
        "size, from 1 to -3."
    )


def test_from_zeros_no_factor_is_made_up() -> None:
    model = learned(initial_weights="zeros", hidden=[])
    assert "its largest tenth are where 0 was" in growth(model).words


def test_pruning_takes_the_smallest_or_those_that_little_comes_in_through() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(50, 2)) * [100.0, 0.001]
    model = by_hand(W=[0.1, 1.0], start=[1.0, 1.0])
    found = growth(model, X, X @ [0.1, 1.0]).pruning
    assert found is not None
    half = int(np.flatnonzero(found.shares == 50)[0])
    assert found.by_size[0] == found.by_signal[0] == 1.0
    assert found.by_size[half] < 0.01  # the weight of 0.1 went, through which all comes in
    assert found.by_signal[half] > 0.99
    assert found.spare == 70
    assert found.words.startswith("70% of the weights can go: without the least important of them R² is 1.000 instead")


def test_pruning_to_the_last_share_is_pruning_by_hand(random: np.random.Generator) -> None:
    data = read("iris")
    model = learned(hidden=[6, 5], epochs=20)
    found = growth(model, data.X, data.y).pruning
    assert found is not None
    weights = {name: array for name, array in model.parameters.items() if name.startswith("W")}
    sizes = np.sort(np.concatenate([np.abs(W).ravel() for W in weights.values()]))
    for share, score in zip(found.shares, found.by_size, strict=True):
        gone = round(share / 100 * len(sizes))
        least = sizes[gone - 1] if gone else -1.0
        pruned = {name: np.where(np.abs(W) <= least, 0, W).astype(W.dtype) for name, W in weights.items()}
        hand = replace(model, parameters={**model.parameters, **pruned})
        assert score == pytest.approx((hand.predict(data.X) == data.y).mean())


CASES: list[dict[str, Any]] = [
    *({"activation": name} for name in hidden_activations()),
    *({"normalization": name} for name in NORMALIZATIONS),
    {"hidden": []},
    {"output": "sigmoid"},
]


@pytest.mark.parametrize("choices", CASES, ids=str)
def test_every_kind_of_network(choices: dict[str, Any]) -> None:
    data = read("iris")
    model = learned(**choices)
    found = growth(model, data.X, data.y)
    assert [each.after.size for each in found.layers] == [
        model.parameters[f"W{each.layer}"].size for each in found.layers
    ]
    assert found.pruning is not None
    assert found.pruning.by_size[0] == found.pruning.by_signal[0] == (model.predict(data.X) == data.y).mean()


def test_of_an_embedding_only_what_is_learned_counts() -> None:
    model, data = learned(table(), embedding=2), table()
    found = growth(model, data.X, data.y)
    embedding = model.network.embedding
    assert embedding is not None
    assert found.layers[0].after.size == embedding.count()
    assert {row["from"] for row in found.ranked(layer=1)} <= set(model.features)
    assert found.ranked(1, layer=1)[0]["to"].endswith("of embedding")


def test_several_answers_are_scored_one_by_one() -> None:
    random = np.random.default_rng(1)
    X = random.normal(size=(80, 3))
    y = np.column_stack([X[:, 0] > 0, np.digitize(X[:, 1], [-0.5, 0.5])]).astype(int)
    fitted = MLPClassifier((8,), solver="lbfgs", max_iter=200, random_state=0).fit(X, y)
    found = growth(fitted, X, y).pruning
    assert found is not None
    assert found.by_size[0] == pytest.approx((fitted.predict(X) == y).mean())
    marks = (np.column_stack([X[:, 0] > 0, X[:, 1] > 0]) * 1).astype(int)
    labelled = MLPClassifier((8,), solver="lbfgs", max_iter=200, random_state=0).fit(X, marks)
    several = growth(labelled, X, marks).pruning
    assert several is not None
    assert several.by_size[0] == (labelled.predict(X) == marks).all(axis=1).mean()


def test_rows_and_pictures() -> None:
    data = read("iris")
    found = growth(learned(hidden=[6, 5]), data.X, data.y)
    rows = found.to_rows()
    assert len(rows) == 40
    assert rows[0]["change"] == max(row["change"] for row in rows)
    assert all(type(value) in {int, float, str} for row in rows for value in row.values())
    assert found.to_frame().shape == (40, 6)
    assert [each.get_text() for each in found.plot().ax_.get_xticklabels()] == [
        "hidden layer 1",
        "hidden layer 2",
        "output layer",
    ]
    assert found.pruning is not None
    assert len(found.pruning.plot().ax_.lines) == 2
    assert [row["pruned"] for row in found.pruning.to_rows()] == [*range(0, 100, 10), 95]


def test_what_does_not_fit_is_refused() -> None:
    data, model = read("iris"), learned()
    with pytest.raises(LimpidError, match="X and y belong together"):
        growth(model, data.X)
    with pytest.raises(LimpidError, match="not known where the model's descent began: learn it with keep_path=True"):
        growth(replace(model, origin=model.origin._replace(recipe={})))
    with pytest.raises(LimpidError, match="there is no layer 3: they go from 1 to 2"):
        growth(model).ranked(layer=3)
    with pytest.raises(LimpidError, match="a Model or a fitted estimator is needed"):
        growth("model")


def test_a_network_that_needs_every_weight_is_told(random: np.random.Generator) -> None:
    subject = growth(by_hand([1.0, 1.0], [1.0, 1.0])).subject
    shares, falling = np.array([0.0, 10.0, 20.0]), np.array([1.0, 0.5, 0.2])
    found = Pruning(subject, shares, falling, falling)
    assert found.spare == 0
    assert found.words == "No weights can go: already without 10% of them R² falls to 0.500."


def test_digits_need_few_of_their_weights() -> None:
    learning = learn(read("digits"), hidden=[32], seed=0, epochs=30)
    list(learning)
    test = learning.test
    assert test is not None
    found: Growth = growth(learning.model, test.X, test.y)
    assert found.pruning is not None
    assert found.pruning.spare >= 30
    assert found.pruning.by_size[-1] < 0.7
    assert found.layers[0].of_major > found.layers[0].of_minor > 1


def test_a_network_of_its_own_numbers_works_too(random: np.random.Generator) -> None:
    network = make_network("tanh", "exp", "poisson")
    one, other = make_parameters(network, random), make_parameters(network, random)
    model = Model(network, one, "regression", Scaling.none(3), Scaling.none(3), path=[other, one])
    data = Dataset("counts", random.normal(size=(20, 3)), random.poisson(2.0, (20, 3)), "regression")
    found = growth(model, data.X, data.y)
    assert found.pruning is not None
    np.testing.assert_array_equal(found.layers[1].before, other["W2"].ravel())
