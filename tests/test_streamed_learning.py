"""What is learned from a table in parts is what would be learned from all of it in the same order."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import limpid
from limpid import streamed_learning, streamed_rows
from limpid.engines import Examples, Work, find_engine
from limpid.errors import DataError, LimpidError
from limpid.evaluation import evaluate, score_for
from limpid.initializers import initial_parameters
from limpid.memory import bytes_in
from limpid.preparation import class_weights, row_weights, step_rule, stopping, targets_for
from limpid.readers import read
from limpid.readers.parts import open_stream
from limpid.schedules import find_schedule, warmed_up
from limpid.stream import LEARNED, TESTED, WATCHED, fills
from limpid.streamed_learning import StreamedLearning, learn_stream
from limpid.training import Descending, Training, Validation
from tests.cut_trainings import die_in

ROWS = 1500


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of several row groups, each of several pieces, with every kind of column."""
    polars = pytest.importorskip("polars")
    monkeypatch.setattr("limpid.stream.PIECE", 64)
    for module in ("limpid.streamed_rows", "limpid.readers.parquet"):
        monkeypatch.setattr(f"{module}.PIECE", 64)
    random = np.random.default_rng(5)
    size, city = random.normal(size=ROWS), random.integers(0, 40, ROWS)
    gone = random.random(ROWS) < 0.1
    columns = {
        "size": size,
        "count": random.integers(0, 9, ROWS),
        "gap": np.where(gone, np.nan, random.normal(size=ROWS)),
        "open": random.random(ROWS) < 0.5,
        "city": np.array([f"city {number}" for number in city]),
        "day": np.datetime64("2020-01-01", "us") + random.integers(0, 10**9, ROWS).astype("m8[s]"),
        "price": size * 3 + city,
        "kind": np.where(size + city / 20 > 1, "dear", "cheap"),
    }
    path = tmp_path / "t.parquet"
    polars.DataFrame(columns).with_columns(polars.col("gap").fill_nan(None)).write_parquet(path, row_group_size=300)
    return path


def in_memory(learning: StreamedLearning, path: Path, target: str) -> Training:
    """A training over all rows at once, in the order of the streamed one."""
    recipe, dataset = learning.recipe, read(path, target, task=learning.dataset.task, ignore=ignored(target))
    assert dataset.y is not None
    Y = targets_for("", dataset.y, learning.network, learning.classes, learning.target_scaling, np.float32)
    X = learning.encoder.encode(dataset.X, np.float32)
    watched, learned = (np.flatnonzero(learning.split.rows(part)) for part in (WATCHED, LEARNED))
    weights = row_weights(
        class_weights(recipe, dataset.y[learned], learning.classes), dataset.y, learning.classes, np.float32
    )
    some, seen = (None, None) if weights is None else (weights[learned], weights[watched])
    return Training(
        learning.network,
        initial_parameters(
            learning.network, str(recipe.initial_weights), np.random.default_rng(recipe.seed), np.float32
        ),
        Examples(X[learned], Y[learned], some),
        step_rule(recipe, len(learning.train)),
        Descending(
            (np.searchsorted(learned, learning.pass_order(number)) for number in range(100)),
            recipe.learning_rate or 0.0,
            warmed_up(find_schedule(str(recipe.schedule)), recipe.warm_up),
        ),
        engine=find_engine(recipe.engine, recipe.threads),
        epochs=recipe.epochs or 0,
        stopping=stopping(recipe),
        validation=Validation(Examples(X[watched], Y[watched], seen), score_for(dataset.task))
        if len(watched)
        else None,
    )


def ignored(target: str) -> list[str]:
    return ["kind"] if target == "price" else ["price"]


def streamed(path: Path, target: str, most: int, monkeypatch: pytest.MonkeyPatch, **choices: Any) -> StreamedLearning:
    monkeypatch.setattr(streamed_rows.StreamedRows, "most", lambda self, memory: most)
    return learn_stream(open_stream(path, target, ignore=ignored(target)), "8GB", hidden=[8], **choices)


@pytest.mark.parametrize(
    ("target", "most", "choices"),
    [
        ("kind", 150, {"epochs": 3}),
        ("kind", 10_000, {"epochs": 3, "schedule": "cosine"}),
        ("price", 150, {"epochs": 3, "embedding": 3}),
        ("price", 333, {"epochs": 2, "dropout": 0.2, "optimizer": "adamw", "batch_size": 50}),
        ("kind", 100, {"epochs": 2, "class_weight": "balanced", "validation_size": 0.1, "patience": 5}),
        ("price", 64, {"epochs": 2, "validation_size": 0.2, "patience": 1, "schedule": "adaptive"}),
        ("kind", 200, {"epochs": 2, "engine": "reference", "test_size": 0}),
    ],
)
def test_the_bits_are_those_of_all_rows_in_the_same_order(
    target: str, most: int, choices: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = streamed(path, target, most, monkeypatch, seed=3, **choices)
    epochs = list(learning)
    other = in_memory(learning, path, target)
    assert [epoch._replace(seconds=0.0) for epoch in other] == [epoch._replace(seconds=0.0) for epoch in epochs]
    for name, array in other.parameters.items():
        assert np.array_equal(array, learning.model.parameters[name])
    order = learning.pass_order(0)
    assert np.array_equal(np.sort(order), np.flatnonzero(learning.split.rows(LEARNED)))
    assert not np.array_equal(order, learning.pass_order(1))


def test_the_first_of_several_fills_is_smaller() -> None:
    counts = [[10] * 8] * 4
    assert [len(fill.order) for fill in fills(counts, 160, 0, 0)] == [20, 160, 140]
    assert [len(fill.order) for fill in fills(counts, 320, 0, 0)] == [320]
    assert [len(fill.order) for fill in fills(counts, 1, 0, 0)] == [10] * 32


def test_scales_and_categories_are_those_of_the_rows_learned_from(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learning = streamed(path, "kind", 200, monkeypatch, epochs=1)
    table = read(path, "kind", ignore=["price"]).X.rows(learning.split.rows(LEARNED))
    assert limpid.table_encoder.TableEncoder.fit(table, table.__getitem__) == learning.encoder


@pytest.mark.parametrize("target", ["kind", "price"])
def test_all_held_out_rows_are_scored(target: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learning = streamed(path, target, 200, monkeypatch, epochs=2)
    list(learning)
    model = learning.model
    found = learning.evaluate(model)
    assert found is not None
    held = np.flatnonzero(learning.split.rows(TESTED))
    whole = evaluate(model, read(path, target, ignore=ignored(target)).rows(held))
    assert found.rows == whole.rows == len(held)
    assert (found.rmse is None) == (target == "kind")
    for name in ("cost", "accuracy", "rmse", "r2"):
        assert getattr(found, name) == (None if getattr(whole, name) is None else pytest.approx(getattr(whole, name)))
    if target == "kind":
        assert np.array_equal(np.asarray(found.confusion), np.asarray(whole.confusion))
    limpid.save(model, path.with_suffix(".limpid"))
    loaded = limpid.load(path.with_suffix(".limpid"))
    assert loaded.origin.fingerprint == learning.stream.fingerprint()
    assert np.array_equal(loaded.predict(whole.dataset.X), whole.predictions)


def test_an_interrupted_pass_keeps_what_it_has(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learning = streamed(path, "kind", 100, monkeypatch, epochs=50, patience=0)
    for epoch in learning:
        if epoch.number == 2:
            learning.stop()
    assert learning.training.stopped_because == "interrupted"
    assert len(learning.training.history) == 2


@pytest.mark.parametrize("work", [1, 4, 9, 14])
def test_ctrl_c_leaves_the_steps_that_were_made_however_rarely_states_are_copied(
    work: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = set()
    for copied in (np.inf, 1e-9):  # bytes a second: after each engine call, or at a part's end
        monkeypatch.setattr("limpid.trail.BYTES_A_SECOND", copied)
        learning = streamed(path, "kind", 400, monkeypatch, epochs=3)
        learning.training.seconds_a_call = 1e-9  # a step each
        with monkeypatch.context() as patched:
            die_in(patched, work, KeyboardInterrupt)
            list(learning)
        assert learning.training.stopped_because == "interrupted"
        assert learning.training.state.step == work - 1
        ends.add(b"".join(array.tobytes() for array in learning.training.state.parameters.values()))
    assert len(ends) == 1


def test_a_network_that_blows_up_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learning = streamed(path, "price", 100, monkeypatch, epochs=5, optimizer="gradient_descent", learning_rate=1e6)
    list(learning)
    assert "not finite" in str(learning.training.stopped_because)
    assert all(np.isfinite(array).all() for array in learning.model.parameters.values())


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"optimizer": "lbfgs"}, "optimizer 'lbfgs' needs all rows in memory"),
        ({"gradient_tol": 1e-3}, "gradient_tol 0.001 needs all rows"),
        ({"hiden": [3]}, "unknown choice 'hiden' .did you mean 'hidden'"),
    ],
)
def test_what_needs_all_rows_is_refused(choices: dict[str, Any], told: str, path: Path) -> None:
    with pytest.raises(LimpidError, match=told):
        learn_stream(open_stream(path, "kind"), "8GB", **choices)


def test_too_little_memory_is_refused_with_what_is_needed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimpidError, match="statistics of 1500 rows need about .* MB, 0 MB of the memory are left"):
        learn_stream(open_stream(path, "kind"), "1MB")
    monkeypatch.setattr(streamed_learning, "BASE", 90_000_000 - 50_000)
    with pytest.raises(LimpidError, match="reading it needs about .* MB, 0 MB of the memory are left"):
        learn_stream(open_stream(path, "kind"), "100MB")


@pytest.mark.parametrize("left_at", [1, 5, 14, 20, 33])
def test_it_goes_on_from_a_checkpoint_with_the_same_bits(
    left_at: int, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices: dict[str, Any] = {"epochs": 4, "dropout": 0.1, "validation_size": 0.1, "patience": 9, "seed": 2}
    whole = streamed(path, "kind", 150, monkeypatch, **choices)
    list(whole)
    first = streamed(path, "kind", 150, monkeypatch, **choices)
    assert not first.checkpoint(tmp_path / "kept", every=1e-9, resume=True)
    assert first._checkpoints is not None
    course = first._checkpoints.course()
    answer = None
    for _ in range(left_at):
        item = course.send(answer)
        answer = item.make() if isinstance(item, Work) else None
    course.close()
    again = streamed(path, "kind", 150, monkeypatch, **choices)
    assert again.checkpoint(tmp_path / "kept", resume=True)
    list(again)
    history = [[each._replace(seconds=0.0) for each in learning.training.history] for learning in (whole, again)]
    assert history[0] == history[1]
    for name, array in whole.model.parameters.items():
        assert np.array_equal(array, again.model.parameters[name])
    other = streamed(path, "kind", 150, monkeypatch, **{**choices, "dropout": 0.2})
    with pytest.raises(LimpidError, match="belongs to a training with dropout 0.1, got 0.2"):
        other.checkpoint(tmp_path / "kept", resume=True)


@pytest.mark.parametrize("size", ["", "2 apples", "-1GB", "GB", "1e9"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(LimpidError, match="a size of memory is needed, as 2GB or 500MB, got"):
        bytes_in(size)


def test_sizes() -> None:
    assert [bytes_in(size) for size in ("2GB", "1.5 g", "500MB", "10kb", "77", 8)] == [
        2 * 10**9, 15 * 10**8, 5 * 10**8, 10**4, 77, 8,
    ]  # fmt: skip


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    for name, told in (
        ("cut.parquet", "cannot read .*cut.parquet"),
        ("absent.parquet", "cannot read .*absent"),
        ("t.csv", "t.csv: only Parquet files are read in parts"),
    ):
        with pytest.raises(DataError, match=told):
            open_stream(tmp_path / name, "y")


def test_unknown_columns_are_refused(path: Path) -> None:
    with pytest.raises(DataError, match="no column 'kin' .did you mean 'kind'"):
        open_stream(path, "kin")
    with pytest.raises(DataError, match="no column 'cty' .did you mean 'city'.* to be categorical"):
        learn_stream(open_stream(path, "kind", categorical=["cty"]), "8GB")
