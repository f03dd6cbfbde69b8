"""Shapes that are found in real pictures: loops, which enclose background, and crossings, where strokes meet."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from limpid.inspection.subject import Floats

INK = 0.4
"""From this share of the full ink on a pixel counts as ink."""
ARMS = 3
"""So many strokes go out from where some meet."""
ARM = 0.12
"""Of the picture's height: how far they must go, or they are only roughness of the pen."""
WIDE = 0.07
"""Of the picture's height: how far a shape reaches beyond what marks it."""
AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""A pixel's neighbours (down, across), clockwise from the one above."""
LENGTH_OF_PIXEL = 1.11
"""Of a line a pixel wide, over all its directions: 1 / the mean of max(|cos|, |sin|)."""

Bools = NDArray[np.bool_]


def loops(pictures: Floats) -> Bools:
    """Where loops are in pictures of ink 0 to 1 (n, height, width): enclosed background and the ink around it."""
    from scipy.ndimage import binary_dilation, label

    found = np.zeros(pictures.shape, bool)
    steps = max(1, round(WIDE * pictures.shape[1]))
    for at, picture in enumerate(pictures):
        background, _ = label(picture < INK)
        outside = np.unique(np.concatenate([background[0], background[-1], background[:, 0], background[:, -1]]))
        enclosed = (background > 0) & ~np.isin(background, outside)
        if enclosed.any():
            found[at] = binary_dilation(enclosed, np.ones((3, 3)), iterations=steps)
    return found


def crossings(pictures: Floats) -> Bools:
    """Where strokes meet in pictures of ink 0 to 1 (n, height, width): around branches of their skeleton."""
    from scipy.ndimage import binary_dilation, label

    thin = skeletons(pictures >= INK)
    reach = max(2, round(ARM * pictures.shape[1]))
    padded = np.pad(thin, ((0, 0), (reach, reach), (reach, reach)))
    found = np.zeros(pictures.shape, bool)
    for at, row, column in np.argwhere(thin & (_count(_neighbours(thin)) >= ARMS)):
        window = padded[at, row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        pieces, _ = label(window, np.ones((3, 3)))
        own = pieces == pieces[reach, reach]
        edge = np.concatenate([own[0, :-1], own[:-1, -1], own[-1, :0:-1], own[:0:-1, 0]])
        found[at, row, column] = (edge & ~np.roll(edge, 1)).sum() >= ARMS
    steps = max(1, round(WIDE * pictures.shape[1]))
    return np.asarray(binary_dilation(found, np.ones((1, 3, 3)), iterations=steps))


def skeletons(ink: Bools) -> Bools:
    """Ink (n, height, width) worn off from outside, until lines a pixel wide are left (Zhang, Suen 1984)."""
    thin = ink.copy()
    while True:
        before = thin
        for first in (True, False):
            around = _neighbours(thin)
            north, _, east, _, south, _, west, _ = around
            count, pieces = _count(around), _count(~here & after for here, after in _pairs(around))
            if first:
                side = ~(north & east & south) & ~(east & south & west)
            else:
                side = ~(north & east & west) & ~(north & south & west)
            thin = thin & ~((count >= 2) & (count <= 6) & (pieces == 1) & side)
        if (thin == before).all():
            return thin


def thickness(pictures: Floats) -> float:
    """How wide strokes are in pictures of ink 0 to 1 (n, height, width), in pixels: their ink by their length."""
    length = float(LENGTH_OF_PIXEL * skeletons(pictures >= INK).sum())
    return float(pictures[pictures >= INK].sum()) / length if length else 1.0


def _neighbours(mask: Bools) -> list[Bools]:
    """Each pixel's neighbours, as masks of the same shape."""
    _, height, width = mask.shape
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    return [padded[:, 1 + down : 1 + down + height, 1 + across : 1 + across + width] for down, across in AROUND]


def _pairs(around: list[Bools]) -> Iterator[tuple[Bools, Bools]]:
    return zip(around, [*around[1:], around[0]], strict=True)


def _count(masks: Iterable[Bools]) -> NDArray[np.int8]:
    """In how many masks each pixel is set."""
    return np.asarray(np.sum([mask.astype(np.int8) for mask in masks], axis=0, dtype=np.int8))
