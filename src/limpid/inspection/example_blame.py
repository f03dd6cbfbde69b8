"""Which rows that were learned from pushed an answer: by dot products of gradients that are never formed.

An example's gradient along W is a^T delta, of rank one, so that the dot product of two examples' is (a . a')(delta .
delta') in each layer. With the weights where training ended, as TracIn has it for one checkpoint (Pruthi et al. 2020).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.backprop import Trace, back_to_first, forward, through_normalization
from limpid.displays import BLUE, ORANGE
from limpid.engines import Examples, find_engine, plain
from limpid.errors import LimpidError
from limpid.inspection.result import Result, told
from limpid.inspection.subject import Floats, Subject
from limpid.model import Model
from limpid.objective import parts_of

MOST = 10


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
            {"row": at, "answer": np.asarray(self.labels)[at].tolist(), "score": float(self.scores[at])} for at in order
        ]

    def _draw(self, ax: Any) -> None:
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
    scores = [_dots(wanted, _slopes(given, part)) for part in parts_of(learned)]
    return ExampleBlame(subject, np.concatenate(scores).astype(np.float64), np.asarray(y_train), X_train)


@dataclass(frozen=True)
class _Slopes:
    """The factors of each row's gradient, layer by layer."""

    a: list[NDArray[Any]]
    """What comes in, (rows, fan_in)."""
    of_sums: list[NDArray[Any]]
    """dC/d(w a + b), (rows, units)."""
    others: list[tuple[NDArray[Any], NDArray[Any]]]
    """Slopes along gamma and beta, (rows, units) each, of the layers that have them."""
    learned: NDArray[np.bool_] | None
    """(inputs, units) of an embedding which weights are; None without one."""


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
    return _Slopes(trace.a[:-1], of_sums, others, network.embedding.learned if network.embedding else None)


def _trace(model: Model, X: Any) -> Trace:
    """By the model's engine, but where something is normalised: how, only the reference engine's page says."""
    x = plain(X, model.dtype)
    if any(layer.normalization for layer in model.network.layers):
        return forward(model.network, model.parameters, x)
    found = find_engine(model.engine, model.threads).trace(model.network, model.parameters, X)
    return found._replace(a=[x, *found.a[1:]])


def _dots(one: _Slopes, many: _Slopes) -> NDArray[Any]:
    """The dot product of the one row's gradient with that of each of many."""
    total = np.zeros(len(many.a[0]))
    for number, (a, of_sums) in enumerate(zip(many.a, many.of_sums, strict=True)):
        if number == 0 and one.learned is not None:
            # of an embedding only some weights are learned: those of a column lead to its own units
            total += np.einsum("ri,rj,ij->r", a, of_sums, one.a[0].T * one.of_sums[0] * one.learned, optimize=True)
            continue
        total += (a @ one.a[number][0] + 1) * (of_sums @ one.of_sums[number][0])
    for (gamma, beta), (other_gamma, other_beta) in zip(one.others, many.others, strict=True):
        total += other_gamma @ gamma[0] + other_beta @ beta[0]
    return total
