"""How slopes change: the Hessian times a direction, by differentiating backpropagation along it (Pearlmutter 1994).

R{v} is the derivative of v as all parameters move along a direction: forward for every sum and activation, then
back for every blame and slope. Nothing larger than the parameters is formed. Normalisation over the batch is at rest.
"""

from typing import NamedTuple

from array_api_compat import array_namespace

from limpid.activations import Activation, Array, Elementwise
from limpid.backprop import Trace, backward, forward, shares_of, through_normalization
from limpid.groups import by_group
from limpid.network import Network, Parameters
from limpid.normalization import Normalized


class Moved(NamedTuple):
    """How everything on the way forward moves along a direction."""

    sums: list[Array]
    """R{a_previous W + b} of each layer, (rows, units)."""
    n_hat: list[Array | None]
    """R{n_hat} of each layer that is normalised."""
    z: list[Array]
    a: list[Array]
    """Of the inputs, which do not move, then of each layer."""


def hessian_product(
    network: Network,
    parameters: Parameters,
    x: Array,
    y: Array,
    direction: Parameters,
    weights: Array | None = None,
    l2: float = 0.0,
) -> Parameters:
    """R{dC/d parameters}: by how much each slope changes along `direction`, named and shaped like the parameters.

    C is the cost of rows x (rows, inputs) with targets y (rows, outputs), averaged by `weights` (rows,), and the
    penalty, as `backprop.gradients` has them. Running statistics and what is fixed in an embedding do not move.
    """
    direction = _that_is_learned(network, direction)
    shares, total = shares_of(y, weights)
    trace = forward(network, parameters, x)
    moved = _forward(network, parameters, trace, direction)
    deltas, _ = backward(network, parameters, trace, y, shares)
    found = _backward(network, parameters, trace, moved, direction, deltas, y, shares)
    if l2:
        decayed = [name for name in found if network.decays(name)]
        found |= {name: found[name] + (l2 / total) * direction[name] for name in decayed}
    return _that_is_learned(network, {name: found[name] for name in network.shapes()})


def _forward(network: Network, parameters: Parameters, trace: Trace, direction: Parameters) -> Moved:
    xp = array_namespace(trace.a[0])
    moved = Moved([], [], [], [xp.zeros_like(trace.a[0])])
    for number, layer in enumerate(network.layers, start=1):
        a, W = trace.a[number - 1], parameters[f"W{number}"]
        sums = moved.a[-1] @ W + a @ direction[f"W{number}"] + direction[f"b{number}"]
        moved.sums.append(sums)
        z, n_hat = sums, None
        if (normalized := _normalized(trace, number)) is not None:
            n_hat = _through(layer.normalization, normalized.n_hat, normalized.statistics.deviation, sums)
            z = direction[f"gamma{number}"] * normalized.n_hat + parameters[f"gamma{number}"] * n_hat
            z = z + direction[f"beta{number}"]
        moved.n_hat.append(n_hat)
        moved.z.append(z)
        moved.a.append(_forward_through(layer.function, trace.z[number - 1], trace.a[number], z))
    return moved


def _backward(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    moved: Moved,
    direction: Parameters,
    deltas: list[Array],
    y: Array,
    shares: Array,
) -> Parameters:
    xp = array_namespace(y)
    found: Parameters = {}
    delta = _of_output_blame(network, trace, moved, y) * shares
    for number in range(len(network.layers), 0, -1):
        layer = network.layers[number - 1]
        of_sums, _ = through_normalization(layer, parameters, trace, number, deltas[number - 1])
        moved_sums = delta
        if (normalized := _normalized(trace, number)) is not None:
            n_hat, moved_n = normalized.n_hat, moved.n_hat[number - 1]
            found[f"gamma{number}"] = xp.sum(delta * n_hat + deltas[number - 1] * moved_n, axis=0)
            found[f"beta{number}"] = xp.sum(delta, axis=0)
            pushed = direction[f"gamma{number}"] * deltas[number - 1] + parameters[f"gamma{number}"] * delta
            deviation = normalized.statistics.deviation
            moved_sums = _through(layer.normalization, n_hat, deviation, pushed)
            if layer.normalization == "layer":
                blame = parameters[f"gamma{number}"] * deltas[number - 1]
                moved_sums = moved_sums + _turned(n_hat, moved_n, deviation, moved.sums[number - 1], blame, of_sums)
        W, V = parameters[f"W{number}"], direction[f"W{number}"]
        found[f"W{number}"] = moved.a[number - 1].T @ of_sums + trace.a[number - 1].T @ moved_sums
        found[f"b{number}"] = xp.sum(moved_sums, axis=0)
        if number > 1:
            of_a, moved_of_a = of_sums @ W.T, moved_sums @ W.T + of_sums @ V.T
            function, z, a = network.layers[number - 2].function, trace.z[number - 2], trace.a[number - 1]
            assert isinstance(function, Elementwise), "only outputs look at each other"
            bent = of_a * function.second_derivative(z, a) * moved.z[number - 2]
            delta = moved_of_a * function.derivative(z, a) + bent
    zeros = {name: xp.zeros_like(array) for name, array in parameters.items() if name not in found}
    return found | zeros


def _of_output_blame(network: Network, trace: Trace, moved: Moved, y: Array) -> Array:
    """R{dC/dz} at the outputs, without the rows' shares."""
    cost, function = network.cost_function, network.output
    z, a, moved_z, moved_a = trace.z[-1], trace.a[-1], moved.z[-1], moved.a[-1]
    xp = array_namespace(y)
    if cost.name == "cross_entropy":
        return by_group(function.groups, lambda a, y: a * xp.sum(y, axis=-1, keepdims=True), moved_a, y)
    if function.kind == cost.matching:
        return moved_a
    blame, moved_blame = cost.derivative(a, y), cost.second_derivative(a, y) * moved_a
    if isinstance(function, Elementwise):
        return moved_blame * function.derivative(z, a) + blame * function.second_derivative(z, a) * moved_z

    def of_group(a: Array, moved_a: Array, blame: Array, moved_blame: Array) -> Array:
        centred = blame - xp.sum(a * blame, axis=-1, keepdims=True)
        return moved_a * centred + a * (moved_blame - xp.sum(moved_a * blame + a * moved_blame, axis=-1, keepdims=True))

    return by_group(function.groups, of_group, a, moved_a, blame, moved_blame)


def _forward_through(function: Activation, z: Array, a: Array, moved: Array) -> Array:
    """R{f(z)}: the Jacobian of every activation is symmetric, so that the way back is the way forward too."""
    return function.backward(z, a, moved)


def _through(kind: str | None, n_hat: Array, deviation: Array, values: Array) -> Array:
    """A normalisation's symmetric Jacobian times `values` (rows, units)."""
    if kind == "batch":
        return values / deviation
    xp = array_namespace(values)
    along = xp.mean(values * n_hat, axis=1, keepdims=True)
    return (values - xp.mean(values, axis=1, keepdims=True) - n_hat * along) / deviation


def _turned(n_hat: Array, moved_n: Array, deviation: Array, moved_sums: Array, blame: Array, of_sums: Array) -> Array:
    """How that Jacobian, times `blame`, changes as the sums move that each row is normalised by."""
    xp = array_namespace(n_hat)

    def mean(values: Array) -> Array:
        return xp.mean(values, axis=1, keepdims=True)

    moved_deviation = mean(n_hat * moved_sums)
    return -(moved_n * mean(blame * n_hat) + n_hat * mean(blame * moved_n) + of_sums * moved_deviation) / deviation


def _normalized(trace: Trace, number: int) -> Normalized | None:
    return trace.normalized[number - 1]


def _that_is_learned(network: Network, given: Parameters) -> Parameters:
    """0 for running statistics and what is fixed in an embedding."""
    xp = array_namespace(given["W1"])
    found = {
        name: xp.zeros_like(array) if name.rstrip("0123456789") in {"mean", "variance"} else array
        for name, array in given.items()
    }
    if network.embedding is not None:
        learned = xp.asarray(network.embedding.learned)
        found |= {"W1": xp.where(learned, given["W1"], xp.zeros_like(given["W1"])), "b1": xp.zeros_like(given["b1"])}
    return found
