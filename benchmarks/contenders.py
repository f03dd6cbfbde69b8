"""Who is timed, each in its fastest fair form: data in memory, the same network, batches and optimizer."""

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.workload import Contender, Epoch, Workload


def limpid_reference(work: Workload) -> Epoch:
    from limpid.engines import Examples, State, StepRule, find_engine
    from limpid.initializers import initial_parameters
    from limpid.network import dense_network
    from limpid.optimizers import find_optimizer

    network = dense_network(work.X.shape[1], work.hidden, work.classes)
    random = np.random.default_rng(0)
    parameters = initial_parameters(network, "he", random, np.float32)
    rule = StepRule(find_optimizer("adam"), work.batch_size)
    targets = np.eye(work.classes, dtype=np.float32)[work.codes]
    state = State(parameters, rule.optimizer.init(parameters), 0)
    descent = find_engine("reference").begin(network, state, Examples(work.X, targets), rule)
    rates = np.full(-(-len(work.X) // work.batch_size), 0.001)
    return lambda: descent.train(random.permutation(len(work.X)), rates)


def scikit_learn(work: Workload) -> Epoch:
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(work.hidden, alpha=0, batch_size=work.batch_size, random_state=0)
    classes = np.arange(work.classes)
    return lambda: network.partial_fit(work.X, work.codes, classes=classes)


def pytorch(work: Workload) -> Epoch:
    import torch

    torch.manual_seed(0)
    widths = (work.X.shape[1], *work.hidden, work.classes)
    layers: list[Any] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, fused=True)
    X, codes = torch.from_numpy(work.X), torch.from_numpy(work.codes)

    def epoch() -> None:
        order = torch.randperm(len(X))
        for start in range(0, len(X), work.batch_size):
            rows = order[start : start + work.batch_size]
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(network(X[rows]), codes[rows]).backward()
            optimizer.step()

    return epoch


CONTENDERS: dict[str, Contender] = {
    "limpid (reference engine)": limpid_reference,
    "scikit-learn": scikit_learn,
    "PyTorch (eager, fused Adam)": pytorch,
}
