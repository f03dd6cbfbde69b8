"""Who is to blame for an error: every neuron's delta, every weight's slope, and what the next step makes of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limpid.backprop import Trace, gradients, shares_of
from limpid.displays import BLUE, ORANGE
from limpid.engines import Examples
from limpid.errors import LimpidError
from limpid.inspection.arguments import check_count
from limpid.inspection.chain import Chain, WeightedSum, chain_of, sum_of
from limpid.inspection.next_update import NextStep, next_step
from limpid.inspection.result import Result, largest_places
from limpid.inspection.subject import Floats, Subject
from limpid.network import Parameters

SILENT = 1e-3
"""A neuron that passes on less than this share of what is wanted of it is silent: dead, or saturated."""
MOST = 20


@dataclass
class Blame(Result):
    """Backpropagation's answer for one or several rows: the slopes of the average cost C (Rumelhart et al. 1986)."""

    subject: Subject
    examples: Examples
    cost: float
    """C, averaged over the rows."""
    trace: Trace
    """Every z and a."""
    deltas: list[Floats]
    """dC/dz of each layer (rows, units): the blame of each neuron."""
    desires: list[Floats]
    """-dC/da of each layer (rows, units): where each activation ought to go.

    A neuron whose delta is about 0 while this is not is dead or saturated, not innocent."""
    slopes: Parameters
    """dC/dW, dC/db and all else that can be turned, named and shaped like the parameters."""

    def ranked(self, most: int | None = None, layer: int | None = None) -> list[dict[str, Any]]:
        """Neurons by their blame over the rows, most first, of all layers or of one.

        `share` is that of the layer's blame: for display, not a cause. `silent`: dead or saturated.
        """
        check_count("most", len(self.deltas) if most is None else most)
        layers = range(1, self.subject.depth + 1) if layer is None else [self.subject.check_layer(layer)]
        rows = [row for number in layers for row in self._of_layer(number)]
        return sorted(rows, key=lambda row: -abs(row["blame"]))[:most]

    def ranked_weights(self, most: int = MOST, layer: int | None = None) -> list[dict[str, Any]]:
        """The weights with the steepest slopes, of all layers or of one, and what the next step will add to each.

        `next_update` is None where that is not known.
        """
        check_count("most", most)
        layers = range(1, self.subject.depth + 1) if layer is None else [self.subject.check_layer(layer)]
        rows = [row for number in layers for row in self._weights_of(number, most)]
        return sorted(rows, key=lambda row: -abs(row["blame"]))[:most]

    def sum_of(self, layer: int, unit: int, row: int = 0) -> WeightedSum:
        """The full sum w a + b of a neuron for one of the rows, number by number."""
        layer, unit = self.subject.check_unit(layer, unit)
        return sum_of(self.subject, self.trace, layer, unit, self.subject.check_row(row, len(self.trace.a[0])))

    def chain(self, layer: int, i: int, j: int) -> Chain:
        """The chain rule of the weight from neuron (or input) `i` to neuron `j` of `layer`, factor by factor."""
        return chain_of(self.subject, self.examples, self.trace, self.deltas, layer, i, j)

    @cached_property
    def next_step(self) -> NextStep:
        """How the model would be trained on by just these rows; `words` says it. Errors: as `next_update`."""
        return next_step(self.subject, len(self.examples.Y))

    @cached_property
    def next_update(self) -> Parameters:
        """What one step with just these rows would add to each parameter: by the model's optimizer, rate and penalty.

        The optimizer's memory is the model's where it was kept, else fresh: `next_step` says which. Dropout is left
        out, which is drawn anew each step. Errors: `LimpidError` where it is not known how the model was trained, or
        by L-BFGS.
        """
        return self.next_step.update(self.subject, self.examples)

    @property
    def words(self) -> str:
        rows = len(self.trace.a[0])
        told = [f"The cost is {self.cost:.4g}{f', averaged over {rows:,} rows' if rows > 1 else ''}."]
        for layer in (*self.subject.hidden, self.subject.depth):
            first = self.ranked(1, layer)[0]
            way = "too high" if first["blame"] > 0 else "too low"
            who = f"neuron {first['neuron']}" if layer in self.subject.hidden else f"the neuron for {first['name']}"
            told.append(f"In {self.subject.called(layer)} {who} is most to blame: its sum is {way}.")
        silent = sum(row["silent"] for row in self.ranked())
        if silent == 1:
            told.append("1 neuron is silent: it passes no blame on, which does not make it innocent.")
        elif silent:
            told.append(f"{silent} neurons are silent: they pass no blame on, which does not make them innocent.")
        return " ".join(told)

    def to_rows(self) -> list[dict[str, Any]]:
        return self.ranked()

    def _draw(self, ax: Any) -> None:
        rows = self.ranked(MOST)[::-1]
        names = [self.subject.unit_name(row["layer"], row["neuron"]) for row in rows]
        ax.barh(names, [row["blame"] for row in rows], color=[ORANGE if row["blame"] > 0 else BLUE for row in rows])
        ax.set(xlabel="blame dC/dz: above 0 the sum is too high, below 0 too low")

    def _of_layer(self, layer: int) -> list[dict[str, Any]]:
        delta, desire = self.deltas[layer - 1].sum(axis=0), self.desires[layer - 1].sum(axis=0)
        sizes, wanted = np.abs(self.deltas[layer - 1]).sum(axis=0), self._wanted(layer)
        shares = sizes / (sizes.sum() or 1.0)
        active = self.trace.a[layer].mean(axis=0)
        return [
            {
                "layer": layer,
                "neuron": unit,
                "name": self.subject.unit_name(layer, unit),
                "blame": float(delta[unit]),
                "share": float(shares[unit]),
                "desire": float(desire[unit]),
                "activation": float(active[unit]),
                "silent": bool(wanted[unit] > 0 and sizes[unit] <= SILENT * wanted[unit]),
            }
            for unit in range(len(delta))
        ]

    def _wanted(self, layer: int) -> Floats:
        """(units,) how much is asked of each neuron: by its desire; of an output by how far it is off.

        A cost that matches its output has a desire without bound there, and a delta that is just how far it is off.
        """
        if layer < self.subject.depth:
            return np.asarray(np.abs(self.desires[layer - 1]).sum(axis=0))
        bounded = np.isfinite(self.subject.network.output.range).all()
        off = np.abs(self.trace.a[-1] - self.examples.Y)
        return np.asarray((off * (off > SILENT)).mean(axis=0) * bounded)

    @cached_property
    def _update(self) -> Parameters | None:
        """`next_update`, None where it is not known."""
        try:
            return self.next_update
        except LimpidError:
            return None

    def _weights_of(self, layer: int, most: int) -> list[dict[str, Any]]:
        slopes, W = self.slopes[f"W{layer}"], self.subject.parameters[f"W{layer}"]
        before = self.subject.names_before(layer)
        return [
            {
                "layer": layer,
                "from": before[i],
                "to": self.subject.unit_name(layer, j),
                "i": i,
                "j": j,
                "weight": float(W[i, j]),
                "blame": float(slopes[i, j]),
                "next_update": None if self._update is None else float(self._update[f"W{layer}"][i, j]),
            }
            for i, j in largest_places(slopes, most)
        ]


def blame(model: Any, x: Any, y: ArrayLike) -> Blame:
    """Who is to blame for the cost of rows x (rows, inputs), or of one, with answers y (rows,), as `predict` has them.

    `model` is a `Model` or a fitted estimator. Computed in float64, without a penalty: see `next_update` for that.
    Errors: `LimpidError` where x or y do not fit.
    """
    subject = Subject.of(model)
    examples = subject.examples(x, y)
    trace = subject.trace(examples.X)
    found = gradients(subject.network, subject.parameters, examples.X, examples.Y)
    desires = _desires(subject, examples, trace, found.deltas)
    return Blame(subject, examples, found.cost, trace, found.deltas, desires, found.parameters)


def _desires(subject: Subject, examples: Examples, trace: Trace, deltas: list[Floats]) -> list[Floats]:
    """-dC/da of each layer."""
    shares, network = shares_of(examples.Y, None)[0], subject.network
    with np.errstate(over="ignore"):  # a true class whose probability is 0 wishes for more than any number
        last = -network.cost_function.derivative(trace.a[-1], examples.Y) * shares
    return [*(-each for each in subject.of_activations(trace, deltas)[1:]), last]
