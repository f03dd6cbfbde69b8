"""Cost and slope over all examples, some rows at a time, so that memory does not grow with their number."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.backprop import Gradients, norm_of
from limpid.engines import Engine, Examples
from limpid.network import Network, Parameters

ROWS_AT_ONCE = 4096


def whole_gradients(
    engine: Engine, network: Network, parameters: Parameters, examples: Examples, l2: float = 0.0
) -> Gradients:
    """`gradients` of all examples together, without the deltas; `l2` counts against the weight of all of them."""
    total = weight_of(examples)
    cost, slopes = 0.0, {name: np.zeros(shape) for name, shape in network.shapes().items()}
    for part in parts_of(examples):
        share = weight_of(part) / total
        some = engine.gradients(network, parameters, part)
        cost += share * some.cost
        slopes = {name: slope + share * some.parameters[name] for name, slope in slopes.items()}
    decayed = [name for name in slopes if network.decays(name)] if l2 else []
    penalty = 0.5 * l2 / total * float(sum(np.sum(np.square(parameters[name], dtype=float)) for name in decayed))
    slopes |= {name: slopes[name] + l2 / total * parameters[name] for name in decayed}
    return Gradients(cost, penalty, [], slopes)


def slope_norm(
    engine: Engine, network: Network, parameters: Parameters, examples: Examples, l2: float, batch_size: int
) -> float:
    """The norm of the full gradient of what batches of `batch_size` descend on: the slope, 0 at a minimum.

    A batch's penalty is l2 / (2 batch weight) |W|^2, so the penalty over all rows is that of an average batch.
    """
    rows = len(examples.Y)
    return norm_of(whole_gradients(engine, network, parameters, examples, l2 * rows / min(batch_size, rows)).parameters)


def evaluate(
    engine: Engine, network: Network, parameters: Parameters, examples: Examples
) -> tuple[float, NDArray[Any]]:
    """The average cost without a penalty, and the outputs (rows, outputs)."""
    costs, outputs = engine.judge(network, parameters, examples)
    cost = float(costs.sum() if examples.weights is None else costs @ examples.weights)
    return cost / weight_of(examples), outputs


def parts_of(examples: Examples) -> Iterator[Examples]:
    """At most 4096 rows at a time."""
    for start in range(0, len(examples.Y), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        weights = None if examples.weights is None else examples.weights[rows]
        yield Examples(examples.X[rows], examples.Y[rows], weights)


def weight_of(examples: Examples) -> float:
    """What its rows weigh together; 1 where that is 0."""
    return len(examples.Y) if examples.weights is None else float(examples.weights.sum(dtype=np.float64)) or 1.0
