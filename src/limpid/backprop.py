"""Backpropagation, written out: forward to the cost, then the chain rule back to every weight and bias.

Row vectors throughout: x is (rows, inputs), layer l computes z = a_previous W + b and a = f(z). Blame flows back as
delta = dC/dz: at the output from the cost, and from layer to layer as delta = (delta_next W_next^T) * f'(z)
(Rumelhart, Hinton, Williams 1986). Between a normalised layer's sums a_previous W + b and its z lies what
`normalization` says. An `embedding` is a layer of which most weights are fixed.
Plain array-API mathematics: it runs on NumPy, PyTorch and others alike.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from array_api_compat import array_namespace

from limpid.activations import Array
from limpid.embedding import Embedding
from limpid.network import Layer, Network, Parameters
from limpid.normalization import KEPT, Normalized, Statistics, find_normalization

Masks = Sequence[Array | None]
"""One array a hidden layer, (rows, units): what dropout multiplies each activation with; None for none."""


class Trace(NamedTuple):
    """Everything that happened on the way forward."""

    z: list[Array]
    """What each layer's activation sees, (rows, units): its weighted sums, or what normalisation made of them.

    z[0] is the first hidden layer's.
    """
    a: list[Array]
    """The inputs, then each layer's activations: a[0] is x, a[l] is layer l's, a[-1] the outputs."""
    normalized: Sequence[Normalized | None] = ()
    """How each layer's sums were normalised, on the way to be followed back; None where they were not."""


class Gradients(NamedTuple):
    """Who is to blame: the slope of the cost along everything that can be turned."""

    cost: float
    """The cost averaged over the rows (by their weights), without the penalty."""
    penalty: float
    """l2 / (2 weight of the rows) |W|^2."""
    deltas: list[Array]
    """dC/dz of each layer, (rows, units), where C is the average: a row's delta holds its share of the weight."""
    parameters: Parameters
    """dC/dW, dC/db of cost and penalty together, named and shaped like the parameters.

    0 for running statistics, and for what is fixed in an embedding.
    """
    running: Parameters = {}
    """In a training step, what it makes of the running statistics of layers that are normalised over the batch."""


def forward(
    network: Network, parameters: Parameters, x: Array, masks: Masks = (), shares: Array | None = None
) -> Trace:
    """Weighted sums and activations of every layer for the rows x (rows, inputs).

    With `shares` (rows, 1), each row's weight in a training step, x's own statistics normalise it over the batch.
    """
    z: list[Array] = []
    a = [x]
    normalized: list[Normalized | None] = []
    for number, layer in enumerate(network.layers, start=1):
        sums = a[-1] @ parameters[f"W{number}"] + parameters[f"b{number}"]
        seen, found = normalize(layer, parameters, number, sums, shares)
        z.append(seen)
        normalized.append(found)
        a.append(_masked(layer.function.value(seen), masks, number))
    return Trace(z, a, normalized)


def normalize(
    layer: Layer, parameters: Parameters, number: int, sums: Array, shares: Array | None = None
) -> tuple[Array, Normalized | None]:
    """z of a layer for its weighted `sums` (rows, units), and how these were normalised: None where they are not."""
    if layer.normalization is None:
        return sums, None
    running = None
    if f"mean{number}" in parameters:
        running = Statistics(parameters[f"mean{number}"], parameters[f"variance{number}"])
    found = find_normalization(layer.normalization).forward(sums, running, shares)
    return found.n_hat * parameters[f"gamma{number}"] + parameters[f"beta{number}"], found


def backward(
    network: Network, parameters: Parameters, trace: Trace, y: Array, shares: Array, masks: Masks = ()
) -> tuple[list[Array], Parameters]:
    """Deltas and slopes of the cost for targets y (rows, outputs); `shares` (rows, 1) is each row's weight in it."""
    deltas = [network.cost_function.delta(network.output, trace.z[-1], trace.a[-1], y) * shares]
    slopes: Parameters = {}
    for number in range(len(network.layers), 0, -1):
        of_sums, found = through_normalization(network.layers[number - 1], parameters, trace, number, deltas[0])
        slopes |= found | {f"W{number}": trace.a[number - 1].T @ of_sums}
        if number == 1 and network.embedding is not None:
            slopes |= _of_learned(network.embedding, slopes)
        if number > 1:
            activation, z = network.layers[number - 2].function, trace.z[number - 2]
            blame = _masked(of_sums @ parameters[f"W{number}"].T, masks, number - 1)
            a = activation.value(z) if masks else trace.a[number - 1]  # a mask hid the activation itself
            deltas.insert(0, activation.backward(z, a, blame))
    return deltas, {name: slopes[name] for name in network.shapes()}


def back_to_first(network: Network, parameters: Parameters, trace: Trace, layer: int, of_z: Array) -> list[Array]:
    """The slopes of a number of each row along each z up to that of layer number `layer`, counted from 1.

    Given are those along that layer's z, `of_z` (rows, units). As [along the first layer's z, ..., `of_z`], each
    (rows, units).
    """
    slopes = [of_z]
    for number in range(layer, 1, -1):
        of_a = of_inputs(network, parameters, trace, number, slopes[0])
        activation = network.layers[number - 2].function
        slopes.insert(0, activation.backward(trace.z[number - 2], trace.a[number - 1], of_a))
    return slopes


def towards_inputs(network: Network, parameters: Parameters, trace: Trace, layer: int, of_z: Array) -> list[Array]:
    """`back_to_first`, and before these the slopes along x (rows, inputs)."""
    slopes = back_to_first(network, parameters, trace, layer, of_z)
    return [of_inputs(network, parameters, trace, 1, slopes[0]), *slopes]


def of_inputs(network: Network, parameters: Parameters, trace: Trace, number: int, of_z: Array) -> Array:
    """The slopes along what comes into a layer, (rows, fan_in), from those along its z."""
    of_sums, _ = through_normalization(network.layers[number - 1], parameters, trace, number, of_z)
    return of_sums @ parameters[f"W{number}"].T


def shares_of(y: Array, weights: Array | None) -> tuple[Array, float]:
    """Each row's weight in the average over y's rows, (rows, 1), by `weights` (rows,); and what they weigh together."""
    xp = array_namespace(y)
    total = y.shape[0] if weights is None else float(xp.sum(weights)) or 1.0
    return (xp.ones_like(y[:, 0]) if weights is None else weights)[:, None] / total, total


def gradients(
    network: Network,
    parameters: Parameters,
    x: Array,
    y: Array,
    weights: Array | None = None,
    l2: float = 0.0,
    masks: Masks = (),
    training: bool = False,
) -> Gradients:
    """The cost of rows x (rows, inputs) with targets y (rows, outputs), and its slope along every parameter.

    `weights` (rows,) scale the rows' costs; the average divides by their sum, or by 1 where that is 0. The penalty
    l2 / (2 sum of weights) |W|^2 acts on weights, not on biases. In a `training` step the rows' own statistics
    normalise them over the batch, else the running ones.
    """
    xp = array_namespace(x)
    shares, total = shares_of(y, weights)
    trace = forward(network, parameters, x, masks, shares if training else None)
    terms = network.cost_function.terms_of(network.output, trace.z[-1], trace.a[-1], y)
    deltas, slopes = backward(network, parameters, trace, y, shares, masks)
    penalty = 0.0
    if l2:
        decayed = [name for name in slopes if network.decays(name)]
        penalty = 0.5 * l2 / total * sum(float(xp.sum(parameters[name] ** 2)) for name in decayed)
        slopes |= {name: slopes[name] + (l2 / total) * parameters[name] for name in decayed}
    return Gradients(float(xp.sum(terms * shares)), penalty, deltas, slopes, _running(parameters, trace))


def norm_of(slopes: Parameters) -> float:
    """The Euclidean norm of all slopes taken as one long vector: 0 where the ground is level."""
    return sqrt(sum(float(array_namespace(slope).sum(slope * slope)) for slope in slopes.values()))


def through_normalization(
    layer: Layer, parameters: Parameters, trace: Trace, number: int, delta: Array
) -> tuple[Array, Parameters]:
    """The blame for a layer's sums from that for its z, and the slopes of all that it owns but W."""
    xp = array_namespace(delta)
    if layer.normalization is None:
        return delta, {f"b{number}": xp.sum(delta, axis=0)}
    normalized = trace.normalized[number - 1]
    assert normalized is not None, "a normalised layer has a trace of it"
    normalization = find_normalization(layer.normalization)
    of_sums = normalization.backward(delta * parameters[f"gamma{number}"], normalized)
    found = dict.fromkeys(normalization.arrays, xp.zeros_like(delta[0, :]))
    found |= {"gamma": xp.sum(delta * normalized.n_hat, axis=0), "beta": xp.sum(delta, axis=0)}
    # a batch's own mean takes b away again: its slope is 0, and rounding must not make a step of that
    found["b"] = xp.zeros_like(found["beta"]) if normalized.shares is not None else xp.sum(of_sums, axis=0)
    return of_sums, {f"{kind}{number}": slope for kind, slope in found.items()}


def _of_learned(embedding: Embedding, slopes: Parameters) -> Parameters:
    """What is fixed in an embedding is never moved: its slope counts as 0."""
    xp, W, b = array_namespace(slopes["W1"]), slopes["W1"], slopes["b1"]
    return {"W1": xp.where(xp.asarray(embedding.learned), W, xp.zeros_like(W)), "b1": xp.zeros_like(b)}


def _running(parameters: Parameters, trace: Trace) -> Parameters:
    """What running statistics become by those of a batch: a share of them stays, all where its rows weigh nothing."""
    found: Parameters = {}
    for number, normalized in enumerate(trace.normalized, start=1):
        if normalized is not None and normalized.shares is not None and _weigh_something(normalized.shares):
            for kind, batch in normalized.statistics._asdict().items():
                found[f"{kind}{number}"] = KEPT * parameters[f"{kind}{number}"] + (1 - KEPT) * batch
    return found


def _weigh_something(shares: Array) -> bool:
    return bool(array_namespace(shares).any(shares != 0))


def _masked(values: Array, masks: Masks, number: int) -> Array:
    mask = masks[number - 1] if number <= len(masks) else None
    return values if mask is None else values * mask
