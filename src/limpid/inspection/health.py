"""Is every neuron of use? Those that are dead, always on, saturated or constant, and what explodes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.backprop import Trace
from limpid.displays import BLUE, GREEN, ORANGE
from limpid.engines import find_engine
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject

ROWS_AT_ONCE = 4096
SIGMOID, TANH = (0.05, 0.95), 0.95
"""A sigmoid outside, or a tanh beyond on either side, is saturated (Glorot, Bengio 2010)."""
MANY = 0.1
"""A share of a layer's neurons that is worth a word."""
LINEAR_ABOVE_ZERO = frozenset({"relu", "leaky_relu", "elu", "selu"})
EXPLODES, EXPLODES_IN_ALL = 10.0, 100.0
"""Times by which the size of sums may grow from a layer to the next, and from the first to the last."""
APART = 100.0
"""Times by which a neuron's sums may be larger than those of the middle one of its layer."""
HEAVY = 1000.0
"""Times by which a weight may be larger than the middle one of its layer."""
KINDS = ("dead", "always on", "constant", "saturated", "exploding")
ADVICE = {
    "dead": "a lower learning rate, or leaky_relu, keeps them alive; fewer neurons would do",
    "always on": "they add up linearly: fewer neurons would do",
    "constant": "they tell rows apart by nothing: fewer neurons would do",
    "saturated": "their slopes are almost 0: smaller initial weights, scaled inputs or normalisation help",
    "exploding": "a lower learning rate, clip_norm, max_norm or L2 hold them",
}


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
    sizes: Floats
    """(units,) the root mean square of each one's sums; not finite where these are not."""

    @property
    def size(self) -> float:
        """The root mean square of all sums."""
        return float(np.sqrt(np.mean(self.sizes**2)))

    @property
    def dead(self) -> NDArray[np.bool_]:
        """(units,) whether a unit that can be off was never on."""
        return np.asarray((self.largest <= 0) & (self.least >= 0))

    @property
    def always_on(self) -> NDArray[np.bool_]:
        """(units,) whether a unit that is linear above 0 was always there: it is a linear one."""
        return np.asarray((self.least > 0) & (self.activation in LINEAR_ABOVE_ZERO))

    @property
    def constant(self) -> NDArray[np.bool_]:
        """(units,) whether a unit that is not dead was the same for all rows."""
        return np.asarray((self.largest == self.least) & ~self.dead)

    @property
    def exploding(self) -> NDArray[np.bool_]:
        """(units,) whether a unit's sums are not finite, or far larger than those of others in its layer."""
        finite = self.sizes[np.isfinite(self.sizes)]
        middle = float(np.median(finite)) if len(finite) else 0.0
        return np.asarray(~np.isfinite(self.sizes) | ((self.sizes > APART * middle) & (middle > 0)))

    def counts(self) -> dict[str, int]:
        """How many units are what; saturated: in more than half of the rows."""
        found = (self.dead, self.always_on, self.constant, self.saturated > 0.5, self.exploding)
        return {kind: int(which.sum()) for kind, which in zip(KINDS, found, strict=True)}


@dataclass
class Health(Result):
    """What there is to beware of in a network."""

    layers: list[LayerHealth]
    """The hidden ones."""
    rows: int
    weights: Floats
    """(layers,) the largest |w| of each layer, the output layer's last."""
    middle_weights: Floats
    """(layers,) the median |w| of each, without those that are 0."""
    names: list[str]
    """(layers,)."""

    @property
    def warnings(self) -> list[str]:
        """A sentence for each trouble, with what to do; empty for a healthy network."""
        told = [
            f"{count} of {len(of.mean)} neurons of {of.name} {'is' if count == 1 else 'are'} {kind}: {ADVICE[kind]}."
            for of in self.layers
            for kind, count in of.counts().items()
            if count > (0 if kind == "exploding" else MANY * len(of.mean))
        ]
        return [*told, *self._growing(), *self._heavy()]

    def _growing(self) -> list[str]:
        pairs = [pair for pair in pairwise(self.layers) if pair[1].size > EXPLODES * pair[0].size > 0]
        if not pairs and self.layers and self.layers[-1].size > EXPLODES_IN_ALL * self.layers[0].size > 0:
            pairs = [(self.layers[0], self.layers[-1])]
        return [
            f"Sums grow {after.size / before.size:,.0f}-fold from {before.name} to {after.name}: "
            "smaller initial weights, clip_norm, max_norm or normalisation hold them."
            for before, after in pairs
        ]

    def _heavy(self) -> list[str]:
        told = []
        for name, largest, middle in zip(self.names, self.weights, self.middle_weights, strict=True):
            if not np.isfinite(largest):
                told.append(f"Weights of the {name} are not finite: train again, with a lower learning rate.")
            elif largest > HEAVY * middle:
                told.append(
                    f"The largest weight of the {name} is {largest / middle:,.0f} times the middle one: "
                    "max_norm or L2 hold it."
                )
        return told

    @property
    def words(self) -> str:
        neurons = sum(len(of.mean) for of in self.layers)
        if not self.layers:
            return " ".join(["There are no hidden neurons to look at.", *self.warnings])
        counts = {kind: sum(of.counts()[kind] for of in self.layers) for kind in KINDS}
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "all at work"
        return " ".join([f"Of {neurons} hidden neurons over {self.rows:,} rows: {told}.", *self.warnings])

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
                "exploding": bool(of.exploding[unit]),
            }
            for of in self.layers
            for unit in range(len(of.mean))
        ]

    def _draw(self, ax: Any) -> None:
        bottom = np.zeros(len(self.layers))
        names = [of.name for of in self.layers]
        for kind, colour in zip(KINDS, (ORANGE, BLUE, "grey", GREEN, "black"), strict=True):
            shares = np.array([of.counts()[kind] / len(of.mean) for of in self.layers])
            ax.bar(names, shares, bottom=bottom, color=colour, label=kind)
            bottom += shares
        ax.set(ylabel="share of the neurons", ylim=(0, max(0.1, 1.4 * float(bottom.max(initial=0)))))
        ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.legend(loc="upper right", ncols=3, fontsize="small")


def health(model: Any, X: Any) -> Health:
    """What the hidden neurons do over rows X (rows, inputs): best those learned from.

    What is not finite in the network is told, not refused. Errors: `LimpidError` where rows do not fit.
    """
    subject = Subject.of(model)
    totals: list[list[Floats]] = [[] for _ in subject.hidden]
    rows = 0
    with np.errstate(all="ignore"):  # infinities and what comes of them are what is looked for
        for trace in _traces(subject, X):
            rows += len(trace.z[-1])
            for at, layer in enumerate(subject.hidden):
                totals[at].append(_figures(subject, trace, layer))
        found = [_together(subject, layer, np.array(each)) for layer, each in zip(subject.hidden, totals, strict=True)]
    numbers = range(1, subject.depth + 1)
    sizes = [np.abs(subject.parameters[f"W{number}"]) for number in numbers]
    middle = [float(np.median(each[each > 0])) if (each > 0).any() else 1.0 for each in sizes]
    names = [subject.layer_name(number) for number in numbers]
    return Health(found, rows, np.array([each.max() for each in sizes]), np.array(middle), names)


def _traces(subject: Subject, X: Any) -> Iterator[Trace]:
    given = subject.given
    engine, scaled = find_engine(given.engine, given.threads), given.inputs(X)
    for start in range(0, len(scaled), ROWS_AT_ONCE):
        yield engine.trace(given.network, given.parameters, scaled[start : start + ROWS_AT_ONCE])


def _figures(subject: Subject, trace: Trace, layer: int) -> Floats:
    """(7, units): largest, least, sum, rows on, rows saturated, sum of squared z, rows."""
    a, z = trace.a[layer].astype(np.float64), trace.z[layer - 1].astype(np.float64)
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
        np.sqrt(squares / rows),
    )
