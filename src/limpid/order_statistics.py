"""The k-th smallest of many numbers, exactly, looking closely at few of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SAMPLE = 65_536
"""Numbers that say where the wanted one lies."""
MARGIN = 6.0
"""Standard deviations of a sample quantile's place; where the number is not found within, all are sorted through."""

IN_CACHE = 65_536
"""Numbers looked at together."""


def order_statistics(numbers: NDArray[np.float64], places: Sequence[int]) -> list[float]:
    """What would stand at `places` (from 0, ascending) of `numbers` (n,) in ascending order; none of them is NaN."""
    if len(numbers) <= 8 * SAMPLE:
        return [float(found) for found in np.partition(numbers, places)[list(places)]]
    sample = np.sort(numbers[:: len(numbers) // SAMPLE])
    return [_between(numbers, sample, place) for place in places]


def _between(numbers: NDArray[np.float64], sample: NDArray[np.float64], place: int) -> float:
    share, last = place / (len(numbers) - 1), len(sample) - 1
    middle, margin = share * last, MARGIN * (len(sample) * share * (1 - share)) ** 0.5 + 2
    low, high = sample[max(int(middle - margin), 0)], sample[min(int(middle + margin) + 1, last)]
    below, near = 0, []
    for start in range(0, len(numbers), IN_CACHE):
        part = numbers[start : start + IN_CACHE]
        below += int(np.count_nonzero(part < low))
        near.append(part[(part >= low) & (part <= high)])
    found = np.concatenate(near)
    if not below <= place < below + len(found):
        return float(np.partition(numbers, place)[place])
    return float(low) if low == high else float(np.partition(found, place - below)[place - below])
