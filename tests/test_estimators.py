"""The estimators beside scikit-learn's own: the same network from the same seed, the same conventions."""

import pickle
import warnings
from inspect import signature
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from limpid import HiddenActivations, MLPClassifier, MLPRegressor
from tests.helpers import assert_close

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def tables() -> dict[str, tuple[type, type, np.ndarray, np.ndarray]]:
    digits, cancer, diabetes = load_digits(), load_breast_cancer(), load_diabetes()
    y = (diabetes.target - diabetes.target.mean()) / diabetes.target.std()
    several = make_multilabel_classification(300, 8, random_state=0)
    return {
        "digits": (MLPClassifier, theirs.MLPClassifier, digits.data / 16, digits.target),
        "binary": (MLPClassifier, theirs.MLPClassifier, StandardScaler().fit_transform(cancer.data), cancer.target),
        "labels": (MLPClassifier, theirs.MLPClassifier, several[0] / 10, several[1]),
        "diabetes": (MLPRegressor, theirs.MLPRegressor, diabetes.data * 20, y),
        "numbers": (MLPRegressor, theirs.MLPRegressor, diabetes.data * 20, np.column_stack([y, y**2])),
    }


@pytest.mark.parametrize("table", ["digits", "binary", "labels", "diabetes", "numbers"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"solver": "sgd"},
        {"solver": "sgd", "nesterovs_momentum": False, "learning_rate": "invscaling", "shuffle": False},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 2, "max_iter": 30},
        {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 40},
        {"activation": "tanh", "batch_size": 37},
        {"activation": "logistic", "alpha": 1.0, "hidden_layer_sizes": (20, 10)},
        {"activation": "identity", "hidden_layer_sizes": 7},
    ],
    ids=lambda options: "-".join(map(str, options.values())) or "defaults",
)
def test_the_same_losses_as_scikit_learn(table: str, options: dict[str, Any]) -> None:
    ours, other, X, y = tables()[table]
    settings = {"max_iter": 12, "random_state": 3, **options}
    mine, their = ours(**settings).fit(X, y), other(**settings).fit(X, y)
    assert_close(np.divide(mine.loss_curve_, their.loss_curve_), np.ones(their.n_iter_), 1e-9)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(mine, name) == getattr(their, name), name
    for name in ("best_loss_", "best_validation_score_"):
        got, wanted = getattr(mine, name), getattr(their, name)
        assert (got is None) == (wanted is None)
        assert got is None or got == pytest.approx(wanted, rel=1e-9)
    for got, wanted in zip(mine.coefs_ + mine.intercepts_, their.coefs_ + their.intercepts_, strict=True):
        assert_close(got, wanted, 1e-9)
    assert_close(mine.predict(X), their.predict(X), 1e-9)
    if hasattr(their, "predict_proba"):
        assert_close(mine.predict_proba(X), their.predict_proba(X), 1e-9)


@pytest.mark.parametrize("table", ["digits", "binary", "labels", "diabetes"])
def test_the_same_lbfgs_as_scikit_learn(table: str) -> None:
    ours, other, X, y = tables()[table]
    settings: dict[str, Any] = {"solver": "lbfgs", "max_iter": 8, "random_state": 3, "hidden_layer_sizes": (10,)}
    mine, their = ours(**settings).fit(X, y), other(**settings).fit(X, y)
    assert mine.loss_ == pytest.approx(their.loss_, rel=1e-9)
    assert mine.n_iter_ == their.n_iter_


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pair
        for each in (MLPClassifier(), MLPRegressor(), HiddenActivations(MLPClassifier(max_iter=10, random_state=0)))
        for pair in estimator_checks_generator(each)
    ],
    ids=lambda given: str(getattr(given, "func", given).__name__) if callable(given) else type(given).__name__,
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except SkipTest as reason:  # a check may find that it does not concern the estimator, for these reasons only
            told = str(reason)
            assert "does not have a decision_function method" in told or "SCIPY_ARRAY_API is not set" in told, told


def test_parameters_are_theirs_and_more() -> None:
    for mine, their in ((MLPClassifier(), theirs.MLPClassifier()), (MLPRegressor(), theirs.MLPRegressor())):
        known = {**their.get_params(), "loss": mine.loss}  # which their regressor has from 1.7 on
        assert known.items() <= mine.get_params().items()
        if "loss" in their.get_params() or isinstance(mine, MLPClassifier):
            assert list(signature(type(mine)).parameters)[:3] == list(signature(type(their)).parameters)[:3]
        assert clone(mine).get_params() == mine.get_params()


def test_sparse_rows_are_taken() -> None:
    _, _, X, y = tables()["digits"]
    dense = MLPClassifier(max_iter=2, random_state=0).fit(X, y)
    for kind in (csr_matrix, csr_array):
        sparse = MLPClassifier(max_iter=2, random_state=0).fit(kind(X), y)
        assert np.array_equal(sparse.predict_proba(kind(X)), dense.predict_proba(X))


def test_float32_stays_float32() -> None:
    _, _, X, y = tables()["binary"]
    fitted = MLPClassifier(max_iter=2).fit(X.astype(np.float32), y)
    assert {array.dtype for array in fitted.coefs_} == {np.dtype(np.float32)}
    assert fitted.predict_proba(X.astype(np.float32)).dtype == np.float32


def test_several_partial_fits_are_passes() -> None:
    _, _, X, y = tables()["digits"]
    mine, their = MLPClassifier(random_state=1, shuffle=False), theirs.MLPClassifier(random_state=1, shuffle=False)
    for part in (slice(0, 600), slice(600, 1200), slice(1200, None)):
        mine.partial_fit(X[part], y[part], classes=np.arange(10))
        their.partial_fit(X[part], y[part], classes=np.arange(10))
    assert_close(np.divide(mine.loss_curve_, their.loss_curve_), np.ones(3), 1e-9)
    with pytest.raises(ValueError, match="`y` has classes not in `self.classes_`"):
        mine.partial_fit(X[:2], [3, 77])
    with pytest.raises(AttributeError):
        _ = MLPClassifier(solver="lbfgs").partial_fit
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        MLPRegressor(early_stopping=True).partial_fit(X, y)
    regressor = MLPRegressor(random_state=1).partial_fit(X, y).partial_fit(X, y)
    assert regressor.loss_curve_[1] < regressor.loss_curve_[0]


def test_a_warm_start_goes_on() -> None:
    _, _, X, y = tables()["binary"]
    mine = MLPClassifier(warm_start=True, max_iter=3, random_state=0).fit(X, y)
    before = mine.loss_
    assert mine.fit(X, y).loss_ < before
    with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
        mine.fit(X, y + 5)


def test_a_diverging_fit_keeps_the_best_and_warns_or_raises() -> None:
    _, _, X, y = tables()["diabetes"]
    options: dict[str, Any] = {"solver": "sgd", "random_state": 0, "max_iter": 500, "momentum": 0.0}
    with pytest.warns(ConvergenceWarning, match="the best weights are kept; not finite"):
        fitted = MLPRegressor(learning_rate_init=0.6, batch_size=442, **options).fit(X * 3, y)
    assert np.isnan(fitted.loss_curve_[-1])
    assert np.isfinite(fitted.predict(X)).all()
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        MLPRegressor(learning_rate_init=1e300, **options).fit(X * 1e3, y)


def test_warnings_say_what_scikit_learns_say() -> None:
    _, _, X, y = tables()["binary"]
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        MLPClassifier(max_iter=2).fit(X, y)
    with pytest.warns(ConvergenceWarning, match=r"lbfgs failed to converge after 2 iteration\(s\)"):
        MLPClassifier(max_iter=2, solver="lbfgs").fit(X, y)
    with pytest.warns(UserWarning, match="Got `batch_size` less than 1 or larger than sample size") as told:
        MLPClassifier(max_iter=2, batch_size=9999).fit(X, y)
    assert {each.filename for each in told} == {__file__}, "who called fit is shown"


def test_the_output_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, X, y = tables()["binary"]
    MLPClassifier(max_iter=2, verbose=True, early_stopping=True).fit(X, y)
    printed = capsys.readouterr().out
    assert "Iteration 2, loss = " in printed
    assert "Validation score: " in printed


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"hidden_layer_sizes": (3, 0)}, r"hidden_layer_sizes must be > 0, got \[3, 0\]"),
        ({"activation": "relo"}, "activation"),
        ({"engine": "warp"}, "engine"),
        ({"early_stopping": True, "validation_fraction": 0.0001}, "validation set is too small|test_size"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(options: dict[str, Any], told: str) -> None:
    _, _, X, y = tables()["diabetes"]
    with pytest.raises(ValueError, match=told):
        MLPRegressor(**options).fit(X, y)


def test_before_fit_there_is_nothing() -> None:
    with pytest.raises(NotFittedError):
        MLPClassifier().predict_proba([[1.0]])
    assert not hasattr(MLPClassifier(), "coefs_")


def test_pipelines_searches_and_pickles() -> None:
    _, _, X, y = tables()["binary"]
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_iter=20, random_state=0))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9
    search = GridSearchCV(MLPClassifier(max_iter=5, random_state=0), {"alpha": [0.01, 1.0]}, cv=2).fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(again.predict_log_proba(X), search.best_estimator_.predict_log_proba(X))


def test_the_model_inside_can_be_looked_into() -> None:
    _, _, X, y = tables()["digits"]
    fitted = MLPClassifier(max_iter=3, random_state=0).fit(X, y)
    assert np.array_equal(fitted.model_.predict(X), fitted.predict(X))
    assert len(fitted.model_.trace(X[:2]).z) == 2
    assert fitted.model_.gradients(X[:5], y[:5]).parameters["W1"].shape == (64, 100)
    assert fitted.model_.origin.rows_train == 1797
