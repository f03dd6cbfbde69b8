"""An embedding: each category of a column becomes a few numbers that are learned, in place of an input of its own.

As a layer it is a weighted sum like any other, a = x W + b, of which most is fixed: W is 1 where an input passes on
unchanged, learned from each input of an embedded column to that column's own units, and 0 elsewhere; b is 0.
"""

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from limpid.activations import Activation, find_activation
from limpid.errors import LimpidError

LARGEST_LAYER = 2**31 - 1


@dataclass(frozen=True)
class Embedding:
    """A network's first layer: inputs in no column pass on, then come `dimensions` learned numbers for each column.

    Of `inputs` numbers each of the `columns` takes neighbouring ones: (the first of them, how many). Errors:
    `LimpidError` where columns are absent, overlap, do not ascend or lie outside, or a number is no positive integer.
    """

    inputs: int
    columns: tuple[tuple[int, int], ...]
    dimensions: int

    kind: ClassVar[str] = "embedding"
    activation: ClassVar[str] = "identity"
    normalization: ClassVar[str | None] = None
    decayed: ClassVar[frozenset[str]] = frozenset()
    """No kind of array: a category that is met once must not be forgotten until it is met again."""

    def __post_init__(self) -> None:
        numbers: list[Any] = [self.inputs, self.dimensions, *(size for _, size in self.columns)]
        firsts: list[Any] = [first for first, _ in self.columns]
        if any(isinstance(number, bool) or not isinstance(number, Integral) for number in [*numbers, *firsts]):
            raise LimpidError(f"an embedding's columns and dimensions must be integers, got {self._told}")
        if min(numbers) < 1 or not self.columns:
            raise LimpidError(f"an embedding needs columns and dimensions, at least one each, got {self._told}")
        ends = [0, *(first + size for first, size in self.columns)]
        if any(first < end for first, end in zip(firsts, ends, strict=False)) or ends[-1] > self.inputs:
            raise LimpidError(
                f"embedded columns must ascend, apart from each other, within {self.inputs} inputs, got {self._told}"
            )
        if self.units > LARGEST_LAYER:
            raise LimpidError(f"an embedding may have {LARGEST_LAYER} units at most, got {self.units}")
        for name in ("inputs", "dimensions"):  # NumPy's integers are welcome, but files want plain ones
            object.__setattr__(self, name, int(getattr(self, name)))
        object.__setattr__(self, "columns", tuple((int(first), int(size)) for first, size in self.columns))

    @property
    def _told(self) -> str:
        return f"{', '.join(f'{first}+{size}' for first, size in self.columns[:5])} by {self.dimensions}"

    @property
    def passed(self) -> int:
        """How many inputs pass on unchanged: to the first units."""
        return self.inputs - sum(size for _, size in self.columns)

    @property
    def units(self) -> int:
        return self.passed + self.dimensions * len(self.columns)

    @property
    def function(self) -> Activation:
        return find_activation(self.activation)

    def shapes(self, fan_in: int) -> dict[str, tuple[int, ...]]:
        """The arrays that the layer owns, by kind, when `fan_in` numbers come in, which are its `inputs`."""
        return {"W": (fan_in, self.units), "b": (self.units,)}

    def count(self) -> int:
        """How many weights are learned."""
        return self.dimensions * (self.inputs - self.passed)

    @cached_property
    def learned(self) -> NDArray[np.bool_]:
        """(inputs, units): which weights are learned."""
        found = np.zeros((self.inputs, self.units), bool)
        for number, (first, size) in enumerate(self.columns):
            unit = self.passed + number * self.dimensions
            found[first : first + size, unit : unit + self.dimensions] = True
        return found

    @property
    def fixed(self) -> NDArray[np.float64]:
        """(inputs, units): 1 where an input passes on, else 0."""
        found = np.zeros((self.inputs, self.units))
        ends = [0, *(first + size for first, size in self.columns)]
        starts = [*(first for first, _ in self.columns), self.inputs]
        passing = np.concatenate([np.arange(end, start) for end, start in zip(ends, starts, strict=True)])
        found[passing, np.arange(self.passed)] = 1
        return found

    def __str__(self) -> str:
        """What it does: "3 columns embedded by 8"."""
        return f"{len(self.columns)} column{'s' if len(self.columns) > 1 else ''} embedded by {self.dimensions}"
