"""Times an epoch of every workload for every contender and writes results.md and results.json beside this file.

`python -m benchmarks.run [--cores 1] [workload ...]`; each workload has a process of its own, held to so many cores.
The contenders take turns, round by round, so that a machine that slows down slows all of them; ratios are of medians.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

WORKLOADS = ("digits", "mnist", "mnist_deep", "textbook", "full_batch", "adult", "wide")
FEWEST_ROUNDS, MOST_ROUNDS, SECONDS = 3, 9, 40.0
HERE = Path(__file__).parent


def measure(workload: str) -> dict[str, Any]:
    """The workload's name, and each contender's seconds a round, after one to warm up, or why it has none."""
    from benchmarks.contenders import CONTENDERS
    from benchmarks.workload import Epoch

    work = import_module(f"benchmarks.workloads.{workload}").load()
    ready: dict[str, Epoch] = {}
    seconds: dict[str, list[float]] = {}
    missing: dict[str, str] = {}
    for name, prepare in CONTENDERS.items():
        try:
            ready[name], seconds[name] = prepare(work), []
        except ImportError as error:
            missing[name] = f"not installed: {error.name}"
    for epoch in ready.values():
        epoch()
    began = perf_counter()
    for turn in range(MOST_ROUNDS):
        if turn >= FEWEST_ROUNDS and perf_counter() - began > SECONDS:
            break
        for name, epoch in ready.items():
            start = perf_counter()
            epoch()
            seconds[name].append(perf_counter() - start)
    return {"name": work.name, "seconds": {**seconds, **missing}}


def measured_apart(workload: str, cores: int) -> dict[str, Any] | None:
    """`measure` in a process of its own; None, with the reason on stderr, where its data are missing."""
    # older OpenBLAS is held to slower kernels by these; a contender runs as its makers meant it to
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    command = [sys.executable, "-m", "benchmarks.run", "--cores", str(cores), "--inside", workload]
    ended = subprocess.run(command, capture_output=True, text=True, env=kept, check=False)
    if ended.returncode:
        print(f"{workload} is left out: {ended.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def table(seconds: dict[str, list[float] | str]) -> list[str]:
    """The rows: median, spread, and how many times longer than the first contender."""
    first = next(iter(seconds.values()))
    unit = statistics.median(first) if isinstance(first, list) else float("nan")
    lines = ["| contender | seconds an epoch, median | least to most | times the first |", "|---|---|---|---|"]
    for name, kept in seconds.items():
        if isinstance(kept, str):
            lines.append(f"| {name} | {kept} | | |")
            continue
        median = statistics.median(kept)
        lines.append(f"| {name} | {median:.4f} | {min(kept):.4f} to {max(kept):.4f} | {median / unit:.2f} |")
    return lines


def machine(cores: int) -> dict[str, Any]:
    """What the figures were measured on."""
    from limpid._native import simd_level

    found = {}
    for package in ("limpid", "numpy", "scikit-learn", "torch", "jax"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    used = {"processor": _processor(), "cores used": cores, "limpid's SIMD level": simd_level()}
    return {**used, "python": platform.python_version(), **found}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", default=WORKLOADS, metavar="workload", help=", ".join(WORKLOADS))
    parser.add_argument("--cores", type=int, default=1, help="processor cores that every contender may use")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(measure(given.workloads[0])))
        return
    told, kept = machine(given.cores), []
    text = [
        "# Benchmarks",
        "",
        "Written by `make bench`; " + ", ".join(f"{key} {value}" for key, value in told.items()),
    ]
    for workload in given.workloads:
        found = measured_apart(workload, given.cores)
        if found is None:
            continue
        kept.append(found)
        section = ["", f"## {found['name']}", "", *table(found["seconds"])]
        print("\n".join(section), flush=True)
        text += section
    (HERE / "results.md").write_text("\n".join(text) + "\n")
    (HERE / "results.json").write_text(json.dumps({"machine": told, "workloads": kept}, indent=1) + "\n")


if __name__ == "__main__":
    if "--inside" in sys.argv:  # before any library counts the cores
        cores = int(sys.argv[sys.argv.index("--cores") + 1])
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
    main()
