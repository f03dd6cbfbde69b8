"""The native engine beside the reference engine: the same numbers for everything that the tables hold."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from limpid import _native
from limpid.activations import ACTIVATIONS
from limpid.costs import COSTS
from limpid.embedding import Embedding
from limpid.engines import Engine, Examples, State, StepRule, find_engine
from limpid.engines import native as native_engine
from limpid.engines.reference import ReferenceEngine
from limpid.initializers import INITIALIZERS, initial_parameters
from limpid.network import Dense, Network, dense_network, hidden_activations
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import OPTIMIZERS, Adam, AdamW, Lion, Momentum, Optimizer
from tests.helpers import (
    EMBEDDINGS,
    PAIRS_WITH_NUMBERS,
    assert_close,
    fitting_pairs,
    make_examples,
    make_network,
    make_parameters,
)

ALLOWED = 1e-10
STEPS = 100
RATES = {"lion": 0.001}


def agree(
    native: Engine,
    network: Network,
    random: np.random.Generator,
    optimizer: Optimizer = OPTIMIZERS["adam"],
    *,
    rows: int = 40,
    batch_size: int = 8,
    steps: int = STEPS,
    weights: str = "normal_scaled",
    weighted: bool = False,
    rate: float = 0.01,
    **choices: Any,
) -> None:
    """Both engines make the same steps from the same start: costs, parameters and all that is remembered."""
    examples = make_examples(network, random, rows, weighted)
    start = initial_parameters(network, weights, random)
    rule = StepRule(optimizer, batch_size, **choices)
    descents = [
        engine.begin(network, State(start, rule.optimizer.init(start), 0), examples, rule)
        for engine in (native, ReferenceEngine())
    ]
    batches = -(-rows // batch_size)
    for done in range(0, steps, batches):
        order, rates = random.permutation(rows), np.linspace(rate, rate / 2, batches)
        got, wanted = (descent.train(order, rates) for descent in descents)
        assert_close(got, wanted, ALLOWED, f"{network} costs from step {done}")
    one, other = (descent.state() for descent in descents)
    assert one.step == other.step >= steps
    assert_same(one.parameters, other.parameters, str(network))
    for slot in optimizer.slots:
        assert_same(one.slots[slot], other.slots[slot], f"{network} {slot}")


def assert_same(got: dict[str, np.ndarray], wanted: dict[str, np.ndarray], what: str) -> None:
    assert list(got) == list(wanted)
    for name, array in wanted.items():
        assert got[name].dtype == array.dtype
        assert_close(got[name], array, ALLOWED, f"{what} {name}")


def test_native_has_every_variant() -> None:
    assert _native.activations == list(ACTIVATIONS)
    assert _native.costs == list(COSTS)
    assert _native.optimizers == list(OPTIMIZERS)
    assert _native.normalizations == ["none", *NORMALIZATIONS]


@pytest.mark.parametrize(("output", "cost"), [*fitting_pairs(), *PAIRS_WITH_NUMBERS])
def test_every_output_and_cost(native: Engine, output: str, cost: str, random: np.random.Generator) -> None:
    agree(native, make_network("tanh", output, cost), random, rate=0.003, weighted=True, l2=0.1)


@pytest.mark.parametrize("activation", hidden_activations())
def test_every_hidden_activation(native: Engine, activation: str, random: np.random.Generator) -> None:
    agree(native, make_network(activation, "softmax", "cross_entropy"), random, dropout=0.3, seed=3)


VARIANTS = [
    *OPTIMIZERS.values(),
    Adam(0.8, 0.95, 1e-6, epsilon_before_correction=True),
    AdamW(weight_decay=0.3),
    Lion(weight_decay=0.3),
    Momentum(0.5),
]


@pytest.mark.parametrize("optimizer", VARIANTS, ids=str)
@pytest.mark.parametrize("choices", [{}, {"clip_norm": 0.05, "l2": 0.1}], ids=["plain", "clipped"])
def test_every_optimizer(
    native: Engine, optimizer: Optimizer, choices: dict[str, Any], random: np.random.Generator
) -> None:
    agree(native, make_network("silu", "softmax", "cross_entropy"), random, optimizer,
          rate=RATES.get(optimizer.name, 0.02), **choices)  # fmt: skip


@pytest.mark.parametrize("weights", INITIALIZERS)
def test_every_initializer(native: Engine, weights: str, random: np.random.Generator) -> None:
    agree(native, make_network("gelu", "sigmoid", "binary_cross_entropy"), random, weights=weights, dropout=0.2)


@pytest.mark.parametrize(
    "choices",
    [
        {"label_smoothing": 0.2},
        {"max_norm": 0.9},
        {"weighted": True, "l2": 0.5},
        {"weighted": True, "clip_norm": 0.3, "l2": 0.5, "dropout": 0.5, "label_smoothing": 0.1, "seed": 2**64 - 1},
        {"rows": 600, "batch_size": 600, "dropout": 0.3},
        {"rows": 1100, "batch_size": 1030, "clip_norm": 0.1, "max_norm": 0.7, "weighted": True, "l2": 1.0},
    ],
    ids=str,
)
def test_every_choice_of_the_rule(native: Engine, choices: dict[str, Any], random: np.random.Generator) -> None:
    agree(native, make_network("relu", "softmax", "cross_entropy", (13, 7)), random, **choices)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"weighted": True, "dropout": 0.3, "clip_norm": 0.3, "max_norm": 0.9, "l2": 0.5, "label_smoothing": 0.1},
        {"optimizer": AdamW(weight_decay=0.3), "rows": 43},
        {"optimizer": OPTIMIZERS["lion"], "rate": 0.001},
        {"rows": 1100, "batch_size": 1030, "weighted": True, "dropout": 0.2},
        {"rows": 30, "batch_size": 2**70},
        {"rows": 5, "batch_size": 4},
    ],
    ids=str,
)
def test_every_normalization(
    native: Engine, normalization: str, choices: dict[str, Any], random: np.random.Generator
) -> None:
    network = make_network("tanh", "softmax", "cross_entropy", (13, 7), normalization)
    agree(native, network, random, **choices)


@pytest.mark.parametrize("optimizer", VARIANTS, ids=str)
@pytest.mark.parametrize(
    "choices", [{}, {"clip_norm": 0.05, "l2": 0.1, "max_norm": 0.7, "dropout": 0.3}], ids=["plain", "all"]
)
def test_every_optimizer_behind_an_embedding(
    native: Engine, optimizer: Optimizer, choices: dict[str, Any], random: np.random.Generator
) -> None:
    network = make_network("silu", "softmax", "cross_entropy", embedding=EMBEDDINGS[0])
    agree(native, network, random, optimizer, rate=RATES.get(optimizer.name, 0.02), **choices)


@pytest.mark.parametrize("embedding", EMBEDDINGS, ids=str)
@pytest.mark.parametrize(
    ("hidden", "choices"),
    [
        ((), {}),
        ((13, 7), {"rows": 1100, "batch_size": 1030, "clip_norm": 0.1, "max_norm": 0.7, "weighted": True, "l2": 1.0}),
        ((300,), {"rows": 600, "batch_size": 600, "dropout": 0.3, "steps": 10}),
    ],
    ids=str,
)
def test_every_embedding(
    native: Engine, embedding: Embedding, hidden: tuple[int, ...], choices: dict[str, Any], random: np.random.Generator
) -> None:
    agree(native, make_network("relu", "softmax", "cross_entropy", hidden, embedding=embedding), random, **choices)


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("embedding", EMBEDDINGS, ids=str)
@pytest.mark.parametrize("rows", [1, 50, 1030])
def test_predict_trace_and_gradients_of_embedded_inputs(
    native: Engine, rows: int, embedding: Embedding, normalization: str | None, random: np.random.Generator
) -> None:
    compare(
        native, make_network("mish", "softmax", "cross_entropy", (16, 64), normalization, embedding), rows, 1, random
    )


def test_layers_that_are_normalised_differently(native: Engine, random: np.random.Generator) -> None:
    kinds = [None, "batch", "layer", "batch", None, "layer"]
    layers = [Dense(units, "silu", kind) for units, kind in zip((9, 8, 11, 300, 6, 5), kinds, strict=True)]
    network = Network(4, (*layers, Dense(2, "sigmoid")), "binary_cross_entropy")
    agree(native, network, random, rows=50, batch_size=20, dropout=0.2, seed=3)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("rows", [1, 7, 1030])
def test_predict_trace_and_gradients_of_normalised_networks(
    native: Engine, normalization: str, rows: int, random: np.random.Generator
) -> None:
    compare(native, make_network("mish", "softmax", "cross_entropy", (16, 64), normalization), rows, 1, random)


def test_labels_are_smoothed_in_each_group(native: Engine, random: np.random.Generator) -> None:
    network = make_network("relu", "softmax:4,2,3", "cross_entropy")
    agree(native, network, random, label_smoothing=0.3, weighted=True)


def test_a_hidden_neurons_weights_are_limited(native: Engine, random: np.random.Generator) -> None:
    network = make_network("relu", "softmax", "cross_entropy")
    start = initial_parameters(network, "normal", random)
    rule = StepRule(OPTIMIZERS["gradient_descent"], 20, max_norm=0.7)
    for engine in (native, ReferenceEngine()):
        descent = engine.begin(network, State(start, {}, 0), make_examples(network, random, 20), rule)
        descent.train(np.arange(20), np.full(1, 1e-3))
        norms = [np.linalg.norm(descent.state().parameters[name], axis=0) for name in ("W1", "W2", "W3")]
        assert max(norms[0].max(), norms[1].max()) == pytest.approx(0.7, rel=1e-12)
        assert norms[2] == pytest.approx(np.linalg.norm(start["W3"], axis=0), rel=1e-2), "outputs are free"


def test_a_batch_without_weight_moves_only_by_the_penalty(native: Engine, random: np.random.Generator) -> None:
    network = make_network()
    start = initial_parameters(network, "normal", random)
    examples = make_examples(network, random, 8)._replace(weights=np.zeros(8))
    for l2, factor in ((0.0, 1.0), (0.5, 1 - 0.01 * 0.5)):
        for engine in (native, ReferenceEngine()):
            rule = StepRule(OPTIMIZERS["gradient_descent"], 8, l2=l2)
            descent = engine.begin(network, State(start, {}, 0), examples, rule)
            assert descent.train(np.arange(8), np.full(1, 0.01))[0, 0] == 0
            assert_close(descent.state().parameters["W1"], factor * start["W1"], 1e-15)


def test_a_batch_without_weight_leaves_running_statistics_alone(native: Engine, random: np.random.Generator) -> None:
    network = make_network(normalization="batch")
    start = make_parameters(network, random)
    examples = make_examples(network, random, 8)._replace(weights=np.repeat([0.0, 1.0], 4))
    for engine in (native, ReferenceEngine()):
        descent = engine.begin(network, State(start, {}, 0), examples, StepRule(OPTIMIZERS["gradient_descent"], 4))
        descent.train(np.arange(4), np.full(1, 0.01))
        assert all(np.array_equal(descent.state().parameters[name], array) for name, array in start.items())
        descent.train(np.arange(4, 8), np.full(1, 0.01))
        assert not any(np.array_equal(descent.state().parameters[name], start[name]) for name in ("mean1", "variance2"))


@pytest.mark.parametrize(
    ("widths", "rows", "batch_size", "steps"),
    [
        ((1, 1), 1, 1, STEPS),
        ((1, 1, 1), 3, 2, STEPS),
        ((3, 2), 5, 3, STEPS),
        ((7, 13, 11, 5), 23, 17, STEPS),
        ((31, 1, 37), 29, 29, STEPS),
        ((97, 101, 3), 131, 127, STEPS),
        ((300, 257, 130, 64), 700, 256, STEPS),
        ((1030, 7, 1100, 5), 40, 20, 20),
    ],
    ids=str,
)
def test_every_shape(
    native: Engine, widths: tuple[int, ...], rows: int, batch_size: int, steps: int, random: np.random.Generator
) -> None:
    network = dense_network(widths[0], widths[1:-1], widths[-1], "tanh", "identity")
    agree(native, network, random, rows=rows, batch_size=batch_size, steps=steps, dropout=0.2)


@pytest.mark.parametrize(("output", "cost"), [*fitting_pairs(), *PAIRS_WITH_NUMBERS])
@pytest.mark.parametrize(("rows", "sure"), [(1, 1), (7, 1), (1030, 1), (40, 6)])
def test_predict_trace_and_gradients(
    native: Engine, output: str, cost: str, rows: int, sure: float, random: np.random.Generator
) -> None:
    compare(native, make_network("mish", output, cost), rows, sure, random)


def compare(native: Engine, network: Network, rows: int, sure: float, random: np.random.Generator) -> None:
    """Everything that is computed without a step, by both engines."""
    parameters, examples = make_parameters(network, random), make_examples(network, random, rows, weighted=True)
    parameters["W3"] *= sure  # sums so far from 0 that sigmoids and softmax are almost 0 or 1
    other = ReferenceEngine()
    assert_close(native.predict(network, parameters, examples.X), other.predict(network, parameters, examples.X), 1e-13)
    got, wanted = (engine.trace(network, parameters, examples.X) for engine in (native, other))
    for kind in ("z", "a"):
        for one, two in zip(getattr(got, kind), getattr(wanted, kind), strict=True):
            assert_close(one, two, 1e-13, kind)
    for one, two in zip(*(engine.judge(network, parameters, examples) for engine in (native, other)), strict=True):
        assert_close(one, two, 1e-12, "judged")
    slopes, true = (engine.gradients(network, parameters, examples, 0.3) for engine in (native, other))
    assert_close([slopes.cost, slopes.penalty], [true.cost, true.penalty], 1e-12)
    assert examples.weights is not None
    assert_close(np.average(native.judge(network, parameters, examples)[0], weights=examples.weights), true.cost, 1e-12)
    for one, two in zip(slopes.deltas, true.deltas, strict=True):
        assert_close(one, two, 1e-12, "delta")
    assert_same(slopes.parameters, true.parameters, str(network))


@pytest.mark.parametrize("activation", hidden_activations())
def test_float32_is_as_near_as_float32_can_be(native: Engine, activation: str, random: np.random.Generator) -> None:
    network = make_network(activation, "softmax", "cross_entropy", (33, 17))
    parameters, examples = make_parameters(network, random), make_examples(network, random, 50)
    small = {name: array.astype(np.float32) for name, array in parameters.items()}
    given = Examples(examples.X.astype(np.float32), examples.Y.astype(np.float32))
    got = native.gradients(network, small, given)
    wanted = ReferenceEngine().gradients(network, parameters, examples)
    assert got.deltas[0].dtype == np.float32
    assert_close(got.cost, wanted.cost, 1e-5)
    for name, slope in wanted.parameters.items():
        assert_close(got.parameters[name] / np.abs(slope).max(), slope / np.abs(slope).max(), 1e-4, name)


def variants_broken() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each activation, cost and optimizer computed by the kernel of another one."""
    names = hidden_activations()
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        yield f"activation {name}", {"activation": (name, other)}
    for name, other in (("squared_error", "huber"), ("huber", "absolute_error"), ("absolute_error", "quantile")):
        yield f"cost {name}", {"cost": (name, other)}
    optimizers = list(OPTIMIZERS)
    for name, other in zip(optimizers, [*optimizers[1:], optimizers[0]], strict=True):
        if {name, other} != {"adam", "adamw"}:  # these differ by a number only
            yield f"optimizer {name}", {"optimizer": (name, other)}
    yield "normalization layer", {"normalization": ("layer", "none")}
    yield "embedding as a layer like any other", {"embedding": ([], 0)}
    yield "embedding of another column", {"embedding": ([(1, 2), (3, 2)], 2)}


@pytest.mark.parametrize(
    ("what", "swap"), list(variants_broken()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_broken_engine_is_found(
    what: str, swap: dict[str, tuple[Any, Any]], random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_network, real_optimizer = _native.Network, _native.Optimizer

    def network(
        widths: Any,
        activations: Any,
        cost: str,
        numbers: list[float],
        groups: list[int],
        normalizations: list[str],
        columns: list[tuple[int, int]],
        dimensions: int,
    ) -> Any:
        (name, other), (kind, wrong) = swap.get("activation", ("", "")), swap.get("cost", ("", ""))
        activations = [other if activation == name else activation for activation in activations]
        name, other = swap.get("normalization", ("", ""))
        normalizations = [other if each == name else each for each in normalizations]
        columns, dimensions = swap.get("embedding", (columns, dimensions))
        cost = wrong if cost == kind else cost
        return real_network(widths, activations, cost, numbers or [0.4], groups, normalizations, columns, dimensions)

    def optimizer(name: str, numbers: dict[str, float]) -> Any:
        return real_optimizer(swap["optimizer"][1] if "optimizer" in swap else name, numbers)

    monkeypatch.setattr(_native, "Network", network)
    monkeypatch.setattr(_native, "Optimizer", optimizer)
    native_engine._described.clear()
    activation, cost = swap.get("activation", ("tanh",))[0], swap.get("cost", ("squared_error",))[0]
    rule = OPTIMIZERS[swap.get("optimizer", ("gradient_descent",))[0]]
    embedding = EMBEDDINGS[0] if "embedding" in swap else None
    broken = make_network(activation, "identity", cost, (5, 4), swap.get("normalization", (None,))[0], embedding)
    found = r"off by|not finite|the optimizer remembers|must be as they are fixed"
    try:
        with pytest.raises((AssertionError, ValueError), match=found):
            agree(find_engine("native"), broken, random, rule, rate=0.05)
    finally:
        native_engine._described.clear()
