"""Contenders take turns, round by round, so that a machine that slows down slows all of them."""

from collections.abc import Callable
from importlib import import_module
from itertools import cycle
from math import inf
from time import perf_counter, sleep
from typing import Any

import numpy as np

from benchmarks.workload import Contender, Learner, UnableError, Workload

Run = Callable[[], Any]
FEWEST_ROUNDS, MOST_ROUNDS = 3, 9
SHORTEST_TURN = 0.02
"""Seconds; what is shorter is repeated."""
ORDERS = 8
"""Of the rows, drawn before the clock starts: NumPy's generator is none of the contenders."""
PAUSE = 0.05
"""Seconds before each turn: threads of the one before may still wait for more work by turning round on a core."""


def measure(workload: str, cores: int, seconds: float) -> dict[str, Any]:
    """The workload's name, and each contender's seconds a run in each round, or why it has none."""
    from benchmarks.contenders import contenders

    work = load(workload)
    asked = contenders(work, cores)
    ready, missing = prepared(work, asked, cores)
    found = {**rounds(ready, seconds), **missing}
    return {"name": work.name, "job": work.job, "seconds": {name: found[name] for name in asked}}


def load(workload: str) -> Workload:
    """The workload of that name."""
    found: Workload = import_module(f"benchmarks.workloads.{workload}").load()
    return found


def prepared(work: Workload, asked: dict[str, Contender], cores: int) -> tuple[dict[str, Run], dict[str, str]]:
    """What each contender runs, warm; for those who cannot, the reason."""
    ready: dict[str, Run] = {}
    missing: dict[str, str] = {}
    for name, contender in asked.items():
        try:
            run = job(work, contender(work, cores))
            run()
        except Exception as error:
            # one that fails must not keep the others from being measured
            missing[name] = reason(error)
        else:
            ready[name] = run
    return ready, missing


def reason(error: Exception) -> str:
    """Why a contender has no figure, in a row's words."""
    if isinstance(error, UnableError):
        return str(error)
    if isinstance(error, ImportError):
        return f"not installed: {error.name}"
    return f"failed: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def job(work: Workload, learner: Learner) -> Run:
    """What is timed: an epoch in another order than the last, or answers to all rows."""
    learner.start(0)
    if work.job == "a call":
        predict = learner.predictor()
        return lambda: predict(work.X)
    random, rates = np.random.default_rng(0), np.full(work.steps, work.rate)
    orders = cycle([random.permutation(work.rows) for _ in range(ORDERS)])
    return lambda: learner.descend(next(orders), rates)


def rounds(ready: dict[str, Run], seconds: float) -> dict[str, list[float]]:
    """Each one's seconds a run, a figure a round, for about so many seconds in all."""
    taken: dict[str, list[float]] = {name: [] for name in ready}
    began, last = perf_counter(), 0.0
    for turn in range(MOST_ROUNDS):
        start = perf_counter()
        if turn >= FEWEST_ROUNDS and start - began + last > seconds:
            break
        for name, run in ready.items():
            sleep(PAUSE)
            taken[name].append(seconds_a_run(run))
        last = perf_counter() - start
    return taken


def seconds_a_run(run: Run) -> float:
    """Of one run, averaged over as many as fill the shortest turn."""
    runs, elapsed, start = 0, -inf, perf_counter()
    while elapsed < SHORTEST_TURN:
        more = max(runs, 1)
        for _ in range(more):
            run()
        runs += more
        elapsed = perf_counter() - start
    return elapsed / runs
