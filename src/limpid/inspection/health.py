"""Is every neuron of use? Those that are dead, always on, saturated or constant, and sums that grow layer by layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from limpid.backprop import Trace
from limpid.displays import BLUE, GREEN, ORANGE
from limpid.engines import find_engine
from limpid.errors import LimpidError
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject

ROWS_AT_ONCE = 4096
SIGMOID, TANH = (0.05, 0.95), 0.95
"""A sigmoid outside, or a tanh beyond on either side, is saturated (Glorot, Bengio 2010)."""
MANY = 0.1
"""A share of a layer's neurons that is worth a word."""
EXPLODES = 10.0
"""Times by which the size of sums may grow from a layer to the next."""
KINDS = ("dead", "always on", "constant", "saturated")


@dataclass
class LayerHealth:
    """What the neurons of one hidden layer do over some rows."""

    layer: int
    name: str
    activation: str
    largest: Floats
    """(units,) the largest activation."""
    least: Floats
    """(units,) the least one."""
    mean: Floats
    """(units,)."""
    on: Floats
    """(units,) the share of rows with an activation above 0."""
    saturated: Floats
    """(units,) the share of rows where a bounded activation is near one of its ends; 0 for one without ends."""
    size: float
    """The root mean square of the sums."""

    @property
    def dead(self) -> Floats:
        """(units,) whether a unit that can be off was never on."""
        return np.asarray((self.largest <= 0) & (self.least >= 0))

    @property
    def always_on(self) -> Floats:
        """(units,) whether a unit that can be off was always on: it is a linear one."""
        return np.asarray((self.least > 0) & (self.activation == "relu"))

    @property
    def constant(self) -> Floats:
        """(units,) whether a unit that is not dead was the same for all rows."""
        return np.asarray((self.largest == self.least) & ~self.dead.astype(bool))

    def counts(self) -> dict[str, int]:
        """How many units are what; saturated: in more than half of the rows."""
        found = (self.dead, self.always_on, self.constant, self.saturated > 0.5)
        return {kind: int(which.sum()) for kind, which in zip(KINDS, found, strict=True)}


@dataclass
class Health(Result):
    """What there is to beware of in a network."""

    layers: list[LayerHealth]
    """The hidden ones."""
    rows: int
    weights: Floats
    """(layers,) the largest |w| of each layer, the output layer's last."""

    @property
    def warnings(self) -> list[str]:
        """A sentence for each trouble, with what to do; empty for a healthy network."""
        told = []
        advice = {
            "dead": "a lower learning rate, or leaky_relu, keeps them alive; fewer neurons would do",
            "always on": "they add up linearly: fewer neurons would do",
            "constant": "they tell rows apart by nothing: fewer neurons would do",
            "saturated": "their slopes are almost 0: smaller initial weights, scaled inputs or normalisation help",
        }
        for of in self.layers:
            for kind, count in of.counts().items():
                if count > MANY * len(of.mean):
                    told.append(f"{count} of {len(of.mean)} neurons of {of.name} are {kind}: {advice[kind]}.")
        for before, after in pairwise(self.layers):
            if after.size > EXPLODES * before.size > 0:
                told.append(
                    f"Sums grow {after.size / before.size:.0f}-fold from {before.name} to {after.name}: "
                    "clip_norm, max_norm or normalisation hold them."
                )
        return told

    @property
    def words(self) -> str:
        neurons = sum(len(of.mean) for of in self.layers)
        if not self.layers:
            return "There are no hidden neurons to look at."
        counts = {kind: sum(of.counts()[kind] for of in self.layers) for kind in KINDS}
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "all at work"
        return f"Of {neurons} hidden neurons over {self.rows:,} rows: {told}. " + " ".join(self.warnings)

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "layer": of.layer,
                "neuron": unit,
                "mean": float(of.mean[unit]),
                "least": float(of.least[unit]),
                "largest": float(of.largest[unit]),
                "on": float(of.on[unit]),
                "saturated": float(of.saturated[unit]),
                "dead": bool(of.dead[unit]),
                "always on": bool(of.always_on[unit]),
                "constant": bool(of.constant[unit]),
            }
            for of in self.layers
            for unit in range(len(of.mean))
        ]

    def _draw(self, ax: Any) -> None:
        bottom = np.zeros(len(self.layers))
        names = [of.name for of in self.layers]
        for kind, colour in zip(KINDS, (ORANGE, BLUE, "grey", GREEN), strict=True):
            shares = np.array([of.counts()[kind] / len(of.mean) for of in self.layers])
            ax.bar(names, shares, bottom=bottom, color=colour, label=kind)
            bottom += shares
        ax.set(ylabel="share of the neurons", ylim=(0, max(1.0, float(bottom.max(initial=0)))))
        ax.legend()


def health(model: Any, X: Any) -> Health:
    """What the hidden neurons do over rows X (rows, inputs): best those learned from.

    Errors: `LimpidError` where rows do not fit, or sums are not finite.
    """
    subject = Subject.of(model)
    totals: list[list[Floats]] = [[] for _ in subject.hidden]
    rows = 0
    for trace in _traces(subject, X):
        rows += len(trace.z[-1])
        for at, layer in enumerate(subject.hidden):
            totals[at].append(_figures(subject, trace, layer))
    found = [_together(subject, layer, np.array(parts)) for layer, parts in zip(subject.hidden, totals, strict=True)]
    weights = [float(np.abs(subject.parameters[f"W{number}"]).max()) for number in range(1, subject.depth + 1)]
    return Health(found, rows, np.array(weights))


def _traces(subject: Subject, X: Any) -> Iterator[Trace]:
    given = subject.given
    engine, scaled = find_engine(given.engine, given.threads), given.inputs(X)
    for start in range(0, len(scaled), ROWS_AT_ONCE):
        yield engine.trace(given.network, given.parameters, scaled[start : start + ROWS_AT_ONCE])


def _figures(subject: Subject, trace: Trace, layer: int) -> Floats:
    """(7, units): largest, least, sum, rows on, rows saturated, sum of squared z, rows."""
    a, z = trace.a[layer].astype(np.float64), trace.z[layer - 1].astype(np.float64)
    if not np.isfinite(z).all():
        unit = int(np.argwhere(~np.isfinite(z))[0][1])
        raise LimpidError(f"the sums of neuron {unit} of {subject.layer_name(layer)} are not finite for some rows")
    kind = subject.network.layers[layer - 1].activation
    ends = np.zeros_like(a, bool)
    if kind == "sigmoid":
        ends = (a < SIGMOID[0]) | (a > SIGMOID[1])
    elif kind == "tanh":
        ends = np.abs(a) > TANH
    sums = [a.sum(axis=0), (a > 0).sum(axis=0), ends.sum(axis=0), (z**2).sum(axis=0), np.full(a.shape[1], len(a))]
    return np.array([a.max(axis=0), a.min(axis=0), *sums])


def _together(subject: Subject, layer: int, parts: Floats) -> LayerHealth:
    largest, least = parts[:, 0].max(axis=0), parts[:, 1].min(axis=0)
    total, on, ends, squares, rows = (parts[:, at].sum(axis=0) for at in range(2, 7))
    return LayerHealth(
        layer,
        subject.layer_name(layer),
        subject.network.layers[layer - 1].activation,
        largest,
        least,
        total / rows,
        on / rows,
        ends / rows,
        float(np.sqrt(squares.sum() / rows.sum())),
    )
