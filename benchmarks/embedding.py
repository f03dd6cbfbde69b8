"""Embedded categories beside an input for each: how good and how quick, on rows that are not learned from.

`python -m benchmarks.embedding [--out FOLDER]` writes embedding.md and embedding.json. Of real tables the rows for the
test have no part in it (a fifth of those that have none of their own): each seed splits the others anew. Made-up tables
have 5 numbers and one or two columns of many categories, each of which has 3 hidden numbers of its own.
"""

import os
import statistics
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.apart import ApartError, apart
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.tables import table

CONTENDERS = {"one-hot": 0, "default": None, "all by 8": 8, "all by 32": 32}
REAL = {"adult-train": "income", "german": "class", "auto_imports": "price", "horse-colic": "surgical_lesion"}
SEEDS = {"adult-train": 6, "german": 30, "auto_imports": 30, "horse-colic": 30}
MADE_UP = {
    "sum of effects, 1,000 categories, 20,000 rows": ("sum", 1000, 20_000),
    "effect times number, 1,000 categories, 20,000 rows": ("times", 1000, 20_000),
    "effect times number, 60 categories, 5,000 rows": ("times", 60, 5_000),
    "product of two columns, 100 categories each, 10,000 rows": ("product", 100, 10_000),
    "sum of effects, 5,000 categories, 100,000 rows": ("sum", 5_000, 100_000),
}
SMALL = 2_000
"""Tables of fewer rows are watched and tested on larger shares, with more patience."""


def made_up(kind: str, categories: int, rows: int) -> Any:
    """Numbers that depend on a category by its hidden ones, with noise of half their deviation or less."""
    from limpid.dataset import Dataset
    from limpid.table import Column, Table

    random = np.random.default_rng(0)
    codes, x = random.integers(0, categories, (2, rows)), random.normal(size=(rows, 5))
    one, other = random.normal(size=(2, categories, 3))
    hidden = one[codes[0]]
    if kind == "sum":
        y = hidden[:, 0] + np.sin(x[:, 0]) * x[:, 1]
    elif kind == "times":
        y = (hidden * (x @ random.normal(size=(5, 3)) / 5**0.5)).sum(axis=1) + np.sin(2 * hidden[:, 0])
    else:
        y = (hidden * other[codes[1]]).sum(axis=1) + x[:, 0]
    texts = tuple(f"{number:05d}" for number in range(categories))
    columns = {f"x{number}": Column("number", x[:, number]) for number in range(5)}
    columns |= {f"c{at}": Column("text", codes[at].astype(np.int32), texts) for at in range(1 + (kind == "product"))}
    return Dataset(kind, Table(columns), y + random.normal(size=rows) / 2, "regression")


def real(name: str) -> Any:
    """The rows that are not for the test."""
    from limpid.learning import held_out
    from limpid.readers import read

    path = Path(os.environ.get("LIMPID_DATA", "")) / "tabular" / f"{name}.csv"
    if not path.exists():
        raise ApartError(f"{path} is needed; LIMPID_DATA names the folder of data sets")
    dataset = read(path, REAL[name], task="regression" if name == "auto_imports" else "classification")
    if name == "adult-train":
        return dataset
    return dataset.rows(held_out(dataset, np.arange(len(dataset)), 0.2, seed=2**20)[0])


def measure(name: str) -> dict[str, list[float]]:
    """Costs and scores of each contender, a figure a seed; seconds a pass."""
    from limpid import evaluate
    from limpid.learning import learn

    dataset = real(name) if name in REAL else made_up(*MADE_UP[name])
    small = len(dataset) < SMALL
    shares = {"test_size": 0.25, "validation_size": 0.2} if small else {"test_size": 0.2, "validation_size": 0.1}
    found: dict[str, list[float]] = {}
    for seed in range(SEEDS.get(name, 4)):
        for contender, embedding in CONTENDERS.items():
            learning = learn(
                dataset, embedding=embedding, seed=seed, epochs=300, patience=20 if small else 10, threads=1, **shares
            )
            began = perf_counter()
            passes = len(list(learning))
            taken = (perf_counter() - began) / passes
            told = evaluate(learning.model, learning.test) if learning.test else None
            assert told is not None
            score = told.r2 if told.accuracy is None else told.accuracy
            for what, figure in (("cost", told.cost), ("score", score), ("seconds", taken)):
                found.setdefault(f"{contender} {what}", []).append(float(figure or 0.0))
    return found


def rows_of(name: str, found: dict[str, list[float]]) -> list[tuple[str, ...]]:
    """A line for each contender; the others' figures beside those of one-hot, seed by seed."""
    rows = []
    base = {what: found[f"one-hot {what}"] for what in ("cost", "score", "seconds")}
    for contender in CONTENDERS:
        mine = {what: found[f"{contender} {what}"] for what in base}
        told = [f"{statistics.mean(mine['cost']):.4f}", f"{statistics.mean(mine['score']):.4f}"]
        for what in ("cost", "score"):
            apart_by = [one - other for one, other in zip(mine[what], base[what], strict=True)]
            error = statistics.stdev(apart_by) / len(apart_by) ** 0.5
            told.append(f"{statistics.mean(apart_by):+.4f} ± {error:.4f}" if contender != "one-hot" else "")
        ratio = statistics.median(mine["seconds"]) / statistics.median(base["seconds"])
        rows.append((name if contender == "one-hot" else "", contender, *told, f"{ratio:.2f}"))
    return rows


def main() -> None:
    given = options(__doc__, cores=False).parse_args()
    found = {name: apart(measure, 1, name=name) for name in (*REAL, *MADE_UP)}
    head = ("table", "categories", "cost", "score", "cost, difference", "score, difference", "time a pass")
    lines = [
        *opening("Embedded categories", "python -m benchmarks.embedding"),
        "A network of 256 and 128 hidden neurons, all else as it is by default, until its cost on watched rows gets no",
        "better. Accuracy, or R^2 where the target is a number, on rows that each seed splits off anew; means,",
        "and the mean of the differences from one-hot with its standard error. One core.",
        "",
        *table(head, [row for name, each in found.items() for row in rows_of(name, each)]),
    ]
    print("\n".join(lines))
    write("embedding", lines, {"machine": machine(), "measured": found}, given.out)


if __name__ == "__main__":
    start(main)
