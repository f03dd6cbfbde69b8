"""Integrated gradients: what each input adds to a neuron's sum on the way from a baseline (Sundararajan et al. 2017).

(x - x') times the integral of the slope along the straight path from x' to x. The first layer's sums move in a straight
line too, so that the integral is taken over these, and carried back to the inputs once. Where the network is linear
between the points at which a unit switches, one slope for each piece is exact; else each piece has Gauss-Legendre
nodes, more of them until the parts add up.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from limpid.backprop import forward, towards_inputs
from limpid.inspection.subject import Floats, Subject
from limpid.network import Dense, Network, Parameters

COMPLETE = 1e-8
"""So exactly the parts must add up to the whole, as a share of it where that is above 1."""
ROWS_AT_ONCE = 32
NODES = 50
"""On a path without pieces; later tries have twice as many, up to so many tries."""
NODES_A_PIECE = 6
TRIES = 6
BISECTIONS = 52
"""Halvings of a piece: as many as a number has digits."""


def integrated_gradients(
    subject: Subject, x: Floats, baseline: Floats, layer: int, of_z: Floats
) -> tuple[Floats, Floats]:
    """What each input adds to F = z . of_z, for each row of x (rows, inputs); and what is missing, (rows,).

    z are the sums that `layer` sees, x and `baseline` (rows, inputs) or (inputs,) are as the network sees them, `of_z`
    is (units,) or (rows, units). The parts (rows, inputs) add up to F(x) - F(baseline) but for what is missing.
    """
    W, b = subject.parameters["W1"], subject.parameters["b1"]
    baseline = np.broadcast_to(baseline, x.shape)
    of_z = np.broadcast_to(of_z, (len(x), subject.network.layers[layer - 1].units))
    start, end = baseline @ W + b, x @ W + b
    path = _Path.of(subject, layer)
    slopes = [
        path.integral(start[at : at + ROWS_AT_ONCE], end[at : at + ROWS_AT_ONCE], of_z[at : at + ROWS_AT_ONCE])
        for at in range(0, len(x), ROWS_AT_ONCE)
    ]
    values = (x - baseline) * (np.concatenate(slopes) @ W.T)
    return values, values.sum(axis=1) - (path.value(end, of_z) - path.value(start, of_z))


@dataclass(frozen=True)
class _Path:
    """The network behind the first layer's sums, up to the layer asked about."""

    network: Network
    """It takes the first layer's sums as they are."""
    parameters: Parameters
    layer: int

    @staticmethod
    def of(subject: Subject, layer: int) -> "_Path":
        first, units = subject.network.layers[0], subject.network.layers[0].units
        taken = first if isinstance(first, Dense) else Dense(units, first.activation)
        network = replace(subject.network, inputs=units, layers=(taken, *subject.network.layers[1:]))
        own = {"W1": np.eye(units), "b1": np.zeros(units)}
        return _Path(network, {**subject.parameters, **own}, layer)

    @property
    def straight(self) -> bool:
        """Whether z is linear between the points where units switch."""
        before = self.network.layers[: self.layer - 1]
        linear = all(each.function.straight for each in before)
        return linear and not any(each.normalization == "layer" for each in self.network.layers[: self.layer])

    @property
    def switches(self) -> bool:
        """Whether there are such points."""
        return any(each.function.joints for each in self.network.layers[: self.layer - 1])

    def z(self, sums: Floats, number: int) -> Floats:
        """What layer `number` sees where these (points, units) are the first layer's sums."""
        found: Floats = forward(self.network, self.parameters, sums).z[number - 1]
        return found

    def value(self, sums: Floats, of_z: Floats) -> Floats:
        """F (rows,)."""
        return np.asarray((self.z(sums, self.layer) * of_z).sum(axis=1))

    def integral(self, start: Floats, end: Floats, of_z: Floats) -> Floats:
        """The slopes of F along the first layer's sums, averaged over the path (rows, units)."""
        wanted = self.value(end, of_z) - self.value(start, of_z)
        found, open_ = np.zeros_like(start), np.arange(len(start))
        for attempt in range(1 if self.straight else TRIES):
            some = self._try(start[open_], end[open_], of_z[open_], 2**attempt)
            found[open_] = some
            missing = ((end - start)[open_] * some).sum(axis=1) - wanted[open_]
            open_ = open_[np.abs(missing) > COMPLETE * np.maximum(1, np.abs(wanted[open_])) / 10]
            if not len(open_):
                break
        return found

    def _try(self, start: Floats, end: Floats, of_z: Floats, finer: int) -> Floats:
        """The integral by pieces; those of a curved path are sought from so many times finer ones."""
        rows, t = self._pieces(start, end, 1 if self.straight or not self.switches else 4 * finer)
        inner = np.flatnonzero(rows[1:] == rows[:-1])
        of, low, width = rows[inner], t[inner], t[inner + 1] - t[inner]
        nodes, weights = np.polynomial.legendre.leggauss(self._nodes(finer))
        first_of = np.searchsorted(of, np.arange(len(start)))
        total = np.zeros_like(start)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            sums = start[of] + (low + node * width)[:, None] * (end - start)[of]
            trace = forward(self.network, self.parameters, sums)
            slopes = towards_inputs(self.network, self.parameters, trace, self.layer, of_z[of])[0]
            total += np.add.reduceat(weight * width[:, None] * slopes, first_of)
        return total

    def _nodes(self, finer: int) -> int:
        if self.straight:
            return 1
        return NODES_A_PIECE * finer if self.switches else NODES * finer

    def _pieces(self, start: Floats, end: Floats, steps: int) -> tuple[NDArray[np.int64], Floats]:
        """(points,) rows and places on the path, ascending, from 0 to 1: its ends and wherever a unit switches."""
        rows = np.repeat(np.arange(len(start)), steps + 1)
        t = np.tile(np.linspace(0, 1, steps + 1), len(start))
        exact = True
        for number, layer in enumerate(self.network.layers[: self.layer - 1], start=1):
            exact = exact and layer.normalization != "layer"
            if layer.function.joints:
                more = self._crossings(start, end, rows, t, number, exact)
                rows, t = np.concatenate([rows, more[0]]), np.concatenate([t, more[1]])
                order = np.lexsort((t, rows))
                rows, t = rows[order], t[order]
            exact = exact and layer.function.straight
        return rows, t

    def _crossings(
        self, start: Floats, end: Floats, rows: NDArray[np.int64], t: Floats, number: int, exact: bool
    ) -> tuple[NDArray[np.int64], Floats]:
        """Where z of layer `number` crosses 0 between neighbouring points; `exact`: it is linear between them."""
        z = self.z(start[rows] + t[:, None] * (end - start)[rows], number)
        at, unit = np.nonzero((rows[1:] == rows[:-1])[:, None] & (z[1:] * z[:-1] < 0))
        low, high, before = t[at], t[at + 1], z[at, unit]
        if exact:
            return rows[at], low + (high - low) * before / (before - z[at + 1, unit])
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            found = self.z(start[rows[at]] + middle[:, None] * (end - start)[rows[at]], number)
            same = np.sign(found[np.arange(len(at)), unit]) == np.sign(before)
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return rows[at], (low + high) / 2
