"""A tree of neurons as a picture: the output on the right, what pushes it to the left, inputs last.

What pushes up is orange, what pushes down blue; a neuron that is below its mean is called low.
"""

from typing import Any

import numpy as np

from limpid.displays import BLUE, ORANGE, weight_pixels
from limpid.inspection.pushes import Node
from limpid.inspection.subject import Floats

Places = dict[tuple[int, int], tuple[float, float]]
"""Where each neuron of each layer stands."""
WIDEST = 5.0
"""Of a line, in points."""
PICTURE = 40
"""Points across."""


def draw_tree(
    ax: Any, root: Node, target: str, input_pushes: dict[int, Floats], image_shape: tuple[int, int] | None
) -> None:
    """On matplotlib's Axes `ax`; a neuron that pushes several stands there once. Lines are as wide as pushes are large.

    `input_pushes` of the first layer's neurons are shown as pictures of `image_shape` where inputs are pixels.
    """
    nodes = _by_place(root)
    layers = sorted({layer for layer, _ in nodes})
    places: Places = {}
    for column, layer in enumerate(layers):
        units = [unit for at, unit in nodes if at == layer]
        for line, unit in enumerate(units):
            places[layer, unit] = (float(column), 1 - (line + 0.5) / len(units))
    _draw_lines(ax, root, places)
    for (layer, unit), (x, y) in places.items():
        quiet = "" if nodes[layer, unit].high else ", low"
        name = target if layer == root.layer else f"neuron {unit}{quiet}"
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "#666666"}
        ax.text(x, y, name, ha="center", va="center", fontsize="small", bbox=box, zorder=3)
        if nodes[layer, unit].inputs:
            _draw_inputs(ax, nodes[layer, unit], input_pushes[unit], image_shape, x, y)
    for column, layer in enumerate(layers[:-1]):
        ax.text(column, 1.03, f"layer {layer}", ha="center", fontsize="small", color="#666666")
    ax.set(xlim=(-0.9, len(layers) - 0.6), ylim=(-0.02, 1.1), title=f"what pushes {target}")
    ax.set_axis_off()


def _by_place(root: Node) -> dict[tuple[int, int], Node]:
    """Each once, those that are met first at the top."""
    found = {(root.layer, root.unit): root}
    for child in root.children:
        found |= {place: node for place, node in _by_place(child).items() if place not in found}
    return found


def _draw_lines(ax: Any, node: Node, places: Places) -> None:
    largest = max((abs(child.push) for child in node.children), default=1.0)
    for child in node.children:
        (x, y), (left, below) = places[node.layer, node.unit], places[child.layer, child.unit]
        colour, width = ORANGE if child.push > 0 else BLUE, WIDEST * abs(child.push) / largest
        ax.plot([left, x], [below, y], color=colour, linewidth=width, alpha=0.6, zorder=1)
        _draw_lines(ax, child, places)


def _draw_inputs(ax: Any, node: Node, pushes: Floats, image_shape: tuple[int, int] | None, x: float, y: float) -> None:
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    if image_shape is None:
        told = "\n".join(f"{name} {push:+.2g}" for name, push in node.inputs)
        ax.text(x - 0.3, y, told, ha="right", va="center", fontsize="x-small")
        return
    picture = weight_pixels(pushes.reshape(image_shape), float(np.abs(pushes).max()))
    ax.add_artist(AnnotationBbox(OffsetImage(picture, zoom=PICTURE / max(image_shape)), (x - 0.6, y), pad=0.1))
