"""How an epoch's time grows with rows, width, depth and batch, beside its FLOPs and the processor's peak.

`python -m benchmarks.scaling [--cores 1 2] [--seconds 10] [--out FOLDER]` writes scaling.md and scaling.json. One thing
grows at a time, the others stay as in `USUAL`; float32, Adam, ReLU, random rows without zeros.
"""

import statistics
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.apart import apart
from benchmarks.command import opening, options, start
from benchmarks.contenders.limpid_engine import on
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.peak import peak
from benchmarks.tables import cores_told, seconds_told, table
from benchmarks.turns import job, rounds
from benchmarks.workload import Workload, one_hot

USUAL = {"rows": 8192, "width": 256, "depth": 2, "batch": 128}
GROWING = {
    "rows": (1024, 2048, 4096, 8192, 16384, 32768),
    "width": (32, 64, 128, 256, 512, 1024),
    "depth": (1, 2, 4, 8, 16),
    "batch": (16, 32, 64, 128, 256, 512),
}
INPUTS, OUTPUTS = 256, 10


def workload(rows: int, width: int, depth: int, batch: int) -> Workload:
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, INPUTS)).astype(np.float32)
    return Workload("", X, one_hot(np.arange(rows) % OUTPUTS), (width,) * depth, batch)


def flops(work: Workload) -> int:
    """Of an epoch's matrix products: forward, slope, and but for the first layer the way back."""
    layers = [2 * fan_in * fan_out for fan_in, fan_out in pairwise(work.widths)]
    return work.rows * (3 * sum(layers) - layers[0])


def measure(cores: int, seconds: float) -> dict[str, Any]:
    """For each thing that grows: its sizes, an epoch's FLOPs and median seconds at each; and the peak."""
    found = {}
    for name, sizes in GROWING.items():
        works = {str(size): workload(**{**USUAL, name: size}) for size in sizes}
        runs = {size: job(work, on()(work, cores)) for size, work in works.items()}
        for run in runs.values():
            run()
        taken = rounds(runs, seconds)
        found[name] = {
            "sizes": sizes,
            "flops": [flops(work) for work in works.values()],
            "seconds": [statistics.median(each) for each in taken.values()],
        }
    return {"peak": peak(cores), "growing": found}


def slope(x: Any, y: Any) -> float:
    """Of the line fitted to the logarithms: 1 where y grows in proportion to x."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def section(name: str, found: dict[str, Any], top: float | str) -> list[str]:
    """One thing that grows: its table, and the fitted slopes."""
    rows = []
    for size, count, seconds in zip(found["sizes"], found["flops"], found["seconds"], strict=True):
        reached = 1e-9 * count / seconds
        share = f"{reached / top:.0%}" if isinstance(top, float) else ""
        rows.append((f"{size:,}", f"{count * 1e-9:.3g}", seconds_told(seconds), f"{reached:.0f}", share))
    head = (name, "GFLOP an epoch", "an epoch, median", "GFLOP/s", "share of the peak")
    grows = f"time ~ {name}^{slope(found['sizes'], found['seconds']):.2f}"
    if len(set(found["flops"])) > 1:
        grows += f", time ~ FLOPs^{slope(found['flops'], found['seconds']):.2f}"
    return ["", *table(head, rows), "", f"Fitted: {grows}."]


def sections(measured: dict[str, Any]) -> list[str]:
    """All that grows, on so many cores."""
    top = measured["peak"]
    peak_told = f"{top:.0f} GFLOP/s, fused multiply-adds of float32" if isinstance(top, float) else top
    text = ["", f"## {cores_told(measured['cores'])}", "", f"The processor's peak: {peak_told}."]
    return text + [line for name, found in measured["growing"].items() for line in section(name, found, top)]


def what() -> str:
    usual = ", ".join(f"{name} {size:,}" for name, size in USUAL.items())
    setting = f"limpid, float32, Adam, {INPUTS} inputs, {OUTPUTS} outputs; what does not grow: {usual}"
    return f"{setting}. FLOPs are those of the matrix products."


def main() -> None:
    given = options(__doc__, seconds=10.0).parse_args()
    lines, kept = [*opening("How time grows", "python -m benchmarks.scaling"), what()], []
    for cores in given.cores:
        measured = {"cores": cores, **apart(measure, cores, cores=cores, seconds=given.seconds)}
        kept.append(measured)
        lines += sections(measured)
        print("\n".join(sections(measured)), flush=True)
    write("scaling", lines, {"machine": machine(), "measured": kept}, given.out)


if __name__ == "__main__":
    start(main)
