"""What scikit-learn's class refuses limpid's refuses in the same words; what is refused besides is named."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from limpid import MLPClassifier, MLPRegressor
from tests.test_estimator_drop_in import MARKS, NUMBER, SHORT, THREE, TWO, Call, X, both, fit, follow

OUT_OF_RANGE: dict[str, Any] = {
    "hidden_layer_sizes": (3, 0), "alpha": -1, "batch_size": 0, "learning_rate_init": 0, "power_t": -1, "max_iter": 0,
    "shuffle": "no", "random_state": -1, "tol": -1, "verbose": -1, "warm_start": 3, "momentum": 2,
    "nesterovs_momentum": 5, "early_stopping": 2, "validation_fraction": 1.0, "beta_1": 1.0, "beta_2": -0.1,
    "epsilon": 0, "n_iter_no_change": 0, "max_fun": 0,
}  # fmt: skip


def partial(*given: Any, **more: Any) -> Call:
    return lambda estimator: estimator.partial_fit(X, *given, **more)


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_numbers_out_of_range(kind: str, name: str) -> None:
    mine, their = both(kind, {**SHORT, name: OUT_OF_RANGE[name]}, fit(TWO))
    assert name in mine.refused
    assert mine.refused == their.refused


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({}, [partial(TWO)]),
        ({}, [partial(TWO, classes=[0, 1]), partial(THREE)]),
        ({}, [partial(TWO, classes=[0, 1]), partial(TWO, classes=[0, 1, 2])]),
        ({}, [partial(TWO, classes=[0, 1]), lambda estimator: estimator.partial_fit(X[:, :3], TWO)]),
        ({"early_stopping": True}, [partial(TWO, classes=[0, 1])]),
        ({"warm_start": True}, [fit(TWO), fit(THREE)]),
        ({"warm_start": True}, [fit(THREE), fit(TWO)]),
        ({"warm_start": True}, [fit(TWO), lambda estimator: estimator.fit(X[:, :3], TWO)]),
        ({"early_stopping": True, "validation_fraction": 0.005}, [fit(THREE)]),
        ({"early_stopping": True, "validation_fraction": 0.0}, [fit(THREE)]),
        ({"early_stopping": True}, [fit(np.arange(150) // 149)]),
        ({}, [fit(TWO[:9])]),
        ({}, [fit(None)]),
        ({}, [fit(TWO, np.ones(9))]),
        ({}, [fit(TWO, np.zeros(150))]),
        ({}, [fit(np.where(TWO, np.nan, 1.0))]),
        ({}, [fit(np.array(["a", 1] * 75, object))]),
        ({}, [lambda estimator: estimator.fit(np.where(X > 2, np.nan, X), TWO)]),
        ({}, [lambda estimator: estimator.fit(X[:, 0], TWO)]),
        ({}, [lambda estimator: estimator.fit([["a"], ["b"]], [0, 1])]),
        ({}, [fit(TWO), lambda estimator: estimator.predict(X[:, :3])]),
        ({}, [fit(TWO), lambda estimator: estimator.predict(X[:0])]),
        ({}, [lambda estimator: estimator.predict(X)]),
    ],
)
def test_calls_that_do_not_fit(options: dict[str, Any], calls: list[Call]) -> None:
    mine, their = both("classifier", {**SHORT, **options}, *calls)
    assert mine.refused
    assert mine.refused == their.refused


def test_lbfgs_has_no_parts() -> None:
    mine, their = both("classifier", {**SHORT, "solver": "lbfgs"}, partial(TWO, classes=[0, 1]))
    assert mine.refused == their.refused
    with pytest.raises(AttributeError) as refused:
        _ = MLPRegressor(solver="lbfgs").partial_fit
    assert str(refused.value.__cause__) == (
        "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
    )


CLASSIFIER, REGRESSOR = MLPClassifier(**SHORT), MLPRegressor(**SHORT)


@pytest.mark.parametrize(
    ("estimator", "call", "told"),
    [
        (MLPClassifier(hidden_layer_sizes="auot"), fit(TWO), "'auto'}. Got 'auot' instead"),
        (MLPClassifier(hidden_layer_sizes="auto"), partial(TWO, classes=[0, 1]), "call fit before partial_fit"),
        (MLPClassifier(activation=["relu", "tanh"]), fit(TWO), "1 layers, got 2"),
        (MLPClassifier(activation=["relo"]), fit(TWO), "unknown activation 'relo' (did you mean 'relu'?)"),
        (MLPClassifier(solver="adams"), fit(TWO), "Got 'adams' instead"),
        (MLPClassifier(learning_rate="cosin"), fit(TWO), "Got 'cosin' instead"),
        (MLPClassifier(monitor="accuracy"), fit(TWO), "{'loss', 'score'}. Got 'accuracy' instead"),
        (MLPClassifier(dropout=1), fit(TWO), "'dropout' parameter of MLPClassifier must be a float in the range [0.0"),
        (MLPClassifier(dropout=0.5, solver="lbfgs"), fit(TWO), "solver='lbfgs' takes no dropout"),
        (MLPClassifier(precision="bfloat16", solver="lbfgs"), fit(TWO), "got 'bfloat16'"),
        (MLPClassifier(precision="bfloat16", engine="reference"), fit(TWO), "need the native engine"),
        (MLPClassifier(precision="float16"), fit(TWO), "Got 'float16' instead"),
        (MLPClassifier(n_jobs=0), fit(TWO), "n_jobs == 0"),
        (MLPClassifier(callbacks="print"), fit(TWO), "Got 'print' instead"),
        (MLPClassifier(callbacks=[3]), fit(TWO), "callbacks must be functions of an Epoch, got 3"),
        (MLPClassifier(class_weight={7: 1}), fit(TWO), "are not in class_weight"),
        (MLPClassifier(class_weight="balanced"), partial(TWO, classes=[0, 1]), "not supported for partial_fit"),
        (MLPClassifier(loss="cross_entropy"), fit(TWO), "'cross_entropy' is not defined for the output activation"),
        (MLPClassifier(), fit(np.column_stack([THREE, np.ones(150)])), "column 1 of y has one class only"),
        (MLPRegressor(loss="poisson"), fit(NUMBER), "needs targets from 0 to inf"),
        (MLPRegressor(loss="quantile:2"), fit(NUMBER), "a level between 0 and 1, got 2.0"),
        (REGRESSOR, lambda each: each.fit(X, NUMBER).predict_interval(X), "fitted without held-out rows"),
        (REGRESSOR, lambda each: each.fit(X, NUMBER).predict_quantiles(X), "got 'squared_error'"),
        (MLPRegressor(hidden_layer_sizes=(10**7, 10**7)), fit(NUMBER), "GB of memory"),
        (CLASSIFIER, lambda each: each.fit(X, TWO, X_val=X), "X_val and y_val belong together"),
        (CLASSIFIER, lambda each: each.fit(X, TWO, y_val=TWO), "X_val and y_val belong together"),
        (CLASSIFIER, lambda each: each.fit(X, TWO, X_val=X[:, :3], y_val=TWO), "X has 3 features, but MLPClassifier"),
        (CLASSIFIER, lambda each: each.fit(X, TWO, X_val=X[:0], y_val=TWO[:0]), "0 sample(s)"),
        (CLASSIFIER, lambda each: each.fit(X, TWO, X_val=X, y_val=THREE), "y_val has classes that y has not: 2"),
        (
            CLASSIFIER,
            lambda each: each.fit(X, MARKS, X_val=X, y_val=TWO),
            "y_val must have as many columns as y, 3, got 1",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_what_is_refused_is_named(estimator: Any, call: Call, told: str) -> None:
    refused = follow(clone(estimator), [call]).refused
    assert told in refused.replace("{'score', 'loss'}", "{'loss', 'score'}")


def test_before_fit_nothing_is_answered() -> None:
    asked: list[tuple[Any, str]] = [
        (MLPClassifier(), "predict_proba"), (MLPClassifier(), "predict_log_proba"), (MLPClassifier(), "predict_set"),
        (MLPRegressor(), "predict_interval"), (MLPRegressor(), "predict_quantiles"),
    ]  # fmt: skip
    for estimator, name in asked:
        with pytest.raises(NotFittedError):
            getattr(estimator, name)(X)
