"""Neurons that fire together: how often both ends of a weight are active at once, beside what backpropagation asks.

Hebb's rule (1949) and backpropagation are both products of what the two ends of a weight do: a_i a_j here, -a_i delta_j
there. The link is an analogy, no more: nothing here was learned by Hebb's rule.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from limpid.backprop import gradients
from limpid.displays import BLUE
from limpid.inspection.result import Result, largest_places
from limpid.inspection.subject import Floats, Subject

MOST = 20
MOST_DRAWN = 2000


@dataclass
class Hebb(Result):
    """Each layer's weights, how much their ends fire together, and what one step down the slope would add to them."""

    subject: Subject
    together: list[Floats]
    """a_i a_j averaged over the rows, (fan_in, units) of each layer."""
    steps: list[Floats] | None
    """-dC/dw = -a_i delta_j averaged over the rows, of each layer; None where no answers were given."""
    with_weights: Floats
    """(layers,) the correlation of firing together with the weights."""
    with_steps: Floats | None
    """(layers,) the correlation of firing together with the steps."""
    rows: int

    @property
    def words(self) -> str:
        told = []
        for number, correlation in enumerate(self.with_weights, start=1):
            more = "" if self.with_steps is None else f", with the next step {self.with_steps[number - 1]:+.2f}"
            told.append(f"in {self.subject.called(number)} it goes with the weight by {correlation:+.2f}{more}")
        return (
            f"How firing together correlates over {self.rows:,} rows: {'; '.join(told)}. "
            "That neurons which fire together wire together "
            "is an analogy here: these weights were learned by backpropagation."
        )

    def to_rows(self) -> list[dict[str, Any]]:
        rows = [row for number in range(1, self.subject.depth + 1) for row in self._of_layer(number)]
        return sorted(rows, key=lambda row: -abs(row["together"]))[:MOST]

    def _of_layer(self, layer: int) -> list[dict[str, Any]]:
        values, names = self.together[layer - 1], self.subject.names_before(layer)
        return [
            {
                "layer": layer,
                "from": names[i],
                "to": self.subject.unit_name(layer, j),
                "together": float(values[i, j]),
                "weight": float(self.subject.parameters[f"W{layer}"][i, j]),
                "step": None if self.steps is None else float(self.steps[layer - 1][i, j]),
            }
            for i, j in largest_places(values, MOST)
        ]

    def _draw(self, ax: Any) -> None:
        last = self.subject.depth
        x, y = self.together[-1].ravel()[:MOST_DRAWN], self.subject.parameters[f"W{last}"].ravel()[:MOST_DRAWN]
        ax.scatter(x, y, s=8, color=BLUE, alpha=0.5)
        ax.set(xlabel="fire together: mean a_i a_j", ylabel="weight", title=self.subject.layer_name(last))


def hebb(model: Any, X: Any, y: ArrayLike | None = None) -> Hebb:
    """How much both ends of each weight fire together over rows X, beside the step that answers y would ask for.

    Errors: `LimpidError` where rows do not fit.
    """
    subject = Subject.of(model)
    x = subject.x(X)
    trace = subject.trace(x)
    together = [trace.a[at].T @ trace.a[at + 1] / len(x) for at in range(subject.depth)]
    weights = [subject.parameters[f"W{number}"] for number in range(1, subject.depth + 1)]
    steps = None
    if y is not None:
        examples = subject.examples(X, y)
        slopes = gradients(subject.network, subject.parameters, examples.X, examples.Y).parameters
        steps = [-slopes[f"W{number}"] for number in range(1, subject.depth + 1)]
    beside = np.array([_correlation(one, other) for one, other in zip(together, weights, strict=True)])
    with_steps = None
    if steps is not None:
        with_steps = np.array([_correlation(one, other) for one, other in zip(together, steps, strict=True)])
    return Hebb(subject, together, steps, beside, with_steps, len(x))


def _correlation(one: Floats, other: Floats) -> float:
    """Pearson's; 0 where one of them is the same everywhere."""
    one, other = one.ravel() - one.mean(), other.ravel() - other.mean()
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / lengths) if lengths > 0 else 0.0
