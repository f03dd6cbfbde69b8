"""The native engine: the reference engine's mathematics in C++, many batches a call, with the GIL released.

Here names and arrays become what `limpid._native` takes; it checks them once more and answers a misfit with a
`ValueError`. Dropout, label smoothing and every draw mean what they mean on the reference engine.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid import _native
from limpid.backprop import Gradients, Trace
from limpid.engines.contract import Examples, State, StepRule
from limpid.errors import LimpidError
from limpid.network import Network, Parameters


class NativeEngine:
    """An `Engine` in C++ for NumPy arrays of float32 or float64, on one core whatever `threads` allows.

    `$LIMPID_SIMD` names the vector instructions, "baseline", "avx2" or "avx512"; without it the best that there are.
    Errors: `LimpidError` where it names none that this processor has.
    """

    def __init__(self, threads: int | None = None) -> None:
        try:
            _native.simd_level()
        except ValueError as error:
            raise LimpidError(f"LIMPID_SIMD: {error}") from None

    def predict(self, network: Network, parameters: Parameters, X: NDArray[Any]) -> NDArray[Any]:
        if not len(X):
            return np.empty((0, network.outputs), X.dtype)
        outputs: NDArray[Any] = _part(X).predict(described(network), _laid_out(parameters), _row_by_row(X))
        return outputs

    def trace(self, network: Network, parameters: Parameters, X: NDArray[Any]) -> Trace:
        if not len(X):
            empty = [np.empty((0, layer.units), X.dtype) for layer in network.layers]
            return Trace(empty, [X, *empty])
        z, a = _part(X).trace(described(network), _laid_out(parameters), _row_by_row(X))
        return Trace(z, [X, *a])

    def gradients(self, network: Network, parameters: Parameters, examples: Examples, l2: float = 0.0) -> Gradients:
        X, Y, weights = _examples(examples)
        found = _part(X).gradients(described(network), _laid_out(parameters), X, Y, weights, l2)
        return Gradients(*found)

    def begin(self, network: Network, state: State, examples: Examples, rule: StepRule) -> "NativeDescent":
        return NativeDescent(network, state, examples, rule)


class NativeDescent:
    """A `Descent` that keeps its numbers in C++ and hands out copies."""

    def __init__(self, network: Network, state: State, examples: Examples, rule: StepRule) -> None:
        if rule.label_smoothing:
            network.cost_function.smoothed(examples.Y[:1], rule.label_smoothing)  # refused where it has no meaning
        X, Y, weights = _examples(examples)
        optimizer = rule.optimizer
        numbers = {name: float(value) for name, value in vars(optimizer).items()}
        self._slots = optimizer.slots
        self._descent = _part(X).Descent(
            described(network),
            _native.Optimizer(optimizer.name, numbers),
            batch_size=min(rule.batch_size, 2**62),
            l2=rule.l2,
            dropout=rule.dropout,
            clip_norm=np.inf if rule.clip_norm is None else rule.clip_norm,
            label_smoothing=rule.label_smoothing,
            seed=rule.seed,
            parameters=_laid_out(state.parameters),
            slots=[_laid_out(state.slots[slot]) for slot in optimizer.slots],
            step=state.step,
            X=X,
            Y=Y,
            weights=weights,
        )

    def train(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
        costs: NDArray[np.float64] = self._descent.train(_row_by_row(order), _row_by_row(rates))
        return costs

    def state(self) -> State:
        parameters, slots, step = self._descent.state()
        return State(parameters, dict(zip(self._slots, slots, strict=True)), step)


def _part(X: NDArray[Any]) -> Any:
    """The half of the compiled module that computes in X's dtype."""
    name = getattr(X, "dtype", type(X))
    part = {"float32": _native.float32, "float64": _native.float64}.get(str(name))
    if part is None:
        raise LimpidError(f"the native engine computes on NumPy arrays of float32 or float64, got {name}")
    return part


@lru_cache(maxsize=256)
def described(network: Network) -> Any:
    """The network as the compiled module knows it."""
    cost = network.cost_function
    number = getattr(cost, "width", getattr(cost, "level", 0.0))
    activations = [layer.activation for layer in network.layers]
    return _native.Network(list(network.widths), activations, network.cost.partition(":")[0], number)


def _examples(examples: Examples) -> tuple[Any, ...]:
    return tuple(None if array is None else _row_by_row(array) for array in examples)


def _laid_out(parameters: Parameters) -> Parameters:
    return {name: _row_by_row(array) for name, array in parameters.items()}


def _row_by_row(array: NDArray[Any]) -> NDArray[Any]:
    return np.require(array, requirements=("C", "A"))
