"""Integrated gradients: what each input adds to a neuron's sum on the way from a baseline (Sundararajan et al. 2017).

(x - x') times the integral of the slope along the straight path from x' to x. The first layer's sums move in a straight
line too, so that the integral is taken over these, and carried back to the inputs once. Where the network is linear
between the points at which a unit switches, one slope for each piece is exact; else each piece has Gauss-Legendre
nodes, and is halved until the parts add up.
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
"""On a path without pieces, and on each half of one."""
NODES_A_PIECE = 6
STEPS = 4
"""A curved path's pieces are sought from so many."""
HALVINGS = 50
PIECES_AT_ONCE = 8192
"""More to halve there are only where rounding alone misses the whole: then it is left at that."""
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
        """The slopes of F along the first layer's sums, averaged over the path (rows, units).

        F's change over a piece is known, so that one where the parts miss it is seen, and halved.
        """
        total, (of, low, high) = np.zeros_like(start), self._pieces(start, end)
        wanted = np.abs(self.value(end, of_z) - self.value(start, of_z))
        allowed = COMPLETE / 10 * np.maximum(1, wanted) / np.bincount(of)
        for _ in range(HALVINGS):
            slopes = (high - low)[:, None] * self._averaged(start, end, of_z, of, low, high)
            if self.straight:
                break
            ends = [self.value(start[of] + t[:, None] * (end - start)[of], of_z[of]) for t in (low, high)]
            missing = np.abs((slopes * (end - start)[of]).sum(axis=1) - (ends[1] - ends[0])) > allowed[of]
            if not missing.any() or missing.sum() > PIECES_AT_ONCE:
                break
            _add(total, of[~missing], slopes[~missing])
            of, low, high = np.repeat(of[missing], 2), low[missing], high[missing]
            middle = (low + high) / 2
            low, high = np.column_stack([low, middle]).ravel(), np.column_stack([middle, high]).ravel()
        _add(total, of, slopes)
        return total

    def _averaged(
        self, start: Floats, end: Floats, of_z: Floats, of: NDArray[np.int64], low: Floats, high: Floats
    ) -> Floats:
        """The slopes of F along the first layer's sums, averaged over pieces `low` to `high` of rows `of`."""
        nodes, weights = np.polynomial.legendre.leggauss(self._nodes)
        total = np.zeros((len(of), start.shape[1]))
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            sums = start[of] + (low + node * (high - low))[:, None] * (end - start)[of]
            trace = forward(self.network, self.parameters, sums)
            total += weight * towards_inputs(self.network, self.parameters, trace, self.layer, of_z[of])[0]
        return total

    @property
    def _nodes(self) -> int:
        if self.straight:
            return 1
        return NODES_A_PIECE if self.switches else NODES

    def _pieces(self, start: Floats, end: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
        """(pieces,) their rows, and where on the path they begin and end: it is cut wherever a unit switches."""
        steps = STEPS if self.switches and not self.straight else 1
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
        inner = np.flatnonzero(rows[1:] == rows[:-1])
        return rows[inner], t[inner], t[inner + 1]

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


def _add(total: Floats, of: NDArray[np.int64], slopes: Floats) -> None:
    """To each row of `total` the slopes of its pieces; `of`, their rows, ascends."""
    firsts = np.flatnonzero(np.diff(of, prepend=-1))
    if len(firsts):
        total[of[firsts]] += np.add.reduceat(slopes, firsts)
