"""What learning did to the weights: which grew, which shrank, and how many could go without a loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limpid.displays import BLUE, ORANGE
from limpid.engines import Examples, find_engine, plain
from limpid.errors import LimpidError
from limpid.evaluation import score_for
from limpid.inspection.result import Result
from limpid.inspection.start import start_of
from limpid.inspection.subject import Floats, Subject
from limpid.network import Parameters
from limpid.objective import ROWS_AT_ONCE, evaluate

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
MOST = 20
GOOD = 0.01
"""Pruning that costs at most this of the score costs little."""


@dataclass
class Growth(Result):
    """The weights now beside those that learning began with, and the score with the least of them set to 0."""

    subject: Subject
    start: Parameters
    """Where learning began."""
    grown: list[Floats]
    """|w| now less |w| at the start, of each layer's weights (fan_in, units)."""
    shares: Floats
    """Of the weights that are pruned, of each layer alike."""
    by_size: Floats | None
    """(shares,) the score after those with the least |w| are set to 0; None where no rows were given."""
    by_use: Floats | None
    """(shares,) after those are whose |w| times what comes in along them is least."""
    label: str
    """What the score is."""

    @property
    def words(self) -> str:
        told = []
        for number, grown in enumerate(self.grown, start=1):
            started = np.abs(self.start[f"W{number}"]).mean()
            ended = np.abs(self.subject.parameters[f"W{number}"]).mean()
            told.append(
                f"{self.subject.layer_name(number).capitalize()}: {np.mean(grown > 0):.0%} of the weights grew, "
                f"the mean size went from {started:.3g} to {ended:.3g}."
            )
        if self.by_use is not None:
            fine = self.shares[self.by_use >= self.by_use[0] - GOOD].max()
            told.append(f"The {fine:.0%} that are used least can be set to 0 for at most {GOOD:.0%} of {self.label}.")
        return " ".join(told)

    def to_rows(self) -> list[dict[str, Any]]:
        return self.most_changed()

    def most_changed(self, most: int = MOST) -> list[dict[str, Any]]:
        """The weights that grew or shrank most."""
        rows = [row for number in range(1, self.subject.depth + 1) for row in self._of_layer(number, most)]
        return sorted(rows, key=lambda row: -abs(row["grown"]))[:most]

    def _of_layer(self, layer: int, most: int) -> list[dict[str, Any]]:
        grown, names = self.grown[layer - 1], self.subject.names_before(layer)
        places = np.argsort(-np.abs(grown), axis=None, kind="stable")[:most]
        pairs: NDArray[np.int64] = np.column_stack(np.unravel_index(places, grown.shape))
        return [
            {
                "layer": layer,
                "from": names[i],
                "to": self.subject.unit_name(layer, j),
                "start": float(self.start[f"W{layer}"][i, j]),
                "now": float(self.subject.parameters[f"W{layer}"][i, j]),
                "grown": float(grown[i, j]),
            }
            for i, j in pairs.tolist()
        ]

    def _draw(self, ax: Any) -> None:
        if self.by_size is None or self.by_use is None:
            names = [self.subject.layer_name(number) for number in range(1, self.subject.depth + 1)]
            ax.boxplot([grown.ravel() for grown in self.grown], showfliers=False)
            ax.set_xticklabels(names)
            ax.set(ylabel="growth of |w|")
            return
        ax.plot(self.shares, self.by_use, color=BLUE, marker="o", label="least used first")
        ax.plot(self.shares, self.by_size, color=ORANGE, marker="s", linestyle="--", label="smallest first")
        ax.set(xlabel="share of the weights set to 0", ylabel=self.label)
        ax.legend()


def growth(model: Any, X: Any = None, y: ArrayLike | None = None) -> Growth:
    """Which weights grew since learning began and which shrank; with rows X and answers y, what the least are worth.

    Errors: `LimpidError` where it is not known where learning began, or rows do not fit.
    """
    subject = Subject.of(model)
    start = start_of(subject)
    grown = [
        np.abs(subject.parameters[f"W{number}"]) - np.abs(start[f"W{number}"]) for number in range(1, subject.depth + 1)
    ]
    shares, label = np.array(SHARES), "R²" if subject.model.task == "regression" else "accuracy"
    if X is None:
        return Growth(subject, start, grown, shares, None, None, label)
    if y is None:
        raise LimpidError("answers y are needed beside X to score what pruning leaves")
    if subject.model.task not in {"classification", "multilabel", "regression"}:
        raise LimpidError(f"pruning is scored for one kind of answer, not for {subject.model.task}; leave X out")
    examples = subject.given.examples(X, y)
    used = _used(subject, examples)
    sizes = {name: np.abs(array) for name, array in subject.parameters.items() if name.startswith("W")}
    by_size = _pruned(subject, examples, sizes)
    by_use = _pruned(subject, examples, {name: size * used[name][:, None] for name, size in sizes.items()})
    return Growth(subject, start, grown, shares, by_size, by_use, label)


def _used(subject: Subject, examples: Examples) -> dict[str, Floats]:
    """How much comes in along each weight: the root mean square of what each layer gets (fan_in,), by some rows."""
    trace = subject.trace(plain(examples.X[:ROWS_AT_ONCE], np.float64))
    return {f"W{number}": np.sqrt((trace.a[number - 1] ** 2).mean(axis=0)) for number in range(1, subject.depth + 1)}


def _pruned(subject: Subject, examples: Examples, worth: dict[str, Floats]) -> Floats:
    """The score for each of `SHARES`."""
    given, score = subject.given, score_for(subject.model.task)
    engine, found = find_engine(given.engine, given.threads), []
    for share in SHARES:
        cut = {name: _without(subject, name, values, share) for name, values in worth.items()}
        _, outputs = evaluate(engine, given.network, {**given.parameters, **cut}, examples)
        found.append(score(outputs, examples.Y))
    return np.array(found)


def _without(subject: Subject, name: str, worth: Floats, share: float) -> NDArray[Any]:
    """The weights called `name` with that share of those which are learned set to 0, the least worth ones."""
    embedding = subject.network.embedding
    if name == "W1" and embedding is not None:
        worth = np.where(embedding.learned, worth, np.inf)
    order = np.argsort(worth, axis=None, kind="stable")[: int(share * np.isfinite(worth).sum())]
    found: NDArray[Any] = subject.given.parameters[name].copy()
    found.flat[order] = 0
    return found
