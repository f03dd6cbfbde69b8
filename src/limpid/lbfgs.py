"""L-BFGS (Liu, Nocedal 1989) through SciPy: each pass is one iteration over all examples together.

SciPy keeps the loop to itself and calls back, while training is a generator: the optimizer therefore runs in a
thread of its own and stands still while an iterate is looked at.
"""

from collections.abc import Generator
from queue import Queue
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from threadpoolctl import threadpool_limits

from limpid.engines import Engine, Examples, State, StepRule, all_finite
from limpid.network import Network, Parameters
from limpid.objective import whole_gradients
from limpid.stochastic import Control, Pass

CONVERGED = "L-BFGS converged"


def lbfgs_passes(
    engine: Engine,
    network: Network,
    start: State,
    examples: Examples,
    rule: StepRule,
    control: Control,
    *,
    epochs: int,
    flatness: float,
    progress: float,
    evaluations: int,
) -> Generator[Pass, object, None]:
    """Up to `epochs` iterations from `start`, of `rule` only `l2` is used.

    It ends by itself, with `control.stop` saying so, where the largest slope falls to `flatness`, the cost to
    `progress` times itself less in an iteration, or `evaluations` of the cost are used up.
    """
    if epochs < 1 or control.stop:
        return  # SciPy would make one iteration all the same
    packing = _Packing(network, examples.Y.dtype)
    passes: Queue[Pass | BaseException | None] = Queue()
    resume: Queue[None] = Queue()
    penalties = [0.0]

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        found = whole_gradients(engine, network, packing.unpack(flat), examples, rule.l2)
        penalties[0] = found.penalty
        return found.cost + found.penalty, packing.pack(found.parameters)

    def callback(intermediate_result: OptimizeResult) -> None:
        parameters = packing.unpack(intermediate_result.x)
        cost = float(intermediate_result.fun)
        trouble = None if np.isfinite(cost) and all(map(all_finite, parameters.values())) else "the cost"
        state = State(parameters, {}, 0)
        passes.put(Pass(lambda: state, cost, penalties[0], 1.0, trouble))
        resume.get()
        if control.stop:
            raise StopIteration

    def work() -> None:
        options = {"maxiter": epochs, "maxfun": evaluations, "gtol": flatness, "ftol": progress}
        try:
            with threadpool_limits(1, "blas"), np.errstate(all="ignore"):  # SciPy's own products too
                result = minimize(
                    objective, packing.pack(start.parameters), method="L-BFGS-B", jac=True, callback=callback,
                    options=options,
                )  # fmt: skip
            if not control.stop and (
                result.status != 1 or result.nit < epochs
            ):  # else all that were asked for are done
                control.stop = CONVERGED if result.success else f"L-BFGS gave up: {result.message}"
            passes.put(None)
        except BaseException as error:
            passes.put(error)

    worker = Thread(target=work, name="limpid-lbfgs", daemon=True)
    worker.start()
    try:
        while (item := passes.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            resume.put(None)
    except KeyboardInterrupt:
        control.stop = "interrupted"
    except GeneratorExit:
        asked, control.stop = control.stop, "the loop was left"
        resume.put(None)
        worker.join()
        control.stop = asked
    finally:
        resume.put(None)  # whatever ended the loop, the optimizer must not wait for ever
        worker.join()


class _Packing:
    """Parameters as one long float64 vector: all weights, then all biases and what else there is."""

    def __init__(self, network: Network, dtype: Any) -> None:
        self._dtype, self._names = dtype, list(network.shapes())
        self._shapes = dict(sorted(network.shapes().items(), key=lambda item: not network.decays(item[0])))

    def pack(self, parameters: Parameters) -> NDArray[np.float64]:
        return np.concatenate([np.ravel(parameters[name]).astype(np.float64) for name in self._shapes])

    def unpack(self, flat: NDArray[np.float64]) -> Parameters:
        parts = np.split(flat, np.cumsum([int(np.prod(shape)) for shape in self._shapes.values()])[:-1])
        found = {
            name: part.reshape(shape).astype(self._dtype)
            for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }
        return {name: found[name] for name in self._names}
