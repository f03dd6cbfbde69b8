import numpy as np
import pytest

from tests.helpers import assert_close, fitting_pairs


def test_the_comparison_fails_on_what_differs() -> None:
    assert_close([1.0, 2.0], [1.0, 2.0], 0)
    for wrong in ([1.0, 2.1], [1.0, np.nan], [1.0], [[1.0, 2.0]]):
        with pytest.raises(AssertionError):
            assert_close(wrong, [1.0, 2.0], 1e-3)


def test_pairs_cover_the_classical_ones() -> None:
    pairs = fitting_pairs()
    assert {("sigmoid", "squared_error"), ("softmax", "cross_entropy"), ("exp", "poisson")} <= set(pairs)
    assert ("identity", "cross_entropy") not in pairs
