"""The native engine's arithmetic at its level "baseline", one operation after another, in NumPy: what exports promise.

A weighted sum is one chain in ascending order of the inputs, each product and each sum is rounded, numbers too small to
be normal count as 0, and exp and its kin are the engine's own. Formulas and constants are those of
native/core/elementary.hpp, activations.hpp, output.hpp and normalization.hpp.
"""

from collections.abc import Sequence
from math import factorial
from typing import Any

import numpy as np

from limpid.activations import Array
from limpid.groups import by_group
from limpid.network import Layer, Network, Parameters
from limpid.normalization import EPSILON

PART = 32
"""Sums over a row's units are made in parts of so many."""


def constants(dtype: Any) -> dict[str, Any]:
    """What the engine's formulas need, rounded to `dtype` as there; a series has its highest power's factor first."""
    single = np.dtype(dtype) == np.float32
    terms, odd = (7, 5) if single else (13, 10)
    values: dict[str, Any] = {
        "LEAST_NORMAL": np.finfo(dtype).smallest_normal,
        "TO_WHOLE": 1.5 * 2.0 ** np.finfo(dtype).nmant,
        "LOG2_E": 1.44269504088896340736,
        "LN2": 0.69314718055994530942,
        "LN2_HIGH": float.fromhex("0x1.63p-1" if single else "0x1.62e42fee00000p-1"),
        "LN2_LOW": float.fromhex("-0x1.bd0106p-13" if single else "0x1.a39ef35793c76p-33"),
        "LEAST": -86.6 if single else -707.7,
        "MOST": float.fromhex("0x1.62e42ep6" if single else "0x1.62e42fefa39efp9"),
        "ROOT_OF_2": 0.41421356237309504880,
        "EXP_TERMS": [1 / factorial(k) for k in range(terms, 1, -1)],
        "ATANH_TERMS": [2.0 / (2 * k + 1) for k in range(odd, 0, -1)],
        "LEAK": 0.01,
        "SELU_SCALE": 1.0507009873554804934,
        "SELU_BELOW": 1.0507009873554804934 * 1.6732632423543772848,
        "GELU_ROOT": 0.7978845608028654,
        "GELU_CUBIC": 0.044715,
        "EPSILON": EPSILON,
    }
    return {name: np.asarray(value, dtype)[()] for name, value in values.items()}


def outputs(network: Network, parameters: Parameters, x: Array) -> Array:
    """The output layer's activations (rows, outputs) for x (rows, inputs), both of the parameters' dtype."""
    with np.errstate(all="ignore"):
        formulas = Formulas(x.dtype)
        a = formulas.flushed(x)
        for number, layer in enumerate(network.layers, start=1):
            own = {kind: formulas.flushed(parameters[f"{kind}{number}"]) for kind in layer.shapes(1)}
            z = formulas.normalized(layer, own, formulas.sums(a, own["W"], own["b"]))
            a = formulas.activated(layer, z)
        return a


def plain_from(W: Array) -> Any:
    """The size from which on an input's product with any number of W, and a sum with it, has all its digits.

    Below the smallest normal number times 2^24 (2^53 in float64) two numbers may differ by one that is not normal.
    """
    sizes = np.abs(W[W != 0])
    if not len(sizes):
        return W.dtype.type(0)
    info = np.finfo(W.dtype)
    least = info.smallest_normal * W.dtype.type(2.0 ** (info.nmant + 1))
    return np.nextafter(least / sizes.min(), W.dtype.type(np.inf))


class Formulas:
    """The engine's formulas for arrays of one dtype."""

    def __init__(self, dtype: Any) -> None:
        self._of = constants(dtype)
        self._info = np.finfo(dtype)
        self._natural = np.dtype(f"u{np.dtype(dtype).itemsize}")

    def flushed(self, a: Array) -> Array:
        """0 in place of numbers that are too small to be normal."""
        return np.asarray(np.where(np.abs(a) < self._of["LEAST_NORMAL"], a.dtype.type(0), a))

    def sums(self, x: Array, W: Array, b: Array) -> Array:
        """x W + b, (rows, units)."""
        z = np.tile(b, (len(x), 1))
        for at in range(x.shape[1]):
            z = self.flushed(z + self.flushed(x[:, at, None] * W[at]))
        return z

    def normalized(self, layer: Layer, own: dict[str, Array], sums: Array) -> Array:
        """What a layer's activation sees."""
        if layer.normalization is None:
            return sums
        if layer.normalization == "batch":
            far, variance = self.flushed(sums - own["mean"]), own["variance"]
        else:
            far = self.flushed(sums - self._mean(sums))
            variance = self._mean(self.flushed(far * far))
        n_hat = self.flushed(far * self.scale_of(variance))
        return self.flushed(self.flushed(n_hat * own["gamma"]) + own["beta"])

    def scale_of(self, variance: Array) -> Array:
        """1 / sqrt(variance + epsilon)."""
        return np.asarray(variance.dtype.type(1) / np.sqrt(variance + self._of["EPSILON"]))

    def activated(self, layer: Layer, z: Array) -> Array:
        """f(z); softmax by groups."""
        kind = layer.function.kind
        if kind == "softmax":
            return np.asarray(by_group(layer.function.groups, self.softmax, z))
        return self.flushed(getattr(self, kind)(z))

    def softmax(self, z: Array) -> Array:
        e = self.exp(z - z.max(axis=1, keepdims=True))
        return self.flushed(e / self._total(e))

    def identity(self, z: Array) -> Array:
        return z

    def sigmoid(self, z: Array) -> Array:
        decay = self._decay(z)
        return np.where(z >= 0, z.dtype.type(1), decay) / (1 + decay)

    def relu(self, z: Array) -> Array:
        return np.where(z <= 0, z.dtype.type(0), z)

    def leaky_relu(self, z: Array) -> Array:
        return np.where(z <= 0, self._of["LEAK"] * z, z)

    def elu(self, z: Array) -> Array:
        return np.where(z <= 0, self.expm1(np.minimum(z, 0)), z)

    def selu(self, z: Array) -> Array:
        return np.where(z <= 0, self._of["SELU_BELOW"] * self.expm1(np.minimum(z, 0)), self._of["SELU_SCALE"] * z)

    def gelu(self, z: Array) -> Array:
        near = np.clip(z, -10, 10)
        inner = self._of["GELU_CUBIC"] * near * near * near + near
        return self.flushed(z / 2) * (1 + self.tanh(self._of["GELU_ROOT"] * inner))

    def silu(self, z: Array) -> Array:
        return z * self.sigmoid(z)

    def softplus(self, z: Array) -> Array:
        return self.relu(z) + self.log1p(self._decay(z))

    def mish(self, z: Array) -> Array:
        return z * self.tanh(self.softplus(z))

    def exp(self, x: Array) -> Array:
        n = self._whole(np.clip(x, self._of["LEAST"], self._of["MOST"]))
        value = (self._growth(x, n) + 1) * self._power_of_two(n - 1) * 2
        infinity = x.dtype.type(np.inf)
        return np.where(x < self._of["LEAST"], 0, np.where(x > self._of["MOST"], infinity, value)).astype(x.dtype)

    def expm1(self, x: Array) -> Array:
        x = np.maximum(x, x.dtype.type(-80))
        n = self._whole(x)
        scale = self._power_of_two(n - 1) * 2
        return scale * self._growth(x, n) + (scale - 1)

    def log1p(self, u: Array) -> Array:
        near = u <= self._of["ROOT_OF_2"]
        s = np.where(near, u, u - 1) / np.where(near, u + 2, u + 3)
        square = s * s
        twice_atanh = (self._series("ATANH_TERMS", square) * square) * s + (s + s)
        return twice_atanh + np.where(near, u.dtype.type(0), self._of["LN2"])

    def tanh(self, x: Array) -> Array:
        grown = self.expm1(np.minimum(2 * np.abs(x), 40))
        value = grown / (grown + 2)
        return np.where(x < 0, -value, value)

    def _decay(self, z: Array) -> Array:
        """e^-|z|."""
        return self.exp(-np.abs(z))

    def _whole(self, x: Array) -> Array:
        """n of x = n ln 2 + r."""
        shifted: Array = x * self._of["LOG2_E"] + self._of["TO_WHOLE"]
        return shifted - self._of["TO_WHOLE"]

    def _growth(self, x: Array, n: Array) -> Array:
        """e^r - 1."""
        r = n * -self._of["LN2_LOW"] + (n * -self._of["LN2_HIGH"] + x)
        return self._series("EXP_TERMS", r) * (r * r) + r

    def _power_of_two(self, n: Array) -> Array:
        whole = (n + self._of["TO_WHOLE"]).view(self._natural) - self._of["TO_WHOLE"].view(self._natural)
        shift, bias = self._natural.type(self._info.nmant), self._natural.type(self._info.maxexp - 1)
        return ((whole + bias) << shift).view(n.dtype)

    def _series(self, name: str, x: Array) -> Any:
        terms: Sequence[Any] = self._of[name]
        total: Any = terms[0]
        for term in terms[1:]:
            total = total * x + term
        return total

    def _mean(self, terms: Array) -> Array:
        return self.flushed(self._total(terms) / terms.dtype.type(terms.shape[1]))

    def _total(self, terms: Array) -> Array:
        """(rows, 1) the sum of each row, part by part."""
        total = part = np.zeros((len(terms), 1), terms.dtype)
        for at in range(terms.shape[1]):
            part = self.flushed(part + terms[:, at, None])
            if (at + 1) % PART == 0:
                total, part = self.flushed(total + part), np.zeros_like(part)
        return self.flushed(total + part)
