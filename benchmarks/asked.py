"""What each figure is asked to reach; a run says whether it does."""

PEER_RATIO: dict[str, dict[int, float]] = {
    "digits": {1: 6, 2: 6},
    "mnist": {1: 2.5, 2: 2.5},
    "mnist_deep": {1: 1.5, 2: 1.5},
    "mnist_deep, bfloat16": {1: 1.6, 2: 2},
    "textbook": {1: 10},
    "full_batch": {1: 4, 2: 4},
    "adult": {1: 5, 2: 5},
    "sparse": {1: 6, 2: 8},
    "predict_many": {1: 2, 2: 2},
}
"""By workload and cores: the fastest peer's seconds over limpid's, at least."""

PRODUCTS_SHARE = 0.80
"""Seconds of an epoch's products alone over limpid's whole epoch, at least."""
OWN_PRODUCTS = 0.95
"""The same over limpid's products alone."""

BUSY_RATIO = 0.9
"""Speed of two threads over that of one while something else keeps one of two cores busy, at least."""

ACCURACY = {0.980: 0.6, 0.985: 1.2}
"""Share of MNIST's test images right, and the seconds on two cores that it may take to learn."""


def verdict(found: float, wanted: float) -> str:
    """`found` is at least `wanted`, or not."""
    return "yes" if found >= wanted else "no"
