"""What an engine offers: the mathematics of `backprop` and `optimizers`, as fast as it can.

Engines get arrays that were checked at the border and answer with NumPy arrays. They draw nothing: initial weights,
orders and learning rates come from outside, dropout masks from `dropout_mask`'s counter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from limpid.activations import Array
from limpid.backprop import Gradients, Trace
from limpid.errors import LimpidError
from limpid.network import Network, Parameters
from limpid.optimizers import Optimizer, Slots


class Examples(NamedTuple):
    """What to learn from, computed in Y's dtype. Its arrays stay as they are while it is used."""

    X: Any
    """(rows, inputs): an array of uint8, float16, float32 or float64, `Coded`, or SciPy's compressed sparse rows."""
    Y: NDArray[Any]
    """(rows, outputs), float32 or float64."""
    weights: NDArray[Any] | None = None
    """(rows,): how much each row's cost counts; None where all count the same."""


class State(NamedTuple):
    """Where a descent stands: all that is needed to go on from here."""

    parameters: Parameters
    slots: Slots
    step: int
    """Batches done so far."""


@dataclass(frozen=True)
class StepRule:
    """How one step is made of one batch.

    `batch_size` rows a step (the last of a pass may have fewer). `l2` adds l2 / (2 batch weight) |W|^2 to the cost;
    `dropout` is the share of each hidden layer's units dropped in a step, keyed by `seed`; slopes longer than
    `clip_norm` (Euclidean norm of all of them together) are shortened to it; after the step the weights that come into
    a hidden neuron are scaled down to a Euclidean norm of at most `max_norm`; `label_smoothing` moves that share of a
    target's probability to all classes evenly. With `bfloat16` the factors of matrix products are rounded to 8
    significant bits, their sums and all else are float32; sparse rows are not rounded, nor dense ones that are mostly
    zeros where leaving these out is quicker.

    Errors: `LimpidError` for a number out of range.
    """

    optimizer: Optimizer
    batch_size: int
    l2: float = 0.0
    dropout: float = 0.0
    clip_norm: float | None = None
    max_norm: float | None = None
    label_smoothing: float = 0.0
    seed: int = 0
    bfloat16: bool = False

    def __post_init__(self) -> None:
        size: Any = self.batch_size
        if not isinstance(size, Integral) or int(size) < 1:
            raise LimpidError(f"the batch size must be a positive integer, got {self.batch_size!r}")
        if not 0 <= self.l2 < np.inf:
            raise LimpidError(f"l2 must be a finite number of at least 0, got {self.l2!r}")
        for name in ("dropout", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise LimpidError(f"{name} must be at least 0 and below 1, got {getattr(self, name)!r}")
        for name in ("clip_norm", "max_norm"):
            if (norm := getattr(self, name)) is not None and not norm > 0:
                raise LimpidError(f"{name} must be above 0, got {norm!r}")
        if not 0 <= self.seed < 2**64:
            raise LimpidError(f"the seed must be an integer from 0 to 2**64 - 1, got {self.seed!r}")


class Descent(Protocol):
    """One network on its way down."""

    def train(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Make one step for each batch of the rows named by `order`, with the learning rates `rates` (steps,).

        Returns (steps, 2): each batch's cost and penalty before its step. How a pass is cut into calls does not
        matter as long as each call but the last of a pass begins and ends between batches. Of more rows than there
        are examples each pass, so many rows as there are, begins a new batch.
        """

    def finite(self) -> bool:
        """Whether every parameter is finite now."""

    def state(self) -> State:
        """Where the descent stands; later steps do not change what was handed out."""


class Work(NamedTuple):
    """Steps of a descent that are to be made."""

    descent: Descent
    order: NDArray[np.int64]
    rates: NDArray[np.float64]

    def make(self) -> "Made":
        """Make them here and now."""
        began = perf_counter()
        return Made(self.descent.train(self.order, self.rates), perf_counter() - began)


class Made(NamedTuple):
    """What steps that were made came to."""

    costs: NDArray[np.float64]
    """(steps, 2): costs and penalties."""
    seconds: float


class Engine(Protocol):
    """Where networks are computed."""

    checks: bool
    """Whether it refuses an X with numbers that are not finite by itself, with a `ValueError`."""

    def predict(self, network: Network, parameters: Parameters, X: Any) -> Array:
        """The outputs (rows, outputs) for X (rows, inputs), as in `Examples`, in the parameters' dtype."""

    def predictor(self, network: Network, parameters: Parameters) -> Callable[[Any], Array]:
        """`predict` for one row or more, again and again: what becomes of the parameters' numbers meanwhile counts."""

    def trace(self, network: Network, parameters: Parameters, X: Any) -> Trace:
        """Every z and a for X (rows, inputs), as in `Examples`; a[0] is X as it was given."""

    def judge(self, network: Network, parameters: Parameters, examples: Examples) -> tuple[NDArray[np.float64], Array]:
        """What each example costs (rows,), whatever it weighs, without a penalty; and the outputs (rows, outputs)."""

    def gradients(self, network: Network, parameters: Parameters, examples: Examples, l2: float = 0.0) -> Gradients:
        """Cost, deltas and slopes, averaged over the examples."""

    def begin(self, network: Network, state: State, examples: Examples, rule: StepRule) -> Descent:
        """A descent that goes on from `state`."""

    def shared(self, X: Any, dtype: Any) -> Any:
        """X made ready once, to be read in `dtype` by many descents as their examples' X."""

    def train_many(self, works: Sequence[Work]) -> list[Made]:
        """`Descent.train` for many descents of this engine at once, each with the bits that it gives alone."""
