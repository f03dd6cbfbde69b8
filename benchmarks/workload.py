"""What is timed: a network, its data and its batches; each contender says how it does one epoch of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Workload(NamedTuple):
    """One training job: ReLU, softmax, cross-entropy, Adam, float32."""

    name: str
    X: NDArray[np.float32]
    """(rows, inputs)."""
    codes: NDArray[np.int64]
    """(rows,) the class of each row."""
    hidden: tuple[int, ...]
    batch_size: int

    @property
    def classes(self) -> int:
        return int(self.codes.max()) + 1


Epoch = Callable[[], Any]
Contender = Callable[[Workload], Epoch]
"""Makes everything ready and gives a function that trains one epoch; raises ImportError where it is not installed."""
