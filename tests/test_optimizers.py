import numpy as np
import pytest

from limpid.errors import LimpidError
from limpid.network import dense_network
from limpid.optimizers import OPTIMIZERS, Adam, AdamW, Lion, Momentum, Nesterov, Optimizer, RMSProp, find_optimizer
from tests.helpers import assert_close

NETWORK = dense_network(2, [], 2, output="identity")
TORCH = {
    "gradient_descent": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "rmsprop": ("RMSprop", {"alpha": 0.9, "eps": 1e-8}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
}


def descend(optimizer: Optimizer, steps: int, rate: float) -> np.ndarray:
    """W1 after steps on the bowl sum(scale (w - 3)^2 / 2)."""
    parameters = {"W1": np.array([[0.0, 1.0], [5.0, -2.0]]), "b1": np.zeros(2)}
    slots = optimizer.init(parameters)
    scale = np.array([[1.0, 2.0], [0.5, 4.0]])
    for step in range(1, steps + 1):
        slopes = {"W1": scale * (parameters["W1"] - 3), "b1": np.zeros(2)}
        parameters, slots = optimizer.update(NETWORK, parameters, slopes, slots, rate, step)
    return parameters["W1"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda optimizer: optimizer.name)
def test_each_reaches_the_bottom(optimizer: Optimizer) -> None:
    decay = getattr(optimizer, "weight_decay", 0)
    assert_close(descend(optimizer, 4000, 0.01), np.full((2, 2), 3.0), 0.01 + decay, optimizer.name)


@pytest.mark.parametrize("name", TORCH)
def test_the_same_steps_as_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (make .venv/bench)")
    kind, options = TORCH[name]
    w = torch.tensor([[0.0, 1.0], [5.0, -2.0]], dtype=torch.float64, requires_grad=True)
    scale = torch.tensor([[1.0, 2.0], [0.5, 4.0]])
    theirs = getattr(torch.optim, kind)([w], lr=0.02, **options)
    for _ in range(50):
        theirs.zero_grad()
        (0.5 * scale * (w - 3) ** 2).sum().backward()
        theirs.step()
    assert_close(descend(find_optimizer(name), 50, 0.02), w.detach().numpy(), 1e-12, name)


def test_nesterov_by_hand() -> None:
    w, (v,) = Nesterov(0.5).move(np.array([1.0]), np.array([2.0]), (np.array([-1.0]),), 0.1, 1, False)
    assert_close(v, [-0.7], 1e-15)  # 0.5 * -1 - 0.1 * 2
    assert_close(w, [0.45], 1e-15)  # 1 + 0.5 * -0.7 - 0.1 * 2


def test_nadam_by_hand() -> None:
    w, (m, s) = OPTIMIZERS["nadam"].move(np.array([1.0]), np.array([2.0]), (np.zeros(1), np.zeros(1)), 0.1, 1, False)
    ahead = 0.9 / (1 - 0.81) * 0.2 + 2.0
    assert_close(m, [0.2], 1e-15)
    assert_close(s, [0.004], 1e-15)
    assert_close(w, [1 - 0.1 * ahead / (2.0 + 1e-8)], 1e-15)


def test_lion_by_hand() -> None:
    w, (m,) = Lion(weight_decay=0.5).move(np.array([1.0]), np.array([-2.0]), (np.array([1.0]),), 0.1, 1, True)
    assert_close(w, [1 - 0.05 - 0.1], 1e-15)  # 0.9 * 1 + 0.1 * -2 points up
    assert_close(m, [0.97], 1e-15)


def test_weight_decay_leaves_biases_alone() -> None:
    for optimizer in (AdamW(weight_decay=0.5), Lion(weight_decay=0.5)):
        parameters = {"W1": np.ones((2, 2)), "b1": np.ones(2)}
        nothing = {name: np.zeros_like(array) for name, array in parameters.items()}
        after, _ = optimizer.update(NETWORK, parameters, nothing, optimizer.init(parameters), 0.1, 1)
        assert_close(after["W1"], np.full((2, 2), 0.95), 1e-12)
        assert_close(after["b1"], np.ones(2), 1e-12)


def test_the_two_places_of_epsilon_differ_where_slopes_are_tiny() -> None:
    slope, start = np.array([1e-8]), (np.zeros(1), np.zeros(1))
    after, _ = Adam().move(np.zeros(1), slope, start, 1.0, 1, False)
    before, _ = Adam(epsilon_before_correction=True).move(np.zeros(1), slope, start, 1.0, 1, False)
    assert_close(after, [-0.5], 1e-7)
    assert_close(before, [-1 / (1 + 1e-3**-0.5)], 1e-7)


def test_slots_keep_the_dtype() -> None:
    for optimizer in OPTIMIZERS.values():
        parameters = {"W1": np.ones((2, 2), np.float32), "b1": np.ones(2, np.float32)}
        after, slots = optimizer.update(NETWORK, parameters, parameters, optimizer.init(parameters), 0.1, 1)
        assert {array.dtype for arrays in (after, *slots.values()) for array in arrays.values()} == {np.dtype("f4")}


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(LimpidError, match=r"momentum must lie between 0 and 1, got 1\.5"):
        Momentum(1.5)
    with pytest.raises(LimpidError, match="beta_2 must be at least 0 and below 1, got 1"):
        Adam(beta_2=1)
    with pytest.raises(LimpidError, match="decay must be"):
        RMSProp(decay=-1)
    with pytest.raises(LimpidError, match="did you mean 'adam'"):
        find_optimizer("adamv")
