"""Whether two threads pay when another program keeps one of two cores busy.

`python -m benchmarks.busy [--seconds 10] [--out FOLDER]` writes busy.md and busy.json: an epoch by limpid with one
thread and with two, in turns, while a loop that never ends shares one of the two cores; and the same without it.
"""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.apart import apart, chosen
from benchmarks.asked import BUSY_RATIO, verdict
from benchmarks.command import opening, options, start
from benchmarks.contenders.limpid_engine import on
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.tables import seconds_told, table
from benchmarks.turns import load, prepared, rounds

WORKLOADS = ("digits", "full_batch", "mnist", "mnist_deep")
CORES = 2
SPIN = "import os, sys; os.sched_setaffinity(0, [int(sys.argv[1])])\nwhile True: pass"


def measure(workload: str, seconds: float) -> dict[str, Any]:
    """Its name, and the seconds of an epoch with one thread and with two."""
    work = load(workload)
    runs = {}
    for threads in (1, CORES):
        ready, missing = prepared(work, {str(threads): on()}, threads)
        if missing:
            raise RuntimeError(f"{threads} threads: {missing[str(threads)]}")
        runs.update(ready)
    return {"name": work.name, "seconds": rounds(runs, seconds)}


@contextmanager
def busy(core: int) -> Iterator[None]:
    """Another process has work for that core all the time."""
    with subprocess.Popen([sys.executable, "-c", SPIN, str(core)]) as other:
        try:
            yield
        finally:
            other.kill()


def row(measured: dict[str, Any], is_busy: bool) -> tuple[str, ...]:
    one, two = (statistics.median(taken) for taken in measured["seconds"].values())
    judged = (str(BUSY_RATIO), verdict(one / two, BUSY_RATIO)) if is_busy else ("", "")
    cores = "one busy" if is_busy else "both free"
    return measured["name"], cores, seconds_told(one), seconds_told(two), f"{one / two:.2f}", *judged


def main() -> None:
    given = options(__doc__, seconds=10.0, cores=False).parse_args()
    core, rows, kept = chosen(CORES)[0], [], []
    for workload in WORKLOADS:
        free = apart(measure, CORES, workload=workload, seconds=given.seconds)
        with busy(core):
            shared = apart(measure, CORES, workload=workload, seconds=given.seconds)
        rows += [row(free, False), row(shared, True)]
        kept.append({"workload": workload, "free": free, "busy": shared})
    head = ("an epoch of", "two cores", "1 thread", "2 threads", "speed of 2 over 1", "asked", "reached")
    lines = [*opening("On a busy machine", "python -m benchmarks.busy"), *table(head, rows)]
    print("\n".join(lines))
    write("busy", lines, {"machine": machine(), "measured": kept}, given.out)


if __name__ == "__main__":
    start(main)
