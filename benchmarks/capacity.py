"""Hidden layers found for you beside the default, a hidden layer of 100: the score on rows held out.

`python -m benchmarks.capacity [--out FOLDER]` writes capacity.md and capacity.json: five seeds a table, each with a
quarter of its rows held out; the default as it is, and once more trained for as long as the search and its fit took.
"""

import statistics
import warnings
from math import inf
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.apart import apart, possible_cores
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.real_tables import NUMBERS, TABLES, read
from benchmarks.tables import seconds_told, table

SEEDS = 5
CONTENDERS = ("auto", "default, as long", "default")


def measure(name: str) -> dict[str, list[Any]]:
    """Each contender's scores and seconds, and what was found, a figure a seed."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    from limpid import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore")  # that it has not converged
    X, y = read(name)
    if name in NUMBERS:
        y = (y - y.mean()) / y.std()
    make: Any = MLPRegressor if name in NUMBERS else MLPClassifier
    found: dict[str, list[Any]] = {"layers": [], **{f"{each} {what}": [] for each in CONTENDERS for what in WHAT}}
    for seed in range(SEEDS):
        parts = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=None if name in NUMBERS else y)
        scaler = StandardScaler().fit(parts[0])
        X_train, X_test = (scaler.transform(part).astype(np.float32) for part in parts[:2])
        seconds = inf
        for contender in CONTENDERS:
            began = perf_counter()
            fitted = make(random_state=seed, **choices(contender, began + seconds)).fit(X_train, parts[2])
            taken = perf_counter() - began
            found[f"{contender} score"].append(float(fitted.score(X_test, parts[3])))
            found[f"{contender} seconds"].append(taken)
            if contender == "auto":
                seconds = taken
                found["layers"].append([list(fitted.hidden_layer_sizes_), fitted.n_iter_])
    return found


WHAT = ("score", "seconds")


def choices(contender: str, until: float) -> dict[str, Any]:
    """Parameters; the default that trains as long ends when the time is `until`."""
    if contender == "auto":
        return {"hidden_layer_sizes": "auto"}
    if contender == "default":
        return {}
    return {"max_iter": 10**6, "n_iter_no_change": 10**6, "callbacks": lambda _: perf_counter() > until}


def row_of(name: str, found: dict[str, list[Any]]) -> tuple[str, ...]:
    told = []
    for contender in CONTENDERS:
        scores = found[f"{contender} score"]
        told.append(f"{statistics.mean(scores):.4f} ± {statistics.stdev(scores) / SEEDS**0.5:.4f}")
    mine, long, plain = (statistics.mean(found[f"{contender} score"]) for contender in CONTENDERS)
    layers = "; ".join("-".join(map(str, sizes)) for sizes, _ in found["layers"])
    seconds = (seconds_told(statistics.mean(found[f"{contender} seconds"])) for contender in ("auto", "default"))
    return name, *told, "yes" if mine > long else "no", "yes" if mine > plain else "no", *seconds, layers


def main() -> None:
    given = options(__doc__, cores=False).parse_args()
    found = {name: apart(measure, max(possible_cores()), name=name) for name in TABLES}
    head = ("table", *CONTENDERS, "auto beats it, as long", "as it is", "auto takes", "default takes", "layers found")
    lines = [
        *opening("Hidden layers found", "python -m benchmarks.capacity"),
        "Accuracy, or R^2 where the target is a number; mean of five seeds with its standard error.",
        "",
        *table(head, [row_of(name, each) for name, each in found.items()]),
    ]
    print("\n".join(lines))
    write("capacity", lines, {"machine": machine(), "measured": found}, given.out)


if __name__ == "__main__":
    start(main)
