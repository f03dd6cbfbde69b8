import numpy as np
import pytest

from limpid.errors import LimpidError
from limpid.initializers import INITIALIZERS, initial_parameters, natural_initializer
from limpid.network import dense_network, hidden_activations
from tests.helpers import assert_close

NETWORK = dense_network(300, [200], 100)
DEVIATION = {
    "normal": 1.0,
    "normal_scaled": 300**-0.5,
    "glorot_uniform": (2 / 500) ** 0.5,
    "glorot_normal": (2 / 500) ** 0.5,
    "he": (2 / 300) ** 0.5,
    "lecun": 300**-0.5,
    "orthogonal": 300**-0.5,
    "zeros": 0.0,
    "scikit_learn": (2 / 500) ** 0.5,
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_spread_and_shapes(name: str) -> None:
    drawn = initial_parameters(NETWORK, name, np.random.default_rng(1), np.float32)
    assert {key: array.shape for key, array in drawn.items()} == NETWORK.shapes()
    assert {array.dtype for array in drawn.values()} == {np.dtype("f4")}
    assert drawn["W1"].std() == pytest.approx(DEVIATION[name], rel=0.02)
    assert abs(drawn["W1"].mean()) <= 0.01 * DEVIATION[name]
    assert (drawn["b1"] != 0).any() == (name in {"normal", "normal_scaled", "scikit_learn"})


@pytest.mark.parametrize("name", INITIALIZERS)
def test_normalisation_starts_where_it_changes_nothing(name: str) -> None:
    plain, network = dense_network(4, [5, 3], 2), dense_network(4, [5, 3], 2, normalization="batch")
    drawn = initial_parameters(network, name, np.random.default_rng(1), np.float32)
    assert {key: array.shape for key, array in drawn.items()} == network.shapes()
    assert {array.dtype for array in drawn.values()} == {np.dtype("f4")}
    for number in (1, 2):
        assert (drawn[f"gamma{number}"] == 1).all()
        assert (drawn[f"variance{number}"] == 1).all()
        assert not drawn[f"beta{number}"].any()
        assert not drawn[f"mean{number}"].any()
    alike = initial_parameters(plain, name, np.random.default_rng(1), np.float32)
    assert all(np.array_equal(drawn[key], array) for key, array in alike.items())


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("source", [np.random.default_rng, np.random.RandomState])
def test_equal_sources_give_equal_networks(name: str, source: type) -> None:
    first, second = (initial_parameters(NETWORK, name, source(3)) for _ in range(2))
    assert all(np.array_equal(first[key], second[key]) for key in first)


def test_orthogonal_is_orthogonal(random: np.random.Generator) -> None:
    for widths in ((30, 20), (20, 30)):
        weights = initial_parameters(dense_network(widths[0], [], widths[1]), "orthogonal", random)["W1"]
        product = weights.T @ weights if widths[0] > widths[1] else weights @ weights.T
        assert_close(product, np.eye(20), 1e-14)


def test_every_activation_has_a_natural_draw() -> None:
    assert {natural_initializer(name) for name in hidden_activations()} == {"lecun", "glorot_uniform", "he"}


def test_an_unknown_name_gets_the_nearest(random: np.random.Generator) -> None:
    with pytest.raises(LimpidError, match="did you mean 'orthogonal'"):
        initial_parameters(NETWORK, "ortogonal", random)
