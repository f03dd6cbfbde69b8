"""A model's or a checkpoint's file: safetensors with a JSON description in its header. Nothing in it can run code."""

import json
from itertools import accumulate, pairwise
from math import isfinite
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays

from limpid.errors import ModelFileError
from limpid.files import BESIDE, replace_file

FORMAT = 1
"""Raised when an older limpid could not read what is written now."""
KEYS = {"model": "limpid", "checkpoint": "limpid checkpoint"}
"""What the header calls the description of each kind of file."""
CHECKSUM = "crc32"
DTYPES = {np.dtype(np.float64): "F64", np.dtype(np.float32): "F32"}


def write(path: Path, description: dict[str, Any], arrays: dict[str, NDArray[Any]], what: str = "model") -> None:
    """Replace `path` by a file of plain values and of arrays of float32 or float64.

    The old file stays until the new one is complete; `what` it is, is one of `KEYS`. Errors: `OSError`.
    """
    text = json.dumps({"format": FORMAT, **plain(description)}, allow_nan=False)
    # large numbers first, so that each lies at a multiple of its size
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    # written from where they lie: a copy of all of them may be more memory than there is
    pieces = [np.ascontiguousarray(arrays[name]).data.cast("B") if arrays[name].size else b"" for name in names]
    checksum = crc32(text.encode())
    for piece in pieces:
        checksum = crc32(piece, checksum)
    header: dict[str, Any] = {"__metadata__": {KEYS[what]: text, CHECKSUM: str(checksum)}}
    ends = accumulate((len(piece) for piece in pieces), initial=0)
    for name, offsets in zip(names, pairwise(ends), strict=True):
        header[name] = {"dtype": DTYPES[arrays[name].dtype], "shape": arrays[name].shape, "data_offsets": offsets}
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    replace_file(path, len(told).to_bytes(8, "little"), told, *pieces, beside=beside(what))


def beside(what: str) -> str:
    """How the name begins of what a process that was killed while it wrote such a file may have left."""
    return f"{BESIDE}{what}-"


def read(path: Path, what: str = "model") -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and arrays that `write` was given.

    Errors: `ModelFileError` for a missing, foreign, damaged or newer file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"cannot read the {what} {path}: {error.strerror or error}") from None
    try:
        arrays = load_arrays(content)
        start = 8 + int.from_bytes(content[:8], "little")
        known = json.loads(content[8:start]).get("__metadata__", {})
        text, checksum = known.get(KEYS[what]), known.get(CHECKSUM)
    except (SafetensorError, ValueError, RecursionError, KeyError) as error:
        raise ModelFileError(f"{path} is not a limpid {what}, or is damaged: {error}") from None
    if text is None:
        raise ModelFileError(f"{path} is not a limpid {what}: its header has no {KEYS[what]!r} description")
    told = crc32(text.encode(errors="surrogatepass"))  # a damaged text may hold what no text can
    if checksum is not None and checksum != str(crc32(memoryview(content)[start:], told)):  # older files have none
        raise ModelFileError(f"{path} is damaged: it does not hold what was written")
    try:
        description = json.loads(text)
        version = description.pop("format")
    except (ValueError, RecursionError, KeyError, AttributeError, TypeError):
        raise ModelFileError(f"{path} is damaged: its description cannot be read") from None
    if version != FORMAT:
        raise ModelFileError(f"{path} has format {version!r}; this limpid reads format {FORMAT}")
    return description, arrays


def plain(value: Any) -> Any:
    """The same with NumPy's numbers as Python's, and with null for what JSON cannot hold (NaN, infinity)."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not isfinite(value) else value
