"""What an answer loses without some neurons of a layer, beside what it loses without as many others."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limpid.inspection.scoring import middle
from limpid.inspection.subject import Floats, Subject


@dataclass(frozen=True)
class Ablation:
    """What is lost where neurons of a layer stand at their mean over all rows, whatever the row."""

    layer: int
    units: NDArray[np.int64]
    """(k,) places of those that push most."""
    lost: float
    """By how much the answer (a probability, or a number) falls without these, averaged over the rows."""
    others: Floats
    """(draws,) the same without k of the other neurons, drawn anew each time; empty where there are not as many."""
    more: Floats
    """(draws,) how much more is lost without the first than without others, on rows drawn again each time."""

    @property
    def others_lost(self) -> float | None:
        """The mean of `others`; None where there are none."""
        return float(self.others.mean()) if len(self.others) else None

    @property
    def difference(self) -> tuple[float, float] | None:
        """Where 95 of 100 of `more` lie: the interval over draws and rows."""
        return middle(self.more) if len(self.more) else None

    @property
    def p(self) -> float | None:
        """How many draws lose as much, of all and one: (1 + so many) / (1 + draws)."""
        return float((1 + (self.others >= self.lost).sum()) / (1 + len(self.others))) if len(self.others) else None

    @property
    def proven(self) -> bool:
        """Whether more is lost than without others, whichever others and rows: all of `difference` is above 0."""
        return self.difference is not None and self.difference[0] > 0


def ablate(
    subject: Subject,
    layer: int,
    a: Floats,
    mean: Floats,
    order: NDArray[np.int64],
    most: int,
    draws: int,
    answer: Callable[[Floats], Floats],
    random: np.random.Generator,
) -> Ablation:
    """Without the first `most` neurons in `order`, and `draws` times without as many of those behind them.

    a (rows, units) are a layer's activations, `mean` (units,) what takes their place; `answer` makes of outputs (rows,
    outputs) what is lost of, (rows,).
    """
    behind = subject.behind(layer)

    def left(without: NDArray[np.int64]) -> Floats:
        changed = a.copy()
        changed[:, without] = mean[without]
        return answer(behind.trace(changed).a[-1])

    top, rest = order[:most], order[most:]
    whole, without = left(order[:0]), left(top)
    others, more = [], []
    for _ in range(draws if len(rest) >= most else 0):
        found = left(random.choice(rest, most, replace=False))
        others.append((whole - found).mean())
        more.append((found - without)[random.integers(len(a), size=len(a))].mean())
    return Ablation(layer, top, float((whole - without).mean()), np.array(others), np.array(more))
