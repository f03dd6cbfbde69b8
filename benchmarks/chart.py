"""The chart of the README: how many times longer than limpid each peer takes.

`python -m benchmarks.chart [FOLDER]` draws results.svg from the results.json beside it, as `benchmarks.run` does.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import LIMPID, PEERS
from benchmarks.files import HERE
from benchmarks.tables import Measured, cores_told, median

COLOURS = {
    "scikit-learn": "#e08214",
    "PyTorch, eager": "#9e3d3d",
    "PyTorch, compiled": "#d98c8c",
    "JAX": "#4d72b0",
    "PyTorch, EmbeddingBag": "#d98c8c",
    "JAX, rows of W gathered": "#4d72b0",
}
"""A form that stands in for another has its colour, and in the legend its place."""
TITLES = {
    "digits": "digits\n64-32-10, batch 32",
    "mnist": "MNIST\n784-128-10, batch 128",
    "mnist_deep": "MNIST\n784-512-512-10, batch 128",
    "textbook": "MNIST, the textbook's\n784-30-10, batch 10",
    "full_batch": "matrix exponential\n4-32-16-4, all rows at once",
    "adult": "adult census\n108-64-32-2, batch 256",
    "wide": "wide\n2048-2048-2048-1000, batch 256",
    "sparse": "sparse\n20000-64-2, batch 256",
    "predict_one": "one row predicted\n784-128-10",
    "predict_many": "60,000 rows predicted\n784-128-10",
}
LEGEND = [name for name in COLOURS if name not in {"PyTorch, EmbeddingBag", "JAX, rows of W gathered"}]
WIDTH, ROW_HEIGHT = 8.0, 0.62
"""Inches; 100 pixels each."""


def draw(folder: Path = HERE) -> None:
    """results.json -> results.svg; without matplotlib nothing, and a line that says so."""
    try:
        from matplotlib import pyplot
    except ImportError:
        print("no chart: matplotlib is not installed", file=sys.stderr)
        return
    measured = json.loads((folder / "results.json").read_text())["measured"]
    cores = sorted({each["cores"] for each in measured})
    names = list(dict.fromkeys(each["workload"] for each in measured))
    pyplot.rcParams.update({"font.size": 9, "svg.hashsalt": "limpid"})
    figure, all_axes = pyplot.subplots(
        1, len(cores), sharex=True, sharey=True, squeeze=False, figsize=(WIDTH, 1.1 + ROW_HEIGHT * len(names))
    )
    for axes, count in zip(all_axes[0], cores, strict=True):
        panel(axes, [each for each in measured if each["cores"] == count], names)
        axes.set_title(cores_told(count), fontsize=10)
    finish(figure, all_axes[0][0])
    figure.savefig(folder / "results.svg", metadata={"Date": None})
    pyplot.close(figure)


def panel(axes: Any, measured: Sequence[Measured], names: list[str]) -> None:
    """One number of cores: a group of bars for each workload, from the top down."""
    for each in measured:
        top, unit = names.index(each["workload"]), median(each, LIMPID)
        found = {name: taken for name in PEERS if (taken := median(each, name))}
        thickness = 0.2 if len(found) < 4 else 0.8 / len(found)
        for number, (name, taken) in enumerate(found.items() if unit else ()):
            bar(axes, top + (number + 0.5 - len(found) / 2) * thickness, thickness, taken / (unit or taken), name)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), [TITLES.get(name, name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


def bar(axes: Any, height: float, thickness: float, times: float, name: str) -> None:
    """From limpid's line to how many times as long, which is written at its end."""
    axes.barh(height, times - 1, thickness * 0.9, left=1, color=COLOURS[name])
    aside = {"ha": "left", "xytext": (3, 0)} if times >= 1 else {"ha": "right", "xytext": (-3, 0)}
    axes.annotate(f"{times:.3g}", (times, height), textcoords="offset points", va="center", fontsize=6.5, **aside)


def finish(figure: Any, axes: Any) -> None:
    """What all panels share."""
    from matplotlib.patches import Patch

    low, high = axes.get_xlim()
    ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20, 50) if low <= tick <= high]
    axes.set_xlim(low * 0.6, high * 1.6)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    handles = [Patch(color=COLOURS[name], label=name) for name in LEGEND]
    figure.legend(handles=handles, loc="upper center", ncols=len(handles), frameon=False)
    figure.supxlabel("times as long as limpid takes, which is the line at 1", fontsize=9)
    figure.tight_layout(rect=(0, 0, 1, 0.955))


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
