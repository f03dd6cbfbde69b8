"""What is timed: a network, its data and its batches, and what a contender must be able to do with them."""

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

MOST_DENSE_BYTES = 10**9
"""Rows that would take more than this as a dense array are left as they are."""


class UnableError(Exception):
    """Why a contender takes no part."""


class Workload(NamedTuple):
    """One job in float32."""

    name: str
    X: Any
    """(rows, inputs): an array, or a `scipy.sparse.csr_array` where most inputs are 0."""
    Y: NDArray[np.float32]
    """(rows, outputs): what is wanted, for classes 1 for the right one."""
    hidden: tuple[int, ...]
    batch_size: int
    activation: str = "relu"
    """Of the hidden layers."""
    output: str = "softmax"
    """With cross-entropy; "sigmoid" and "identity" with (a - y)^2 / 2."""
    optimizer: str = "adam"
    """Or "adamw" or "gradient_descent"."""
    rate: float = 0.001
    beta_2: float = 0.999
    label_smoothing: float = 0.0
    job: str = "an epoch"
    """What is timed: "an epoch" of training, or "a call" that predicts all rows."""
    slow: bool = False
    """Whether the reference engine is left out."""
    products_alone: bool = False
    """Whether an epoch's matrix products are timed by themselves too."""
    bfloat16: bool = False
    """Whether it is timed with products of bfloat16 too."""

    @property
    def cost(self) -> str:
        return "cross_entropy" if self.output == "softmax" else "squared_error"

    @property
    def rows(self) -> int:
        return int(self.X.shape[0])

    @property
    def steps(self) -> int:
        """Batches of an epoch, a part batch included."""
        return -(-self.rows // self.batch_size)

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.X.shape[1], *self.hidden, self.Y.shape[1])

    @property
    def codes(self) -> NDArray[np.int64]:
        """The number of each row's class."""
        return np.asarray(self.Y.argmax(axis=1))

    @property
    def fits_dense(self) -> bool:
        return not issparse(self.X) or self.X.shape[0] * self.X.shape[1] * 4 <= MOST_DENSE_BYTES

    def dense(self) -> NDArray[np.float32]:
        """X as an array, for those who take no CSR; `UnableError` where that would be mostly zeros and too large."""
        if not self.fits_dense:
            raise UnableError(f"takes no CSR rows; made dense they would fill {4e-9 * np.prod(self.X.shape):.1f} GB")
        found: NDArray[np.float32] = self.X.toarray() if issparse(self.X) else self.X
        return found


Predict = Callable[[Any], Any]
"""X (rows, inputs) as the user has it -> the outputs (rows, outputs) as a NumPy array."""


class Learner(NamedTuple):
    """A contender with a workload's data in memory."""

    start: Callable[[int], Any]
    """Draw new weights by this seed."""
    descend: Callable[[NDArray[np.int64], NDArray[np.float64]], Any]
    """One step for each batch of the rows in this order (rows,), with these learning rates (steps,)."""
    predictor: Callable[[], Predict]
    """What answers with the weights of now."""


Contender = Callable[[Workload, int], Learner]
"""Makes all ready for a workload on so many cores. Errors: `UnableError`, or `ImportError` where not installed."""


def unanswering() -> NoReturn:
    """A predictor for those who only train."""
    raise UnableError("only trains")


def one_hot(codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Classes (rows,) as targets (rows, classes)."""
    return np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]


def step_numbers(work: Workload, first: int, rates: NDArray[np.float64]) -> NDArray[np.float32]:
    """What Adam needs to know of each step after the `first`, (steps, 3), or plain descent of its rate.

    The rate over the mean's correction; one over the root of the square's correction; what decay leaves of weights.
    """
    step = np.arange(first, first + len(rates)) + 1
    kept = 1 - rates * 0.01 if work.optimizer == "adamw" else np.ones(len(rates))
    if work.optimizer == "gradient_descent":
        return np.column_stack([rates, kept, kept]).astype(np.float32)
    return np.column_stack([rates / (1 - 0.9**step), (1 - work.beta_2**step) ** -0.5, kept]).astype(np.float32)
