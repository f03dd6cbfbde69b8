"""Instructions of a training step, counted under valgrind: a slowdown is seen without a clock.

`instructions.json` holds what a step of each workload in `native/tests/count_steps.cpp` took when it was last counted,
and by which compiler; `python -m tests.test_instructions` counts again and rewrites it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from limpid import _native

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("instructions.json")
ALLOWED = 0.03
"""How far a count may be from the table's, as a share of it."""


def find_tool(name: str) -> str:
    """The program called `name`, of this Python's environment where that has one."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if not found:
        pytest.skip(f"{name} is missing")
    return found


def run(*command: str) -> str:
    """What a program wrote; a failed one's words are in the error."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}"
    return done.stdout


def build_counter() -> str:
    """The path of `count_steps`, built as the engine is for use."""
    cmake, ninja, folder = find_tool("cmake"), find_tool("ninja"), str(ROOT / "build" / "counts")
    find_tool(os.environ.get("CXX", "c++"))
    settings = {"MAKE_PROGRAM": ninja, "BUILD_TYPE": "Release"}
    choices = ["-DLIMPID_MODULE=OFF", "-DLIMPID_TESTS=ON", *(f"-DCMAKE_{name}={of}" for name, of in settings.items())]
    run(cmake, "-S", str(ROOT), "-B", folder, "-G", "Ninja", *choices)
    run(cmake, "--build", folder, "--target", "count_steps")
    return str(Path(folder, "count_steps"))


def instructions_of(counter: str, workload: str, steps: int) -> int:
    """Of the whole program, making its data included."""
    said = run(
        find_tool("valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null", counter, workload, str(steps)
    )
    found = re.search(r"Collected : (\d+)", said)
    assert found, said
    return int(found[1])


def instructions_a_step(counter: str, workload: str) -> int:
    """Those of two steps more, halved."""
    one, three = (instructions_of(counter, workload, steps) for steps in (1, 3))
    return (three - one) // 2


def count_all(counter: str, workloads: list[str]) -> dict[str, int]:
    """Instructions a step by workload, as many at once as there are cores."""
    with ThreadPoolExecutor(_native.allowed_threads()) as pool:
        return dict(zip(workloads, pool.map(partial(instructions_a_step, counter), workloads), strict=True))


def differences(counted: Mapping[str, int], table: Mapping[str, int]) -> list[str]:
    """A line for each workload that only one of the two knows, or whose counts are too far apart."""
    found = [f"{name} is only in one of the two" for name in counted.keys() ^ table.keys()]
    for name in counted.keys() & table.keys():
        change = counted[name] / table[name] - 1
        if abs(change) > ALLOWED:
            found.append(f"{name}: {counted[name]:,} instructions a step, {change:+.1%} from {table[name]:,}")
    return sorted(found)


def test_a_step_takes_the_instructions_of_the_table() -> None:
    if "avx2" not in _native.simd_levels():
        pytest.skip("this processor lacks avx2")
    find_tool("valgrind")
    counter = build_counter()
    compiler, *workloads = run(counter).splitlines()
    table = json.loads(TABLE.read_text())
    if compiler != table["compiler"]:
        pytest.skip(f"the table was made with {table['compiler']}, this compiler is {compiler}")
    found = differences(count_all(counter, workloads), table["instructions"])
    assert not found, "; ".join([*found, "if that is meant: python -m tests.test_instructions"])


def test_differences_are_seen() -> None:
    table = {"a": 1000, "b": 1000}
    assert differences({"a": 1029, "b": 971}, table) == []
    assert differences({"a": 1031, "b": 1000}, table) == ["a: 1,031 instructions a step, +3.1% from 1,000"]
    assert differences({"a": 1000, "b": 969}, table) == ["b: 969 instructions a step, -3.1% from 1,000"]
    assert differences({"a": 1000, "c": 1000}, table) == ["b is only in one of the two", "c is only in one of the two"]


def rewrite_table() -> None:
    """Count, say what changed, and write the table anew."""
    counter = build_counter()
    compiler, *workloads = run(counter).splitlines()
    counted = count_all(counter, workloads)
    if TABLE.exists():
        print(*differences(counted, json.loads(TABLE.read_text())["instructions"]), sep="\n")
    TABLE.write_text(json.dumps({"compiler": compiler, "instructions": counted}, indent=2) + "\n")


if __name__ == "__main__":
    rewrite_table()
