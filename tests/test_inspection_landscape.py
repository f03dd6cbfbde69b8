"""The slice through a model and the plane of its way down: each point's cost, directions as they must be."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from limpid import Dataset, LimpidError, MLPClassifier, Model, learn, read
from limpid.backprop import gradients
from limpid.encoder import Scaling
from limpid.inspection import Landscape, landscape
from limpid.inspection.flat import Flat
from limpid.inspection.subject import Subject
from limpid.inspection.trained import as_trained
from limpid.network import Network, Parameters, hidden_activations
from limpid.normalization import NORMALIZATIONS
from tests.helpers import EMBEDDINGS, fitting_pairs, make_examples, make_network, make_parameters
from tests.test_inspection_course import table


def learned(dataset: Dataset | None = None, **choices: Any) -> Model:
    learning = learn(dataset or read("iris"), **{"hidden": [5], "epochs": 6, "keep_path": True, **choices})
    list(learning)
    return learning.model


def rows_of(data: Dataset) -> tuple[Any, Any]:
    return data.X, data.y


def moved(found: Landscape, x: float, y: float) -> Parameters:
    one, other = found.directions
    return {name: array + x * one[name] + y * other[name] for name, array in found.subject.parameters.items()}


NETWORKS = [
    *(make_network(name) for name in hidden_activations()),
    *(make_network(normalization=name) for name in NORMALIZATIONS),
    *(make_network(embedding=embedding) for embedding in EMBEDDINGS),
    *(make_network("tanh", output, cost) for output, cost in fitting_pairs()),
    make_network(hidden=()),
]


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_each_point_is_the_cost_with_those_weights(network: Network, random: np.random.Generator) -> None:
    examples = make_examples(network, random, rows=20)
    scaling = Scaling.none(network.inputs), Scaling.none(network.outputs)
    model = Model(network, make_parameters(network, random), "regression", *scaling)
    found = landscape(model, examples.X, examples.Y, grid=3, span=0.5)
    assert found.costs.shape == (3, 3)
    assert found.steps.tolist() == [-0.5, 0.0, 0.5]
    assert found.way is None
    for down, y in enumerate(found.steps):
        for across, x in enumerate(found.steps):
            wanted = gradients(network, moved(found, x, y), examples.X, examples.Y).cost
            assert found.costs[down, across] == pytest.approx(wanted, rel=1e-9)
    assert found.costs[1, 1] == found.cost


@pytest.mark.parametrize("network", NETWORKS[:20], ids=str)
def test_each_neuron_moves_by_the_length_of_its_weights(network: Network, random: np.random.Generator) -> None:
    scaling = Scaling.none(network.inputs), Scaling.none(network.outputs)
    model = Model(network, make_parameters(network, random), "regression", *scaling)
    examples = make_examples(network, random)
    marks = Flat.of(network).learned
    for direction in landscape(model, examples.X, examples.Y, grid=3).directions:
        for name, step in direction.items():
            if not name.startswith("W"):
                assert not step.any(), name
                continue
            weights = np.where(marks[name], model.parameters[name], 0)
            np.testing.assert_allclose(np.linalg.norm(step, axis=0), np.linalg.norm(weights, axis=0), err_msg=name)
            assert not step[~marks[name]].any()


def test_the_penalty_is_part_of_it() -> None:
    data, model = read("iris"), learned(l2=2.0, precision="float64")
    found = landscape(model, *rows_of(data), grid=3)
    trained = as_trained(Subject.of(model), *rows_of(data))
    assert trained.penalty(found.subject.parameters) > 0.01
    there = moved(found, found.steps[2], found.steps[0])
    assert found.costs[0, 2] == pytest.approx(trained.whole(there), rel=1e-9)


@pytest.mark.parametrize("choices", [{}, {"normalization": "batch"}, {"normalization": "layer"}], ids=str)
def test_the_plane_holds_the_way(choices: dict[str, Any]) -> None:
    data, model = read("iris"), learned(precision="float64", **choices)
    way = landscape(model, *rows_of(data), grid=5).way
    assert way is not None
    assert model.path is not None
    marks = Flat.of(model.network).learned
    ends = np.stack([np.concatenate([place[name][mark] for name, mark in marks.items()]) for place in model.path])
    apart = ends - ends[way.kept]
    _, lengths, axes = np.linalg.svd(apart, full_matrices=False)
    np.testing.assert_allclose(way.explained, (lengths**2 / (lengths**2).sum())[:2])
    np.testing.assert_allclose(np.abs(way.coordinates), np.abs(apart @ axes[:2].T), atol=1e-9)
    assert way.kept == 6
    np.testing.assert_allclose(way.coordinates[way.kept], 0, atol=1e-9)
    assert (way.coordinates[0] >= 0).all()
    assert way.xs[0] < way.coordinates[:, 0].min()
    assert way.xs[-1] > way.coordinates[:, 0].max()
    trained = as_trained(Subject.of(model), *rows_of(data))
    np.testing.assert_allclose(way.place_costs, [trained.whole(place) for place in model.path])
    assert way.place_costs[0] > way.place_costs[-1]
    assert way.costs.shape == (5, 5)


def test_a_point_of_the_plane_is_where_the_way_passed() -> None:
    """Of two epochs the way lies wholly in the plane: each place costs what the plane says there."""
    data, model = read("iris"), learned(epochs=2, precision="float64")
    way = landscape(model, *rows_of(data), grid=51).way
    assert way is not None
    assert way.explained.sum() == pytest.approx(1)
    for (x, y), cost in zip(way.coordinates, way.place_costs, strict=True):
        across, down = np.abs(way.xs - x).argmin(), np.abs(way.ys - y).argmin()
        assert way.costs[down, across] == pytest.approx(cost, rel=0.06)


def test_a_way_in_a_line_has_no_plane() -> None:
    data, model = read("iris"), learned(epochs=1)
    found = landscape(model, *rows_of(data), grid=3)
    assert found.way is None


def test_of_an_embedding_only_what_is_learned_moves() -> None:
    data = table()
    model = learned(data, embedding=2, epochs=3)
    found = landscape(model, *rows_of(data), grid=3)
    assert found.way is not None
    assert model.network.embedding is not None
    assert not found.directions[0]["W1"][~model.network.embedding.learned].any()


def test_many_rows_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["limpid.inspection.landscape"], "ROWS", 40)
    data = read("iris")
    assert landscape(learned(), *rows_of(data), grid=3).rows == 40
    X, y = data.X, (np.asarray(data.y) == "setosa") * 1
    fitted = MLPClassifier((3,), solver="lbfgs", alpha=1, max_iter=500, random_state=0).fit(X, y)
    dense, sparse = (landscape(fitted, given, y, grid=3) for given in (X, scipy.sparse.csr_array(X)))
    assert dense.rows == sparse.rows == 40
    np.testing.assert_allclose(dense.costs, sparse.costs)
    mixed = table()
    assert landscape(learned(mixed), *rows_of(mixed), grid=3).rows == 40
    with pytest.raises(LimpidError, match="150 rows of inputs need as many answers, got 149"):
        landscape(fitted, X, y[1:])


def test_words_rows_and_pictures() -> None:
    data, model = read("iris"), learned()
    found = landscape(model, *rows_of(data), grid=5)
    assert found.way is not None
    assert found.words.startswith(f"On a slice through {model.network.count()} numbers the cost goes from ")
    assert "Two random directions are a slice, not the whole." in found.words
    assert "of the way of 6 epochs lay in one plane" in found.words
    rows = found.to_rows()
    assert len(rows) == 25
    assert rows[0]["cost"] == found.costs.min() == found.lowest[2]
    assert (rows[0]["x"], rows[0]["y"]) == found.lowest[:2]
    assert [row["epoch"] for row in found.way.to_rows()] == list(range(7))
    assert found.plot().ax_.get_title() == "a slice, not the whole"
    assert len(found.way.plot().ax_.lines) == 2
    without = landscape(replace(model, path=None), *rows_of(data), grid=3)
    assert without.words.endswith("For the way down learn it with keep_path=True.")
    assert np.array_equal(without.directions[0]["W1"], found.directions[0]["W1"])


def test_same_seed_same_slice() -> None:
    data, model = read("iris"), learned()
    one, two, other = (landscape(model, *rows_of(data), random=seed, grid=3) for seed in (1, 1, 2))
    assert np.array_equal(one.costs, two.costs)
    assert not np.array_equal(one.costs, other.costs)


def test_what_does_not_fit_is_refused() -> None:
    data, model = read("iris"), learned(epochs=1)
    for wrong, told in (
        ({"grid": 2}, "the grid must have at least 3 points a side, got 2"),
        ({"grid": 5.0}, "got 5.0"),
        ({"span": 0}, "the span must be a finite number above 0, got 0"),
        ({"span": np.inf}, "got inf"),
    ):
        with pytest.raises(LimpidError, match=told):
            landscape(model, *rows_of(data), **wrong)
    with pytest.raises(LimpidError, match="inputs must be rows of 4 numbers"):
        landscape(model, data.X[:, :2], np.asarray(data.y))
