"""The input that a neuron wants: made step by step by climbing its sum (Erhan et al. 2009)."""

import numpy as np
from numpy.typing import NDArray

from limpid.inspection.subject import Floats, Subject

STEPS = 60
RATE = 0.1
"""Of a step, as a share of the inputs' range."""
SQUARES, ROUGHNESS = 0.02, 0.3
"""lambda and mu, against a slope of length 1: how much large and rough inputs are held back."""


def maximised(
    subject: Subject, layer: int, units: NDArray[np.int64], x: Floats, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """For each of `units` an input (units, inputs) with a large z, and that z (units,).

    argmax z(x) - lambda |x|^2 - mu TV(x), TV for pictures only, within the range that each input has in x (rows,
    inputs). All units climb at once, from the mean row and a little noise.
    """
    low, high = x.min(axis=0), x.max(axis=0)
    width = np.where(high > low, high - low, 0.0)
    at = np.clip(x.mean(axis=0) + 0.01 * width * random.normal(size=(len(units), x.shape[1])), low, high)
    of_z = np.zeros((len(units), subject.network.layers[layer - 1].units))
    of_z[np.arange(len(units)), units] = 1
    for step in range(STEPS):
        slope = subject.slopes(subject.trace(at), layer, of_z)[0]
        slope = slope / (np.linalg.norm(slope, axis=1, keepdims=True) + 1e-12) * np.sqrt(x.shape[1])
        pull = slope - 2 * SQUARES * at - ROUGHNESS * _roughness(subject, at)
        at = np.clip(at + RATE * (1 - step / STEPS) * width * pull, low, high)
    z = subject.trace(at).z[layer - 1]
    return at, z[np.arange(len(units)), units]


def _roughness(subject: Subject, x: Floats) -> Floats:
    """The slope of the total variation sum |neighbour - x| of pictures x (n, inputs); 0 for what is none."""
    shape = subject.model.image_shape
    if shape is None:
        return np.zeros_like(x)
    pictures = x.reshape(-1, *shape)
    found = np.zeros_like(pictures)
    for axis in (1, 2):
        sign = np.sign(np.diff(pictures, axis=axis))
        before = [slice(None)] * 3
        after = [slice(None)] * 3
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        found[tuple(before)] -= sign
        found[tuple(after)] += sign
    return found.reshape(x.shape)
