"""Groups of neighbouring columns: of outputs that are activated together, of answers that have classes of their own."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from array_api_compat import array_namespace


def columns_of(groups: Sequence[int], array: Any) -> list[Any]:
    """The columns of `array` (rows, columns) in groups of these sizes: (rows, size) for each."""
    return [array[:, end - size : end] for size, end in zip(groups, accumulate(groups), strict=True)]


def by_group(groups: Sequence[int], function: Callable[..., Any], *arrays: Any) -> Any:
    """`function` of the columns of `arrays` (rows, columns), of each group apart where there are some."""
    if not groups:
        return function(*arrays)
    parts = zip(*(columns_of(groups, array) for array in arrays), strict=True)
    return array_namespace(*arrays).concat([function(*part) for part in parts], axis=-1)
