"""How often conformal sets and intervals hold the truth, on rows that were neither learned from nor watched.

`python -m benchmarks.uncertainty [--out FOLDER]` writes uncertainty.md and uncertainty.json: for each table the mean
share over 20 splits into three parts learned from, one watched and two tested on, beside what was asked for. With n
watched rows the share should lie between c and ceil(c (n + 1)) / (n + 1), up to two standard errors of the mean.
"""

import warnings
from collections.abc import Iterator
from math import ceil, sqrt
from typing import Any

import numpy as np

from benchmarks.apart import apart, possible_cores
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.real_tables import NUMBERS, TABLES, read
from benchmarks.tables import table

SPLITS = 20
COVERAGES = (0.8, 0.9, 0.95)


def measure(name: str) -> dict[str, Any]:
    """For each coverage asked for the shares of the splits, and the sets' or intervals' mean size."""
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    from limpid import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore")  # that it has not converged
    X, y = read(name)
    shares: dict[str, list[float]] = {str(coverage): [] for coverage in COVERAGES}
    sizes: dict[str, list[float]] = {str(coverage): [] for coverage in COVERAGES}
    watched = 0
    for split in range(SPLITS):
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=1 / 3, random_state=split)
        scaler = StandardScaler().fit(X_train)
        choices: dict[str, Any] = {"early_stopping": True, "validation_fraction": 0.25, "random_state": split}
        if name in NUMBERS:
            numbers = MLPRegressor(max_iter=100, **choices).fit(scaler.transform(X_train), y_train)
            watched = len(numbers.conformity_scores_)
        else:
            classes = MLPClassifier(max_iter=100, calibrate=True, **choices).fit(scaler.transform(X_train), y_train)
            watched = len(classes.conformity_scores_)
        for coverage in COVERAGES:
            if name in NUMBERS:
                low, high = numbers.predict_interval(scaler.transform(X_test), coverage).T
                right, size = (low <= y_test) & (y_test <= high), high - low
            else:
                sets = classes.predict_set(scaler.transform(X_test), coverage)
                right = sets[np.arange(len(y_test)), np.searchsorted(classes.classes_, y_test)]
                size = sets.sum(axis=1)
            shares[str(coverage)].append(float(right.mean()))
            sizes[str(coverage)].append(float(size.mean()))
    return {"rows": len(y), "watched": watched, "shares": shares, "sizes": sizes}


def lines_of(name: str, found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    watched = found["watched"]
    for coverage in COVERAGES:
        shares = np.array(found["shares"][str(coverage)])
        error = float(shares.std(ddof=1)) / sqrt(len(shares))
        most = ceil(coverage * (watched + 1)) / (watched + 1)
        fits = coverage - 2 * error <= shares.mean() <= most + 2 * error
        close = abs(shares.mean() - coverage) <= 0.02
        kept = close if found["rows"] >= 1000 else fits
        size = np.mean(found["sizes"][str(coverage)])
        yield (
            name, f"{found['rows']:,}", str(watched), f"{coverage:g}", f"{shares.mean():.3f}", f"{error:.3f}",
            f"{size:.3g}", "yes" if kept else "no",
        )  # fmt: skip


def main() -> None:
    given = options(__doc__, cores=False).parse_args()
    found = {name: apart(measure, max(possible_cores()), name=name) for name in TABLES}
    head = ("table", "rows", "watched", "asked", "held", "standard error", "classes or width", "as asked")
    rows = [row for name, each in found.items() for row in lines_of(name, each)]
    lines = [*opening("Coverage", "python -m benchmarks.uncertainty"), *table(head, rows)]
    print("\n".join(lines))
    write("uncertainty", lines, {"machine": machine(), "measured": found}, given.out)


if __name__ == "__main__":
    start(main)
