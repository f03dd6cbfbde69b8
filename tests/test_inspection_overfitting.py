"""Overfitting: the gap, its interval and its reasons, on answers that hold, on shuffled ones, and on rows not known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from limpid import Dataset, LimpidError, MLPClassifier, MLPRegressor, Model, learn, read
from limpid.encoder import Scaling
from limpid.frames import table_of
from limpid.inspection import Overfitting, overfitting
from limpid.inspection.gap import base_costs, gap_interval, separation
from limpid.inspection.known_rows import known_rows
from limpid.network import dense_network
from limpid.training import Epoch
from tests.helpers import fitting_pairs, make_examples, make_network

ALONE: dict[str, Any] = {"shares": (), "widths": (), "depths": (), "control": False}


def learned(dataset: Dataset, **choices: Any) -> Model:
    learning = learn(dataset, **{"hidden": [16], "epochs": 15, **choices})
    list(learning)
    return learning.model


def by_chance(dataset: Dataset) -> Dataset:
    assert dataset.y is not None
    return replace(dataset, y=np.random.default_rng(0).permutation(dataset.y))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return read("digits").rows(np.arange(900))


@pytest.fixture(scope="module")
def honest(digits: Dataset) -> Overfitting:
    """With all parts."""
    return overfitting({"hidden": [30], "epochs": 40, "dropout": 0.0}, digits, epochs=25, widths=(4, 30, 60))


@pytest.fixture(scope="module")
def shuffled(digits: Dataset) -> Overfitting:
    choices = {"hidden": [64], "epochs": 60, "patience": 0, "dropout": 0.0}
    return overfitting(choices, by_chance(digits), epochs=25, shares=(0.3, 1), depths=())


def test_shuffled_labels_are_learned_by_heart_and_honest_ones_are_not(
    honest: Overfitting, shuffled: Overfitting
) -> None:
    assert shuffled.overfits
    assert shuffled.verdict.startswith("overfits")
    assert shuffled.words.startswith("It overfits: on unseen rows it does worse than one answer for all")
    assert not honest.overfits
    assert honest.verdict.startswith("does not overfit")
    assert shuffled.score_unseen < 0.25 < shuffled.score_seen
    assert shuffled.holds < 0 < 0.8 < honest.holds
    assert shuffled.gap_low > honest.gap_high


def test_the_control_learns_more_by_heart_than_chance(honest: Overfitting) -> None:
    assert honest.shuffled is not None
    assert len(honest.shuffled) == 3
    assert honest.chance == pytest.approx(0.1, abs=0.03)
    assert honest.shuffled.mean() > honest.chance + 0.03
    assert honest.shuffled.mean() < honest.score_seen
    assert ". Accuracy is 9" in honest.words
    assert "Given shuffled answers, which can only be learned by heart, its accuracy on them is " in honest.words


def test_more_rows_help_where_there_are_few(honest: Overfitting) -> None:
    curve = honest.examples
    assert curve is not None
    assert curve.rows == sorted(curve.rows)
    assert curve.rows[-1] == 720
    assert curve.cost_unseen.shape == (len(curve.rows), 3)
    assert curve.cost_unseen[0].mean() > 2 * curve.cost_unseen[-1].mean()
    assert curve.more_would_help
    assert "more data would help" in honest.advice
    assert "still falls: more data would help" in curve.words
    assert [row["rows"] for row in curve.to_rows()] == curve.rows
    assert len(curve.plot().ax_.containers) == 2


def test_a_network_that_is_too_small_is_told(digits: Dataset) -> None:
    found = overfitting(
        {"hidden": [3], "epochs": 25}, digits, epochs=25, shares=(), control=False, depths=(), widths=(3, 40)
    )
    assert found.advice == ["larger would help"]
    assert "Larger would help: 1 hidden layer of 40." in found.words
    assert found.as_small is None


def test_a_network_that_is_larger_than_it_need_be_is_told() -> None:
    random = np.random.default_rng(3)
    X = random.normal(size=(500, 2))
    data = Dataset("line", X, X @ [1.0, -2.0] + random.normal(size=500) * 0.5, "regression")
    choices = {"hidden": [32], "epochs": 60, "learning_rate": 0.02}
    found = overfitting(choices, data, shares=(), control=False, depths=(), widths=(8, 32))
    assert found.as_small == (8,)
    assert "smaller would do as well" in found.advice
    assert "Smaller would do as well: 1 hidden layer of 8." in found.words


def test_the_gap_is_that_of_the_rows_themselves(digits: Dataset) -> None:
    learning = learn(digits, hidden=[16], epochs=15, validation_size=0.2)
    list(learning)
    model, test = learning.model, learning.test
    assert test is not None
    found = overfitting(model, digits, **ALONE)
    assert found.rows_seen == len(learning.train)
    assert found.rows_unseen == len(test)
    assert found.cost_seen == pytest.approx(model.origin.cost_train)
    evaluation = learning.evaluate(model)
    assert evaluation is not None
    assert found.cost_unseen == pytest.approx(evaluation.cost)
    assert found.score_unseen == evaluation.accuracy
    assert found.gap_low < found.gap < found.gap_high
    assert all(each is None for each in (found.shuffled, found.examples, found.capacity, found.earlier))
    arrays = overfitting(model, digits.X, digits.y, **ALONE)
    assert (arrays.gap, arrays.gap_low) == (found.gap, found.gap_low)


def test_the_interval_covers_the_true_gap() -> None:
    """Of costs that are known: rows drawn again and again, the interval holds the gap about 95 times in 100."""
    random, held = np.random.default_rng(4), 0
    for _ in range(60):
        seen, unseen = random.exponential(1.0, 200), random.exponential(1.5, 100)
        low, high = gap_interval(seen, unseen, random)
        held += low <= 0.5 <= high
    assert 52 <= held <= 60


WITHOUT_NUMBERS = {"cross_entropy", "binary_cross_entropy", "poisson", "squared_error", "absolute_error"}


@pytest.mark.parametrize(("output", "cost"), [each for each in fitting_pairs() if each[1] in WITHOUT_NUMBERS])
def test_one_answer_for_all_is_the_best_there_is(output: str, cost: str, random: np.random.Generator) -> None:
    network = make_network("tanh", output, cost)
    examples = make_examples(network, random, rows=40)
    model = Model(network, {}, "regression", Scaling.none(3), Scaling.none(3))
    base, _ = base_costs(model, examples, examples)
    for _ in range(20):
        answer = examples.Y.mean(axis=0) + random.normal(size=3) * 0.1
        answer = np.abs(answer) / (np.abs(answer).sum() if output == "softmax" else 1)
        every = np.broadcast_to(np.clip(answer, 1e-3, None if cost == "poisson" else 0.999), examples.Y.shape)
        other = network.cost_function.terms(every, examples.Y).sum(axis=1).mean()
        assert base <= other + 1e-9


def epochs_of(costs: list[float], watched: list[float | None]) -> list[Epoch]:
    return [
        Epoch(number, cost, 0.0, seen, None, None, 0.1, 0.1)
        for number, (cost, seen) in enumerate(zip(costs, watched, strict=True), start=1)
    ]


@pytest.mark.parametrize(
    ("costs", "watched", "wanted"),
    [
        ([3.0, 2.0, 1.0, 0.5], [3.0, 2.0, 2.5, 2.6], 2),
        ([3.0, 2.0, 1.0, 0.5], [3.0, 2.0, 2.5, 2.01], None),  # it came back
        ([3.0, 2.0, 1.0, 0.5], [3.0, 2.5, 2.2, 2.0], None),
        ([3.0, 2.0, 2.5, 2.6], [3.0, 2.0, 2.5, 2.6], None),  # both rose
        ([3.0, 2.0], [None, None], None),
    ],
)
def test_the_epoch_of_separation(costs: list[float], watched: list[float | None], wanted: int | None) -> None:
    model = learned(read("iris"), epochs=1)
    assert separation(replace(model, history=epochs_of(costs, watched))) == wanted
    assert separation(replace(model, history=[])) is None


def test_an_earlier_epoch_that_did_better_is_found_on_the_way(digits: Dataset) -> None:
    noisy = by_chance(digits)
    model = learned(noisy, hidden=[64], epochs=100, patience=0, dropout=0.0, keep_path=True)
    found = overfitting(model, noisy, **ALONE)
    assert found.earlier is not None
    assert found.earlier.epoch < 20
    assert found.earlier.better > 2 * found.earlier.error > 0
    assert model.path is not None
    there = overfitting(replace(model, parameters=model.path[found.earlier.epoch], path=None), noisy, **ALONE)
    assert found.cost_unseen - there.cost_unseen == pytest.approx(found.earlier.better, rel=1e-4)
    assert f"after epoch {found.earlier.epoch} it did better on them" in found.words


def test_every_task_and_kind_of_rows() -> None:
    random = np.random.default_rng(6)
    X = random.normal(size=(240, 3))
    few: dict[str, Any] = {**ALONE, "shares": (0.5, 1), "control": True, "epochs": 3}
    several = (np.column_stack([X[:, 0] > 0, X[:, 1] > 0]) * 1).astype(int)
    for data in (
        Dataset("labels", X, several, "multilabel"),
        Dataset("numbers", X, np.column_stack([X[:, 0], X[:, 1] ** 2]), "regression"),
        Dataset("counts", X, random.poisson(3.0, 240), "regression"),
        Dataset("table", table_of({"a": X[:, 0], "b": np.where(X[:, 1] > 0, "x", "y")}), X[:, 0], "regression"),
    ):
        choices = {"cost": "poisson", "output": "exp"} if data.name == "counts" else {}
        model = learned(data, hidden=[4], epochs=2, **choices)
        found = overfitting(model, data, **few)
        assert found.rows_seen + found.rows_unseen == 240, data.name
        assert found.shuffled is not None
        assert found.examples is not None
    pictures = read("digits")
    split = {"X_unseen": pictures.X[600:800].reshape(-1, 8, 8), "y_unseen": np.asarray(pictures.y)[600:800]}
    model = learned(pictures.rows(np.arange(600)), test_size=0)
    assert overfitting(model, pictures.X[:600].reshape(-1, 8, 8), np.asarray(pictures.y)[:600], **split, **few).gap > 0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a few passes are enough here
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_an_estimator_is_learned_again_as_near_as_can_be(solver: str) -> None:
    data = read("iris")
    X, y = data.X[::2], np.asarray(data.y)[::2]
    other = {"X_unseen": data.X[1::2], "y_unseen": np.asarray(data.y)[1::2]}
    fitted = MLPClassifier((6,), solver=solver, max_iter=30, random_state=0).fit(X, y)
    found = overfitting(fitted, X, y, **other, **{**ALONE, "control": True, "widths": (6, 12)})
    assert found.rows_seen == found.rows_unseen == 75
    assert found.score_seen == (fitted.predict(X) == y).mean()
    assert found.capacity is not None
    assert found.capacity.measured == [(6,), (12,)]
    wanted = {"adam": "adam", "sgd": "nesterov", "lbfgs": "lbfgs"}[solver]
    assert found.capacity.choices["optimizer"] == wanted
    assert found.capacity.choices["l2"] == 0.0001
    numbers = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", max_iter=500).fit(X, X[:, 0])
    plain = overfitting(numbers, X, X[:, 0], X_unseen=data.X[1::2], y_unseen=data.X[1::2, 0], **ALONE)
    assert plain.score_unseen > 0.99
    assert not plain.overfits


def test_a_network_alone_is_learned_first() -> None:
    data = read("iris")
    network = dense_network(4, [5], 3, "tanh")
    known = known_rows(network, data, None)
    assert known.subject.given.network == network
    assert overfitting(network, data.X, np.asarray(data.y), **ALONE).rows_seen == 120


def test_rows_and_pictures(honest: Overfitting, digits: Dataset) -> None:
    rows = honest.to_rows()
    assert rows[0] == {"what": "verdict", "value": honest.verdict}
    assert {type(row["value"]) for row in rows} <= {str, float, int, type(None)}
    assert honest.plot().ax_.get_title() == honest.verdict
    watched = overfitting(learned(digits, validation_size=0.2, epochs=5), digits, **ALONE)
    assert watched.plot().ax_.get_xlabel() == "epoch"
    assert honest.capacity is not None
    assert honest.hidden in honest.capacity.measured
    assert (30, 30, 30) in honest.capacity.measured


def test_same_seed_same_result(digits: Dataset) -> None:
    few: dict[str, Any] = {**ALONE, "shares": (0.5, 1), "control": True, "epochs": 2}
    model = learned(digits, epochs=2)
    one, two, other = (overfitting(model, digits, random=seed, **few) for seed in (1, np.random.default_rng(1), 2))
    assert one.to_rows() == two.to_rows() != other.to_rows()
    assert one.examples is not None
    assert two.examples is not None
    assert np.array_equal(one.examples.cost_unseen, two.examples.cost_unseen)


def test_what_does_not_fit_is_refused(digits: Dataset) -> None:
    data = read("iris")
    model, every = learned(data, epochs=1), learned(data, epochs=1, test_size=0)
    for given, told in (
        ((model, data.X[:50], np.asarray(data.y)[:50]), "it is not known which it learned from: give these as X and y"),
        ((every, data), "iris: the model learned from every row of it"),
        ((model, data.X), "answers y are needed beside X"),
        ((dense_network(4, [5], 2), data), "does not fit the rows: they ask for 4-5-3"),
        ((3, data), "a Model or a fitted estimator is needed, got int"),
        (({"hiden": [3]}, data), "did you mean 'hidden'"),
        (({"test_size": 0}, data), "rows to test on are needed"),
    ):
        with pytest.raises(LimpidError, match=told):
            overfitting(*given, **ALONE)
    for wrong, told in (
        ({"seeds": 2}, "seeds must be an integer of at least 3, got 2"),
        ({"epochs": 0}, "epochs must be an integer of at least 1, got 0"),
        ({"shares": (0.5, 0.2, 1)}, "shares must ascend from above 0 to 1"),
        ({"shares": (0.5, 0.7)}, "shares must ascend"),
        ({"X_unseen": data.X}, "X_unseen and y_unseen belong together"),
        ({"widths": (0,)}, "widths must be positive integers"),
        ({"depths": (1.5,)}, "depths must be positive integers"),
    ):
        with pytest.raises(LimpidError, match=told):
            overfitting(model, data, **{**ALONE, "epochs": 1, **wrong})
    unknown = replace(model, origin=model.origin._replace(recipe={}))
    rows: dict[str, Any] = {"X_unseen": data.X, "y_unseen": data.y}
    assert overfitting(unknown, data.X, data.y, **rows, **ALONE).gap == 0
    with pytest.raises(LimpidError, match="not known how the model was learned"):
        overfitting(unknown, data.X, data.y, **rows, **{**ALONE, "control": True})
