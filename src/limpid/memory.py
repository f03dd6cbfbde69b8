"""How much memory a training will need, and how much there is: a job that cannot fit is refused before it begins."""

import os
import re
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from limpid.errors import LimpidError
from limpid.network import Network

ROWS_AT_ONCE = 512
"""Rows whose activations are in memory together, where nothing is normalised over a larger batch."""
SMALL = 2**24
"""Bytes that are not worth asking the system for."""
COPIES = 4
"""Of the parameters and of what the optimizer remembers: to start from, at work, and handed out twice over."""


def memory_needed(
    network: Network, *, slots: int, batch_size: int, dtype: Any, scaled: int = 0, places: int = 0
) -> int:
    """About how many bytes training takes beside the examples, of which `scaled` numbers are scaled to new arrays.

    Of the way that it takes so many `places` are kept.
    """
    rows = batch_size if network.over_batch else min(batch_size, ROWS_AT_ONCE)
    activations = (5 if any(layer.normalization for layer in network.layers) else 3) * sum(network.widths) * rows
    owned = sum(prod(shape) for shape in network.shapes().values())
    numbers = (COPIES * (1 + slots) + 1 + places) * owned + activations + scaled
    return numbers * int(np.dtype(dtype).itemsize) + 2 * scaled * int(np.dtype(np.float64).itemsize)


def memory_available() -> int | None:
    """Bytes that this process may still take, by the system and by its control group; None where neither says."""
    known = [_free_of_system(), _free_of_group()]
    return min((free for free in known if free is not None), default=None)


def check_memory(network: Network, **what: Any) -> None:
    """`LimpidError` with both figures where a training (see `memory_needed`) needs more memory than there is."""
    needed = memory_needed(network, **what)
    if needed < SMALL:
        return
    available = memory_available()
    if available is not None and needed > available:
        raise LimpidError(
            f"training {network} needs about {needed / 1e9:.1f} GB of memory, {available / 1e9:.1f} GB are available"
        )


def _free_of_system() -> int | None:
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    return None


def _free_of_group() -> int | None:
    group = Path("/sys/fs/cgroup")
    limit, used = _lines(group / "memory.max"), _lines(group / "memory.current")
    return int(limit[0]) - int(used[0]) if limit and used and limit[0].isdigit() else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bytes_in(size: str | int) -> int:
    """A size of memory, as "2GB", "500 MB" or a number of bytes, in bytes.

    Errors: `LimpidError` for anything else.
    """
    found = re.fullmatch(r"(\d+|\d*\.\d+)\s*([KMGT]?)B?", str(size).strip().upper())
    if not found:
        raise LimpidError(f"a size of memory is needed, as 2GB or 500MB, got {size!r}")
    return int(float(found[1]) * 1000 ** " KMGT".index(found[2] or " "))
