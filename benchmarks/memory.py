"""What limpid weighs: memory that learning adds, time that starting takes, and what an import brings along.

`python -m benchmarks.memory [--out FOLDER]` writes memory.md and memory.json. Each figure is of a fresh process; what
`fit` adds is the most memory held during it less what was held just before.
"""

import statistics
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.apart import ApartError, apart
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.tables import seconds_told, table

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
STARTS = 9
HEAVY = ("sklearn", "scipy", "torch", "jax", "pandas", "matplotlib")
CLASSIFIERS = {"limpid": "limpid", "scikit-learn": "sklearn.neural_network"}
ROWS = {"mnist": "MNIST, 60,000 x 784 as uint8 (47 MB)", "sparse": "20,000 x 20,000, 0.5 % not zero, CSR (16 MB)"}


def fit(library: str, rows: str) -> float:
    """MB that `fit` adds for an epoch on these rows."""
    warnings.simplefilter("ignore")  # that one epoch has not converged
    X, y = getattr(sys.modules[__name__], f"{rows}_rows")()
    make = import_module(CLASSIFIERS[library]).MLPClassifier
    make((8,), max_iter=1).fit(X[:100], y[:100])  # what loading the code takes is not counted
    classifier = make((64,), batch_size=256, max_iter=1, random_state=0)
    before = held("VmRSS")
    CLEAR.write_text("5")  # the most so far is forgotten
    classifier.fit(X, y)
    return held("VmHWM") - before


def mnist_rows() -> tuple[Any, Any]:
    from limpid import read

    mnist = read("mnist")
    return mnist.X, mnist.y


def sparse_rows() -> tuple[Any, Any]:
    from benchmarks.workloads import sparse

    work = sparse.load()
    return work.X, work.codes


def held(what: str) -> float:
    """MB of memory: VmRSS now, VmHWM at most."""
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) * 1024e-6


def imported() -> list[str]:
    """The heavy packages that `import limpid` brings along."""
    command = [sys.executable, "-c", "import sys, limpid; print(*sys.modules)"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in HEAVY if name in names]


def start_seconds() -> list[float]:
    """Of `limpid --version`, several times."""
    program = Path(sys.executable).parent / "limpid"
    taken = []
    for _ in range(STARTS):
        began = perf_counter()
        subprocess.run([str(program), "--version"], capture_output=True, check=True)
        taken.append(perf_counter() - began)
    return taken


def added(library: str, rows: str) -> float | str:
    """`fit` apart, or why there is no figure."""
    try:
        return float(apart(fit, 1, library=library, rows=rows))
    except ApartError as reason:
        return f"not measured: {reason}"


def main() -> None:
    given = options(__doc__, cores=False).parse_args()
    found = {rows: {library: added(library, rows) for library in CLASSIFIERS} for rows in ROWS}
    told_rows = [(ROWS[rows], *map(_megabytes, each.values())) for rows, each in found.items()]
    starts, brought = start_seconds(), imported()
    lines = [
        *opening("Memory and start", "python -m benchmarks.memory"),
        *table(("MLPClassifier(64), one epoch of", *(f"fit of {name} adds" for name in CLASSIFIERS)), told_rows),
        "",
        f"`limpid --version` takes {seconds_told(statistics.median(starts))} (median of {STARTS}, "
        f"{seconds_told(min(starts))} to {seconds_told(max(starts))}).",
        f"Of {', '.join(HEAVY)}, `import limpid` imports {', '.join(brought) or 'none'}.",
    ]
    print("\n".join(lines))
    values = {"machine": machine(), "added_megabytes": found, "start_seconds": starts, "imported": brought}
    write("memory", lines, values, given.out)


def _megabytes(figure: float | str) -> str:
    return figure if isinstance(figure, str) else f"{figure:.0f} MB"


if __name__ == "__main__":
    start(main)
