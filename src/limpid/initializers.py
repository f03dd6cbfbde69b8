"""Initial weights: where descent starts from. Drawn with NumPy, whatever engine then trains.

`random` is the caller's `numpy.random.Generator` or `RandomState`: equal sources give equal networks.
"""

from collections.abc import Callable
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from limpid.embedding import Embedding
from limpid.errors import choose
from limpid.network import Network, Parameters

Draw: TypeAlias = NDArray[np.float64]
Random: TypeAlias = np.random.Generator | np.random.RandomState
Initializer: TypeAlias = Callable[[Random, int, int, str], tuple[Draw, Draw]]
"""(random, fan_in, fan_out, activation) -> W (fan_in, fan_out), b (fan_out,)."""


def normal(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """Weights and biases from N(0, 1)."""
    weights = random.normal(0.0, 1.0, (fan_in, fan_out))
    return weights, random.normal(0.0, 1.0, fan_out)


def normal_scaled(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """Weights from N(0, 1 / fan_in), biases from N(0, 1) (Nielsen, Neural Networks and Deep Learning, chapter 3)."""
    weights, biases = normal(random, fan_in, fan_out, activation)
    return weights / sqrt(fan_in), biases


def glorot_uniform(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """Uniform within sqrt(6 / (fan_in + fan_out)), biases 0 (Glorot, Bengio 2010, equation 16)."""
    bound = sqrt(6 / (fan_in + fan_out))
    return random.uniform(-bound, bound, (fan_in, fan_out)), np.zeros(fan_out)


def glorot_normal(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """N(0, 2 / (fan_in + fan_out)), biases 0 (Glorot, Bengio 2010, equation 12)."""
    return random.normal(0.0, sqrt(2 / (fan_in + fan_out)), (fan_in, fan_out)), np.zeros(fan_out)


def he(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """N(0, 2 / fan_in), biases 0: for relu and its kin (He et al. 2015, equation 10)."""
    return random.normal(0.0, sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)


def lecun(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """N(0, 1 / fan_in), biases 0: for selu (LeCun et al. 1998; Klambauer et al. 2017)."""
    return random.normal(0.0, sqrt(1 / fan_in), (fan_in, fan_out)), np.zeros(fan_out)


def orthogonal(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """Rows or columns, whichever are fewer, of length 1 and at right angles, biases 0 (Saxe et al. 2014)."""
    q, r = np.linalg.qr(random.normal(0.0, 1.0, (max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # without the signs QR's own habits would show
    return (q if fan_in >= fan_out else q.T), np.zeros(fan_out)


def zeros(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """All 0: every neuron of a layer then learns the same; to be seen, not used."""
    return np.zeros((fan_in, fan_out)), np.zeros(fan_out)


def scikit_learn(random: Random, fan_in: int, fan_out: int, activation: str) -> tuple[Draw, Draw]:
    """As scikit-learn's MLP draws: the Glorot bound (for sigmoid networks sqrt(2 / ...)), biases within it too."""
    bound = sqrt((2 if activation == "sigmoid" else 6) / (fan_in + fan_out))
    weights = random.uniform(-bound, bound, (fan_in, fan_out))
    return weights, random.uniform(-bound, bound, fan_out)


INITIALIZERS: dict[str, Initializer] = {
    draw.__name__: draw
    for draw in (normal, normal_scaled, glorot_uniform, glorot_normal, he, lecun, orthogonal, zeros, scikit_learn)
}
"""Every way to draw initial weights, by name."""


EMBEDDED = 0.3
"""How long the numbers that stand for a category are as a vector, about, before they are learned.

Measured (docs/results.md): from 1, as N(0, 1 / dimensions) has it, rare categories keep too much of where they began.
"""


def embedded(random: Random, embedding: Embedding) -> Draw:
    """An embedding's W: what is learned from N(0, 0.3^2 / dimensions), input by input."""
    W = embedding.fixed
    W[embedding.learned] = random.normal(0.0, EMBEDDED / sqrt(embedding.dimensions), embedding.count())
    return W


def natural_initializer(activation: str) -> str:
    """The name of the draw that keeps signals alive through layers of `activation`."""
    if activation == "selu":
        return "lecun"
    return "glorot_uniform" if activation in {"identity", "sigmoid", "tanh"} else "he"


def initial_parameters(network: Network, name: str, random: Random, dtype: Any = np.float64) -> Parameters:
    """Draw layer by layer, W1, b1, W2, ...; the output layer follows the hidden layers' activation.

    What normalisation owns starts where it changes nothing; an embedding has a draw of its own.
    `name` from `INITIALIZERS`; `dtype` of the arrays made.
    Errors: `LimpidError` for an unknown name.
    """
    draw = choose("initializer", name, INITIALIZERS)
    activation = network.hidden[0].activation if network.hidden else "identity"
    parameters: Parameters = {}
    for number, (fan_in, layer) in enumerate(zip(network.widths, network.layers, strict=False), start=1):
        if isinstance(layer, Embedding):
            weights, biases = embedded(random, layer), np.zeros(layer.units)
        else:
            weights, biases = draw(random, fan_in, layer.units, activation)
        ones, zeros = np.ones(layer.units), np.zeros(layer.units)
        first = {"W": weights, "b": biases, "gamma": ones, "beta": zeros, "mean": zeros, "variance": ones}
        for kind in layer.shapes(fan_in):
            parameters[f"{kind}{number}"] = np.array(first[kind], dtype, order="C")
    return parameters
