"""Engines: where the mathematics runs. All give the same numbers, up to rounding; see `contract`."""

from collections.abc import Callable

from limpid.engines.contract import Descent, Engine, Examples, Made, State, StepRule, Work
from limpid.engines.inputs import Coded, all_finite, canonical, is_sparse, plain
from limpid.engines.native import NativeEngine
from limpid.engines.reference import ReferenceEngine
from limpid.errors import LimpidError, choose

ENGINES: dict[str, Callable[[int | None], Engine]] = {"native": NativeEngine, "reference": ReferenceEngine}
"""Every engine by name, the one that computes where nothing is said first."""

MOST_THREADS = 4096


def find_engine(name: str, threads: int | None = None) -> Engine:
    """The engine called `name`, on at most `threads` processor cores (None: what the engine does best with).

    Errors: `LimpidError` for an unknown name (with the nearest), or fewer threads than one.
    """
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise LimpidError(f"the number of threads must be from 1 to {MOST_THREADS}, got {threads!r}")
    return choose("engine", name, ENGINES)(threads)


__all__ = [
    "ENGINES",
    "Coded",
    "Descent",
    "Engine",
    "Examples",
    "Made",
    "State",
    "StepRule",
    "Work",
    "all_finite",
    "canonical",
    "find_engine",
    "is_sparse",
    "plain",
]
