"""PyTorch, compiled: gather, forward, cost, slopes and optimizer of a step in one graph.

Nowhere slower than a compiled cost with the fused optimizer, and on small networks several times quicker. Shapes are
static: a part batch is left.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders.pytorch_parts import answer_of, cost_of, draw, library, network_for, predictor, wanted_by
from benchmarks.workload import Learner, Workload, step_numbers


def compiled(work: Workload, cores: int, bfloat16: bool = False) -> Learner:
    torch = library(cores)
    network = network_for(work)
    descent = _Descent(work, network, bfloat16)
    answer = torch.compile(answer_of(work, network), dynamic=False, fullgraph=True)
    return Learner(descent.start, descent.descend, lambda: predictor(answer))


def compiled_bfloat16(work: Workload, cores: int) -> Learner:
    return compiled(work, cores, bfloat16=True)


class _Descent:
    """A call of the compiled step a batch."""

    def __init__(self, work: Workload, network: Any, bfloat16: bool) -> None:
        import torch

        self.work, self.network = work, network
        self.weights = {name: weight.detach() for name, weight in network.named_parameters()}
        self.mean, self.square = ({name: torch.zeros_like(w) for name, w in self.weights.items()} for _ in range(2))
        self.steps = 0
        self.step = torch.compile(_step(work, network, bfloat16), dynamic=False, fullgraph=True)

    def start(self, seed: int) -> None:
        self.steps = 0
        draw(self.network, seed)
        for slot in (*self.mean.values(), *self.square.values()):
            slot.zero_()

    def descend(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        import torch

        full = len(order) // self.work.batch_size
        numbers = torch.from_numpy(step_numbers(self.work, self.steps, rates[:full]))
        batches = torch.from_numpy(order[: full * self.work.batch_size]).view(full, self.work.batch_size)
        for rows, each in zip(batches, numbers, strict=True):
            self.step(self.weights, self.mean, self.square, rows, each)
        self.steps += full


def _step(work: Workload, network: Any, bfloat16: bool) -> Any:
    """(weights, mean, square, rows, numbers): moves the first three in place; products in `bfloat16` by autocast."""
    import torch

    cost, X, wanted = cost_of(work), torch.from_numpy(work.dense()), wanted_by(work)

    def of_rows(weights: Any, rows: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            z = torch.func.functional_call(network, weights, (X[rows],))
        return cost(z.float(), wanted[rows])

    def step(weights: Any, mean: Any, square: Any, rows: Any, numbers: Any) -> None:
        for name, g in torch.func.grad(of_rows)(weights, rows).items():
            w, m, s = weights[name], mean[name], square[name]
            if work.optimizer == "gradient_descent":
                w.sub_(numbers[0] * g)
                continue
            m.lerp_(g, 0.1)
            s.mul_(work.beta_2).addcmul_(g, g, value=1 - work.beta_2)
            w.mul_(numbers[2]).sub_(numbers[0] * m / (s.sqrt() * numbers[1] + 1e-8))

    return step
