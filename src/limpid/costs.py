"""Costs: how wrong an output a is when y was wanted, with the first and second derivative beside it.

A row's cost is the sum of its outputs' terms; rows are averaged elsewhere. Some costs have a matching output
activation (softmax for cross-entropy, ...): then the delta is a - y and both are computed from z, without overflow.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, final

from array_api_compat import array_namespace

from limpid.activations import INFINITY, Activation, Array
from limpid.errors import LimpidError, choose
from limpid.groups import by_group


class Cost(ABC):
    """C(a, y) for outputs a and targets y, both of shape (rows, outputs)."""

    name: str
    numbers: tuple[float, ...] = ()
    """Those of its name: one for all outputs, or one for each."""
    matching: ClassVar[str | None] = None
    """The kind of output activation f with which dC/dz is a - y."""
    targets: ClassVar[tuple[float, float]] = (-INFINITY, INFINITY)
    """The closed interval that targets must lie in."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.numbers))})"

    @abstractmethod
    def terms(self, a: Array, y: Array) -> Array:
        """Each output's share of the cost, shape (rows, outputs)."""

    @abstractmethod
    def derivative(self, a: Array, y: Array) -> Array:
        """dC/da, shape (rows, outputs)."""

    @abstractmethod
    def second_derivative(self, a: Array, y: Array) -> Array:
        """d2C/da2, shape (rows, outputs) (0 at a kink)."""

    def smoothed(self, y: Array, share: float, groups: tuple[int, ...] = ()) -> Array:
        """Targets with `share` of their probability spread evenly, in each of the output's `groups` apart.

        (Szegedy et al. 2016, section 7.) Errors: `LimpidError` where targets are no probabilities.
        """
        raise LimpidError(f"label smoothing needs targets that are probabilities, the cost {self.name!r} has none")

    def accepts(self, activation: Activation) -> bool:
        """Whether the cost is defined for every value that `activation` can put out."""
        return True

    def terms_of(self, activation: Activation, z: Array, a: Array, y: Array) -> Array:
        """`terms` for a = f(z); from z itself where that is more exact."""
        return self.terms_from_z(z, y) if activation.kind == self.matching else self.terms(a, y)

    def terms_from_z(self, z: Array, y: Array) -> Array:
        """The terms for the matching activation's z."""
        return self.terms(z, y)

    def delta(self, activation: Activation, z: Array, a: Array, y: Array) -> Array:
        """The output neurons' blame dC/dz, shape (rows, outputs)."""
        return a - y if activation.kind == self.matching else activation.backward(z, a, self.derivative(a, y))


@final
class SquaredError(Cost):
    """(a - y)^2 / 2."""

    name = "squared_error"
    matching = "identity"

    def terms(self, a: Array, y: Array) -> Array:
        return 0.5 * (a - y) * (a - y)

    def derivative(self, a: Array, y: Array) -> Array:
        return a - y

    def second_derivative(self, a: Array, y: Array) -> Array:
        return array_namespace(a).ones_like(a)


@final
class AbsoluteError(Cost):
    """|a - y|; the derivative at a = y is 0."""

    name = "absolute_error"

    def terms(self, a: Array, y: Array) -> Array:
        return array_namespace(a).abs(a - y)

    def derivative(self, a: Array, y: Array) -> Array:
        return array_namespace(a).sign(a - y)

    def second_derivative(self, a: Array, y: Array) -> Array:
        return array_namespace(a).zeros_like(a)


@final
class Huber(Cost):
    """(a - y)^2 / 2 up to a distance of `width`, then width (|a - y| - width / 2) (Huber 1964)."""

    def __init__(self, width: float = 1.0) -> None:
        if not 0 < width < INFINITY:
            raise LimpidError(f"the huber cost needs a positive width, got {width}")
        self.width, self.numbers = width, (width,)
        self.name = "huber" if width == 1.0 else f"huber:{width:g}"

    def terms(self, a: Array, y: Array) -> Array:
        near = array_namespace(a).clip(a - y, -self.width, self.width)
        return near * (a - y - 0.5 * near)

    def derivative(self, a: Array, y: Array) -> Array:
        return array_namespace(a).clip(a - y, -self.width, self.width)

    def second_derivative(self, a: Array, y: Array) -> Array:
        xp = array_namespace(a)
        return xp.astype(xp.abs(a - y) < self.width, a.dtype)


@final
class Quantile(Cost):
    """level (y - a) where a is too low, (1 - level) (a - y) where it is too high (Koenker, Bassett 1978).

    One level for all outputs, or one for each: an interval and its middle are three of them.
    """

    def __init__(self, *levels: float) -> None:
        levels = levels or (0.5,)
        for level in levels:
            if not 0 < level < 1:
                raise LimpidError(f"the quantile cost needs a level between 0 and 1, got {level}")
        self.numbers = levels
        self.name = "quantile" if levels == (0.5,) else f"quantile:{','.join(f'{level:g}' for level in levels)}"

    def terms(self, a: Array, y: Array) -> Array:
        return (a - y) * self.derivative(a, y)

    def derivative(self, a: Array, y: Array) -> Array:
        xp = array_namespace(a)
        high, low = xp.astype(a > y, a.dtype), xp.astype(a < y, a.dtype)
        level = xp.asarray(self.numbers, dtype=a.dtype)
        return (1 - level) * high - level * low

    def second_derivative(self, a: Array, y: Array) -> Array:
        return array_namespace(a).zeros_like(a)


@final
class Poisson(Cost):
    """a - y + y log(y / a): half the Poisson deviance of a count y when the rate a was expected."""

    name = "poisson"
    matching = "exp"
    targets = (0.0, INFINITY)

    def terms(self, a: Array, y: Array) -> Array:
        a = _away_from_zero(a)
        return _xlogy(y, y) - _xlogy(y, a) + a - y

    def derivative(self, a: Array, y: Array) -> Array:
        return 1 - y / _away_from_zero(a)

    def second_derivative(self, a: Array, y: Array) -> Array:
        a = _away_from_zero(a)
        return y / a / a

    def accepts(self, activation: Activation) -> bool:
        return activation.positive

    def terms_from_z(self, z: Array, y: Array) -> Array:
        return _xlogy(y, y) - y * z + array_namespace(z).exp(z) - y


@final
class CrossEntropy(Cost):
    """-y log(a) for one true class in each row, or in each group of a row (there y sums to 1), a from a softmax."""

    name = "cross_entropy"
    matching = "softmax"
    targets = (0.0, 1.0)

    def terms(self, a: Array, y: Array) -> Array:
        return -_xlogy(y, _away_from_zero(a))

    def derivative(self, a: Array, y: Array) -> Array:
        return -y / _away_from_zero(a)

    def second_derivative(self, a: Array, y: Array) -> Array:
        a = _away_from_zero(a)
        return y / a / a

    def smoothed(self, y: Array, share: float, groups: tuple[int, ...] = ()) -> Array:
        return by_group(groups, lambda y: (1 - share) * y + share / y.shape[1], y)

    def accepts(self, activation: Activation) -> bool:
        return activation.kind == "softmax"

    def terms_of(self, activation: Activation, z: Array, a: Array, y: Array) -> Array:
        return by_group(activation.groups, self.terms_from_z, z, y)

    def delta(self, activation: Activation, z: Array, a: Array, y: Array) -> Array:
        def of_group(a: Array, y: Array) -> Array:
            # a - y where y sums to 1, as it should; exact too where it does not
            return a * array_namespace(y).sum(y, axis=-1, keepdims=True) - y

        return by_group(activation.groups, of_group, a, y)

    def terms_from_z(self, z: Array, y: Array) -> Array:
        xp = array_namespace(z)
        shifted = z - xp.max(z, axis=-1, keepdims=True)
        return y * (xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True)) - shifted)


@final
class BinaryCrossEntropy(Cost):
    """-y log(a) - (1 - y) log(1 - a): each output is a yes or no of its own (several labels at once)."""

    name = "binary_cross_entropy"
    matching = "sigmoid"
    targets = (0.0, 1.0)

    def terms(self, a: Array, y: Array) -> Array:
        a = _inside_unit(a)
        return -_xlogy(y, a) - _xlogy(1 - y, 1 - a)

    def derivative(self, a: Array, y: Array) -> Array:
        a = _inside_unit(a)
        return (a - y) / (a * (1 - a))

    def second_derivative(self, a: Array, y: Array) -> Array:
        a = _inside_unit(a)
        return y / a / a + (1 - y) / (1 - a) / (1 - a)

    def smoothed(self, y: Array, share: float, groups: tuple[int, ...] = ()) -> Array:
        return (1 - share) * y + share / 2

    def accepts(self, activation: Activation) -> bool:
        return activation.range == (0.0, 1.0)

    def terms_from_z(self, z: Array, y: Array) -> Array:
        xp = array_namespace(z)
        return xp.clip(z, min=0.0) - z * y + xp.log1p(xp.exp(-xp.abs(z)))


def _xlogy(x: Array, y: Array) -> Array:
    """x log(y), and 0 where x is 0 whatever y is."""
    xp = array_namespace(x, y)
    nothing = x == 0
    return xp.where(nothing, xp.zeros_like(x), x * xp.log(xp.where(nothing, xp.ones_like(y), y)))


def _away_from_zero(a: Array) -> Array:
    """A probability or rate that underflowed to 0 still has a finite logarithm."""
    xp = array_namespace(a)
    return xp.clip(a, min=float(xp.finfo(a.dtype).smallest_normal))


def _inside_unit(a: Array) -> Array:
    xp = array_namespace(a)
    margin = float(xp.finfo(a.dtype).eps)
    return xp.clip(a, margin, 1 - margin)


COSTS: dict[str, Cost] = {
    cost.name: cost
    for cost in (
        SquaredError(),
        AbsoluteError(),
        Huber(),
        Quantile(),
        Poisson(),
        CrossEntropy(),
        BinaryCrossEntropy(),
    )
}
"""Every cost by name: the one table that networks, engines and tests walk."""


def find_cost(name: str) -> Cost:
    """The cost called `name`; `huber:2` sets the width, `quantile:0.9` the level, `quantile:0.1,0.9` one an output.

    Errors: `LimpidError` for an unknown name (with the nearest) or a number out of range.
    """
    kind, colon, numbers = str(name).partition(":")
    cost = choose("cost", kind, COSTS)
    if not colon:
        return cost
    if not isinstance(cost, (Huber, Quantile)):
        raise LimpidError(f"the cost {kind!r} takes no number, got {name!r}")
    try:
        return Huber(float(numbers)) if isinstance(cost, Huber) else Quantile(*map(float, numbers.split(",")))
    except ValueError as error:
        raise LimpidError(f"unusable cost {name!r}: {error}") from None
