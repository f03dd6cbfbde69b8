"""Passes by L-BFGS."""

import threading
from typing import Any

import pytest

from limpid.stopping import Stopping
from limpid.training import LBFGS
from tests.trainings import engine, make

__all__ = ["engine"]  # every test here is run on each


def test_lbfgs_reaches_slope_zero_and_stops_by_itself() -> None:
    options: dict[str, Any] = {"rule": {"l2": 1.0}, "epochs": 500}
    training = make(method=LBFGS(), stopping=Stopping(gradient_tol=1e-7), **options)
    last = list(training)[-1]
    assert training.stopped_because == "slope is zero"
    assert last.slope is not None
    assert last.slope <= 1e-7
    loose = make(method=LBFGS(progress=1e-3), **options)
    assert len(list(loose)) < last.number
    assert loose.stopped_because == "L-BFGS converged"
    few = make(method=LBFGS(), rule={"l2": 1.0}, epochs=3)
    assert len(list(few)) == 3
    assert few.stopped_because == "all epochs done"


def test_lbfgs_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    passes = iter(make(method=LBFGS(), epochs=50))
    next(passes)
    passes.close()  # type: ignore[attr-defined]  # a generator, which is closed where a loop is left
    training = make(method=LBFGS(), epochs=50)
    for epoch in training:
        if epoch.number == 2:
            training.stop()
    assert training.stopped_because == "interrupted"
    assert threading.active_count() == before


def test_an_error_inside_lbfgs_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr("limpid.lbfgs.whole_gradients", fail)
    with pytest.raises(RuntimeError, match="no more"):
        list(make(method=LBFGS()))


def test_lbfgs_makes_no_pass_that_was_not_asked_for() -> None:
    training = make(method=LBFGS(), epochs=2)
    for epoch in training:
        if epoch.number == 2:
            break
    assert list(training) == []
    assert len(training.history) == 2
