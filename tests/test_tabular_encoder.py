"""TabularEncoder: limpid's encoding of tables, by scikit-learn's conventions."""

import pickle
import warnings
from datetime import datetime, timedelta
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array, issparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from limpid import MLPClassifier, TabularEncoder
from limpid.frames import table_of
from limpid.table_encoder import TableEncoder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
ROWS = 120


def columns(towns: int = 3) -> dict[str, list[Any]]:
    return {
        "size": [None if n % 11 == 0 else n % 17 / 4 for n in range(ROWS)],
        "town": [None if n % 13 == 0 else f"town {n % towns}" for n in range(ROWS)],
        "code": [n % 4 for n in range(ROWS)],
        "flag": [n % 2 == 0 for n in range(ROWS)],
        "when": [datetime(2020, 1, 1, 5) + n * timedelta(hours=31) for n in range(ROWS)],
        "same": ["x"] * ROWS,
    }


def labels() -> np.ndarray:
    return np.array(["yes" if n % 17 > 8 or n % 3 == 1 else "no" for n in range(ROWS)])


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(columns())


@pytest.mark.parametrize(
    ("estimator", "check"),
    list(estimator_checks_generator(TabularEncoder())),
    ids=lambda given: str(getattr(given, "func", given).__name__) if callable(given) else type(given).__name__,
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except SkipTest as reason:  # the only check that does not concern it
            assert "SCIPY_ARRAY_API is not set" in str(reason)


def test_it_is_the_encoding_that_limpid_learns_by(frame: pd.DataFrame) -> None:
    table = table_of(columns())
    wanted = TableEncoder.fit(table, table.__getitem__, ["code"])
    fitted = TabularEncoder(categorical=["code"]).fit(frame)
    assert fitted.encoder_ == wanted
    assert np.array_equal(fitted.transform(frame), wanted.encode(table, np.float64))
    assert fitted.get_feature_names_out().tolist() == list(wanted.names)
    assert (fitted.n_features_in_, list(fitted.feature_names_in_)) == (6, list(columns()))
    assert fitted.encoder_.left_out == (("same", "every cell is the same"),)
    assert TabularEncoder(dtype="float32").fit_transform(frame).dtype == np.float32


def test_frames_of_every_library_are_the_same(frame: pd.DataFrame) -> None:
    fitted = TabularEncoder().fit(frame)
    polars_frame = pl.DataFrame(columns())
    for other in (polars_frame, frame.convert_dtypes(), frame.astype({"town": "category"})):
        assert TabularEncoder().fit(other).encoder_ == fitted.encoder_
        assert np.array_equal(fitted.transform(other), fitted.transform(frame))
    arrow = polars_frame.to_arrow()
    assert TabularEncoder().fit(arrow).encoder_.outputs == fitted.encoder_.outputs
    assert np.array_equal(TabularEncoder().fit_transform(arrow), fitted.transform(frame))


def test_columns_of_arrays_are_numbered() -> None:
    numbers = np.array([[1.0, np.nan, 3], [2, 5, 3], [4, 6, 3]])
    fitted = TabularEncoder(categorical=()).fit(numbers)
    assert fitted.get_feature_names_out().tolist() == ["x0", "x1", "x1 is missing"]
    assert not hasattr(fitted, "feature_names_in_")
    mixed = np.array([["red", 1], ["blue", 2], ["red", None]] * 5, dtype=object)
    fitted = TabularEncoder(categorical=["x1"]).fit(mixed)
    assert fitted.get_feature_names_out().tolist() == ["x0=blue", "x0=red", "x1=1", "x1=2", "x1 is missing"]
    assert fitted.transform([["blue", 7]]).tolist() == [[1, 0, 0, 0, 0]]
    unnamed = pd.DataFrame(numbers)
    assert TabularEncoder().fit(unnamed).get_feature_names_out().tolist() == ["x0", "x1", "x1 is missing"]


def test_rows_are_sparse_where_it_is_worth_it_or_asked_for(frame: pd.DataFrame) -> None:
    wide = pd.DataFrame(columns(towns=20))
    found = {
        (name, sparse): TabularEncoder(sparse_output=sparse).fit_transform(given)
        for name, given in (("frame", frame), ("wide", wide[["town"]]))
        for sparse in ("auto", True, False)
    }
    assert {key: issparse(rows) for key, rows in found.items()} == {
        (name, sparse): sparse is True or (sparse == "auto" and name == "wide") for name, sparse in found
    }
    for name in ("frame", "wide"):
        assert np.array_equal(found[name, True].toarray(), found[name, False])
        assert isinstance(found[name, True], csr_array)


def test_data_frames_come_out_where_they_are_asked_for(frame: pd.DataFrame) -> None:
    wide = pd.DataFrame(columns(towns=20))[["town"]]
    for given in (frame, wide):
        plain = TabularEncoder(sparse_output=False).fit(given)
        for library, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
            out = TabularEncoder().set_output(transform=library).fit_transform(given)
            assert isinstance(out, kind)
            assert list(out.columns) == plain.get_feature_names_out().tolist()
            assert np.array_equal(out.to_numpy(), plain.transform(given))
    indexed = frame.set_index(np.arange(ROWS)[::-1])
    assert list(TabularEncoder().set_output(transform="pandas").fit_transform(indexed).index) == list(indexed.index)
    with pytest.raises(ValueError, match="The transformer outputs a scipy sparse matrix"):
        TabularEncoder(sparse_output=True).set_output(transform="pandas").fit_transform(frame)


def test_pipelines_searches_clones_and_pickles(frame: pd.DataFrame) -> None:
    network = MLPClassifier(hidden_layer_sizes=(16,), learning_rate_init=0.01, max_iter=60, random_state=0)
    pipeline = make_pipeline(TabularEncoder(categorical=["code"]), network)
    assert cross_val_score(pipeline, frame, labels(), cv=3).mean() > 0.75
    grid = {"tabularencoder__sparse_output": [True, False], "tabularencoder__categorical": [(), ("code",)]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(frame, labels())
    scores = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert np.array_equal(scores[:, 0], scores[:, 1]), "sparse rows have the bits of dense ones"
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert np.array_equal(again.predict_proba(frame), search.predict_proba(frame))
    copy = clone(pipeline[0].fit(frame))
    assert copy.get_params() == {"categorical": ["code"], "dtype": np.float64, "sparse_output": "auto"}
    with pytest.raises(NotFittedError):
        copy.transform(frame)
    assert (
        make_pipeline(TabularEncoder(), LogisticRegression(max_iter=500)).fit(frame, labels()).score(frame, labels())
        > 0.7
    )


def test_some_columns_alone(frame: pd.DataFrame) -> None:
    texts = make_column_selector(dtype_include=[object, "str"])
    chosen = ColumnTransformer([("texts", TabularEncoder(sparse_output=False), texts)], remainder="drop").fit(frame)
    assert chosen.get_feature_names_out().tolist() == [
        f"texts__town{what}" for what in ("=town 0", "=town 1", "=town 2", " is missing")
    ]


@pytest.mark.parametrize(
    ("parameters", "change", "told"),
    [
        ({"categorical": "code"}, {}, "The 'categorical' parameter of TabularEncoder must be an instance of"),
        ({"categorical": ["cod"]}, {}, "no column 'cod' .did you mean 'code'.. to be categorical"),
        ({"sparse_output": "maybe"}, {}, "The 'sparse_output' parameter of TabularEncoder must be"),
        ({}, {"size": [[1]] * ROWS}, "column 'size': numbers, texts or dates are needed, got list in row 1"),
        ({}, {"size": [1, "x"] * (ROWS // 2)}, "column 'size': its cells must be of one kind"),
        ({}, {"size": [np.inf] * ROWS}, "column 'size' row 1: inf is not a usable number"),
    ],
)
def test_what_does_not_fit_is_refused(
    parameters: dict[str, Any], change: dict[str, Any], told: str, frame: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=told):
        TabularEncoder(**parameters).fit(frame.assign(**change))


def test_rows_that_do_not_fit_are_refused(frame: pd.DataFrame) -> None:
    fitted = TabularEncoder().fit(frame)
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit"):
        fitted.transform(frame.rename(columns={"size": "width"}))
    with pytest.raises(ValueError, match="column 'size' row 1: cannot read 'big' as a number"):
        fitted.transform(frame.assign(size="big"))
    with pytest.raises(ValueError, match="at least one row is needed"):
        fitted.transform(frame.iloc[:0])
    with pytest.raises(ValueError, match="n_samples = 1"):
        TabularEncoder().fit(frame.iloc[:1])
    with pytest.raises(ValueError, match="no column is of use to learn from .'same': every cell is the same"):
        TabularEncoder().fit(frame[["same"]])
    with pytest.raises(TypeError, match="Sparse data was passed"):
        TabularEncoder().fit(csr_array(np.eye(3)))
