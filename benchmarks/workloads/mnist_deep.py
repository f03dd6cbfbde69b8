"""784-512-512-10, batch 128, MNIST (60,000 rows)."""

from benchmarks.workload import Workload
from benchmarks.workloads import mnist


def load() -> Workload:
    name = "784-512-512-10, batch 128, MNIST, Adam"
    return mnist.load()._replace(name=name, hidden=(512, 512), bfloat16=True)
