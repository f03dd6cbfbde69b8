"""A measurement in a process of its own, held to so many processor cores before any library counts them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

COUNTED_BY = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class ApartError(Exception):
    """Why a measurement has no figure."""


def available() -> list[int]:
    """The numbers of the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def possible_cores() -> list[int]:
    """Of one and two cores, those that there are."""
    return [cores for cores in (1, 2) if cores <= len(available())]


def chosen(cores: int) -> list[int]:
    """The last so many of them; `ApartError` where there are fewer."""
    found = available()
    if len(found) < cores:
        raise ApartError(f"{cores} cores are needed, this process may use {len(found)}")
    return found[-cores:]


def apart(function: Callable[..., Any], cores: int, /, **arguments: Any) -> Any:
    """What `function(**arguments)` gives in a fresh process on so many cores; all of it must be plain for JSON.

    Errors: `ApartError` with the last line that the process said.
    """
    told = json.dumps([chosen(cores), _module(function), function.__name__, arguments])
    command = [sys.executable, "-m", "benchmarks.apart", told]
    ended = subprocess.run(command, capture_output=True, text=True, env=_environment(cores), check=False)
    if ended.returncode:
        said = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
        raise ApartError(said[-1])
    return json.loads(ended.stdout.splitlines()[-1])


def _module(function: Callable[..., Any]) -> str:
    """Where a fresh process finds it: also where the module was started with `python -m`."""
    spec = sys.modules["__main__"].__spec__ if function.__module__ == "__main__" else None
    return spec.name if spec else function.__module__


def _environment(cores: int) -> dict[str, str]:
    # older OpenBLAS is held to slower kernels by some of these; a contender runs as its makers meant it to
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    # compilers that wait for more work would take turns with what is measured
    return {**kept, **dict.fromkeys(COUNTED_BY, str(cores)), "TORCHINDUCTOR_COMPILE_THREADS": "1"}


def main() -> None:
    cores, module, name, arguments = json.loads(sys.argv[1])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    print(json.dumps(getattr(import_module(module), name)(**arguments)))


if __name__ == "__main__":
    main()
