"""A course of calls made on limpid's class and on scikit-learn's: both remember, print, warn of and refuse the same."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, NamedTuple

import numpy as np
import pytest
import sklearn
from scipy.sparse import csc_matrix, csr_array, csr_matrix, issparse
from sklearn import neural_network as theirs
from sklearn.utils.fixes import parse_version

from limpid import MLPClassifier, MLPRegressor
from tests.helpers import assert_close

pytest.importorskip("sklearn", minversion="1.7", reason="earlier ones take no sample_weight")

since_1_9 = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"), reason="before 1.9 scikit-learn's raises TypeError there"
)

Call = Callable[[Any], Any]

DRAWS = np.random.RandomState(0)
X = DRAWS.normal(size=(150, 5))
WEIGHTS = DRAWS.uniform(0.2, 3, 150)
TWO = (X[:, 0] + 0.5 * DRAWS.normal(size=150) > 0).astype(int)
THREE = np.digitize(X[:, 1], [-0.5, 0.5])
MARKS = np.column_stack([TWO, X[:, 2] > 0, X[:, 3] > 1]).astype(int)
NUMBER = X @ DRAWS.normal(size=5)
NUMBERS = np.column_stack([NUMBER, NUMBER**2])
SHORT: dict[str, Any] = {"random_state": 1, "max_iter": 5, "hidden_layer_sizes": (7,)}
IMPATIENT: dict[str, Any] = {"tol": 0.1, "n_iter_no_change": 2, "max_iter": 60}


class Course(NamedTuple):
    """What came of it."""

    estimator: Any
    printed: str
    warned: list[str]
    refused: str


def follow(estimator: Any, calls: Sequence[Call]) -> Course:
    printed, refused = StringIO(), ""
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            for call in calls:
                call(estimator)
        except Exception as error:
            refused = f"{type(error).__name__}: {error}"
    warned = [f"{each.category.__name__}: {each.message}" for each in caught]
    return Course(estimator, printed.getvalue(), warned, refused)


def both(kind: str, options: dict[str, Any], *calls: Call) -> tuple[Course, Course]:
    ours, other = (MLPRegressor, theirs.MLPRegressor) if kind == "regressor" else (MLPClassifier, theirs.MLPClassifier)
    return follow(ours(**options), calls), follow(other(**options), calls)


def assert_same(mine: Course, their: Course, relative: float = 1e-8) -> None:
    """Fail where the courses differ in what was said, or in a fitted attribute of scikit-learn's class."""
    assert mine[1:] == their[1:]
    for name, wanted in vars(their.estimator).items():
        if not name.endswith("_") or name.startswith("_"):
            continue
        got = getattr(mine.estimator, name)
        if wanted is None or isinstance(wanted, str) or name == "classes_":
            assert np.array_equal(got, wanted), name
            continue
        if name in {"coefs_", "intercepts_"}:
            assert [(each.dtype, each.shape) for each in got] == [(each.dtype, each.shape) for each in wanted], name
            assert_close(
                np.concatenate([*map(np.ravel, got)]), np.concatenate([*map(np.ravel, wanted)]), relative, name
            )
        else:
            assert_close(got, wanted, relative, name)


def fit(*given: Any) -> Call:
    return lambda estimator: estimator.fit(X, *given)


def parts(y: Any, **more: Any) -> list[Call]:
    def call(part: slice) -> Call:
        return lambda estimator: estimator.partial_fit(X[part], y[part], **more)

    return [call(slice(start, start + 50)) for start in (0, 50, 100)]


@pytest.mark.parametrize("options", [{"batch_size": 32}, {"batch_size": 32, "shuffle": False, "alpha": 1.0}])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("kind", "y"), [("classifier", THREE), ("classifier", MARKS), ("regressor", NUMBERS)])
def test_weights_count_in_the_loss_of_several_batches(
    kind: str, y: Any, early_stopping: bool, options: dict[str, Any]
) -> None:
    assert_same(*both(kind, {**SHORT, **options, "early_stopping": early_stopping}, fit(y, WEIGHTS)))


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_fits_and_parts_follow_one_another(solver: str, learning_rate: str) -> None:
    options = {**SHORT, **IMPATIENT, "max_iter": 12, "solver": solver, "learning_rate": learning_rate}
    assert_same(*both("classifier", {**options, "warm_start": True}, *[fit(TWO)] * 3))
    assert_same(*both("classifier", options, *parts(TWO, classes=[0, 1]) * 4))
    assert_same(*both("regressor", options, fit(NUMBER), *parts(NUMBER)))
    assert_same(*both("regressor", {**options, "warm_start": True}, *parts(NUMBER), *[fit(NUMBER)] * 2, *parts(NUMBER)))


@pytest.mark.parametrize(
    "changed", [{"hidden_layer_sizes": (9,)}, {"activation": "tanh"}, {"solver": "sgd"}, {"alpha": 10.0}]
)
def test_a_warm_start_hears_what_was_changed(changed: dict[str, Any]) -> None:
    calls = fit(NUMBER), lambda estimator: estimator.set_params(**changed), fit(NUMBER)
    assert_same(*both("regressor", {**SHORT, "warm_start": True}, *calls))


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_weights_put_by_hand_are_heard(kind: str) -> None:
    def put(estimator: Any) -> None:
        estimator.coefs_ = [-array for array in estimator.coefs_]
        estimator.intercepts_[0] = estimator.intercepts_[0] + 1

    def put_in_place(estimator: Any) -> None:
        estimator.coefs_[0][:] *= 2

    for change in (put, put_in_place):
        calls = [fit(TWO), change]
        mine, their = both(kind, SHORT, *calls)
        assert_close(mine.estimator.predict(X), their.estimator.predict(X), 1e-8)
        assert_same(*both(kind, {**SHORT, "warm_start": True}, *calls, fit(TWO)))
        assert_same(*both(kind, {**SHORT, "solver": "sgd", "warm_start": True}, *calls, fit(TWO)))


@since_1_9
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("y", [np.ones(150), np.array(["only"] * 150)], ids=["number", "word"])
def test_one_class_only(y: Any, early_stopping: bool) -> None:
    mine, their = both("classifier", {**SHORT, "early_stopping": early_stopping}, fit(y))
    assert_same(mine, their)
    assert np.array_equal(mine.estimator.predict(X), their.estimator.predict(X))


@since_1_9
@pytest.mark.parametrize("kind", [csr_matrix, csc_matrix, csr_array])
def test_sparse_labels(kind: Any) -> None:
    for options in (SHORT, {**SHORT, "early_stopping": True}):
        mine, their = both("classifier", options, fit(kind(MARKS)))
        assert_same(mine, their)
        got, wanted = mine.estimator.predict(X), their.estimator.predict(X)
        assert issparse(got)
        assert type(got) is type(wanted)
        assert_close(got.toarray(), wanted.toarray(), 0)


@pytest.mark.parametrize("first", [np.float32, np.float64])
def test_what_was_learned_keeps_its_precision(first: Any) -> None:
    second = np.float64 if first is np.float32 else np.float32
    calls = [lambda estimator, dtype=dtype: estimator.fit(X.astype(dtype), NUMBER) for dtype in (first, second)]
    assert_same(*both("regressor", {**SHORT, "warm_start": True}, *calls), relative=1e-4)
    calls = [lambda estimator, dtype=dtype: estimator.partial_fit(X.astype(dtype), NUMBER) for dtype in (first, second)]
    assert_same(*both("regressor", SHORT, *calls), relative=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        IMPATIENT,
        {**IMPATIENT, "early_stopping": True},
        {**IMPATIENT, "solver": "sgd", "learning_rate": "adaptive"},
        {**IMPATIENT, "solver": "sgd", "learning_rate": "adaptive", "early_stopping": True},
        {**IMPATIENT, "solver": "sgd", "learning_rate": "adaptive", "max_iter": 9},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_the_same_lines_are_printed(options: dict[str, Any]) -> None:
    mine, their = both("classifier", {**SHORT, "verbose": True, **options}, fit(TWO))
    assert "Iteration 4, loss = " in mine.printed
    assert_same(mine, their)


@pytest.mark.parametrize("options", [{}, {"solver": "sgd"}, {"solver": "sgd", "learning_rate": "adaptive"}])
def test_parts_print_the_same_lines(options: dict[str, Any]) -> None:
    settings = {**SHORT, **IMPATIENT, "n_iter_no_change": 1, "verbose": True, **options}
    mine, their = both("classifier", settings, *parts(TWO, classes=[0, 1]) * 6)
    assert "Training loss did not improve more than tol=0.100000 for 1 consecutive epochs. S" in mine.printed
    assert_same(mine, their)


@pytest.mark.parametrize(
    "options",
    [{"max_iter": 4}, {"max_fun": 4, "max_iter": 100}, {"max_fun": 1}, {"max_iter": 400, "tol": 0.05}],
    ids=str,
)
@pytest.mark.parametrize(("kind", "y"), [("classifier", THREE), ("regressor", NUMBER)])
def test_lbfgs_ends_in_the_same_words(kind: str, y: Any, options: dict[str, Any]) -> None:
    mine, their = both(kind, {**SHORT, "solver": "lbfgs", **options}, fit(y, WEIGHTS))
    assert bool(mine.warned) == ("tol" not in options)
    assert_same(mine, their, relative=0.05 if "tol" in options else 1e-6)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("batch_size", ["auto", 40], ids=["one batch", "several"])
def test_a_random_state_goes_on_as_theirs(batch_size: Any, early_stopping: bool) -> None:
    """Whoever draws on from it sees as many draws made, also where the order of rows told in nothing."""
    choices = {**SHORT, "early_stopping": early_stopping, "batch_size": batch_size}
    after, found = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in (MLPClassifier, theirs.MLPClassifier):
            draws = np.random.RandomState(1)
            found.append(kind(**{**choices, "random_state": draws}).fit(X, THREE))
            after.append(draws.randint(2**31))
        seeded = MLPClassifier(**choices).fit(X, THREE)
    assert after[0] == after[1]
    assert_close(found[0].loss_curve_, found[1].loss_curve_, 1e-9)
    assert all(np.array_equal(one, two) for one, two in zip(found[0].coefs_, seeded.coefs_, strict=True))
