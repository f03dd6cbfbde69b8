"""Naive Bayes for a table: numbers are normally distributed in each class, what is 0 or 1 is drawn with a share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class NaiveBayes:
    """Scikit-learn's two kinds as one: columns count as independent in each class, so that their logs add up."""

    def __init__(self, flags: NDArray[np.bool_]) -> None:
        """`flags` (columns,): which hold 0 or 1."""
        self._flags = flags

    def fit(self, X: Any, y: NDArray[Any]) -> "NaiveBayes":
        """From X (rows, columns), dense or sparse, and classes y (rows,) from 0 on."""
        from sklearn.naive_bayes import BernoulliNB, GaussianNB

        numbers, shares = self._parts(X)
        self._numbers = GaussianNB().fit(numbers, y) if numbers.shape[1] else None
        self._shares = BernoulliNB().fit(shares, y) if shares.shape[1] else None
        self._log_share = np.log(np.bincount(y) / len(y))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """(rows, classes) for X (rows, columns)."""
        from scipy.special import softmax

        parts = zip((self._numbers, self._shares), self._parts(X), strict=True)
        # each kind counts how frequent a class is: once is enough
        logs = [kind.predict_joint_log_proba(part) - self._log_share for kind, part in parts if kind is not None]
        return np.asarray(softmax(sum(logs) + self._log_share, axis=1))

    def predict(self, X: Any) -> NDArray[np.int64]:
        """(rows,) the likeliest class."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def _parts(self, X: Any) -> tuple[NDArray[Any], Any]:
        """The columns of numbers, dense; those of 0 and 1."""
        numbers, shares = X[:, np.flatnonzero(~self._flags)], X[:, np.flatnonzero(self._flags)]
        return numbers if isinstance(numbers, np.ndarray) else numbers.toarray(), shares
