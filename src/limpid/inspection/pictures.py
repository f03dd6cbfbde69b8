"""Pictures side by side in lines, each with a few words above it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.displays import grey_pixels
from limpid.inspection.subject import Floats

Pixels = NDArray[np.uint8]
"""Red, green and blue."""

ROOM = 0.35
"""Above a picture for its words, as a share of its height."""
GAP = 0.1
"""Between two pictures, as a share of their width."""


def in_grey(pictures: Floats) -> Pixels:
    """(n, inputs, 3) of pictures (n, inputs), dark on white: the least number of all is white, the largest black."""
    low = float(pictures.min(initial=0))
    grey = grey_pixels(pictures - low, float(pictures.max(initial=0)) - low or 1.0)
    return np.repeat(grey[:, :, None], 3, axis=2)


def draw_pictures(ax: Any, lines: list[tuple[str, Pixels, list[str]]], shape: tuple[int, int]) -> None:
    """On matplotlib's Axes `ax`, a line each for (name, pictures (n, height x width, 3), words for each picture)."""
    height, width = shape
    for line, (name, pictures, told) in enumerate(lines):
        below = -line * height * (1 + ROOM)
        for column, (picture, words) in enumerate(zip(pictures, told, strict=True)):
            left = column * width * (1 + GAP)
            where = (left, left + width, below - height, below)
            ax.imshow(picture.reshape(height, width, 3), extent=where)
            ax.text(left + width / 2, below, words, ha="center", va="bottom", fontsize="x-small")
        ax.text(-GAP * width, below - height / 2, name, ha="right", va="center")
    most = max(len(pictures) for _, pictures, _ in lines)
    ax.set(xlim=(0, most * width * (1 + GAP)), ylim=(-len(lines) * height * (1 + ROOM), height * ROOM))
    ax.set_axis_off()
