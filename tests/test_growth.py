"""Networks that meet new columns and classes: old answers keep their bits, and training goes on where it stood."""

from copy import deepcopy
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_matrix

from limpid import MLPClassifier, MLPRegressor

SHORT: dict[str, Any] = {"random_state": 0, "hidden_layer_sizes": (8, 6), "grow": True}
DRAWS = np.random.RandomState(3)
X = DRAWS.normal(size=(120, 4))
TWO = (X[:, 0] > 0).astype(int)
THREE = np.digitize(X[:, 1], [-0.5, 0.5])
FOUR = np.digitize(X[:, 2], [-0.5, 0.0, 0.5])
STANDING_STILL: dict[str, Any] = {"learning_rate": lambda done: 0.0 * done}
"""A pass with these changes no weight: what is left is growth alone."""


def learned(estimator: Any, *given: Any, passes: int = 5) -> Any:
    for _ in range(passes):
        estimator.partial_fit(*given)
    return estimator


def same(one: Any, other: Any) -> bool:
    """Whether two fitted things hold the same, all the way down, bit by bit."""
    if isinstance(one, np.ndarray):
        return bool(one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one).__module__.startswith("limpid") and hasattr(one, "__dict__"):
        return type(one) is type(other) and same(vars(one), vars(other))
    return bool(one == other or (one != one and other != other))


@pytest.mark.parametrize("layers", [(8, 6), (8,), ()])
@pytest.mark.parametrize(("old", "new"), [(TWO, THREE), (THREE, FOUR), (TWO, TWO), (np.zeros(120, int), FOUR)])
def test_old_logits_keep_their_bits(old: Any, new: Any, layers: tuple[int, ...], random: np.random.Generator) -> None:
    fitted = learned(MLPClassifier(**{**SHORT, "hidden_layer_sizes": layers}), X, old)
    before, known = fitted.model_.logits(X), fitted.classes_
    fitted.set_params(**STANDING_STILL).partial_fit(np.column_stack([X, X]), new)
    after = fitted.model_.logits(np.column_stack([X, random.normal(size=X.shape)]))
    if len(fitted.classes_) <= 2:
        wanted = before
    else:
        both = np.column_stack([np.zeros(120), before]) if before.shape[1] == 1 else before
        place = {label: at for at, label in enumerate(known)}
        wanted = np.column_stack(
            [both[:, place[label]] if label in place else np.zeros(120) for label in fitted.classes_]
        )
    assert np.array_equal(after, wanted)
    assert fitted.n_features_in_ == 8
    assert fitted.out_activation_ == ("softmax" if len(fitted.classes_) > 2 else "logistic")
    assert fitted.n_outputs_ == after.shape[1]


def test_classes_find_their_place_among_the_old_ones() -> None:
    names = np.array(["m", "p"])[TWO]
    fitted = learned(MLPClassifier(**SHORT), X, names)
    before = fitted.predict_proba(X)
    fitted.set_params(**STANDING_STILL).partial_fit(X, names, classes=["z", "a", "n"])
    assert fitted.classes_.tolist() == ["a", "m", "n", "p", "z"]
    logits, after = fitted.model_.logits(X), fitted.predict_proba(X)
    assert not logits[:, [0, 2, 4]].any()
    assert np.allclose(after[:, [1, 3]] / after[:, [1, 3]].sum(axis=1, keepdims=True), before, rtol=1e-12)


def test_new_classes_are_learned() -> None:
    fitted = learned(MLPClassifier(**SHORT, learning_rate_init=0.02), X, TWO, passes=30)
    learned(fitted, np.column_stack([X, X[:, 2] ** 2]), FOUR, passes=150)
    assert fitted.score(np.column_stack([X, X[:, 2] ** 2]), FOUR) > 0.9


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_named_columns_may_come_in_any_order(frame: Any) -> None:
    table = frame({name: X[:, at] for at, name in enumerate("abcd")})
    fitted = learned(MLPRegressor(**SHORT), table, X[:, 0])
    before = fitted.predict(table)
    wider = frame({name: X[:, "abcd".find(name)] for name in "dxbyac"})
    fitted.set_params(**STANDING_STILL).partial_fit(wider, X[:, 0])
    assert fitted.feature_names_in_.tolist() == ["a", "b", "c", "d", "x", "y"]
    assert np.array_equal(fitted.predict(wider[["a", "b", "c", "d", "x", "y"]]), before)
    with pytest.raises(ValueError, match="X lacks columns that MLPRegressor knows: b, y"):
        fitted.partial_fit(wider[["a", "c", "d", "x"]], X[:, 0])


def test_sparse_rows_grow_too() -> None:
    fitted = learned(MLPClassifier(**SHORT), csr_matrix(X), TWO)
    before = fitted.predict_proba(csr_matrix(X))
    fitted.set_params(**STANDING_STILL).partial_fit(csr_matrix(np.column_stack([X, X])), TWO)
    assert np.array_equal(fitted.predict_proba(csr_matrix(np.column_stack([X, X]))), before)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_the_optimizer_goes_on(solver: str) -> None:
    def passes(estimator: Any, rows: Any) -> Any:
        return learned(estimator, rows, THREE, passes=3)

    narrow = passes(MLPClassifier(**SHORT, solver=solver), X)
    wide = deepcopy(narrow)
    state = wide.model_.state
    wide.partial_fit(np.column_stack([X, np.zeros_like(X)]), THREE)  # columns that say nothing change nothing
    narrow.partial_fit(X, THREE)
    grown = wide.model_.state
    assert grown.step == state.step + 1 == narrow.model_.state.step
    for name, array in narrow.model_.state.parameters.items():
        assert np.array_equal(grown.parameters[name][: len(array)], array), name
    for slot, arrays in narrow.model_.state.slots.items():
        assert all(array.any() for array in state.slots[slot].values())
        for name, array in arrays.items():
            assert np.array_equal(grown.slots[slot][name][: len(array)], array), (slot, name)


def test_several_answers_and_labels_grow() -> None:
    several = np.column_stack([THREE, TWO + 5])
    fitted = learned(MLPClassifier(**SHORT), X, several)
    before = fitted.model_.logits(X)
    more = several.copy()
    more[0], more[1] = [9, 5], [0, 4]
    fitted.set_params(**STANDING_STILL).partial_fit(X, more)
    assert [each.tolist() for each in fitted.classes_] == [[0, 1, 2, 9], [4, 5, 6]]
    after = fitted.model_.logits(X)
    assert np.array_equal(after[:, [0, 1, 2, 5, 6]], before)
    assert not after[:, [3, 4]].any()
    assert [each.shape for each in fitted.predict_proba(X)] == [(120, 4), (120, 3)]

    marks = np.column_stack([TWO, X[:, 2] > 0]).astype(int)
    labels = learned(MLPClassifier(**SHORT), X, marks)
    before = labels.model_.logits(X)
    labels.set_params(**STANDING_STILL).partial_fit(X, np.column_stack([marks, X[:, 3] > 0]).astype(int))
    assert np.array_equal(labels.model_.logits(X), np.column_stack([before, np.zeros(120)]))
    assert labels.classes_.tolist() == [0, 1, 2]
    assert np.array_equal(labels.predict(X)[:, 2], np.zeros(120))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((X[:, :2], TWO), "X has 2 features, but MLPClassifier is expecting 4 features as input, or more to grow by"),
        ((X, TWO[:5]), "inconsistent numbers of samples"),
        ((np.column_stack([X, np.full(120, np.nan)]), THREE), "contains NaN"),
        ((X, np.column_stack([TWO, TWO])), "the kind of earlier calls, classification"),
        ((np.column_stack([X, X]), X[:, 0]), "got continuous"),
        ((X, np.array(["a", "b"])[TWO]), "classes of the kind of earlier ones"),
        ((np.column_stack([X, X]), THREE, np.ones(3)), "sample_weight"),
        ((np.column_stack([X, X]), THREE, -np.inf * np.ones(120)), "sample_weight"),
    ],
)
def test_a_refused_call_leaves_all_as_it_was(given: tuple[Any, ...], told: str) -> None:
    fitted = learned(MLPClassifier(**SHORT), X, TWO)
    before = deepcopy(vars(fitted))
    with pytest.raises(ValueError, match=told):
        fitted.partial_fit(*given)
    assert same(vars(fitted), before)
    fitted.partial_fit(X, TWO)
    assert not same(vars(fitted), before)


def test_without_grow_nothing_grows() -> None:
    fitted = learned(MLPClassifier(**{**SHORT, "grow": False}), X, TWO, None, [0, 1])
    with pytest.raises(ValueError, match="classes not in `self.classes_`"):
        fitted.partial_fit(X, THREE)
    with pytest.raises(ValueError, match="X has 8 features, but MLPClassifier is expecting 4 features as input"):
        fitted.partial_fit(np.column_stack([X, X]), TWO)
