"""Where a network errs: what it takes for what, the errors it was surest of, and the neurons to blame for each."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.backprop import gradients
from limpid.displays import ORANGE, axes
from limpid.evaluation import confusion_of, most_confused
from limpid.inspection.arguments import check_count
from limpid.inspection.pictures import draw_pictures, in_grey
from limpid.inspection.result import Result, told
from limpid.inspection.subject import Floats, Subject

WORST, BLAMED, IN_A_LINE = 20, 3, 5


@dataclass
class Error:
    """A wrong answer, or the one of a number that is far off."""

    row: int
    true: Any
    answered: Any
    cost: float
    certainty: float | None
    """The probability of the answer; None where there are no classes, or no probabilities of them."""
    blamed: list[tuple[int, int, float]]
    """(layer, neuron, delta) of the hidden neurons that are blamed most."""


@dataclass
class Confusions(Result):
    """All errors over some rows, and the worst of them."""

    subject: Subject
    matrix: NDArray[np.int64] | None
    """(classes, classes) rows with the true class down and the answered class across; None for other tasks."""
    pairs: list[tuple[Any, Any, int]]
    """(true, answered, rows), most often confused first."""
    worst: list[Error]
    """Of the highest cost first: the answers that were surest and wrong."""
    errors: int
    """Wrong answers; for numbers all rows that are off at all."""
    rows: int
    x: Floats
    """(worst, inputs) the rows of the worst errors, as the network sees them."""

    @property
    def words(self) -> str:
        found = self.summary
        if self.worst:
            first = self.worst[0]
            true, answered = told(first.true), told(first.answered)
            found += f" The worst is row {first.row}: {true} answered as {answered}, a cost of {first.cost:.3g}"
            names = [self.subject.unit_name(layer, unit) for layer, unit, _ in first.blamed]
            found += f"; most to blame: {', '.join(names)}." if names else "."
        return found

    @property
    def summary(self) -> str:
        """How many errors there are, and the most frequent kind."""
        if self.subject.model.task == "regression":
            return f"Over {self.rows:,} rows."
        found = f"{self.errors:,} of {self.rows:,} rows are answered wrongly."
        if self.pairs:
            true, answered, count = self.pairs[0]
            found += f" Most often {true} is taken for {answered}: {'once' if count == 1 else f'{count:,} times'}."
        return found

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "row": each.row,
                "true": _plain(each.true),
                "answered": _plain(each.answered),
                "cost": each.cost,
                "certainty": each.certainty,
                "blamed": ", ".join(self.subject.unit_name(layer, unit) for layer, unit, _ in each.blamed),
            }
            for each in self.worst
        ]

    def plot_worst(self, ax: Any = None) -> Self:
        """Draw the worst errors on matplotlib's Axes `ax`, or on new ones: as pictures, or by their costs.

        Errors: `LimpidError` where matplotlib is missing.
        """
        self.ax_ = axes(ax)
        self.figure_ = self.ax_.figure
        if self.subject.model.image_shape and self.worst:
            names = [f"{told(each.true)} as {told(each.answered)}" for each in self.worst]
            grey = in_grey(self.x)
            lines = [(f"{at + 1}.", grey[at : at + IN_A_LINE], names[at : at + IN_A_LINE]) for at in self._lines]
            draw_pictures(self.ax_, lines, self.subject.model.image_shape)
        else:
            self._draw_costs(self.ax_)
        return self

    @property
    def _lines(self) -> range:
        return range(0, len(self.worst), IN_A_LINE)

    def _draw_costs(self, ax: Any) -> None:
        rows = self.worst[::-1]
        ax.barh([f"row {each.row}" for each in rows], [each.cost for each in rows], color=ORANGE)
        ax.set(xlabel="cost")

    def _draw(self, ax: Any) -> None:
        if self.matrix is None:
            self._draw_costs(ax)
            return
        wrong = self.matrix - np.diag(np.diag(self.matrix))
        ax.imshow(wrong, cmap="Oranges")
        names = [str(each) for each in np.asarray(self.subject.model.classes)]
        for true, got in np.argwhere(self.matrix):
            ax.text(got, true, str(self.matrix[true, got]), ha="center", va="center", fontsize="small")
        ticks = range(len(names))
        ax.set(xlabel="answered", ylabel="true", xticks=ticks, yticks=ticks, xticklabels=names, yticklabels=names)


def confusions(model: Any, X: Any, y: ArrayLike, worst: int = WORST) -> Confusions:
    """What rows X with answers y are taken for, and the `worst` errors with the hidden neurons to blame for each.

    Errors: `LimpidError` where rows do not fit.
    """
    check_count("worst", worst)
    subject = Subject.of(model)
    examples = subject.examples(X, y)
    trace, network = subject.trace(examples.X), subject.network
    costs = network.cost_function.terms_of(network.output, trace.z[-1], trace.a[-1], examples.Y).sum(axis=1)
    answers, answered = np.atleast_1d(np.asarray(y)), subject.model.answers(trace.a[-1])
    wrong = np.ones(len(costs), bool) if subject.model.task == "regression" else _wrong(answered, answers)
    places = np.flatnonzero(wrong)
    order = places[np.argsort(-costs[places], kind="stable")][:worst]
    certainty = _certainty(subject, trace.a[-1])
    errors = [
        Error(
            int(row),
            answers[row],
            answered[row],
            float(costs[row]),
            None if certainty is None else float(certainty[row]),
            _blamed(subject, examples.X[[row]], examples.Y[[row]]),
        )
        for row in order
    ]
    classes = subject.model.classes
    matrix = None if classes is None else confusion_of(classes, answers, answered)
    pairs = [] if classes is None or matrix is None else most_confused(matrix, classes)
    return Confusions(subject, matrix, pairs, errors, int(wrong.sum()), len(costs), examples.X[order])


def _certainty(subject: Subject, outputs: Floats) -> NDArray[Any] | None:
    """(rows,) the probability of each row's class."""
    if subject.model.classes is None or subject.network.output.range != (0.0, 1.0):
        return None
    return np.asarray(subject.model.probabilities(outputs).max(axis=1))


def _wrong(predictions: NDArray[Any], answers: NDArray[Any]) -> NDArray[np.bool_]:
    different: NDArray[np.bool_] = np.asarray(predictions != answers)
    return np.asarray(different.any(axis=1)) if different.ndim > 1 else different


def _blamed(subject: Subject, x: Floats, y: Floats) -> list[tuple[int, int, float]]:
    deltas = gradients(subject.network, subject.parameters, x, y).deltas
    return [
        (layer, unit, float(deltas[layer - 1][0, unit]))
        for layer in subject.hidden
        for unit in np.argsort(-np.abs(deltas[layer - 1][0]), kind="stable")[:BLAMED].tolist()
    ]


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
