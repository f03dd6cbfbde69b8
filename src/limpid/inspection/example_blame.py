"""Which rows that were learned from pushed an answer: by dot products of gradients that are never formed.

An example's gradient along W is a^T delta, of rank one, so that the dot product of two examples' is (a . a')(delta .
delta') in each layer. With the weights where training ended, as TracIn has it for one checkpoint (Pruthi et al. 2020).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.backprop import Trace, back_to_first, forward, through_normalization
from limpid.displays import BLUE, ORANGE
from limpid.engines import Examples, find_engine, plain
from limpid.errors import LimpidError
from limpid.inspection.arguments import check_finite
from limpid.inspection.pictures import draw_pictures, in_grey
from limpid.inspection.result import Result, told
from limpid.inspection.subject import Floats, Subject
from limpid.model import Model
from limpid.network import dense_network
from limpid.objective import parts_of

MOST = 10
MOST_PICTURES = 6


@dataclass
class ExampleBlame(Result):
    """What each row learned from has to do with the cost of one or several others."""

    subject: Subject
    scores: Floats
    """(rows learned from,): by how much a small step along that row's slope lowers the cost; below 0 it raises it."""
    labels: NDArray[Any]
    """(rows learned from,) their answers."""
    X: Any
    """They themselves."""
    x: Any
    """The row asked about, as it was given."""

    @property
    def helpful(self) -> NDArray[np.int64]:
        """Places of the rows, those first that lower the cost most."""
        return np.argsort(-self.scores, kind="stable")

    @property
    def harmful(self) -> NDArray[np.int64]:
        """Places of the rows, those first that raise the cost most."""
        return np.argsort(self.scores, kind="stable")

    @property
    def words(self) -> str:
        total = float(np.abs(self.scores).sum()) or 1.0
        share = float(np.sort(np.abs(self.scores))[::-1][: max(1, len(self.scores) // 100)].sum()) / total
        best, worst = int(self.helpful[0]), int(self.harmful[0])
        found = (
            f"Of {len(self.scores):,} rows learned from, row {best} ({told(self.labels[best])}) pushed hardest towards "
            "the right answer. "
        )
        if self.scores[worst] < 0:
            found += f"Row {worst} ({told(self.labels[worst])}) pushed hardest against it. "
        return found + f"One row in a hundred has {share:.0%} of all influence."

    def to_rows(self) -> list[dict[str, Any]]:
        order = np.argsort(-np.abs(self.scores), kind="stable").tolist()
        return [
            {"row": at, "answer": np.array(self.labels[at]).tolist(), "score": float(self.scores[at])} for at in order
        ]

    def _draw(self, ax: Any) -> None:
        if self.subject.model.image_shape:
            self._draw_pictures(ax, self.subject.model.image_shape)
        else:
            self._draw_bars(ax)

    def _draw_pictures(self, ax: Any, shape: tuple[int, int]) -> None:
        rows = self.X if hasattr(self.X, "shape") else np.asarray(self.X)
        lines = [("asked about", in_grey(self.subject.x(self.x)), [""])]
        for name, order in (("lower its cost", self.helpful), ("raise its cost", self.harmful)):
            shown = order[:MOST_PICTURES]
            names = [f"{told(self.labels[at])}, row {at}" for at in shown]
            lines.append((name, in_grey(self.subject.x(rows[shown])), names))
        draw_pictures(ax, lines, shape)

    def _draw_bars(self, ax: Any) -> None:
        order = [*self.helpful[:MOST], *self.harmful[:MOST][::-1]]
        colours = [BLUE if self.scores[at] > 0 else ORANGE for at in order]
        ax.barh([f"row {at}: {told(self.labels[at])}" for at in order], self.scores[order], color=colours)
        ax.invert_yaxis()
        ax.set(xlabel="how much learning from the row lowers the cost")


def blame_examples(model: Any, x: Any, y: ArrayLike, X_train: Any, y_train: ArrayLike) -> ExampleBlame:
    """Which of the rows `X_train` (rows, inputs) with answers `y_train` pushed the answers to x with the truth y.

    Computed in the model's own precision by its own engine. Errors: `LimpidError` where rows do not fit.
    """
    subject = Subject.of(model)
    given = subject.given
    asked, learned = given.examples(x, y), given.examples(X_train, y_train)
    if len(asked.Y) > 1:
        raise LimpidError(f"one row is asked about at a time, got {len(asked.Y)}")
    wanted = _slopes(given, asked)
    first = _first_factor(given, wanted)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
        scores = [_dots(wanted, _slopes(given, part), first) for part in parts_of(learned)]
    check_finite("the influence of some rows", *scores)
    return ExampleBlame(subject, np.concatenate(scores).astype(np.float64), np.asarray(y_train), X_train, x)


@dataclass(frozen=True)
class _Slopes:
    """The factors of each row's gradient, layer by layer."""

    X: Any
    """What comes into the first layer, (rows, inputs), as engines read it."""
    a: list[NDArray[Any]]
    """What comes into each further layer, (rows, fan_in)."""
    of_sums: list[NDArray[Any]]
    """dC/d(w a + b), (rows, units)."""
    others: list[tuple[NDArray[Any], NDArray[Any]]]
    """Slopes along gamma and beta, (rows, units) each, of the layers that have them."""


def _slopes(model: Model, examples: Examples) -> _Slopes:
    network, parameters, Y = model.network, model.parameters, examples.Y
    trace = _trace(model, examples.X)
    last = network.cost_function.delta(network.output, trace.z[-1], trace.a[-1], Y)
    deltas = back_to_first(network, parameters, trace, len(network.layers), last)
    of_sums, others = [], []
    for number, (layer, delta) in enumerate(zip(network.layers, deltas, strict=True), start=1):
        of_sums.append(through_normalization(layer, parameters, trace, number, delta)[0])
        if layer.normalization is not None and (normalized := trace.normalized[number - 1]) is not None:
            others.append((delta * normalized.n_hat, delta))
    return _Slopes(examples.X, trace.a[1:-1], of_sums, others)


def _trace(model: Model, X: Any) -> Trace:
    """By the model's engine, but where something is normalised: how, only the reference engine's page says."""
    if any(layer.normalization for layer in model.network.layers):
        return forward(model.network, model.parameters, plain(X, model.dtype))
    return find_engine(model.engine, model.threads).trace(model.network, model.parameters, X)


def _first_factor(model: Model, one: _Slopes) -> Callable[[_Slopes], NDArray[Any]]:
    """By rows' slopes, what the first layer has in common with `one`'s gradient, (rows,)."""
    x = plain(one.X, model.dtype)
    embedding = model.network.embedding
    if embedding is not None:
        # of an embedding only some weights are learned: those of a column lead to its own units
        learned = x.T * one.of_sums[0] * embedding.learned
        return lambda many: np.einsum("rj,rj->r", plain(many.X, model.dtype) @ learned, many.of_sums[0])
    # a . a' + 1 as a neuron with the weights a': engines read pixels and sparse rows as they are
    neuron = dense_network(model.network.inputs, (), 1, "identity", "identity", "squared_error")
    weights = {"W1": x.T.copy(), "b1": np.ones(1, model.dtype)}
    engine = find_engine(model.engine, model.threads)
    return lambda many: engine.predict(neuron, weights, many.X)[:, 0] * (many.of_sums[0] @ one.of_sums[0][0])


def _dots(one: _Slopes, many: _Slopes, first: Callable[[_Slopes], NDArray[Any]]) -> NDArray[Any]:
    """The dot product of the one row's gradient with that of each of many."""
    total = first(many).astype(np.float64)
    for own_a, own, a, of_sums in zip(one.a, one.of_sums[1:], many.a, many.of_sums[1:], strict=True):
        total += (a @ own_a[0] + 1) * (of_sums @ own[0])
    for (gamma, beta), (other_gamma, other_beta) in zip(one.others, many.others, strict=True):
        total += other_gamma @ gamma[0] + other_beta @ beta[0]
    return total
