"""The native engine: the reference engine's mathematics in C++, many batches a call, with the GIL released.

Here names and arrays become what `limpid._native` takes; it checks them once more and answers a misfit with a
`ValueError`. Dropout, label smoothing and every draw mean what they mean on the reference engine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import LibController, register

from limpid import _native
from limpid.backprop import Gradients, Trace
from limpid.engines.contract import Examples, Made, State, StepRule, Work
from limpid.engines.inputs import Coded, canonical, is_sparse
from limpid.errors import LimpidError
from limpid.network import Network, Parameters


class NativeEngine:
    """An `Engine` in C++ that computes in float32 or float64, on at most `threads` cores.

    None stands for all that the process may use: by its affinity, its control group, `$OMP_NUM_THREADS` and
    threadpoolctl's limits. Where a step is too short for several cores to pay it uses fewer; the bits do not depend
    on it. `$LIMPID_SIMD` names the vector instructions, "baseline", "avx2" or "avx512"; without it the best that there
    are. Errors: `LimpidError` where it names none that this processor has.
    """

    checks = True

    def __init__(self, threads: int | None = None) -> None:
        try:
            _native.simd_level()
        except ValueError as error:
            raise LimpidError(f"LIMPID_SIMD: {error}") from None
        self._threads = threads or 0

    def predict(self, network: Network, parameters: Parameters, X: Any) -> NDArray[Any]:
        inputs = _inputs(network.inputs, X)
        if not X.shape[0]:
            return np.empty((0, network.outputs), parameters["W1"].dtype)
        call = _part(parameters["W1"]).Predictor(described(network), _laid_out(parameters))
        outputs: NDArray[Any] = call(inputs, self._threads)
        return outputs

    def predictor(self, network: Network, parameters: Parameters) -> Callable[[Any], NDArray[Any]]:
        laid_out, threads = _laid_out(parameters), self._threads
        if any(laid_out[name] is not array for name, array in parameters.items()):  # copies, which stay as they are
            return partial(self.predict, network, parameters)
        call = _part(parameters["W1"]).Predictor(described(network), laid_out)
        return lambda X: call(_inputs(network.inputs, X), threads)

    def trace(self, network: Network, parameters: Parameters, X: Any) -> Trace:
        if not X.shape[0]:
            empty = [np.empty((0, layer.units), parameters["W1"].dtype) for layer in network.layers]
            return Trace(empty, [X, *empty])
        part = _part(parameters["W1"])
        z, a = part.trace(described(network), _laid_out(parameters), _inputs(network.inputs, X), self._threads)
        return Trace(z, [X, *a])

    def judge(
        self, network: Network, parameters: Parameters, examples: Examples
    ) -> tuple[NDArray[np.float64], NDArray[Any]]:
        dtype = parameters["W1"].dtype
        if not examples.X.shape[0]:
            return np.empty(0), np.empty((0, network.outputs), dtype)
        inputs, Y = _inputs(network.inputs, examples.X), _row_by_row(examples.Y.astype(dtype, copy=False))
        costs, outputs = _part(parameters["W1"]).judge(
            described(network), _laid_out(parameters), inputs, Y, self._threads
        )
        return costs, outputs

    def gradients(self, network: Network, parameters: Parameters, examples: Examples, l2: float = 0.0) -> Gradients:
        part = _part(examples.Y)
        found = part.gradients(
            described(network), _laid_out(parameters), *_examples(network, examples), l2, self._threads
        )
        return Gradients(*found)

    def begin(self, network: Network, state: State, examples: Examples, rule: StepRule) -> "NativeDescent":
        return NativeDescent(network, state, examples, rule, self._threads)

    def shared(self, X: Any, dtype: Any) -> Any:
        return Shared(X, _part(np.empty(0, dtype)).SharedTable(X.shape[1], _inputs(X.shape[1], X)))

    def train_many(self, works: Sequence[Work]) -> list[Made]:
        made: list[Made | None] = [None] * len(works)
        for part in (_native.float32, _native.float64):
            mine = [at for at, work in enumerate(works) if isinstance(inner(work), part.Descent)]
            steps = [(inner(works[at]), _row_by_row(works[at].order), _row_by_row(works[at].rates)) for at in mine]
            for at, costs_and_seconds in zip(mine, part.train_many(steps, self._threads), strict=True):
                made[at] = Made(*costs_and_seconds)
        return [each for each in made if each is not None]


def inner(work: Work) -> Any:
    """The compiled module's own descent."""
    assert isinstance(work.descent, NativeDescent)
    return work.descent._descent


@dataclass(frozen=True)
class Shared:
    """An X that was made ready once; its rows are still there for everyone else."""

    X: Any
    table: Any

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.X.shape
        return shape

    def __getitem__(self, rows: Any) -> Any:
        return self.X[rows]


def check_bfloat16() -> None:
    """`LimpidError` where the processor, or `$LIMPID_SIMD`, has no products of bfloat16."""
    try:
        _native.bfloat16_level()
    except ValueError as error:
        raise LimpidError(str(error)) from None


class NativeDescent:
    """A `Descent` that keeps its numbers in C++ and hands out copies."""

    def __init__(self, network: Network, state: State, examples: Examples, rule: StepRule, threads: int) -> None:
        if rule.label_smoothing:
            network.cost_function.smoothed(examples.Y[:1], rule.label_smoothing, network.output.groups)  # or refused
        if rule.bfloat16:
            check_bfloat16()
        X, Y, weights = _examples(network, examples)
        optimizer = rule.optimizer
        numbers = {name: float(value) for name, value in vars(optimizer).items()}
        self._slots = optimizer.slots
        self._descent = _part(Y).Descent(
            described(network),
            _native.Optimizer(optimizer.name, numbers),
            batch_size=min(rule.batch_size, 2**62),
            l2=rule.l2,
            dropout=rule.dropout,
            clip_norm=np.inf if rule.clip_norm is None else rule.clip_norm,
            max_norm=np.inf if rule.max_norm is None else rule.max_norm,
            label_smoothing=rule.label_smoothing,
            seed=rule.seed,
            bfloat16=rule.bfloat16,
            parameters=_laid_out(state.parameters),
            slots=[_laid_out(state.slots[slot]) for slot in optimizer.slots],
            step=state.step,
            X=X,
            Y=Y,
            weights=weights,
            threads=threads,
        )

    def train(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
        costs: NDArray[np.float64] = self._descent.train(_row_by_row(order), _row_by_row(rates))
        return costs

    def finite(self) -> bool:
        return bool(self._descent.finite())

    def state(self) -> State:
        parameters, slots, step = self._descent.state()
        return State(parameters, dict(zip(self._slots, slots, strict=True)), step)


class _Threads(LibController):  # type: ignore[misc]  # threadpoolctl has no types
    """How threadpoolctl, and through it joblib, sees and limits the engine's threads."""

    user_api = "limpid"
    internal_api = "limpid"
    filename_prefixes = ("_native",)
    check_symbols = ("limpid_allowed_threads",)

    def get_num_threads(self) -> int:
        return int(_native.allowed_threads())

    def set_num_threads(self, num_threads: int) -> None:
        _native.set_most_threads(num_threads)

    def get_version(self) -> None:
        return None

    def set_additional_attributes(self) -> None:
        pass


register(_Threads)


def _part(numbers: NDArray[Any]) -> Any:
    """The half of the compiled module that computes in the dtype of `numbers`."""
    name = getattr(numbers, "dtype", type(numbers))
    if name == np.float32:
        return _native.float32
    if name == np.float64:
        return _native.float64
    raise LimpidError(f"the native engine computes on NumPy arrays of float32 or float64, got {name}")


READABLE = "Befd"  # uint8, float16, float32 and float64 as NumPy abbreviates them
_described: dict[int, tuple[Network, Any]] = {}
MOST_DESCRIBED = 256


def described(network: Network) -> Any:
    """The network as the compiled module knows it; remembered, since one row is predicted in less time than made."""
    known = _described.get(id(network))
    if known and known[0] is network:
        return known[1]
    embedding = network.embedding
    made = _native.Network(
        list(network.widths),
        [layer.function.kind for layer in network.layers],
        network.cost.partition(":")[0],
        list(network.cost_function.numbers),
        list(network.output.groups),
        [layer.normalization or "none" for layer in network.layers[:-1]],
        list(embedding.columns) if embedding else [],
        embedding.dimensions if embedding else 0,
    )
    if len(_described) >= MOST_DESCRIBED:
        _described.clear()
    _described[id(network)] = network, made
    return made


def _inputs(inputs: int, X: Any) -> Any:
    """X as the compiled module takes it: an array, or numbers, places, starts and meanings."""
    if isinstance(X, Shared):
        return X.table
    if isinstance(X, Coded):
        return _row_by_row(X.codes), None, None, X.meanings
    if is_sparse(X):
        if X.ndim != 2 or X.shape[1] != inputs:
            raise ValueError(f"X must have shape (rows, {inputs}), got {X.shape}")
        X = canonical(X)
        return X.data, X.indices, X.indptr, None
    if not isinstance(X, np.ndarray) or X.dtype.char not in READABLE:
        given = getattr(X, "dtype", type(X))
        raise LimpidError(f"the native engine reads NumPy arrays of uint8, float16, float32 or float64, got {given}")
    return _row_by_row(X)


def _examples(network: Network, examples: Examples) -> tuple[Any, ...]:
    weights = None if examples.weights is None else _row_by_row(examples.weights)
    return _inputs(network.inputs, examples.X), _row_by_row(examples.Y), weights


def _laid_out(parameters: Parameters) -> Parameters:
    return {name: _row_by_row(array) for name, array in parameters.items()}


def _row_by_row(array: NDArray[Any]) -> NDArray[Any]:
    flags = getattr(array, "flags", None)
    if flags is not None and flags.c_contiguous and flags.aligned:
        return array
    return np.require(array, requirements=("C", "A"))
