"""Descent with products of bfloat16: near float32, the same bits whatever is done, refused where it cannot be."""

import numpy as np
import pytest

from limpid import LimpidError, _native, evaluate, learn, read
from limpid.embedding import Embedding
from limpid.engines import Engine, Examples, State, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.network import Network, Parameters, dense_network
from limpid.optimizers import OPTIMIZERS
from tests.test_determinism import hashes


def refusal() -> str:
    """Why products of bfloat16 cannot be computed here; empty where they can."""
    try:
        _native.bfloat16_level()
    except ValueError as error:
        return str(error)
    return ""


needs_bfloat16 = pytest.mark.skipif(bool(refusal()), reason=refusal() or "nothing is in the way")


def begun(
    parameters: Parameters, network: Network, examples: Examples, *, optimizer: str = "adam", threads: int | None = None
) -> tuple[Engine, State, StepRule]:
    rule = StepRule(OPTIMIZERS[optimizer], 100, bfloat16=True)
    return find_engine("native", threads), State(parameters, rule.optimizer.init(parameters), 0), rule


@pytest.fixture
def wide(random: np.random.Generator) -> tuple[Network, Parameters, Examples]:
    network = dense_network(300, [260, 70], 10, "gelu")
    X: np.ndarray = random.normal(size=(1000, 300)).astype(np.float32)
    Y: np.ndarray = random.dirichlet(np.ones(10), 1000).astype(np.float32)
    return network, initial_parameters(network, "he", random, np.float32), Examples(X, Y)


@needs_bfloat16
def test_slopes_are_near(wide: tuple[Network, Parameters, Examples]) -> None:
    network, start, examples = wide
    engine, state, rule = begun(start, network, examples, optimizer="gradient_descent")
    descent = engine.begin(network, state, examples, rule)
    descent.train(np.arange(100), np.ones(1))
    first = Examples(examples.X[:100], examples.Y[:100])
    exact = engine.gradients(network, start, first).parameters
    for name, slope in exact.items():
        error = float(np.linalg.norm(start[name] - descent.state().parameters[name] - slope) / np.linalg.norm(slope))
        assert 0 < error < 2**-6, name  # some factors rounded by up to 2^-9, one after the other


@needs_bfloat16
@pytest.mark.parametrize(
    ("normalization", "embedding"),
    [(None, None), ("batch", None), ("layer", None), (None, Embedding(300, ((20, 200), (240, 9)), 30))],
)
@pytest.mark.parametrize("kept", [1.0, 0.04], ids=["full", "mostly zeros"])
def test_nothing_changes_the_bits(
    normalization: str | None,
    embedding: Embedding | None,
    kept: float,
    wide: tuple[Network, Parameters, Examples],
    random: np.random.Generator,
) -> None:
    _, _, (X, Y, _) = wide
    examples = Examples(X * (random.uniform(size=X.shape) < kept), Y)
    network = dense_network(300, [260, 70], 10, "gelu", normalization=normalization, embedding=embedding)
    start = initial_parameters(network, "he", random, np.float32)
    order, rates, ends = random.permutation(1000), np.full(10, 0.01), set()
    for threads in (1, 2, None):
        for cuts in ([10], [3, 7]):
            engine, state, rule = begun(start, network, examples, threads=threads)
            done = 0
            for steps in cuts:
                descent = engine.begin(network, state, examples, rule)
                descent.train(order[done * 100 : (done + steps) * 100], rates[done : done + steps])
                state, done = descent.state(), done + steps
            ends.add(hashes(state))
    assert len(ends) == 1


@needs_bfloat16
def test_digits_are_learned() -> None:
    digits = read("digits")
    scores = {}
    for precision in ("float32", "bfloat16"):
        learning = learn(digits, hidden=[64], epochs=30, precision=precision)
        for _ in learning:
            pass
        assert learning.model.parameters["W1"].dtype == np.float32
        assert learning.test is not None
        scores[precision] = evaluate(learning.model, learning.test).accuracy or 0.0
    assert scores["bfloat16"] > scores["float32"] - 0.01


def test_refusals(wide: tuple[Network, Parameters, Examples], monkeypatch: pytest.MonkeyPatch) -> None:
    network, start, examples = wide
    _, state, rule = begun(start, network, examples)
    with pytest.raises(LimpidError, match="need the native engine"):
        find_engine("reference").begin(network, state, examples, rule)
    with pytest.raises(LimpidError, match="lbfgs needs precision float32 or float64, got bfloat16"):
        learn(read("digits"), optimizer="lbfgs", precision="bfloat16")
    monkeypatch.setenv("LIMPID_SIMD", "avx2" if "avx2" in _native.simd_levels() else "baseline")
    with pytest.raises(LimpidError, match="bfloat16 products need AVX512-BF16 or AMX-BF16 with AVX-512; in use is"):
        find_engine("native").begin(network, state, examples, rule)
