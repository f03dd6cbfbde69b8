import numpy as np
import pytest

from limpid.errors import LimpidError
from limpid.schedules import SCHEDULES, Clock, find_schedule, inverse_scaling, one_cycle, step, warmed_up
from tests.helpers import assert_close

CLOCK = Clock(epochs=20, steps=5, rows=50)
ALL = np.arange(100)


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_lie_between_0_and_1_wherever_the_steps_are_cut(name: str) -> None:
    schedule = find_schedule(name)
    factors = schedule.factor(ALL, CLOCK)
    assert schedule.name == name
    assert factors.shape == ALL.shape
    assert ((factors >= 0) & (factors <= 1)).all()
    parts = [schedule.factor(part, CLOCK) for part in np.split(ALL, [1, 2, 50])]
    assert np.array_equal(np.concatenate(parts), factors)


def test_known_courses() -> None:
    assert_close(step(2, 0.1).factor(np.array([0, 9, 10, 20]), CLOCK), [1, 1, 0.1, 0.01], 1e-15)
    assert_close(find_schedule("exponential").factor(np.array([4, 5, 10]), CLOCK), [1, 0.95, 0.9025], 1e-15)
    assert_close(find_schedule("cosine").factor(np.array([0, 50]), CLOCK), [1, 0.5], 1e-15)
    assert_close(inverse_scaling(0.5).factor(np.array([0, 4, 5]), CLOCK), [1, 1, 51**-0.5], 1e-15)
    assert_close(one_cycle(start=0.1, end=0.2).factor(np.array([0, 30, 65]), CLOCK), [0.1, 1, 0.6], 1e-15)


def test_warm_up_grows_in_a_straight_line() -> None:
    factors = warmed_up(find_schedule("constant"), 2).factor(ALL, CLOCK)
    assert_close(factors[:10], np.arange(1, 11) / 10, 1e-15)
    assert (factors[10:] == 1).all()
    with pytest.raises(LimpidError, match="warm-up must be a finite number of at least 0, got -1"):
        warmed_up(find_schedule("constant"), -1)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(LimpidError, match="did you mean 'cosine'"):
        find_schedule("cosin")


@pytest.mark.parametrize("name", SCHEDULES)
def test_one_that_spans_the_training_depends_on_its_length(name: str) -> None:
    schedule, step = find_schedule(name), np.arange(40)
    short, long = (schedule.factor(step, Clock(epochs, 10, 100)) for epochs in (4, 5))
    assert schedule.spans is not np.array_equal(short, long)
