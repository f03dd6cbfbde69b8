"""Times every workload for every contender, on one core and on two; writes results.md, .json and .svg beside this file.

`python -m benchmarks.run [workload ...] [--cores 1 2] [--seconds 20] [--out FOLDER]`. Each workload and number of cores
has a process of its own. A run of some workloads only prints, unless it is told where to write.
"""

import sys

from benchmarks.apart import ApartError, apart
from benchmarks.chart import draw
from benchmarks.command import opening, options, start
from benchmarks.files import HERE, write
from benchmarks.machine import machine
from benchmarks.tables import Measured, cores_told, section, summary
from benchmarks.turns import measure

WORKLOADS = (
    "digits", "mnist", "mnist_deep", "textbook", "full_batch", "adult", "wide", "sparse", "predict_one", "predict_many",
)  # fmt: skip
HOW = [
    "Every contender has the data in memory as float32 and learns the same network in the same batches: limpid by one",
    "call an epoch; scikit-learn by `partial_fit`; PyTorch eager, with the fused optimizer and batches sliced by hand,",
    "and compiled, a whole step in one graph; JAX with an epoch in one jitted scan. A peer that is quicker on one core",
    "than on two counts with one. limpid with products of bfloat16 has rows of its own beside them.",
]


def measured(workload: str, cores: int, seconds: float) -> Measured | None:
    """`measure` apart; None, with the reason on stderr, where there is nothing to measure with."""
    try:
        found = apart(measure, cores, workload=workload, cores=cores, seconds=seconds)
    except ApartError as reason:
        print(f"{workload} on {cores_told(cores)} is left out: {reason}", file=sys.stderr)
        return None
    return {"workload": workload, "cores": cores, **found}


def page(all_measured: list[Measured]) -> list[str]:
    sections = [line for each in all_measured for line in ("", *section(each))]
    return [*opening("Benchmarks", "make bench"), *HOW, "", *summary(all_measured), *sections]


def main() -> None:
    parser = options(__doc__, seconds=20.0)
    parser.add_argument("workloads", nargs="*", metavar="workload", help=f"{', '.join(WORKLOADS)}; all of them if none")
    given = parser.parse_args()
    all_measured: list[Measured] = []
    for workload in given.workloads or WORKLOADS:
        for cores in given.cores:
            if (found := measured(workload, cores, given.seconds)) is not None:
                all_measured.append(found)
                print("\n".join(["", *section(found)]), flush=True)
    print("\n".join(["", *summary(all_measured)]))
    if given.workloads and given.out == HERE:
        print("\nNothing is written: these are not all workloads, and no --out is given.", file=sys.stderr)
        return
    write("results", page(all_measured), {"machine": machine(), "measured": all_measured}, given.out)
    draw(given.out)


if __name__ == "__main__":
    start(main)
