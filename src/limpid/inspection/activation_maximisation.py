"""Inputs that a neuron would like best: gradient ascent on its sum, for all neurons of a layer at once (Erhan 2009).

argmax z_j(x) - lambda |x|^2 - mu TV(x) over the range that each input was seen in; TV, how much neighbouring pixels
differ, only where inputs are pixels.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limpid.inspection.subject import Floats, Subject
from limpid.optimizers import Adam

STEPS = 100
FIRST_STEP = 0.1
"""Of the range of each input; later ones shrink to nothing."""
PENALTY = 2.0
"""So many standard deviations of z are what the rows that were seen pay for their size, and for being uneven."""
ROUND = 0.01
"""Differences of pixels well below this share of their range count by their square."""


class Maximising(NamedTuple):
    """What was found for each neuron."""

    inputs: Floats
    """(units, inputs) as the network sees them."""
    reached: Floats
    """(units,) z there."""
    shrinkage: Floats
    """(units,) lambda."""
    smoothness: Floats
    """(units,) mu; 0 where inputs are no pixels."""


def maximise(subject: Subject, layer: int, units: NDArray[np.int64], x: Floats, z: Floats) -> Maximising:
    """The best inputs for `units` of `layer`, within the range of rows x (rows, inputs), at which their sums were z.

    z is (rows, units). The ascent starts from the mean of x, and where z is not linear from the row of x that excites
    the neuron most, too; of both ends and starts the best is given. A row as those seen are on average has lambda
    |x|^2, and mu TV(x), equal to z's standard deviation.
    """
    ascent = _Ascent.of(subject, layer, units, x, z)
    starts = [np.tile(x.mean(axis=0), (len(units), 1)), x[z.argmax(axis=0)]]
    ends = [ascent.climb(start) for start in (starts if layer > 1 else starts[:1])]
    candidates = np.stack([*ends, *starts])
    gains = np.stack([ascent.gain(each) for each in candidates])
    best = candidates[gains.argmax(axis=0), np.arange(len(units))]
    return Maximising(best, ascent.z(best), ascent.shrinkage, ascent.smoothness)


@dataclass(frozen=True)
class _Ascent:
    """What is climbed: a row of inputs for each neuron."""

    subject: Subject
    layer: int
    of_z: Floats
    """(units, units of the layer): row by row the neuron that is asked about."""
    low: Floats
    width: Floats
    """(inputs,) the range of each input."""
    shrinkage: Floats
    smoothness: Floats

    @staticmethod
    def of(subject: Subject, layer: int, units: NDArray[np.int64], x: Floats, z: Floats) -> "_Ascent":
        spread = PENALTY * np.where(z.std(axis=0) > 0, z.std(axis=0), 1.0)
        low, width = x.min(axis=0), np.ptp(x, axis=0)
        of_z = np.eye(subject.network.layers[layer - 1].units)[units]
        size, uneven = float((x * x).sum(axis=1).mean()), 0.0
        if subject.model.image_shape:
            uneven = float(total_variation(x, subject.model.image_shape, float(width.max()))[0].mean())
        smoothness = spread / uneven if uneven else np.zeros(len(units))
        return _Ascent(subject, layer, of_z, low, width, spread / (size or 1.0), smoothness)

    def climb(self, x: Floats) -> Floats:
        """By Adam, on inputs as shares of their ranges."""
        place = (x - self.low) / np.where(self.width > 0, self.width, 1)
        slots = (np.zeros_like(place), np.zeros_like(place))
        for step in range(1, STEPS + 1):
            rate = FIRST_STEP * (1 - (step - 1) / STEPS)
            slopes = self.slopes(self.low + place * self.width) * self.width
            place, slots = Adam(beta_2=0.99).move(place, -slopes, slots, rate, step, False)
            place = np.clip(place, 0, 1)
        return np.asarray(self.low + place * self.width)

    def z(self, x: Floats) -> Floats:
        """(units,) each neuron's own."""
        return np.asarray((self.subject.trace(x).z[self.layer - 1] * self.of_z).sum(axis=1))

    def gain(self, x: Floats) -> Floats:
        """(units,) z - lambda |x|^2 - mu TV(x)."""
        found = self.z(x) - self.shrinkage * (x * x).sum(axis=1)
        if self.smoothness.any() and self.subject.model.image_shape:
            found -= self.smoothness * total_variation(x, self.subject.model.image_shape, float(self.width.max()))[0]
        return np.asarray(found)

    def slopes(self, x: Floats) -> Floats:
        """(units, inputs) those of `gain`."""
        found = self.subject.slopes(self.subject.trace(x), self.layer, self.of_z)[0]
        found = found - 2 * self.shrinkage[:, None] * x
        if self.smoothness.any() and self.subject.model.image_shape:
            shape, width = self.subject.model.image_shape, float(self.width.max())
            found -= self.smoothness[:, None] * total_variation(x, shape, width)[1]
        return found


def total_variation(x: Floats, shape: tuple[int, int], width: float) -> tuple[Floats, Floats]:
    """(rows,) the sum over pixels of sqrt(dx^2 + dy^2 + e^2) - e, and its slopes (rows, inputs).

    dx and dy are the differences to the pixels on the right and below, e is a small share of the pixels' range `width`
    (Rudin, Osher, Fatemi 1992, made smooth).
    """
    pictures, small = x.reshape(-1, *shape), ROUND * (width or 1.0)
    right = np.diff(pictures, axis=2, append=pictures[:, :, -1:])
    below = np.diff(pictures, axis=1, append=pictures[:, -1:])
    steep = np.sqrt(right**2 + below**2 + small**2)
    right, below = right / steep, below / steep
    slopes = -right - below
    slopes[:, :, 1:] += right[:, :, :-1]
    slopes[:, 1:] += below[:, :-1]
    return (steep - small).sum(axis=(1, 2)), slopes.reshape(x.shape)
