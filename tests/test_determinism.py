"""The native engine's bits: the same for any cut, any batch, any run and after a file, at each SIMD level and dtype."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid import _native, learn, load, read, save
from limpid.dropout import dropout_mask
from limpid.embedding import Embedding
from limpid.engines import Engine, Examples, State, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.network import dense_network, hidden_activations
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import OPTIMIZERS
from tests.helpers import EMBEDDINGS, assert_close, make_parameters

DTYPES = [np.float32, np.float64]


def hashes(state: State) -> bytes:
    arrays = [*state.parameters.values(), *(array for slot in state.slots.values() for array in slot.values())]
    return b"".join((array + 0.0).tobytes() for array in arrays)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "choices", [{}, {"dropout": 0.3, "clip_norm": 0.1, "max_norm": 0.9, "l2": 0.1}], ids=["plain", "all"]
)
@pytest.mark.parametrize(
    ("normalization", "embedding"), [*((kind, None) for kind in (None, *NORMALIZATIONS)), (None, EMBEDDINGS[0])]
)
def test_no_cut_changes_the_bits(
    native: Engine,
    optimizer: str,
    choices: dict[str, Any],
    normalization: str | None,
    embedding: Embedding | None,
    dtype: type,
    random: np.random.Generator,
) -> None:
    network = dense_network(7, [33, 5], 3, "silu", normalization=normalization, embedding=embedding)
    rule = StepRule(OPTIMIZERS[optimizer], 9, seed=5, **choices)
    examples = Examples(random.normal(size=(100, 7)).astype(dtype), random.dirichlet(np.ones(3), 100).astype(dtype))
    start = initial_parameters(network, "he", random, dtype)
    order, rates = random.permutation(100), np.linspace(0.1, 0.01, 12)
    ends = set()
    for cuts in ([12], [1] * 12, [5, 7], [11, 1]):
        for resumes in (False, True):
            descent = native.begin(network, State(start, rule.optimizer.init(start), 0), examples, rule)
            done, costs = 0, b""
            for steps in cuts:
                if resumes:
                    descent = native.begin(network, descent.state(), examples, rule)
                costs += descent.train(order[done * 9 : (done + steps) * 9], rates[done : done + steps]).tobytes()
                done += steps
            assert descent.state().step == 12
            ends.add(hashes(descent.state()) + costs)
    assert len(ends) == 1


@pytest.mark.parametrize("rows_a_batch", [9, 25, 100, 1000])
def test_several_passes_in_a_call_are_passes(native: Engine, rows_a_batch: int, random: np.random.Generator) -> None:
    network = dense_network(7, [5], 3)
    rule = StepRule(OPTIMIZERS["adam"], rows_a_batch)
    examples = Examples(random.normal(size=(100, 7)), random.dirichlet(np.ones(3), 100))
    start = initial_parameters(network, "he", random)
    orders = [random.permutation(100) for _ in range(3)]
    steps = -(-100 // rows_a_batch)
    rates = np.linspace(0.1, 0.01, 3 * steps)
    for engine, relative in ((native, 0.0), (find_engine("reference"), 1e-12)):
        descent = native.begin(network, State(start, rule.optimizer.init(start), 0), examples, rule)
        costs = [descent.train(each, rates[at * steps : (at + 1) * steps]) for at, each in enumerate(orders)]
        together = engine.begin(network, State(start, rule.optimizer.init(start), 0), examples, rule)
        assert_close(together.train(np.concatenate(orders), rates), np.concatenate(costs), relative)
        assert together.state().step == 3 * steps


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("activation", "normalization", "embedding"),
    [
        *((name, None, None) for name in hidden_activations()),
        ("elu", "batch", None),
        ("elu", "layer", None),
        ("elu", None, Embedding(11, ((2, 4), (7, 3)), 6)),
    ],
)
def test_a_row_alone_is_the_row_in_a_batch(
    native: Engine,
    activation: str,
    normalization: str | None,
    embedding: Embedding | None,
    dtype: type,
    random: np.random.Generator,
) -> None:
    network = dense_network(11, [37, 64, 6], 5, activation, normalization=normalization, embedding=embedding)
    parameters = make_parameters(network, random, dtype)
    X: np.ndarray = random.normal(size=(1000, 11)).astype(dtype)
    together = native.predict(network, parameters, X)
    trace = native.trace(network, parameters, X)
    assert np.array_equal(trace.a[-1], together)
    Y: np.ndarray = random.dirichlet(np.ones(5), 1000).astype(dtype)
    costs, outputs = native.judge(network, parameters, Examples(X, Y))
    assert np.array_equal(outputs, together)
    for row in (0, 1, 5, 511, 512, 998, 999):
        assert np.array_equal(native.predict(network, parameters, X[row : row + 1])[0], together[row])
        assert native.judge(network, parameters, Examples(X[row : row + 1], Y[row : row + 1]))[0] == costs[row]
    assert np.array_equal(native.predict(network, parameters, X[400:700]), together[400:700])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("widths", [(7, 33, 5, 3), (97, 70, 1), (600, 130, 520, 17)], ids=str)
@pytest.mark.parametrize(
    ("normalization", "embeds"), [*((kind, False) for kind in (None, *NORMALIZATIONS)), (None, True), ("batch", True)]
)
def test_levels_with_fused_sums_give_the_same_bits(
    widths: tuple[int, ...],
    normalization: str | None,
    embeds: bool,
    dtype: type,
    random: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = "softmax" if widths[-1] > 1 else "sigmoid"
    embedding = Embedding(widths[0], ((1, 4), (5, widths[0] - 6)), 33) if embeds else None
    network = dense_network(
        widths[0], widths[1:-1], widths[-1], "gelu", output, normalization=normalization, embedding=embedding
    )
    start = initial_parameters(network, "he", random, dtype)
    X: np.ndarray = random.normal(size=(90, widths[0])).astype(dtype)
    Y: np.ndarray = random.dirichlet(np.ones(widths[-1] + 1), 90)[:, :-1].astype(dtype)
    rule = StepRule(OPTIMIZERS["nadam"], 40, l2=0.1, dropout=0.2, clip_norm=0.5, max_norm=0.8)
    ends = set()
    for level in set(_native.simd_levels()) - {"baseline"}:
        monkeypatch.setenv("LIMPID_SIMD", level)
        native = find_engine("native")
        descent = native.begin(network, State(start, rule.optimizer.init(start), 0), Examples(X, Y), rule)
        costs = descent.train(np.arange(90), np.full(3, 0.01))
        state = descent.state()
        ends.add(hashes(state) + costs.tobytes() + native.predict(network, state.parameters, X).tobytes())
    assert len(ends) == min(1, len(_native.simd_levels()) - 1)


@pytest.mark.parametrize("rows", [1, 5, 600])
@pytest.mark.parametrize("embedding", [None, EMBEDDINGS[0]])
def test_a_rows_slopes_do_not_depend_on_what_else_is_returned(
    native: Engine, embedding: Embedding | None, rows: int, random: np.random.Generator
) -> None:
    """A step of plain gradient descent is the slope that `gradients` gives, to the bit, in one part or several."""
    network = dense_network(7, [33, 5], 3, "gelu", embedding=embedding)
    parameters = initial_parameters(network, "he", random, np.float32)
    X: np.ndarray = random.normal(size=(rows, 7)).astype(np.float32)
    Y = np.eye(3, dtype=np.float32)[np.arange(rows) % 3]
    slopes = native.gradients(network, parameters, Examples(X, Y)).parameters
    zeros = {name: np.zeros_like(array) for name, array in parameters.items()}
    rule = StepRule(OPTIMIZERS["momentum"], rows)
    descent = native.begin(network, State(parameters, {"velocity": zeros}, 0), Examples(X, Y), rule)
    descent.train(np.arange(rows), np.ones(1))
    velocity = descent.state().slots["velocity"]
    assert all(np.array_equal(velocity[name], -slope) for name, slope in slopes.items())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("inputs", [5, 6, 97, 130])
@pytest.mark.parametrize(
    "rule",
    [StepRule(OPTIMIZERS["adam"], 20, l2=0.1), StepRule(OPTIMIZERS["gradient_descent"], 15)],
    ids=["adam", "descent"],
)
@pytest.mark.parametrize("decimals", [12, 1])
@pytest.mark.parametrize("units", [19, 300])
def test_leaving_zeros_out_changes_no_bit(
    native: Engine, inputs: int, rule: StepRule, decimals: int, units: int, dtype: type, random: np.random.Generator
) -> None:
    """The same batches are learned from twice: among mostly zeros, and with rows beside them that hide that.

    With one decimal there are so few numbers that each is kept as a byte; where units are many, rows are spread out for
    the slopes.
    """
    network = dense_network(inputs, [units], 3, "tanh")
    start = initial_parameters(network, "he", random, dtype)
    numbers = random.normal(size=(60, inputs)).round(decimals) * (random.uniform(size=(60, inputs)) < 0.06)
    X: np.ndarray = numbers.astype(dtype)
    X[:20, : inputs // 2] = 0
    Y: np.ndarray = random.dirichlet(np.ones(3), 60).astype(dtype)
    dense: np.ndarray = random.normal(size=(300, inputs)).astype(dtype)
    ends = set()
    for given in (Examples(X, Y), Examples(np.concatenate([X, dense]), np.concatenate([Y, Y, Y, Y, Y, Y]))):
        descent = native.begin(network, State(start, rule.optimizer.init(start), 0), given, rule)
        costs = descent.train(np.arange(60), np.full(60 // rule.batch_size, 0.1))
        ends.add(hashes(descent.state()) + costs.tobytes())
    assert len(ends) == 1


def test_a_state_that_was_handed_out_stays(native: Engine, random: np.random.Generator) -> None:
    network = dense_network(3, [4], 2)
    start = initial_parameters(network, "he", random)
    rule = StepRule(OPTIMIZERS["adam"], 2)
    descent = native.begin(
        network, State(start, rule.optimizer.init(start), 0), Examples(np.ones((4, 3)), np.eye(2)[[0, 1, 0, 1]]), rule
    )
    before, kept = descent.state(), hashes(descent.state())
    descent.train(np.arange(4), np.ones(2))
    assert hashes(before) == kept != hashes(descent.state())


def test_the_masks_are_the_reference_engines(native: Engine, random: np.random.Generator) -> None:
    """The output layer's slopes show which hidden units were dropped: those of a dropped unit are 0."""
    network = dense_network(3, [50], 2, "sigmoid", "identity")
    start = initial_parameters(network, "normal", random)
    rule = StepRule(OPTIMIZERS["gradient_descent"], 1, dropout=0.4, seed=2**64 - 5)
    descent = native.begin(network, State(start, {}, 7), Examples(np.ones((1, 3)), np.full((1, 2), 9.0)), rule)
    descent.train(np.zeros(1, np.int64), np.ones(1))
    moved = (descent.state().parameters["W2"] != start["W2"]).all(axis=1)
    assert np.array_equal(moved, dropout_mask(0.4, 2**64 - 5, 7, 1, 1, 50)[0] > 0)


def test_twenty_runs_and_a_file_are_one(native: Engine, tmp_path: Path) -> None:
    ends = set()
    for run in range(20):
        learning = learn(read("iris"), hidden=[16], epochs=5, dropout=0.2, seed=3)
        for _ in learning:
            pass
        save(learning.model, tmp_path / "iris.limpid")
        parameters = (learning.model if run % 2 else load(tmp_path / "iris.limpid")).parameters
        ends.add(b"".join(array.tobytes() for array in parameters.values()))
    assert len(ends) == 1
