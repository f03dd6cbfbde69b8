"""The descent that an estimator's parameters ask for."""

from collections.abc import Iterator
from math import inf
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from limpid.engines import Examples, State, StepRule, find_engine
from limpid.estimators.choices import optimizer_of, schedule_of, thread_count
from limpid.estimators.rows import drawing, orders
from limpid.network import Network
from limpid.stochastic import in_order
from limpid.stopping import FRESH, Standing, Stopping
from limpid.training import LBFGS, Descending, Training, Validation

PROGRESS = 2.2204460492503131e-09
"""SciPy's default for how little the cost may fall before L-BFGS ends, which scikit-learn leaves as it is."""


def training_of(
    of: Any,
    network: Network,
    start: State,
    examples: Examples,
    validation: Validation | None,
    random: np.random.RandomState,
    *,
    passes: int,
    seen: int = 0,
    passes_before: int | None = None,
    standing: Standing = FRESH,
    hurries: bool = False,
    keep_path: bool = False,
    monitor: str | None = None,
    patience: float = 0,
) -> Training:
    """A training of `passes` passes by the parameters of the estimator `of`.

    `seen` rows were learned from by earlier calls. `passes_before` were made by calls of `partial_fit`, whose optimizer
    goes on; None for a `fit`. `standing` is where they stood. `monitor` and, where it is longer, `patience` take the
    place of the estimator's.
    """
    optimizer, rows, lbfgs = optimizer_of(of), len(examples.Y), of.solver == "lbfgs"
    goes_on = bool(passes_before)
    if not goes_on or set(start.slots) != set(optimizer.slots):
        start = State(start.parameters, optimizer.init(start.parameters), start.step if goes_on else 0)
    method: Descending | LBFGS = LBFGS(of.tol, PROGRESS, of.max_fun)
    if not lbfgs:
        method = Descending(
            _order(of, random, rows), of.learning_rate_init, schedule_of(of, seen, passes_before), by_rows=True
        )
    return Training(
        network,
        start.parameters,
        examples,
        StepRule(
            optimizer,
            batch_rows(of, rows),
            l2=float(of.alpha),
            dropout=of.dropout,
            clip_norm=of.clip_norm,
            max_norm=of.max_norm,
            label_smoothing=of.label_smoothing,
            seed=int(random.randint(2**31)) if of.dropout else 0,
            bfloat16=of.precision == "bfloat16",
        ),
        method,
        engine=find_engine(of.engine, thread_count(of.n_jobs)),
        epochs=passes,
        stopping=Stopping(
            inf if lbfgs else max(of.n_iter_no_change, patience),
            of.tol,
            None if lbfgs else of.gradient_tol,
            monitor={"loss": "cost"}.get(monitor or of.monitor, "score"),
            averaged_outputs=averaged_outputs(network),
        ),
        validation=validation,
        start=start,
        hurries=hurries,
        keep_path=keep_path,
        standing=standing,
    )


def _order(of: Any, random: np.random.RandomState, rows: int) -> Iterator[NDArray[np.int64]]:
    """Of `rows` rows in each pass: as they come where they are one batch, whose order decides nothing that counts."""
    if of.shuffle and batch_rows(of, rows) < rows:
        return orders(random, rows)
    own = isinstance(of.random_state, Integral) or random is not check_random_state(of.random_state)
    # from one that is not this fit's own someone else may draw after it
    return drawing(random, in_order(rows)) if of.shuffle and not own else in_order(rows)


def averaged_outputs(network: Network) -> int:
    """scikit-learn's squared error is averaged over outputs where this cost sums over them."""
    return network.outputs if network.cost == "squared_error" else 1


def batch_rows(of: Any, rows: int) -> int:
    """How many rows a step takes of so many."""
    if of.solver == "lbfgs":
        return rows
    return min(200 if of.batch_size == "auto" else int(of.batch_size), rows)
