"""2048-2048-2048-1000, batch 256, 4,096 random rows: larger than the caches."""

import numpy as np

from benchmarks.workload import Workload, one_hot


def load() -> Workload:
    random = np.random.default_rng(0)
    X = random.random((4096, 2048), dtype=np.float32)
    codes = random.permutation(np.arange(4096) % 1000)
    name = "2048-2048-2048-1000, batch 256, random rows, Adam"
    return Workload(name, X, one_hot(codes), (2048, 2048), 256, slow=True, products_alone=True, bfloat16=True)
