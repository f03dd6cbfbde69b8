"""Which neurons push an answer, and which neurons push those: shares of a sum, by integrated gradients from the mean.

For a layer with activations a, whose mean over all rows is m, a neuron's push is what it adds to F on the straight way
from m to a: the pushes of a layer add up to F(a) - F(m). To the sum of neuron k of the next layer, neuron j adds
(a_j - m_j) w_jk where that is not normalised over the layer.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from limpid.inspection.integrated import integrated_gradients
from limpid.inspection.subject import Floats, Subject


@dataclass
class Node:
    """A neuron, or at the root the output, and what of the layer before pushes it most."""

    layer: int
    unit: int
    name: str
    push: float
    """What it adds to the sum of the one that it hangs on, averaged over the rows; all that pushes it for the root."""
    high: bool = True
    """Whether it is above its mean on the rows. One below pushes by being quiet: on it hangs what pushes it down."""
    children: list["Node"] = field(default_factory=list)
    inputs: list[tuple[str, float]] = field(default_factory=list)
    """Of a neuron of the first hidden layer the inputs, or columns of a table, that push its way most, and how much."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, nested."""
        return {
            "layer": self.layer,
            "neuron": self.unit,
            "name": self.name,
            "push": self.push,
            "high": self.high,
            "inputs": [{"name": name, "push": push} for name, push in self.inputs],
            "children": [child.to_dict() for child in self.children],
        }


def pushes_of(subject: Subject, layer: int, a: Floats, mean: Floats, of_z: Floats) -> tuple[Floats, Floats]:
    """(rows, units) what each neuron of a layer adds to F = z . of_z of the outputs; and what is missing, (rows,).

    a (rows, units) are its activations, `mean` (units,) those over all rows.
    """
    behind = subject.behind(layer)
    return integrated_gradients(behind, a, mean, behind.depth, of_z)


@dataclass
class Tree:
    """How an answer grows out of the layers, on some rows."""

    subject: Subject
    activations: dict[int, Floats]
    """Of each hidden layer (rows, units), on these rows; 0 are the inputs."""
    means: dict[int, Floats]
    """(units,) over all rows."""
    branches: int
    """So many at most hang on each."""
    known: dict[tuple[int, int], Floats] = field(default_factory=dict)
    """What has been computed: neurons hang on several others."""

    def grow(self, node: Node) -> Node:
        """Hang on a node what pushes its way most, on these what pushes theirs, down to the inputs; gives it back."""
        pushes = self.below(node.layer, node.unit)
        if node.layer == self.subject.hidden[0]:
            summed, names = self.subject.by_column(pushes[None])[0], self.subject.column_names
            node.inputs = [(names[at], float(summed[at])) for at in strongest(summed, node, self.branches)]
            return node
        self.hang(node, pushes)
        return node

    def hang(self, node: Node, pushes: Floats) -> None:
        """By the `pushes` (units,) of the layer before."""
        before = node.layer - 1
        moved = self.activations[before].mean(axis=0) - self.means[before]
        for unit in strongest(pushes, node, self.branches):
            name, high = self.subject.unit_name(before, unit), bool(moved[unit] >= 0)
            node.children.append(self.grow(Node(before, unit, name, float(pushes[unit]), high)))

    def below(self, layer: int, unit: int) -> Floats:
        """(units,) what those of the hidden layer before, or the inputs, add to a neuron's sum, averaged over rows."""
        if (layer, unit) not in self.known:
            before = layer - 1 if layer > self.subject.hidden[0] else 0
            behind = self.subject.behind(before) if before else self.subject
            of_z = np.eye(self.subject.network.layers[layer - 1].units)[unit]
            shares, _ = integrated_gradients(behind, self.activations[before], self.means[before], layer - before, of_z)
            self.known[layer, unit] = shares.mean(axis=0)
        return self.known[layer, unit]


def strongest(pushes: Floats, node: Node, most: int) -> list[int]:
    """Places of those that push up most, or down where the node is low, most first; none that pushes the other way."""
    along = pushes if node.high else -pushes
    order = np.argsort(-along, kind="stable")[:most]
    found: list[int] = order[along[order] > 0].tolist()
    return found
