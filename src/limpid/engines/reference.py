"""The reference engine: `backprop` and `optimizers` as they are written. The truth, not the fastest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from limpid.activations import Array
from limpid.backprop import Gradients, Trace, forward, gradients, norm_of, shares_of
from limpid.dropout import dropout_mask
from limpid.engines.contract import Examples, Made, State, StepRule, Work
from limpid.engines.inputs import all_finite, plain
from limpid.errors import LimpidError
from limpid.network import Dense, Network, Parameters

ROWS_AT_ONCE = 8192
"""Rows that `predict` takes at a time, so that a wide layer's activations need not exist for all rows."""


class ReferenceEngine:
    """An `Engine` in array-API mathematics: it computes in whatever kind of array it is given.

    NumPy's matrix products run on one core where `threads` is None: a step of a small network is so short that
    waiting for a second one costs more than it saves, many times more where the other core is busy.
    """

    checks = False

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or 1

    def predict(self, network: Network, parameters: Parameters, X: Any) -> Array:
        xp, dtype = array_namespace(parameters["W1"]), parameters["W1"].dtype
        with quietly(self._threads):
            parts = [
                forward(network, parameters, plain(X[start : min(start + ROWS_AT_ONCE, X.shape[0]), :], dtype)).a[-1]
                for start in range(0, max(X.shape[0], 1), ROWS_AT_ONCE)
            ]
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)

    def predictor(self, network: Network, parameters: Parameters) -> Callable[[Any], Array]:
        return partial(self.predict, network, parameters)

    def trace(self, network: Network, parameters: Parameters, X: Any) -> Trace:
        with quietly(self._threads):
            found = forward(network, parameters, plain(X, parameters["W1"].dtype))
        return Trace(found.z, [X, *found.a[1:]])

    def judge(self, network: Network, parameters: Parameters, examples: Examples) -> tuple[NDArray[np.float64], Array]:
        costs, outputs = [np.empty(0)], [self.predict(network, parameters, examples.X[:0])]
        for start in range(0, len(examples.Y), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            trace, y = self.trace(network, parameters, examples.X[rows]), examples.Y[rows]
            with quietly(self._threads):
                terms = network.cost_function.terms_of(network.output, trace.z[-1], trace.a[-1], y)
                costs.append(terms.sum(axis=1, dtype=np.float64))
            outputs.append(trace.a[-1])
        return np.concatenate(costs), np.concatenate(outputs)

    def gradients(self, network: Network, parameters: Parameters, examples: Examples, l2: float = 0.0) -> Gradients:
        with quietly(self._threads):
            X = plain(examples.X, examples.Y.dtype)
            return gradients(network, parameters, X, examples.Y, examples.weights, l2)

    def begin(self, network: Network, state: State, examples: Examples, rule: StepRule) -> "ReferenceDescent":
        return ReferenceDescent(network, state, examples, rule, self._threads)

    def shared(self, X: Any, dtype: Any) -> Any:  # noqa: ARG002 - arrays are read as they are
        return X

    def train_many(self, works: Sequence[Work]) -> list[Made]:
        return [work.make() for work in works]


class ReferenceDescent:
    """A `Descent` that makes new arrays at every step, so that a state handed out stays as it was."""

    def __init__(self, network: Network, state: State, examples: Examples, rule: StepRule, threads: int) -> None:
        if rule.bfloat16:
            raise LimpidError("bfloat16 products need the native engine, got the reference engine")
        self._network, self._state, self._examples, self._rule = network, state, examples, rule
        self._threads = threads

    def train(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
        costs = np.empty((len(rates), 2))
        rows, size = self._examples.Y.shape[0], self._rule.batch_size
        starts = [
            pass_ + at for pass_ in range(0, len(order), rows) for at in range(0, min(rows, len(order) - pass_), size)
        ]
        with quietly(self._threads):
            for index, (start, rate) in enumerate(zip(starts, rates, strict=True)):
                batch = order[start : min(start + size, (start // rows + 1) * rows)]
                slopes = batch_gradients(self._network, self._state, self._examples, self._rule, batch)
                costs[index] = slopes.cost, slopes.penalty
                self._state = step(self._network, self._state, slopes, self._rule, float(rate))
        return costs

    def finite(self) -> bool:
        return all(map(all_finite, self._state.parameters.values()))

    def state(self) -> State:
        return self._state


@contextmanager
def quietly(threads: int) -> Iterator[None]:
    """Matrix products on `threads` cores; a network may blow up without a warning: its cost says so."""
    with _pools().limit(limits=threads, user_api="blas"), np.errstate(all="ignore"):
        yield


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def batch_gradients(
    network: Network, state: State, examples: Examples, rule: StepRule, batch: NDArray[np.int64]
) -> Gradients:
    """The slopes that the rows `batch` (indices) give at `state`, dropout and label smoothing included."""
    x, y, weights = batch_examples(examples, batch)
    if rule.label_smoothing:
        y = network.cost_function.smoothed(y, rule.label_smoothing, network.output.groups)
    return gradients(network, state.parameters, x, y, weights, rule.l2, masks(network, state, rule, x), training=True)


def batch_trace(network: Network, state: State, examples: Examples, rule: StepRule, batch: NDArray[np.int64]) -> Trace:
    """What happens on the way to these slopes."""
    x, y, weights = batch_examples(examples, batch)
    return forward(network, state.parameters, x, masks(network, state, rule, x), shares_of(y, weights)[0])


def batch_examples(examples: Examples, batch: NDArray[np.int64]) -> tuple[Array, Array, Array | None]:
    """Inputs, targets and weights (or None) of the rows `batch` (indices)."""
    xp = array_namespace(examples.Y)
    rows = xp.asarray(batch)
    weights = None if examples.weights is None else xp.take(examples.weights, rows)
    return batch_inputs(examples, batch), xp.take(examples.Y, rows, axis=0), weights


def batch_inputs(examples: Examples, batch: NDArray[np.int64]) -> Array:
    """The inputs of the rows `batch` (indices) as a plain array."""
    if not is_array_api_obj(examples.X):
        return plain(examples.X[batch], examples.Y.dtype)
    xp = array_namespace(examples.X)
    return plain(xp.take(examples.X, xp.asarray(batch), axis=0), examples.Y.dtype)


def step(network: Network, state: State, found: Gradients, rule: StepRule, rate: float) -> State:
    """The state after one step along the slopes `found`: these clipped, and weights limited, if the rule says so."""
    slopes = found.parameters if rule.clip_norm is None else clipped(found.parameters, rule.clip_norm)
    count = state.step + 1
    parameters, slots = rule.optimizer.update(network, state.parameters, slopes, state.slots, rate, count)
    if rule.max_norm is not None:
        parameters |= limited(network, parameters, rule.max_norm)
    return State(parameters | found.running, slots, count)


def masks(network: Network, state: State, rule: StepRule, x: Array) -> list[Array | None]:
    """Dropout masks of the hidden layers for this step, as arrays like x; empty where nothing is dropped."""
    if not rule.dropout:
        return []
    xp = array_namespace(x)
    drawn: list[NDArray[Any] | None] = [
        dropout_mask(rule.dropout, rule.seed, state.step, number, x.shape[0], layer.units)
        if isinstance(layer, Dense)
        else None
        for number, layer in enumerate(network.layers[:-1], start=1)
    ]
    return [None if mask is None else xp.asarray(mask, dtype=x.dtype) for mask in drawn]


def clipped(slopes: Parameters, limit: float) -> Parameters:
    """All slopes shortened together so that their Euclidean norm is at most `limit` (Pascanu et al. 2013)."""
    norm = norm_of(slopes)
    return {name: slope * (limit / norm) for name, slope in slopes.items()} if norm > limit else slopes


def limited(network: Network, parameters: Parameters, limit: float) -> Parameters:
    """The hidden layers' weights, each neuron's of a norm of at most `limit` (Srivastava et al. 2014, section 5.1)."""
    xp = array_namespace(parameters["W1"])
    found: Parameters = {}
    for number in range(2 if network.embedding else 1, len(network.layers)):
        W = parameters[f"W{number}"]
        norms = xp.sqrt(xp.sum(W * W, axis=0))
        found[f"W{number}"] = W * xp.where(norms > limit, limit / norms, xp.ones_like(norms))
    return found
