"""Recipes for MNIST: how to learn it to an accuracy in little time, and the images that they may see.

A recipe is chosen on the last 10,000 training images, and used on all; the test images have no part in it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.workload import Workload, one_hot
from limpid import read
from limpid.dataset import Dataset
from limpid.schedules import Clock, one_cycle

CHOSEN_BY = 10_000
"""The last so many training images."""


class Images(NamedTuple):
    """What is learned from, and what is asked afterwards."""

    X: NDArray[np.float32]
    Y: NDArray[np.float32]
    asked: NDArray[np.float32]
    answers: NDArray[np.int64]


class Recipe(NamedTuple):
    """AdamW and a one-cycle rate."""

    hidden: int
    epochs: int
    rate: float
    """Of the cycle's top."""
    label_smoothing: float = 0.0
    beta_2: float = 0.95
    batch_size: int = 128

    def told(self) -> str:
        smoothing = f", label smoothing {self.label_smoothing}" if self.label_smoothing else ""
        rate = f"beta2 {self.beta_2}, one-cycle rate up to {self.rate}"
        return f"784-{self.hidden}-10, {self.epochs} epochs, batch {self.batch_size}, AdamW, {rate}{smoothing}"

    def workload(self, images: Images) -> Workload:
        plain = Workload(self.told(), images.X, images.Y, (self.hidden,), self.batch_size)
        smoothed = plain._replace(label_smoothing=self.label_smoothing)
        return smoothed._replace(optimizer="adamw", rate=self.rate, beta_2=self.beta_2)

    def rates(self, work: Workload) -> NDArray[np.float64]:
        """(epochs, steps of each)."""
        clock = Clock(self.epochs, work.steps, work.rows)
        steps = np.arange(self.epochs * work.steps)
        return self.rate * one_cycle().factor(steps, clock).reshape(self.epochs, work.steps)


CANDIDATES = {
    0.980: [Recipe(128, epochs, rate, 0.05) for epochs in (3, 4, 5) for rate in (4e-3, 6e-3, 8e-3)],
    0.985: [Recipe(256, epochs, 4e-3, smoothing) for epochs in (4, 5, 6) for smoothing in (0.0, 0.05)],
}
"""By the share of right answers that they are to reach."""
RECIPES = {0.980: Recipe(128, 4, 8e-3, 0.05), 0.985: Recipe(256, 5, 4e-3, 0.05)}
"""Those that answered best with so many epochs, which the seconds allow."""


def images(choosing: bool) -> Images:
    """All training images and the test images; or, to choose by, training images only."""
    mnist = read("mnist")
    assert mnist.test is not None
    X, y = _scaled(mnist)
    if choosing:
        return Images(X[:-CHOSEN_BY], one_hot(y[:-CHOSEN_BY]), X[-CHOSEN_BY:], y[-CHOSEN_BY:])
    return Images(X, one_hot(y), *_scaled(mnist.test))


def _scaled(dataset: Dataset) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    assert dataset.y is not None
    return (dataset.X / 255).astype(np.float32), dataset.y.astype(np.int64)
