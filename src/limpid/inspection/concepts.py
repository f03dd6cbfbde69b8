"""Concepts that a neuron may stand for: examples with and without it, where it is, and the same with it changed."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError
from limpid.inspection.shapes import crossings, loops, thickness
from limpid.inspection.strokes import STROKES, drawn, some_drawn
from limpid.inspection.subject import Floats
from limpid.pixels import border

DRAWN = 480
"""Rows with a stroke added."""
CHANGED = 100
"""Rows that a concept is added to or erased from."""
FEWEST = 5
"""Examples with a concept, and without it, that a score needs."""


@dataclass
class Concept:
    """Something that rows have or lack. Errors: `LimpidError` for marks or masks that say neither yes nor no."""

    name: str
    present: NDArray[np.bool_]
    """(rows,) which rows have it: those of `x`, or those that `parts` is given where that is None."""
    masks: NDArray[np.bool_] | None = None
    """(rows, inputs) or (rows, height, width) where it is; None where that is not known."""
    x: Any = None
    """Examples of its own, as `Model.predict` takes them."""
    changed: tuple[Any, Any] | None = None
    """Some rows with it, and the same without it, as `Model.predict` takes them; None where that cannot be made."""
    made_of: NDArray[np.int64] | None = None
    """(rows,) which row given to `parts` each of `x` was made of, and so shares its answer; None where of none."""

    def __post_init__(self) -> None:
        self.present = self._truths("marks", self.present)
        if self.masks is not None:
            self.masks = self._truths("masks", self.masks).reshape(len(self.masks), -1)

    def check(self, rows: int, inputs: int) -> None:
        """`LimpidError` where there are too few examples to judge by, or they do not fit."""
        if self.present.shape != (rows,):
            raise LimpidError(f"concept {self.name!r}: {rows} rows need as many marks, got shape {self.present.shape}")
        if self.masks is not None and self.masks.shape != (rows, inputs):
            raise LimpidError(
                f"concept {self.name!r}: masks must be {rows} rows of {inputs} inputs, got shape {self.masks.shape}"
            )
        have, lack = int(self.present.sum()), int((~self.present).sum())
        if have < FEWEST or lack < FEWEST:
            raise LimpidError(
                f"concept {self.name!r}: at least {FEWEST} examples with it and {FEWEST} without it are needed, "
                f"got {have} and {lack}"
            )

    def of(self, some: NDArray[np.int64]) -> "Concept":
        """Among `some` (rows,) of the rows given only; examples of its own stay."""
        if self.x is not None:
            return self
        return replace(self, present=self.present[some], masks=None if self.masks is None else self.masks[some])

    def _truths(self, what: str, values: Any) -> NDArray[np.bool_]:
        found = np.asarray(values)
        if found.dtype != bool and not np.isin(found, (0, 1)).all():
            raise LimpidError(f"concept {self.name!r}: {what} must be true or false")
        return found.astype(bool)


def concepts_for(x: Floats, shape: tuple[int, int], random: np.random.Generator) -> list[Concept]:
    """The concepts of handwriting: strokes, bars and arcs that are drawn; loops and crossings found in rows x.

    x (rows, inputs) are pictures as `Model.predict` takes them. Those that too few rows have are left out.
    """
    pen = _Pen.of(x.reshape(-1, *shape))
    return [*_strokes(x, shape, pen, random), *_shapes(x, shape, pen)]


@dataclass(frozen=True)
class _Pen:
    """What pictures are drawn with."""

    paper: float
    """The number that stands for background."""
    full: float
    """How far from that full ink is: below 0 for dark ink on light paper."""

    @staticmethod
    def of(pictures: Floats) -> "_Pen":
        paper = float(np.median(border(pictures)))
        low, high = np.quantile(pictures - paper, (0.005, 0.995))
        sign = 1.0 if high >= -low else -1.0
        off = sign * (pictures - paper)
        return _Pen(paper, sign * (float(np.quantile(off[off > 0], 0.95)) if (off > 0).any() else 1.0))

    def ink(self, values: Floats) -> Floats:
        """From 0, background, to 1."""
        return np.clip((values - self.paper) / self.full, 0, 1)

    def added(self, values: Floats, ink: Floats) -> Floats:
        """The pictures with more ink drawn over."""
        drawn = self.paper + self.full * ink
        return np.maximum(values, drawn) if self.full > 0 else np.minimum(values, drawn)


def _strokes(x: Floats, shape: tuple[int, int], pen: _Pen, random: np.random.Generator) -> list[Concept]:
    """Rows of x with one stroke added to each: those with this one against those with another."""
    wide = thickness(pen.ink(x).reshape(-1, *shape))
    ink, chosen = some_drawn(DRAWN, shape, wide, random)
    flat, made_of = ink.reshape(DRAWN, -1), random.integers(len(x), size=DRAWN)
    pictures, to_change = pen.added(x[made_of], flat), x[:CHANGED]
    found = []
    for number, (name, points) in enumerate(STROKES.items()):
        own = chosen == number
        added = pen.added(to_change, drawn(points, shape, wide).ravel())
        found.append(Concept(name, own, (flat > 0) & own[:, None], pictures, (added, to_change), made_of))
    return found


def _shapes(x: Floats, shape: tuple[int, int], pen: _Pen) -> list[Concept]:
    pictures = pen.ink(x).reshape(-1, *shape)
    found = []
    for name, find in (("loop", loops), ("crossing", crossings)):
        masks = find(pictures)
        present: NDArray[np.bool_] = np.asarray(masks.any(axis=(1, 2)))
        if FEWEST <= present.sum() <= len(x) - FEWEST:
            with_it = x[present][:CHANGED]
            erased = np.where(masks[present][:CHANGED].reshape(len(with_it), -1), pen.paper, with_it)
            found.append(Concept(name, present, masks, changed=(with_it, erased)))
    return found
