"""JAX: a whole epoch as one compiled scan over the full batches, the state's memory handed on; a part batch is left."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.workload import Learner, Predict, Workload, step_numbers


def scanned(work: Workload, cores: int) -> Learner:
    descent = _Descent(work, work.dense())
    return Learner(descent.start, descent.descend, descent.predictor)


def gathered(work: Workload, cores: int) -> Learner:
    """CSR rows, which no product takes: the first layer gathers the rows of W that are named by each row's columns."""
    descent = _Descent(work, _filled_up(work))
    return Learner(descent.start, descent.descend, descent.predictor)


class _Descent:
    """A call of the compiled scan an epoch."""

    def __init__(self, work: Workload, X: Any) -> None:
        import jax
        import jax.numpy as jnp

        self.work, self.steps = work, 0
        move = _step(work, jax.tree_util.tree_map(jnp.asarray, X))
        self.epoch = jax.jit(lambda state, batches: jax.lax.scan(move, state, batches)[0], donate_argnums=0)
        self.answer = jax.jit(lambda weights, x: _squash(work)(_weighted_sums(work, weights, x)))

    def start(self, seed: int) -> None:
        import jax
        import jax.numpy as jnp

        weights = jax.tree_util.tree_map(jnp.asarray, _drawn(self.work, seed))
        mean, square = (jax.tree_util.tree_map(jnp.zeros_like, weights) for _ in range(2))
        self.state, self.steps = (weights, mean, square), 0

    def descend(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        import jax
        import jax.numpy as jnp

        full = len(order) // self.work.batch_size
        batches = order[: full * self.work.batch_size].reshape(full, self.work.batch_size)
        numbers = step_numbers(self.work, self.steps, rates[:full])
        self.state = self.epoch(self.state, (jnp.asarray(batches), jnp.asarray(numbers)))
        jax.block_until_ready(self.state)
        self.steps += full

    def predictor(self) -> Predict:
        weights, answer = self.state[0], self.answer
        return lambda x: np.asarray(answer(weights, x))


def _step(work: Workload, X: Any) -> Any:
    """(state, (rows, numbers)) -> the state after one batch."""
    import jax
    import jax.numpy as jnp

    each, Y = jax.tree_util.tree_map, jnp.asarray(_smoothed(work))

    def cost(weights: Any, rows: Any) -> Any:
        z, y = _weighted_sums(work, weights, each(lambda array: array[rows], X)), Y[rows]
        if work.output == "softmax":
            return -(y * jax.nn.log_softmax(z)).sum(axis=1).mean()
        return 0.5 * ((_squash(work)(z) - y) ** 2).sum(axis=1).mean()

    def moved(numbers: Any, w: Any, m: Any, s: Any) -> Any:
        return numbers[2] * w - numbers[0] * m / (jnp.sqrt(s) * numbers[1] + 1e-8)

    def step(state: Any, now: Any) -> tuple[Any, None]:
        (weights, mean, square), (rows, numbers) = state, now
        slopes = jax.grad(cost)(weights, rows)
        if work.optimizer == "gradient_descent":
            return (each(lambda w, g: w - numbers[0] * g, weights, slopes), mean, square), None
        mean = each(lambda m, g: 0.9 * m + 0.1 * g, mean, slopes)
        square = each(lambda s, g: work.beta_2 * s + (1 - work.beta_2) * g * g, square, slopes)
        return (each(lambda w, m, s: moved(numbers, w, m, s), weights, mean, square), mean, square), None

    return step


def _weighted_sums(work: Workload, weights: Any, x: Any) -> Any:
    """Of the output layer."""
    import jax

    hidden = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[work.activation]
    for number, (W, b) in enumerate(weights):
        x = _product(hidden(x) if number else x, W) + b
    return x


def _product(x: Any, W: Any) -> Any:
    """Of an array, or of (columns, values) as `_filled_up` makes them, with W."""
    import jax.numpy as jnp

    return jnp.einsum("bkh,bk->bh", W[x[0]], x[1]) if isinstance(x, tuple) else x @ W


def _squash(work: Workload) -> Any:
    import jax

    return {"softmax": jax.nn.softmax, "sigmoid": jax.nn.sigmoid, "identity": lambda z: z}[work.output]


def _filled_up(work: Workload) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Columns and values of each row (rows, most in a row), filled up with zeros."""
    counts = np.diff(work.X.indptr)
    places = np.arange(counts.max()) < counts[:, None]
    columns, values = np.zeros(places.shape, np.int32), np.zeros(places.shape, np.float32)
    columns[places], values[places] = work.X.indices, work.X.data
    return columns, values


def _drawn(work: Workload, seed: int) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    random = np.random.default_rng(seed)
    return [
        (random.normal(0, (2 / m) ** 0.5, (m, n)).astype(np.float32), np.zeros(n, np.float32))
        for m, n in pairwise(work.widths)
    ]


def _smoothed(work: Workload) -> NDArray[np.float32]:
    share = np.float32(work.label_smoothing)
    return work.Y * (1 - share) + share / work.Y.shape[1] if share else work.Y
