"""IDX files, the format of MNIST: a magic number, big-endian sizes, then the values; .gz or not."""

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import DataError

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
"""The magic number's third byte (Y. LeCun's description of the MNIST files)."""
LARGEST = 2**31
"""Bytes of values that are read at most: a short file can claim any size."""


def read_idx(images: Path, labels: str | None = None, answers: bool = True) -> Dataset:
    """The pictures or rows in `images` with the labels in `labels`, or without any where no `answers` are needed.

    Where `labels` is None the file of the same name with `labels-idx1` in place of `images-idx3` is taken.
    Errors: `DataError` for a missing, truncated or foreign file.
    """
    if not answers:
        return pictures(str(images), read_idx_array(images), None)
    beside = Path(labels) if labels else labels_beside(images)
    if beside == images:
        raise DataError(f"{images}: which file holds the labels? Name it with target")
    values, classes = read_idx_array(images), read_idx_array(beside)
    if values.ndim < 2 or classes.ndim != 1:
        raise DataError(
            f"{images} and {beside}: pictures and one label each are needed, got {values.shape} and {classes.shape}"
        )
    return pictures(str(images), values, classes)


def labels_beside(images: Path) -> Path:
    """Where the labels of `images` are, if nobody says: in the file of the same name but for one word."""
    return images.with_name(images.name.replace("images-idx3", "labels-idx1"))


def pictures(name: str, values: NDArray[Any], y: NDArray[Any] | None, test: Dataset | None = None) -> Dataset:
    """Pictures (rows, height, width), or rows of numbers (rows, inputs), as a data set."""
    if values.ndim < 2:
        raise DataError(f"{name}: rows of numbers or pictures are needed, got an array of shape {values.shape}")
    height, width = values.shape[1:] if values.ndim == 3 else (0, 0)
    return Dataset(
        name=name,
        X=values.reshape(len(values), prod(values.shape[1:])),
        y=y.astype(np.int64) if y is not None and y.dtype.kind in "iu" else y,
        image_shape=(height, width) if height else None,
        full_scale=255.0 if height and values.dtype == np.uint8 else None,
        test=test,
    )


def read_idx_array(path: Path) -> NDArray[Any]:
    """The one array that an IDX file holds, in the machine's byte order.

    Errors: `DataError` for a missing file, a wrong magic number, or sizes that do not fit what follows.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _read_array(path, file)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends too early"
        raise DataError(f"cannot read {path}: {reason}") from None


def _read_array(path: Path, file: BinaryIO | gzip.GzipFile) -> NDArray[Any]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] not in range(1, 5):
        raise DataError(
            f"{path} is not an IDX file: it begins with {magic.hex(' ') or 'nothing'}, "
            "not 00 00, a type and 1 to 4 dimensions"
        )
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(f"{path} is truncated: it ends within its sizes")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    dtype = np.dtype(TYPES[magic[2]])
    needed = prod(shape) * dtype.itemsize
    if needed > LARGEST:
        raise DataError(
            f"{path} claims {' x '.join(map(str, shape))} values, {needed} bytes; at most {LARGEST} are read"
        )
    values = file.read(needed)
    if len(values) < needed:
        raise DataError(
            f"{path} is truncated: {' x '.join(map(str, shape))} values need {needed} bytes, it has {len(values)}"
        )
    if file.read(1):
        raise DataError(f"{path} is longer than its {' x '.join(map(str, shape))} values")
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="))
