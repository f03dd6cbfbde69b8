"""20,000-64-2, batch 256: 20,000 random rows of which 0.5 % is not zero, as words in documents are; kept as CSR."""

import numpy as np
from scipy.sparse import random_array

from benchmarks.workload import Workload, one_hot


def load() -> Workload:
    random = np.random.default_rng(0)
    X = random_array((20_000, 20_000), density=0.005, format="csr", dtype=np.float32, rng=random)
    X.sum_duplicates()  # canonical: columns in order, each once
    codes = (X @ random.normal(size=20_000) > 0).astype(np.int64)
    name = "20000-64-2, batch 256, 20,000 random rows with 0.5 % not zero, Adam"
    return Workload(name, X, one_hot(codes), (64,), 256, slow=True)
