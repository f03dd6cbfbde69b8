"""What an export is made from: a model, and some rows with what it answers to them at baseline."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.engines.inputs import is_sparse, plain
from limpid.errors import LimpidError
from limpid.exports.arithmetic import Formulas, outputs
from limpid.exports.rows import made_up
from limpid.groups import columns_of
from limpid.model import Model
from limpid.network import Layer, Network, Parameters
from limpid.table import Table

VERSION = version("limpid")


@dataclass(frozen=True)
class Subject:
    """A model to export, and the rows that go along to test what it became."""

    model: Model
    rows: NDArray[np.float64] | Table
    """As users have them: (rows, inputs) numbers, or a table's columns where the model has an encoder."""

    @property
    def network(self) -> Network:
        return self.model.network

    @property
    def dtype(self) -> Any:
        return self.model.dtype

    @property
    def gives_probabilities(self) -> bool:
        """Whether the answers to a row are probabilities, not the bare outputs of a classification."""
        return self.model.task != "regression" and self.network.output.range == (0.0, 1.0)

    @property
    def told(self) -> str:
        """What the numbers of an answer are called."""
        if self.model.task == "regression":
            return "prediction"
        return "probabilities" if self.gives_probabilities else "outputs"

    @property
    def shares(self) -> bool:
        """Whether independent probabilities of several classes are divided by their sum."""
        several = self.model.task == "classification" and self.network.outputs > 1
        return several and self.gives_probabilities and self.network.output.kind != "softmax"

    @cached_property
    def arrays(self) -> Parameters:
        """What the network computes with: parameters, 0 in place of what is too small to be normal, as to the engine.

        In place of a running variance what sums are multiplied with ("scale1" for "variance1").
        """
        formulas = Formulas(self.dtype)
        found = {name: formulas.flushed(array) for name, array in self.model.parameters.items()}
        return {
            name.replace("variance", "scale"): formulas.scale_of(array) if name.startswith("variance") else array
            for name, array in found.items()
        }

    @cached_property
    def outputs(self) -> NDArray[Any]:
        """(rows, outputs) of the network."""
        return np.asarray(outputs(self.network, self.model.parameters, self._x))

    @cached_property
    def rounding(self) -> float:
        """How much of the outputs is due to the precision: by how much they are off, at most, from those in float64."""
        exact = {name: array.astype(np.float64) for name, array in self.model.parameters.items()}
        off = outputs(self.network, exact, self._x.astype(np.float64)) - self.outputs
        return float(np.abs(off[np.isfinite(off)]).max(initial=0))

    @cached_property
    def _x(self) -> NDArray[Any]:
        """(rows, inputs) as the network reads them."""
        if isinstance(self.rows, Table):
            assert self.model.encoder is not None
            return np.asarray(plain(self.model.encoder.encode(self.rows, self.dtype), self.dtype))
        return np.asarray(self.model.input_scaling.apply(self.rows, self.dtype))

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """(rows, answers) which class each answer is; for several labels whether each is there."""
        found = self.outputs
        if self.model.task == "multilabel" or self.network.outputs == 1:
            return (found > 0.5).astype(np.int64)
        parts = columns_of([len(classes) for classes in self.model.several_classes] or [found.shape[1]], found)
        return np.stack([part.argmax(axis=1) for part in parts], axis=1)

    @property
    def labels(self) -> list[list[Any]]:
        """(rows, answers) the labels answered, each as its own kind of plain value."""
        model, codes = self.model, self.codes
        classes = model.several_classes or ((model.classes,) if model.classes is not None else ())
        columns = [each[codes[:, at]] for at, each in enumerate(classes)] if classes else codes.T
        return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    @cached_property
    def numbers(self) -> NDArray[Any]:
        """(rows, outputs) what else is answered: probabilities or outputs; of a regression the predictions, float64."""
        if self.model.task == "regression":
            return self.model.target_scaling.undo(self.outputs)
        return self.model.probabilities(self.outputs) if self.gives_probabilities else self.outputs


def subject_of(model: Any, rows: Any = None) -> Subject:
    """What is to be exported: a `Model`, or a fitted estimator's, and `rows` as `predict` takes them.

    Errors: `LimpidError` for what is not a model, one whose numbers are not finite, and unusable rows.
    """
    model = getattr(model, "model_", model)
    if not isinstance(model, Model):
        raise LimpidError(f"only a Model or a fitted estimator can be exported, got {type(model).__name__}")
    if broken := [name for name, array in model.parameters.items() if not np.isfinite(array).all()]:
        raise LimpidError(f"the model is not exported: {', '.join(broken)} hold numbers that are not finite")
    if rows is None:
        return Subject(model, made_up(model))
    if model.encoder is not None:
        return Subject(model, model.encoder.table(rows))
    model.outputs(rows)  # or refused
    return Subject(
        model, plain(rows if is_sparse(rows) else np.asarray(rows), np.float64).reshape(-1, model.network.inputs)
    )


def after_sums(layer: Layer) -> Iterator[tuple[str, int, int]]:
    """The steps between a layer's sums and what it gives on, each with the units it is for: (name, first, how many).

    "over_batch" or "over_layer" and "rescale", then "softmax" for each group or an activation's kind for all units.
    """
    if layer.normalization:
        yield f"over_{layer.normalization}", 0, layer.units
        yield "rescale", 0, layer.units
    kind, first = layer.function.kind, 0
    if kind == "softmax":
        for size in layer.function.groups or (layer.units,):
            yield kind, first, size
            first += size
    elif kind != "identity":
        yield kind, 0, layer.units
