"""Classes of a classification, and how targets stand for them: one column, one a class, or one a label."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target

Rows = NDArray[Any]


class Labels:
    """What answers can be: `kind` is scikit-learn's "binary", "multiclass" or "multilabel-indicator"."""

    def __init__(self, kind: str, classes: Rows) -> None:
        self.kind, self.classes = kind, classes

    @staticmethod
    def of(y: Rows) -> "Labels":
        """Those of answers y (rows,), or 0 or 1 (rows, labels).

        Errors: `ValueError` for numbers that are no classes.
        """
        kind = type_of_target(y, input_name="y")
        if kind == "multilabel-indicator":
            return Labels(kind, np.arange(y.shape[1]))
        if kind not in {"binary", "multiclass"}:
            raise ValueError(
                f"Unknown label type: {kind}. Maybe you are trying to fit a classifier, which expects discrete classes "
                "on a regression target with continuous values."
            )
        return Labels.named(np.unique(y))

    @staticmethod
    def named(classes: Rows) -> "Labels":
        """One of the sorted `classes` each row."""
        return Labels("multiclass" if len(classes) > 2 else "binary", classes)

    def grown(self, y: Rows, more: Any) -> "Labels":
        """With those of y, and the classes `more` (or None) besides."""
        if self.kind == "multilabel-indicator":
            return Labels(self.kind, np.arange(max(len(self.classes), y.shape[1])))
        named = [np.asarray(more)] if more is not None else []
        return Labels.named(np.unique(np.concatenate([self.classes, Labels.of(y).classes, *named])))

    @property
    def outputs(self) -> int:
        """How many the network needs."""
        return 1 if self.kind == "binary" else len(self.classes)

    def unknown(self, y: Rows) -> Rows:
        """The classes in y that are not among these."""
        if self.kind == "multilabel-indicator":
            return np.arange(len(self.classes), y.shape[1] if y.ndim == 2 else len(self.classes))
        return np.setdiff1d(y, self.classes)

    def encode(self, y: Rows, dtype: Any) -> Rows:
        """Targets (rows, outputs) for answers y, all of which are known."""
        if self.kind == "multilabel-indicator":
            return y.astype(dtype)
        codes = np.searchsorted(self.classes, y)
        if self.kind == "binary":
            return codes[:, None].astype(dtype)
        targets = np.zeros((len(y), len(self.classes)), dtype)
        targets[np.arange(len(y)), codes] = 1
        return targets

    def decode(self, outputs: Rows) -> Rows:
        """Answers for a network's outputs (rows, outputs)."""
        if self.kind == "multilabel-indicator":
            return (outputs > 0.5).astype(np.int64)
        codes = outputs[:, 0] > 0.5 if self.kind == "binary" else outputs.argmax(axis=1)
        return np.asarray(self.classes[np.minimum(codes, len(self.classes) - 1)])
