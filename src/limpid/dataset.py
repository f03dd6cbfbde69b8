"""Examples as limpid takes them: a table of numbers in, labels or numbers wanted, and what is known about both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import DataError, LimpidError
from limpid.table import Column, Table

TASKS = ("classification", "multilabel", "regression")
MOST_CLASSES_GUESSED = 20


@dataclass(frozen=True)
class Dataset:
    """Rows of inputs, and for each what a network should answer.

    Errors: `DataError` where there are no rows, shapes do not fit together or a number is not finite.
    """

    name: str
    """Where the examples come from: a built-in name or a path."""
    X: Any
    """(rows, inputs): an array of any kind of number, or a `Table`."""
    y: NDArray[Any] | None
    """(rows,) labels or numbers; (rows, outputs) for several labels (0 or 1) or numbers; None where not known."""
    task: str = "classification"
    """One of `TASKS`."""
    features: tuple[str, ...] = ()
    """A name for each input; empty where they have none."""
    targets: tuple[str, ...] = ()
    """A name for each column of y."""
    image_shape: tuple[int, int] | None = None
    """(height, width) where a row is a grey picture, read line by line."""
    full_scale: float | None = None
    """What inputs are divided by to lie in 0..1; None where they are to be standardised."""
    names: tuple[str, ...] = ()
    """A name for each row: of the file that it was read from; empty where rows have none."""
    test: "Dataset | None" = None
    """The source's own examples for testing, which are never learned from."""
    categorical: tuple[str, ...] = ()
    """Columns of a `Table` whose numbers are names."""

    def __post_init__(self) -> None:
        if not isinstance(self.X, Table):
            object.__setattr__(self, "X", np.asarray(self.X))
        if len(self.X.shape) != 2 or 0 in self.X.shape:
            raise DataError(f"{self.name}: a table of at least one row and one input is needed, got {_size(self.X)}")
        if self.task not in TASKS:
            raise LimpidError(f"the task must be one of {', '.join(TASKS)}, got {self.task!r}")
        if self.names and len(self.names) != len(self.X):
            raise DataError(f"{self.name}: {len(self.X)} rows need as many names, got {len(self.names)}")
        if not isinstance(self.X, Table):
            _check_finite(self.name, "inputs", self.X, self.features)
        if self.y is None:
            return
        y = np.asarray(self.y)
        object.__setattr__(self, "y", y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y)
        if self.y.ndim not in {1, 2} or len(self.y) != len(self.X) or 0 in self.y.shape:
            raise DataError(f"{self.name}: {len(self.X)} rows of inputs need as many targets, got {_size(self.y)}")
        if self.y.dtype.kind == "O" and all(isinstance(label, str) for label in self.y.flat):
            object.__setattr__(self, "y", self.y.astype(str))
        if self.y.dtype.kind not in "biufU":
            raise DataError(f"{self.name}: targets must be numbers or texts, got {self.y.dtype}")
        if self.y.dtype.kind == "U" and self.task != "classification":
            raise DataError(
                f"{self.name}: a {self.task} needs numbers to predict, got texts like {str(self.y.flat[0])!r}"
            )
        if self.y.dtype.kind == "f":
            _check_finite(self.name, "targets", self.y.reshape(len(self.y), -1), self.targets)

    def __len__(self) -> int:
        return len(self.X)

    def rows(self, which: NDArray[np.int64]) -> "Dataset":
        """The examples with the indices `which` (n,), in that order, without the test examples."""
        X = self.X.rows(which) if isinstance(self.X, Table) else self.X[which]
        y = None if self.y is None else self.y[which]
        return replace(self, X=X, y=y, names=tuple(self.names[at] for at in which if self.names), test=None)

    def fingerprint(self) -> str:
        """A hash of every input and target, by which a model knows the examples it learned from."""
        if isinstance(self.X, Table):
            digest = sha256(self.X.fingerprint().encode())
        else:
            digest = sha256(repr((self.X.shape, self.X.dtype.str)).encode())
            digest.update(np.ascontiguousarray(self.X).data)
        if self.y is not None:
            digest.update(repr(self.y.tolist()).encode())
        return digest.hexdigest()


def answers_in(table: Table, targets: Sequence[str]) -> NDArray[Any]:
    """The target columns of a table, (rows,) or (rows, targets): truth values, whole numbers, numbers or texts.

    Errors: `DataError` for a missing cell or dates.
    """
    y = [_answers(name, table[name]) for name in targets]
    return y[0] if len(y) == 1 else np.column_stack(y)


def _answers(name: str, column: Column) -> NDArray[Any]:
    if column.missing.any():
        raise DataError(f"column {name!r} row {int(column.missing.argmax()) + 1}: a missing cell, which cannot be used")
    if column.kind == "moment":
        raise DataError(f"column {name!r} holds dates, which cannot be predicted; numbers or texts are needed")
    if column.kind == "text":
        texts: NDArray[Any] = np.array(column.texts)
        return np.asarray(texts[column.values])
    if column.values.dtype.kind == "b" or np.can_cast(column.values.dtype, np.int64):
        return column.values if column.values.dtype.kind == "b" else column.values.astype(np.int64)
    numbers = column.numbers(name)
    whole = (numbers == np.round(numbers)).all() and np.abs(numbers).max() < 2**53
    return numbers.astype(np.int64) if whole else numbers


def guess_task(y: NDArray[Any]) -> str:
    """What targets y (rows,) or (rows, outputs) look like: a class each, several labels, or numbers."""
    if y.ndim == 2:
        return "multilabel" if y.dtype.kind in "biuf" and np.isin(y, (0, 1)).all() else "regression"
    if y.dtype.kind not in "iuf":
        return "classification"
    distinct = len(np.unique(y))
    few = distinct <= 2 or distinct <= min(MOST_CLASSES_GUESSED, len(y) / 5)
    return "classification" if few and (y.dtype.kind != "f" or (y == np.round(y)).all()) else "regression"


def _check_finite(name: str, what: str, values: NDArray[Any], columns: tuple[str, ...]) -> None:
    if values.dtype.kind not in "biuf":
        raise DataError(f"{name}: {what} must be numbers, got {values.dtype}")
    if values.dtype.kind != "f":
        return
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        label = repr(columns[column]) if columns else str(column + 1)
        raise DataError(f"{name}: column {label} row {row + 1}: {values[row, column]} is not a usable number")


def _size(array: Any) -> str:
    return " x ".join(map(str, array.shape))
