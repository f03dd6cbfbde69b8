"""What goes wrong midway leaves an estimator as it was; what it knows of other rows goes with the network it is of."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from limpid import MLPClassifier, MLPRegressor
from tests.test_estimator_choices import NUMBER, SHORT, THREE, TWO, X, assert_same_bits
from tests.test_growth import same

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fail(epoch: Any) -> None:
    raise RuntimeError("mine")


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"progress": True}], ids=str)
def test_a_fit_that_fails_leaves_what_was_learned(options: dict[str, Any]) -> None:
    fitted = MLPClassifier(**SHORT, **options).fit(X, TWO)
    fitted.set_params(callbacks=fail)
    before = deepcopy({name: value for name, value in vars(fitted).items() if name != "callbacks"})
    with pytest.raises(RuntimeError, match="mine"):
        fitted.fit(X, THREE)
    assert same({name: value for name, value in vars(fitted).items() if name != "callbacks"}, before)
    fresh = MLPClassifier(**SHORT, **options, callbacks=fail)
    with pytest.raises(RuntimeError, match="mine"):
        fresh.fit(X, TWO)
    assert not [name for name in vars(fresh) if name.endswith("_")]


def test_a_part_that_fails_does_not_count() -> None:
    fitted = MLPClassifier(**SHORT).partial_fit(X, TWO, classes=[0, 1])
    before = list(fitted.loss_curve_)
    with pytest.raises(RuntimeError, match="mine"):
        fitted.set_params(callbacks=fail).partial_fit(X, TWO)
    assert fitted.loss_curve_ == before
    assert fitted.t_ == 90


def test_an_end_asked_for_while_a_pass_is_told_of_keeps_what_was_learned() -> None:
    def interrupt(epoch: Any) -> None:
        if epoch.number == 3:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="Training interrupted by user"):
        fitted = MLPClassifier(**SHORT, callbacks=interrupt).fit(X, TWO)
    assert_same_bits(fitted, MLPClassifier(**{**SHORT, "max_iter": 3}).fit(X, TWO))


def test_how_sure_a_network_is_goes_with_the_network() -> None:
    held: dict[str, Any] = {"X_val": X, "y_val": NUMBER}
    for name in ("fit", "partial_fit"):
        fitted = MLPRegressor(**SHORT, warm_start=True).fit(X, NUMBER, **held)
        assert fitted.predict_interval(X).shape == (90, 2)
        with pytest.raises(ValueError, match="without held-out rows"):
            getattr(fitted, name)(X, NUMBER).predict_interval(X)
    sure = MLPClassifier(**SHORT, warm_start=True, calibrate=True).fit(X, TWO, X_val=X, y_val=TWO)
    assert sure.temperature_ > 0
    assert not hasattr(sure.set_params(calibrate=False).fit(X, TWO), "temperature_")


def test_a_solver_may_be_changed_between_parts() -> None:
    fitted = MLPRegressor(**SHORT).partial_fit(X, NUMBER).set_params(solver="sgd").partial_fit(X, NUMBER)
    assert set(fitted.model_.state.slots) == {"velocity"}


def test_watched_answers_must_be_of_the_kind_of_those_learned() -> None:
    both = np.column_stack([NUMBER, NUMBER])
    for y, y_val in ((NUMBER, both), (both, NUMBER)):
        with pytest.raises(ValueError, match="y_val must have as many columns as y"):
            MLPRegressor(**SHORT).fit(X, y, X_val=X, y_val=y_val)
    with pytest.raises(ValueError, match="needs targets from 0 to inf"):
        MLPRegressor(**SHORT, loss="poisson").fit(X, NUMBER**2, X_val=X, y_val=NUMBER)
    with pytest.raises(ValueError, match="y must give 1 outputs as in earlier calls, got 2"):
        MLPRegressor(**SHORT).partial_fit(X, NUMBER).partial_fit(X, both)


def test_a_column_is_warned_of_once() -> None:
    with pytest.warns(UserWarning, match="column-vector") as warned:
        MLPClassifier(**SHORT, class_weight="balanced").fit(X, TWO[:, None])
    assert sum("column-vector" in str(each.message) for each in warned) == 1


def test_a_function_may_answer_in_numpys_words() -> None:
    fitted = MLPClassifier(**SHORT, callbacks=lambda epoch: np.float64(epoch.number) >= 2).fit(X, TWO)
    assert fitted.n_iter_ == 2


def test_the_bar_is_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    MLPClassifier(**SHORT, progress=True).fit(X, TWO)
    printed = capfd.readouterr()
    assert "4/4" in printed.err
    assert not printed.out


def test_a_rate_may_be_a_function_of_one_number() -> None:
    fitted = MLPRegressor(**SHORT, learning_rate=lambda done: 1.0 if done < 0.5 else 0.0).fit(X, NUMBER)
    assert_same_bits(fitted, MLPRegressor(**{**SHORT, "max_iter": 2}).fit(X, NUMBER))
    with pytest.raises(ValueError, match="learning_rate must answer with finite factors of at least 0, got -1"):
        MLPRegressor(**SHORT, learning_rate=lambda done: -1.0).fit(X, NUMBER)
