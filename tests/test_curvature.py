"""The Hessian times a direction is how the gradient changes along it, for every activation, output, cost and layer."""

import numpy as np
import pytest

from limpid.backprop import gradients
from limpid.curvature import hessian_product
from limpid.network import Network, Parameters
from tests.helpers import INSPECTED, assert_close, learned, make_examples, make_parameters

STEP = 1e-5


def direction_for(network: Network, random: np.random.Generator) -> Parameters:
    """0 where nothing is learned."""
    return {name: random.normal(size=shape) * learned(network, name) for name, shape in network.shapes().items()}


@pytest.mark.parametrize("network", INSPECTED, ids=str)
def test_a_product_is_the_gradients_central_difference(network: Network, random: np.random.Generator) -> None:
    parameters, direction = make_parameters(network, random), direction_for(network, random)
    X, Y, weights = make_examples(network, random, 5, weighted=True)

    def slopes(t: float) -> Parameters:
        moved = {name: array + t * direction[name] for name, array in parameters.items()}
        return gradients(network, moved, X, Y, weights, l2=0.3).parameters

    found = hessian_product(network, parameters, X, Y, direction, weights, l2=0.3)
    above, below = slopes(STEP), slopes(-STEP)
    assert found.keys() == parameters.keys()
    for name, product in found.items():
        wanted = (above[name] - below[name]) / (2 * STEP) * learned(network, name)
        assert_close(product, wanted, 1e-6, name)


@pytest.mark.parametrize("network", INSPECTED[::4], ids=str)
def test_it_is_symmetric(network: Network, random: np.random.Generator) -> None:
    parameters = make_parameters(network, random)
    X, Y, _ = make_examples(network, random, 5)
    one, other = direction_for(network, random), direction_for(network, random)

    def dot(a: Parameters, b: Parameters) -> float:
        return sum(float((a[name] * b[name]).sum()) for name in a)

    left = dot(one, hessian_product(network, parameters, X, Y, other))
    right = dot(other, hessian_product(network, parameters, X, Y, one))
    assert_close(left, right, 1e-10)
