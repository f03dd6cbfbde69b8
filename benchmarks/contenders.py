"""Who is timed, each in its fastest fair form: data in memory, the same network, batches and optimizer."""

import os
import warnings
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.workload import Contender, Epoch, Workload


def limpid(engine: str, level: str = "") -> Contender:
    """The engine called `engine`, one call an epoch; at the SIMD level called `level`, or the best."""

    def prepare(work: Workload) -> Epoch:
        os.environ["LIMPID_SIMD"] = level  # read when the descent begins
        from limpid.engines import Examples, State, StepRule, find_engine
        from limpid.initializers import initial_parameters
        from limpid.network import dense_network
        from limpid.optimizers import find_optimizer

        network = dense_network(work.widths[0], work.hidden, work.widths[-1], work.activation, work.output, work.cost)
        random = np.random.default_rng(0)
        parameters = initial_parameters(network, "he", random, np.float32)
        rule = StepRule(find_optimizer(work.optimizer), work.batch_size)
        state = State(parameters, rule.optimizer.init(parameters), 0)
        descent = find_engine(engine).begin(network, state, Examples(work.X, work.Y), rule)
        rates = np.full(-(-len(work.X) // work.batch_size), work.rate)
        return lambda: descent.train(random.permutation(len(work.X)), rates)

    return prepare


def scikit_learn(work: Workload) -> Epoch:
    """Its classifiers have cross-entropy costs only: for sigmoid outputs that takes the place of squared error."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore")  # that a few epochs have not converged
    descent = {"solver": "adam"} if work.optimizer == "adam" else {"solver": "sgd", "momentum": 0.0}
    activation = {"sigmoid": "logistic"}.get(work.activation, work.activation)
    choices: dict[str, Any] = {
        "hidden_layer_sizes": work.hidden, "activation": activation, "alpha": 0, "batch_size": work.batch_size,
        "learning_rate_init": work.rate, "random_state": 0, **descent,
    }  # fmt: skip
    if work.output == "identity":
        regressor = MLPRegressor(**choices)
        return lambda: regressor.partial_fit(work.X, work.Y)
    classifier = MLPClassifier(**choices)
    classes = np.arange(work.widths[-1])
    answers = work.Y.argmax(axis=1) if work.output == "softmax" else work.Y.astype(np.int64)
    return lambda: classifier.partial_fit(work.X, answers, classes=classes)


def pytorch(work: Workload) -> Epoch:
    import torch

    torch.manual_seed(0)
    functions = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}
    layers: list[Any] = []
    for fan_in, fan_out in pairwise(work.widths):
        layers += [torch.nn.Linear(fan_in, fan_out), functions[work.activation]()]
    layers = layers[:-1] + ([torch.nn.Sigmoid()] if work.output == "sigmoid" else [])
    network = torch.nn.Sequential(*layers)
    rule = torch.optim.Adam if work.optimizer == "adam" else torch.optim.SGD
    optimizer = rule(network.parameters(), lr=work.rate, fused=True)
    X, Y, codes = torch.from_numpy(work.X), torch.from_numpy(work.Y), torch.from_numpy(work.Y.argmax(axis=1))

    def cost(rows: Any) -> Any:
        outputs = network(X[rows])
        if work.output == "softmax":
            return torch.nn.functional.cross_entropy(outputs, codes[rows])
        return torch.nn.functional.mse_loss(outputs, Y[rows], reduction="sum") / (2 * len(rows))

    def epoch() -> None:
        order = torch.randperm(len(X))
        for start in range(0, len(X), work.batch_size):
            optimizer.zero_grad(set_to_none=True)
            cost(order[start : start + work.batch_size]).backward()
            optimizer.step()

    return epoch


def jax(work: Workload) -> Epoch:
    """A whole epoch as one compiled scan over the full batches, the state's memory handed on; a part batch is left."""
    import jax as library
    import jax.numpy as jnp

    random = np.random.default_rng(0)
    shapes = list(pairwise(work.widths))
    weights = [
        (jnp.asarray(random.normal(0, (2 / m) ** 0.5, (m, n)), jnp.float32), jnp.zeros(n, jnp.float32))
        for m, n in shapes
    ]
    hidden = {"relu": library.nn.relu, "sigmoid": library.nn.sigmoid}[work.activation]
    X, Y = jnp.asarray(work.X), jnp.asarray(work.Y)
    batches = len(work.X) // work.batch_size

    def cost(weights: Any, x: Any, y: Any) -> Any:
        for W, b in weights[:-1]:
            x = hidden(x @ W + b)
        z = x @ weights[-1][0] + weights[-1][1]
        if work.output == "softmax":
            return -(y * library.nn.log_softmax(z)).sum(axis=1).mean()
        a = library.nn.sigmoid(z) if work.output == "sigmoid" else z
        return 0.5 * ((a - y) ** 2).sum(axis=1).mean()

    def descend(state: Any, rows: Any) -> tuple[Any, None]:
        weights, mean, square, t = state
        slopes = library.grad(cost)(weights, X[rows], Y[rows])
        each = library.tree_util.tree_map
        if work.optimizer != "adam":
            return (each(lambda w, g: w - work.rate * g, weights, slopes), mean, square, t), None
        t = t + 1
        mean = each(lambda m, g: 0.9 * m + 0.1 * g, mean, slopes)
        square = each(lambda s, g: 0.999 * s + 0.001 * g * g, square, slopes)
        step, root = work.rate / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
        weights = each(lambda w, m, s: w - step * m / (jnp.sqrt(s) * root + 1e-8), weights, mean, square)
        return (weights, mean, square, t), None

    whole = library.jit(lambda state, order: library.lax.scan(descend, state, order)[0], donate_argnums=0)

    def zeros() -> Any:
        return library.tree_util.tree_map(jnp.zeros_like, weights)

    states = [(weights, zeros(), zeros(), jnp.zeros((), jnp.float32))]

    def epoch() -> None:
        order = random.permutation(len(work.X))[: batches * work.batch_size].reshape(batches, work.batch_size)
        states[0] = whole(states[0], jnp.asarray(order))
        states[0][0][0][0].block_until_ready()

    return epoch


CONTENDERS: dict[str, Contender] = {
    "limpid": limpid("native"),
    "limpid, held to AVX2": limpid("native", "avx2"),
    "limpid, reference engine": limpid("reference"),
    "scikit-learn": scikit_learn,
    "PyTorch (eager, fused optimizer)": pytorch,
    "JAX (an epoch in one jitted scan)": jax,
}
