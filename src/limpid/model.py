"""The trained thing: a network with its numbers, and all that is needed to use it on raw inputs."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.backprop import Gradients, Trace
from limpid.encoder import Scaling, check_targets, decode_answers, encode_answers, encode_labels
from limpid.engines import Engine, Examples, State, all_finite, find_engine, is_sparse, plain
from limpid.errors import LimpidError
from limpid.framing import Framing
from limpid.network import Network, Parameters
from limpid.table_encoder import TableEncoder
from limpid.training import Epoch


class Origin(NamedTuple):
    """What a model learned from, and how its training was set and ended."""

    source: str = "arrays"
    fingerprint: str = ""
    """`Dataset.fingerprint` of all rows, empty where there was no data set."""
    rows_train: int = 0
    """Rows learned from, those that were only watched included."""
    rows_validation: int = 0
    rows_test: int = 0
    stopped_because: str = "not trained"
    seconds_training: float = 0.0
    cost_train: float | None = None
    """On the rows learned from, without a penalty."""
    slope: float | None = None
    """Norm of the full gradient where training ended."""
    recipe: dict[str, Any] = {}
    """Plain values: `Recipe`'s choices, or an estimator's parameters."""


@dataclass
class Model:
    """A network that has learned something.

    Inputs are given as users have them (pixels 0..255, measurements); `input_scaling` makes them what the network
    saw in training. Outputs of a regression are scaled back by `target_scaling`.
    """

    network: Network
    parameters: Parameters
    task: str
    """"classification", "multilabel", "multioutput" (several answers a row, with classes each) or "regression"."""
    input_scaling: Scaling
    target_scaling: Scaling
    classes: NDArray[Any] | None = None
    """(classes,) sorted labels of a classification."""
    several_classes: tuple[NDArray[Any], ...] = ()
    """For each of several answers a row (classes,) its sorted labels."""
    features: tuple[str, ...] = ()
    """A name for each of the network's inputs; empty where they have none."""
    targets: tuple[str, ...] = ()
    """A name for each target."""
    image_shape: tuple[int, int] | None = None
    """(height, width) where inputs are pixels."""
    encoder: TableEncoder | None = None
    """What makes inputs of a table's columns; None where rows of numbers are given."""
    framing: Framing | None = None
    """How pictures lie in their frame, where inputs are pixels and it is known."""
    history: list[Epoch] = field(default_factory=list)
    """What each epoch of the training came to."""
    path: list[Parameters] | None = None
    """The parameters before the first epoch of `history` and after each; kept on request, by `keep_path`."""
    origin: Origin = field(default_factory=Origin)
    """What it learned from and how."""
    state: State | None = None
    """Where the descent stood, to go on from; kept on request."""
    engine: str = "native"
    """The engine that computes."""
    threads: int | None = None
    """Processor cores that it may use; None for what it does best with."""

    def predict(self, X: Any) -> NDArray[Any]:
        """Answers for X (rows, inputs), dense or of SciPy's sparse kinds, or for one row (inputs,).

        Of a model that learned from a table, X is one here and below: a data frame of pandas, polars or pyarrow, or a
        mapping of column names to cells, to one cell each for a single row.
        Labels (rows,) for a classification, or (rows, answers) for several; 0 or 1 (rows, labels) for several labels;
        numbers (rows,) or (rows, outputs) for a regression. Errors: `LimpidError` for a wrong shape or a number that
        is not finite.
        """
        return self.answers(self.outputs(X))

    def answers(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """What `predict` makes of the output layer's activations (rows, outputs)."""
        if self.classes is not None:
            codes = outputs[:, 0] > 0.5 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
            return self.classes[codes.astype(np.int64)]
        if self.several_classes:
            return decode_answers(outputs, self.several_classes)
        if self.task == "multilabel":
            return (outputs > 0.5).astype(np.int64)
        numbers = self.target_scaling.undo(outputs)
        return numbers[:, 0] if numbers.shape[1] == 1 else numbers

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """The probability of each class (rows, classes), or of each label (rows, labels), for X (rows, inputs).

        Of several answers a row the classes of all stand side by side.
        Sigmoid outputs for several classes are divided by their sum. Errors: `LimpidError` for a regression, or
        an output activation that gives no probabilities.
        """
        if self.task == "regression":
            raise LimpidError("predict_proba needs a classification; this model predicts numbers, use predict")
        output = self.network.output
        if output.range != (0.0, 1.0):
            raise LimpidError(f"predict_proba needs a softmax or sigmoid output, this is {output.name!r}")
        return self.probabilities(self.outputs(X))

    def probabilities(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """What `predict_proba` makes of the output layer's activations (rows, outputs)."""
        if self.task in {"multilabel", "multioutput"} or self.network.output.kind == "softmax":
            return outputs
        if outputs.shape[1] == 1:
            return np.concatenate([1 - outputs, outputs], axis=1)
        total = outputs.sum(axis=1, keepdims=True)
        return np.where(total > 0, outputs / np.where(total > 0, total, 1), 1 / outputs.shape[1])

    def outputs(self, X: Any) -> NDArray[Any]:
        """The output layer's activations (rows, outputs) for X (rows, inputs)."""
        outputs: NDArray[Any] = self._asked(*self._predictor, X)
        return outputs

    def logits(self, X: Any) -> NDArray[Any]:
        """The output layer's weighted sums (rows, outputs) for X (rows, inputs)."""
        engine, network = self._engine, self.network.linear
        logits: NDArray[Any] = self._asked(partial(engine.predict, network, self.parameters), engine.checks, X)
        return logits

    def cooled(self, temperature: float) -> "Model":
        """The same with its `logits` divided by `temperature`, by way of the last layer's weights and biases."""
        last = len(self.network.layers)
        scaled = {
            name: (self.parameters[name] / temperature).astype(self.dtype, copy=False)
            for name in (f"W{last}", f"b{last}")
        }
        return replace(self, parameters={**self.parameters, **scaled})

    def trace(self, X: Any) -> Trace:
        """What every activation sees, z, and makes of it, a, for X (rows, inputs); a[0] are the scaled inputs.

        z are a layer's weighted sums, or what its normalisation makes of them.
        """
        engine = self._engine
        found = self._asked(partial(engine.trace, self.network, self.parameters), engine.checks, X)
        return Trace(found.z, [plain(found.a[0], self.dtype), *found.a[1:]])

    def gradients(self, X: Any, y: ArrayLike) -> Gradients:
        """The cost of X (rows, inputs) with answers y, every delta, and the slope along every weight and bias.

        y as `predict` answers. Errors: `LimpidError` where X or y do not fit.
        """
        examples = self.examples(X, y)
        return self._engine.gradients(self.network, self.parameters, examples)

    def examples(self, X: Any, y: ArrayLike) -> Examples:
        """X (rows, inputs) and answers y as the network computes with them."""
        scaled = self._scaled(X)
        self._check_finite(X, scaled)
        return Examples(scaled, self._targets(np.asarray(y), scaled.shape[0]))

    def inputs(self, X: Any) -> NDArray[Any]:
        """X (rows, inputs) as the network sees it: scaled or encoded, a plain array of its `dtype`."""
        scaled = self._scaled(X)
        self._check_finite(X, scaled)
        found: NDArray[Any] = plain(scaled, self.dtype)
        return found

    @property
    def dtype(self) -> Any:
        return self.parameters["W1"].dtype

    def _levels_told(self) -> str:
        """What several outputs for one number are, where they are its quantiles."""
        levels = len(self.network.cost.removeprefix("quantile:").split(","))
        return f", each number once for each of its {levels} quantiles" if levels > 1 else ""

    @property
    def _predictor(self) -> tuple[Callable[[Any], NDArray[Any]], bool]:
        """What answers, kept while it is made of the same things; and whether it looks for numbers not finite."""
        made_of = (id(self.network), self.engine, self.threads, *map(id, self.parameters.values()))
        kept = self.__dict__.get("_kept")
        if kept is None or kept[0] != made_of:
            engine = self._engine
            predictor = engine.predictor(self.network, self.parameters), engine.checks
            kept = made_of, predictor, self.network, list(self.parameters.values())  # alive: nothing else has their id
            self.__dict__["_kept"] = kept
        return kept[1]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_kept"}

    @property
    def _engine(self) -> Engine:
        return find_engine(self.engine, self.threads)

    def _asked(self, answer: Callable[[Any], Any], checks: bool, X: Any) -> Any:
        """What an engine's function answers to X, which has to be finite: whoever looks first, says so by name."""
        scaled = self._scaled(X)
        if not checks:
            self._check_finite(X, scaled)
        try:
            return answer(scaled)
        except ValueError:
            self._check_finite(X, scaled)
            raise

    def _check_finite(self, X: Any, scaled: Any) -> None:
        if all_finite(scaled):
            return
        row, column = np.argwhere(~np.isfinite(plain(scaled, self.dtype)))[0]
        given = X if is_sparse(X) else np.reshape(X, scaled.shape)
        raise LimpidError(f"inputs must be finite, got {given[row, column]} in row {row}, column {column}")

    def _scaled(self, X: Any) -> Any:
        """X as the engine reads it."""
        if self.encoder is not None:
            return self.encoder.encode(X, self.dtype)
        if is_sparse(X):
            if X.ndim != 2 or X.shape[1] != self.network.inputs or not X.shape[0]:
                raise LimpidError(f"inputs must be rows of {self.network.inputs} numbers, got shape {X.shape}")
            return self.input_scaling.inputs(X, self.dtype)
        values = rows_of_numbers(X)
        if self.image_shape and values.ndim > 1 and values.shape[-2:] == self.image_shape:
            values = values.reshape(-1, self.network.inputs)
        values = values[None, :] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[1] != self.network.inputs or not len(values):
            raise LimpidError(f"inputs must be rows of {self.network.inputs} numbers, got shape {np.shape(X)}")
        return self.input_scaling.inputs(values, self.dtype)

    def _targets(self, y: NDArray[Any], rows: int) -> NDArray[Any]:
        y = y[None] if y.ndim == 0 else y
        if len(y) != rows:
            raise LimpidError(f"{rows} rows of inputs need as many answers, got {len(y)}")
        if self.classes is not None:
            if y.ndim != 1:
                raise LimpidError(f"answers must be one label for each row, got shape {y.shape}")
            return encode_labels(y, self.classes, self.network.outputs, self.dtype)
        y = y.reshape(rows, -1)
        if self.several_classes:
            if y.shape[1] != len(self.several_classes):
                raise LimpidError(f"{len(self.several_classes)} labels for each row are needed, got {y.shape[1]}")
            return encode_answers(y, self.several_classes, self.dtype)
        if y.dtype.kind not in "biuf" or not np.isfinite(y).all():
            odd = y.flat[0] if y.dtype.kind not in "biuf" else y[~np.isfinite(y)][0]
            raise LimpidError(f"answers must be finite numbers, got {odd!s}")
        if y.shape[1] != self.network.outputs:
            raise LimpidError(
                f"{self.network.outputs} answers for each row are needed{self._levels_told()}, got {y.shape[1]}"
            )
        targets = self.target_scaling.apply(y, self.dtype)
        check_targets(self.network, targets)
        return targets


def rows_of_numbers(X: Any) -> NDArray[Any]:
    """X as an array, whatever its shape. Errors: `LimpidError` where rows differ in length or are no numbers."""
    try:
        values = np.asarray(X)
    except ValueError:
        raise LimpidError("inputs must be rows of numbers, all of one length, got rows that differ") from None
    if values.dtype.kind not in "biuf":
        raise LimpidError(f"inputs must be numbers, got {values.dtype}")
    return values
