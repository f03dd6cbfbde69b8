"""What every form of PyTorch shares: a workload's network, its cost, its answers."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.workload import Predict, Workload


def library(cores: int) -> Any:
    import torch

    torch.set_num_threads(cores)
    return torch


def network_for(work: Workload) -> Any:
    """Layers up to the weighted sums of the last."""
    import torch

    functions = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}
    layers: list[Any] = []
    for fan_in, fan_out in pairwise(work.widths):
        layers += [torch.nn.Linear(fan_in, fan_out), functions[work.activation]()]
    return torch.nn.Sequential(*layers[:-1])


def draw(network: Any, seed: int) -> None:
    """New weights, in place."""
    import torch

    torch.manual_seed(seed)
    for layer in network[::2]:
        layer.reset_parameters()


def wanted_by(work: Workload) -> Any:
    """(rows,) classes, or (rows, outputs) numbers."""
    import torch

    return torch.from_numpy(work.codes if work.output == "softmax" else work.Y)


def cost_of(work: Workload) -> Callable[[Any, Any], Any]:
    """(weighted sums of the last layer, what is wanted) -> the mean cost."""
    from torch.nn.functional import cross_entropy, mse_loss

    if work.output == "softmax":
        return lambda z, wanted: cross_entropy(z, wanted, label_smoothing=work.label_smoothing)
    squash = _squash(work)
    return lambda z, wanted: mse_loss(squash(z), wanted, reduction="sum") / (2 * len(z))


def answer_of(work: Workload, network: Any) -> Callable[[Any], Any]:
    """Inputs -> the activations of the last layer."""
    squash = _squash(work)
    return lambda x: squash(network(x))


def predictor(answer: Callable[[Any], Any]) -> Predict:
    import torch

    def predict(X: Any) -> Any:
        with torch.inference_mode():
            return answer(torch.from_numpy(X)).numpy()

    return predict


def _squash(work: Workload) -> Callable[[Any], Any]:
    import torch

    functions: dict[str, Callable[[Any], Any]] = {"sigmoid": torch.sigmoid, "identity": lambda z: z}
    return functions.get(work.output, lambda z: torch.softmax(z, 1))
