"""Judged as a network: whether it overfits, whether its slope is zero, what learning changed, whether it is healthy."""

from collections.abc import Iterator

import numpy as np

from limpid.errors import LimpidError
from limpid.inspection import growth, health, landscape, layers, overfitting, slope
from limpid.inspection.health import KINDS
from limpid.inspection.scoring import score_name
from limpid.report.figures import bar_figure, contour_figure, line_figure
from limpid.report.html import Section, chart, paragraph, table
from limpid.report.material import Material

FEW = 500
"""Rows for curvature and the landscape."""
GRID = 21


def by_heart(of: Material) -> Iterator[Section]:
    if of.seen is None or of.unseen is None or of.seen.y is None or of.unseen.y is None:
        return
    rows = {"X_unseen": of.unseen.X, "y_unseen": of.unseen.y}
    assert of.learned is not None
    found = overfitting(of.model, of.learned.X, of.learned.y, **rows, shares=(), widths=(), depths=(), control=False)
    costs = {
        "rows it learned from": found.cost_seen,
        "rows it has never seen": found.cost_unseen,
        "one answer for all": found.base_unseen,
    }
    parts = [
        paragraph(
            "A network can learn its examples by heart, as one learns a telephone list: right on what it has seen, of "
            "no use on what it has not. The gap between the two costs tells."
        ),
        paragraph(found.words, "verdict"),
        chart(
            bar_figure(costs, "cost", "rows it has never seen"),
            "Cost of seen and unseen rows",
            ["rows", "cost"],
            costs.items(),
        ),
        paragraph("Whether more data or another size would help takes training again: limpid capacity SOURCE.", "soft"),
    ]
    yield Section("overfitting", "Does it overfit?", parts)


def level(of: Material) -> Iterator[Section]:
    dataset = of.learned or of.unseen
    if dataset is None or dataset.y is None:
        return
    X, y = of.few(FEW, dataset), of.few_answers(FEW, dataset)
    found = slope(of.model, X, y)
    around = landscape(of.model, X, y, grid=GRID)
    names = [found.subject.layer_name(number) for number in range(1, found.subject.depth + 1)]
    norms = dict(zip(names, found.layer_norms.tolist(), strict=True))
    parts = [
        paragraph(
            "Training goes downhill on the cost. Where the slope is zero in every direction it has arrived: in a "
            "valley if the ground curves up everywhere, on a pass if somewhere it curves down."
        ),
        paragraph(found.words, "verdict"),
        chart(bar_figure(norms, "norm of the gradient"), "The slope of each layer", ["layer", "norm"], norms.items()),
        paragraph(around.words),
    ]
    name, across, up, costs, path = "a random slice", around.steps, around.steps, around.costs, None
    if (way := around.way) is not None:
        name, across, up, costs, path = "the plane of its descent", way.xs, way.ys, way.costs, way.coordinates
    rows = ([float(y_), *row] for y_, row in zip(up, costs.tolist(), strict=True))
    parts.append(
        chart(
            contour_figure(across, up, costs, path),
            f"The landscape of the cost on {name}",
            ["", *(f"{value:.3g}" for value in across)],
            rows,
            "square",
        )
    )
    yield Section("slope", "Is the slope zero?", parts)


def changed(of: Material) -> Iterator[Section]:
    try:
        found = growth(of.model, *of.both(of.unseen))
    except LimpidError as reason:
        yield Section("growth", "What learning changed", [paragraph(f"Not known: {reason}.", "soft")])
        return
    header = ["layer", "from", "to", "at the start", "now", "change"]
    most = ([row["layer"], row["from"], row["to"], row["start"], row["end"], row["change"]] for row in found.to_rows())
    parts = [
        paragraph("Weights begin at random. Those that matter grow; the rest shrinks or stays."),
        paragraph(found.words, "verdict"),
    ]
    if (pruned := found.pruning) is not None:
        label = score_name(of.model.task)
        curves = {"the smallest weights first": pruned.by_size, "the least used first": pruned.by_signal}
        parts.append(
            chart(
                line_figure(pruned.shares, curves, "per cent of the weights set to 0", label),
                f"{label} after pruning",
                ["per cent", *curves],
                zip(pruned.shares.tolist(), *(curve.tolist() for curve in curves.values()), strict=True),
            )
        )
    yield Section("growth", "What learning changed", [*parts, table("The weights that changed most", header, most)])


def healthy(of: Material) -> Iterator[Section]:
    dataset = of.learned or of.unseen
    if dataset is None or not of.model.network.hidden:
        return
    found = health(of.model, dataset.X)
    header = ["layer", "neurons", *KINDS]
    rows = [[each.name, len(each.mean), *each.counts().values()] for each in found.layers]
    parts = [
        paragraph("A neuron that is never on, always on or always the same does no work, and cannot learn."),
        paragraph(found.words, "verdict"),
        table("Layer by layer", header, rows, opened=True),
    ]
    _, y = of.both(of.unseen)
    if y is not None and np.ndim(y) == 1 and len(y) >= FEW // 10:
        known = layers(of.model, of.few(FEW, of.unseen), of.few_answers(FEW, of.unseen))
        curves = {"a linear reader": known.accuracy, "taught random answers": known.control}
        places = np.arange(len(known.names))
        parts += [
            paragraph(known.words),
            chart(
                line_figure(places, curves, "", known.label, known.names),
                "What can be read off each layer",
                ["layer", *curves],
                zip(known.names, known.accuracy.tolist(), known.control.tolist(), strict=True),
            ),
        ]
    yield Section("health", "Is it healthy?", parts)
