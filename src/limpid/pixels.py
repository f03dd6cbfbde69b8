"""Grey pictures as arrays: their border, their ink, and the same in another size. Dark is 0, bright 255."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAT = 16
"""Difference between the brightest and the darkest pixel below which a picture shows nothing."""
SMALL = 128
"""Pixels along a side at which a picture still shows what is ink and what is paper."""
PALE = 0.3
"""Share of full ink below which a pixel is not what ink is found by: lines on the paper are paler."""
SPECK = 0.05
"""Share of the largest patch of ink below which another is dust."""
STRAY = 0.25
"""The same share for a patch inside: where one is as large, those that touch the border lie around the paper."""
GRAIN = 4.0
"""How many deviations paper goes from its mean without being ink."""
SHADOW = 2.0
"""How many times as strong as a shadow ink is."""


def border(pictures: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels (rows, pixels) of pictures (rows, height, width)."""
    sides = pictures[:, 0], pictures[:, -1], pictures[:, 1:-1, 0], pictures[:, 1:-1, -1]
    return np.concatenate(sides, axis=1)


def are_light(pictures: NDArray[Any]) -> NDArray[np.bool_]:
    """For pictures (rows, height, width), whether each (rows,) shows something dark on something light.

    One that shows nothing counts by its own brightness.
    """
    small = resized(pictures, _at_most(SMALL, pictures))  # a mean of pixels has little of their noise
    low, high = small.min(axis=(1, 2)), small.max(axis=(1, 2))
    middle = (low + high) / 2
    light = small > middle[:, None, None]
    # what is behind has most of the picture, and more of the border
    share = (2 * border(light).mean(axis=1) + light.mean(axis=(1, 2))) / 3
    return np.asarray(np.where(high - low < FLAT, middle > 127, share > 0.5))


def resized(pictures: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Pictures (..., height, width) in another `shape`: each pixel a mean of those around its place, near ones most."""
    height, width = pictures.shape[-2:]
    across = pictures if width == shape[1] else pictures @ _weights(width, shape[1]).T
    return np.asarray(across if height == shape[0] else _weights(height, shape[0]) @ across, np.float64)


def _weights(old: int, new: int) -> NDArray[np.float64]:
    """(new, old): how much each old pixel counts for each new one."""
    step = old / new
    distance = np.abs((np.arange(new)[:, None] + 0.5) * step - (np.arange(old) + 0.5))
    weights = np.maximum(0, 1 - distance / max(step, 1))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _at_most(side: int, pictures: NDArray[Any]) -> tuple[int, int]:
    return min(pictures.shape[-2], side), min(pictures.shape[-1], side)


def bounds(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns of the smallest box around all that is set in a mask (height, width)."""
    down, across = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(int(down[0]), int(down[-1]) + 1), slice(int(across[0]), int(across[-1]) + 1)


def ink_of(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much ink each pixel of a picture (height, width) has, 0..1, where ink is brighter than paper.

    Paper may be grainy, lined and lit from one side; dust on it, a shadow over it and what lies around it are left
    out as far as they can be told from ink.
    """
    if np.ptp(grey) < FLAT:
        return np.zeros(grey.shape)
    above = np.maximum(grey - _plane(grey), 0)
    ink = _strength(above)
    if not border(ink[None]).any():
        return ink
    inside = _strength(np.maximum(grey - _surroundings(grey), 0))
    rest = (ink > PALE) & (inside == 0)
    if border(inside[None]).any() or not inside.any() or not rest.any():
        return ink
    return inside if np.median(above[inside > PALE]) > SHADOW * np.median(above[rest]) else ink


def _strength(above: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much pixels are brighter than paper as a share of what most of the ink has."""
    if not above.any():
        return above
    full = np.median(above[above > _threshold(above)])
    ink = np.minimum(above / full, 1)
    return np.where(_of_one_thing(ink > PALE), ink, 0)


def _plane(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How bright paper is at most, where its border has the same light or one that changes evenly."""
    everywhere = np.stack([np.ones(grey.shape), *np.indices(grey.shape)])  # what a plane is made of
    seen, terms = border(grey[None].astype(np.float64))[0], border(everywhere).T
    plane = np.array([np.percentile(seen, 25), 0.0, 0.0])  # low, as ink on the border is what is brighter
    contrast = float(np.ptp(grey)) / 2
    off = seen - terms @ plane
    for _ in range(3):
        kept = np.abs(off) <= max(min(GRAIN * _deviation(off) + 2, contrast), np.abs(off).min())
        if kept.mean() < 0.5:  # pixels here and there tell no slope
            plane = np.array([np.median(seen[kept]), 0.0, 0.0])
        else:
            plane = np.linalg.lstsq(terms[kept], seen[kept], rcond=None)[0]
        off = seen - terms @ plane
    return np.tensordot(plane, everywhere, 1) + min(GRAIN * _deviation(off[kept]), contrast / 2)


def _surroundings(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How bright paper is at most, where its light changes in any way: what is left when all that is thin is gone."""
    from scipy.ndimage import grey_opening

    small = resized(grey, _at_most(SMALL, grey))
    thin = [max(side // 4, 1) for side in small.shape]
    paper = resized(grey_opening(small, thin), (grey.shape[0], grey.shape[1]))
    off = grey - paper
    return paper + np.median(off) + GRAIN * _deviation(off - np.median(off))


def _deviation(values: NDArray[np.float64]) -> float:
    """The standard deviation of values most of which are normally distributed around 0."""
    return 1.4826 * float(np.median(np.abs(values)))


def _threshold(values: NDArray[np.float64]) -> float:
    """What parts values into two groups whose means lie furthest apart, weighted by their sizes (N. Otsu 1979)."""
    counts, edges = np.histogram(values, 256)
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * (edges[1:] + edges[:-1]) / 2)
    above = counts.sum() - below  # the first and the last group are never empty: they hold the extremes
    apart = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    return float(edges[1:-1][apart.argmax()])


def _of_one_thing(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The patches of a mask (height, width) that are no dust and do not reach in from outside, with soft edges."""
    from scipy.ndimage import binary_dilation, label

    patches, count = label(mask, np.ones((3, 3)))
    sizes = np.bincount(patches.ravel(), minlength=count + 1)
    sizes[0] = 0  # what is not set
    inside = sizes.copy()
    inside[border(patches[None])[0]] = 0
    covered = max(side.mean() for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    if inside.max() >= (SPECK if covered > 0.9 else STRAY) * sizes.max():  # along a whole side lies no ink
        sizes = inside
    kept = (sizes > 0) & (sizes >= SPECK * sizes.max())
    return np.asarray(binary_dilation(kept[patches], iterations=2))
