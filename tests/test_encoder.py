import numpy as np
import pytest

from limpid.encoder import Scaling, encode_labels
from limpid.errors import LimpidError
from tests.helpers import assert_close


def test_standard_scaling_there_and_back(random: np.random.Generator) -> None:
    values = random.normal(5, 3, (50, 3))
    values[:, 1] = 7.0
    scaling = Scaling.standard(values)
    scaled = scaling.apply(values, np.float64)
    assert_close(scaled.mean(axis=0), np.zeros(3), 1e-14)
    assert_close(scaled.std(axis=0), [1, 0, 1], 1e-14)
    assert_close(scaling.undo(scaled), values, 1e-14)


def test_numbers_of_any_size_are_scaled() -> None:
    values = np.array([[1e300, 1e-300, 0.0], [3e300, 3e-300, 0.0], [1.7e308, 2e-300, 0.0]])
    scaled = Scaling.standard(values).apply(values, np.float32)
    assert_close(scaled.std(axis=0), [1, 1, 0], 1e-6)


def test_pixels_are_divided_exactly() -> None:
    pixels = np.arange(256, dtype=np.uint8)[:, None]
    scaled = Scaling.divide(1, 255).apply(pixels, np.float32)
    assert np.array_equal(scaled, (pixels / 255).astype(np.float32))


def test_no_scaling_is_no_copy() -> None:
    values = np.ones((2, 2), np.float32)
    assert Scaling.none(2).apply(values, np.float32) is values


def test_labels_become_targets() -> None:
    classes = np.array(["ape", "bee", "cat"])
    assert encode_labels(np.array(["cat", "ape"]), classes, 3, np.float32).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert encode_labels(np.array([5, 3]), np.array([3, 5]), 1, np.float64).tolist() == [[1], [0]]
    with pytest.raises(LimpidError, match="label dog is none of the 3 classes learned: ape, bee, cat"):
        encode_labels(np.array(["ape", "dog"]), classes, 3, np.float32)
    for labels, known in ((np.array([1, 2]), classes), (np.array(["1"]), np.array([1, 2]))):
        with pytest.raises(LimpidError, match="label 1 is none of the"):
            encode_labels(labels, known, 3, np.float32)
