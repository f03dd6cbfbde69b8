"""Estimators among other programs: tables, transformers, searches and routed metadata."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from limpid import MLPClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DRAWS = np.random.RandomState(0)
X = DRAWS.normal(size=(120, 4))
TWO = (X[:, 0] + DRAWS.normal(size=120) > 0).astype(int)
SEVERAL = np.column_stack([np.arange(120) % 3, TWO + 5])
WORDS = np.array(["no", "yes"])[TWO]
COLUMNS = {name: X[:, at] for at, name in enumerate("abcd")}
SHORT: dict[str, Any] = {"random_state": 0, "max_iter": 5, "hidden_layer_sizes": (8,)}
HELD: dict[str, Any] = {"X_val": X[:40], "y_val": TWO[:40]}


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame, pa.table])
def test_tables_are_taken(table: Any) -> None:
    plain = MLPClassifier(**SHORT).fit(X, WORDS, X_val=X[:40], y_val=WORDS[:40])
    for answers in (WORDS, pd.Series(WORDS), pd.Series(WORDS, dtype="category"), pl.Series(WORDS), pa.array(WORDS)):
        rows = table(COLUMNS)
        fitted = MLPClassifier(**SHORT).fit(rows, answers, X_val=rows[:40], y_val=answers[:40])
        assert fitted.feature_names_in_.tolist() == list("abcd")
        assert fitted.classes_.tolist() == ["no", "yes"]
        assert np.array_equal(fitted.predict_proba(rows), plain.predict_proba(X))
        assert fitted.validation_scores_ == plain.validation_scores_
        assert fitted.model_.features == tuple("abcd")
        with pytest.raises(ValueError, match="feature names should match"):
            fitted.predict(table({name: COLUMNS[name] for name in "dcba"}))


def test_a_table_may_mix_kinds_of_numbers() -> None:
    mixed = pd.DataFrame({"a": X[:, 0], "b": X[:, 1] > 0, "c": (10 * X[:, 2]).astype(int)})
    numbers = mixed.to_numpy(float)
    fitted, wanted = MLPClassifier(**SHORT).fit(mixed, TWO), MLPClassifier(**SHORT).fit(numbers, TWO)
    assert np.array_equal(fitted.predict_proba(mixed), wanted.predict_proba(numbers))
    assert MLPClassifier(**SHORT).fit(pd.DataFrame(X.astype(np.float32)), TWO).coefs_[0].dtype == np.float32


def test_columns_of_words_go_through_a_transformer() -> None:
    rows = pd.DataFrame({"number": X[:, 0], "word": np.array(["red", "green", "blue"])[np.arange(120) % 3]})
    answers = np.where(rows.word == "red", "warm", "cold")
    transformer = ColumnTransformer([("words", OneHotEncoder(), ["word"]), ("numbers", StandardScaler(), ["number"])])
    pipeline = make_pipeline(transformer, MLPClassifier(**{**SHORT, "max_iter": 200, "learning_rate_init": 0.02}))
    assert pipeline.fit(rows, answers).score(rows, answers) == 1


def test_cross_validation_and_searches() -> None:
    estimator = make_pipeline(StandardScaler(), MLPClassifier(**SHORT, n_jobs=1))
    folds = cross_validate(estimator, X, TWO, cv=3, scoring=["accuracy", "neg_log_loss"], return_estimator=True)
    assert len(folds["test_accuracy"]) == 3
    assert len({each[-1].loss_ for each in folds["estimator"]}) == 3
    alone, together = (
        GridSearchCV(estimator, {"mlpclassifier__alpha": [0.01, 10.0]}, cv=3, n_jobs=n_jobs).fit(X, TWO)
        for n_jobs in (None, 2)
    )
    for name in ("mean_test_score", "std_test_score"):
        assert np.array_equal(together.cv_results_[name], alone.cv_results_[name])
    assert np.array_equal(together.predict_proba(X), alone.predict_proba(X))


def test_metadata_is_routed(random: np.random.Generator) -> None:
    weights = random.uniform(0.5, 2, 120)
    wanted = MLPClassifier(**SHORT).fit(X, TWO, weights, **HELD)
    with config_context(enable_metadata_routing=True):
        asked = MLPClassifier(**SHORT).set_fit_request(sample_weight=True, X_val=True, y_val=True)
        asked.set_score_request(sample_weight=False)
        search = GridSearchCV(asked, {"alpha": [0.0001]}, cv=3).fit(X, TWO, sample_weight=weights, **HELD)
        assert search.best_estimator_.loss_curve_ == wanted.loss_curve_
        assert search.best_estimator_.validation_scores_ == wanted.validation_scores_
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, clone(asked), transform_input=["X_val"])
        scaled = StandardScaler().fit(X)
        by_hand = MLPClassifier(**SHORT).fit(
            scaled.transform(X), TWO, weights, X_val=scaled.transform(HELD["X_val"]), y_val=HELD["y_val"]
        )
        pipeline.fit(X, TWO, sample_weight=weights, **HELD)
        assert pipeline[-1].validation_scores_ == by_hand.validation_scores_
