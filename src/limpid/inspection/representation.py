"""What each layer knows: how well a linear reader answers from its activations, and how alike layers are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.displays import BLUE, ORANGE
from limpid.engines.reference import quietly
from limpid.errors import LimpidError
from limpid.inspection.arguments import draws_from
from limpid.inspection.result import Result
from limpid.inspection.scoring import score_name
from limpid.inspection.subject import Floats, Subject

HELD_OUT = 0.3
STEPS = 40
FEWEST, MOST = 20, 5000
"""Rows that are looked at; more tell nothing new."""
LIKE, FEWEST_PLANES = 8, 4
"""So many rows about are alike enough to share a random answer, if there are enough of them."""


@dataclass
class Layers(Result):
    """The inputs and the layers, as a linear reader and linear CKA see them."""

    names: list[str]
    """The inputs, then each layer; of the output layer the sums are looked at."""
    accuracy: Floats
    """(layers + 1,) of a linear reader of the activations, on rows that it did not learn from; R² for numbers."""
    control: Floats
    """(layers + 1,) of one that is taught random answers, the same for like rows (Hewitt, Liang 2019)."""
    cka: Floats
    """(layers + 1, layers + 1) how alike their activations are, from 0 to 1 (Kornblith et al. 2019)."""
    label: str
    """Accuracy or R²."""
    chance: float
    """What always giving the most frequent answer has, or the mean of numbers."""

    @property
    def selectivity(self) -> Floats:
        """(layers + 1,) the reader's accuracy above that of its control: what the layer knows, not the reader."""
        return self.accuracy - self.control

    @property
    def words(self) -> str:
        best = int(self.accuracy.argmax())
        alike = min(range(len(self.names) - 1), key=lambda at: self.cka[at, at + 1])
        beside = f"of {_called(self.names[best])} {self.accuracy[best]:.3f}" if best else "of no layer more"
        return (
            f"A linear reader of the inputs has {self.label} {self.accuracy[0]:.3f}, {beside} "
            f"({self.control[best]:.3f} with random answers, {self.chance:.3f} by chance). "
            f"Most changes between {_called(self.names[alike])} and {_called(self.names[alike + 1])}: "
            f"they are alike by {self.cka[alike, alike + 1]:.2f} of 1."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "layer": name,
                self.label: float(self.accuracy[at]),
                "control": float(self.control[at]),
                "selectivity": float(self.selectivity[at]),
                "alike the next": float(self.cka[at, at + 1]) if at + 1 < len(self.names) else None,
            }
            for at, name in enumerate(self.names)
        ]

    def _draw(self, ax: Any) -> None:
        ax.plot(self.names, self.accuracy, color=BLUE, marker="o", label="linear reader")
        ax.plot(self.names, self.control, color=ORANGE, marker="s", linestyle="--", label="with random answers")
        ax.axhline(self.chance, color="grey", linestyle=":", label="chance")
        ax.set(ylabel=self.label)
        ax.legend()


def layers(model: Any, X: Any, y: ArrayLike, random: int | np.random.Generator = 0) -> Layers:
    """How well answers y can be read off each layer's activations for rows X by a line, and how alike layers are.

    The reader (logistic regression, or ridge regression for numbers) learns from seven tenths of the rows and is tested
    on the others (Alain, Bengio 2016); of several answers a row the mean score is told. Its control is taught a random
    answer for each group of like rows. Of more than 5,000 rows so many are drawn. Errors: `LimpidError` for fewer than
    20 rows, or rows and answers that do not fit.
    """
    subject, generator = Subject.of(model), draws_from(random)
    x, answers = subject.examples(X, y).X, np.atleast_1d(np.asarray(y))
    if len(x) < FEWEST:
        raise LimpidError(f"at least {FEWEST} rows are needed to learn from some and test on others, got {len(x)}")
    order = generator.permutation(len(x))[:MOST]
    x, answers = x[order], answers.reshape(len(x), -1)[order]
    classes = subject.model.task != "regression"
    trace = subject.trace(x)
    activations = [*trace.a[:-1], trace.z[-1]]
    learned = len(x) - int(HELD_OUT * len(x))
    random_answers = _control(x, answers, generator)
    with quietly(1):  # cores that share products as small as these wait for each other
        accuracy, control = (
            np.array([_read(a, told, learned, classes) for a in activations]) for told in (answers, random_answers)
        )
        alike = _alike(activations)
    return Layers(
        ["inputs", *(subject.layer_name(number) for number in range(1, subject.depth + 1))],
        accuracy,
        control,
        alike,
        score_name(subject.model.task),
        float(np.mean([_frequent(column, learned) for column in answers.T])) if classes else 0.0,
    )


def _called(name: str) -> str:
    """Within a sentence."""
    return name if name.startswith("hidden layer") else f"the {name}"


def linear_cka(one: Floats, other: Floats) -> float:
    """|Y^T X|^2 / (|X^T X| |Y^T Y|) of centred X (rows, units) and Y (rows, other units) (Kornblith et al. 2019)."""
    X, Y = one - one.mean(axis=0), other - other.mean(axis=0)
    lengths = np.linalg.norm(X.T @ X) * np.linalg.norm(Y.T @ Y)
    return float((np.linalg.norm(Y.T @ X) ** 2) / lengths) if lengths > 0 else 0.0


def _alike(activations: list[Floats]) -> Floats:
    """(layers + 1, layers + 1) the linear CKA of all pairs, of which each is computed once."""
    found = np.empty((len(activations), len(activations)))
    for at, one in enumerate(activations):
        for other in range(at + 1):
            found[at, other] = found[other, at] = linear_cka(one, activations[other])
    return found


def _control(x: Floats, answers: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
    """Random answers, as frequent as the true ones: the same for all rows on one side of some random planes.

    Rows of numbers are of no types, as words are, whose answers could be learned by heart: neighbours stand for them.
    """
    planes = random.normal(size=(x.shape[1], max(FEWEST_PLANES, int(np.log2(len(x) / LIKE)))))
    sides = ((x - x.mean(axis=0)) @ planes > 0) @ (1 << np.arange(planes.shape[1]))
    _, group = np.unique(sides, return_inverse=True)
    return np.asarray(random.choice(answers, size=group.max() + 1)[group])


def _frequent(answers: NDArray[Any], learned: int) -> float:
    """The share that the most frequent of the first answers has among the others."""
    values, counts = np.unique(answers[:learned], return_counts=True)
    return float(np.mean(answers[learned:] == values[counts.argmax()]))


def _read(a: Floats, answers: NDArray[Any], learned: int, classes: bool) -> float:
    """The score of a linear reader that learns from the first rows on the others, over all columns of answers."""
    seen = a[:learned]
    mean, deviation = seen.mean(axis=0), seen.std(axis=0)
    scaled = (a - mean) / np.where(deviation > 0, deviation, 1)
    return float(np.mean([_column(scaled, column, learned, classes) for column in answers.T]))


def _column(scaled: Floats, answers: NDArray[Any], learned: int, classes: bool) -> float:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    if classes and len(np.unique(answers[:learned])) < 2:
        return _frequent(answers, learned)
    reader = LogisticRegression(max_iter=STEPS, C=0.01, tol=1e-2) if classes else Ridge()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # few rows a class are few
        warnings.simplefilter("ignore", ConvergenceWarning)  # a reader that is almost done reads almost as well
        return float(reader.fit(scaled[:learned], answers[:learned]).score(scaled[learned:], answers[learned:]))
