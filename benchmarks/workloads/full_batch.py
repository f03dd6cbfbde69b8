"""4-32-16-4, 10,000 rows in one batch: the exponential of a 2 x 2 matrix, as SimpleChains.jl's benchmark learns it."""

import numpy as np
from scipy.linalg import expm

from benchmarks.workload import Workload


def load() -> Workload:
    matrices = np.random.default_rng(0).normal(size=(10_000, 2, 2))
    X, Y = (each.reshape(-1, 4).astype(np.float32) for each in (matrices, expm(matrices)))
    return Workload(
        "4-32-16-4, 10,000 rows in one batch, squared error, Adam", X, Y, (32, 16), 10_000, output="identity"
    )
