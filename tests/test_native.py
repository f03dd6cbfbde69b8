"""The compiled part is built, imported and obeys; what does not fit is a ValueError before anything is computed."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from limpid import _native
from limpid.embedding import Embedding
from limpid.engines import Examples, State, StepRule, find_engine
from limpid.engines.native import described
from limpid.engines.reference import ReferenceEngine
from limpid.errors import LimpidError
from limpid.initializers import initial_parameters
from limpid.network import Network, dense_network
from limpid.optimizers import OPTIMIZERS, Adam, GradientDescent
from tests.helpers import assert_close

NETWORK = dense_network(3, [4], 2)
PARAMETERS = initial_parameters(NETWORK, "he", np.random.default_rng(0), np.float32)
EMBEDDED = dense_network(3, [4], 2, embedding=Embedding(3, ((1, 2),), 2))
X = np.linspace(-1, 1, 15, dtype=np.float32).reshape(5, 3)
Y = np.eye(2, dtype=np.float32)[[0, 1, 0, 0, 1]]


def test_the_level_is_one_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIMPID_SIMD", raising=False)
    assert _native.simd_level() == _native.simd_levels()[-1]
    assert ["baseline", "avx2", "avx512"][: len(_native.simd_levels())] == _native.simd_levels()


@pytest.mark.parametrize("wanted", ["baseline", "avx3"])
def test_the_environment_decides(wanted: str) -> None:
    script = "from limpid import _native; print(_native.simd_level())"
    ended = subprocess.run(
        [sys.executable, "-c", script], env={"LIMPID_SIMD": wanted}, capture_output=True, text=True, check=False
    )
    if wanted == "baseline":
        assert ended.stdout.strip() == "baseline"
    else:
        assert "ValueError: unknown SIMD level 'avx3'; choose baseline, avx2 or avx512" in ended.stderr


def begin(network: Network = NETWORK, **changes: Any) -> Any:
    """A compiled descent, with some of its arguments changed."""
    numbers = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    zeros = {name: np.zeros_like(array) for name, array in PARAMETERS.items()}
    usual: dict[str, Any] = {
        "batch_size": 2, "l2": 0.0, "dropout": 0.0, "clip_norm": np.inf, "max_norm": np.inf,
        "label_smoothing": 0.0, "seed": 0, "bfloat16": False,
        "parameters": PARAMETERS, "slots": [zeros, zeros], "step": 0, "X": X, "Y": Y, "weights": None,
    }  # fmt: skip
    return _native.float32.Descent(described(network), _native.Optimizer("adam", numbers), **(usual | changes))


def with_one(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.copy()
    changed[1, 1] = value
    return changed


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"X": X.astype(np.int32)}, r"X must be an array of uint8, float16, float32 or float64, got int32"),
        ({"X": X.astype(">f4")}, r"X must be a NumPy array of numbers, got >f4"),
        ({"X": X.astype(object)}, r"X must be a NumPy array of numbers, got object"),
        ({"X": X.tolist()}, r"X must be a NumPy array of numbers, got list"),
        ({"X": (X,)}, r"X must be an array, or numbers, places, starts and meanings"),
        ({"X": with_one(X, np.nan).astype(np.float16)}, r"X must be finite, got nan in row 1, column 1"),
        ({"Y": Y.astype(np.float64)}, r"Y must be an array of float32, got float64"),
        ({"X": X[:, :2].copy()}, r"X must have shape \(rows, 3\), got \(5, 2\)"),
        ({"X": X[:0]}, r"X must have shape \(rows, 3\), got \(0, 3\)"),
        ({"X": X[0]}, r"X must have shape \(rows, 3\), got \(3,\)"),
        ({"X": X[::-1]}, r"X must lie row by row with nothing between"),
        ({"X": np.asfortranarray(X)}, r"X must lie row by row"),
        ({"X": np.broadcast_to(X[0], (5, 3))}, r"X must lie row by row"),
        ({"X": np.frombuffer(b"0" * 61, np.float32, 15, 1).reshape(5, 3)}, r"X must begin at a multiple"),
        ({"X": with_one(X, np.nan)}, r"X must be finite, got nan in row 1, column 1"),
        ({"Y": with_one(Y, -np.inf)}, r"Y must be finite, got -inf in row 1, column 1"),
        ({"Y": Y[:4]}, r"Y must have shape \(5, 2\), got \(4, 2\)"),
        ({"weights": np.ones(4, np.float32)}, r"the weights must have shape \(5,\), got \(4,\)"),
        ({"weights": np.full(5, np.inf, np.float32)}, r"the weights must be finite, got inf in row 0"),
        ({"parameters": {**PARAMETERS, "W2": np.ones((4, 3), np.float32)}}, r"W2 of the parameters must have shape"),
        ({"parameters": {"W1": PARAMETERS["W1"]}}, r"the parameters lack b1"),
        ({"slots": []}, r"the optimizer remembers 2 arrays for each one, got 0"),
        ({"slots": [1, 2]}, r"the slots must be dictionaries"),
        ({"slots": [PARAMETERS, {}]}, r"the slots lack W1"),
        ({"batch_size": 0}, r"batch_size must be at least 1"),
        ({"l2": -1.0}, r"l2 must be a finite number of at least 0, got -1"),
        ({"l2": np.inf}, r"l2 must be"),
        ({"dropout": 1.0}, r"dropout must be at least 0 and below 1"),
        ({"label_smoothing": np.nan}, r"label_smoothing must be"),
        ({"clip_norm": 0.0}, r"clip_norm must be above 0"),
        ({"max_norm": -1.0}, r"max_norm must be above 0"),
        ({"step": 2**63}, r"the step must be below 2\*\*63"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:40],
)
def test_a_descent_that_does_not_fit_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        begin(**changes)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("different", [3, 1000], ids=["few numbers", "many"])
@pytest.mark.parametrize("bad", [np.nan, -np.inf])
@pytest.mark.parametrize("engine_dtype", [np.float32, np.float64])
def test_a_bad_number_among_zeros_is_refused(dtype: type, different: int, bad: float, engine_dtype: type) -> None:
    """Zeros are left out of such rows, and what is left is looked at on the way."""
    many: np.ndarray = np.zeros((100, 200), dtype)
    many[:, ::9] = np.arange(2300).reshape(100, 23) % different + 1
    network, engine = dense_network(200, [64], 2), find_engine("native")
    start = State(initial_parameters(network, "he", np.random.default_rng(0), engine_dtype), {}, 0)
    rule = StepRule(OPTIMIZERS["gradient_descent"], 10)
    targets: np.ndarray = np.ones((100, 2), engine_dtype)

    def both() -> Iterator[Callable[[], Any]]:
        yield lambda: engine.begin(network, start, Examples(many, targets), rule)
        yield lambda: engine.shared(many, engine_dtype)

    for make in both():
        make()
    many[71, 5] = bad
    for make in both():
        with pytest.raises(ValueError, match=f"X must be finite, got {bad:g} in row 71, column 5"):
            make()


@pytest.mark.parametrize(
    ("order", "rates", "told"),
    [
        (np.array([0, 5]), np.ones(1), r"the order must name rows from 0 to 4, got 5 at place 1"),
        (np.array([-1, 2]), np.ones(1), r"the order must name rows from 0 to 4, got -1 at place 0"),
        (np.array([], np.int64), np.ones(1), r"the order must have shape \(rows,\), got \(0,\)"),
        (np.array([0, 1], np.int32), np.ones(1), r"the order must be an array of int64, got int32"),
        (np.arange(5), np.ones(2), r"5 rows in batches of 2 need 3 rates, got 2"),
        (np.arange(2), np.array([np.nan]), r"the rates must be finite, got nan"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(order: np.ndarray, rates: np.ndarray, told: str) -> None:
    descent = begin()
    with pytest.raises(ValueError, match=told):
        descent.train(order, rates)
    parameters, _, step = descent.state()
    assert step == 0
    assert all(np.array_equal(parameters[name], array) for name, array in PARAMETERS.items())


def embedded(columns: Any, dimensions: int, activation: str = "identity", normalization: str = "none") -> Any:
    "Arguments of a network whose first layer, 4 to 5, is to be an embedding."
    return [4, 5, 2], [activation, "identity"], "squared_error", [], [], [normalization], columns, dimensions


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (([3], [], "huber", [1.0]), "an activation for each of its layers, at least one, got 1 widths"),
        (([3, 2], ["relu", "relu"], "huber", [1.0]), "got 2 widths and 2 activations"),
        (([3, 0], ["relu"], "huber", [1.0]), "widths must be from 1 to 2147483647, got 0"),
        (([3, 2**31], ["relu"], "huber", [1.0]), "got 2147483648"),
        (([3, 2], ["rely"], "huber", [1.0]), "no activation 'rely'"),
        (([3, 2], ["relu"], "hubert", [1.0]), "no cost 'hubert'"),
        (([3, 2, 2], ["softmax", "relu"], "huber", [1.0]), "a hidden layer cannot use 'softmax'"),
        (([3, 2], ["relu"], "cross_entropy"), "'cross_entropy' needs a 'softmax' output, got 'relu'"),
        (([3, 2], ["relu"], "huber"), "the cost needs a number, .* got 0 for 2 outputs"),
        (embedded([(0, 2)], 0), "an embedding needs columns, and from 1 to 5 dimensions, got 1 and 0"),
        (embedded([], 3), "from 1 to 5 dimensions, got 0 and 3"),
        (embedded([(0, 4)], 2**63), "from 1 to 5 dimensions, got 1 and 9223372036854775808"),
        (embedded([(0, 3), (2, 2)], 2), "columns must ascend, apart from each other, within 4 inputs, got 2.2"),
        (embedded([(2, 3)], 2), "within 4 inputs, got 2.3"),
        (embedded([(5, 1)], 2), "within 4 inputs, got 5.1"),
        (embedded([(1, 2**64 - 1)], 2), "within 4 inputs, got 1.18446744073709551615"),
        (embedded([(1, 0)], 2), "within 4 inputs, got 1.0"),
        (embedded([(0, 2)], 2), "of 1 columns by 2 does not make 5 units of 4 inputs"),
        (embedded([(0, 2)], 3, activation="tanh"), "the first layer of several, 'identity' and not normalised"),
        (embedded([(0, 2)], 3, normalization="batch"), "the first layer of several, 'identity' and not normalised"),
        (([4, 5], ["identity"], "squared_error", [], [], [], [(0, 2)], 3), "the first layer of several"),
        (([3, 2], ["relu"], "huber", [1.0, 2.0]), "got 2 for 2 outputs"),
        (([3, 2], ["relu"], "quantile", [0.1, 0.2, 0.3]), "one for each output, got 3 for 2 outputs"),
        (([3, 5], ["softmax"], "squared_error", [], [2, 2]), "groups must be all outputs of a softmax"),
        (([3, 5], ["softmax"], "squared_error", [], [2, 4]), "groups must be all outputs"),
        (([3, 5], ["softmax"], "squared_error", [], [5, 0]), "groups must be all outputs"),
        (([3, 5], ["relu"], "squared_error", [], [2, 3]), "groups must be all outputs"),
        (([3, 5, 2], ["relu", "relu"], "squared_error", [], [], ["batches"]), "no normalization 'batches'"),
        (
            ([3, 5], ["relu"], "squared_error", [], [], ["batch"]),
            "a normalization for each hidden layer .* got 1 for 0",
        ),
    ],
)
def test_a_network_that_does_not_fit_is_refused(given: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        _native.Network(*given)


def test_an_odd_penalty_is_refused() -> None:
    for l2 in (-1.0, np.nan):
        with pytest.raises(ValueError, match="l2 must be a finite number of at least 0"):
            _native.float32.gradients(described(NETWORK), PARAMETERS, X, Y, None, l2)


def test_an_optimizer_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="no optimizer 'adamant'"):
        _native.Optimizer("adamant", {})
    with pytest.raises(ValueError, match="'adam' knows no number 'beta'"):
        _native.Optimizer("adam", {"beta": 1.0})


def test_other_kinds_of_number_are_refused() -> None:
    engine = find_engine("native")
    with pytest.raises(LimpidError, match="float16, float32 or float64, got int64"):
        engine.predict(NETWORK, PARAMETERS, np.ones((1, 3), np.int64))
    with pytest.raises(LimpidError, match="float32 or float64, got <class 'list'>"):
        engine.predict(NETWORK, PARAMETERS, [[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="W2 of the parameters must be an array of float32, got float64"):
        engine.predict(NETWORK, {**PARAMETERS, "W2": PARAMETERS["W2"].astype(float)}, np.ones((1, 3)))
    rule = StepRule(Adam(), 2, label_smoothing=0.1)
    regression = dense_network(3, [], 2, output="identity")
    with pytest.raises(LimpidError, match="label smoothing needs targets that are probabilities"):
        engine.begin(regression, State(PARAMETERS, {}, 0), Examples(X, Y), rule)


def test_what_normalisation_owns_must_be_there() -> None:
    network = dense_network(3, [4], 2, normalization="batch")
    parameters = initial_parameters(network, "he", np.random.default_rng(0), np.float32)
    engine = find_engine("native")
    for name in ("gamma1", "beta1", "mean1", "variance1"):
        with pytest.raises(ValueError, match=f"the parameters lack {name}"):
            engine.predict(network, {key: array for key, array in parameters.items() if key != name}, X)
    with pytest.raises(ValueError, match=r"mean1 of the parameters must have shape \(4,\), got \(3,\)"):
        engine.trace(network, {**parameters, "mean1": np.zeros(3, np.float32)}, X)


def test_any_layout_is_taken_by_the_engine() -> None:
    engine = find_engine("native")
    straight = engine.predict(NETWORK, PARAMETERS, X)
    misaligned = np.frombuffer(b"0" + X.tobytes(), np.float32, X.size, 1).reshape(X.shape)
    for other in (np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], misaligned):
        assert np.array_equal(engine.predict(NETWORK, PARAMETERS, other), straight)
    assert np.array_equal(engine.predict(NETWORK, PARAMETERS, X[::-1]), straight[::-1])
    assert engine.predict(NETWORK, PARAMETERS, X[:0]).shape == (0, 2)
    assert [a.shape for a in engine.trace(NETWORK, PARAMETERS, X[:0]).a] == [(0, 3), (0, 4), (0, 2)]
    descent = engine.begin(NETWORK, State(PARAMETERS, {}, 0), Examples(X, Y), StepRule(GradientDescent(), 2**70))
    with pytest.raises(ValueError, match="the order must be an array of int64, got float64"):
        descent.train(np.array([0.9]), np.ones(1))


def test_one_descent_and_many_threads() -> None:
    """Calls from several threads take turns; states are whole."""
    descent = begin(batch_size=5)
    states = []

    def work() -> None:
        for _ in range(50):
            descent.train(np.arange(5), np.full(1, 1e-3))
            states.append(descent.state())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert descent.state()[2] == 200
    by_step: dict[int, bytes] = {}
    for parameters, _, step in states:
        assert by_step.setdefault(step, parameters["W1"].tobytes()) == parameters["W1"].tobytes()


NUMBERS = st.sampled_from([0.0, 1.0, -2.5, 1e-45, 1e38, np.nan, np.inf, -np.inf])
KINDS = st.sampled_from(
    ["f4", "f4", "f4", "f8", "f2", "i8", "i4", "u1", "?", "c8", ">f4", "O", "U2", "M8[s]", "V4", "f4,i4"]
)
SHAPES = st.one_of(
    st.sampled_from([(5, 3), (5, 2), (5,), (1, 3), (4, 2), (3, 4), (4,), (2,)]),
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
)
LAYOUTS = st.sampled_from(["straight", "reversed", "strided", "transposed", "broadcast", "frozen", "list", "none"])


@st.composite
def anything(draw: st.DrawFn) -> Any:
    """An array of any kind, shape and layout, or something that is none."""
    shape, layout = draw(SHAPES), draw(LAYOUTS)
    made = np.full(shape, draw(NUMBERS) if draw(st.booleans()) else 1.0)
    with np.errstate(all="ignore"):  # what is not finite, or too large for the kind, is meant to be
        kind = np.dtype(draw(KINDS))
        array = np.zeros(shape, kind) if kind.kind in "OUMV" else np.nan_to_num(made).astype(kind)
        if kind.kind == "f":
            array = made.astype(kind)
    if layout == "reversed" and array.ndim:
        return array[::-1]
    if layout == "strided" and array.ndim:
        return np.repeat(array, 2, axis=0)[::2]
    changes: dict[str, Any] = {
        "transposed": array.T,
        "broadcast": np.broadcast_to(array, (2, *array.shape)),
        "list": array.tolist(),
        "none": None,
    }
    array = changes.get(layout, array)
    if layout == "frozen" and array.ndim:
        array.flags.writeable = False
    return array


@st.composite
def almost(draw: st.DrawFn, right: Any) -> Any:
    """Mostly what is right, so that the other arguments get their turn too."""
    return right if draw(st.integers(0, 3)) else draw(anything())


# many drawn arrays a call are slow on a busy machine, which says nothing of the binding
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_nothing_thrown_at_the_binding_crashes_it(data: st.DataObject) -> None:
    """Each call is refused by a ValueError or gives what the reference engine gives."""
    network = data.draw(st.sampled_from([NETWORK, EMBEDDED]))
    x, y, weights = (data.draw(almost(right)) for right in (X, Y, np.ones(5, np.float32)))
    start = initial_parameters(network, "he", np.random.default_rng(0), np.float32)
    parameters = {name: data.draw(almost(array)) for name, array in start.items()}
    order = data.draw(almost(np.arange(5)))
    rates = data.draw(almost(np.full(3, 0.1)))
    compiled = _native.float32
    try:
        outputs = compiled.Predictor(described(network), parameters)(x)
        z, a = compiled.trace(described(network), parameters, x)
        cost, _, deltas, slopes = compiled.gradients(described(network), parameters, x, y, weights, 0.1)
        zeros = {name: np.zeros_like(array) for name, array in start.items()}
        descent = begin(network, parameters=parameters, X=x, Y=y, weights=weights, slots=[zeros, zeros])
        costs = descent.train(order, rates)
    except ValueError as error:
        assert str(error)
        return
    reference = ReferenceEngine()
    with np.errstate(all="ignore"):  # parameters that are not finite are allowed, and overflow
        wanted = reference.gradients(network, parameters, Examples(x, y, weights), 0.1)
        if not np.isfinite(wanted.cost):
            return
        assert_close(outputs, reference.predict(network, parameters, x), 1e-4)
        rule = StepRule(OPTIMIZERS["adam"], 2)
        other = reference.begin(network, State(parameters, {"mean": zeros, "square": zeros}, 0), Examples(x, y), rule)
        steps = other.train(order, rates)
    assert cost == pytest.approx(wanted.cost, rel=1e-3, abs=1e-3)
    assert len(z) == len(a) == len(deltas) == len(network.layers)
    assert slopes.keys() == start.keys()
    assert costs.shape == steps.shape
