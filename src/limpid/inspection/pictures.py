"""Rows that are pictures, side by side in lines: each in grey with a few words above it."""

from typing import Any

import numpy as np

from limpid.inspection.subject import Floats

ROOM = 0.35
"""Above a picture for its words, as a share of its height."""
GAP = 0.1
"""Between two pictures, as a share of their width."""


def draw_pictures(ax: Any, lines: list[tuple[str, Floats, list[str]]], shape: tuple[int, int]) -> None:
    """On matplotlib's Axes `ax`, a line each for (its name, pictures (n, height x width), words for each picture).

    Dark on white: the least number of all is white, the largest black.
    """
    every = np.concatenate([pictures for _, pictures, _ in lines])
    low, high = float(every.min(initial=0)), float(every.max(initial=0))
    height, width = shape
    for line, (name, pictures, told) in enumerate(lines):
        below = -line * height * (1 + ROOM)
        for column, (picture, words) in enumerate(zip(pictures, told, strict=True)):
            left = column * width * (1 + GAP)
            where = (left, left + width, below - height, below)
            ax.imshow(picture.reshape(shape), cmap="Greys", vmin=low, vmax=high, extent=where)
            ax.text(left + width / 2, below, words, ha="center", va="bottom", fontsize="small")
        ax.text(-GAP * width, below - height / 2, name, ha="right", va="center")
    most = max(len(pictures) for _, pictures, _ in lines)
    ax.set(xlim=(0, most * width * (1 + GAP)), ylim=(-len(lines) * height * (1 + ROOM), height * ROOM))
    ax.set_axis_off()
