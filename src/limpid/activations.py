"""Activations: what a neuron does with its weighted sum z, with the first and second derivative beside it.

Every function works on any array of the array-API standard and keeps its dtype. `a` is always `value(z)`,
handed back in so that a derivative need not compute it twice.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, TypeAlias, final

from array_api_compat import array_namespace

from limpid.errors import LimpidError, choose
from limpid.groups import by_group

Array: TypeAlias = Any
"""An array of the array-API standard: NumPy, array-api-strict, PyTorch, ..."""

INFINITY = float("inf")


class Activation(ABC):
    """A layer's `a = f(z)` for z of shape (rows, units), and the way back through it.

    `range` is the open or closed interval that its values lie in; `positive` says that they are above zero.
    `kinks` are the places where the first derivative jumps (`derivative` takes the side that its code shows), `joints`
    those where two formulas meet; one that is `straight` is linear between them.
    """

    name: str
    groups: tuple[int, ...] = ()
    """Sizes of the groups of neighbouring outputs that are activated apart; none where all go together."""
    range: ClassVar[tuple[float, float]] = (-INFINITY, INFINITY)
    positive: ClassVar[bool] = False
    kinks: ClassVar[tuple[float, ...]] = ()
    joints: ClassVar[tuple[float, ...]] = ()
    straight: ClassVar[bool] = False
    hidden: ClassVar[bool] = True
    """Whether hidden layers can use it."""

    @property
    def kind(self) -> str:
        """The name without groups: "softmax" for "softmax:3,4"."""
        return self.name.partition(":")[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.groups or ''})"

    @abstractmethod
    def value(self, z: Array) -> Array:
        """f(z), of z's shape."""

    @abstractmethod
    def backward(self, z: Array, a: Array, blame: Array) -> Array:
        """The chain rule through f: dC/dz from `blame` = dC/da, all of shape (rows, units)."""


class Elementwise(Activation):
    """An activation where each neuron looks at its own weighted sum only."""

    @abstractmethod
    def derivative(self, z: Array, a: Array) -> Array:
        """f'(z), of z's shape."""

    @abstractmethod
    def second_derivative(self, z: Array, a: Array) -> Array:
        """f''(z), of z's shape (0 at a kink)."""

    @final
    def backward(self, z: Array, a: Array, blame: Array) -> Array:
        return blame * self.derivative(z, a)


@final
class Identity(Elementwise):
    name = "identity"
    straight = True

    def value(self, z: Array) -> Array:
        return z

    def derivative(self, z: Array, a: Array) -> Array:
        return array_namespace(z).ones_like(z)

    def second_derivative(self, z: Array, a: Array) -> Array:
        return array_namespace(z).zeros_like(z)


@final
class Sigmoid(Elementwise):
    """1 / (1 + exp(-z))."""

    name = "sigmoid"
    range = (0.0, 1.0)
    positive = True

    def value(self, z: Array) -> Array:
        return _logistic(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return a * (1 - a)

    def second_derivative(self, z: Array, a: Array) -> Array:
        return a * (1 - a) * (1 - 2 * a)


@final
class Tanh(Elementwise):
    name = "tanh"
    range = (-1.0, 1.0)

    def value(self, z: Array) -> Array:
        return array_namespace(z).tanh(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return 1 - a * a

    def second_derivative(self, z: Array, a: Array) -> Array:
        return -2 * a * (1 - a * a)


@final
class ReLU(Elementwise):
    """max(0, z); f'(0) = 0."""

    name = "relu"
    range = (0.0, INFINITY)
    kinks = joints = (0.0,)
    straight = True

    def value(self, z: Array) -> Array:
        # not where(z > 0, z, 0): a NaN must come through, or a diverged network would look healthy
        return _piecewise(z, above=z, below=array_namespace(z).zeros_like(z))

    def derivative(self, z: Array, a: Array) -> Array:
        return _above_zero(z)

    def second_derivative(self, z: Array, a: Array) -> Array:
        return array_namespace(z).zeros_like(z)


@final
class LeakyReLU(Elementwise):
    """z above zero, 0.01 z below (Maas, Hannun, Ng 2013)."""

    name = "leaky_relu"
    kinks = joints = (0.0,)
    straight = True
    leak: ClassVar[float] = 0.01

    def value(self, z: Array) -> Array:
        return _piecewise(z, above=z, below=self.leak * z)

    def derivative(self, z: Array, a: Array) -> Array:
        one = array_namespace(z).ones_like(z)
        return _piecewise(z, above=one, below=self.leak * one)

    def second_derivative(self, z: Array, a: Array) -> Array:
        return array_namespace(z).zeros_like(z)


@final
class ELU(Elementwise):
    """z above zero, exp(z) - 1 below (Clevert, Unterthiner, Hochreiter 2016)."""

    name = "elu"
    range = (-1.0, INFINITY)
    joints = (0.0,)

    def value(self, z: Array) -> Array:
        return _piecewise(z, above=z, below=_exponential_below_zero(z) - 1)

    def derivative(self, z: Array, a: Array) -> Array:
        return _piecewise(z, above=array_namespace(z).ones_like(z), below=_exponential_below_zero(z))

    def second_derivative(self, z: Array, a: Array) -> Array:
        return _piecewise(z, above=array_namespace(z).zeros_like(z), below=_exponential_below_zero(z))


@final
class SELU(Elementwise):
    """scale z above zero, scale alpha (exp(z) - 1) below (Klambauer et al. 2017, equation 2)."""

    name = "selu"
    range = (-1.7580993408473766, INFINITY)
    kinks = joints = (0.0,)
    scale: ClassVar[float] = 1.0507009873554804934193349852946
    alpha: ClassVar[float] = 1.6732632423543772848170429916717

    def value(self, z: Array) -> Array:
        below = self.scale * self.alpha * (_exponential_below_zero(z) - 1)
        return _piecewise(z, above=self.scale * z, below=below)

    def derivative(self, z: Array, a: Array) -> Array:
        above = self.scale * array_namespace(z).ones_like(z)
        return _piecewise(z, above=above, below=self.scale * self.alpha * _exponential_below_zero(z))

    def second_derivative(self, z: Array, a: Array) -> Array:
        return _piecewise(
            z, above=array_namespace(z).zeros_like(z), below=self.scale * self.alpha * _exponential_below_zero(z)
        )


@final
class GELU(Elementwise):
    """z / 2 (1 + tanh(u)), u = sqrt(2 / pi) (z + 0.044715 z^3) (Hendrycks, Gimpel 2016)."""

    name = "gelu"

    def value(self, z: Array) -> Array:
        t, _, _ = self._inside(z)
        return 0.5 * z * (1 + t)

    def derivative(self, z: Array, a: Array) -> Array:
        t, u1, _ = self._inside(z)
        return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * u1

    def second_derivative(self, z: Array, a: Array) -> Array:
        t, u1, u2 = self._inside(z)
        return (1 - t * t) * (u1 + 0.5 * z * (u2 - 2 * t * u1 * u1))

    def _inside(self, z: Array) -> tuple[Array, Array, Array]:
        """tanh(u), u' and u''. Beyond 10 tanh(u) is 1 exactly, and z^3 would overflow for nothing."""
        xp = array_namespace(z)
        z = xp.clip(z, -10.0, 10.0)
        root = 0.7978845608028654  # sqrt(2 / pi)
        cubic = 0.044715
        return xp.tanh(root * (z + cubic * z * z * z)), root * (1 + 3 * cubic * z * z), root * 6 * cubic * z


@final
class SiLU(Elementwise):
    """z sigmoid(z), also called swish (Elfwing, Uchibe, Doya 2018)."""

    name = "silu"

    def value(self, z: Array) -> Array:
        return z * _logistic(z)

    def derivative(self, z: Array, a: Array) -> Array:
        s = _logistic(z)
        return s + z * s * (1 - s)

    def second_derivative(self, z: Array, a: Array) -> Array:
        s = _logistic(z)
        return s * (1 - s) * (2 + z * (1 - 2 * s))


@final
class Softplus(Elementwise):
    """log(1 + exp(z))."""

    name = "softplus"
    range = (0.0, INFINITY)
    positive = True

    def value(self, z: Array) -> Array:
        return _softplus(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return _logistic(z)

    def second_derivative(self, z: Array, a: Array) -> Array:
        s = _logistic(z)
        return s * (1 - s)


@final
class Mish(Elementwise):
    """z tanh(softplus(z)) (Misra 2020)."""

    name = "mish"

    def value(self, z: Array) -> Array:
        return z * array_namespace(z).tanh(_softplus(z))

    def derivative(self, z: Array, a: Array) -> Array:
        t, s = array_namespace(z).tanh(_softplus(z)), _logistic(z)
        return t + z * (1 - t * t) * s

    def second_derivative(self, z: Array, a: Array) -> Array:
        t, s = array_namespace(z).tanh(_softplus(z)), _logistic(z)
        return (1 - t * t) * s * (2 + z * (1 - s) - 2 * z * t * s)


@final
class Exponential(Elementwise):
    """exp(z), for an output that is a rate or a count."""

    name = "exp"
    range = (0.0, INFINITY)
    positive = True
    hidden = False

    def value(self, z: Array) -> Array:
        return array_namespace(z).exp(z)

    def derivative(self, z: Array, a: Array) -> Array:
        return a

    def second_derivative(self, z: Array, a: Array) -> Array:
        return a


@final
class Softmax(Activation):
    """exp(z_k) / sum_j exp(z_j): the output layer as probabilities that sum to 1 in each row.

    With `groups` they sum to 1 in each group of neighbours: one group for each of several targets with classes.
    """

    range = (0.0, 1.0)
    positive = True
    hidden = False

    def __init__(self, groups: tuple[int, ...] = ()) -> None:
        if any(size < 2 for size in groups):
            raise LimpidError(f"each group of a softmax needs at least 2 outputs, got {','.join(map(str, groups))}")
        self.groups = groups
        self.name = f"softmax:{','.join(map(str, groups))}" if groups else "softmax"

    def value(self, z: Array) -> Array:
        def probabilities(z: Array) -> Array:
            xp = array_namespace(z)
            e = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
            return e / xp.sum(e, axis=-1, keepdims=True)

        return by_group(self.groups, probabilities, z)

    def backward(self, z: Array, a: Array, blame: Array) -> Array:
        def through(a: Array, blame: Array) -> Array:
            # the Jacobian is da_j/dz_k = a_j (1[j = k] - a_k): every output is blamed for its neighbours too
            return a * (blame - array_namespace(a).sum(a * blame, axis=-1, keepdims=True))

        return by_group(self.groups, through, a, blame)


def _logistic(z: Array) -> Array:
    """1 / (1 + exp(-z)); exp only ever sees numbers below zero, so that it cannot overflow."""
    xp = array_namespace(z)
    e = xp.exp(-xp.abs(z))
    return xp.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _softplus(z: Array) -> Array:
    xp = array_namespace(z)
    return _piecewise(z, above=z, below=xp.zeros_like(z)) + xp.log1p(xp.exp(-xp.abs(z)))


def _exponential_below_zero(z: Array) -> Array:
    xp = array_namespace(z)
    return xp.exp(_piecewise(z, above=xp.zeros_like(z), below=z))


def _above_zero(z: Array) -> Array:
    xp = array_namespace(z)
    return xp.astype(z > 0, z.dtype)


def _piecewise(z: Array, above: Array, below: Array) -> Array:
    """`above` where z > 0 (and where z is NaN), `below` elsewhere."""
    return array_namespace(z).where(z <= 0, below, above)


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Identity(),
        Sigmoid(),
        Tanh(),
        ReLU(),
        LeakyReLU(),
        ELU(),
        SELU(),
        GELU(),
        SiLU(),
        Softplus(),
        Mish(),
        Exponential(),
        Softmax(),
    )
}
"""Every activation by name: the one table that networks, engines and tests walk."""


def find_activation(name: str) -> Activation:
    """The activation called `name`; `softmax:3,4` is a softmax in groups of so many outputs.

    Errors: `LimpidError` for an unknown name (with the nearest), or groups that cannot be.
    """
    kind, colon, sizes = str(name).partition(":")
    activation = choose("activation", kind if colon else name, ACTIVATIONS)
    if not colon:
        return activation
    if not isinstance(activation, Softmax):
        raise LimpidError(f"the activation {kind!r} has no groups, got {name!r}")
    try:
        return Softmax(tuple(int(size) for size in sizes.split(",")))
    except ValueError as error:
        raise LimpidError(f"unusable activation {name!r}: {error}") from None
