"""Whole lessons: small problems learned to the end, and real tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid.dataset import Dataset
from limpid.errors import LimpidError
from limpid.evaluation import Evaluation, evaluate
from limpid.learning import Learning, held_out, learn, unseen
from limpid.readers import read
from limpid.recipe import Recipe, complete

XOR = Dataset("xor", np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]))


def lesson(dataset: Dataset, **choices: Any) -> tuple[Learning, Evaluation | None]:
    learning = learn(dataset, **choices)
    list(learning)
    return learning, evaluate(learning.model, learning.test) if learning.test else None


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_xor(optimizer: str) -> None:
    learning, _ = lesson(
        XOR, hidden=[8], activation="tanh", optimizer=optimizer, epochs=400, test_size=0, learning_rate=0.05
    )
    assert learning.model.predict(XOR.X).tolist() == [0, 1, 1, 0]
    assert learning.model.predict_proba(XOR.X)[np.arange(4), XOR.y].min() > 0.95


def test_a_noisy_sine() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-3, 3, (600, 1))
    noise = 0.1
    _, evaluation = lesson(
        Dataset("sine", x, np.sin(2 * x[:, 0]) + noise * random.normal(size=600), "regression"),
        hidden=[64, 64], activation="tanh", epochs=300, learning_rate=0.005,
    )  # fmt: skip
    assert evaluation is not None
    assert evaluation.rmse is not None
    assert evaluation.rmse < 1.3 * noise


@pytest.mark.parametrize(
    ("name", "target", "worst"),
    [
        ("energy", "heating_load", 0.97),
        ("yacht", "residuary_resistance", 0.9),
        ("concrete", "compressive_strength", 0.82),
    ],
)
def test_real_tables(name: str, target: str, worst: float, data: Path) -> None:
    for seed in range(2):
        _, evaluation = lesson(read(data / "uci" / f"{name}.csv", target), seed=seed)
        assert evaluation is not None
        assert evaluation.r2 is not None
        assert evaluation.r2 > worst


def test_several_labels_at_once() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 5))
    y = np.column_stack([X[:, 0] > 0, X[:, 1] + X[:, 2] > 0, X[:, 3] - X[:, 4] > 0.5]).astype(int)
    learning, evaluation = lesson(Dataset("labels", X, y, "multilabel"))
    assert str(learning.network) == "5-256-128-3 (relu, sigmoid; binary_cross_entropy)"
    assert evaluation is not None
    assert evaluation.accuracy is not None
    assert evaluation.accuracy > 0.88
    assert evaluation.confusion is None


@pytest.mark.parametrize("optimizer", ["gradient_descent", "lbfgs"])
def test_a_slope_of_zero_is_reached(optimizer: str) -> None:
    learning, _ = lesson(
        read("iris"), hidden=[6], activation="tanh", optimizer=optimizer, learning_rate=1.0, batch_size=120,
        l2=1.0, gradient_tol=1e-7, epochs=20000, precision="float64",
    )  # fmt: skip
    assert learning.training.stopped_because == "slope is zero"
    slope = learning.model.origin.slope
    assert slope is not None
    assert slope <= 1e-7


def test_digits_are_read() -> None:
    learning, evaluation = lesson(read("digits"))
    assert evaluation is not None
    assert evaluation.accuracy is not None
    assert evaluation.accuracy >= 0.97
    assert len(evaluation.dataset) == 360
    assert evaluation.confusion is not None
    assert evaluation.confusion.sum() == 360
    assert learning.validation is not None
    assert learning.recipe.dropout == 0.2


def test_a_third_of_mnist_is_read(data: Path) -> None:
    mnist = read("mnist", data_dir=data / "mnist")
    assert mnist.test is not None
    assert (mnist.X.shape, mnist.test.X.shape, mnist.image_shape) == ((60000, 784), (10000, 784), (28, 28))
    some = mnist.rows(np.arange(20000))
    learning, _ = lesson(some, hidden=[64], epochs=6, dropout=0, test_size=0)
    assert evaluate(learning.model, mnist.test).accuracy > 0.94  # type: ignore[operator]


@pytest.mark.parametrize(
    "choices",
    [
        {"output": "sigmoid", "cost": "squared_error"},
        {"output": "softmax", "cost": "squared_error"},
        {"output": "tanh"},
        {"cost": "cross_entropy"},
        {
            "optimizer": "nadam",
            "schedule": "one_cycle",
            "warm_up": 1,
            "clip_norm": 1.0,
            "max_norm": 4.0,
            "label_smoothing": 0.1,
            "dropout": 0.1,
        },
        {"optimizer": "momentum", "momentum": 0.8, "initial_weights": "orthogonal", "schedule": "cosine"},
        {"activation": ["tanh", "selu"], "hidden": [8, 6], "l2": 0.1},
        {"hidden": [], "learning_rate": 0.05},
        {"normalization": "batch", "dropout": 0.1},
        {"normalization": "layer", "hidden": [16, 8], "max_norm": 3.0},
        {"normalization": "layer", "optimizer": "lbfgs", "l2": 1.0},
    ],
    ids=str,
)
def test_every_kind_of_choice_learns_iris(choices: dict[str, Any]) -> None:
    _, evaluation = lesson(read("iris"), **{"hidden": [16], "epochs": 80, "learning_rate": 0.01, **choices})
    assert evaluation is not None
    assert evaluation.accuracy is not None
    assert evaluation.accuracy >= 0.8


def test_counts_are_learned_as_rates() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (1200, 2))
    y = random.poisson(np.exp(1 + x[:, 0])).astype(float)
    learning, evaluation = lesson(Dataset("counts", x, y, "regression"), cost="poisson", epochs=20)
    assert learning.network.output.name == "exp"
    assert evaluation is not None
    assert evaluation.r2 is not None
    assert evaluation.r2 > 0.3
    assert (evaluation.predictions > 0).all()


def test_equal_seeds_are_equal_and_others_differ() -> None:
    models = [lesson(read("wine"), hidden=[5], epochs=3, seed=seed)[0].model for seed in (1, 1, 2)]
    assert np.array_equal(models[0].parameters["W1"], models[1].parameters["W1"])
    assert not np.array_equal(models[0].parameters["W1"], models[2].parameters["W1"])


def test_splits_keep_classes_in_proportion_and_share_no_row() -> None:
    iris = read("iris")
    kept, aside = held_out(iris, np.arange(150), 0.2, 3)
    assert sorted([*kept, *aside]) == list(range(150))
    assert iris.y is not None
    assert np.unique(iris.y[aside], return_counts=True)[1].tolist() == [10, 10, 10]
    rare = Dataset("rare", np.zeros((5, 1)), np.array(["a", "a", "b", "a", "a"]))
    assert len(held_out(rare, np.arange(5), 0.4, 0)[1]) == 2


def test_what_was_held_out_is_found_again() -> None:
    iris = read("iris")
    learning, _ = lesson(iris, hidden=[3], epochs=1, seed=5)
    again = unseen(learning.model, read("iris"))
    assert learning.test is not None
    assert np.array_equal(again.X, learning.test.X)
    other = iris.rows(np.arange(10))
    assert unseen(learning.model, other) is other
    everything, _ = lesson(iris, hidden=[3], epochs=1, test_size=0)
    with pytest.raises(LimpidError, match="learned from every row"):
        unseen(everything.model, iris)


def test_a_recipe_is_completed_from_the_data() -> None:
    few, many = 50, 10_000
    assert (complete(Recipe(), few).patience, complete(Recipe(), few).validation_size) == (0, 0.0)
    assert (complete(Recipe(), many).batch_size, complete(Recipe(), many).patience) == (128, 10)
    assert complete(Recipe(), 2000, pictures=True).dropout == 0.2
    assert complete(Recipe(optimizer="lbfgs"), 2000, pictures=True).dropout == 0.0
    assert complete(Recipe(patience=5), few).validation_size == 0.1
    assert complete(Recipe(optimizer="lbfgs"), few).precision == "float64"
    assert complete(Recipe(activation="selu"), few).initial_weights == "lecun"
    assert complete(Recipe(gradient_tol=1e-3), many).validation_size == 0.0


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"hiden": [3]}, "unknown choice 'hiden' .did you mean 'hidden'"),
        ({"optimizer": "adan"}, "did you mean 'adam'"),
        ({"schedule": "cosinus"}, "did you mean 'cosine'"),
        ({"initial_weights": "hee"}, "did you mean 'he'"),
        ({"engine": "refrence"}, "did you mean 'reference'"),
        ({"precision": "float16"}, "choose one of float32, float64"),
        ({"test_size": 1.0}, "test size must be a share"),
        ({"validation_size": -0.1}, "validation size must be a share"),
        ({"patience": -1}, "patience must be at least 0"),
        ({"optimizer": "lbfgs", "dropout": 0.1}, "lbfgs takes neither dropout"),
        ({"optimizer": "lbfgs", "max_norm": 2.0}, "nor max_norm"),
        ({"optimizer": "lbfgs", "normalization": "batch"}, "'batch' needs batches, lbfgs has none"),
        ({"normalization": "bach"}, "unknown normalization 'bach' .did you mean 'batch'"),
        ({"normalization": 3}, "normalization must be a name"),
        ({"output": "softmax:3,2"}, "'softmax:3,2' are for several answers a row"),
        ({"momentum": 0.5}, "momentum is for the optimizers momentum and nesterov, not for 'adam'"),
        ({"batch_size": 0}, "batch size must be a positive integer, got 0"),
        ({"learning_rate": 0.0}, "learning rate must be"),
        ({"cost": "binary_cross_entropy", "output": "identity"}, "not defined for the output activation 'identity'"),
        ({"seed": -1}, "the seed must be"),
        ({"seed": None}, "seed must be an integer, got None"),
        ({"hidden": 64}, "hidden must be a sequence of integers, one for each hidden layer, got 64"),
        ({"hidden": "64"}, "hidden must be a sequence"),
        ({"epochs": 2.5}, "epochs must be an integer, got 2.5"),
        ({"learning_rate": "0.1"}, "learning_rate must be a number, got '0.1'"),
        ({"activation": 3}, "activation must be a name"),
        ({"activation": []}, "2 layers, got 0"),
        ({"output": 3}, "output must be a name, got 3"),
        ({"warm_up": float("inf")}, "warm-up must be a finite number"),
        ({"optimizer": "lbfgs", "schedule": "nonsense"}, "unknown schedule 'nonsense'"),
        ({"optimizer": "lbfgs", "learning_rate": -5}, "learning rate must be"),
        ({"threads": 0}, "threads must be from 1 to 4096, got 0"),
        ({"test_size": 0.994}, "150 rows are too few to set a share of 0.994 aside"),
    ],
)
def test_choices_that_do_not_fit_are_refused(choices: dict[str, Any], told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        learn(read("iris"), **choices)


def test_outputs_that_targets_cannot_meet_are_refused() -> None:
    labels = Dataset("labels", np.zeros((4, 1)), np.array([[0, 1], [1, 1], [0, 0], [1, 0]]), "multilabel")
    with pytest.raises(LimpidError, match="a softmax output is for a class each, not for a multilabel"):
        learn(labels, output="softmax", test_size=0)
    numbers = Dataset("numbers", np.zeros((4, 1)), np.array([5.0, 9.0, 7.0, 6.0]), "regression")
    with pytest.raises(LimpidError, match="'tanh' gives -1 to 1, the targets are values from 5 to 9"):
        learn(numbers, output="tanh", test_size=0)


def test_the_rows_to_test_on_are_looked_at_before_training() -> None:
    base = Dataset("d", np.zeros((6, 3)), np.array([0, 1] * 3))
    for test, told in (
        (Dataset("test", np.zeros((2, 3)), np.array([0, 2])), "label 2 is none of"),
        (Dataset("test", np.zeros((2, 2)), np.array([0, 1])), "3 inputs are learned from, 2 are tested"),
        (Dataset("test", np.zeros((2, 3)), np.zeros((2, 2))), "answers of one shape are needed"),
        (Dataset("test", np.full((2, 3), 1e300), np.array([0, 1])), "1e\\+300 in column 1 lies too far from the rest"),
    ):
        with pytest.raises(LimpidError, match=told):
            learn(replace(base, test=test))


def test_a_column_of_answers_is_the_answers() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 2))
    y = X @ [1.0, 2.0]
    errors = [lesson(Dataset("d", X, target, "regression"), epochs=5)[1] for target in (y, y[:, None])]
    assert errors[0] is not None
    assert errors[1] is not None
    assert errors[0].rmse == errors[1].rmse


def test_numpys_integers_are_welcome() -> None:
    learning = learn(read("iris"), hidden=np.array([8]), seed=np.int64(1), batch_size=np.int32(16), epochs=np.int64(1))
    list(learning)
    assert learning.network.widths == (4, 8, 3)


def test_label_smoothing_has_a_level_slope_too() -> None:
    learning, _ = lesson(
        read("iris"), hidden=[6], activation="tanh", optimizer="gradient_descent", learning_rate=1.0, batch_size=120,
        l2=1.0, gradient_tol=1e-4, epochs=20000, precision="float64", label_smoothing=0.1,
    )  # fmt: skip
    assert learning.training.stopped_because == "slope is zero"


def test_data_that_does_not_fit_is_refused() -> None:
    one = Dataset("one", np.zeros((5, 1)), np.array(["a"] * 5))
    with pytest.raises(LimpidError, match="at least two classes are needed to tell apart, got only a"):
        learn(one)
    with pytest.raises(LimpidError, match="answers to learn from are needed"):
        learn(Dataset("none", np.zeros((5, 1)), None))
    with pytest.raises(LimpidError, match="one label for each row, got 2"):
        learn(Dataset("two", np.zeros((5, 1)), np.zeros((5, 2)), "classification"))
    with pytest.raises(LimpidError, match="of the 1 that are left each is of class a"):
        learn(Dataset("pair", np.zeros((2, 1)), np.array(["a", "b"])))
    with pytest.raises(LimpidError, match="1 rows are too few"):
        learn(Dataset("row", np.zeros((1, 1)), np.zeros(1), "regression"))
    with pytest.raises(LimpidError, match="needs targets from 0 to inf, got values from -1 to 3"):
        learn(Dataset("counts", np.zeros((2, 1)), np.array([-1.0, 3.0]), "regression"), cost="poisson", test_size=0)


def test_each_class_counts_the_same_on_request() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 2))
    y = (X.sum(axis=1) + random.normal(size=3000) > 3.2).astype(int)
    assert 0.01 < y.mean() < 0.06
    plain, balanced = (
        lesson(Dataset("rare", X, y), hidden=[4], epochs=10, class_weight=weight)[0] for weight in (None, "balanced")
    )
    scores = [learning.evaluate(learning.model) for learning in (plain, balanced)]
    assert [score is not None and score.balanced_accuracy for score in scores] == pytest.approx([0.5, 0.9], abs=0.1)
    weights = balanced.training._in_memory.weights
    assert weights is not None
    rare = balanced.train.y == 1
    assert weights[rare].sum() == pytest.approx(weights[~rare].sum(), rel=1e-5)
    assert weights.sum() == pytest.approx(len(weights), rel=1e-5)
    with pytest.raises(LimpidError, match="class_weight 'balanced' is for a classification"):
        learn(read("diabetes"), class_weight="balanced")
    with pytest.raises(LimpidError, match="unknown class_weight 'balancd' .did you mean 'balanced'"):
        learn(read("iris"), class_weight="balancd")
