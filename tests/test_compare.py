"""Limpid beside the alternatives: every method on the same rows, honest differences, nothing that breaks the table."""

import csv
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

import limpid
from limpid.comparison import Comparison, compare, comparing, trial, words
from limpid.comparison.methods import LIMPID, METHODS, Method, Setting
from limpid.comparison.trial import within
from limpid.comparison.views import MOST_CODES, AsCells, AsNetwork
from limpid.dataset import Dataset
from limpid.errors import LimpidError
from limpid.learning import Learning
from limpid.recipe import Recipe
from limpid.table import Column, Table, text_column

SIMPLE = METHODS[:3]
"""Quick ones, for where it does not matter which."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Only these methods take part, besides limpid."""

    def only(*methods: Method) -> None:
        monkeypatch.setattr(comparing, "METHODS", methods)

    only(*SIMPLE)
    return only


def method(fit: Callable[[Any, Any], Any], name: str = "odd", **more: Any) -> Method:
    return Method(name, name, AsCells, lambda _: fit, **more)


def installed(classes: bool = True) -> list[str]:
    """All that take part here."""
    return [each.name(classes) for each in METHODS if each.name(classes) and each.installed] + [LIMPID]


def done(comparison: Comparison) -> Comparison:
    for _ in comparison:
        pass
    return comparison


def mixed(rows: int = 400, classes: bool = True) -> Dataset:
    """Numbers, texts and moments, missing cells among them, all of which tell something."""
    random = np.random.default_rng(0)
    number = random.normal(size=rows)
    text = random.integers(0, 4, rows)
    moment = random.integers(0, 365, rows) * 86_400_000_000
    y = number + (text == 2) * 2 + (moment > 180 * 86_400_000_000)
    number[random.random(rows) < 0.1] = np.nan
    moment[random.random(rows) < 0.1] = np.iinfo(np.int64).min
    text = np.where(random.random(rows) < 0.1, -1, text)
    columns = {
        "number": Column("number", number),
        "text": text_column(text, ["red", "green", "blue", "grey"]),
        "moment": Column("moment", moment),
    }
    answers: NDArray[Any] = np.where(y > 1, "yes", "no") if classes else y
    return Dataset("mixed", Table(columns), answers, "classification" if classes else "regression")


@pytest.mark.parametrize("classes", [True, False])
def test_every_method_learns_from_a_table_of_all_kinds(classes: bool) -> None:
    dataset = mixed(classes=classes)
    comparison = done(compare(dataset, threads=1))
    assert [each.name for each in comparison.standings] == comparison.names == installed(classes)
    guess, *learned = comparison.standings
    for each in learned:
        assert each.remark == ""
        assert each.score > guess.score + 0.15, each.name
        assert each.seconds > 0
        assert each.seconds_a_row > 0
        assert each.size > 1000
        assert each.results[0].trial.rows == 320


def test_limpids_row_is_what_training_reaches(few: Any) -> None:
    dataset = limpid.read("iris")
    learning = limpid.learn(dataset, seed=3)
    list(learning)
    assert learning.test is not None
    comparison = done(compare(dataset, seed=3))
    ours = comparison.standings[-1]
    assert ours.score == limpid.evaluate(learning.model, learning.test).accuracy
    assert (comparison.rows_learned, comparison.rows_tested) == (120, 30)
    again = done(compare(dataset, seed=3))
    assert [each.score for each in again.standings] == [each.score for each in comparison.standings]


def test_several_splits(few: Any) -> None:
    comparison = done(compare(mixed(classes=False), seeds=3))
    alone = [done(compare(mixed(classes=False), seed=seed)) for seed in range(3)]
    for at, each in enumerate(comparison.standings):
        scores = [one.standings[at].score for one in alone]
        assert each.score == pytest.approx(np.mean(scores))
        assert each.deviation == pytest.approx(np.std(scores, ddof=1))
    found = comparison.behind(comparison.standings[0])
    assert found is not None
    assert found.value == pytest.approx(
        (comparison.best or comparison.standings[0]).score - comparison.standings[0].score
    )
    assert found.low < found.value < found.high


def test_the_sources_own_test_rows_are_used(few: Any) -> None:
    whole = limpid.read("iris")
    dataset = replace(whole.rows(np.arange(0, 150, 2)), test=whole.rows(np.arange(1, 150, 2)))
    comparison = done(compare(dataset, seeds=2, test_size=0))
    assert (comparison.rows_learned, comparison.rows_tested) == (75, 75)
    guess = comparison.standings[0]
    assert guess.deviation == 0
    found = comparison.behind(guess)
    assert found is not None
    assert 0.4 < found.low < found.value < found.high < 0.9


@pytest.mark.parametrize(
    ("y", "score", "beside"),
    [
        (np.arange(200) % 3, "accuracy", ""),
        ((np.arange(200) % 20 == 0).astype(int), "average precision", "accuracy"),
        (np.minimum(np.arange(200) % 30, 2), "accuracy", "balanced accuracy"),
        (np.linspace(0, 1, 200), "R²", "RMSE"),
    ],
)
def test_what_methods_are_judged_by(few: Any, y: Any, score: str, beside: str) -> None:
    X = np.random.default_rng(0).normal(size=(200, 2)) + y[:, None]
    task = "regression" if score == "R²" else "classification"
    comparison = done(compare(Dataset("made", X, y, task), threads=1))
    assert (comparison.judge.score, comparison.judge.beside) == (score, beside)
    assert all(each.results for each in comparison.standings)
    assert all((each.beside is None) == (not beside) for each in comparison.standings)
    assert comparison.standings[0].score <= (comparison.best or comparison.standings[0]).score


def test_cells_are_codes_days_and_nan() -> None:
    dataset = mixed()
    learning = Learning(dataset, Recipe())
    view = AsCells.of(learning)
    assert view.flags.tolist() == [False, True, False, False, False, False, False]
    table = dataset.X.rows(np.arange(40))
    read = view.read(table)
    number, text, days, month, *_ = read.T
    assert np.array_equal(number, table["number"].values, equal_nan=True)
    codes = table["text"].values
    assert np.array_equal(text, np.where(codes < 0, np.nan, codes), equal_nan=True)
    assert np.array_equal(np.isnan(days), table["moment"].missing)
    assert np.nanmax(days) < 365
    assert set(month[~np.isnan(month)]) <= set(range(12))
    assert AsNetwork.of(learning).read(table).shape == (40, len(AsNetwork.of(learning).flags))


def test_more_categories_than_boosting_can_tell_apart(few: Callable[..., None]) -> None:
    few(*METHODS[1:3], METHODS[4], *METHODS[6:])
    random = np.random.default_rng(0)
    codes = np.concatenate([np.repeat(np.arange(265), 12), random.integers(0, 20, 1000)])
    table = Table({"name": text_column(codes, [f"name {code}" for code in range(265)])})
    dataset = Dataset("names", table, (codes % 2).astype(str))
    view = AsCells.of(Learning(dataset, Recipe()))
    read = view.read(table)[:, 0]
    assert read.max() == MOST_CODES - 1
    assert len(np.unique(read[codes < 20])) == 20
    for each in done(compare(dataset, threads=1)).standings:
        assert each.remark == ""
        assert each.score > 0.7, each.name


def test_a_method_that_fails_costs_no_other_its_row(few: Callable[..., None]) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("this table\nis not to my taste")

    few(SIMPLE[0], method(fail), replace(SIMPLE[2], package="no_such_package"))
    comparison = done(compare(limpid.read("iris"), seeds=2))
    assert [each.name for each in comparison.standings] == ["majority class", "odd", LIMPID]
    odd = comparison.standings[1]
    assert odd.failed == "failed: ValueError: this table is not to my taste"
    assert comparison.behind(odd) is None
    assert comparison.absent == ["logistic regression"]
    assert comparison.best is comparison.standings[2]
    told = words.notes(comparison)
    assert f"odd: {odd.failed}" in told
    assert "not installed, so left out: logistic regression" in told
    assert comparison.table()[1]["score"] is None


def swallow(*_: Any) -> None:
    """As scikit-learn's MLP answers Ctrl-C."""
    warnings.warn("Training interrupted by user.", UserWarning, stacklevel=1)


def interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("trouble", [interrupt, swallow])
def test_ctrl_c_keeps_what_was_done(few: Callable[..., None], trouble: Any) -> None:
    few(*SIMPLE, method(trouble))
    comparison = done(compare(limpid.read("iris"), seeds=2))
    assert comparison.interrupted
    assert [each.name for each in comparison.standings] == ["majority class", "naive Bayes", "logistic regression"]
    assert "interrupted: what was done by then is shown" in words.notes(comparison)


def test_ctrl_c_while_limpid_learns(few: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("limpid.engines.contract.Work.make", interrupted)
    comparison = done(compare(limpid.read("iris")))
    assert comparison.interrupted
    assert [each.name for each in comparison.standings] == [each.classifier for each in SIMPLE]


def test_threads_are_obeyed(few: Callable[..., None]) -> None:
    seen: list[Any] = []

    def make(setting: Setting) -> Any:
        seen.extend([setting.threads, {each["num_threads"] for each in threadpool_info()}])
        return SIMPLE[0].make(setting)

    few(replace(SIMPLE[0], make=make))
    done(compare(limpid.read("iris"), threads=1))
    assert seen == [1, {1}]


class Clock:
    """Time that passes only when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("limit", "rows"),
    [(1000, [500, 60_000]), (100, [500, 19_500, 60_000]), (20, [500, 3500, 10_000]), (3, [500])],
)
def test_rows_as_many_as_time_allows(monkeypatch: pytest.MonkeyPatch, limit: float, rows: list[int]) -> None:
    """Two seconds and one for each thousand rows."""
    clock, tried = Clock(), list[int]()
    monkeypatch.setattr(trial, "perf_counter", clock)

    def work(size: int) -> int:
        tried.append(size)
        clock.now += 2 + size / 1000
        return size

    assert within(limit, 60_000, 500, work) == (rows[-1], rows[-1])
    assert tried == rows
    assert clock.now <= limit


def test_a_method_that_is_too_slow_learns_from_fewer_rows(few: Callable[..., None], monkeypatch: Any) -> None:
    clock = Clock()
    for name, value in (("perf_counter", clock), ("PILOT_FROM", 100), ("PILOT_ROWS", 20)):
        monkeypatch.setattr(trial, name, value)

    def slow(each: Method, a_row: float, rounds: bool = False) -> Method:
        def make(setting: Setting) -> Any:
            def fit(X: Any, y: Any) -> Any:
                clock.now += a_row * len(y) * setting.share
                return each.make(setting)(X, y)

            return fit

        return replace(each, make=make, in_rounds=rounds)

    few(slow(METHODS[0], 0.1), slow(METHODS[2], 1.0), slow(METHODS[5], 100.0, rounds=True))
    comparison = done(compare(limpid.read("iris"), limit=100))
    guess, linear, forest, ours = comparison.standings
    assert guess.remark == ""
    assert linear.remark == "learned from 80 of 120 rows: all would take too long"
    assert linear.results[0].trial.rows == 80
    assert forest.remark == "left out: 20 of 120 rows alone would take about 2000 s"
    assert ours.remark == ""


def test_limpid_stops_when_its_time_is_up(few: Any) -> None:
    comparison = done(compare(limpid.read("digits"), limit=1e-9))
    assert comparison.standings[-1].remark == "stopped after 1 epochs: out of time"
    assert comparison.standings[-1].results


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 letters."""
    monkeypatch.setenv("COLUMNS", "80")


def test_the_command(run: Any, tmp_path: Any) -> None:
    code, out, _ = run("compare", "iris", "--json", "--out", "table.csv", "--threads", "1")
    assert code == 0
    *page, last = out.splitlines()
    told = json.loads(last)
    names = [each["method"] for each in told["methods"]]
    assert names == installed()
    assert all(any(line.startswith(name) for line in page) for name in names)
    assert all(line in page for line in told["verdict"])
    assert any(line.startswith("majority class          33.3%  19.2 to 51.2") for line in page)
    assert (told["score"], told["rows_train"], told["rows_test"]) == ("accuracy", 120, 30)
    assert told["best"] in told["as_good"]
    assert set(told["absent"]) == {each.classifier for each in METHODS} - set(names)
    assert told["interrupted"] is False
    with (tmp_path / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == names
    assert [float(row["score"]) for row in rows] == [each["score"] for each in told["methods"]]


def test_several_splits_and_rare_classes_on_the_command_line(run: Any, few: Any, tmp_path: Any) -> None:
    rows = "\n".join(f"{n % 13},{n % 7},{'rare' if n % 13 == 0 and n % 2 else 'usual'}" for n in range(400))
    (tmp_path / "t.csv").write_text(f"a,b,y\n{rows}\n")
    code, out, _ = run("compare", "t.csv", "--target", "y", "--seeds", "2", "--ignore", "b", "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0
    assert "2 splits, each of 320 rows" in out
    assert "±" in out
    assert "since rare is too rare for accuracy to tell much" in out
    assert (told["score"], told["beside"]) == ("average precision", "accuracy")
    assert {each["splits"] for each in told["methods"]} == {2}
    assert all(
        len(line) <= 80 for line in out.splitlines()[:-1] if line.startswith(tuple(each.classifier for each in SIMPLE))
    )


def test_quiet_says_nothing(run: Any, few: Any) -> None:
    assert run("compare", "iris", "--quiet") == (0, "", "")


def test_ctrl_c_on_the_command_line(run: Any, few: Callable[..., None]) -> None:
    few(SIMPLE[0], method(interrupt))
    code, out, _ = run("compare", "iris", "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0
    assert ([each["method"] for each in told["methods"]], told["interrupted"]) == (["majority class"], True)
    few(method(interrupt))
    code, out, err = run("compare", "iris", "--quiet", "--out", "table.csv")
    assert (code, out) == (130, "")
    assert err == "limpid: interrupted before the first method was done; nothing is written\n"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("iris --seeds 0", "the number of seeds must be an integer of at least 1, got 0"),
        ("iris --limit 0", "the limit must be a finite number of seconds above 0, got 0.0"),
        ("iris --limit inf", "the limit must be a finite number of seconds above 0, got inf"),
        ("iris --limit nan", "the limit must be a finite number of seconds above 0, got nan"),
        ("iris --test-size 0", "iris: rows to test on are needed, a test size above 0"),
        ("iris --threads 0", "threads"),
        ("iris --out absent/t.csv", "cannot write the table absent/t.csv: No such file or directory"),
        ("t.csv --target a,b", "t.csv: one answer a row is compared, a class or a number; got 2"),
        ("t.csv --target y", "no column 'y'"),
        ("t.csv --target a --out t.csv", "the table cannot be written to t.csv: the source lies there"),
        ("irsi", "did you mean 'iris'"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(typed: str, told: str, run: Any, tmp_path: Any) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\n" + "".join(f"{n},{n * n}.5,{n % 3}\n" for n in range(30)))
    code, out, err = run("compare", *typed.split())
    assert (code, out) == (2, "")
    assert told in err
    assert err.startswith("limpid: ")
    assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_several_labels_are_refused() -> None:
    y = np.random.default_rng(0).integers(0, 2, (50, 3))
    with pytest.raises(LimpidError, match="labels: one answer a row is compared, a class or a number; got 3"):
        compare(Dataset("labels", np.ones((50, 2)) * y[:, :2], y, "multilabel"))
