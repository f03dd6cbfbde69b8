"""64-32-10, batch 32, the digits inside scikit-learn eight times over (14,376 rows)."""

import numpy as np

from benchmarks.workload import Workload, one_hot
from limpid import read


def load() -> Workload:
    digits = read("digits")
    assert digits.y is not None
    X = np.tile(digits.X / 16, (8, 1)).astype(np.float32)
    return Workload("64-32-10, batch 32, digits, Adam", X, one_hot(np.tile(digits.y, 8)), (32,), 32)
