"""NumPy's .npz files: arrays X and y, or x_train, y_train, x_test and y_test."""

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import DataError
from limpid.readers.columns import Wanted
from limpid.readers.idx import pictures

INPUTS = ("X", "x", "x_train", "X_train")
TARGETS = ("y", "Y", "y_train", "Y_train")
DAMAGED = (
    OSError, ValueError, EOFError, AttributeError, TypeError, MemoryError, RuntimeError, NotImplementedError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What NumPy and zipfile raise over a file that is cut, foreign, encrypted or claims more than there is."""


def read_npz(path: Path, wanted: Wanted) -> Dataset:
    """The arrays of an .npz file: inputs (rows, inputs) or pictures (rows, height, width), and answers.

    Errors: `DataError` for a damaged file, arrays of Python objects, or where inputs or answers are not found.
    """
    arrays = _arrays(path)
    x = _pick(INPUTS, arrays)
    y = wanted.target if wanted.target in arrays else None if wanted.target else _pick(TARGETS, arrays)
    y = y if wanted.answers else None
    if x is None or (y is None and not wanted.for_model):
        needed = (
            f"an array called {' or '.join(INPUTS)}"
            if x is None
            else f"answers called {wanted.target or ' or '.join(TARGETS)}"
        )
        raise DataError(f"{path}: {needed} is needed, got {', '.join(arrays) or 'no arrays'}")
    test = None
    test_x, test_y = x.replace("_train", "_test"), (y or "").replace("_train", "_test")
    if test_x != x and test_x in arrays and ((test_y != y and test_y in arrays) or not y):
        test = _dataset(path, arrays[test_x], arrays[test_y] if y else None)
    return _dataset(path, arrays[x], arrays[y] if y else None, test)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in file.files}
    except DAMAGED as error:
        raise DataError(f"cannot read {path} as .npz: {error}") from None


def _pick(names: tuple[str, ...], arrays: dict[str, NDArray[Any]]) -> str | None:
    return next((name for name in names if name in arrays), None)


def _dataset(path: Path, x: NDArray[Any], y: NDArray[Any] | None, test: Dataset | None = None) -> Dataset:
    if x.ndim not in {2, 3}:
        raise DataError(f"{path}: inputs must be rows of numbers or pictures, got an array of shape {x.shape}")
    return pictures(str(path), x, y, test)
