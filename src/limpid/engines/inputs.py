"""What engines read besides plain arrays: codes with a meaning each, and rows of which only what is not zero is kept.

The latter are SciPy's compressed sparse rows (`csr_array`, `csr_matrix`), known by their methods, so that SciPy
is not loaded for their sake.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Coded:
    """Numbers as codes of one byte each: a picture's pixels, a quarter of what they need as float32."""

    codes: NDArray[np.uint8]
    """(rows, inputs)."""
    meanings: NDArray[Any]
    """(256,) float32 or float64: what each code stands for."""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.codes.shape

    @property
    def dtype(self) -> Any:
        return self.meanings.dtype

    def __getitem__(self, rows: Any) -> "Coded":
        return Coded(self.codes[rows], self.meanings)


def is_sparse(X: Any) -> bool:
    """Whether X keeps only what is not zero."""
    return not isinstance(X, np.ndarray) and hasattr(X, "toarray")


def plain(X: Any, dtype: Any) -> Any:
    """X (rows, inputs) as a plain array of `dtype`."""
    if isinstance(X, Coded):
        X = X.meanings[X.codes]
    elif is_sparse(X):
        X = X.toarray()
    return X if X.dtype == dtype else X.astype(dtype)


def all_finite(X: Any) -> bool:
    """Whether every number of X is finite; of bytes and sparse rows only what can be otherwise is looked at."""
    if isinstance(X, Coded):
        X = X.meanings
    elif is_sparse(X):
        X = X.data
    return bool(np.isfinite(X).all())


def canonical(X: Any) -> Any:
    """Sparse X as compressed rows in which every place stands once and in ascending order; a copy where it is not."""
    X = X.tocsr()
    if X.has_canonical_format:
        return X
    X = X.copy()
    X.sum_duplicates()
    return X
