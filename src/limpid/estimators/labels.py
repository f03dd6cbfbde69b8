"""What a classifier's answers can be, and how a network's outputs stand for them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils.multiclass import type_of_target

from limpid import evaluation
from limpid.encoder import decode_answers, encode_answers, encode_labels
from limpid.engines import is_sparse
from limpid.groups import columns_of

Rows = NDArray[Any]


class Labels(ABC):
    """The answers that were learned; `task` as in `limpid.Model`."""

    task: ClassVar[str]
    classes: Any
    """The estimator's `classes_`."""

    @property
    def named(self) -> list[Any]:
        """The classes as plain lists, to compare."""
        return list(map(np.ndarray.tolist, self.classes)) if isinstance(self.classes, list) else self.classes.tolist()

    @property
    @abstractmethod
    def output(self) -> str:
        """The name of the output activation."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many the network needs."""

    @abstractmethod
    def unknown(self, y: Rows) -> list[Any]:
        """The classes in y that are not among these."""

    @abstractmethod
    def encode(self, y: Rows, dtype: Any) -> Rows:
        """Targets (rows, outputs) for answers y, all of which are known."""

    @abstractmethod
    def decode(self, outputs: Rows) -> Any:
        """Answers for a network's outputs (rows, outputs)."""

    @abstractmethod
    def probabilities(self, outputs: Rows) -> Any:
        """As `predict_proba` gives them."""

    @abstractmethod
    def parts(self, outputs: Rows) -> list[Rows]:
        """The columns of each answer: of a class, of each of several, of each label."""

    @abstractmethod
    def score(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        """The share of rows that are answered rightly."""

    def check(self, y: Rows) -> None:
        """Whether y is of the same kind as the answers before.

        Errors: `ValueError` where it is not.
        """
        kind, columns = type_of_target(y, input_name="y"), y.shape[1] if y.ndim == 2 else 1
        kinds = {"classification": ("binary", "multiclass"), "multilabel": ("multilabel-indicator",)}
        fits = kind in kinds.get(self.task, ("multiclass-multioutput", "multilabel-indicator"))
        if not fits or (self.task != "classification" and columns < len(self.classes)):
            raise ValueError(f"y must be of the kind of earlier calls, {self.task}, got {kind} of {columns} columns")
        if self.task == "multioutput" and columns != len(self.classes):
            raise ValueError(f"y must have {len(self.classes)} columns of classes, got {columns}")
        if self.task == "classification" and _words(y) != _words(self.classes):
            raise ValueError(f"y must have classes of the kind of earlier ones, {self.classes.dtype}, got {y.dtype}")

    @abstractmethod
    def grown(self, y: Rows, more: Any) -> "Labels":
        """With those of y, and the classes `more` (or None) besides."""

    @abstractmethod
    def sources(self, before: Any) -> list[int | None]:
        """For each output the one that it was with the labels `before`; None for a new one, or a logit that was 0."""


@final
class Classes(Labels):
    """One of several classes (classes,), sorted, for each row; of two by a single sigmoid."""

    task = "classification"

    def __init__(self, classes: Rows) -> None:
        self.classes: Rows = classes

    @property
    def output(self) -> str:
        return "softmax" if self.outputs > 1 else "sigmoid"

    @property
    def outputs(self) -> int:
        return len(self.classes) if len(self.classes) > 2 else 1

    def unknown(self, y: Rows) -> list[Any]:
        return list(np.setdiff1d(y, self.classes))

    def encode(self, y: Rows, dtype: Any) -> Rows:
        return encode_labels(y, self.classes, self.outputs, dtype)

    def decode(self, outputs: Rows) -> Rows:
        codes = outputs[:, 0] > 0.5 if self.outputs == 1 else outputs.argmax(axis=1)
        return np.asarray(self.classes[np.minimum(codes, len(self.classes) - 1)])

    def probabilities(self, outputs: Rows) -> Rows:
        return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs

    def parts(self, outputs: Rows) -> list[Rows]:
        return [outputs]

    def score(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        if len(self.classes) == 1:
            return 1.0
        return evaluation.accuracy(outputs, targets, weights)

    def grown(self, y: Rows, more: Any) -> "Classes":
        if more is not None and np.ndim(more) != 1:
            raise ValueError(f"classes must be one list, got {more!r}")
        named = [] if more is None else [np.asarray(more)]
        return Classes(np.unique(np.concatenate([self.classes, y, *named])))

    def sources(self, before: "Classes") -> list[int | None]:
        if self.outputs == 1:
            return [0]
        columns: Sequence[int | None] = range(len(before.classes)) if before.outputs > 1 else (None, 0)
        column_of = dict(zip(before.classes, columns, strict=False))
        return [column_of.get(label) for label in self.classes]


@final
class Marks(Labels):
    """0 or 1 for each of several labels, (rows, labels), by a sigmoid each."""

    task = "multilabel"
    output = "sigmoid"

    def __init__(self, count: int, sparse: bool = False) -> None:
        """`sparse`: whether answers come, and are given, as SciPy's compressed sparse rows."""
        self.classes: Rows = np.arange(count)
        self.sparse = sparse

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def unknown(self, y: Rows) -> list[Any]:
        if y.ndim != 2:
            raise ValueError(f"y must have {len(self.classes)} columns of 0 or 1, got shape {y.shape}")
        return list(range(len(self.classes), y.shape[1]))

    def encode(self, y: Any, dtype: Any) -> Rows:
        return np.asarray((y.toarray() if is_sparse(y) else y).astype(dtype))

    def decode(self, outputs: Rows) -> Any:
        answers = (outputs > 0.5).astype(np.int64)
        return csr_matrix(answers) if self.sparse else answers

    def probabilities(self, outputs: Rows) -> Rows:
        return outputs

    def parts(self, outputs: Rows) -> list[Rows]:
        return np.split(outputs, outputs.shape[1], axis=1)

    def score(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        return evaluation.label_accuracy(outputs, targets, weights)

    def grown(self, y: Rows, more: Any) -> "Marks":  # noqa: ARG002 - labels have no names
        return Marks(max(len(self.classes), y.shape[1]), self.sparse)

    def sources(self, before: "Marks") -> list[int | None]:
        return [at if at < before.outputs else None for at in range(self.outputs)]


@final
class Several(Labels):
    """One of several classes for each of several answers a row, (rows, answers), by a softmax each."""

    task = "multioutput"

    def __init__(self, classes: Sequence[Rows]) -> None:
        self.classes: list[Rows] = list(classes)
        for number, each in enumerate(self.classes):
            if len(each) < 2:
                raise ValueError(f"column {number} of y has one class only, {each[0]!s}: at least two are needed")

    @property
    def output(self) -> str:
        return f"softmax:{','.join(str(len(each)) for each in self.classes)}"

    @property
    def outputs(self) -> int:
        return sum(len(each) for each in self.classes)

    def unknown(self, y: Rows) -> list[Any]:
        if y.ndim != 2 or y.shape[1] != len(self.classes):
            raise ValueError(f"y must have {len(self.classes)} columns of classes, got shape {y.shape}")
        return [label for column, each in zip(y.T, self.classes, strict=True) for label in np.setdiff1d(column, each)]

    def encode(self, y: Rows, dtype: Any) -> Rows:
        return encode_answers(y, self.classes, dtype)

    def decode(self, outputs: Rows) -> Rows:
        return decode_answers(outputs, self.classes)

    def probabilities(self, outputs: Rows) -> list[Rows]:
        return self.parts(outputs)

    def parts(self, outputs: Rows) -> list[Rows]:
        return columns_of([len(each) for each in self.classes], outputs)

    def score(self, outputs: Rows, targets: Rows, weights: Rows | None) -> float:
        pairs = zip(self.parts(outputs), self.parts(targets), strict=True)
        right = np.all([part.argmax(axis=1) == wanted.argmax(axis=1) for part, wanted in pairs], axis=0)
        return evaluation.share(right, weights)

    def grown(self, y: Rows, more: Any) -> "Several":
        if more is not None and len(more) != len(self.classes):
            raise ValueError(f"classes must be {len(self.classes)} lists, one for each column of y, got {len(more)}")
        named = [[] if more is None else [np.asarray(more[at])] for at in range(len(self.classes))]
        parts = zip(self.classes, y.T, named, strict=True)
        return Several([np.unique(np.concatenate([each, column, *some])) for each, column, some in parts])

    def sources(self, before: "Several") -> list[int | None]:
        found: list[int | None] = []
        starts = accumulate((len(each) for each in before.classes), initial=0)
        for start, old, new in zip(starts, before.classes, self.classes, strict=False):
            column_of = {label: start + at for at, label in enumerate(old)}
            found += [column_of.get(label) for label in new]
        return found


def labels_of(y: Rows) -> Labels:
    """What answers y (rows,) or (rows, answers) can be.

    Errors: `ValueError` for numbers that are no classes.
    """
    kind = type_of_target(y, input_name="y")
    if kind == "multilabel-indicator":
        return Marks(y.shape[1], is_sparse(y))
    if kind == "multiclass-multioutput":
        return Several([np.unique(column) for column in y.T])
    if kind not in {"binary", "multiclass"}:
        raise ValueError(
            f"Unknown label type: {kind}. Maybe you are trying to fit a classifier, which expects discrete classes "
            "on a regression target with continuous values."
        )
    return Classes(np.unique(y))


def _words(labels: Rows) -> bool:
    return labels.dtype.kind not in "biuf"
