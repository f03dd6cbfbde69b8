"""How passes are watched: what an epoch tells, which is best, and when to stop."""

import signal
import threading
from time import sleep
from typing import Any

import numpy as np
import pytest

from limpid.engines import Examples, StepRule
from limpid.errors import LimpidError
from limpid.initializers import initial_parameters
from limpid.network import dense_network
from limpid.objective import whole_gradients
from limpid.optimizers import find_optimizer
from limpid.schedules import adaptive, find_schedule
from limpid.stopping import Stopping
from limpid.training import LBFGS, Training, Validation
from tests import trainings
from tests.helpers import assert_close
from tests.trainings import NETWORK, accuracy, engine, examples, make

__all__ = ["engine"]  # every test here is run on each


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
    slopes = whole_gradients(trainings.ENGINE, NETWORK, training.parameters, examples(), 0.5).parameters
    norm = np.sqrt(sum((slope**2).sum() for slope in slopes.values()))
    assert_close(last.slope, norm, 1e-14)
    assert_close(training.slope(), norm, 1e-14)


def test_gradients_in_parts_are_the_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    start = initial_parameters(NETWORK, "he", np.random.default_rng(1))
    given = examples()._replace(weights=np.linspace(0.5, 2, 60))
    whole = trainings.ENGINE.gradients(NETWORK, start, given, 0.3)
    monkeypatch.setattr("limpid.objective.ROWS_AT_ONCE", 7)
    parts = whole_gradients(trainings.ENGINE, NETWORK, start, given, 0.3)
    assert_close([parts.cost, parts.penalty], [whole.cost, whole.penalty], 1e-14)
    for name, slope in whole.parameters.items():
        assert_close(parts.parameters[name], slope, 1e-14, name)


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


def test_unseen_rows_that_cannot_be_judged_wear_patience_out() -> None:
    training = make(epochs=50, validation=Validation(examples(20), lambda *_: np.nan), stopping=Stopping(patience=3))
    assert len(list(training)) == 4
    assert training.stopped_because == "no better on unseen data"


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
            engine=trainings.ENGINE,
            epochs=1,
        )
