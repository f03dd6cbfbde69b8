"""scikit-learn's callbacks (1.9 on) see a fit of limpid as one task for each pass, alone and inside of others."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from limpid import MLPClassifier, MLPRegressor

callbacks = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DRAWS = np.random.RandomState(0)
X = DRAWS.normal(size=(90, 3))
TWO = (X[:, 0] + DRAWS.normal(size=90) > 0).astype(int)
SHORT: dict[str, Any] = {"random_state": 0, "hidden_layer_sizes": (6,), "max_iter": 5}


class Watcher:
    """Notes which tasks begin and end, and asks for an end after `passes` of them."""

    def __init__(self, passes: float = np.inf) -> None:
        self.passes = passes
        self.open: list[tuple[str, int]] = []
        self.done: list[tuple[str, int]] = []
        self.scores: list[float] = []
        self.set_up = self.torn_down = 0

    def setup(self, estimator: Any, context: Any) -> None:
        self.set_up += 1

    def teardown(self, estimator: Any, context: Any) -> None:
        self.torn_down += 1

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.open.append((context.task_name, context.task_id))

    def on_fit_task_end(self, estimator: Any, context: Any, *, X: Any, y: Any, fitted_estimator: Any) -> bool:
        assert self.open.pop() == (context.task_name, context.task_id)
        self.done.append((context.task_name, context.task_id))
        if context.task_name == "epoch":
            self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) >= self.passes


ESTIMATORS = [
    MLPClassifier(**SHORT),
    MLPClassifier(**SHORT, early_stopping=True),
    MLPRegressor(**SHORT, solver="sgd"),
    MLPRegressor(**SHORT, solver="lbfgs"),
    MLPRegressor(**SHORT, tol=10.0, n_iter_no_change=1),
    MLPClassifier(**{**SHORT, "hidden_layer_sizes": "auto"}),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: " ".join(str(each).split()))
def test_there_is_one_task_for_each_pass(estimator: Any) -> None:
    watcher = Watcher()
    fitted = clone(estimator).set_callbacks(watcher).fit(X, TWO)
    assert watcher.done == [*(("epoch", number) for number in range(fitted.n_iter_)), ("fit", 0)]
    assert not watcher.open
    assert watcher.set_up == watcher.torn_down == 1
    assert watcher.scores[-1] == fitted.score(X, TWO)
    plain = clone(estimator).fit(X, TWO)
    assert np.array_equal(fitted.coefs_[0], plain.coefs_[0])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_that_asks_for_an_end_gets_it(solver: str) -> None:
    watcher = Watcher(passes=3)
    fitted = MLPClassifier(**SHORT, solver=solver).set_callbacks(watcher).fit(X, TWO)
    assert fitted.n_iter_ == len(fitted.loss_curve_) == 3
    assert watcher.done[-1] == ("fit", 0)
    assert not watcher.open
    assert fitted.model_.origin.stopped_because == "stopped by a callback"


def test_what_a_callback_is_given_is_the_network_after_the_pass() -> None:
    watcher, quick = Watcher(), {**SHORT, "learning_rate_init": 0.05}
    MLPClassifier(**quick).set_callbacks(watcher).fit(X, TWO)
    wanted = [MLPClassifier(**{**quick, "max_iter": passes}).fit(X, TWO).score(X, TWO) for passes in range(1, 6)]
    assert watcher.scores == wanted
    assert len(set(wanted)) > 1


def test_parts_have_a_task_each() -> None:
    watcher = Watcher()
    estimator = MLPClassifier(**SHORT).set_callbacks(watcher)
    for _ in range(2):
        estimator.partial_fit(X, TWO, classes=[0, 1])
    assert watcher.done == [("epoch", 0), ("fit", 0)] * 2
    assert watcher.torn_down == 2


def test_a_fit_that_fails_leaves_the_callbacks_torn_down() -> None:
    def fail(epoch: Any) -> None:
        raise RuntimeError("mine")

    watcher = Watcher()
    with pytest.raises(RuntimeError, match="mine"):
        MLPClassifier(**SHORT, callbacks=fail).set_callbacks(watcher).fit(X, TWO)
    assert watcher.set_up == watcher.torn_down == 1


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: " ".join(str(each).split()))
def test_a_progress_bar_is_drawn(estimator: Any, capsys: pytest.CaptureFixture[str]) -> None:
    clone(estimator).set_callbacks(callbacks.ProgressBar()).fit(X, TWO)
    printed = capsys.readouterr().out
    assert f"{type(estimator).__name__} - fit" in printed
    assert "100%" in printed


def monitored(estimator: Any, wrapped: Any) -> Any:
    """What a monitor set on `estimator` logs while `wrapped`, which holds it, is fitted."""
    monitor = callbacks.ScoringMonitor(scoring="accuracy")
    estimator.set_callbacks(monitor)
    wrapped.fit(X, TWO)
    return monitor.get_logs(select="all")


def test_scores_are_monitored() -> None:
    estimator = MLPClassifier(**SHORT)
    (log,) = monitored(estimator, estimator)
    scores = [row["accuracy"] for row in log.data if row["task_name"] == "epoch"]
    assert len(scores) == 5
    assert scores[-1] == estimator.score(X, TWO)
    table = log.data_as_pandas
    assert list(table[table.task_name == "epoch"].task_id) == list(range(5))


def test_inside_a_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    estimator = MLPClassifier(**SHORT)
    pipeline = make_pipeline(StandardScaler(), estimator).set_callbacks(callbacks.ProgressBar(max_propagation_depth=2))
    (log,) = monitored(estimator, pipeline)
    assert [row["accuracy"] for row in log.data if row["task_name"] == "epoch"][-1] == pipeline.score(X, TWO)
    printed = capsys.readouterr().out
    assert "Pipeline - fit" in printed
    assert "MLPClassifier - fit" in printed


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_inside_a_search(n_jobs: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    estimator = MLPClassifier(**SHORT)
    search = GridSearchCV(estimator, {"alpha": [0.01, 1.0]}, cv=3, n_jobs=n_jobs)
    search.set_callbacks(callbacks.ProgressBar(max_propagation_depth=None))
    (log,) = monitored(estimator, search)
    passes = [row for row in log.data if row["task_name"] == "epoch"]
    assert len(passes) == (2 * 3 + 1) * 5
    printed = capsys.readouterr().out
    assert "GridSearchCV - fit" in printed
    assert "MLPClassifier - fit" in printed
