"""What no library can avoid: the matrix products of an epoch and nothing else, by OpenBLAS through NumPy."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.workload import Learner, Workload, unanswering


def products(work: Workload, cores: int) -> Learner:
    """For each batch and layer: forward, slope, and but for the first layer the way back; all into the same memory."""
    random = np.random.default_rng(0)
    size = min(work.batch_size, work.rows)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return random.random(shape, dtype=np.float32)

    a = [drawn(size, width) for width in work.widths]
    delta = [drawn(size, width) for width in work.widths]
    W = [drawn(fan_in, fan_out) for fan_in, fan_out in pairwise(work.widths)]
    slope = [np.empty_like(each) for each in W]

    def step() -> None:
        for layer, weights in enumerate(W):
            np.matmul(a[layer], weights, out=a[layer + 1])
        for layer in reversed(range(len(W))):
            np.matmul(a[layer].T, delta[layer + 1], out=slope[layer])
            if layer:
                np.matmul(delta[layer + 1], W[layer].T, out=delta[layer])

    def descend(order: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        for _ in rates:
            step()

    return Learner(lambda seed: None, descend, unanswering)
