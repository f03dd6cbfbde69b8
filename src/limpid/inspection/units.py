"""What each neuron of a layer looks for: its weights, the rows that excite it, their average, what it likes best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.displays import BLUE, ORANGE, weight_pixels
from limpid.errors import LimpidError
from limpid.inspection.activation_maximisation import maximise
from limpid.inspection.arguments import check_list
from limpid.inspection.pictures import draw_pictures, in_grey
from limpid.inspection.result import Result
from limpid.inspection.stimulus import average_stimulus, in_words, is_linear, weights_of
from limpid.inspection.subject import Floats, Subject

ROWS_AT_ONCE = 4096
MOST_DRAWN = 8
EXAMPLES_DRAWN = 4
MOST_TOLD = 3


@dataclass
class Units(Result):
    """Four pictures of each neuron asked about, in the inputs as the network sees them: scaled, or encoded."""

    subject: Subject
    layer: int
    units: NDArray[np.int64]
    """(units,) their places in the layer."""
    x: Floats
    """(rows, inputs) the rows that they were looked at on."""
    weights: Floats
    """(units, inputs) of the first layer its weights; of others W1 W2 ..., a linear approximation unless `linear`."""
    linear: bool
    """Whether the weights say all that z depends on."""
    exciting: NDArray[np.int64]
    """(units, most) the places of the rows that excite each most, most first."""
    activations: Floats
    """(units, most) its activations there."""
    means: Floats
    """(units,) its activation on average."""
    spreads: Floats
    """(units,) the standard deviation of its activation; 0 for one that nothing here excites."""
    stimulus: Floats
    """(units, inputs) the average of the rows weighted with its activation, less the plain average."""
    maximising: Floats
    """(units, inputs) what would excite it most within the range of each input: argmax z - lambda |x|^2 - mu TV(x)."""
    reached: Floats
    """(units,) z there."""
    shrinkage: Floats
    """(units,) lambda."""
    smoothness: Floats
    """(units,) mu; 0 where inputs are no pixels."""

    @property
    def names(self) -> list[str]:
        """(units,)."""
        return [self.subject.unit_name(self.layer, unit) for unit in self.units.tolist()]

    @property
    def order(self) -> NDArray[np.int64]:
        """Places in the arrays here, of those first whose activation changes most from row to row."""
        return np.argsort(-self.spreads, kind="stable")

    def stands_for(self, at: int, most: int = MOST_TOLD) -> list[str]:
        """What the rows that excite the neuron at place `at` of the arrays have more or less of, in columns' units."""
        return in_words(self.subject, self.stimulus[at], self.x, most)

    @property
    def words(self) -> str:
        first, still = int(self.order[0]), int((self.spreads == 0).sum())
        told = (
            f"Neurons of layer {self.layer} ({self.subject.layer_name(self.layer)}) looked at: {len(self.units)}, on "
            f"{len(self.x):,} rows. What changes most from row to row is {self.names[first]}: it is "
            f"{self.means[first]:.3g} on average, and {self.activations[first, 0]:.3g} at row "
            f"{self.exciting[first, 0]}, which excites it most."
        )
        if not self.subject.model.image_shape and self.stands_for(first):
            told += f" The rows that excite it have {', '.join(self.stands_for(first))}."
        if still:
            told += f" {still} of them {'is' if still == 1 else 'are'} the same on all rows: nothing here moves them."
        return told if self.linear else told + " Their weights to the inputs are a linear approximation."

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "layer": self.layer,
                "neuron": int(self.units[at]),
                "name": self.names[at],
                "mean": float(self.means[at]),
                "spread": float(self.spreads[at]),
                "row": int(self.exciting[at, 0]),
                "activation": float(self.activations[at, 0]),
                "reached": float(self.reached[at]),
                "stands_for": "; ".join(self.stands_for(at)),
            }
            for at in self.order.tolist()
        ]

    def _draw(self, ax: Any) -> None:
        if self.subject.model.image_shape:
            self._draw_pictures(ax, self.subject.model.image_shape)
        else:
            self._draw_bars(ax)

    def _draw_pictures(self, ax: Any, shape: tuple[int, int]) -> None:
        """A line for each neuron: three pictures in blue and orange, then rows in grey."""
        examples = min(EXAMPLES_DRAWN, self.exciting.shape[1])
        words = ["weights" if self.linear else "weights\n(approx.)", "average\nstimulus", "likes\nbest"]
        words += [f"excites\n{place}." for place in range(1, examples + 1)]
        lines = []
        for line, at in enumerate(self.order[:MOST_DRAWN].tolist()):
            signed = [self.weights[at], self.stimulus[at], self.maximising[at]]
            coloured = np.array([weight_pixels(each, float(np.abs(each).max())) for each in signed])
            grey = in_grey(self.x[self.exciting[at, :examples]])
            told = words if line == 0 else [""] * len(words)
            lines.append((f"neuron {self.units[at]}", np.concatenate([coloured, grey]), told))
        draw_pictures(ax, lines, shape)

    def _draw_bars(self, ax: Any) -> None:
        """The stimulus of the neuron that changes most, in standard deviations of the inputs."""
        at = int(self.order[0])
        spread = self.x.std(axis=0)
        sizes = self.stimulus[at] / np.where(spread > 0, spread, np.inf)
        places = np.argsort(-np.abs(sizes), kind="stable")[: 2 * MOST_DRAWN][::-1].tolist()
        names = [self.subject.input_names[place] for place in places]
        ax.barh(names, sizes[places], color=[ORANGE if sizes[place] > 0 else BLUE for place in places])
        ax.set(xlabel="standard deviations above the average row", title=f"rows that excite {self.names[at]}")


def units(model: Any, layer: int, X: Any, units: Sequence[int] | None = None, most: int = 9) -> Units:
    """What the neurons of a layer look for, by rows X (rows, inputs); of all, or of `units`, places in the layer.

    `most` exciting rows are given for each, or all where X has fewer. Rows are ranked by activation, equal ones by z.
    Errors: `LimpidError` for a layer or neuron that does not exist, `most` below 1, or rows that do not fit.
    """
    subject = Subject.of(model)
    layer = subject.check_layer(layer)
    places = _places(subject, layer, units)
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1:
        raise LimpidError(f"most must be a positive integer, got {most!r}")
    x = subject.x(X)
    z, a = (each[:, places] for each in _excitement(subject, layer, x))
    exciting = np.lexsort((-z, -a), axis=0)[:most].T
    found = maximise(subject, layer, places, x, z)
    return Units(
        subject=subject,
        layer=layer,
        units=places,
        x=x,
        weights=weights_of(subject, layer)[places],
        linear=is_linear(subject, layer),
        exciting=exciting,
        activations=np.take_along_axis(a.T, exciting, axis=1),
        means=a.mean(axis=0),
        spreads=np.where(np.ptp(a, axis=0) > 0, a.std(axis=0), 0.0),
        stimulus=average_stimulus(x, a, subject.network.layers[layer - 1].function.range[0] >= 0),
        maximising=found.inputs,
        reached=found.reached,
        shrinkage=found.shrinkage,
        smoothness=found.smoothness,
    )


def _places(subject: Subject, layer: int, units: Sequence[int] | None) -> NDArray[np.int64]:
    if units is None:
        return np.arange(subject.network.layers[layer - 1].units)
    check_list("units", units)
    if not len(units):
        raise LimpidError("at least one neuron is needed, got none")
    return np.array([subject.check_unit(layer, unit)[1] for unit in units], np.int64)


def _excitement(subject: Subject, layer: int, x: Floats) -> tuple[Floats, Floats]:
    """z and a (rows, units) of a layer."""
    traces = [subject.trace(x[at : at + ROWS_AT_ONCE]) for at in range(0, len(x), ROWS_AT_ONCE)]
    return np.concatenate([each.z[layer - 1] for each in traces]), np.concatenate([each.a[layer] for each in traces])
