"""What a method has learned: asked and weighed in one way, whether it is limpid's model or another's."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from limpid.comparison.methods import Fit
from limpid.comparison.views import AsCells, AsNetwork
from limpid.dataset import Dataset
from limpid.encoder import Scaling
from limpid.model import Model
from limpid.saving import save


class Learned(Protocol):
    """Something that answers for rows as they were read: a `Table`, or (rows, inputs) numbers."""

    def predict(self, X: Any) -> NDArray[Any]:
        """(rows,) labels or numbers."""

    def certainty(self, X: Any, label: Any) -> NDArray[Any]:
        """(rows,) how likely the class `label` is."""

    def size(self) -> int:
        """Bytes that it takes in a file, with all that it needs to answer."""


@dataclass(frozen=True)
class Ours:
    """A model of limpid."""

    model: Model

    def predict(self, X: Any) -> NDArray[Any]:
        return self.model.predict(X)

    def certainty(self, X: Any, label: Any) -> NDArray[Any]:
        (column,) = np.flatnonzero(self.model.classes == label)
        return np.asarray(self.model.predict_proba(X)[:, column])

    def size(self) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            save(self.model, path)
            return path.stat().st_size


@dataclass(frozen=True)
class Other:
    """What another method has learned, and how it reads rows."""

    view: AsNetwork | AsCells
    fitted: Any
    labels: NDArray[Any] | None
    """(classes,) that it has met; None for a regression."""
    scaling: Scaling
    """Of the numbers that it predicts."""

    @staticmethod
    def learn(fit: Fit, view: AsNetwork | AsCells, part: Dataset) -> "Other":
        """By `fit` from the rows of `part`."""
        assert part.y is not None
        X = view.read(part.X)
        if part.task == "classification":
            labels, codes = np.unique(part.y, return_inverse=True)
            return Other(view, fit(X, codes), labels, Scaling.none(1))
        scaling = Scaling.standard(part.y[:, None])
        numbers = scaling.apply(part.y[:, None], np.float64)[:, 0]
        return Other(view, fit(X, numbers), None, scaling)

    def predict(self, X: Any) -> NDArray[Any]:
        found = np.asarray(self.fitted.predict(self.view.read(X)))
        if self.labels is not None:
            return np.asarray(self.labels[found.astype(np.int64)])
        return self.scaling.undo(found[:, None])[:, 0]

    def certainty(self, X: Any, label: Any) -> NDArray[Any]:
        assert self.labels is not None
        certainty = np.asarray(self.fitted.predict_proba(self.view.read(X)))
        return np.asarray(certainty[:, self.labels == label].sum(axis=1))  # 0 for a class that it has not met

    def size(self) -> int:
        """As joblib writes it, uncompressed; counted and never read back."""
        from joblib import dump

        counter = _Counter()
        dump(self, counter)
        return counter.bytes


class _Counter:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, content: Any) -> int:
        size = memoryview(content).nbytes
        self.bytes += size
        return size

    def tell(self) -> int:
        return self.bytes
