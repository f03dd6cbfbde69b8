"""What excites each neuron: its weights, the rows that excite it most, their average, an input made to excite it."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from limpid.displays import BLUE, ORANGE, diverging
from limpid.errors import LimpidError, optional
from limpid.inspection.maximisation import maximised
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject

EXCITING = 9
MOST_NAMES = 8
MOST_DRAWN = 12


@dataclass
class Units(Result):
    """Neurons of one layer; all inputs are as the network sees them."""

    subject: Subject
    layer: int
    units: NDArray[np.int64]
    """Which neurons, (n,)."""
    weights: Floats
    """(n, inputs) what each input adds to a neuron's sum: in the first layer its weights, behind it the product of all
    layers' weights, as if there were no activations between: a linear approximation."""
    exciting: NDArray[np.int64]
    """(n, most) places of the rows with the largest activations, the largest first."""
    activations: Floats
    """(n, most) these activations."""
    stimulus: Floats
    """(n, inputs) the rows averaged by how much they excite, less the average row: sum a x / sum a - mean x."""
    maximising: Floats
    """(n, inputs) an input that was changed step by step to excite it (Erhan et al. 2009)."""
    reached: Floats
    """(n,) the sum z that this input gives."""
    x: Floats
    """(rows, inputs) the rows that were looked at."""

    @property
    def approximate(self) -> bool:
        """Whether `weights` are the linear approximation of a layer behind the first."""
        first = self.subject.hidden[0] if self.subject.hidden else 1
        return self.layer > first

    @property
    def words(self) -> str:
        name = self.subject.layer_name(self.layer)
        strongest = int(self.activations[:, 0].argmax())
        told = (
            f"{len(self.units)} neurons of {name} over {len(self.x):,} rows. Neuron {self.units[strongest]} is excited "
            f"most, to {self.activations[strongest, 0]:.3g} by row {self.exciting[strongest, 0]}"
        )
        return f"{told}; by inputs: {self.described(strongest)}."

    def described(self, at: int) -> str:
        """The columns, or inputs, that excite and calm the neuron at this place most, in a line."""
        parts = self.subject.by_column(self.weights[[at]] * self.x.std(axis=0))[0]
        if self.subject.model.encoder is None:
            parts = self.weights[at] * self.x.std(axis=0)
        order = np.argsort(-np.abs(parts), kind="stable")[:3]
        names = self.subject.column_names
        return ", ".join(f"{'more' if parts[k] > 0 else 'less'} {names[k]}" for k in order if parts[k])

    def to_rows(self) -> list[dict[str, Any]]:
        order = np.argsort(-self.activations[:, 0], kind="stable").tolist()
        return [
            {
                "layer": self.layer,
                "neuron": int(self.units[at]),
                "largest activation": float(self.activations[at, 0]),
                "row": int(self.exciting[at, 0]),
                "most of": self.described(at),
                "reached": float(self.reached[at]),
            }
            for at in order
        ]

    def plot(self, ax: Any = None) -> Self:
        """Draw the four pictures of each of the first neurons side by side, on Axes of their own.

        Errors: `LimpidError` where matplotlib is missing, or for Axes, of which it takes many.
        """
        if ax is not None:
            raise LimpidError("units are drawn on many Axes of their own: leave ax out")
        pyplot = optional("matplotlib.pyplot", "pictures are drawn", "plot")
        shown = min(MOST_DRAWN, len(self.units))
        self.figure_, self.ax_ = pyplot.subplots(
            shown, 4, figsize=(8, 1.8 * shown), squeeze=False, layout="constrained"
        )
        for at in range(shown):
            columns = (
                ("weights", self.weights[at]),
                (f"row {self.exciting[at, 0]}", self.x[self.exciting[at, 0]]),
                ("average stimulus", self.stimulus[at]),
                ("made to excite", self.maximising[at]),
            )
            for axes, (title, values) in zip(self.ax_[at], columns, strict=True):
                self._draw_one(axes, values, title if at == 0 or title.startswith("row") else "")
            self.ax_[at, 0].set_ylabel(f"neuron {self.units[at]}")
        return self

    def _draw(self, ax: Any) -> None:
        """Never called: `plot` has Axes of its own."""

    def _draw_one(self, ax: Any, values: Floats, title: str) -> None:
        shape = self.subject.model.image_shape
        if shape:
            limit = float(np.abs(values).max()) or 1.0
            grey = bool(values.min() >= 0)
            colours: Any = "Greys" if grey else diverging()
            ax.imshow(values.reshape(shape), cmap=colours, vmin=0 if grey else -limit, vmax=limit)
            ax.set(xticks=[], yticks=[], title=title)
            return
        order = np.argsort(-np.abs(values), kind="stable")[:MOST_NAMES][::-1]
        signs = [ORANGE if values[k] > 0 else BLUE for k in order]
        ax.barh([self.subject.input_names[k] for k in order], values[order], color=signs)
        ax.set(title=title)
        ax.tick_params(labelsize="x-small")


def units(
    model: Any, layer: int, X: Any, units: Any = None, most: int = EXCITING, random: int | np.random.Generator = 0
) -> Units:
    """Four pictures of each neuron of `layer`, counted from 1, by rows X (rows, inputs).

    `units` are the neurons' places, all where it is None; `most` so many exciting rows each. The input made to excite a
    neuron climbs its sum z within the range of X, held back by lambda |x|^2 and, for pictures, by how rough it is.
    Errors: `LimpidError` for a layer or neuron that does not exist, or rows that do not fit.
    """
    subject, generator = Subject.of(model), np.random.default_rng(random)
    layer = subject.check_layer(layer)
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise LimpidError(f"the number of exciting rows must be a positive integer, got {most!r}")
    every = range(subject.network.layers[layer - 1].units)
    chosen = np.array(
        [subject.check_unit(layer, unit)[1] for unit in (every if units is None else np.atleast_1d(units))]
    )
    x = subject.x(X)
    a = subject.trace(x).a[layer][:, chosen]
    order = np.argsort(-a, axis=0, kind="stable")[:most].T
    maximising, reached = maximised(subject, layer, chosen, x, generator)
    return Units(
        subject,
        layer,
        chosen,
        through_weights(subject, layer)[:, chosen].T,
        order,
        np.take_along_axis(a, order.T, axis=0).T,
        stimulus(a, x),
        maximising,
        reached,
        x,
    )


def through_weights(subject: Subject, layer: int) -> Floats:
    """(inputs, units) the product of the weights up to a layer."""
    found: Floats = subject.parameters["W1"]
    for number in range(2, layer + 1):
        found = found @ subject.parameters[f"W{number}"]
    return found


def stimulus(a: Floats, x: Floats) -> Floats:
    """(units, inputs) the rows x (rows, inputs) averaged by activations a (rows, units), less their mean.

    Activations that go below 0 are centred: then it is sum (a - mean a) x / sum |a - mean a|.
    """
    centred = a.min(axis=0) < 0
    weights = np.where(centred, a - a.mean(axis=0), a)
    total = np.abs(weights).sum(axis=0)
    found = weights.T @ x / np.where(total > 0, total, 1)[:, None] - np.where(centred[:, None], 0, x.mean(axis=0))
    return np.where((total > 0)[:, None], found, 0.0)
