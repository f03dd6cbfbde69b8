"""Jobs that cannot fit into memory: refused with both figures before anything is allocated."""

import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

from limpid import LimpidError, MLPClassifier, learn, memory, read
from limpid.memory import check_memory, memory_available, memory_needed
from limpid.network import dense_network


def test_a_network_that_cannot_fit_is_refused_before_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_available", lambda: 2 * 10**9)
    digits = read("digits")
    tracemalloc.start()
    with pytest.raises(LimpidError, match=r"training 64-1000000-10 .* needs about 4\.\d GB of memory, 2\.0 GB are"):
        learn(digits, hidden=[1_000_000])
    with pytest.raises(LimpidError, match=r"needs about \d+\.\d GB of memory, 2\.0 GB are available"):
        MLPClassifier((1_000_000,)).fit(digits.X, digits.y)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_what_is_needed_grows_with_everything() -> None:
    small: dict[str, Any] = {"slots": 2, "batch_size": 32, "dtype": np.float32}
    network = dense_network(10, [20], 3)
    least = memory_needed(network, **small)
    changes: list[dict[str, Any]] = [{"slots": 3}, {"batch_size": 64}, {"dtype": np.float64}, {"scaled": 100}]
    for change in changes:
        assert memory_needed(network, **{**small, **change}) > least
    assert memory_needed(dense_network(10, [21], 3), **small) > least
    large = {**small, "batch_size": 10_000}
    by_layer, by_batch = (
        memory_needed(dense_network(10, [20], 3, normalization=kind), **large) for kind in ("layer", "batch")
    )
    assert memory_needed(network, **large) < by_layer < by_batch / 10, "a whole batch goes through together"


LESSON = """
import re
from pathlib import Path
from limpid import learn, read
from limpid.memory import memory_needed
# not getrusage: its peak may be that of the process that started this one
digits, status = read("digits"), Path("/proc/self/status")
def peak():
    return 1024 * int(re.search("VmHWM:[^0-9]*([0-9]+)", status.read_text())[1])
for hidden in (10, 100_000):
    before = peak()
    learning = learn(digits, hidden=[hidden], epochs=1, patience=0, validation_size=0)
    for _ in learning:
        pass
print((peak() - before) / memory_needed(learning.network, slots=2, batch_size=64, dtype="float32"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says in /proc what the peak was")
def test_the_prediction_is_near_what_is_taken() -> None:
    ended = subprocess.run([sys.executable, "-c", LESSON], capture_output=True, text=True, check=True)
    assert 0.5 < float(ended.stdout) < 1.3


def test_what_is_available_is_known_or_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    available = memory_available()
    assert available is None or available > 0
    monkeypatch.setattr(memory, "memory_available", lambda: None)
    check_memory(dense_network(10**6, [10**6], 2), slots=2, batch_size=1, dtype=np.float32)


def test_a_control_groups_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"memory.max": ["1000"], "memory.current": ["400"], "meminfo": ["MemTotal: 9 kB", "MemAvailable: 5 kB"]}
    monkeypatch.setattr(memory, "_lines", lambda file: files[file.name])
    assert memory_available() == 600
    files["memory.max"] = ["max"]
    assert memory_available() == 5 * 1024
