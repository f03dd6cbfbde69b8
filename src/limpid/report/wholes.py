"""How parts make a whole: for each class the neurons that push it, and whether it falls without them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from limpid.inspection import Composition, compose
from limpid.report.figures import grouped_bar_figure
from limpid.report.html import Section, chart, paragraph, table
from limpid.report.material import Material

ROWS, DRAWS, MOST_CLASSES, NEURONS = 1_000, 40, 12, 5


def wholes(of: Material) -> Iterator[Section]:
    if of.rows is None or not of.model.network.hidden or of.model.several_classes:
        return
    found = [compose(of.model, target, of.few(ROWS), draws=DRAWS) for target in _targets(of)[:MOST_CLASSES]]
    last = [each.ablations[each.subject.hidden[-1]] for each in found]
    names = [each.target for each in found]
    falls = {
        "without the neurons that push it most": [layer.lost for layer in last],
        "without as many others": [layer.others_lost or 0.0 for layer in last],
    }
    label = "fall of its probability" if of.model.task != "regression" else "fall of the output"
    parts = [
        paragraph(
            "The neurons of the last hidden layer vote for each class; those below feed them. To prove that some "
            "neurons matter, they are kept at their average: the class must fall more than without as many others."
        ),
        chart(
            grouped_bar_figure(names, falls, label),
            "What becomes of each class without its neurons",
            ["class", *falls, "surely more"],
            (
                [name, layer.lost, layer.others_lost, "yes" if layer.proven else "no"]
                for name, layer in zip(names, last, strict=True)
            ),
        ),
        table("Who pushes each class", ["class", "neuron", "push"], (row for each in found for row in _pushes(each))),
    ]
    yield Section("wholes", "How the parts make a whole", parts)


def _targets(of: Material) -> list[Any]:
    """The classes that some row is answered with, or the places of all other outputs."""
    classes = of.model.classes
    if classes is None:
        return list(range(of.model.network.outputs))
    return list(classes[np.isin(classes, of.model.predict(of.few(ROWS)))])


def _pushes(found: Composition) -> Iterator[list[Any]]:
    rows = found.to_rows()
    for layer in reversed(found.subject.hidden):
        yield from (
            [found.target, row["name"], row["push"]] for row in [row for row in rows if row["layer"] == layer][:NEURONS]
        )
