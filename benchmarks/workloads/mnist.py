"""784-128-10, batch 128, MNIST (60,000 rows)."""

import numpy as np

from benchmarks.workload import Workload, one_hot
from limpid import read


def load() -> Workload:
    mnist = read("mnist")
    assert mnist.y is not None
    X = (mnist.X / 255).astype(np.float32)
    return Workload("784-128-10, batch 128, MNIST, Adam", X, one_hot(mnist.y), (128,), 128, slow=True)
