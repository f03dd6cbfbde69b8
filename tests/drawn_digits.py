"""Digits as picture files in folders, for the tests of pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from limpid.readers import read

DIGITS = (read("digits").X.reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)
LABELS = np.asarray(read("digits").y)


def write(folder: Path, which: range, shown: Callable[[Any], Any] = Image.fromarray, suffix: str = ".png") -> Path:
    """Digits in a folder for each class, named by their numbers."""
    for number in which:
        place = folder / str(LABELS[number])
        place.mkdir(parents=True, exist_ok=True)
        shown(DIGITS[number]).save(place / f"{number:04d}{suffix}")
    return folder


def by_class(which: range) -> np.ndarray:
    """The numbers of digits in the order in which `write` has them read."""
    return np.array(sorted(which, key=lambda number: (LABELS[number], number)))
