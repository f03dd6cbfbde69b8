"""The search for hidden layers: sizes are dropped as their costs say, and the smallest good one is kept."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone

from limpid import MLPClassifier, MLPRegressor
from limpid.capacity import FEWEST_PASSES, FINALISTS, PASS_ITSELF, SIZES, Search, Tried
from limpid.engines import Examples, StepRule, find_engine
from limpid.initializers import initial_parameters
from limpid.network import dense_network
from limpid.optimizers import Adam
from limpid.stochastic import in_order
from limpid.training import Descending, Training, Validation

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

Size = tuple[int, ...]
TINY: tuple[Size, ...] = ((1,), (2,), (3,), (2, 2), (6,), (4, 4), (12,), (9, 9))
DRAWS = np.random.RandomState(0)
X = DRAWS.normal(size=(120, 3))
NUMBER = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]
TWO = (NUMBER > 0).astype(int)
QUICK: dict[str, Any] = {"hidden_layer_sizes": "auto", "max_iter": 12, "random_state": 4}


@pytest.fixture
def few_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Estimators search among these, which takes no time."""
    monkeypatch.setattr(Search.__init__, "__kwdefaults__", {"sizes": TINY})


def tried(hidden: Size, seed: int) -> Tried:
    engine, random = find_engine("native", 1), np.random.RandomState(seed)
    network = dense_network(3, hidden, 1, "tanh", "identity")
    Y = NUMBER[:, None]
    learned, watched = Examples(X[:80], Y[:80]), Examples(X[80:], Y[80:])
    training = Training(
        network,
        initial_parameters(network, "scikit_learn", random),
        learned,
        StepRule(Adam(), 20),
        Descending(in_order(80), 0.02),
        engine=engine,
        epochs=200,
        validation=Validation(watched, lambda outputs, y: -float(np.mean((outputs - y) ** 2))),
    )
    return Tried(hidden, seed, training, watched)


def searched(seeds: int = 2, passes: int = 40, make: Callable[[Size, int], Tried] = tried) -> Search:
    search = Search(make, find_engine("native", 1), passes=passes, seeds=seeds, sizes=TINY)
    for _ in search:
        pass
    return search


def test_the_better_half_goes_on_until_few_are_left() -> None:
    table = pd.DataFrame(searched().table()).sort_values("weights")
    first, second = table[table.seed == 0], table[table.seed == 1]
    kept = first.hidden_layer_sizes.isin(second.hidden_layer_sizes).to_numpy()  # the better half got another seed
    assert len(first) == len(TINY)
    assert len(second) == kept.sum() == len(TINY) // 2
    assert (first.passes == 40).sum() == (second.passes == 40).sum() == FINALISTS
    work = FEWEST_PASSES * (first.weights.max() + PASS_ITSELF)
    assert np.array_equal(first.passes[~kept], work // (first.weights[~kept] + PASS_ITSELF))
    assert first.validation_loss[~kept].min() >= first.validation_loss[kept].max()


def test_the_smallest_within_one_standard_error_is_chosen() -> None:
    search = searched()
    engine = find_engine("native", 1)
    rows: dict[Size, Any] = {}
    for size in TINY:
        both = [each for each in search.of_size(size) if each.training.history]
        rows[size] = np.concatenate(
            [engine.judge(each.training.network, each.training.best_parameters, each.watched)[0] for each in both]
        )
    complete = [size for size in TINY if len(rows[size]) == 80]
    best = min(complete, key=lambda size: rows[size].mean())
    good = []
    for size in TINY:
        worse = rows[size] - rows[best][: len(rows[size])]
        if worse.mean() <= worse.std() / sqrt(len(worse)):
            good.append(size)
    count = {size: search.of_size(size)[0].training.network.count() for size in TINY}
    assert search.chosen() == min(good, key=lambda size: count[size])
    assert best in good
    assert len(good) < len(TINY)


def test_equal_sizes_the_smallest_wins() -> None:
    def alike(hidden: Size, seed: int) -> Tried:
        """Every size learns the same: all weights start at 0."""
        made = tried(hidden, seed)
        zeros = {name: np.zeros_like(array) for name, array in made.training.state.parameters.items()}
        made.training.state = made.training.state._replace(parameters=zeros)
        return made

    assert searched(make=alike).chosen() == (1,)


def test_the_map_is_a_table(few_sizes: None) -> None:
    fitted = MLPRegressor(**QUICK).fit(X, NUMBER)
    table = pd.DataFrame(fitted.capacity_map_)
    assert {len(column) for column in fitted.capacity_map_.values()} == {len(table)}
    assert len(TINY) < len(table) < 5 * len(TINY), "sizes that were dropped early were tried with fewer seeds"
    assert set(table.hidden_layer_sizes) == set(TINY)
    assert not table.isna().any(axis=None)
    assert (table.best_pass <= table.passes).all()
    assert (table.best_pass >= 1).all()
    assert (table.passes <= 12).all()
    assert (table.depth == table.hidden_layer_sizes.map(len)).all()
    assert (table.seconds > 0).all()
    assert fitted.hidden_layer_sizes_ in TINY
    assert fitted.hidden_layer_sizes == "auto"


@pytest.mark.parametrize("estimator", [MLPClassifier(**QUICK), MLPRegressor(**QUICK, dropout=0.2, batch_size=30)])
def test_it_is_the_network_that_these_sizes_give(estimator: Any, few_sizes: None) -> None:
    y = TWO if isinstance(estimator, MLPClassifier) else NUMBER
    found = clone(estimator).fit(X, y)
    assert found.n_iter_ <= 12
    plain = clone(estimator).set_params(hidden_layer_sizes=found.hidden_layer_sizes_, max_iter=found.n_iter_).fit(X, y)
    assert found.loss_curve_ == plain.loss_curve_
    for got, wanted in zip(found.coefs_ + found.intercepts_, plain.coefs_ + plain.intercepts_, strict=True):
        assert np.array_equal(got, wanted)
    again = clone(estimator).fit(X, y)
    assert again.hidden_layer_sizes_ == found.hidden_layer_sizes_
    assert again.loss_curve_ == found.loss_curve_


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({"early_stopping": True}, {}),
        ({"solver": "lbfgs"}, {}),
        ({"solver": "lbfgs"}, {"sample_weight": np.ones(120)}),
        ({"monitor": "loss"}, {"X_val": X[:40], "y_val": NUMBER[:40]}),
        ({"early_stopping": True}, {"X_val": X[:40], "y_val": NUMBER[:40]}),
        ({"precision": "float32"}, {"sample_weight": np.arange(120.0)}),
        ({"loss": "quantile:0.1,0.9"}, {}),
    ],
    ids=str,
)
def test_it_goes_with_other_choices(options: dict[str, Any], given: dict[str, Any], few_sizes: None) -> None:
    fitted = MLPRegressor(**QUICK, **options).fit(X, NUMBER, **given)
    assert fitted.hidden_layer_sizes_ in TINY
    assert fitted.model_.network.widths[1:-1] == fitted.hidden_layer_sizes_
    plain = MLPRegressor(**{**QUICK, **options, "hidden_layer_sizes": fitted.hidden_layer_sizes_})
    plain.set_params(max_iter=fitted.n_iter_).fit(X, NUMBER, **given)
    assert np.array_equal(fitted.predict(X), plain.predict(X))


def test_it_goes_with_sparse_rows_and_several_answers(few_sizes: None) -> None:
    several = np.column_stack([TWO + 1, np.arange(120) % 3])
    for rows in (csr_matrix(X), X.astype(np.float32)):
        fitted = MLPClassifier(**QUICK).fit(rows, several)
        assert fitted.hidden_layer_sizes_ in TINY
        assert fitted.predict(rows).shape == (120, 2)


def test_a_later_fit_keeps_what_was_found(few_sizes: None) -> None:
    fitted = MLPClassifier(**QUICK, warm_start=True).fit(X, TWO)
    found, passes = fitted.capacity_map_, len(fitted.loss_curve_)
    fitted.fit(X, TWO)
    assert fitted.capacity_map_ is found
    assert len(fitted.loss_curve_) == passes + 12
    with pytest.raises(ValueError, match="call fit before partial_fit"):
        MLPClassifier(**QUICK).partial_fit(X, TWO, classes=[0, 1])
    assert fitted.partial_fit(X, TWO).hidden_layer_sizes_ in TINY


@pytest.mark.parametrize("call", [2, 5, 20])
def test_an_interrupted_search_leaves_a_network(call: int, few_sizes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = type(find_engine("native"))
    make, calls = engine.train_many, iter(range(1, 10**6))

    def interrupted(self: Any, works: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return make(self, works)

    monkeypatch.setattr(engine, "train_many", interrupted)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        cut = MLPRegressor(**QUICK).fit(X, NUMBER)
    assert next(calls) > call
    assert cut.hidden_layer_sizes_ in TINY
    assert cut.model_.network.widths[1:-1] == cut.hidden_layer_sizes_
    assert np.isfinite(cut.predict(X)).all()


def test_all_usual_sizes_are_tried() -> None:
    assert len(set(SIZES)) == len(SIZES) == 15
    assert {len(size) for size in SIZES} == {1, 2, 3}
    fitted = MLPRegressor(**{**QUICK, "max_iter": 2}).fit(X[:60], NUMBER[:60])
    assert set(fitted.capacity_map_["hidden_layer_sizes"]) == set(SIZES)
