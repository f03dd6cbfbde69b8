"""Two rules that share an output out over the inputs, layer by layer: LRP-epsilon and DeepLIFT's rescale."""

from typing import NamedTuple

import numpy as np

from limpid.activations import Elementwise
from limpid.errors import LimpidError
from limpid.inspection.subject import Floats, Subject
from limpid.network import Parameters
from limpid.normalization import Statistics

NEAR = 1e-7
"""Where two sums differ by less, their activations' quotient is the slope."""


class Relevance(NamedTuple):
    """An output shared out by LRP: the three terms add up to it."""

    inputs: Floats
    """(rows, inputs)."""
    bias_share: Floats
    """(rows,) what is owed to biases."""
    absorbed: Floats
    """(rows,) what epsilon takes away."""


def lrp(subject: Subject, x: Floats, of_z: Floats, epsilon: float) -> Relevance:
    """R_k = sum_j a_k w_kj R_j / (z_j + epsilon sign z_j), sign 0 = 1, from the outputs down (Bach et al. 2015, 58).

    x (rows, inputs) as the network sees it, `of_z` (rows, outputs) says which output's sum is shared out. Errors:
    `LimpidError` for layers normalised over themselves.
    """
    _check(subject, "lrp")
    parameters, trace = folded(subject), subject.trace(x)
    relevance = trace.z[-1] * of_z
    bias_share, absorbed = np.zeros(len(x)), np.zeros(len(x))
    for number in range(subject.depth, 0, -1):
        z = trace.z[number - 1]
        push = epsilon * np.where(z < 0, -1.0, 1.0)
        each = relevance / (z + push)
        bias_share += each @ parameters[f"b{number}"]
        absorbed += (each * push).sum(axis=1)
        relevance = trace.a[number - 1] * (each @ parameters[f"W{number}"].T)
    return Relevance(relevance, bias_share, absorbed)


def deeplift(subject: Subject, x: Floats, baseline: Floats, of_z: Floats) -> Floats:
    """(x - x') times multipliers, delta a / delta z through each neuron (Shrikumar et al. 2017, rescale rule).

    x and `baseline` (rows, inputs) as the network sees them. The parts (rows, inputs) add up to F(x) - F(x'), F the
    outputs' sums times `of_z` (rows, outputs). Errors: as `lrp`.
    """
    _check(subject, "deeplift")
    parameters, one, other = folded(subject), subject.trace(x), subject.trace(baseline)
    multiplier = of_z
    for number in range(subject.depth, 0, -1):
        multiplier = multiplier @ parameters[f"W{number}"].T
        if number > 1:
            function = subject.network.layers[number - 2].function
            assert isinstance(function, Elementwise), "only outputs look at each other"
            z, before = one.z[number - 2], other.z[number - 2]
            apart = np.abs(z - before) > NEAR
            quotient = (one.a[number - 1] - other.a[number - 1]) / np.where(apart, z - before, 1)
            middle = (z + before) / 2
            multiplier = multiplier * np.where(apart, quotient, function.derivative(middle, function.value(middle)))
    return (x - baseline) * multiplier


def folded(subject: Subject) -> Parameters:
    """Weights and biases that do what the layers do with their sums normalised over the batch, at rest.

    Those of layers normalised over themselves, whose sums no fixed weights give, are left as they are.
    """
    found = {**subject.parameters}
    for number, layer in enumerate(subject.network.layers, start=1):
        if layer.normalization == "batch":
            kinds = ("gamma", "beta", "mean", "variance")
            gamma, beta, mean, variance = (found[f"{kind}{number}"] for kind in kinds)
            scale = gamma / Statistics(mean, variance).deviation
            found[f"W{number}"] = found[f"W{number}"] * scale
            found[f"b{number}"] = (found[f"b{number}"] - mean) * scale + beta
    return found


def _check(subject: Subject, method: str) -> None:
    for number, layer in enumerate(subject.network.layers, start=1):
        if layer.normalization == "layer":
            raise LimpidError(
                f"{method} is not defined through layer {number}, which is normalised over the layer: "
                "choose integrated_gradients"
            )
