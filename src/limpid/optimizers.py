"""Optimizers: how far each weight moves for its slope. State in, state out; nothing is kept aside.

One formula for one array w and its slope g; `slots` are the arrays of w's shape that the optimizer remembers from
step to step (all 0 at first), `step` counts from 1, `rate` is the learning rate of this step.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, final

from array_api_compat import array_namespace, device

from limpid.activations import Array
from limpid.errors import LimpidError, choose
from limpid.network import Network, Parameters

Slots: TypeAlias = dict[str, Parameters]
"""What an optimizer remembers: for each of its slots, arrays named and shaped like the parameters."""


def _check_share(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise LimpidError(f"{name} must be at least 0 and below 1, got {value!r}")


class Optimizer(ABC):
    """A rule that turns slopes into steps."""

    name: ClassVar[str]
    slots: ClassVar[tuple[str, ...]] = ()
    default_rate: ClassVar[float]
    """The learning rate where the user leaves it open."""

    @abstractmethod
    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        """The new w and slots. `decays` says whether weight decay acts on this array (not on biases)."""

    def init(self, parameters: Parameters) -> Slots:
        """Slots for a start from `parameters`: zeros."""
        # not like w: zeros that nobody wrote take neither time nor memory until somebody does
        return {
            slot: {
                name: array_namespace(w).zeros(w.shape, dtype=w.dtype, device=device(w))
                for name, w in parameters.items()
            }
            for slot in self.slots
        }

    @final
    def update(
        self, network: Network, parameters: Parameters, slopes: Parameters, slots: Slots, rate: float, step: int
    ) -> tuple[Parameters, Slots]:
        """One step of every array."""
        moved: Parameters = {}
        remembered: Slots = {slot: {} for slot in self.slots}
        for name, w in parameters.items():
            memory = tuple(slots[slot][name] for slot in self.slots)
            moved[name], memory = self.move(w, slopes[name], memory, rate, step, network.decays(name))
            for slot, array in zip(self.slots, memory, strict=True):
                remembered[slot][name] = array
        return moved, remembered


@final
@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """w - rate g: the classical one."""

    name = "gradient_descent"
    default_rate = 0.1

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        return w - rate * g, ()


@final
@dataclass(frozen=True)
class Momentum(Optimizer):
    """v = momentum v - rate g; w + v (Polyak 1964)."""

    momentum: float = 0.9

    name = "momentum"
    slots = ("velocity",)
    default_rate = 0.01

    def __post_init__(self) -> None:
        if not 0 <= self.momentum <= 1:
            raise LimpidError(f"momentum must lie between 0 and 1, got {self.momentum!r}")

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        v = self.momentum * slots[0] - rate * g
        return w + v, (v,)


@final
@dataclass(frozen=True)
class Nesterov(Optimizer):
    """v = momentum v - rate g; w + momentum v - rate g (Nesterov 1983, as in Sutskever et al. 2013)."""

    momentum: float = 0.9

    name = "nesterov"
    slots = ("velocity",)
    default_rate = 0.01

    def __post_init__(self) -> None:
        if not 0 <= self.momentum <= 1:
            raise LimpidError(f"momentum must lie between 0 and 1, got {self.momentum!r}")

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        v = self.momentum * slots[0] - rate * g
        return w + (self.momentum * v - rate * g), (v,)


@final
@dataclass(frozen=True)
class RMSProp(Optimizer):
    """s = decay s + (1 - decay) g^2; w - rate g / (sqrt(s) + epsilon) (Hinton, lecture 6e, 2012)."""

    decay: float = 0.9
    epsilon: float = 1e-8

    name = "rmsprop"
    slots = ("square",)
    default_rate = 0.001

    def __post_init__(self) -> None:
        _check_share("decay", self.decay)

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        s = self.decay * slots[0] + (1 - self.decay) * g * g
        return w - rate * g / (array_namespace(w).sqrt(s) + self.epsilon), (s,)


@final
@dataclass(frozen=True)
class Adam(Optimizer):
    """m, s: running means of g and g^2; w - rate m^ / (sqrt(s^) + epsilon) (Kingma, Ba 2015, algorithm 1).

    m^ and s^ are m and s freed of their start at 0. With `epsilon_before_correction` epsilon is added to sqrt(s)
    instead (the order at the end of the paper's section 2, which scikit-learn follows).
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    epsilon_before_correction: bool = False

    name = "adam"
    slots = ("mean", "square")
    default_rate = 0.001

    def __post_init__(self) -> None:
        _check_share("beta_1", self.beta_1)
        _check_share("beta_2", self.beta_2)

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        m = self.beta_1 * slots[0] + (1 - self.beta_1) * g
        s = self.beta_2 * slots[1] + (1 - self.beta_2) * g * g
        correction = (1 - self.beta_2**step) ** 0.5
        epsilon = self.epsilon / correction if self.epsilon_before_correction else self.epsilon
        root = array_namespace(w).sqrt(s) / correction + epsilon
        return w - rate / (1 - self.beta_1**step) * m / root, (m, s)


@final
@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam on weights that first shrink by the factor 1 - rate weight_decay (Loshchilov, Hutter 2019, algorithm 2)."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    name = "adamw"
    slots = ("mean", "square")
    default_rate = 0.001

    def __post_init__(self) -> None:
        _check_share("beta_1", self.beta_1)
        _check_share("beta_2", self.beta_2)

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        shrunk = (1 - rate * self.weight_decay) * w if decays else w
        return Adam(self.beta_1, self.beta_2, self.epsilon).move(shrunk, g, slots, rate, step, decays)


@final
@dataclass(frozen=True)
class NAdam(Optimizer):
    """Adam that looks one step ahead along its mean, as Nesterov does (Dozat 2016, with a constant beta_1)."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name = "nadam"
    slots = ("mean", "square")
    default_rate = 0.001

    def __post_init__(self) -> None:
        _check_share("beta_1", self.beta_1)
        _check_share("beta_2", self.beta_2)

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        m = self.beta_1 * slots[0] + (1 - self.beta_1) * g
        s = self.beta_2 * slots[1] + (1 - self.beta_2) * g * g
        ahead = self.beta_1 / (1 - self.beta_1 ** (step + 1)) * m + (1 - self.beta_1) / (1 - self.beta_1**step) * g
        root = array_namespace(w).sqrt(s) / (1 - self.beta_2**step) ** 0.5 + self.epsilon
        return w - rate * ahead / root, (m, s)


@final
@dataclass(frozen=True)
class Lion(Optimizer):
    """w - rate (sign(beta_1 m + (1 - beta_1) g) + weight_decay w); m = beta_2 m + (1 - beta_2) g (Chen et al. 2023)."""

    beta_1: float = 0.9
    beta_2: float = 0.99
    weight_decay: float = 0.0

    name = "lion"
    slots = ("mean",)
    default_rate = 0.0001

    def __post_init__(self) -> None:
        _check_share("beta_1", self.beta_1)
        _check_share("beta_2", self.beta_2)

    def move(
        self, w: Array, g: Array, slots: tuple[Array, ...], rate: float, step: int, decays: bool
    ) -> tuple[Array, tuple[Array, ...]]:
        direction = array_namespace(w).sign(self.beta_1 * slots[0] + (1 - self.beta_1) * g)
        shrunk = (1 - rate * self.weight_decay) * w if decays else w
        return shrunk - rate * direction, (self.beta_2 * slots[0] + (1 - self.beta_2) * g,)


OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        GradientDescent(),
        Momentum(),
        Nesterov(),
        RMSProp(),
        Adam(),
        AdamW(),
        NAdam(),
        Lion(),
    )
}
"""Every stochastic optimizer by name, with its usual numbers: the one table that engines and tests walk."""


def find_optimizer(name: str) -> Optimizer:
    """The optimizer called `name`; `LimpidError` names the nearest where there is none."""
    return choose("optimizer", name, OPTIMIZERS)
