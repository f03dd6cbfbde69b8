"""Strokes at known places: bars, diagonals and arcs drawn as a pen would, on a unit square from the top left."""

import numpy as np
from numpy.typing import NDArray

from limpid.inspection.subject import Floats

POINTS = 30
THICKNESS = 0.1
"""Of the picture's height, where no pictures tell how thick their strokes are."""
JITTER = 0.04
"""By how much a stroke lies elsewhere from picture to picture."""


def _line(x: float, y: float, to_x: float, to_y: float) -> Floats:
    return np.linspace([x, y], [to_x, to_y], POINTS)


def _arc(x: float, y: float, first: float, last: float, radius: float = 0.2) -> Floats:
    """Around (x, y) from one angle to another, in parts of a whole turn; 0 points right, 0.25 down."""
    turn = 2 * np.pi * np.linspace(first, last, POINTS)
    return np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])


STROKES: dict[str, Floats] = {
    "horizontal bar, top": _line(0.3, 0.25, 0.7, 0.25),
    "horizontal bar, middle": _line(0.3, 0.5, 0.7, 0.5),
    "horizontal bar, bottom": _line(0.3, 0.75, 0.7, 0.75),
    "vertical stroke, left": _line(0.35, 0.25, 0.35, 0.75),
    "vertical stroke, centre": _line(0.5, 0.25, 0.5, 0.75),
    "vertical stroke, right": _line(0.65, 0.25, 0.65, 0.75),
    "rising diagonal": _line(0.32, 0.72, 0.68, 0.28),
    "falling diagonal": _line(0.32, 0.28, 0.68, 0.72),
    "arc open to the left": _arc(0.48, 0.5, -0.25, 0.25),
    "arc open to the right": _arc(0.52, 0.5, 0.25, 0.75),
    "arc open below": _arc(0.5, 0.52, 0.5, 1.0),
    "arc open above": _arc(0.5, 0.48, 0.0, 0.5),
}
"""Every stroke by name: points (points, 2) across and down."""


def drawn(points: Floats, shape: tuple[int, int], thickness: float | None = None) -> Floats:
    """The stroke as ink from 0 to 1 in a picture (height, width), with soft edges; `thickness` in pixels."""
    height, width = shape
    across, down = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
    squares = [(across - x * width) ** 2 + (down - y * height) ** 2 for x, y in points]
    wide = max(1.0, THICKNESS * height if thickness is None else thickness)
    return np.asarray(np.clip(wide / 2 + 0.5 - np.sqrt(np.min(squares, axis=0)), 0, 1))


def some_drawn(
    count: int, shape: tuple[int, int], thickness: float, random: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Pictures (count, height, width) of a stroke each, a little elsewhere each time; and its number (count,)."""
    every = list(STROKES.values())
    chosen = random.integers(len(every), size=count)
    moved = random.uniform(-JITTER, JITTER, (count, 2))
    ink = [drawn(every[number] + by, shape, thickness) for number, by in zip(chosen, moved, strict=True)]
    return np.array(ink), chosen
