"""Picture files into rows of pixels: all of one size, or as those are that a model learned from."""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from limpid.errors import DataError, LimpidError, printable
from limpid.framing import Framing, placed, whole
from limpid.memory import memory_available
from limpid.readers.grey import read_grey

if TYPE_CHECKING:
    from limpid.model import Model

SUFFIXES = (".png", ".jpg", ".jpeg")
OTHER_PICTURES = (".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".avif")
"""Of pictures that are not read; who has some must not lose them in silence."""
LARGEST_UNASKED = 256
"""Pixels along a side of pictures that are learned from as they are: a dense network has weights for each pixel."""
ENOUGH = 512
"""Pixels along the shorter side that show all of what is to be scaled down, at least twice the size wanted."""
AT_ONCE = 16
"""Files that a thread reads before it says so."""

Placing = Callable[[NDArray[np.uint8], Path], NDArray[np.uint8]]


class Reading(NamedTuple):
    """How picture files are to be read."""

    shape: tuple[int, int] | None = None
    """(height, width) that they are brought to; None for that which all have."""
    model: "Model | None" = None
    """That they are for, whose shape and framing they get."""
    folder: Path | None = None
    """Where the files are that a table names; None for the table's own folder."""
    threads: int | None = None
    """Files that are read at the same time at most; None for what the processor has cores for."""
    told: Callable[[int, int], None] | None = None
    """Called with the number of files that are read, and of all."""
    as_learned: bool = False
    """Whether they get the shape of `model` but not its framing, as those that it learned from."""


class Rows(NamedTuple):
    """What pictures come to, as `Dataset` has it."""

    X: NDArray[Any]
    """(rows, height * width) of 0..full_scale."""
    image_shape: tuple[int, int]
    full_scale: float


def is_picture(name: str | Path) -> bool:
    """Whether a file is called as PNG and JPEG files are."""
    return str(name).lower().endswith(SUFFIXES)


def read_pictures(paths: Sequence[Path], reading: Reading) -> Rows:
    """The pictures in PNG and JPEG files, grey, in the order of `paths`.

    Errors: `DataError` that names the first file that cannot be read or differs in size; `LimpidError` where the
    model knows no pictures, or memory does not suffice.
    """
    shape, enough, place = _way(paths[0], reading)
    needed, available = len(paths) * shape[0] * shape[1], memory_available()
    if available is not None and needed > available:
        raise LimpidError(
            f"{len(paths)} pictures of {_size(shape)} pixels need {needed / 1e9:.1f} GB of memory, "
            f"{available / 1e9:.1f} GB are available"
        )
    X = np.empty((len(paths), *shape), np.uint8)

    def read(start: int) -> None:
        for at in range(start, min(start + AT_ONCE, len(paths))):
            X[at] = place(read_grey(paths[at], enough), paths[at])

    pool = ThreadPoolExecutor(reading.threads)
    try:
        with warnings.catch_warnings(), threadpool_limits(1, "blas"):  # small matrices, each on a thread of its own
            warnings.simplefilter("ignore")  # Pillow's, of files that it can read all the same
            starts = range(0, len(paths), AT_ONCE)
            for start, done in zip(starts, [pool.submit(read, start) for start in starts], strict=True):
                done.result()
                if reading.told:
                    reading.told(min(start + AT_ONCE, len(paths)), len(paths))
    finally:
        pool.shutdown(cancel_futures=True)
    full_scale = reading.model.framing.full_scale if reading.model and reading.model.framing else 255.0
    rows = X.reshape(len(X), -1)
    return Rows(rows if full_scale == 255 else rows * (full_scale / 255), shape, full_scale)


def _way(first: Path, reading: Reading) -> tuple[tuple[int, int], int | None, Placing]:
    """The shape (height, width) of all pictures, how many pixels a side show enough, and what gives them the shape."""
    if not find_spec("PIL"):
        raise LimpidError("pictures are read with Pillow: pip install 'limpid[pictures]'")
    if reading.model is not None:
        shape, framing = _learned(reading.model)
    elif reading.shape is not None:
        shape, framing = reading.shape, None
    else:
        return _as_the_first(first)
    enough = max(ENOUGH, 2 * max(shape))
    if framing is None or reading.as_learned:
        return shape, enough, lambda grey, _: whole(grey, shape)
    return shape, enough, lambda grey, _: placed(grey, shape, framing)


def _learned(model: "Model") -> tuple[tuple[int, int], Framing]:
    if model.image_shape is None:
        raise LimpidError(f"the model did not learn from pictures but from {model.network.inputs} numbers a row")
    if model.framing is None:
        raise LimpidError("the model does not know which of its numbers is black, or where ink lies: train it again")
    return model.image_shape, model.framing


def _as_the_first(first: Path) -> tuple[tuple[int, int], None, Placing]:
    shape = read_grey(first).shape
    if max(shape) > LARGEST_UNASKED:
        raise DataError(
            f"{printable(first)} has {_size(shape)} pixels, and more than {LARGEST_UNASKED} a side are only learned "
            "from where they are asked for: name a size (--size 64x64)"
        )

    def unchanged(grey: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
        if grey.shape != shape:
            raise DataError(
                f"{printable(first)} has {_size(shape)} pixels, {printable(path)} has {_size(grey.shape)}: "
                "name one size for all (--size 28x28)"
            )
        return grey

    return (shape[0], shape[1]), None, unchanged


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
