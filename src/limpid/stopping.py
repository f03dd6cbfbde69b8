"""When to stop before all epochs are done."""

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from limpid.errors import LimpidError


@dataclass(frozen=True)
class Stopping:
    """When to stop before all epochs are done.

    `patience`: so many passes in a row may fail to be better by `tolerance` than the best (scikit-learn's rule: one
    more stops) - in training cost, or with validation examples in their "score" or "cost", whichever `monitor` says.
    `gradient_tol`: stop where the slope, the norm of the full gradient, is at most this.

    Errors: `LimpidError` for a number out of range or an unknown `monitor`.
    """

    patience: float = inf
    tolerance: float = 0.0
    gradient_tol: float | None = None
    monitor: str = "score"
    averaged_outputs: int = 1
    """The training cost is divided by it before costs are compared, the penalty is not (as scikit-learn's loss is)."""

    def __post_init__(self) -> None:
        if not self.patience >= 1:
            raise LimpidError(f"the patience must be at least 1 epoch, got {self.patience!r}")
        if not 0 <= self.tolerance < inf:
            raise LimpidError(f"the tolerance must be a finite number of at least 0, got {self.tolerance!r}")
        if self.gradient_tol is not None and not 0 < self.gradient_tol < inf:
            raise LimpidError(f"gradient_tol must be a finite number above 0, got {self.gradient_tol!r}")
        if self.monitor not in {"score", "cost"}:
            raise LimpidError(f"monitor must be 'score' or 'cost', got {self.monitor!r}")


ALL_EPOCHS = Stopping()


class Standing(NamedTuple):
    """How far a search for something better has come."""

    best: float = -inf
    """The best so far: minus a cost, or a score."""
    worse: int = 0
    """Passes in a row that were no better."""
    rate_factor: float = 1.0
    """What an adaptive learning rate was lowered by."""


FRESH = Standing()
