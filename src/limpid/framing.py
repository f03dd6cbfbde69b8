"""How pictures lie in their frame: measured on those that are learned from, and new ones brought to the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.pixels import are_light, border, bounds, ink_of, resized

BACKGROUNDS = ("dark", "light")
CENTRINGS = ("mass", "box")
MOST_MEASURED = 2000
"""Pictures that are measured: more tell nothing new."""
SHARE_OF_ONE_BACKGROUND = 0.995
"""Of pictures; below it a new picture is never turned into its negative."""
SHARE_OF_ONE_BOX = 0.9
"""Of pictures whose ink fills the box, and of the box's side that it then fills."""
FAINT = 0.1
"""Share of full ink below which a pixel does not count as part of what is drawn."""
FULL_INK = 75
"""Percentile of scaled ink that becomes full: thin strokes grow pale when they are made small."""


@dataclass(frozen=True)
class Framing:
    """What the pictures that a model learned from have in common."""

    full_scale: float
    """The number that stands for white; 0 is black."""
    background: str | None = None
    """One of `BACKGROUNDS`; None where it differs, as in photos."""
    box: tuple[int, int] | None = None
    """(height, width) that ink is scaled to fit in; None where it has no common size or place."""
    centring: str | None = None
    """Which of the ink's middles lies at `centre`, one of `CENTRINGS`: of its mass, or of the box around it."""
    centre: tuple[float, float] | None = None
    """(row, column), the first pixel's middle being 0."""

    def __str__(self) -> str:
        """In words."""
        if self.background is None:
            return "taken whole"
        told = "light on dark" if self.background == "dark" else "dark on light"
        if self.box is None:
            return f"{told}, taken whole"
        return f"{told}, ink fitted into {self.box[1]} x {self.box[0]} pixels, centred by its {self.centring}"


def measure(X: NDArray[Any], shape: tuple[int, int], full_scale: float | None) -> Framing | None:
    """What pictures X (rows, height * width) of 0..full_scale (None: of 0..the largest number) have in common.

    None where numbers below 0 leave open which of them is black.
    """
    if X.min() < 0:
        return None
    white = float(full_scale or X.max() or 1)
    sample = X[:: -(-len(X) // MOST_MEASURED)]
    pictures = np.clip(sample.reshape(-1, *shape) * (255 / white), 0, 255)
    light = float(are_light(pictures).mean())
    if max(light, 1 - light) < SHARE_OF_ONE_BACKGROUND:
        return Framing(white)
    if light < 0.5:
        return Framing(white, "dark", *_box(pictures))
    return Framing(white, "light", *_box(255 - pictures))


def _box(pictures: NDArray[Any]) -> tuple[tuple[int, int], str, tuple[float, float]] | tuple[None, None, None]:
    """Box, centring and centre of bright ink in pictures (rows, height, width), where these have them in common."""
    pictures = pictures[pictures.any(axis=(1, 2))]
    if not len(pictures):
        return None, None, None
    mask = pictures > FAINT * pictures.max(axis=(1, 2), keepdims=True)
    ends = np.array([[(side.start, side.stop) for side in bounds(each)] for each in mask])
    sides = ends[..., 1] - ends[..., 0]
    box = np.percentile(sides, 99.5, axis=0).round()
    fills = (sides / box).max(axis=1) >= SHARE_OF_ONE_BOX
    middles = {"mass": _mass(pictures), "box": (ends.sum(axis=2) - 1) / 2}
    spread = {name: float(middle.std(axis=0).max()) for name, middle in middles.items()}
    centring = min(spread, key=spread.__getitem__)
    if fills.mean() < SHARE_OF_ONE_BOX or spread[centring] > 0.5 + 0.02 * max(pictures.shape[1:]):
        return None, None, None
    centre = middles[centring].mean(axis=0)
    return (int(box[0]), int(box[1])), centring, (float(centre[0]), float(centre[1]))


def _mass(pictures: NDArray[Any]) -> NDArray[np.float64]:
    """The centre of mass (rows, 2) of each picture (rows, height, width)."""
    down, across = np.indices(pictures.shape[1:])
    total = pictures.sum(axis=(1, 2))
    moments = [np.tensordot(pictures, place, 2) / total for place in (down, across)]
    return np.stack(moments, axis=1)


def placed(grey: NDArray[np.uint8], shape: tuple[int, int], framing: Framing) -> NDArray[np.uint8]:
    """A picture (height, width) of 0..255 as those of `shape` are that `framing` was measured on.

    Its negative where its background is the other one. One of that shape then stays as it is; of another, its ink is
    scaled and centred as theirs is, or where theirs has no common size it is taken `whole`.
    """
    negative = framing.background is not None and are_light(grey[None])[0] != (framing.background == "light")
    if grey.shape == shape or framing.box is None:
        return whole(255 - grey if negative else grey, shape)
    light = framing.background == "light"
    drawn = _drawn(ink_of(255 - grey if negative != light else grey), shape, framing)
    return 255 - drawn if light else drawn


def whole(grey: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture (height, width) as large as fits into `shape`, undistorted; the rest gets the grey of its border."""
    if grey.shape == shape:
        return grey
    part = _fitted(grey, shape)
    filled: NDArray[np.float64] = np.full(shape, np.median(border(grey[None])))
    _put(part, filled, [(of - some) / 2 for of, some in zip(shape, part.shape, strict=True)])
    return _bytes(filled)


def _drawn(ink: NDArray[np.float64], shape: tuple[int, int], framing: Framing) -> NDArray[np.uint8]:
    """Ink (height, width) of 0..1 in the framing's box and place, bright on dark."""
    filled = np.zeros(shape)
    if ink.any():
        assert framing.box is not None
        assert framing.centre is not None
        part = _fitted(ink[bounds(ink > FAINT)], framing.box)
        part = np.minimum(part / np.percentile(part[part > FAINT * part.max()], FULL_INK), 1)
        middle = _mass(part[None])[0] if framing.centring == "mass" else (np.array(part.shape) - 1) / 2
        _put(part, filled, np.array(framing.centre) - middle)
    return _bytes(255 * filled)


def _fitted(picture: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float64]:
    scale = min(shape[0] / picture.shape[0], shape[1] / picture.shape[1])
    return resized(picture, (_side(picture.shape[0] * scale, shape[0]), _side(picture.shape[1] * scale, shape[1])))


def _side(length: float, most: int) -> int:
    return min(max(round(length), 1), most)


def _put(part: NDArray[np.float64], into: NDArray[np.float64], corner: Any) -> None:
    """Write `part` into a picture at least as large, its first pixel as near to `corner` (row, column) as it fits."""
    top, left = (
        int(np.clip(round(at), 0, of - some)) for at, of, some in zip(corner, into.shape, part.shape, strict=True)
    )
    into[top : top + part.shape[0], left : left + part.shape[1]] = part


def _bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Rounded so that halves, which means of pixels often are, come out alike however they were added up."""
    return np.floor(values + (0.5 + 1e-6)).astype(np.uint8)
