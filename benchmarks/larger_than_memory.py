"""A Parquet file larger than the memory allowed: rows a second, most memory held, beside polars reading it alone.

`python -m benchmarks.larger_than_memory [--out FOLDER]` writes a file of 20 million rows and 30 columns into the
temporary folder, larger_than_memory.md and .json. Each figure is of a fresh process on two cores; the file is in the
system's cache for all of them.
"""

import statistics
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.apart import apart
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.memory import held
from benchmarks.tables import seconds_told, table

ROWS, GROUP = 20_000_000, 262_144
MEMORY = "2GB"
ROUNDS = 3
START_ASKED = 2.5
"""From the file to the first epoch's start, times what polars takes to read it."""


def write_table(path: Path, rows: int = ROWS) -> None:
    """22 columns of numbers (half of them rounded), counts, truth values, texts, moments, missing cells; a class."""
    import polars
    import pyarrow.parquet

    random, writer = np.random.default_rng(0), None
    for begun in range(0, rows, GROUP):
        part = polars.DataFrame(_columns(random, min(GROUP, rows - begun))).with_columns(
            polars.col("gap").fill_nan(None)
        )
        arrow = part.to_arrow()
        writer = writer or pyarrow.parquet.ParquetWriter(path, arrow.schema, compression="zstd")
        writer.write_table(arrow)
    if writer:
        writer.close()


def _columns(random: np.random.Generator, rows: int) -> dict[str, Any]:
    numbers = random.standard_normal((rows, 22))
    numbers[:, :11] = numbers[:, :11].round(3)
    city, flag = random.integers(0, 200, rows), random.random(rows) < 0.3
    gap = np.where(random.random(rows) < 0.05, np.nan, 2 * numbers[:, 0] + random.standard_normal(rows))
    says = numbers[:, :8].sum(1) + 2 * numbers[:, 8] * numbers[:, 9] + 2 * flag + city / 100
    return {
        **{f"x{number}": numbers[:, number] for number in range(22)},
        "count": random.integers(0, 100, rows),
        "code": random.integers(0, 10**6, rows).astype(np.int32),
        "flag": flag,
        "city": np.array([f"city {number}" for number in range(200)])[city],
        "kind": np.array([*"abcdefgh"])[random.integers(0, 8, rows)],
        "day": np.datetime64("2020-01-01", "us") + random.integers(0, 10**8, rows).astype("m8[s]"),
        "gap": gap,
        "y": np.where(says + random.standard_normal(rows) > 1.5, "yes", "no"),
    }


def polars_reads(path: str) -> float:
    """Seconds that polars takes to read the file, the better of two times."""
    import polars

    taken = []
    for _ in range(2):
        began = perf_counter()
        frame = polars.read_parquet(path)
        taken.append(perf_counter() - began)
        del frame
    return min(taken)


def learns(path: str) -> dict[str, float]:
    """Seconds to the first epoch's start, rows a second in it, and MB held at most, scoring included."""
    import limpid
    from limpid.engines import Work

    began = perf_counter()
    learning = limpid.learn_stream(limpid.open_stream(path, "y"), MEMORY, epochs=1, hidden=[128, 64])
    course = learning.training.course()
    work = next(course)
    started = perf_counter() - began
    answer = work.make() if isinstance(work, Work) else None
    began = perf_counter()
    try:
        while True:
            item = course.send(answer)
            answer = item.make() if isinstance(item, Work) else None
    except StopIteration:
        pass
    seconds = perf_counter() - began
    began = perf_counter()
    found = learning.evaluate(learning.model)
    scoring = perf_counter() - began
    assert found is not None
    return {
        "start": started,
        "rows a second": len(learning.train) / seconds,
        "rows scored a second": found.rows / scoring,
        "accuracy": found.accuracy or 0.0,
        "MB": held("VmHWM"),
    }


def main() -> None:
    given = options(__doc__, cores=False).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.parquet"
        write_table(path)
        size = path.stat().st_size
        rounds = [(apart(polars_reads, 2, path=str(path)), apart(learns, 2, path=str(path))) for _ in range(ROUNDS)]
    alone = statistics.median(seconds for seconds, _ in rounds)
    ours = {name: statistics.median(found[name] for _, found in rounds) for name in rounds[0][1]}
    rows = [
        ("polars reads the file, all of it in memory", seconds_told(alone)),
        ("to the first epoch's start", seconds_told(ours["start"])),
        (f"the same, times polars' (asked: at most {START_ASKED})", f"{ours['start'] / alone:.2f}"),
        ("rows learned from a second", f"{ours['rows a second']:,.0f}"),
        ("rows scored a second", f"{ours['rows scored a second']:,.0f}"),
        (f"most memory held (allowed: {MEMORY})", f"{ours['MB']:,.0f} MB"),
        ("accuracy on the rows held out, after one epoch", f"{ours['accuracy']:.2%}"),
    ]
    told = f"{ROWS:,} rows of 30 columns, {size / 1e9:.2f} GB of Parquet; medians of {ROUNDS} rounds, two cores."
    lines = [
        *opening("A table larger than memory", "python -m benchmarks.larger_than_memory"),
        told,
        "",
        *table(("what", "figure"), rows),
    ]
    values = {
        "machine": machine(),
        "bytes": size,
        "rounds": [{"polars": seconds, **found} for seconds, found in rounds],
    }
    write("larger_than_memory", lines, values, given.out)


if __name__ == "__main__":
    start(main)
