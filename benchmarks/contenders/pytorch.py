"""PyTorch, eager: the usual loop with the fused optimizer, batches sliced by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders.pytorch_parts import answer_of, cost_of, draw, library, network_for, predictor, wanted_by
from benchmarks.workload import Learner, Workload, unanswering


def eager(work: Workload, cores: int) -> Learner:
    torch = library(cores)
    network, X = network_for(work), torch.from_numpy(work.dense())
    descent = _Descent(work, network, lambda rows: network(X[rows]))
    return Learner(descent.start, descent.descend, lambda: predictor(answer_of(work, network)))


def bagged(work: Workload, cores: int) -> Learner:
    """CSR rows, which `Linear` does not take: an `EmbeddingBag` is the first layer."""
    torch = library(cores)
    network = network_for(work)
    network[0] = torch.nn.EmbeddingBag(work.widths[0] + 1, work.widths[1], mode="sum")
    gather = _gatherer(work)

    def weighted_sums(rows: Any) -> Any:
        columns, begins, values = gather(rows)
        return network[1:](network[0](columns, begins, per_sample_weights=values))

    descent = _Descent(work, network, weighted_sums)
    return Learner(descent.start, descent.descend, unanswering)


class _Descent:
    """An optimizer step a batch."""

    def __init__(self, work: Workload, network: Any, weighted_sums: Callable[[Any], Any]) -> None:
        self.work, self.network, self.weighted_sums = work, network, weighted_sums
        self.cost, self.wanted = cost_of(work), wanted_by(work)

    def start(self, seed: int) -> None:
        import torch

        draw(self.network, seed)
        weights, rate = self.network.parameters(), self.work.rate
        if self.work.optimizer == "gradient_descent":
            self.optimizer: Any = torch.optim.SGD(weights, lr=rate, fused=True)
            return
        rule = torch.optim.AdamW if self.work.optimizer == "adamw" else torch.optim.Adam
        self.optimizer = rule(weights, lr=rate, betas=(0.9, self.work.beta_2), fused=True)

    def descend(self, order: NDArray[np.int64], rates: NDArray[np.float64]) -> None:
        import torch

        for rows, rate in zip(torch.from_numpy(order).split(self.work.batch_size), rates.tolist(), strict=True):
            self.optimizer.param_groups[0]["lr"] = rate
            self.optimizer.zero_grad(set_to_none=True)
            self.cost(self.weighted_sums(rows), self.wanted[rows]).backward()
            self.optimizer.step()


def _gatherer(work: Workload) -> Callable[[Any], Any]:
    """rows -> their columns, where each row begins among these, their values; the bias is one more column, of ones."""
    import torch
    from scipy.sparse import csr_array, hstack

    X = hstack([work.X, csr_array(np.ones((work.rows, 1), np.float32))], format="csr")
    starts, columns = (torch.from_numpy(array.astype(np.int64)) for array in (X.indptr, X.indices))
    values = torch.from_numpy(X.data)

    def gather(rows: Any) -> Any:
        counts = starts[rows + 1] - starts[rows]
        begins = counts.cumsum(0) - counts
        places = torch.arange(int(counts.sum())) + torch.repeat_interleave(starts[rows] - begins, counts)
        return columns[places], begins, values[places]

    return gather
