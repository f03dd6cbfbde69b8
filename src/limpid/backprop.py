"""Backpropagation, written out: forward to the cost, then the chain rule back to every weight and bias.

Row vectors throughout: x is (rows, inputs), layer l computes z = a_previous W + b and a = f(z). Blame flows back as
delta = dC/dz: at the output from the cost, and from layer to layer as delta = (delta_next W_next^T) * f'(z)
(Rumelhart, Hinton, Williams 1986). Plain array-API mathematics: it runs on NumPy, PyTorch and others alike.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from array_api_compat import array_namespace

from limpid.activations import Array
from limpid.network import Network, Parameters

Masks = Sequence[Array | None]
"""One array a hidden layer, (rows, units): what dropout multiplies each activation with; None for none."""


class Trace(NamedTuple):
    """Everything that happened on the way forward."""

    z: list[Array]
    """Each layer's weighted sums, (rows, units): z[0] is the first hidden layer's."""
    a: list[Array]
    """The inputs, then each layer's activations: a[0] is x, a[l] is layer l's, a[-1] the outputs."""


class Gradients(NamedTuple):
    """Who is to blame: the slope of the cost along everything that can be turned."""

    cost: float
    """The cost averaged over the rows (by their weights), without the penalty."""
    penalty: float
    """l2 / (2 weight of the rows) |W|^2."""
    deltas: list[Array]
    """dC/dz of each layer, (rows, units), where C is the average: a row's delta holds its share of the weight."""
    parameters: Parameters
    """dC/dW, dC/db of cost and penalty together, named and shaped like the parameters."""


def forward(network: Network, parameters: Parameters, x: Array, masks: Masks = ()) -> Trace:
    """Weighted sums and activations of every layer for the rows x (rows, inputs)."""
    z: list[Array] = []
    a = [x]
    for number, layer in enumerate(network.layers, start=1):
        z.append(a[-1] @ parameters[f"W{number}"] + parameters[f"b{number}"])
        a.append(_masked(layer.function.value(z[-1]), masks, number))
    return Trace(z, a)


def backward(
    network: Network, parameters: Parameters, trace: Trace, y: Array, shares: Array, masks: Masks = ()
) -> tuple[list[Array], Parameters]:
    """Deltas and slopes of the cost for targets y (rows, outputs); `shares` (rows, 1) is each row's weight in it."""
    delta = network.cost_function.delta(network.output, trace.z[-1], trace.a[-1], y) * shares
    deltas, slopes = [delta], {}
    for number in range(len(network.layers), 0, -1):
        slopes[f"b{number}"] = array_namespace(delta).sum(delta, axis=0)
        slopes[f"W{number}"] = trace.a[number - 1].T @ delta
        if number > 1:
            activation, z = network.layers[number - 2].function, trace.z[number - 2]
            blame = _masked(delta @ parameters[f"W{number}"].T, masks, number - 1)
            a = activation.value(z) if masks else trace.a[number - 1]  # a mask hid the activation itself
            delta = activation.backward(z, a, blame)
            deltas.insert(0, delta)
    return deltas, {name: slopes[name] for name in network.shapes()}


def gradients(
    network: Network,
    parameters: Parameters,
    x: Array,
    y: Array,
    weights: Array | None = None,
    l2: float = 0.0,
    masks: Masks = (),
) -> Gradients:
    """The cost of rows x (rows, inputs) with targets y (rows, outputs), and its slope along every parameter.

    `weights` (rows,) scale the rows' costs; the average divides by their sum, or by 1 where that is 0. The penalty
    l2 / (2 sum of weights) |W|^2 acts on weights, not on biases.
    """
    xp = array_namespace(x)
    total = x.shape[0] if weights is None else float(xp.sum(weights)) or 1.0
    shares = (xp.ones_like(y[:, 0]) if weights is None else weights)[:, None] / total
    trace = forward(network, parameters, x, masks)
    terms = network.cost_function.terms_of(network.output, trace.z[-1], trace.a[-1], y)
    deltas, slopes = backward(network, parameters, trace, y, shares, masks)
    penalty = 0.0
    if l2:
        decayed = [name for name in slopes if network.decays(name)]
        penalty = 0.5 * l2 / total * sum(float(xp.sum(parameters[name] ** 2)) for name in decayed)
        slopes |= {name: slopes[name] + (l2 / total) * parameters[name] for name in decayed}
    return Gradients(float(xp.sum(terms * shares)), penalty, deltas, slopes)


def norm_of(slopes: Parameters) -> float:
    """The Euclidean norm of all slopes taken as one long vector: 0 where the ground is level."""
    return sqrt(sum(float(array_namespace(slope).sum(slope * slope)) for slope in slopes.values()))


def _masked(values: Array, masks: Masks, number: int) -> Array:
    mask = masks[number - 1] if number <= len(masks) else None
    return values if mask is None else values * mask
