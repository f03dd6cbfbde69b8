import signal
import threading
from time import sleep
from typing import Any

import numpy as np
import pytest

from limpid.engines import ENGINES, Examples, State, StepRule, Work, find_engine
from limpid.errors import LimpidError
from limpid.initializers import initial_parameters
from limpid.network import Network, dense_network
from limpid.objective import whole_gradients
from limpid.optimizers import find_optimizer
from limpid.schedules import adaptive, find_schedule
from limpid.stochastic import in_order, shuffled
from limpid.training import LBFGS, Descending, Stopping, Training, Validation
from tests.helpers import assert_close

ENGINE = find_engine("reference")
NETWORK = dense_network(4, [8], 3, "tanh")


@pytest.fixture(autouse=True, params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training is the same thing on every engine."""
    monkeypatch.setattr("tests.test_training.ENGINE", find_engine(request.param))


def examples(rows: int = 60, seed: int = 1) -> Examples:
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 4))
    return Examples(X, np.eye(3)[(X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)])


def make(
    optimizer: str = "adam",
    rate: float = 0.01,
    rule: dict[str, Any] | None = None,
    given: Examples | None = None,
    schedule: Any = None,
    network: Network = NETWORK,
    **options: Any,
) -> Training:
    given = given or examples()
    random = np.random.default_rng(0)
    start = initial_parameters(network, "glorot_uniform", random)
    method = Descending(shuffled(random, len(given.X)), rate, *([schedule] if schedule else []))
    return Training(
        network,
        start,
        given,
        StepRule(find_optimizer(optimizer), **{"batch_size": 10, **(rule or {})}),
        options.pop("method", method),
        engine=ENGINE,
        **{"epochs": 5, **options},
    )


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float((outputs.argmax(1) == targets.argmax(1)).mean())


def test_epochs_tell_what_happened() -> None:
    training = make(measure_slope=True, validation=Validation(examples(seed=2), accuracy), rule={"l2": 0.1})
    epochs = list(training)
    assert [epoch.number for epoch in epochs] == [1, 2, 3, 4, 5]
    assert epochs == training.history
    assert training.stopped_because == "all epochs done"
    assert epochs[-1].cost < epochs[0].cost
    assert all(epoch.penalty > 0 and epoch.seconds > 0 and epoch.learning_rate == 0.01 for epoch in epochs)
    assert all(epoch.validation_cost and epoch.validation_score and epoch.slope for epoch in epochs)


def test_the_slope_is_the_norm_of_the_full_gradient() -> None:
    training = make(rule={"batch_size": 60, "l2": 0.5}, measure_slope=True)
    last = list(training)[-1]
    slopes = whole_gradients(ENGINE, NETWORK, training.parameters, examples(), 0.5).parameters
    norm = np.sqrt(sum((slope**2).sum() for slope in slopes.values()))
    assert_close(last.slope, norm, 1e-14)
    assert_close(training.slope(), norm, 1e-14)


def test_gradients_in_parts_are_the_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    start = initial_parameters(NETWORK, "he", np.random.default_rng(1))
    given = examples()._replace(weights=np.linspace(0.5, 2, 60))
    whole = ENGINE.gradients(NETWORK, start, given, 0.3)
    monkeypatch.setattr("limpid.objective.ROWS_AT_ONCE", 7)
    parts = whole_gradients(ENGINE, NETWORK, start, given, 0.3)
    assert_close([parts.cost, parts.penalty], [whole.cost, whole.penalty], 1e-14)
    for name, slope in whole.parameters.items():
        assert_close(parts.parameters[name], slope, 1e-14, name)


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
            descent = ENGINE.begin(NETWORK, state, given, rule)
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


def test_the_best_on_unseen_rows_is_kept() -> None:
    training = make(
        rate=0.1, epochs=60, validation=Validation(examples(20, seed=9), accuracy),
        stopping=Stopping(patience=5, monitor="cost"), keep_path=True,
    )  # fmt: skip
    epochs = list(training)
    assert training.stopped_because == "no better on unseen data"
    best = min(range(len(epochs)), key=lambda at: epochs[at].validation_cost or np.inf)
    assert len(epochs) == best + 1 + 6  # scikit-learn's rule: one more than the patience
    assert training.path is not None
    assert len(training.path) == len(epochs) + 1
    assert training.parameters is training.path[best + 1]


def test_the_score_can_be_watched_instead() -> None:
    training = make(epochs=200, validation=Validation(examples(20, seed=9), accuracy), stopping=Stopping(patience=3))
    epochs = list(training)
    scores = [epoch.validation_score or 0.0 for epoch in epochs]
    assert training.stopped_because == "no better on unseen data"
    assert max(scores[-4:]) < max(scores[:-4]) + 1e-12


def test_a_cost_that_falls_too_little_ends_it() -> None:
    training = make(rate=1e-6, epochs=50, stopping=Stopping(patience=3, tolerance=1e-2))
    assert len(list(training)) == 5
    assert training.stopped_because == "cost no longer falls"


def test_an_adaptive_rate_falls_by_fives() -> None:
    training = make("gradient_descent", 1e-4, epochs=99, schedule=adaptive(), stopping=Stopping(2, tolerance=1.0))
    rates = [epoch.learning_rate for epoch in training]
    assert training.stopped_because == "learning rate too small"
    assert_close(np.unique(rates)[::-1], [1e-4 / 5**k for k in range(4)], 1e-12)


def test_gradient_descent_reaches_slope_zero() -> None:
    given = Examples(examples().X[:20], examples().Y[:20])
    training = make(
        "gradient_descent", 2.0, {"batch_size": 20, "l2": 1.0}, given, epochs=5000, stopping=Stopping(gradient_tol=1e-8)
    )
    last = list(training)[-1]
    assert training.stopped_because == "slope is zero"
    assert last.slope is not None
    assert last.slope <= 1e-8


def test_lbfgs_reaches_slope_zero_and_stops_by_itself() -> None:
    options: dict[str, Any] = {"rule": {"l2": 1.0}, "epochs": 500}
    training = make(method=LBFGS(), stopping=Stopping(gradient_tol=1e-7), **options)
    last = list(training)[-1]
    assert training.stopped_because == "slope is zero"
    assert last.slope is not None
    assert last.slope <= 1e-7
    loose = make(method=LBFGS(progress=1e-3), **options)
    assert len(list(loose)) < last.number
    assert loose.stopped_because == "L-BFGS converged"
    few = make(method=LBFGS(), rule={"l2": 1.0}, epochs=3)
    assert len(list(few)) == 3
    assert few.stopped_because == "all epochs done"


def test_lbfgs_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    passes = iter(make(method=LBFGS(), epochs=50))
    next(passes)
    passes.close()  # type: ignore[attr-defined]
    training = make(method=LBFGS(), epochs=50)
    for epoch in training:
        if epoch.number == 2:
            training.stop()
    assert training.stopped_because == "interrupted"
    assert threading.active_count() == before


def test_an_error_inside_lbfgs_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr("limpid.lbfgs.whole_gradients", fail)
    with pytest.raises(RuntimeError, match="no more"):
        list(make(method=LBFGS()))


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


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalised_networks_learn_with_all_that_is_measured(normalization: str) -> None:
    network = dense_network(4, [16, 8], 3, "relu", normalization=normalization)
    validation = Validation(examples(seed=2), accuracy)
    training = make(
        "adam", 0.02, {"dropout": 0.1}, network=network, epochs=30, validation=validation, measure_slope=True
    )
    epochs = list(training)
    assert training.stopped_because == "all epochs done"
    assert epochs[-1].cost < 0.7 * epochs[0].cost
    assert max(epoch.validation_score or 0 for epoch in epochs) > 0.7
    assert all(epoch.slope is not None and np.isfinite(epoch.slope) for epoch in epochs)


def test_inputs_beyond_all_measure_are_named() -> None:
    weights = make().parameters["W1"][:, 2]  # the same signs, so that the sum cannot cancel
    assert np.abs(weights).sum() > 2
    relu = dense_network(4, [8], 3)  # a tanh would quietly saturate
    training = make(network=relu, given=examples()._replace(X=np.tile(np.sign(weights) * 1.7e308, (60, 1))))
    list(training)
    assert training.stopped_because == "not finite: z1 in step 1, epoch 1"


@pytest.mark.parametrize("method", [None, LBFGS()])
def test_ctrl_c_keeps_the_best_so_far(method: LBFGS | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*given: Any) -> Any:
        sleep(0.05)
        return whole_gradients(*given)

    monkeypatch.setattr("limpid.lbfgs.whole_gradients", slowly)
    options: dict[str, Any] = {"method": method} if method else {}
    training = make(epochs=10**6, **options)
    start = training.parameters
    timer = threading.Timer(0.4, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    list(training)
    timer.join()
    assert training.stopped_because == "interrupted"
    assert training.history
    assert training.parameters is not start


def test_a_stop_before_the_first_pass_keeps_the_start() -> None:
    training = make()
    training.stop("enough")
    assert list(training) == []
    assert training.stopped_because == "enough"
    assert training.cost() > 0


def test_lbfgs_makes_no_pass_that_was_not_asked_for() -> None:
    training = make(method=LBFGS(), epochs=2)
    for epoch in training:
        if epoch.number == 2:
            break
    assert list(training) == []
    assert len(training.history) == 2


def test_unseen_rows_that_cannot_be_judged_wear_patience_out() -> None:
    training = make(epochs=50, validation=Validation(examples(20), lambda *_: np.nan), stopping=Stopping(patience=3))
    assert len(list(training)) == 4
    assert training.stopped_because == "no better on unseen data"


def test_it_goes_on_from_where_it_stood() -> None:
    first = make(epochs=3)
    list(first)
    random = np.random.default_rng(5)
    second = make(start=first.state, method=Descending(shuffled(random, 60), 0.01), epochs=2)
    assert second.state.step == 18
    assert next(iter(second)).cost < first.history[-1].cost


@pytest.mark.parametrize("method", [None, LBFGS()])
def test_a_loop_that_was_left_goes_on(method: LBFGS | None) -> None:
    options: dict[str, Any] = {"method": method} if method else {"schedule": find_schedule("cosine")}
    whole, parts = make(epochs=6, **options), make(epochs=6, **options)
    list(whole)
    for epoch in parts:
        if epoch.number == 2:
            break
    reasons = [parts.stopped_because]
    assert [epoch.number for epoch in parts] == [3, 4, 5, 6]
    assert [*reasons, parts.stopped_because] == [None, "all epochs done"]
    assert list(parts) == []
    rates = [[epoch.learning_rate for epoch in training.history] for training in (whole, parts)]
    assert rates[0] == rates[1]
    if method is None:  # L-BFGS begins anew from where it stood
        assert all(np.array_equal(parts.parameters[name], array) for name, array in whole.parameters.items())


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
    ("options", "told"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"rate": 0.0}, "learning rate must be a finite number above 0, got 0.0"),
        ({"rate": float("nan")}, "learning rate must be"),
        ({"rule": {"batch_size": 0}}, "batch size must be a positive integer, got 0"),
        ({"rule": {"l2": -1}}, "l2 must be a finite number of at least 0, got -1"),
        ({"rule": {"dropout": 1.0}}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"rule": {"label_smoothing": -0.1}}, "label_smoothing must be"),
        ({"rule": {"clip_norm": 0}}, "clip_norm must be above 0, got 0"),
        ({"rule": {"max_norm": -2}}, "max_norm must be above 0, got -2"),
        ({"rule": {"seed": -1}}, "seed must be an integer from 0"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        make(**options)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({"patience": 0}, "patience must be at least 1 epoch"),
        ({"tolerance": -1}, "tolerance must be"),
        ({"gradient_tol": 0}, "gradient_tol must be"),
        ({"monitor": "luck"}, "'score' or 'cost', got 'luck'"),
    ],
)
def test_stopping_out_of_range_is_refused(numbers: dict[str, Any], told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        Stopping(**numbers)


def test_label_smoothing_needs_probabilities() -> None:
    network = dense_network(4, [2], 3, output="identity")
    with pytest.raises(LimpidError, match="label smoothing needs targets that are probabilities"):
        Training(
            network,
            initial_parameters(network, "he", np.random.default_rng(0)),
            examples(),
            StepRule(find_optimizer("adam"), 10, label_smoothing=0.1),
            LBFGS(),
            engine=ENGINE,
            epochs=1,
        )


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
