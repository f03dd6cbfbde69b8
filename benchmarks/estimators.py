"""Whole fits through the estimators beside scikit-learn's: checks, conversion and engine, equal parameters and draws.

`python -m benchmarks.estimators [--out FOLDER] [--seconds N] [--cores N ...]` writes estimators.md and estimators.json.
"""

import statistics
import warnings
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks.apart import ApartError, apart
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.tables import seconds_told, table
from benchmarks.turns import load, rounds

LIBRARIES = ("limpid", "scikit-learn")


class Job(NamedTuple):
    """Some passes over a workload's rows, or scikit-learn's defaults on a small set."""

    rows: str
    passes: int
    asked: float
    """How many times longer scikit-learn should take."""
    choices: dict[str, Any] = {}


JOBS = {
    "iris": Job("150 rows of iris, defaults (200 passes)", 200, 10),
    "iris, early stopping": Job("150 rows of iris, early stopping", 200, 10, {"early_stopping": True}),
    "digits": Job("64-32-10, batch 32, 14,376 rows of digits", 20, 5),
    "mnist": Job("784-128-10, batch 128, MNIST", 5, 5),
    "mnist_deep": Job("784-512-512-10, batch 128, MNIST", 1, 2),
    "textbook": Job("784-30-10, batch 10, MNIST, sigmoids, plain gradient descent", 2, 5),
    "full_batch": Job("4-32-16-4, 10,000 rows in one batch", 100, 5),
    "adult": Job("108-64-32-1, batch 256, adult, CSR", 20, 5),
    "wide": Job("2048-2048-2048-1000, batch 256", 1, 1.2),
    "sparse": Job("20000-64-1, batch 256, 20,000 rows, CSR", 3, 5),
}


def prepare(name: str, dtype: str) -> dict[str, Callable[[], Any]]:
    """A fit by each library."""
    from sklearn import neural_network

    import limpid

    warnings.simplefilter("ignore")  # that a few passes have not converged
    X, y, choices, kind = problem(name)
    X, choices = X.astype(dtype), {**choices, **JOBS[name].choices, "max_iter": JOBS[name].passes, "random_state": 0}
    if kind == "MLPRegressor":
        y = y.astype(dtype)
    homes: dict[str, Any] = {"limpid": limpid, "scikit-learn": neural_network}

    def run(library: str) -> Any:
        return getattr(homes[library], kind)(**choices).fit(X, y)

    return {library: partial(run, library) for library in LIBRARIES}


def problem(name: str) -> tuple[Any, Any, dict[str, Any], str]:
    """Rows, answers, parameters and the name of the class."""
    from sklearn.datasets import load_iris

    if name.startswith("iris"):
        return *load_iris(return_X_y=True), {}, "MLPClassifier"
    work = load(name)
    choices: dict[str, Any] = {"hidden_layer_sizes": work.hidden, "batch_size": work.batch_size}
    choices |= {"activation": {"sigmoid": "logistic"}.get(work.activation, work.activation), "tol": 0.0}
    choices |= {"learning_rate_init": work.rate, "n_iter_no_change": 10**6}
    if work.optimizer == "gradient_descent":
        choices |= {"solver": "sgd", "momentum": 0.0}
    if work.output == "identity":
        return work.X, work.Y, choices, "MLPRegressor"
    return work.X, work.codes, choices, "MLPClassifier"


def measure(name: str, dtype: str, seconds: float) -> dict[str, list[float]]:
    """Each library's seconds a fit, in turns."""
    ready = prepare(name, dtype)
    for run in ready.values():
        run()
    return rounds(ready, seconds)


def overhead(name: str, dtype: str) -> list[float]:
    """Milliseconds of a fit beside the engine, and its passes, several times."""
    from limpid.engines import native

    run, inside = prepare(name, dtype)["limpid"], [0.0]

    def timed(name: str) -> Any:
        method = getattr(native.NativeDescent, name)

        def wrapper(*arguments: Any) -> Any:
            began = perf_counter()
            found = method(*arguments)
            inside[0] += perf_counter() - began
            return found

        return patch.object(native.NativeDescent, name, wrapper)

    found = []
    with timed("train"), timed("__init__"):
        for _ in range(9):
            inside[0], began = 0.0, perf_counter()
            passes = run().n_iter_
            found.append([1e3 * (perf_counter() - began - inside[0]), passes])
    return [statistics.median(column) for column in zip(*found, strict=True)]


def rows_of(cores: list[int], seconds: float) -> list[dict[str, Any]]:
    found = []
    for name in JOBS:
        for dtype in ("float32", "float64"):
            for count in cores:
                try:
                    times: Any = apart(measure, count, name=name, dtype=dtype, seconds=seconds)
                except ApartError as reason:
                    times = str(reason)
                found.append({"job": name, "dtype": dtype, "cores": count, "seconds": times})
    return found


def told_row(row: dict[str, Any]) -> tuple[str, ...]:
    job = JOBS[row["job"]]
    head = (job.rows, str(job.passes), row["dtype"], str(row["cores"]))
    if isinstance(row["seconds"], str):
        return *head, row["seconds"], "", "", f"{job.asked:g}"
    mine, theirs = (statistics.median(row["seconds"][library]) for library in LIBRARIES)
    return *head, seconds_told(mine), seconds_told(theirs), f"{theirs / mine:.3g}", f"{job.asked:g}"


def main() -> None:
    given = options(__doc__, seconds=6).parse_args()
    found = rows_of(given.cores, given.seconds)
    beside = {
        dtype: {passes: apart(overhead, 1, name=name, dtype=dtype) for passes, name in ((200, "iris"),)}
        for dtype in ("float32", "float64")
    }
    head = ("fit", "passes at most", "X", "cores", *LIBRARIES, "ratio", "asked")
    lines = [*opening("Whole fits", "python -m benchmarks.estimators"), *table(head, map(told_row, found)), ""]
    for dtype, known in beside.items():
        for milliseconds, passes in known.values():
            lines.append(
                f"Beside the engine a fit of iris in {dtype} takes {milliseconds:.2f} ms for {passes:.0f} passes "
                f"(asked: 2 ms and 10 microseconds a pass, {2 + 0.01 * passes:.1f} ms)."
            )
    print("\n".join(lines))
    write("estimators", lines, {"machine": machine(), "measured": found, "overhead": beside}, given.out)


if __name__ == "__main__":
    start(main)
