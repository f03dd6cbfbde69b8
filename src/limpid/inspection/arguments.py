"""What is asked for beside rows, checked before the work, and whether what was found is finite."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.errors import LimpidError


def is_between(value: Any, low: float, high: float) -> bool:
    """Whether it is a number above `low` and below `high`."""
    return not isinstance(value, bool) and isinstance(value, Real) and low < float(value) < high


def check_count(what: str, count: Any) -> None:
    """`LimpidError` unless it is an integer of at least 0."""
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
        raise LimpidError(f"{what} must be an integer of at least 0, got {count!r}")


def check_finite(what: str, *found: NDArray[Any]) -> None:
    """`LimpidError` where some of what was found overflowed."""
    if not all(np.isfinite(each).all() for each in found):
        raise LimpidError(
            f"{what} is too large for a number of the model's precision: rows nearer to its own are needed"
        )


def check_list(what: str, values: Any) -> None:
    """`LimpidError` unless it is a sequence of things, one after the other."""
    flat = isinstance(values, np.ndarray) and not values.ndim
    if flat or not isinstance(values, list | tuple | range | np.ndarray):
        raise LimpidError(f"{what} must be a list, got {values!r}")


def draws_from(random: Any) -> np.random.Generator:
    """NumPy's generator for a seed, or the one given. Errors: `LimpidError` for anything else."""
    try:
        return np.random.default_rng(random)
    except (TypeError, ValueError):
        raise LimpidError(f"random must be an integer of at least 0 or NumPy's generator, got {random!r}") from None
