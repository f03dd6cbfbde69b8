"""A model file: safetensors with a JSON description in its header. Nothing in it can run code."""

import json
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from limpid.errors import ModelFileError
from limpid.files import replace_file

FORMAT = 1
"""Raised when an older limpid could not read what is written now."""
KEY = "limpid"


def write(path: Path, description: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Replace `path` by a file of plain values and arrays; the old file stays until the new one is complete."""
    text = json.dumps({"format": FORMAT, **plain(description)}, allow_nan=False)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    replace_file(path, save_arrays(contiguous, metadata={KEY: text}))


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and arrays that `write` was given.

    Errors: `ModelFileError` for a missing, foreign, damaged or newer file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"cannot read the model {path}: {error.strerror or error}") from None
    try:
        arrays = load_arrays(content)
        length = int.from_bytes(content[:8], "little")
        text = json.loads(content[8 : 8 + length]).get("__metadata__", {}).get(KEY)
    except (SafetensorError, ValueError, RecursionError, KeyError) as error:
        raise ModelFileError(f"{path} is not a limpid model, or is damaged: {error}") from None
    if text is None:
        raise ModelFileError(f"{path} is not a limpid model: its header has no {KEY!r} description")
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
