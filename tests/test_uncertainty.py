"""How sure a network may be: temperatures, sets and intervals hold what they promise on rows that were never seen."""

from fractions import Fraction
from math import ceil, inf
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

from limpid import MLPClassifier, MLPRegressor, uncertainty
from tests.helpers import assert_close

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LEVELS = (0.1, 0.3, 0.5, 0.9)
SHORT: dict[str, Any] = {"random_state": 0, "max_iter": 8, "hidden_layer_sizes": (8,), "learning_rate_init": 0.02}
LONG: dict[str, Any] = {"random_state": 0, "max_iter": 150, "hidden_layer_sizes": (40,), "learning_rate_init": 0.02}


def classes_of(X: np.ndarray, random: np.random.Generator, classes: int) -> np.ndarray:
    noisy = X[:, 0] + random.normal(size=len(X))
    return np.digitize(noisy, [0.0] if classes == 2 else [-0.5, 0.5])


def answers(kind: str, X: np.ndarray, random: np.random.Generator) -> np.ndarray:
    two, three = classes_of(X, random, 2), classes_of(X, random, 3)
    return {"two": two, "three": three, "labels": np.column_stack([two, X[:, 1] > 0]).astype(int)}.get(
        kind, np.column_stack([three, two + 5])
    )


@pytest.mark.parametrize("known", [0.3, 1.0, 2.5, 7.0])
def test_a_known_temperature_is_found(known: float, random: np.random.Generator) -> None:
    logits = 2 * random.normal(size=(20_000, 4))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (chances.cumsum(axis=1) < random.uniform(size=(20_000, 1))).sum(axis=1)
    several = known * logits, np.eye(4)[drawn]
    one = logits[:, :1]
    single = known * one, (random.uniform(size=one.shape) < 1 / (1 + np.exp(-one))).astype(float)
    for pairs in ([several], [single], [several, single]):
        found = uncertainty.temperature([each for each, _ in pairs], [truth for _, truth in pairs])
        assert found == pytest.approx(known, rel=0.05)


def test_weights_say_which_rows_a_temperature_is_for(random: np.random.Generator) -> None:
    targets = np.eye(3)[random.integers(3, size=100)]
    logits = targets + random.normal(size=(100, 3))
    logits[50:] *= 10
    half = (np.arange(100) < 50).astype(float)
    wanted = uncertainty.temperature([logits[:50]], [targets[:50]])
    assert uncertainty.temperature([logits], [targets], half) == pytest.approx(wanted, rel=1e-5)
    assert uncertainty.temperature([logits], [targets]) > 2 * wanted


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"loss": "squared_error"}], ids=str)
@pytest.mark.parametrize("kind", ["two", "three", "labels", "several"])
def test_calibration_changes_how_sure_and_not_what(
    kind: str, options: dict[str, Any], random: np.random.Generator
) -> None:
    X = random.normal(size=(300, 5))
    y = answers(kind, X, random)
    plain, sure = (
        MLPClassifier(calibrate=calibrate, **LONG, **options).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
        for calibrate in (False, True)
    )
    assert sure.temperature_ > 1.5  # so many weights were too sure of so few rows
    assert np.array_equal(sure.predict(X), plain.predict(X))
    assert_close(sure.coefs_[-1] * sure.temperature_, plain.coefs_[-1], 1e-12)
    assert_close(sure.intercepts_[-1] * sure.temperature_, plain.intercepts_[-1], 1e-12)
    assert np.array_equal(sure.coefs_[0], plain.coefs_[0])
    if kind in {"two", "three"}:
        before, after = (log_loss(y[150:], each.predict_proba(X[150:])) for each in (plain, sure))
        assert after < before


@pytest.mark.parametrize("coverage", ["0.05", "0.5", "0.8", "0.9", "0.95"])
@pytest.mark.parametrize("rows", [1, 2, 4, 9, 10, 19, 20])
def test_the_threshold_is_the_least_that_covers_enough(rows: int, coverage: str, random: np.random.Generator) -> None:
    scores = np.sort(random.normal(size=rows))
    enough = Fraction(coverage) * (rows + 1)
    wanted = next((score for count, score in enumerate(scores, start=1) if count >= enough), inf)
    assert uncertainty.threshold(scores, float(coverage)) == wanted


def test_too_few_rows_rule_nothing_out(random: np.random.Generator) -> None:
    X = random.normal(size=(40, 3))
    classifier = MLPClassifier(**SHORT).fit(X, classes_of(X, random, 3), X_val=X[:5], y_val=[0, 1, 2, 0, 1])
    assert classifier.predict_set(X, 0.9).all()
    regressor = MLPRegressor(**SHORT).fit(X, X[:, 0], X_val=X[:5], y_val=X[:5, 0])
    assert np.array_equal(regressor.predict_interval(X, 0.9), np.tile([-inf, inf], (40, 1)))
    counts = MLPRegressor(loss="poisson", **SHORT).fit(X, X[:, 0] ** 2, X_val=X[:5], y_val=X[:5, 0] ** 2)
    assert np.array_equal(counts.predict_interval(X, 0.9), np.tile([0, inf], (40, 1)))


def assert_covers(shares: Any, coverage: float, held_out: int) -> None:
    """Fail where the mean of `shares` (splits,) is not what `held_out` rows promise, by two standard errors."""
    mean, error = np.mean(shares), np.std(shares, ddof=1) / np.sqrt(len(shares))
    most = ceil(coverage * (held_out + 1) - 1e-9) / (held_out + 1)
    assert coverage - 2 * error <= mean <= most + 2 * error
    assert error < 0.02


def test_a_share_that_was_not_promised_is_seen(random: np.random.Generator) -> None:
    for mean in (8 / 11, 10 / 11):  # a rank too low, and one too high
        with pytest.raises(AssertionError):
            assert_covers(random.normal(mean, 0.115, 100), 0.8, 10)
    assert_covers(random.normal(9 / 11, 0.115, 100), 0.8, 10)


@pytest.mark.parametrize("held_out", [10, 30])
@pytest.mark.parametrize("kind", ["two", "three", "several"])
def test_sets_hold_the_true_class_as_often_as_promised(kind: str, held_out: int, random: np.random.Generator) -> None:
    shares = []
    for _ in range(100):
        X = random.normal(size=(60 + held_out + 100, 3))
        y = answers(kind, X, random)
        learned, held, new = slice(0, 60), slice(60, 60 + held_out), slice(60 + held_out, None)
        calibrated = MLPClassifier(**SHORT).fit(X[learned], y[learned], X_val=X[held], y_val=y[held])
        found = calibrated.predict_set(X[new], 0.8)
        codes = [y[new]] if kind != "several" else [y[new][:, 0], y[new][:, 1] - 5]
        sets = found if kind == "several" else [found]
        shares += [each[np.arange(100), code].mean() for each, code in zip(sets, codes, strict=True)]
    assert len(shares) == (200 if kind == "several" else 100)
    assert_covers(shares, 0.8, held_out)


@pytest.mark.parametrize("loss", ["squared_error", "quantile:0.1,0.5,0.9", "quantile:0.7,0.2"])
@pytest.mark.parametrize("held_out", [10, 30])
def test_intervals_hold_the_true_number_as_often_as_promised(
    held_out: int, loss: str, random: np.random.Generator
) -> None:
    shares = []
    for _ in range(100):
        X = random.normal(size=(60 + held_out + 100, 3))
        y = X[:, 0] + (0.2 + np.abs(X[:, 1])) * random.normal(size=len(X))
        held, new = slice(60, 60 + held_out), slice(60 + held_out, None)
        fitted = MLPRegressor(loss=loss, **SHORT).fit(X[:60], y[:60], X_val=X[held], y_val=y[held])
        low, high = fitted.predict_interval(X[new], 0.8).T
        shares.append(((low <= y[new]) & (y[new] <= high)).mean())
    assert_covers(shares, 0.8, held_out)


def test_quantile_heads_are_in_order_and_hold_their_share(random: np.random.Generator) -> None:
    X = random.uniform(-1, 1, size=(4000, 2))
    y = X[:, 0] + (1 + X[:, 1]) * random.normal(size=4000)
    loss = f"quantile:{','.join(map(str, LEVELS[::-1]))}"
    fitted = MLPRegressor(loss=loss, random_state=0, max_iter=40, hidden_layer_sizes=(20,)).fit(X[:2000], y[:2000])
    quantiles = fitted.predict_quantiles(X[2000:])
    assert quantiles.shape == (2000, len(LEVELS))
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert_close((y[2000:, None] <= quantiles).mean(axis=0), LEVELS, 0.04)
    assert np.array_equal(fitted.predict(X), fitted.predict_quantiles(X)[:, 2])  # the one nearest to the median
    wide = quantiles[:, -1] - quantiles[:, 0]
    assert wide[X[2000:, 1] > 0.5].mean() > 3 * wide[X[2000:, 1] < -0.5].mean()


def test_several_numbers_have_quantiles_and_intervals_each(random: np.random.Generator) -> None:
    X = random.normal(size=(400, 2))
    y = np.column_stack([X[:, 0], 10 * X[:, 1]]) + random.normal(size=(400, 2)) * [1, 5]
    fitted = MLPRegressor(loss="quantile:0.2,0.8", **LONG).fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert fitted.predict(X).shape == (400, 2)
    assert fitted.predict_quantiles(X).shape == (400, 2, 2)
    low, high = np.moveaxis(fitted.predict_interval(X[200:], 0.7), 2, 0)
    rows = ceil(0.7 * 201)
    assert ((low <= y[200:]) & (y[200:] <= high)).sum(axis=0).tolist() == [rows, rows]  # by definition, of those held


@pytest.mark.parametrize("coverage", [0, 1, -0.5, 1.5, "0.9", None, np.nan])
def test_a_coverage_must_be_a_share(coverage: Any, random: np.random.Generator) -> None:
    X = random.normal(size=(40, 3))
    asked: list[Any] = [
        MLPClassifier(**SHORT).fit(X, X[:, 0] > 0, X_val=X, y_val=X[:, 0] > 0).predict_set,
        MLPRegressor(**SHORT).fit(X, X[:, 0], X_val=X, y_val=X[:, 0]).predict_interval,
    ]
    for ask in asked:
        with pytest.raises(ValueError, match=f"coverage must be a share above 0 and below 1, got {coverage!r}"):
            ask(X, coverage)


def test_who_held_nothing_out_cannot_be_sure(random: np.random.Generator) -> None:
    X = random.normal(size=(60, 3))
    y, marks = classes_of(X, random, 2), (X > 0).astype(int)
    with pytest.raises(ValueError, match="MLPClassifier was fitted without held-out rows"):
        MLPClassifier(**SHORT).fit(X, y).predict_set(X)
    assert MLPClassifier(early_stopping=True, **SHORT).fit(X, y).predict_set(X, 0.5).shape == (60, 2)
    unwatched: list[dict[str, Any]] = [{}, {"solver": "lbfgs", "early_stopping": True}]
    for options in unwatched:
        with pytest.raises(ValueError, match="calibrate=True needs held-out rows"):
            MLPClassifier(calibrate=True, **SHORT, **options).fit(X, y)
    with pytest.raises(ValueError, match="this classifier gives several labels a row"):
        MLPClassifier(**SHORT).fit(X, marks, X_val=X, y_val=marks).predict_set(X)


def test_fresh_rows_take_the_place_of_those_that_decided() -> None:
    random = np.random.RandomState(0)
    X = random.normal(size=(600, 3))
    y = X[:, 0] + random.normal(size=600)
    fitted = MLPRegressor(max_iter=20, random_state=0).fit(X[:200], y[:200])
    with pytest.raises(ValueError, match="or call conformalize"):
        fitted.predict_interval(X)
    fitted.conformalize(X[200:400], y[200:400])
    errors = np.sort(np.abs(fitted.predict(X[200:400]) - y[200:400]))
    assert np.allclose(fitted.conformity_scores_[:, 0], errors)
    low, high = fitted.predict_interval(X[400:], 0.8).T
    assert np.allclose(high - low, 2 * errors[int(np.ceil(201 * 0.8)) - 1])
    classes = MLPClassifier(max_iter=20, random_state=0).fit(X[:200], y[:200] > 0).conformalize(X[200:], y[200:] > 0)
    assert classes.conformity_scores_.shape == (400, 1)
    assert 0.7 < classes.predict_set(X[:200], 0.8)[np.arange(200), (y[:200] > 0).astype(int)].mean() < 0.9


def test_what_was_fitted_is_read_by_the_loss_that_it_was_fitted_with() -> None:
    random = np.random.RandomState(0)
    X = random.normal(size=(60, 3))
    heads = MLPRegressor(max_iter=3, loss="quantile:0.1,0.9").fit(X, X[:, 0]).set_params(loss="squared_error")
    assert heads.predict(X).shape == (60,)
    assert heads.predict_quantiles(X).shape == (60, 2)
    plain = MLPRegressor(max_iter=3).fit(X, X[:, 0]).set_params(loss="quantile:0.1,0.9")
    assert plain.predict(X).shape == (60,)
