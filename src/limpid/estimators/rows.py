"""Rows as estimators take them: checked in scikit-learn's way and words, split and ordered by its draws."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight, column_or_1d, validate_data

from limpid.engines import Examples, all_finite, canonical, is_sparse

Rows = NDArray[Any]
SPARSE = ["csr", "csc"]


def check_rows(estimator: Any, X: Any, *, reset: bool) -> Any:
    """X (rows, features) as it may be read; pictures' bytes and half precision are read as they are."""
    return validate_data(estimator, X, accept_sparse=SPARSE, dtype=_dtypes(X), reset=reset)


def check_both(estimator: Any, X: Any, y: Any, *, reset: bool, numeric: bool) -> tuple[Any, Rows]:
    """X (rows, features), sparse rows in their canonical form, and answers y (rows,) or (rows, outputs)."""
    found, answers = validate_data(
        estimator,
        X,
        y,
        accept_sparse=SPARSE,
        multi_output=True,
        y_numeric=numeric,
        dtype=_dtypes(X),
        reset=reset,
    )
    if isinstance(answers, np.ndarray) and answers.ndim == 2 and answers.shape[1] == 1:
        answers = column_or_1d(answers, warn=True)
    return (canonical(found) if is_sparse(found) else found), answers


def check_weights(given: Any, rows: Any, dtype: Any) -> Rows | None:
    """`given` weights of rows (rows,), if any."""
    return None if given is None else np.asarray(_check_sample_weight(given, rows, dtype=dtype))


def as_precise(rows: Any, dtype: Any) -> Any:
    """Rows (rows, features) in `dtype`.

    Errors: `ValueError` where a number is too large for it.
    """
    with np.errstate(over="ignore"):
        made = rows.astype(dtype, copy=False)
    if made is not rows and not all_finite(made):
        numbers = rows.data if is_sparse(rows) else rows
        large = np.abs(numbers).max()
        raise ValueError(f"X has numbers too large for {np.dtype(dtype)}, such as {large:g}: scale it")
    return made


def split(
    examples: Examples, share: float | int, random: np.random.RandomState, stratify: Rows | None
) -> list[Examples]:
    """The rows to learn from and those to watch, a share or so many, as scikit-learn's MLP splits them."""
    parts = [part for part in examples if part is not None]
    halves = train_test_split(*parts, random_state=random, test_size=share, stratify=stratify)
    if len(halves) > 4 and not halves[5].any():
        raise ValueError("the rows set aside for validation weigh nothing: all of their sample_weight is 0")
    if halves[1].shape[0] < 2:
        raise ValueError("The validation set is too small. Increase 'validation_fraction' or the size of your dataset.")
    return [Examples(*halves[::2]), Examples(*halves[1::2])]


def orders(random: np.random.RandomState, rows: int) -> Iterator[NDArray[np.int64]]:
    """The orders that scikit-learn's `shuffle`, called once a pass on the order before, would give."""
    order = np.arange(rows)
    while True:
        order = order.copy()
        random.shuffle(order)
        yield order


def drawing(random: np.random.RandomState, orders: Iterator[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
    """The same orders; what scikit-learn would draw for each is drawn, for whoever goes on with `random`."""
    for order in orders:
        random.shuffle(order.copy())
        yield order


def _dtypes(X: Any) -> Any:
    """What X may hold: scikit-learn's float64 or float32, or what the engine reads without a copy."""
    kept = isinstance(X, np.ndarray) and X.dtype in (np.uint8, np.float16)
    return X.dtype if kept else (np.float64, np.float32)
