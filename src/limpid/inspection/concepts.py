"""Concepts that a neuron may stand for: examples with and without it, where it is, and the same with it changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError
from limpid.inspection.shapes import crossings, loops
from limpid.inspection.strokes import STROKES, drawn, one_drawn
from limpid.inspection.subject import Floats

DRAWN = 360
"""Rows with a stroke added."""
CHANGED = 100
"""Rows that a concept is added to or erased from."""
FEWEST = 5
"""Examples with a concept, and without it, that a score needs."""


@dataclass
class Concept:
    """Something that rows have or lack."""

    name: str
    present: NDArray[np.bool_]
    """(rows,) which rows have it: those of `x`, or those that `parts` is given where that is None."""
    masks: NDArray[np.bool_] | None = None
    """(rows, inputs) where it is, in pictures; None where that is not known."""
    x: Floats | None = None
    """(rows, inputs) examples of its own, as the network sees them."""
    changed: tuple[Floats, Floats] | None = None
    """(some rows, inputs) with it and the same without it, as the network sees them; None where that cannot be made."""
    drawn: bool = False
    """Whether its examples are drawn ones, which have no true answers."""

    def check(self, rows: int) -> None:
        """`LimpidError` where there are too few examples to judge by, or they do not fit."""
        if self.present.shape != (rows,):
            raise LimpidError(f"concept {self.name!r}: {rows} rows need as many marks, got shape {self.present.shape}")
        have, lack = int(self.present.sum()), int((~self.present).sum())
        if have < FEWEST or lack < FEWEST:
            raise LimpidError(
                f"concept {self.name!r}: at least {FEWEST} examples with it and {FEWEST} without it are needed, "
                f"got {have} and {lack}"
            )


def concepts_for(x: Floats, shape: tuple[int, int], random: np.random.Generator) -> list[Concept]:
    """The concepts of handwriting: strokes, bars and arcs that are drawn; loops and crossings found in rows x.

    x (rows, inputs) are pictures as the network sees them, background 0. Those that too few rows have are left out.
    """
    full = float(np.quantile(x[x > 0], 0.95)) if (x > 0).any() else 1.0
    return [*_strokes(x, shape, full, random), *_shapes(x, shape, full)]


def _strokes(x: Floats, shape: tuple[int, int], full: float, random: np.random.Generator) -> list[Concept]:
    """Rows of x with one stroke added to each: those with this one against those with another."""
    ink, chosen = one_drawn(DRAWN, shape, random)
    flat = ink.reshape(DRAWN, -1)
    base, to_change = x[random.integers(len(x), size=DRAWN)], x[:CHANGED]
    pictures = np.maximum(base, full * flat)
    found = []
    for number, (name, points) in enumerate(STROKES.items()):
        own = chosen == number
        added = np.maximum(to_change, full * drawn(points, shape).ravel())
        masks = (flat > 0) & own[:, None]
        found.append(Concept(name, own, masks, pictures, (added, to_change), drawn=True))
    return found


def _shapes(x: Floats, shape: tuple[int, int], full: float) -> list[Concept]:
    pictures = np.clip(x.reshape(-1, *shape) / full, 0, 1)
    found = []
    for name, find in (("loop", loops), ("crossing", crossings)):
        masks = find(pictures)
        present: NDArray[np.bool_] = np.asarray(masks.any(axis=(1, 2)))
        if FEWEST <= present.sum() <= len(x) - FEWEST:
            with_it = x[present][:CHANGED]
            erased = np.where(masks[present][:CHANGED].reshape(len(with_it), -1), 0.0, with_it)
            found.append(Concept(name, present, masks.reshape(len(x), -1), changed=(with_it, erased)))
    return found
