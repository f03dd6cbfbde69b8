"""What a network is, without its numbers: how many inputs, which layers, which cost.

Arrays live apart, in `Parameters`, under textbook names: layer 1 (the first hidden one) owns "W1" and "b1".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import prod
from numbers import Integral
from typing import Any, ClassVar, TypeAlias

from limpid.activations import ACTIVATIONS, Activation, Array, find_activation
from limpid.costs import COSTS, Cost, find_cost
from limpid.errors import LimpidError
from limpid.normalization import find_normalization

Parameters: TypeAlias = dict[str, Array]
"""Named arrays: "W1" (fan_in, fan_out), "b1" (fan_out,), "W2", ... in the order of the layers."""

LARGEST_LAYER = 2**31 - 1


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: a = f(z), z = a_previous W + b.

    `units` neurons, `activation` by name; with a `normalization`, also by name, z is what that makes of these sums.
    """

    units: int
    activation: str
    normalization: str | None = None

    decayed: ClassVar[frozenset[str]] = frozenset({"W"})
    """The kinds of array that L2 and weight decay pull to zero; all others are left out."""

    def __post_init__(self) -> None:
        _check_count("a layer's number of neurons", self.units)
        object.__setattr__(self, "units", int(self.units))  # NumPy's integers are welcome, but files want plain ones
        groups = self.function.groups
        if groups and sum(groups) != self.units:
            raise LimpidError(f"{self.activation!r} has {sum(groups)} outputs in its groups, the layer {self.units}")
        if self.normalization is not None:
            find_normalization(self.normalization)

    def shapes(self, fan_in: int) -> dict[str, tuple[int, ...]]:
        """The arrays that the layer owns, by kind, when `fan_in` numbers come in."""
        more = () if self.normalization is None else find_normalization(self.normalization).arrays
        return {"W": (fan_in, self.units), **dict.fromkeys(("b", *more), (self.units,))}

    @property
    def function(self) -> Activation:
        return find_activation(self.activation)

    def __str__(self) -> str:
        """What its neurons do: "relu", "relu over batch"."""
        return self.activation if self.normalization is None else f"{self.activation} over {self.normalization}"


@dataclass(frozen=True)
class Network:
    """A chain of layers over `inputs` numbers, and the cost that training makes small.

    Errors: `LimpidError` for a size that is not a positive integer, an unknown name, an activation that only
    outputs can have in a hidden layer, normalised outputs, or a cost that the output activation or the number of
    outputs does not fit.
    """

    inputs: int
    layers: tuple[Dense, ...]
    cost: str

    def __post_init__(self) -> None:
        _check_count("the number of inputs", self.inputs)
        if not self.layers:
            raise LimpidError("a network needs at least one layer, got none")
        for layer in self.layers[:-1]:
            if not layer.function.hidden:
                raise LimpidError(
                    f"a hidden layer cannot use {layer.activation!r}: it is for outputs; "
                    f"choose one of {', '.join(hidden_activations())}"
                )
        if self.layers[-1].normalization is not None:
            raise LimpidError(f"outputs are not normalised, got {self.layers[-1].normalization!r} for the last layer")
        _check_output(self.layers[-1], self.cost_function)

    @property
    def output(self) -> Activation:
        """The last layer's activation."""
        return self.layers[-1].function

    @property
    def linear(self) -> "Network":
        """The same without the output activation."""
        layers = (*self.layers[:-1], replace(self.layers[-1], activation="identity"))
        return replace(self, layers=layers, cost="squared_error")

    @property
    def cost_function(self) -> Cost:
        return find_cost(self.cost)

    @property
    def outputs(self) -> int:
        return self.layers[-1].units

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, hidden layers, outputs: (784, 128, 10)."""
        return (self.inputs, *(layer.units for layer in self.layers))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every array's name and shape, in order: the one table that engines, files and inspection walk."""
        return {
            f"{kind}{number}": shape
            for number, (fan_in, layer) in enumerate(zip(self.widths, self.layers, strict=False), start=1)
            for kind, shape in layer.shapes(fan_in).items()
        }

    def decays(self, name: str) -> bool:
        """Whether L2 and weight decay act on the array called `name`."""
        kind = name.rstrip("0123456789")
        return kind in self.layers[int(name[len(kind) :]) - 1].decayed

    @property
    def over_batch(self) -> bool:
        """Whether a layer is normalised over batches, so that the rows of one cannot be computed apart in training."""
        return any(layer.normalization == "batch" for layer in self.layers)

    def count(self) -> int:
        """The number of weights, biases and all else that layers own."""
        return sum(prod(shape) for shape in self.shapes().values())

    def describe(self) -> dict[str, Any]:
        """Plain values that `from_description` reads back."""
        layers = [{"kind": "dense", **asdict(layer)} for layer in self.layers]
        return {"inputs": self.inputs, "layers": layers, "cost": self.cost}

    @staticmethod
    def from_description(description: Mapping[str, Any]) -> "Network":
        """The network that `describe` described; `LimpidError` where it describes none."""
        try:
            layers = [
                # files of before there was normalisation lack it
                (layer["kind"], Dense(layer["units"], layer["activation"], layer.get("normalization")))
                for layer in description["layers"]
            ]
            inputs, cost = description["inputs"], description["cost"]
        except (KeyError, TypeError) as error:
            raise LimpidError(f"a network's description lacks {error}") from None
        if unknown := {kind for kind, _ in layers} - {"dense"}:
            raise LimpidError(f"unknown kind of layer {', '.join(map(repr, unknown))}; this version knows 'dense'")
        return Network(inputs, tuple(layer for _, layer in layers), cost)

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.widths))} ({', '.join(dict.fromkeys(map(str, self.layers)))}; {self.cost})"


def dense_network(
    inputs: int,
    hidden: Iterable[int],
    outputs: int,
    activation: str | Sequence[str] = "relu",
    output: str = "softmax",
    cost: str | None = None,
    normalization: str | None = None,
) -> Network:
    """A network of dense layers.

    `inputs` numbers in, one hidden layer for each number in `hidden`, `outputs` numbers out. `activation` is one
    name for all hidden layers, or one a layer. `cost` is the one that `output` goes with where it is left open.
    `normalization` is all hidden layers'.
    """
    hidden = tuple(hidden)
    each = (activation,) * len(hidden) if isinstance(activation, str) else tuple(activation)
    if len(each) != len(hidden):
        raise LimpidError(f"one activation for each hidden layer is needed: {len(hidden)} layers, got {len(each)}")
    layers = [Dense(units, name, normalization) for units, name in zip(hidden, each, strict=True)]
    return Network(inputs, (*layers, Dense(outputs, output)), cost or natural_cost(output))


def natural_cost(output: str) -> str:
    """The cost that the output activation called `output` matches, squared error where it matches none."""
    activation = find_activation(output)
    return next((cost.name for cost in COSTS.values() if cost.matching == activation.kind), "squared_error")


def hidden_activations() -> list[str]:
    """The names that a hidden layer can use."""
    return [name for name, activation in ACTIVATIONS.items() if activation.hidden]


def _check_output(layer: Dense, cost: Cost) -> None:
    if not cost.accepts(layer.function):
        fitting = [name for name, activation in ACTIVATIONS.items() if cost.accepts(activation)]
        raise LimpidError(
            f"the cost {cost.name!r} is not defined for the output activation {layer.activation!r}: "
            f"it needs {' or '.join(map(repr, fitting))}"
        )
    if len(cost.numbers) > 1 and len(cost.numbers) != layer.units:
        raise LimpidError(
            f"the cost {cost.name!r} needs {len(cost.numbers)} outputs, one for each number, got {layer.units}"
        )


def _check_count(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or not 0 < int(value) <= LARGEST_LAYER:
        raise LimpidError(f"{what} must be a positive integer, got {value!r}")
