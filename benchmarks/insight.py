"""How right and how quick it is to look inside: each figure on a network that has learned MNIST.

`python -m benchmarks.insight [--out FOLDER]` writes insight.md and insight.json. 784-128-64-10, 20 epochs, is looked at
where nothing else is said. Times are the least of three, whatever else the machine does: to know what to wait for.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import limpid
from benchmarks.command import opening, options, start
from benchmarks.files import write
from benchmarks.machine import machine
from benchmarks.tables import table
from limpid.engines import find_engine
from limpid.initializers import initial_parameters
from limpid.inspection import (
    attribute,
    blame,
    blame_examples,
    compose,
    confusions,
    faithfulness,
    overfitting,
    parts,
    slope,
    units,
)
from limpid.learning import seen
from limpid.model import Model
from limpid.objective import evaluate

STEP = 1e-6
ROUNDS = 3
RANDOM_NETWORKS = 20


class Figure(NamedTuple):
    """One line of the table."""

    what: str
    asked: str
    value: str


def main() -> None:
    given = options(__doc__, cores=False).parse_args()
    mnist = limpid.read("mnist")
    model = learned(mnist, [128, 64], 20)
    figures = [figure for measure in MEASURES for figure in measure(mnist, model)]
    lines = [*opening("Looking inside", "python -m benchmarks.insight"), *table(("what", "asked", "measured"), figures)]
    print("\n".join(lines))
    write("insight", lines, {"machine": machine(), "measured": [each._asdict() for each in figures]}, given.out)


def learned(dataset: limpid.Dataset, hidden: list[int], epochs: int, **choices: Any) -> Model:
    learning = limpid.learn(dataset, hidden=hidden, epochs=epochs, seed=0, **choices)
    for _ in learning:
        pass
    return learning.model


def of_blame(mnist: limpid.Dataset, model: Model) -> Iterator[Figure]:
    X, y = rows_of(mnist, 2000)
    worst = [error.row for error in confusions(model, X, y, worst=3).worst]
    found = blame(model, X[worst], y[worst])
    random, off = np.random.default_rng(0), 0.0
    reference, network = find_engine("reference"), found.subject.network
    for _ in range(100):
        name = f"W{random.integers(1, 4)}"
        places = np.argwhere(found.slopes[name] != 0)
        place = tuple(places[random.integers(len(places))])
        costs = []
        for sign in (1, -1):
            W = found.subject.parameters[name].copy()
            W[place] += sign * STEP
            moved = {**found.subject.parameters, name: W}
            costs.append(evaluate(reference, network, moved, found.examples)[0])
        off = max(off, abs((costs[0] - costs[1]) / (2 * STEP) - float(found.slopes[name][place])))
    yield Figure("100 random weights' blame of the worst three errors, off central differences", "1e-6", f"{off:.1g}")
    true = faithfulness(model, X[:500], y[:500])
    yield Figure(
        "blame's prediction against what replacing a neuron does, Spearman's rho, rows x neurons and neurons",
        "",
        f"{true.correlation:.3f}, {true.by_neuron:.3f}",
    )
    told = f"{true.randomised.mean():+.4f}, at most {np.abs(true.randomised).max():.4f}"
    yield Figure(f"the same of {len(true.randomised)} networks with random weights", "about 0", told)
    value, low, high = true.gain
    gain = f"{value:.2f} ({low:.2f} to {high:.2f})"
    yield Figure("by how much the order of blame raises the cost above a random order", "interval above 0", gain)


def of_examples(mnist: limpid.Dataset, _: Model) -> Iterator[Figure]:
    small = learned(mnist, [128], 2)
    X, y = rows_of(mnist, 1)
    seconds = least(lambda: blame_examples(small, X, y, mnist.X, np.asarray(mnist.y)))
    yield Figure("which of 60,000 rows pushed an answer, 784-128-10", "1 s", f"{seconds:.2f} s")


def of_inputs(mnist: limpid.Dataset, model: Model) -> Iterator[Figure]:
    X, _ = rows_of(mnist, 500)
    for method in ("integrated_gradients", "deeplift", "lrp"):
        found = attribute(model, X, method=method)
        assert found.residual is not None
        seconds = least(partial(attribute, model, X, method=method))
        name = f"{method} of 500 digits: what the parts miss, seconds"
        yield Figure(name, "1e-8", f"{np.abs(found.residual).max():.1g}, {seconds:.2f} s")


def of_neurons(mnist: limpid.Dataset, model: Model) -> Iterator[Figure]:
    X, y = rows_of(mnist, 2000)
    for layer in (1, 2):
        found = parts(model, X, layer=layer, y=y)
        seconds = least(partial(parts, model, X, layer=layer, y=y))
        told = (
            f"{len(found.detections)} of {found.scores.size:,} against {found.pool:,} random neurons, {seconds:.1f} s"
        )
        yield Figure(f"detections of strokes, arcs, loops and crossings, hidden layer {layer}", "", told)
    seconds = least(lambda: units(model, 1, X))
    yield Figure("four pictures of each of 128 neurons by 2,000 digits", "", f"{seconds:.2f} s")
    proofs = [compose(model, digit, X, y).ablations for digit in range(10)]
    proven = sum(each.proven for ablations in proofs for each in ablations.values())
    yield Figure(
        "digits that fall more without the neurons that push them, of 10 digits x 2 layers", "", f"{proven} of 20"
    )


def of_chance(mnist: limpid.Dataset, model: Model) -> Iterator[Figure]:
    X, _ = rows_of(mnist, 2000)
    for layer in (1, 2):
        detections, uncorrected = [], []
        for seed in range(RANDOM_NETWORKS):
            drawn = initial_parameters(model.network, "he", np.random.default_rng(5000 + seed), np.float32)
            found = parts(replace(model, parameters=drawn), X, layer=layer, random=seed)
            detections.append(len(found.detections))
            uncorrected.append(float((found.p <= 0.05).mean()))
        told = (
            f"{sum(detections)} of {RANDOM_NETWORKS * found.scores.size:,}, in {np.count_nonzero(detections)} networks "
            f"({np.mean(uncorrected):.1%} without the correction)"
        )
        yield Figure(f"detections in {RANDOM_NETWORKS} random networks, hidden layer {layer}", "at most 5 %", told)


def of_overfitting(mnist: limpid.Dataset, _: Model) -> Iterator[Figure]:
    alone: dict[str, Any] = {"shares": (), "widths": (), "depths": (), "control": False}
    thirty = overfitting(learned(mnist, [30], 30), mnist, **alone)
    yield Figure("60,000 digits, 30 hidden neurons", "does not overfit", thirty.verdict)
    some = mnist.rows(np.arange(5000))
    shuffled = replace(some, y=np.random.default_rng(0).permutation(np.asarray(some.y)), test=mnist.test)
    heart = overfitting(learned(shuffled, [30], 60, patience=0, dropout=0.0), shuffled, **alone)
    yield Figure("5,000 digits with shuffled labels, 30 hidden neurons", "overfits", heart.verdict)


def of_slope(mnist: limpid.Dataset, model: Model) -> Iterator[Figure]:
    found = slope(model, mnist.X[:500], np.asarray(mnist.y)[:500])
    seconds = least(lambda: slope(model, mnist.X[:500], np.asarray(mnist.y)[:500]))
    low, high = found.curvatures
    told = f"{found.verdict}, curvature {low:.2g} to {high:.2g}, {seconds:.1f} s"
    yield Figure("the slope's certificate by 500 rows", "", told)


def of_report(mnist: limpid.Dataset, model: Model) -> Iterator[Figure]:
    assert mnist.test is not None
    evaluation, places = limpid.evaluate(model, mnist.test), seen(model, mnist)
    assert places is not None
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        seconds = least(lambda: limpid.write_report(model, evaluation, page, mnist.rows(places)))
        size = page.stat().st_size / 1e6
    yield Figure("the report: seconds", "20 s", f"{seconds:.1f} s")
    yield Figure("the report: size", "8 MB", f"{size:.1f} MB")


MEASURES: tuple[Callable[[limpid.Dataset, Model], Iterator[Figure]], ...] = (
    of_blame,
    of_examples,
    of_inputs,
    of_neurons,
    of_chance,
    of_overfitting,
    of_slope,
    of_report,
)


def rows_of(mnist: limpid.Dataset, rows: int) -> tuple[Any, Any]:
    """The first test images and their digits."""
    assert mnist.test is not None
    return mnist.test.X[:rows], np.asarray(mnist.test.y)[:rows]


def least(work: Callable[[], object]) -> float:
    """Seconds."""
    taken = []
    for _ in range(ROUNDS):
        began = perf_counter()
        work()
        taken.append(perf_counter() - began)
    return min(taken)


if __name__ == "__main__":
    start(main)
