"""Times an epoch of every workload for every contender in turn and writes results.md and results.json beside this file.

The contenders take turns, round by round, so that a machine that slows down slows all of them; the medians are set
against the first contender's.
"""

import json
import os
import platform
import statistics
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.contenders import CONTENDERS
from benchmarks.workload import Epoch, Workload
from benchmarks.workloads import digits, mnist
from limpid.errors import DataError

ROUNDS = 7
HERE = Path(__file__).parent


def measure(work: Workload) -> dict[str, list[float] | None]:
    """Seconds of each round's epoch for each contender, after one to warm up; None where it is not installed."""
    ready: dict[str, Epoch | None] = {}
    for name, prepare in CONTENDERS.items():
        try:
            ready[name] = prepare(work)
        except ImportError:
            ready[name] = None
    seconds: dict[str, list[float] | None] = {name: [] if epoch else None for name, epoch in ready.items()}
    for turn in range(ROUNDS + 1):
        for name, epoch in ready.items():
            if epoch is None:
                continue
            began = perf_counter()
            epoch()
            if turn and (kept := seconds[name]) is not None:
                kept.append(perf_counter() - began)
    return seconds


def rows(seconds: dict[str, list[float] | None]) -> list[str]:
    """The table's rows: median, spread, and how many times longer than the first contender."""
    first, *_ = seconds.values()
    unit = statistics.median(first or [float("nan")])
    lines = ["| contender | seconds an epoch, median | least to most | times the first |", "|---|---|---|---|"]
    for name, kept in seconds.items():
        if kept is None:
            lines.append(f"| {name} | not installed | | |")
            continue
        median = statistics.median(kept)
        lines.append(f"| {name} | {median:.4f} | {min(kept):.4f} to {max(kept):.4f} | {median / unit:.2f} |")
    return lines


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    found = {}
    for package in ("limpid", "numpy", "scikit-learn", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {"processor": _processor(), "cores": os.cpu_count(), "python": platform.python_version(), **found}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    told, kept = machine(), {}
    text = [
        "# Benchmarks",
        "",
        "Written by `make bench`; " + ", ".join(f"{key} {value}" for key, value in told.items()),
    ]
    for load in (digits.load, mnist.load):
        try:
            work = load()
        except DataError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        kept[work.name] = measure(work)
        section = ["", f"## {work.name}", "", *rows(kept[work.name])]
        print("\n".join(section))
        text += section
    (HERE / "results.md").write_text("\n".join(text) + "\n")
    (HERE / "results.json").write_text(json.dumps({"machine": told, "seconds": kept}, indent=1) + "\n")


if __name__ == "__main__":
    main()
