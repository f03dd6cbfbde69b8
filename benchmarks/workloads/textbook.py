"""784-30-10, batch 10, MNIST: sigmoids, squared error and plain gradient descent (Nielsen 2015, chapter 1)."""

from benchmarks.workload import Workload
from benchmarks.workloads import mnist


def load() -> Workload:
    return mnist.load()._replace(
        name="784-30-10, batch 10, MNIST, sigmoid, squared error, plain gradient descent",
        hidden=(30,), batch_size=10, activation="sigmoid", output="sigmoid", optimizer="gradient_descent", rate=3.0,
    )  # fmt: skip
