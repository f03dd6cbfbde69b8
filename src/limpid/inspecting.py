"""A first look at any source of examples: what it holds, what learning would make of it, what to beware of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limpid.dataset import TASKS
from limpid.errors import choose
from limpid.profile import Profile, profile_of
from limpid.readers import read_whole
from limpid.table import Table


def inspect(
    source: Any,
    target: str | None = None,
    *,
    data_dir: str | Path | None = None,
    task: str | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    query: str | None = None,
) -> Profile:
    """What `source` holds: the arguments are `read`'s, but that a table's target may be left to be guessed.

    The result has the figures of each column, says what learning would make of it, how the target is distributed, and
    which columns name their row or give the target away; `to_frame()` has a row for each column. Errors: `DataError`
    for a missing or damaged source, or a column that is not there; `LimpidError` for other arguments that do not fit.
    """
    if task is not None:
        choose("task", task, dict.fromkeys(TASKS))
    left = [name for name in ignore if not target or name not in target.split(",")]
    dataset = read_whole(source, target, data_dir=data_dir, ignore=left, categorical=categorical, query=query)
    return profile_of(dataset, target if isinstance(dataset.X, Table) else None, task)
