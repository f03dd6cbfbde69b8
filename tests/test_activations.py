import numpy as np
import pytest

from limpid.activations import ACTIVATIONS, Elementwise, find_activation
from limpid.errors import LimpidError
from tests.helpers import assert_close, central_difference

ELEMENTWISE = [activation for activation in ACTIVATIONS.values() if isinstance(activation, Elementwise)]
PLACES = np.array([-30.0, -8.0, -2.5, -1.0, -0.3, -1e-3, 1e-3, 0.3, 1.0, 2.5, 8.0, 20.0])


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=lambda activation: activation.name)
def test_derivatives_are_the_slopes(activation: Elementwise) -> None:
    def slope(z: np.ndarray) -> np.ndarray:
        return np.asarray(activation.derivative(z, activation.value(z)))

    a = activation.value(PLACES)
    first, second = activation.derivative(PLACES, a), activation.second_derivative(PLACES, a)
    for got, wanted in (
        (first, central_difference(activation.value, PLACES)),
        (second, central_difference(slope, PLACES)),
    ):
        scale = np.maximum(1, np.abs(wanted))
        assert_close(got / scale, wanted / scale, 1e-8, activation.name)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda activation: activation.name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_stay_in_range_and_dtype(activation: Elementwise, dtype: type) -> None:
    largest = 80.0 if activation.name == "exp" else 1e30
    z: np.ndarray = np.array([[-largest, -1.0, 0.0, 1.0, largest]], dtype)
    a = activation.value(z)
    low, high = activation.range
    assert a.dtype == dtype
    assert np.isfinite(a).all()
    assert ((a >= low - 1e-6) & (a <= high)).all()
    blame = activation.backward(z, a, np.ones_like(z))
    assert blame.dtype == dtype
    assert np.isfinite(blame).all()


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda activation: activation.name)
def test_nan_is_never_hidden(activation: Elementwise) -> None:
    assert np.isnan(activation.value(np.array([[np.nan, 1.0]]))[0, 0])


def test_relu_is_flat_at_its_kink() -> None:
    zero = np.zeros(1)
    relu = find_activation("relu")
    assert isinstance(relu, Elementwise)
    assert relu.derivative(zero, zero) == 0
    assert relu.kinks == (0.0,)


@pytest.mark.parametrize("name", ["softmax", "softmax:2,3"])
def test_softmax_backward_is_its_jacobian(name: str, random: np.random.Generator) -> None:
    softmax = find_activation(name)
    assert (softmax.name, softmax.kind) == (name, "softmax")
    z, blame = random.normal(size=(1, 5)), random.normal(size=(1, 5))
    a = softmax.value(z)
    assert_close(a.sum(), len(softmax.groups) or 1.0, 1e-15)

    def moved(k: int) -> np.ndarray:
        return central_difference(lambda t: (softmax.value(z + t * np.eye(5)[k]) * blame).sum(), np.zeros(1))

    slopes = [moved(k) for k in range(5)]
    assert_close(softmax.backward(z, a, blame)[0], np.ravel(slopes), 1e-9)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(LimpidError, match="unknown activation 'sigmoyd' .did you mean 'sigmoid'"):
        find_activation("sigmoyd")


def test_groups_of_a_softmax_are_softmaxes_apart(random: np.random.Generator) -> None:
    z = random.normal(size=(4, 9))
    alone = find_activation("softmax").value
    parts = [alone(z[:, :3]), alone(z[:, 3:7]), alone(z[:, 7:])]
    assert_close(find_activation("softmax:3,4,2").value(z), np.concatenate(parts, axis=1), 1e-15)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("softmax:3,1", "each group of a softmax needs at least 2 outputs, got 3,1"),
        ("softmax:3,x", "unusable activation 'softmax:3,x'"),
        ("softmax:", "unusable activation 'softmax:'"),
        ("softmax:2.5", "unusable activation 'softmax:2.5'"),
        ("sigmoid:2", "the activation 'sigmoid' has no groups, got 'sigmoid:2'"),
        ("sofmax:2,3", "did you mean 'softmax'"),
    ],
)
def test_groups_that_cannot_be_are_refused(name: str, told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        find_activation(name)
