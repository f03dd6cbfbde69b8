"""What is asked for beside rows, and rows that are none: each is refused in one line that says what is needed."""

from typing import Any

import numpy as np
import pytest

import limpid.inspection
from limpid import Dataset, LimpidError, Model, learn, read

ASK: Any = limpid.inspection
"""Of any kind, since it is asked what it cannot take."""
IRIS = read("iris")
X, y = IRIS.X[::5], np.asarray(IRIS.y)[::5]
GAP: dict[str, Any] = {"shares": (), "widths": (), "depths": (), "control": False}


@pytest.fixture(scope="module")
def iris() -> Model:
    learning = learn(IRIS, hidden=[4], epochs=2)
    list(learning)
    return learning.model


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            lambda model: ASK.slope(model, X, y, random="a"),
            "random must be an integer of at least 0 or NumPy's .* got 'a'",
        ),
        (
            lambda model: ASK.layers(model, X, y, random=-1),
            "random must be an integer of at least 0 or NumPy's .* got -1",
        ),
        (lambda model: ASK.faithfulness(model, X, y, random=0.5), "random must be .* got 0.5"),
        (lambda model: ASK.slope(model, X, y, level="0.1"), "level must be a finite number above 0, got '0.1'"),
        (lambda model: ASK.landscape(model, X, y, span=None), "the span must be a finite number above 0, got None"),
        (lambda model: ASK.attribute(model, X, method="lrp", epsilon="a"), "epsilon must be a finite number"),
        (lambda model: ASK.parts(model, X, alpha="a"), "alpha must be between 0 and 1, got 'a'"),
        (lambda model: ASK.parts(model, X, concepts=3), "concepts must be a list, got 3"),
        (lambda model: ASK.parts(model, X, concepts=["loop"]), "concepts must be made by Concept, got 'loop'"),
        (lambda model: ASK.units(model, 1, X, units=2), "units must be a list, got 2"),
        (lambda model: ASK.overfitting(model, IRIS, **GAP | {"shares": 1}), "shares must be a list, got 1"),
        (lambda model: ASK.overfitting(model, IRIS, **GAP | {"shares": ["a"]}), "shares must ascend from above 0 to 1"),
        (lambda model: ASK.overfitting(model, IRIS, **GAP | {"widths": 0}), "widths must be a list, got 0"),
        (lambda model: ASK.overfitting(model, IRIS, **GAP | {"depths": None}), "depths must be a list, got None"),
        (lambda model: ASK.capacity_curves(IRIS, [4]), "each of sizes must be a list, got 4"),
        (lambda model: ASK.capacity_curves(IRIS, 4), "sizes must be a list, got 4"),
        (lambda model: ASK.capacity_curves(X, [[4]]), "a Dataset is needed, got ndarray"),
        (lambda model: ASK.confusions(model, X, y, worst=-1), "worst must be an integer of at least 0, got -1"),
        (lambda model: ASK.blame(model, X, y).ranked("a"), "most must be an integer of at least 0, got 'a'"),
        (lambda model: ASK.blame(model, X, y).ranked_weights(-1), "most must be an integer of at least 0, got -1"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(iris: Model, asked: Any, told: str) -> None:
    with pytest.raises(LimpidError, match=told) as refused:
        asked(iris)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[1, 2, 3, 4], [5]], "inputs must be rows of numbers, all of one length, got rows that differ"),
        (3.0, "needed|inputs must be rows of 4 numbers"),
        (X[:0], "needed|inputs must be rows of 4 numbers"),
        (None, "needed|inputs must be numbers"),
    ],
)
def test_what_are_no_rows_is_refused(iris: Model, rows: Any, told: str) -> None:
    answers = y[:2]
    for asked in (
        lambda: iris.predict(rows),
        lambda: ASK.blame(iris, rows, answers),
        lambda: ASK.overfitting(iris, rows, answers, X_unseen=X, y_unseen=y, **GAP),
        lambda: ASK.minima(iris, rows, answers, seeds=2),
    ):
        with pytest.raises(LimpidError, match=told) as refused:
            asked()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "asked",
    [
        lambda model, far: ASK.health(model, far),
        lambda model, far: ASK.slope(model, far, y),
        lambda model, far: ASK.units(model, 1, far),
    ],
)
def test_numbers_too_large_for_the_models_precision_are_refused(iris: Model, asked: Any) -> None:
    with pytest.raises(LimpidError, match="inputs must be finite, got .*e\\+300 in row 0, column 0"):
        asked(iris, X * 1e300)


def test_one_row_and_its_answer_need_no_list(iris: Model) -> None:
    assert ASK.confusions(iris, X[0], y[0]).rows == 1
    assert ASK.overfitting(iris, X[0], y[0], X_unseen=X[1], y_unseen=y[1], **GAP).rows_unseen == 1
    with pytest.raises(LimpidError, match="at least 20 rows are needed .* got 1"):
        ASK.layers(iris, X[0], y[0])
    square = Dataset("t", X, y, image_shape=(2, 2))
    learning = learn(square, hidden=[4], epochs=1)
    list(learning)
    with pytest.raises(LimpidError, match="1 rows of inputs need as many answers, got 2"):
        ASK.parts(learning.model, X[0], y=[0, 1])


def test_curves_of_nothing_say_so() -> None:
    curves = ASK.capacity_curves(IRIS, [[4]])
    assert curves.words == "No network is trained yet: iterate, or call run()."
    with pytest.raises(LimpidError, match="no network is trained yet"):
        curves.plot()


def test_what_overflows_is_refused() -> None:
    learning = learn(Dataset("t", X, X[:, 0], "regression"), hidden=[4], epochs=2)
    list(learning)
    model, far = learning.model, X * 1e20
    with pytest.raises(LimpidError, match="the cost of these rows is too large for a number"):
        ASK.landscape(model, far, X[:, 0], grid=3)
    with pytest.raises(LimpidError, match="the cost within a span of 1e\\+30 is too large for a number"):
        ASK.landscape(model, X, X[:, 0], grid=3, span=1e30)
    with pytest.raises(LimpidError, match="the cost of some rows is too large for a number"):
        ASK.overfitting(model, far, X[:, 0], X_unseen=X, y_unseen=X[:, 0], **GAP)
    with pytest.raises(LimpidError, match="the influence of some rows is too large for a number"):
        ASK.blame_examples(model, far[:1], X[:1, 0], far, X[:, 0])


def test_each_row_may_have_a_class_of_its_own() -> None:
    learning = learn(Dataset("t", IRIS.X, np.arange(150)), hidden=[4], epochs=1, test_size=0)
    list(learning)
    assert ASK.layers(learning.model, IRIS.X, np.arange(150)).accuracy[0] == 0.0
