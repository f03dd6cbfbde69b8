"""Threads: the same bits on any number of them, and as few as anyone wishes."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from limpid import _native
from limpid.embedding import Embedding
from limpid.engines import Examples, State, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.network import dense_network
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import OPTIMIZERS


@pytest.mark.parametrize("level", _native.simd_levels())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("zeros", [0.0, 0.9], ids=["dense", "mostly zeros"])
@pytest.mark.parametrize(
    "choices", [{}, {"dropout": 0.3, "clip_norm": 0.1, "max_norm": 0.9, "l2": 0.1}], ids=["plain", "all"]
)
@pytest.mark.parametrize(
    ("normalization", "embedding"),
    [*((kind, None) for kind in (None, *NORMALIZATIONS)), ("batch", Embedding(130, ((20, 99), (120, 3)), 21))],
)
def test_the_number_of_threads_changes_no_bit(
    normalization: str | None,
    embedding: Embedding | None,
    choices: dict[str, Any],
    zeros: float,
    dtype: type,
    level: str,
    random: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIMPID_SIMD", level)
    output = "softmax:4,5" if choices else "softmax"
    network = dense_network(130, [150, 70], 9, "silu", output, normalization=normalization, embedding=embedding)
    X: np.ndarray = (random.normal(size=(700, 130)) * (random.uniform(size=(700, 130)) >= zeros)).astype(dtype)
    Y: np.ndarray = random.dirichlet(np.ones(9), 700).astype(dtype)
    start = initial_parameters(network, "he", random, dtype)
    for batch_size in (100, 650):
        rule = StepRule(OPTIMIZERS["adam"], batch_size, seed=5, **choices)
        rates = np.full(-(-700 // batch_size), 0.01)
        ends: set[bytes] = set()
        for threads in (1, 2, 3, 4, None):
            engine = find_engine("native", threads)
            descent = engine.begin(network, State(start, rule.optimizer.init(start), 0), Examples(X, Y), rule)
            costs = descent.train(np.arange(700), rates)
            state = descent.state()
            found = engine.gradients(network, state.parameters, Examples(X, Y), 0.1)
            arrays = [*state.parameters.values(), *found.parameters.values(), *engine.trace(network, start, X).z]
            arrays.append(engine.predict(network, state.parameters, X))
            ends.add(costs.tobytes() + b"".join((array + 0.0).tobytes() for array in arrays))
        assert len(ends) == 1


def asked(code: str, **environment: str) -> str:
    command = [sys.executable, "-c", f"from limpid import _native\nfrom limpid.engines import native\n{code}"]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=True)
    return ended.stdout.strip()


def test_the_environment_limits_threads() -> None:
    assert asked("print(_native.allowed_threads())", OMP_NUM_THREADS="1") == "1"
    free = asked("print(_native.allowed_threads())", OMP_NUM_THREADS="")
    assert free == asked("print(_native.allowed_threads())", OMP_NUM_THREADS="100000")
    one = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(_native.allowed_threads())"
    if sys.platform == "linux":
        assert asked(one) == "1"


def test_threadpoolctl_sees_and_limits_threads() -> None:
    mine = [each for each in threadpool_info() if each["internal_api"] == "limpid"]
    assert [each["num_threads"] for each in mine] == [_native.allowed_threads()]
    with threadpool_limits(limits=1):
        assert _native.allowed_threads() == 1
    with threadpool_limits(limits=1, user_api="blas"):
        assert _native.allowed_threads() == mine[0]["num_threads"]
    assert _native.allowed_threads() == mine[0]["num_threads"]


WORK = """
import os, numpy as np
from limpid.engines import Examples, State, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.network import dense_network
from limpid.optimizers import Adam
def work():
    random = np.random.default_rng(0)
    network = dense_network(100, [200], 5)
    start = initial_parameters(network, "he", random, np.float32)
    X, Y = random.normal(size=(512, 100)).astype("f"), np.eye(5, dtype="f")[np.arange(512) % 5]
    state, rule = State(start, Adam().init(start), 0), StepRule(Adam(), 128)
    descent = find_engine("native", 2).begin(network, state, Examples(X, Y), rule)
    for _ in range(20):
        descent.train(random.permutation(512), np.full(4, 0.001))
    return descent.state().parameters["W1"].sum()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_trains_on() -> None:
    code = f"{WORK}\nbefore = work()\nchild = os.fork()\nif not child: os._exit(0 if work() == before else 1)\n"
    assert asked(f"{code}print(os.waitpid(child, 0)[1], work() == before)") == "0 True"


def test_python_threads_train_side_by_side() -> None:
    code = "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n"
    assert asked(f"{WORK}\n{code}    print(len({{*pool.map(lambda _: work(), range(8))}}))") == "1"
