"""What is timed: a network, its data and its batches; each contender says how it does one epoch of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Workload(NamedTuple):
    """One training job in float32."""

    name: str
    X: NDArray[np.float32]
    """(rows, inputs)."""
    Y: NDArray[np.float32]
    """(rows, outputs): what is wanted, for classes 1 for the right one."""
    hidden: tuple[int, ...]
    batch_size: int
    activation: str = "relu"
    """Of the hidden layers."""
    output: str = "softmax"
    """With cross-entropy; "sigmoid" and "identity" with (a - y)^2 / 2."""
    optimizer: str = "adam"
    """Or "gradient_descent"."""
    rate: float = 0.001

    @property
    def cost(self) -> str:
        return "cross_entropy" if self.output == "softmax" else "squared_error"

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.X.shape[1], *self.hidden, self.Y.shape[1])


Epoch = Callable[[], Any]
Contender = Callable[[Workload], Epoch]
"""Makes everything ready and gives a function that trains one epoch; raises ImportError where it is not installed."""


def one_hot(codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Classes (rows,) as targets (rows, classes)."""
    return np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]
