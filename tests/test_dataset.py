import numpy as np
import pytest

from limpid.dataset import Dataset, guess_task
from limpid.errors import DataError, LimpidError


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (np.array(["a", "b"]), "classification"),
        (np.array([True, False]), "classification"),
        (np.array([0, 1, 1, 0]), "classification"),
        (np.arange(10).repeat(10), "classification"),
        (np.arange(100), "regression"),
        (np.array([0.5, 1.5, 2.5]), "regression"),
        (np.array([1.0, 2.0, 1.0]), "classification"),
        (np.array([[0, 1], [1, 1]]), "multilabel"),
        (np.array([[0.0, 2.5], [1.0, 1.0]]), "regression"),
    ],
)
def test_what_targets_look_like(y: np.ndarray, task: str) -> None:
    assert guess_task(y) == task


def test_rows_and_fingerprint() -> None:
    dataset = Dataset("d", np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    part = dataset.rows(np.array([2, 0]))
    assert part.X.tolist() == [[4, 5], [0, 1]]
    assert part.y is not None
    assert part.y.tolist() == [0, 0]
    assert dataset.fingerprint() == Dataset("other", dataset.X.copy(), np.array([0, 1, 0])).fingerprint()
    assert dataset.fingerprint() != part.fingerprint()
    assert dataset.fingerprint() != Dataset("d", dataset.X, np.array([0, 1, 1])).fingerprint()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"X": np.empty((0, 2))}, "at least one row and one input is needed, got 0 x 2"),
        ({"X": np.zeros(3)}, "got 3"),
        ({"X": np.array([["a"]])}, "inputs must be numbers"),
        ({"X": np.array([[0.0, np.nan]])}, "column 2 row 1: nan is not a usable number"),
        ({"X": np.array([[0.0, np.inf]]), "features": ("age", "size")}, "column 'size' row 1: inf"),
        ({"y": np.zeros(3)}, "2 rows of inputs need as many targets, got 3"),
        ({"y": np.array([1.0, np.nan])}, "column 1 row 2: nan"),
        ({"y": np.array([b"a", b"b"])}, "targets must be numbers or texts, got .S1"),
        ({"y": np.array([1j, 2])}, "targets must be numbers or texts, got complex128"),
        ({"y": np.array(["a", 2], object)}, "targets must be numbers or texts, got object"),
        ({"y": np.array(3.0)}, "need as many targets"),
        ({"y": np.zeros((2, 0))}, "need as many targets"),
        (
            {"y": np.array(["a", "b"]), "task": "regression"},
            "needs numbers to predict, got texts like 'a'",
        ),
        ({"task": "clustering"}, "task must be one of classification, multilabel, regression, got 'clustering'"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises((DataError, LimpidError), match=told):
        Dataset(**{"name": "d", "X": np.zeros((2, 2)), "y": np.zeros(2), **given})  # type: ignore[arg-type]
