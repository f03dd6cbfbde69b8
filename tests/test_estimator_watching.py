"""Passes are watched and told of: held-out rows, functions, a bar; what is learned stays the same."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

from limpid import MLPClassifier, MLPRegressor
from limpid.training import Epoch
from tests.helpers import assert_close
from tests.test_estimator_choices import NUMBER, SEVERAL, SHORT, THREE, TWO, X, assert_same_bits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LONG: dict[str, Any] = {**SHORT, "max_iter": 30, "learning_rate_init": 0.05, "shuffle": True}
HELD = slice(60, None)


def after(passes: int, estimator: Any, *given: Any) -> Any:
    """The same estimator, stopped after so many passes."""
    return type(estimator)(**{**estimator.get_params(), "max_iter": passes, "early_stopping": False}).fit(*given)


@pytest.mark.parametrize("y", [TWO, THREE, SEVERAL, NUMBER], ids=["two", "three", "several", "number"])
def test_watched_rows_are_scored_and_not_learned_from(y: Any) -> None:
    estimator: Any = (MLPRegressor if y is NUMBER else MLPClassifier)(**LONG)
    fitted = estimator.fit(X[:60], y[:60], X_val=X[HELD], y_val=y[HELD])
    assert_same_bits(fitted, after(30, fitted, X[:60], y[:60]))
    stops = [after(passes, fitted, X[:60], y[:60]) for passes in (1, 5, 30)]
    wanted = [each.score(X[HELD], y[HELD]) for each in stops]
    assert_close([fitted.validation_scores_[at] for at in (0, 4, 29)], wanted, 1e-12)
    assert len(fitted.validation_scores_) == len(fitted.validation_loss_curve_) == len(fitted.loss_curve_) == 30
    if y is TWO or y is THREE:
        costs = [log_loss(y[HELD], each.predict_proba(X[HELD])) for each in stops]
        assert_close([fitted.validation_loss_curve_[at] for at in (0, 4, 29)], costs, 1e-9)


def test_watched_rows_have_weights() -> None:
    times = np.arange(30) % 3
    weighted, repeated = (
        MLPClassifier(**LONG).fit(X[:60], THREE[:60], X_val=rows, y_val=y, sample_weight_val=weights)
        for rows, y, weights in (
            (X[HELD], THREE[HELD], times),
            (np.repeat(X[HELD], times, axis=0), np.repeat(THREE[HELD], times), None),
        )
    )
    assert_close(weighted.validation_scores_, repeated.validation_scores_, 1e-12)
    assert_close(weighted.validation_loss_curve_, repeated.validation_loss_curve_, 1e-12)
    assert_same_bits(weighted, repeated)


@pytest.mark.parametrize("monitor", ["score", "loss"])
def test_watched_rows_take_the_place_of_the_split(monitor: str) -> None:
    options = {**LONG, "early_stopping": True, "n_iter_no_change": 4, "max_iter": 300, "monitor": monitor, "tol": 0.0}
    fitted = MLPClassifier(**options).fit(X[:60], THREE[:60], X_val=X[HELD], y_val=THREE[HELD])
    assert fitted.t_ == 60 * fitted.n_iter_  # all rows were learned from
    curve = np.array(fitted.validation_scores_ if monitor == "score" else fitted.validation_loss_curve_)
    curve = curve if monitor == "score" else -curve
    best = int(np.argmax(curve))
    assert fitted.n_iter_ < 300
    assert_same_bits(fitted, after(best + 1, fitted, X[:60], THREE[:60]))
    better = [value >= max(curve[:at], default=-np.inf) for at, value in enumerate(curve)]
    assert not any(better[-5:])  # one more than n_iter_no_change, by scikit-learn's rule
    assert all(any(better[at : at + 5]) for at in range(len(curve) - 5))
    assert fitted.best_validation_score_ == max(fitted.validation_scores_)


def test_parts_may_stop_early_by_watched_rows() -> None:
    options = {**LONG, "early_stopping": True, "n_iter_no_change": 3, "monitor": "score"}
    fitted = MLPClassifier(**options)
    best, answers, worse = -np.inf, np.empty(0), 0
    for _ in range(40):
        fitted.partial_fit(X[:60], THREE[:60], classes=[0, 1, 2], X_val=X[HELD], y_val=THREE[HELD])
        score = fitted.validation_scores_[-1]
        worse = 0 if score >= best + fitted.tol else worse + 1
        if score > best:
            best, answers = score, fitted.predict_proba(X)
        assert np.array_equal(fitted.predict_proba(X), answers)
        assert fitted.score(X[HELD], THREE[HELD]) == best == fitted.best_validation_score_
        assert fitted.should_stop_ == (worse > 3)
    assert fitted.should_stop_


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("watched", [False, True])
def test_functions_are_told_of_every_pass(solver: str, watched: bool) -> None:
    told: list[Epoch] = []
    held: dict[str, Any] = {"X_val": X[HELD], "y_val": THREE[HELD]} if watched else {}
    options = {**LONG, "solver": solver}
    fitted = MLPClassifier(**options, callbacks=told.append).fit(X, THREE, **held)
    assert [epoch.number for epoch in told] == list(range(1, fitted.n_iter_ + 1))
    assert [epoch.cost for epoch in told] == fitted.loss_curve_
    assert [epoch.validation_score for epoch in told] == (fitted.validation_scores_ or [None] * len(told))
    assert_same_bits(fitted, MLPClassifier(**options).fit(X, THREE, **held))


def test_the_loss_that_is_told_is_averaged_over_outputs() -> None:
    told: list[Epoch] = []
    fitted = MLPRegressor(**SHORT, callbacks=[told.append]).fit(X, np.column_stack([NUMBER, X[:, 0]]))
    assert [epoch.cost for epoch in told] == fitted.loss_curve_


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_function_that_answers_true_ends_training(solver: str) -> None:
    def calls(answer: Any) -> int:
        fitted = MLPClassifier(**{**LONG, "solver": solver}, callbacks=[lambda epoch: epoch.number == 3 and answer])
        return int(fitted.fit(X, THREE).n_iter_)

    assert calls(True) == 3
    assert calls(None) == calls("yes") == 30  # what a function happens to return does not count
    fitted = MLPClassifier(**LONG, callbacks=lambda epoch: epoch.number == 3).fit(X, THREE)
    assert_same_bits(fitted, after(3, fitted, X, THREE))


def test_a_bar_is_drawn(capfd: pytest.CaptureFixture[str]) -> None:
    fitted = MLPClassifier(**LONG, progress=True).fit(X, THREE, X_val=X, y_val=THREE)
    printed = "".join(capfd.readouterr())
    assert f"loss {fitted.loss_:.4f}, validation {fitted.validation_scores_[-1]:.4f}" in printed
    assert "30/30" in printed
    assert_same_bits(fitted, MLPClassifier(**LONG).fit(X, THREE))
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3}, {"solver": "sgd"}, {"precision": "bfloat16"}], ids=str)
def test_any_number_of_cores_gives_the_same_bits(options: dict[str, Any], random: np.random.Generator) -> None:
    rows = random.normal(size=(600, 80))
    settings = {**LONG, "hidden_layer_sizes": (300,), "max_iter": 3, "batch_size": 200, **options}
    alone = MLPRegressor(**settings, n_jobs=1).fit(rows, rows[:, 0])
    for n_jobs in (None, 2, 3, -1):
        fitted = MLPRegressor(**settings, n_jobs=n_jobs).fit(rows, rows[:, 0])
        assert_same_bits(fitted, alone)
        assert np.array_equal(fitted.predict(rows), alone.predict(rows))
        assert fitted.loss_curve_ == alone.loss_curve_


def test_precision_is_of_what_is_learned() -> None:
    def fitted(rows: Any, precision: str | None) -> Any:
        return MLPRegressor(**LONG, precision=precision).fit(rows, NUMBER)

    for rows in (X, X.astype(np.float32)):
        for precision in ("float32", "float64", "bfloat16"):
            found = fitted(rows, precision)
            wanted = np.float64 if precision == "float64" else np.float32
            assert {array.dtype for array in found.coefs_ + found.intercepts_} == {np.dtype(wanted)}
    exact, single, rounded = (fitted(X, precision) for precision in (None, "float32", "bfloat16"))
    assert_same_bits(exact, fitted(X, "float64"))
    assert_same_bits(single, fitted(X.astype(np.float32), None))
    assert_close(single.predict(X), exact.predict(X), 1e-4)
    assert_close(rounded.predict(X), exact.predict(X), 0.2)
    assert np.abs(rounded.predict(X) - exact.predict(X)).max() > 10 * np.abs(single.predict(X) - exact.predict(X)).max()


@pytest.mark.parametrize(
    "options",
    [{}, {"dropout": 0.4}, {"early_stopping": True}, {"solver": "lbfgs"}, {"max_norm": 0.5, "clip_norm": 0.1}],
    ids=str,
)
@pytest.mark.parametrize("y", [THREE, SEVERAL], ids=["three", "several"])
def test_the_reference_engine_agrees(y: Any, options: dict[str, Any]) -> None:
    native, reference = (
        MLPClassifier(**LONG, **options, engine=engine).fit(X, y) for engine in ("native", "reference")
    )
    assert reference.n_iter_ == native.n_iter_
    relative = 1e-4 if options.get("solver") == "lbfgs" else 1e-9
    assert_close(reference.loss_curve_, native.loss_curve_, relative)
    for got, wanted in zip(reference.coefs_, native.coefs_, strict=True):
        assert_close(got, wanted, relative)
    assert np.array_equal(reference.predict(X), native.predict(X))
