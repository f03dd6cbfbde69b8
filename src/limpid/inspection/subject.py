"""What is looked at: a model's network in float64, whatever it learned in, and the names of all its parts."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.backprop import Trace, forward, of_inputs, towards_inputs
from limpid.encoder import Scaling
from limpid.engines import Examples, plain
from limpid.errors import LimpidError, listed, nearest
from limpid.model import Model
from limpid.network import Network, Parameters, kind_and_layer

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """A `Model` to look into. Layers are counted from 1, neurons, outputs and examples from 0."""

    model: Model
    """The same in float64, computed by the reference engine."""
    given: Model
    """As it was given: quicker, in its own precision."""

    @staticmethod
    def of(model: Any) -> "Subject":
        """From a `Model`, or a fitted estimator's. Errors: `LimpidError` for anything else."""
        found = getattr(model, "model_", model)
        if not isinstance(found, Model):
            raise LimpidError(f"a Model or a fitted estimator is needed, got {type(model).__name__}")
        return Subject(replace(found, parameters=exact(found.parameters), engine="reference"), found)

    @property
    def network(self) -> Network:
        return self.model.network

    @property
    def parameters(self) -> Parameters:
        """In float64."""
        return self.model.parameters

    @property
    def depth(self) -> int:
        """The number of layers, the output layer and an embedding included: the number of the last one."""
        return len(self.network.layers)

    @cached_property
    def hidden(self) -> tuple[int, ...]:
        """The numbers of the hidden layers."""
        return tuple(range(1 + (self.network.embedding is not None), self.depth))

    def x(self, X: Any) -> Floats:
        """X (rows, inputs) as the network sees it. Errors: `LimpidError` where it does not fit."""
        return self._within(X, self.model.inputs(X))

    def examples(self, X: Any, y: ArrayLike) -> Examples:
        """X (rows, inputs) and answers y, one a row, as the network computes with them; X is a plain array."""
        found = self.model.examples(X, y)
        return found._replace(X=self._within(X, plain(found.X, np.float64)))

    def _within(self, X: Any, x: Floats) -> Floats:
        """x, which is X as the network sees it. Errors: `LimpidError` where its own precision cannot hold it."""
        if self.given.dtype != np.float64 and max(x.max(), -x.min()) > np.finfo(self.given.dtype).max:
            self.given.inputs(X)
        return x

    def trace(self, x: Floats) -> Trace:
        """Every z and a for x (rows, inputs), as the network sees them."""
        return forward(self.network, self.parameters, x)

    def behind(self, layer: int) -> "Subject":
        """What follows a layer, as a network of its own whose inputs are that layer's activations."""
        parameters = {}
        for name, array in self.parameters.items():
            kind, number = kind_and_layer(name)
            if number > layer:
                parameters[f"{kind}{number - layer}"] = array
        units, layers = self.network.layers[layer - 1].units, self.network.layers[layer:]
        network = replace(self.network, inputs=units, layers=layers)
        model = replace(
            self.model,
            network=network,
            parameters=parameters,
            input_scaling=Scaling.none(units),
            features=(),
            image_shape=None,
            encoder=None,
        )
        return Subject(model, model)

    def slopes(self, trace: Trace, layer: int, of_z: Floats) -> list[Floats]:
        """`towards_inputs` from the z of `layer`."""
        return towards_inputs(self.network, self.parameters, trace, layer, of_z)

    def of_activations(self, trace: Trace, of_z: list[Floats]) -> list[Floats]:
        """The slopes of each row's number along x and each hidden a, [of x, of a1, ...], from those along every z."""
        return [
            of_inputs(self.network, self.parameters, trace, number, each) for number, each in enumerate(of_z, start=1)
        ]

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """A name for each input, as the network sees them."""
        if self.model.features:
            return self.model.features
        if self.model.image_shape:
            _, width = self.model.image_shape
            return tuple(f"pixel {at // width},{at % width}" for at in range(self.network.inputs))
        return tuple(f"input {at}" for at in range(self.network.inputs))

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The columns of the table that it learned from; the inputs where there was none."""
        return self.model.encoder.inputs if self.model.encoder else self.input_names

    def by_column(self, values: Floats) -> Floats:
        """(rows, inputs) summed over the inputs that one column became: (rows, columns)."""
        if self.model.encoder is None:
            return values
        owners = self.model.encoder.owners
        firsts = np.flatnonzero(np.diff(owners, prepend=-1))
        found: Floats = np.add.reduceat(values, firsts, axis=1)
        return found

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """A name for each output: its class, label or target; of one output for two classes the second."""
        outputs, model = self.network.outputs, self.model
        if model.classes is not None:
            return tuple(map(str, model.classes[-outputs:]))
        if model.several_classes:
            return tuple(str(each) for classes in model.several_classes for each in classes)
        return model.targets or tuple(f"output {at}" for at in range(outputs))

    def output(self, target: Any) -> tuple[int, float]:
        """The place of the output that `target` names, and 1.0; -1.0 where it is one that speaks against the class.

        `target` is a class, or the name of a label or number, or else an output's place. Errors: `LimpidError` that
        says what there is.
        """
        classes = self.model.classes
        if classes is not None:
            at = np.flatnonzero(classes.astype(str) == str(target))
            if not len(at):
                known = listed(list(map(str, classes)))
                raise LimpidError(
                    f"{target!r} is none of the classes{nearest(str(target), map(str, classes))}: {known}"
                )
            return (0, 1.0 if at[0] else -1.0) if self.network.outputs == 1 else (int(at[0]), 1.0)
        if isinstance(target, str) and self.output_names.count(target) == 1:
            return self.output_names.index(target), 1.0
        if isinstance(target, int | np.integer) and 0 <= target < self.network.outputs:
            return int(target), 1.0
        raise LimpidError(
            f"{target!r} is no output: it must be one of {listed(self.output_names)}, "
            f"or a place from 0 to {self.network.outputs - 1}"
        )

    def layer_name(self, layer: int) -> str:
        """ "hidden layer 1", "output layer", or "embedding"."""
        if layer == self.depth:
            return "output layer"
        return f"hidden layer {self.hidden.index(layer) + 1}" if layer in self.hidden else "embedding"

    def called(self, layer: int) -> str:
        """Its name within a sentence: "hidden layer 1", "the output layer"."""
        return ("" if layer in self.hidden else "the ") + self.layer_name(layer)

    def unit_name(self, layer: int, unit: int) -> str:
        """ "neuron 5 of hidden layer 1", or the name of an output."""
        return self.output_names[unit] if layer == self.depth else f"neuron {unit} of {self.layer_name(layer)}"

    def names_before(self, layer: int) -> list[str]:
        """Those of what comes into a layer: the inputs, or the neurons of the layer before."""
        if layer == 1:
            return list(self.input_names)
        return [self.unit_name(layer - 1, unit) for unit in range(self.network.layers[layer - 2].units)]

    def check_row(self, row: Any, rows: int) -> int:
        """The place of one of so many examples. Errors: `LimpidError` with the valid range."""
        if isinstance(row, bool) or not isinstance(row, int | np.integer) or not 0 <= row < rows:
            raise LimpidError(f"there is no row {row!r}: they go from 0 to {rows - 1}")
        return int(row)

    def check_layer(self, layer: Any, hidden: bool = False) -> int:
        """The number of a layer, of a `hidden` one where that is asked. Errors: `LimpidError` with the valid range."""
        valid = self.hidden if hidden else tuple(range(1, self.depth + 1))
        if not valid:
            raise LimpidError(f"a hidden layer is needed, {self.network} has none")
        if isinstance(layer, bool) or not isinstance(layer, int | np.integer) or layer not in valid:
            kind = "hidden layer" if hidden else "layer"
            raise LimpidError(f"there is no {kind} {layer!r}: they go from {valid[0]} to {valid[-1]}")
        return int(layer)

    def check_unit(self, layer: Any, unit: Any) -> tuple[int, int]:
        """A layer's number and a neuron's place in it. Errors: `LimpidError` with the valid range."""
        layer = self.check_layer(layer)
        units = self.network.layers[layer - 1].units
        if isinstance(unit, bool) or not isinstance(unit, int | np.integer) or not 0 <= unit < units:
            raise LimpidError(f"there is no neuron {unit!r} in layer {layer}: they go from 0 to {units - 1}")
        return layer, int(unit)


def exact(parameters: Parameters) -> Parameters:
    """The same in float64."""
    return {name: array.astype(np.float64) for name, array in parameters.items()}
