"""One answer explained: what it was, what spoke for it, who is to blame where it was wrong, which rows pushed it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.dataset import Dataset
from limpid.errors import LimpidError
from limpid.inspection import Attribution, Blame, ExampleBlame, attribute, blame, blame_examples, confusions
from limpid.learning import seen
from limpid.model import Model
from limpid.model_file import plain

MOST_ROWS = 10_000
"""Searched for the worst error where no row is named."""
COLUMNS, NEURONS, TERMS, EXAMPLES = 10, 3, 5, 5


@dataclass(frozen=True)
class Explanation:
    """All that there is to say of a model's answer to one row."""

    model: Model
    row: int
    """Counted from 1."""
    x: Dataset
    """The row alone."""
    answer: Any
    certainty: dict[str, float]
    """The likeliest classes with their probabilities, the surest first; empty where there are none."""
    attribution: Attribution | None
    """What its inputs spoke for; None where several answers are given."""
    blame: Blame | None
    """None where the true answer is not known."""
    examples: ExampleBlame | None
    """None where it is not known what was learned from."""
    learned: NDArray[np.int64] | None
    """The places of the rows that were, in the data set."""

    @property
    def truth(self) -> Any:
        """The true answer; None where it is not known."""
        return None if self.x.y is None else self.x.y[0]

    @property
    def right(self) -> bool | None:
        """Whether the answer is the true class; None for numbers and what is not known."""
        if self.truth is None or self.model.task == "regression":
            return None
        return bool(np.all(self.answer == self.truth))

    def describe(self) -> dict[str, Any]:
        """Plain values."""
        parts: Any = None
        if self.attribution is not None:
            rows = self.attribution.to_rows()[:COLUMNS]
            parts = {row["name"]: row["value"] for row in rows}
        found: dict[str, Any] = {
            "row": self.row,
            "answer": _plain(self.answer),
            "truth": _plain(self.truth),
            "right": self.right,
            "certainty": self.certainty,
            "spoke_for_it": parts,
            "cost": self.blame and self.blame.cost,
            "blamed": self.blame and self.neurons(),
            "weights": self.blame and self.blame.ranked_weights(TERMS),
            "examples": self.examples and self.pushed(),
        }
        described: dict[str, Any] = plain(found)
        return described

    def neurons(self) -> list[dict[str, Any]]:
        """The hidden neurons and outputs that are blamed most, layer by layer from the output down."""
        assert self.blame is not None, "the true answer is known"
        subject = self.blame.subject
        return [
            row for layer in (subject.depth, *reversed(subject.hidden)) for row in self.blame.ranked(NEURONS, layer)
        ]

    def pushed(self) -> list[dict[str, Any]]:
        """The rows learned from that pushed hardest towards the truth, then those against it."""
        assert self.examples is not None, "it is known what was learned from"
        assert self.learned is not None, "it is known what was learned from"
        found, scores = self.examples, self.examples.scores
        places = np.concatenate([found.helpful[:EXAMPLES], found.harmful[:EXAMPLES]])
        return [
            {"row": int(self.learned[at]) + 1, "answer": _plain(found.labels[at]), "score": float(scores[at])}
            for at in places
        ]


def explain(model: Model, source: Dataset, row: int | None = None) -> Explanation:
    """Explain the answer to a row of `source`, of its own test rows where it has some, counted from 1.

    Where none is named it is the one answered worst. Errors: `LimpidError` for a row that is not there, or none named
    where true answers are not known.
    """
    dataset, learned = source.test or source, seen(model, source)
    if row is None:
        row = _worst(model, dataset)
    if isinstance(row, bool) or not isinstance(row, int) or not 1 <= row <= len(dataset):
        raise LimpidError(f"{dataset.name}: there is no row {row!r}: they go from 1 to {len(dataset)}")
    x = dataset.rows(np.array([row - 1]))
    outputs = model.outputs(x.X)
    answer = model.answers(outputs)[0]
    one = model.classes is not None or model.network.outputs == 1
    return Explanation(
        model,
        row,
        x,
        answer,
        _certainty(model, outputs),
        attribute(model, x.X) if one else None,
        None if x.y is None else blame(model, x.X, x.y),
        None if x.y is None or learned is None else _examples(model, x, source.rows(learned)),
        learned,
    )


def _worst(model: Model, dataset: Dataset) -> int:
    if dataset.y is None:
        raise LimpidError(f"{dataset.name}: a row must be named with --row, since the true answers are not known")
    some = dataset.rows(np.arange(min(len(dataset), MOST_ROWS)))
    found = confusions(model, some.X, np.asarray(some.y), worst=1)
    return found.worst[0].row + 1 if found.worst else 1


def _examples(model: Model, x: Dataset, learned: Dataset) -> ExampleBlame:
    return blame_examples(model, x.X, np.asarray(x.y), learned.X, np.asarray(learned.y))


def _certainty(model: Model, outputs: Any) -> dict[str, float]:
    if model.classes is None or model.network.output.range != (0.0, 1.0):
        return {}
    shares = model.probabilities(outputs)[0]
    return {str(model.classes[at]): float(shares[at]) for at in np.argsort(-shares, kind="stable")[:NEURONS]}


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
