"""From what users have to what a network computes with, and back: scaled inputs, labels as targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.engines import Coded, canonical, is_sparse
from limpid.errors import LimpidError
from limpid.groups import columns_of
from limpid.network import Network


@dataclass(frozen=True)
class Scaling:
    """(x - shift) / scale for each column: `shift` and `scale` of shape (columns,), scale never 0."""

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    @staticmethod
    def none(columns: int) -> "Scaling":
        """Numbers stay as they are."""
        return Scaling(np.zeros(columns), np.ones(columns))

    @staticmethod
    def divide(columns: int, by: float) -> "Scaling":
        """Pixels 0..by become 0..1."""
        return Scaling(np.zeros(columns), np.full(columns, float(by)))

    @staticmethod
    def standard(values: NDArray[Any]) -> "Scaling":
        """Mean 0 and deviation 1 in each column of `values` (rows, columns); a constant one is only shifted."""
        values = values.astype(np.float64)
        largest = np.abs(values).max(axis=0)
        unit = np.where(largest > 0, largest, 1.0)  # squares of numbers near 1e300 would overflow
        values = values / unit
        deviation = values.std(axis=0) * unit
        return Scaling(values.mean(axis=0) * unit, np.where(deviation > 0, deviation, 1.0))

    def apply(self, values: NDArray[Any], dtype: Any) -> NDArray[Any]:
        """`values` (rows, columns), scaled, in `dtype`; computed in float64."""
        if self._changes_nothing and values.dtype == dtype:
            return values
        with np.errstate(over="ignore"):  # what becomes infinite is refused by name where it is used
            if self._changes_nothing:
                return values.astype(dtype)
            return ((values - self.shift) / self.scale).astype(dtype)

    def inputs(self, values: Any, dtype: Any) -> Any:
        """`values` (rows, columns), scaled, as engines read them in `dtype`.

        Bytes stay bytes where all columns are scaled alike, and sparse rows stay sparse; they cannot be shifted.
        Errors: `LimpidError` where they would have to be.
        """
        if is_sparse(values):
            if self.shift.any():
                raise LimpidError("sparse inputs cannot be shifted; this scaling needs dense ones")
            values = canonical(values)
            if self._changes_nothing:
                return values.astype(dtype, copy=False)
            scaled = (values.data / self.scale[values.indices]).astype(dtype)
            return type(values)((scaled, values.indices, values.indptr), shape=values.shape)
        if values.dtype == np.uint8 and self._same_everywhere:
            return Coded(values, self._meanings[np.dtype(dtype).name])
        return self.apply(values, dtype)

    @cached_property
    def _same_everywhere(self) -> bool:
        return bool((self.shift == self.shift[0]).all() and (self.scale == self.scale[0]).all())

    @cached_property
    def _meanings(self) -> dict[str, NDArray[Any]]:
        """What each byte stands for, in both dtypes that engines compute in."""
        one, bytes_ = Scaling(self.shift[:1], self.scale[:1]), np.arange(256)[:, None]
        return {name: one.apply(bytes_, name)[:, 0].copy() for name in ("float32", "float64")}

    @cached_property
    def _changes_nothing(self) -> bool:
        return bool(not self.shift.any() and (self.scale == 1).all())

    def undo(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Scaled `values` (rows, columns) in their own units again."""
        return np.asarray(values * self.scale + self.shift)


def encode_labels(y: NDArray[Any], classes: NDArray[Any], outputs: int, dtype: Any) -> NDArray[Any]:
    """Labels y (rows,) as targets (rows, outputs): 1 for the class and 0 else, or for one output 1 for the second.

    Errors: `LimpidError` that names a label which is not among the `classes`.
    """
    texts = [array.dtype.kind in "UO" for array in (classes, y)]
    if texts[0] == texts[1]:
        codes = np.searchsorted(classes, y).clip(0, len(classes) - 1)
        unknown = np.asarray(classes[codes] != y)
    else:
        unknown = np.ones(len(y), bool)
    if unknown.any():
        label = y[unknown][0]
        known = ", ".join(map(str, classes[:10])) + (", ..." if len(classes) > 10 else "")
        raise LimpidError(f"label {label!s} is none of the {len(classes)} classes learned: {known}")
    if outputs == 1:
        return codes[:, None].astype(dtype)
    return np.asarray(codes[:, None] == np.arange(outputs), dtype=dtype)


def encode_answers(y: NDArray[Any], classes: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """Several labels a row, y (rows, answers), as targets side by side, 1 for the class of each and 0 else.

    Errors: `LimpidError` that names a label which is not among the `classes` of its answer.
    """
    parts = zip(y.T, classes, strict=True)
    return np.concatenate([encode_labels(column, each, len(each), dtype) for column, each in parts], axis=1)


def decode_answers(outputs: NDArray[Any], classes: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The likeliest class of each answer (rows, answers), by outputs that stand as `encode_answers` has them."""
    parts = zip(columns_of([len(each) for each in classes], outputs), classes, strict=True)
    return np.stack([each[part.argmax(axis=1)] for part, each in parts], axis=1)


def check_targets(network: Network, targets: NDArray[Any]) -> None:
    """`LimpidError` where targets (rows, outputs) lie where the network's cost is not defined."""
    low, high = network.cost_function.targets
    if not ((targets >= low) & (targets <= high)).all():
        given = value_range(targets)
        raise LimpidError(f"the cost {network.cost!r} needs targets from {low:g} to {high:g}, got {given}")


def value_range(values: NDArray[Any]) -> str:
    """The least and the largest of `values`, in words."""
    return f"values from {values.min():g} to {values.max():g}"
