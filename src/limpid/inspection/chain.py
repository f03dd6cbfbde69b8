"""One neuron's sum and one weight's chain rule, number by number."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from limpid.activations import Elementwise
from limpid.backprop import Trace, shares_of, through_normalization
from limpid.displays import BLUE, ORANGE
from limpid.engines import Examples
from limpid.errors import LimpidError
from limpid.inspection.result import Result
from limpid.inspection.subject import Floats, Subject

MOST_DRAWN = 20


@dataclass
class WeightedSum(Result):
    """What one neuron makes of one row: z = w a + b, and f(z)."""

    name: str
    activation: str
    names: list[str]
    """Where each term comes from."""
    a: Floats
    """(fan_in,) what comes in."""
    w: Floats
    """(fan_in,) the weights."""
    bias: float
    total: float
    """w a + b."""
    z: float
    """What the activation sees: the sum, or what the layer's normalisation makes of it."""
    value: float
    """f(z)."""
    n_hat: float | None = None
    """The sum less the mean, in standard deviations; None where nothing is normalised."""
    gamma: float | None = None
    beta: float | None = None
    """z = gamma n_hat + beta."""

    @property
    def products(self) -> Floats:
        """(fan_in,) w a, term by term."""
        return self.a * self.w

    @property
    def words(self) -> str:
        largest = int(np.abs(self.products).argmax())
        told = (
            f"{self.name}: {len(self.w):,} terms w a add up to {self.total - self.bias:.4g}; with the bias "
            f"{self.bias:.4g} the sum is {self.total:.4g}. "
        )
        if self.n_hat is not None:
            told += (
                f"Normalised it is {self.n_hat:.4g}, times {self.gamma:.4g} plus {self.beta:.4g} makes {self.z:.4g}. "
            )
        told += f"{self.activation} makes {self.value:.4g} of that. "
        a, w = self.a[largest], self.w[largest]
        return told + f"The largest term is {self.names[largest]}: {w:.4g} x {a:.4g} = {w * a:.4g}."

    def to_rows(self) -> list[dict[str, Any]]:
        order = np.argsort(-np.abs(self.products), kind="stable").tolist()
        return [
            {"from": self.names[at], "a": float(self.a[at]), "w": float(self.w[at]), "w a": float(self.products[at])}
            for at in order
        ]

    def _draw(self, ax: Any) -> None:
        rows = self.to_rows()[:MOST_DRAWN][::-1]
        colours = [ORANGE if row["w a"] > 0 else BLUE for row in rows]
        ax.barh([row["from"] for row in rows], [row["w a"] for row in rows], color=colours)
        ax.set(xlabel="w a", title=f"{self.name}: sum {self.total:.4g}")


@dataclass
class Chain(Result):
    """dC/dw = dz/dw x da/dz x dC/da for one weight, and the paths by which dC/da comes back from the end.

    All numbers are of each row (rows,), where C is the average over the rows: those of a product add up to dC/dw.
    """

    origin: str
    """Where the weight comes from."""
    name: str
    """The neuron that it leads to."""
    a: Floats
    """dz/dw: what comes in along the weight."""
    of_sum: Floats
    """dC/d(w a + b): the neuron's blame, that passed through the layer's normalisation where there is one.

    Over the batch, with its running statistics, that is dC/dz gamma / deviation; over the layer the sum by way of all
    its neurons, since each sum moves their common mean and deviation."""
    delta: Floats
    """dC/dz."""
    slope: Floats | None
    """da/dz = f'(z); None where every output depends on every z: the paths then hold da/dz of each."""
    of_a: Floats | None
    """dC/da; None as `slope` is."""
    paths: list[tuple[str, Floats, Floats]]
    """(where through, the blame there, by how much it depends on this neuron), the products of which add up to dC/da;
    at softmax outputs to dC/dz. None at other outputs: there the cost itself says dC/da."""

    @property
    def total(self) -> float:
        """dC/dw."""
        return float((self.a * self.of_sum).sum())

    @property
    def words(self) -> str:
        rows = f"summed over {len(self.a):,} rows" if len(self.a) > 1 else "in numbers"
        head = f"The weight from {self.origin} to {self.name}: dC/dw = {self.total:.4g}, {rows} "
        factors = [("dz/dw", self.a), ("da/dz", self.slope), ("dC/da", self.of_a)]
        if self.slope is None:
            factors = [("dz/dw", self.a), ("dC/dz", self.delta)]
        if not np.array_equal(self.of_sum, self.delta):
            factors = [("dsum/dw", self.a), ("dC/dsum behind the normalisation", self.of_sum)]
        told = " x ".join(f"{value[0]:.4g} ({name})" for name, value in factors if value is not None)
        if len(self.a) > 1:
            told = "of " + " x ".join(name for name, _ in factors)
        of = "dC/dz is the sum over all outputs" if self.slope is None else "dC/da is the sum over the next layer"
        ways = f"{len(self.paths)} path{'s' * (len(self.paths) > 1)}"
        more = f" {of}: {ways}." if self.paths else ""
        return f"{head}{told}.{more}"

    def to_rows(self) -> list[dict[str, Any]]:
        rows = [
            {
                "through": through,
                "blame there": float(blame.sum()),
                "depends by": float(by.mean()),
                "product": float((blame * by).sum()),
            }
            for through, blame, by in self.paths
        ]
        return sorted(rows, key=lambda row: -abs(row["product"]))

    def _draw(self, ax: Any) -> None:
        rows = self.to_rows()[:MOST_DRAWN][::-1] or [{"through": self.name, "product": self.total}]
        colours = [ORANGE if row["product"] > 0 else BLUE for row in rows]
        ax.barh([row["through"] for row in rows], [row["product"] for row in rows], color=colours)
        ax.set(xlabel=f"share of dC/d{'z' if self.slope is None else 'a'} of {self.name}")


def sum_of(subject: Subject, trace: Trace, layer: int, unit: int, row: int) -> WeightedSum:
    """The sum of a neuron of `layer` for one row of a trace."""
    a, w = trace.a[layer - 1][row], subject.parameters[f"W{layer}"][:, unit]
    bias, z = float(subject.parameters[f"b{layer}"][unit]), float(trace.z[layer - 1][row, unit])
    normalized = trace.normalized[layer - 1]
    own: dict[str, float] = {}
    if normalized is not None:
        own = {kind: float(subject.parameters[f"{kind}{layer}"][unit]) for kind in ("gamma", "beta")}
        own["n_hat"] = float(normalized.n_hat[row, unit])
    return WeightedSum(
        name=subject.unit_name(layer, unit),
        activation=subject.network.layers[layer - 1].activation,
        names=subject.names_before(layer),
        a=a,
        w=w,
        bias=bias,
        total=float(a @ w) + bias if own else z,
        z=z,
        value=float(trace.a[layer][row, unit]),
        **own,
    )


def chain_of(
    subject: Subject, examples: Examples, trace: Trace, deltas: list[Floats], layer: int, i: int, j: int
) -> Chain:
    """The chain rule of the weight from `i` to `j` of `layer`. Errors: `LimpidError` where there is no such weight."""
    layer, j = subject.check_unit(layer, j)
    names = subject.names_before(layer)
    if isinstance(i, bool) or not isinstance(i, int | np.integer) or not 0 <= i < len(names):
        raise LimpidError(f"no weight comes into layer {layer} from {i!r}: they come from 0 to {len(names) - 1}")
    network, delta = subject.network, deltas[layer - 1]
    if layer == 1 and network.embedding is not None and not network.embedding.learned[i, j]:
        raise LimpidError(f"the weight from {names[i]} to neuron {j} is fixed in the embedding: nothing moves it")
    of_sums, _ = through_normalization(network.layers[layer - 1], subject.parameters, trace, layer, delta)
    slope, of_a, paths = _back(subject, examples, trace, deltas, layer, j)
    comes = trace.a[layer - 1][:, i]
    return Chain(names[i], subject.unit_name(layer, j), comes, of_sums[:, j], delta[:, j], slope, of_a, paths)


def _back(
    subject: Subject, examples: Examples, trace: Trace, deltas: list[Floats], layer: int, j: int
) -> tuple[Floats | None, Floats | None, list[tuple[str, Floats, Floats]]]:
    """f'(z), dC/da and the paths that this comes by."""
    network, function = subject.network, subject.network.layers[layer - 1].function
    z, a = trace.z[layer - 1], trace.a[layer]
    if layer < subject.depth:
        after = network.layers[layer]
        of_sums, _ = through_normalization(after, subject.parameters, trace, layer + 1, deltas[layer])
        W = subject.parameters[f"W{layer + 1}"]
        paths = [
            (subject.unit_name(layer + 1, k), of_sums[:, k], np.broadcast_to(W[j, k], len(a)))
            for k in range(after.units)
        ]
        assert isinstance(function, Elementwise), "only outputs look at each other"
        return function.derivative(z, a)[:, j], of_sums @ W[j], paths
    of_a = network.cost_function.derivative(a, examples.Y) * shares_of(examples.Y, None)[0]
    if isinstance(function, Elementwise):
        return function.derivative(z, a)[:, j], of_a[:, j], []
    one = np.zeros_like(z)
    paths = []
    for k in range(network.outputs):
        one[:] = 0
        one[:, k] = 1
        paths.append((subject.output_names[k], of_a[:, k], function.backward(z, a, one)[:, j]))
    return None, None, paths
