"""What a network is, without its numbers: how many inputs, which layers, which cost.

Arrays live apart, in `Parameters`, under textbook names: layer 1 (the first hidden one) owns "W1" and "b1".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import prod
from numbers import Integral
from typing import Any, ClassVar, TypeAlias

from limpid.activations import ACTIVATIONS, Activation, Array, find_activation
from limpid.costs import COSTS, Cost, find_cost
from limpid.embedding import LARGEST_LAYER, Embedding
from limpid.errors import LimpidError
from limpid.normalization import find_normalization

Parameters: TypeAlias = dict[str, Array]
"""Named arrays: "W1" (fan_in, fan_out), "b1" (fan_out,), "W2", ... in the order of the layers."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: a = f(z), z = a_previous W + b.

    `units` neurons, `activation` by name; with a `normalization`, also by name, z is what that makes of these sums.
    """

    units: int
    activation: str
    normalization: str | None = None

    kind: ClassVar[str] = "dense"
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


Layer: TypeAlias = Dense | Embedding


@dataclass(frozen=True)
class Network:
    """A chain of layers over `inputs` numbers, and the cost that training makes small.

    The first may be an `Embedding`, which does not count as a hidden layer. Errors: `LimpidError` for a size that is
    not a positive integer, an unknown name, an activation that only outputs can have in a hidden layer, normalised
    outputs, an embedding that is not the first layer or the only one or has other inputs, or a cost that the output
    activation or the number of outputs does not fit.
    """

    inputs: int
    layers: tuple[Layer, ...]
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
        if any(isinstance(layer, Embedding) for layer in (*self.layers[1:], self.layers[-1])):
            raise LimpidError("an embedding must be the first layer, and not the only one")
        if self.embedding and self.embedding.inputs != self.inputs:
            raise LimpidError(f"an embedding of {self.embedding.inputs} inputs does not fit {self.inputs} inputs")
        if self._last.normalization is not None:
            raise LimpidError(f"outputs are not normalised, got {self._last.normalization!r} for the last layer")
        _check_output(self._last, self.cost_function)

    @property
    def _last(self) -> Dense:
        last = self.layers[-1]
        assert isinstance(last, Dense)
        return last

    @property
    def embedding(self) -> Embedding | None:
        """The first layer, where it is one."""
        first = self.layers[0]
        return first if isinstance(first, Embedding) else None

    @property
    def hidden(self) -> tuple[Dense, ...]:
        """The hidden layers."""
        return tuple(layer for layer in self.layers[:-1] if isinstance(layer, Dense))

    @cached_property
    def output(self) -> Activation:
        """The last layer's activation."""
        return self.layers[-1].function

    @property
    def linear(self) -> "Network":
        """The same without the output activation."""
        layers = (*self.layers[:-1], replace(self._last, activation="identity"))
        return replace(self, layers=layers, cost="squared_error")

    @property
    def cost_function(self) -> Cost:
        return find_cost(self.cost)

    @property
    def outputs(self) -> int:
        return self.layers[-1].units

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, what each layer makes of them, outputs: (784, 128, 10)."""
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
        kind, number = kind_and_layer(name)
        return kind in self.layers[number - 1].decayed

    @property
    def over_batch(self) -> bool:
        """Whether a layer is normalised over batches, so that the rows of one cannot be computed apart in training."""
        return any(layer.normalization == "batch" for layer in self.layers)

    def count(self) -> int:
        """The number of weights, biases and all else that layers own, without what is fixed in an embedding."""
        numbers = sum(prod(shape) for shape in self.shapes().values())
        if self.embedding is None:
            return numbers
        return numbers - (self.inputs + 1) * self.embedding.units + self.embedding.count()

    def describe(self) -> dict[str, Any]:
        """Plain values that `from_description` reads back."""
        layers = [{"kind": layer.kind, **asdict(layer)} for layer in self.layers]
        return {"inputs": self.inputs, "layers": layers, "cost": self.cost}

    @staticmethod
    def from_description(description: Mapping[str, Any]) -> "Network":
        """The network that `describe` described; `LimpidError` where it describes none."""
        try:
            layers = tuple(_layer(layer) for layer in description["layers"])
            return Network(description["inputs"], layers, description["cost"])
        except (KeyError, TypeError) as error:
            raise LimpidError(f"a network's description lacks {error}") from None

    def __str__(self) -> str:
        inputs, first, *others = map(str, self.widths)
        widths = "-".join([f"{inputs}{'>' if self.embedding else '-'}{first}", *others])
        return f"{widths} ({', '.join(dict.fromkeys(map(str, self.layers)))}; {self.cost})"


def _layer(described: Mapping[str, Any]) -> Layer:
    kind = described["kind"]
    if kind == Dense.kind:
        # files of before there was normalisation lack it
        return Dense(described["units"], described["activation"], described.get("normalization"))
    if kind == Embedding.kind:
        columns = [tuple(column) for column in described["columns"]]
        if any(len(column) != 2 for column in columns):
            raise LimpidError(f"an embedded column is told by its first input and its size, got {columns}")
        return Embedding(described["inputs"], tuple((first, size) for first, size in columns), described["dimensions"])
    raise LimpidError(f"unknown kind of layer {kind!r}; this version knows {Dense.kind!r} and {Embedding.kind!r}")


def dense_network(
    inputs: int,
    hidden: Iterable[int],
    outputs: int,
    activation: str | Sequence[str] = "relu",
    output: str = "softmax",
    cost: str | None = None,
    normalization: str | None = None,
    embedding: Embedding | None = None,
) -> Network:
    """A network of dense layers, behind an `embedding` where there is one.

    `inputs` numbers in, one hidden layer for each number in `hidden`, `outputs` numbers out. `activation` is one
    name for all hidden layers, or one a layer. `cost` is the one that `output` goes with where it is left open.
    `normalization` is all hidden layers'.
    """
    hidden = tuple(hidden)
    each = (activation,) * len(hidden) if isinstance(activation, str) else tuple(activation)
    if len(each) != len(hidden):
        raise LimpidError(f"one activation for each hidden layer is needed: {len(hidden)} layers, got {len(each)}")
    first = () if embedding is None else (embedding,)
    layers = [Dense(units, name, normalization) for units, name in zip(hidden, each, strict=True)]
    return Network(inputs, (*first, *layers, Dense(outputs, output)), cost or natural_cost(output))


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


def kind_and_layer(name: str) -> tuple[str, int]:
    """Of an array's name: "gamma12" is gamma of layer 12."""
    kind = name.rstrip("0123456789")
    return kind, int(name[len(kind) :])
