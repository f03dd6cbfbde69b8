"""How passes in batches are made: the same for any cut, run or hurry, and named where one blows up."""

from typing import Any

import numpy as np
import pytest

from limpid.engines import Examples, State, StepRule, Work
from limpid.initializers import initial_parameters
from limpid.network import dense_network
from limpid.optimizers import find_optimizer
from limpid.schedules import adaptive
from limpid.stochastic import in_order, shuffled
from limpid.stopping import Stopping
from limpid.training import Descending
from tests import trainings
from tests.helpers import assert_close
from tests.trainings import NETWORK, engine, examples, make

__all__ = ["engine"]  # every test here is run on each


@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam", "lion"])
def test_the_bits_do_not_depend_on_the_cuts(optimizer: str) -> None:
    given, rule = examples(), StepRule(find_optimizer(optimizer), 7, l2=0.1, dropout=0.3, seed=4)
    start = initial_parameters(NETWORK, "he", np.random.default_rng(0))
    order, rates = np.random.default_rng(3).permutation(60), np.linspace(0.1, 0.01, 9)
    ends = []
    for cuts in ([9], [1] * 9, [4, 5], [8, 1]):
        state, done = State(start, rule.optimizer.init(start), 0), 0
        costs: list[np.ndarray] = []
        for steps in cuts:  # each part also begins anew from the state, as after a resume
            descent = trainings.ENGINE.begin(NETWORK, state, given, rule)
            costs.append(descent.train(order[done * 7 : (done + steps) * 7], rates[done : done + steps]))
            state, done = descent.state(), done + steps
        ends.append((np.concatenate(costs), state))
    for all_costs, state in ends[1:]:
        assert np.array_equal(all_costs, ends[0][0])
        assert all(np.array_equal(state.parameters[name], ends[0][1].parameters[name]) for name in state.parameters)


def test_twenty_runs_are_one() -> None:
    ends = []
    for _ in range(20):
        training = make(rule={"dropout": 0.2})
        list(training)
        ends.append(b"".join(array.tobytes() for array in training.parameters.values()))
    assert len(set(ends)) == 1


def test_it_goes_on_from_where_it_stood() -> None:
    first = make(epochs=3)
    list(first)
    random = np.random.default_rng(5)
    second = make(start=first.state, method=Descending(shuffled(random, 60), 0.01), epochs=2)
    assert second.state.step == 18
    assert next(iter(second)).cost < first.history[-1].cost


def test_rows_can_be_taken_as_they_come() -> None:
    orders = in_order(4)
    assert [next(orders).tolist() for _ in range(2)] == [[0, 1, 2, 3]] * 2


def test_weights_count_as_rows_would() -> None:
    given = examples(20)
    doubled = Examples(given.X.repeat(2, axis=0), given.Y.repeat(2, axis=0))
    weighted = given._replace(weights=np.full(20, 2.0))
    plain = make("gradient_descent", given=given, rule={"batch_size": 20}, epochs=1)
    twice = make("gradient_descent", given=weighted, rule={"batch_size": 20}, epochs=1)
    both = make("gradient_descent", given=doubled, rule={"batch_size": 40}, epochs=1)
    costs = [next(iter(training)).cost for training in (plain, twice, both)]
    assert_close(costs, [costs[0]] * 3, 1e-14)


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 40},
        {"epochs": 300, "stopping": Stopping(3, 1e-3)},
        {"epochs": 300, "stopping": Stopping(3, 1e-3), "schedule": adaptive()},
        {"epochs": 300, "optimizer": "gradient_descent", "rate": 1e4, "rule": {"l2": 3.0}},
    ],
    ids=["all", "impatient", "adaptive", "blows up"],
)
def test_who_hurries_comes_to_the_same(options: dict[str, Any]) -> None:
    walks, hurries = make(**options), make(**options, hurries=True)
    for wanted, got in zip(walks, hurries, strict=True):
        assert (got.number, got.learning_rate) == (wanted.number, wanted.learning_rate)
        assert (got.cost, got.penalty) == (wanted.cost, wanted.penalty) or np.isnan([got.cost, wanted.cost]).all()
    assert hurries.stopped_because == walks.stopped_because
    for name, array in walks.parameters.items():
        assert np.array_equal(hurries.parameters[name], array)
        assert np.array_equal(hurries.best_parameters[name], walks.best_parameters[name])
    assert hurries.state.step == walks.state.step


def test_who_hurries_makes_fewer_calls() -> None:
    training, calls = make(epochs=60, hurries=True), 0
    course, answer = training.course(), None
    for _ in range(1000):
        try:
            item = course.send(answer)
        except StopIteration:
            break
        answer = item.make() if isinstance(item, Work) else None
        calls += isinstance(item, Work)
    assert len(training.history) == 60
    assert calls < 60


@pytest.mark.parametrize("rate", [1e2, 1e6, 1e30, 1e300])
def test_a_blow_up_is_named_and_the_last_good_state_kept(rate: float) -> None:
    training = make("gradient_descent", rate, rule={"l2": 1.0}, epochs=500)
    epochs = list(training)
    reason = str(training.stopped_because)
    assert reason.startswith("not finite: ")
    assert f"epoch {len(epochs)}" in reason
    assert any(name in reason for name in ("z1", "z2", "the cost", "slope of", "updated"))
    assert np.isnan(epochs[-1].cost)
    assert all(np.isfinite(array).all() for array in training.parameters.values())
    assert all(np.isfinite(array).all() for array in training.best_parameters.values())


def test_inputs_beyond_all_measure_are_named() -> None:
    weights = make().parameters["W1"][:, 2]  # the same signs, so that the sum cannot cancel
    assert np.abs(weights).sum() > 2
    relu = dense_network(4, [8], 3)  # a tanh would quietly saturate
    training = make(network=relu, given=examples()._replace(X=np.tile(np.sign(weights) * 1.7e308, (60, 1))))
    list(training)
    assert training.stopped_because == "not finite: z1 in step 1, epoch 1"


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalised_networks_blow_up_where_it_is_said(normalization: str) -> None:
    network = dense_network(4, [8, 6], 3, "relu", normalization=normalization)
    given = examples()._replace(weights=np.linspace(0.5, 2, 60))
    training = make("gradient_descent", 1e300, {"l2": 1.0}, given, network=network, epochs=50)
    list(training)
    reason = str(training.stopped_because)
    assert reason.startswith("not finite: ")
    assert "none of which the reference engine meets" not in reason
    assert all(np.isfinite(array).all() for array in training.parameters.values())
