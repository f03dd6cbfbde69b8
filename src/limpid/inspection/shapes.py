"""Shapes that are found in real pictures: loops, which enclose background, and crossings, from which four arms go."""

import numpy as np
from numpy.typing import NDArray

from limpid.inspection.subject import Floats

INK = 0.4
"""From this share of the full ink on a pixel counts as ink."""
RADIUS = 0.14
"""Of the picture's height, around a pixel where arms are counted."""
ARMS = 4
AROUND = 32
WIDE = 0.07
"""Of the picture's height: how far a shape reaches beyond what marks it."""


def loops(pictures: Floats) -> NDArray[np.bool_]:
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


def crossings(pictures: Floats) -> NDArray[np.bool_]:
    """Where strokes cross in pictures of ink 0 to 1 (n, height, width): around ink from which four arms of ink go."""
    from scipy.ndimage import binary_dilation

    _, height, width = pictures.shape
    ink = pictures >= INK
    radius = max(1.5, RADIUS * height)
    room = int(np.ceil(radius))
    padded = np.pad(ink, ((0, 0), (room, room), (room, room)))
    turns = 2 * np.pi * np.arange(AROUND) / AROUND
    ring = [
        padded[:, room + down : room + down + height, room + across : room + across + width]
        for down, across in zip(
            np.round(radius * np.sin(turns)).astype(int), np.round(radius * np.cos(turns)).astype(int), strict=True
        )
    ]
    arms = sum((here & ~before).astype(int) for here, before in zip(ring, [ring[-1], *ring[:-1]], strict=True))
    found = ink & (np.asarray(arms) >= ARMS)
    steps = max(1, round(WIDE * height))
    return np.asarray(
        binary_dilation(found, np.ones((1, 3, 3)), iterations=steps) & found.any(axis=(1, 2), keepdims=True)
    )
