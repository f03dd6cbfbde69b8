"""Blame is what it is defined as: slopes, sums and chains that add up, and the step that training would really make."""

from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from limpid import Dataset, LimpidError, MLPClassifier, Model, learn, read
from limpid.backprop import backward, forward
from limpid.costs import Cost
from limpid.engines import State, StepRule, find_engine
from limpid.inspection import Blame, blame, blame_examples
from limpid.network import Network, Parameters
from limpid.preparation import step_rule
from limpid.recipe import Recipe
from limpid.schedules import Clock, Schedule, find_schedule, warmed_up
from limpid.solvers import SOLVERS
from limpid.stochastic import in_order
from limpid.training import Descending, Training
from tests.helpers import (
    INSPECTED,
    assert_close,
    central_difference,
    learned,
    make_examples,
    make_network,
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
        assert (weighted.n_hat is None) == (network.layers[layer - 1].normalization is None)
        if weighted.n_hat is not None:
            assert weighted.gamma is not None
            assert weighted.beta is not None
            assert weighted.z == pytest.approx(weighted.gamma * weighted.n_hat + weighted.beta, rel=1e-12)
            assert "Normalised it is" in weighted.words
        assert len(weighted.to_rows()) == len(parameters[f"W{layer}"])
        assert weighted.words


@pytest.fixture(scope="module")
def digits() -> Model:
    learning = learn(read("digits"), hidden=[12, 8], epochs=4, seed=0)
    list(learning)
    return learning.model


RECIPES: list[dict[str, Any]] = [
    {},
    {"schedule": "exponential", "l2": 0.5},
    {"schedule": "step", "optimizer": "momentum", "momentum": 0.5, "clip_norm": 0.01},
    {"schedule": "inverse_scaling", "optimizer": "rmsprop", "max_norm": 0.8},
    {"schedule": "one_cycle", "optimizer": "adamw", "label_smoothing": 0.1},
    {"schedule": "adaptive", "optimizer": "lion", "warm_up": 9},
    {"schedule": "constant", "optimizer": "nadam", "normalization": "batch"},
    {"schedule": "cosine", "optimizer": "nesterov", "normalization": "layer", "warm_up": 1},
]


@pytest.mark.parametrize("choices", RECIPES, ids=str)
@pytest.mark.parametrize("kept", [True, False])
def test_the_next_update_is_that_of_going_on(choices: dict[str, Any], kept: bool) -> None:
    """Training that goes on with just these rows, one step a pass, makes it."""
    fixed = {"epochs": 4, "precision": "float64", "seed": 1, "dropout": 0, "patience": 0, "validation_size": 0}
    learning = learn(read("digits"), hidden=[8, 6], **fixed, **choices)
    for epoch in learning:
        if epoch.number == 3:
            learning.stop()
    model = learning.model
    assert model.state is not None
    assert all((model.parameters[name] == array).all() for name, array in model.state.parameters.items())
    state = model.state if kept else None
    x, y = rows_of("digits", 5)
    found = blame(replace(model, state=state), x, y)
    recipe = Recipe(**model.origin.recipe)
    rule = step_rule(recipe, 5)
    start = state or State(model.parameters, rule.optimizer.init(model.parameters), 0)
    schedule = warmed_up(find_schedule(str(recipe.schedule)), recipe.warm_up)
    if recipe.warm_up or schedule.spans:  # counted in steps of the real training, which were more
        rows = model.origin.rows_train
        schedule = constant_at(schedule, model.state.step, Clock(4, ceil(rows / (recipe.batch_size or 0)), rows))
    elif schedule.name == "inverse_scaling":
        schedule = constant_at(schedule, 3, Clock(4, 1, model.origin.rows_train))
    training = Training(
        model.network,
        model.parameters,
        model.examples(x, y),
        rule,
        Descending(in_order(5), recipe.learning_rate or 0.0, schedule),
        engine=find_engine("reference"),
        epochs=4,
        start=start,
        first=3,
    )
    assert len(list(training)) == 1
    for name, after in training.state.parameters.items():
        assert_close(model.parameters[name] + found.next_update[name], after, 1e-12, name)
    assert max(np.abs(update).max() for update in found.next_update.values()) > 1e-6
    assert rule.optimizer.name in found.next_step.words
    assert ("no memory of the steps before" in found.next_step.words) == (not kept)
    assert ("batch that sums" in found.next_step.words) == (recipe.normalization == "batch")


def constant_at(schedule: Schedule, step: int, clock: Clock) -> Schedule:
    """A schedule that keeps the factor that `schedule` has at a step."""
    factor = schedule.factor(np.array([step]), clock)
    return replace(schedule, factor=lambda step, clock: np.full(step.shape, factor[0]))


def test_the_next_update_of_the_native_engine_is_the_same(digits: Model) -> None:
    x, y = rows_of("digits", 5)
    recipe, state = Recipe(**digits.origin.recipe), digits.state
    assert state is not None
    rule = replace(step_rule(recipe, 5), dropout=0.0)
    start = State(digits.parameters, state.slots, state.step)
    descent = find_engine("native").begin(digits.network, start, digits.examples(x, y), rule)
    descent.train(np.arange(5), np.array([digits.history[-1].learning_rate]))
    found = blame(digits, x, y)
    for name, after in descent.state().parameters.items():
        assert_close(digits.parameters[name] + found.next_update[name], after, 1e-6, name)
        assert np.abs(found.next_update[name]).max() > 0
    assert ("Dropout is left out" in found.next_step.words) == bool(recipe.dropout)


def test_a_course_that_is_over_stays_at_its_last_rate() -> None:
    learning = learn(read("iris"), hidden=[3], epochs=3, schedule="one_cycle", optimizer="adam")
    list(learning)
    x, y = rows_of("iris", 2)
    assert blame(learning.model, x, y).next_step.rate == pytest.approx(learning.model.history[-1].learning_rate)


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


def test_outputs_are_silent_where_they_are_sure_and_wrong(random: np.random.Generator) -> None:
    """As a sigmoid with a squared cost is; the cross-entropy that matches it leaves no such output."""
    for cost, silent in (("squared_error", True), ("binary_cross_entropy", False)):
        network = make_network("tanh", "sigmoid", cost)
        parameters = make_parameters(network, random)
        parameters["b3"] += np.array([30.0, 0, 0])
        x = random.normal(size=(2, 3))
        wrong, right = (blame(model_of(network, parameters), x, [[each, 0.5, 0.5]] * 2) for each in (0.0, 1.0))
        assert [row["silent"] for row in sorted(wrong.ranked(layer=3), key=lambda row: row["neuron"])] == [
            silent,
            False,
            False,
        ]
        assert not any(row["silent"] for row in right.ranked(layer=3))


def test_a_neuron_of_which_nothing_is_wanted_is_not_silent(random: np.random.Generator) -> None:
    network = make_network()
    parameters = make_parameters(network, random)
    parameters["W2"][2] = 0
    model = model_of(network, parameters)
    row = next(row for row in blame(model, [[1, 2, 3]], [[1, 1, 1]]).ranked(layer=1) if row["neuron"] == 2)
    assert row["desire"] == row["blame"] == 0
    assert not row["silent"]


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
    assert len(found.plot().ax_.images) == 1 + 6 + 6
    listed = blame_examples(digits, X[0], y[:1], X.tolist(), y.tolist())
    assert listed.plot().ax_.images
    sparse = blame_examples(digits, X[0], y[:1], csr_array(X), y)
    assert_close(sparse.scores, found.scores, 1e-5)
    assert sparse.plot().ax_.images


def test_pixels_and_numbers_are_blamed_alike(random: np.random.Generator) -> None:
    """Bytes are read as they are by the first layer."""
    X, y = random.integers(0, 256, (5000, 12), dtype=np.uint8), random.integers(0, 2, 5000)
    learning = learn(Dataset("t", X, y), hidden=[5], epochs=1)
    list(learning)
    model = learning.model
    one = blame_examples(model, X[0], y[0], X, y).scores
    other = blame_examples(model, X[0], y[0], X.astype(float), y).scores
    assert_close(one, other, 1e-5)
    wanted = [model.gradients(X[[row]], y[[row]]).parameters for row in (0, 4095, 4096, 4999)]
    dots = [sum(float((wanted[0][name] * each[name]).sum()) for name in each) for each in wanted]
    assert_close(one[[0, 4095, 4096, 4999]], dots, 1e-5)


def test_rows_of_numbers_are_drawn_as_bars() -> None:
    X, y = rows_of("iris", 150)
    fitted = MLPClassifier((4,), max_iter=400, tol=1, random_state=0).fit(X, y)
    assert len(blame_examples(fitted, X[0], y[0], X, y).plot().ax_.patches) == 20


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
    rows = blame(fitted, X[:1], y[:1]).ranked_weights(3)
    assert [row["next_update"] for row in rows] == [None] * 3
    assert abs(rows[0]["blame"]) >= abs(rows[2]["blame"]) > 0


def test_rows_may_have_python_objects_as_labels() -> None:
    X, _ = rows_of("iris", 150)
    texts = np.array(["a", "b", "c"], object)[np.arange(150) // 50]
    fitted = MLPClassifier((4,), solver="lbfgs", alpha=1, max_iter=1000, random_state=0).fit(X, texts)
    rows = blame_examples(fitted, X[:1], texts[:1], X, texts).to_rows()
    assert {row["answer"] for row in rows} == {"a", "b", "c"}


def test_a_wrong_delta_is_found(random: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    delta = Cost.delta
    monkeypatch.setattr(Cost, "delta", lambda *given: 1.001 * delta(*given))
    with pytest.raises(AssertionError):
        test_every_delta_is_a_central_difference(INSPECTED[0], random)
