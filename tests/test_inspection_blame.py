"""Blame is what it is defined as: slopes, sums and chains that add up, and the step that training would really make."""

from typing import Any

import numpy as np
import pytest

from limpid import LimpidError, MLPClassifier, Model, learn, read
from limpid.backprop import backward, forward
from limpid.costs import Cost
from limpid.engines import State, StepRule, find_engine
from limpid.inspection import Blame, blame, blame_examples
from limpid.network import Network, Parameters
from limpid.recipe import Recipe, optimizer_of
from limpid.solvers import SOLVERS
from tests.helpers import (
    INSPECTED,
    assert_close,
    central_difference,
    learned,
    make_examples,
    make_parameters,
    model_of,
    rows_of,
)


def blamed(network: Network, random: np.random.Generator, rows: int = 3) -> tuple[Blame, Parameters, Any]:
    parameters, examples = make_parameters(network, random), make_examples(network, random, rows)
    return blame(model_of(network, parameters), examples.X, examples.Y), parameters, examples


def cost_of(network: Network, parameters: Parameters, x: Any, y: Any) -> float:
    trace = forward(network, parameters, x)
    return float(network.cost_function.terms_of(network.output, trace.z[-1], trace.a[-1], y).sum(axis=1).mean())


def from_layer(network: Network, parameters: Parameters, layer: int, z: Any, y: Any) -> float:
    """The cost where the z of `layer` are those given."""
    a = network.layers[layer - 1].function.value(z)
    for number in range(layer + 1, len(network.layers) + 1):
        part = Network(a.shape[1], network.layers[number - 1 :], network.cost)
        own = {f"{name[:-1]}1": array for name, array in parameters.items() if name[-1] == str(number)}
        z = forward(Network(a.shape[1], part.layers, part.cost), own | _rest(parameters, number), a).z[0]
        a = network.layers[number - 1].function.value(z)
    return float(network.cost_function.terms_of(network.output, z, a, y).sum(axis=1).mean())


def _rest(parameters: Parameters, number: int) -> Parameters:
    return {
        f"{name.rstrip('0123456789')}{int(name[-1]) - number + 1}": array
        for name, array in parameters.items()
        if int(name[-1]) > number
    }


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_every_delta_is_a_central_difference(network: Network, random: np.random.Generator) -> None:
    found, parameters, examples = blamed(network, random)
    for layer in range(1, len(network.layers) + 1):
        z = found.trace.z[layer - 1]
        for row, unit in np.ndindex(z.shape):
            one = np.zeros_like(z)
            one[row, unit] = 1

            def cost(t: Any, layer: int = layer, z: Any = z, one: Any = one) -> Any:
                return from_layer(network, parameters, layer, z + t * one, examples.Y)

            slope = central_difference(cost, np.array(0.0))
            assert_close(found.deltas[layer - 1][row, unit], slope, 1e-6, f"layer {layer}, row {row}, neuron {unit}")


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_a_hundred_weights_blame_is_a_central_difference(network: Network, random: np.random.Generator) -> None:
    found, parameters, examples = blamed(network, random)
    places = [
        (name, place)
        for name, array in parameters.items()
        for place in np.ndindex(array.shape)
        if learned(network, name)[place]
    ]
    for at in random.permutation(len(places))[:100]:
        name, place = places[at]

        def cost(t: Any, name: str = name, place: Any = place) -> Any:
            moved = parameters[name].copy()
            moved[place] += t
            return cost_of(network, parameters | {name: moved}, examples.X, examples.Y)

        assert_close(found.slopes[name][place], central_difference(cost, np.array(0.0)), 1e-6, f"{name}{place}")


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_a_chain_multiplies_to_the_slope(network: Network, random: np.random.Generator) -> None:
    found, parameters, _ = blamed(network, random)
    for layer in range(1, len(network.layers) + 1):
        for i, j in np.ndindex(parameters[f"W{layer}"].shape):
            if not learned(network, f"W{layer}")[i, j]:
                continue
            chain = found.chain(layer, i, j)
            assert_close(chain.total, found.slopes[f"W{layer}"][i, j], 1e-12)
            if chain.slope is not None and chain.of_a is not None:
                assert_close(chain.slope * chain.of_a, chain.delta, 1e-12)
                assert_close(chain.of_a, -found.desires[layer - 1][:, j], 1e-12)
            if chain.paths:
                whole = sum(each * by for _, each, by in chain.paths)
                assert_close(whole, chain.delta if chain.of_a is None else chain.of_a, 1e-12)
            assert chain.words
            assert len(chain.to_rows()) == len(chain.paths)


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_a_sum_is_that_of_its_terms(network: Network, random: np.random.Generator) -> None:
    found, parameters, _ = blamed(network, random)
    for layer in range(1, len(network.layers) + 1):
        weighted = found.sum_of(layer, 1, row=2)
        assert_close(weighted.products.sum() + weighted.bias, weighted.total, 1e-12)
        assert weighted.z == found.trace.z[layer - 1][2, 1]
        assert weighted.value == found.trace.a[layer][2, 1]
        assert (weighted.z == weighted.total) == (network.layers[layer - 1].normalization is None)
        assert len(weighted.to_rows()) == len(parameters[f"W{layer}"])
        assert weighted.words


@pytest.fixture(scope="module")
def digits() -> Model:
    learning = learn(read("digits"), hidden=[12, 8], epochs=4, seed=0)
    list(learning)
    return learning.model


def test_the_next_update_is_a_step_of_training(digits: Model) -> None:
    x, y = rows_of("digits", 5)
    recipe = Recipe(**digits.origin.recipe)
    examples = digits.examples(x, y)
    state = digits.state
    assert state is not None
    rule = StepRule(optimizer_of(recipe), batch_size=5)
    descent = find_engine("native").begin(
        digits.network, State(digits.parameters, state.slots, state.step), examples, rule
    )
    descent.train(np.arange(5), np.array([digits.history[-1].learning_rate]))
    update = blame(digits, x, y).next_update
    for name, after in descent.state().parameters.items():
        assert_close(digits.parameters[name] + update[name], after, 1e-6, name)
        assert np.abs(update[name]).max() > 0


@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop"])
def test_the_next_update_of_an_estimator_is_its_solvers(solver: str) -> None:
    X, y = rows_of("iris", 150)
    fitted = MLPClassifier((4,), solver=solver, alpha=0.1, max_iter=400, tol=1, random_state=0).fit(X, y)
    found = blame(fitted, X[:3], y[:3])
    model = found.subject.model
    assert model.state is not None
    start = State(model.parameters, model.state.slots, model.state.step)
    rule = StepRule(SOLVERS[solver](fitted), batch_size=3, l2=0.1)
    descent = find_engine("reference").begin(model.network, start, found.examples, rule)
    descent.train(np.arange(3), np.array([model.history[-1].learning_rate]))
    for name, after in descent.state().parameters.items():
        assert_close(model.parameters[name] + found.next_update[name], after, 1e-12, name)


def test_neurons_and_weights_are_ranked_by_blame(digits: Model) -> None:
    found = blame(digits, *rows_of("digits", 4))
    rows = found.to_rows()
    assert len(rows) == 12 + 8 + 10
    sizes = [abs(row["blame"]) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    for layer in (1, 2, 3):
        of = found.ranked(layer=layer)
        assert sum(row["share"] for row in of) == pytest.approx(1)
        by_unit = {row["neuron"]: row["blame"] for row in of}
        np.testing.assert_allclose([by_unit[unit] for unit in sorted(by_unit)], found.deltas[layer - 1].sum(axis=0))
    weights = found.ranked_weights(5)
    assert abs(weights[0]["blame"]) == max(np.abs(found.slopes[f"W{layer}"]).max() for layer in (1, 2, 3))
    assert "blamed" in found.words or "to blame" in found.words
    assert found.plot().ax_.patches
    assert "<table>" in found._repr_html_()
    assert found.to_frame().height == len(rows)


def test_a_dead_neuron_is_silent_and_not_innocent(digits: Model) -> None:
    dead = {**digits.parameters, "b1": digits.parameters["b1"] - 1e3 * (np.arange(12) == 3)}
    X, y = rows_of("digits", 4)
    row = next(
        row for row in blame(Model(**{**vars(digits), "parameters": dead}), X, y).ranked(layer=1) if row["neuron"] == 3
    )
    assert row["silent"]
    assert row["blame"] == 0
    assert row["desire"] != 0


def explicit(network: Network, parameters: Parameters, x: Any, y: Any) -> np.ndarray:
    slopes = backward(network, parameters, forward(network, parameters, x), y, np.ones((len(y), 1)))[1]
    return np.concatenate([slope.ravel() for slope in slopes.values()])


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_examples_are_blamed_by_dot_products_of_their_gradients(network: Network, random: np.random.Generator) -> None:
    parameters = make_parameters(network, random)
    one, many = make_examples(network, random, 1), make_examples(network, random, 9)
    found = blame_examples(model_of(network, parameters), one.X, one.Y, many.X, many.Y)
    wanted = [
        explicit(network, parameters, many.X[[row]], many.Y[[row]]) @ explicit(network, parameters, one.X, one.Y)
        for row in range(9)
    ]
    assert_close(found.scores, wanted, 1e-10)


def test_rows_are_told_by_their_pull(digits: Model) -> None:
    X, y = rows_of("digits", 1000)
    found = blame_examples(digits, X[0], y[:1], X, y)
    assert len(found.scores) == 1000
    assert (y[found.helpful[:10]] == y[0]).mean() > 0.8
    assert "1,000 rows" in found.words
    assert found.to_rows()[0]["score"] == found.scores[np.abs(found.scores).argmax()]
    assert found.plot().ax_.patches


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda model, x, y: blame(model, x[:, :5], y), "inputs must be rows of 64 numbers, got shape"),
        (lambda model, x, y: blame(model, x, y[:2]), "3 rows of inputs need as many answers, got 2"),
        (lambda model, x, y: blame(model, x, [1, 2, 77]), "label 77 is none of the 10 classes"),
        (lambda model, x, y: blame(model, x, y).chain(4, 0, 0), "there is no layer 4: they go from 1 to 3"),
        (lambda model, x, y: blame(model, x, y).chain(1, 64, 0), "come from 0 to 63"),
        (lambda model, x, y: blame(model, x, y).sum_of(1, 12), "there is no neuron 12 in layer 1: they go from 0"),
        (lambda model, x, y: blame(model, x, y).sum_of(1, 1, row=3), "there is no row 3: they go from 0 to 2"),
        (lambda model, x, y: blame_examples(model, x, y, x, y), "one row is asked about at a time, got 3"),
    ],
)
def test_what_does_not_fit_is_refused(digits: Model, asked: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        asked(digits, *rows_of("digits", 3))


def test_without_knowing_how_it_was_trained_there_is_no_next_update(random: np.random.Generator) -> None:
    network = INSPECTED[0]
    found, _, _ = blamed(network, random)
    with pytest.raises(LimpidError, match="does not say how it was trained"):
        _ = found.next_update
    X, y = rows_of("iris", 150)
    fitted = MLPClassifier((4,), solver="lbfgs", alpha=1, max_iter=1000, random_state=0).fit(X, y)
    with pytest.raises(LimpidError, match="L-BFGS learns from all rows at once"):
        _ = blame(fitted, X[:1], y[:1]).next_update


def test_a_wrong_delta_is_found(random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    delta = Cost.delta
    monkeypatch.setattr(Cost, "delta", lambda *given: 1.001 * delta(*given))
    with pytest.raises(AssertionError):
        test_every_delta_is_a_central_difference(INSPECTED[0], random)
