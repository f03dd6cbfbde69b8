"""What engines read: bytes, halves, doubles and sparse rows give what plain arrays give, natively bit by bit."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix

from limpid import LimpidError, MLPClassifier, MLPRegressor, Model
from limpid.embedding import Embedding
from limpid.encoder import Scaling
from limpid.engines import Coded, Engine, Examples, State, StepRule, canonical, find_engine, plain
from limpid.initializers import initial_parameters
from limpid.network import Network, dense_network
from limpid.normalization import NORMALIZATIONS
from limpid.optimizers import OPTIMIZERS
from tests.helpers import assert_close

DTYPES = [np.float32, np.float64]
KINDS = ["codes", "coded", "halves", "other float", "csr", "csr of bytes", "csr64", "csr_matrix"]


def bytes_of(random: np.random.Generator, rows: int, inputs: int) -> np.ndarray:
    """Mostly zeros, as pictures are."""
    found = random.integers(0, 256, (rows, inputs)) * (random.uniform(size=(rows, inputs)) < 0.2)
    return found.astype(np.uint8)


def as_kind(kind: str, codes: np.ndarray, dtype: Any) -> tuple[Any, np.ndarray]:
    """The same numbers as `kind` has them, and plain in `dtype`."""
    whole = codes.astype(dtype)
    meanings = (np.arange(256) / 255).astype(dtype)
    sparse = csr_array(whole)
    wide = csr_array((sparse.data, sparse.indices.astype(np.int64), sparse.indptr.astype(np.int64)), shape=whole.shape)
    other = np.float64 if dtype == np.float32 else np.float32
    given = {
        "codes": codes, "coded": Coded(codes, meanings), "halves": codes.astype(np.float16),
        "other float": codes.astype(other), "csr": sparse, "csr of bytes": csr_array(codes), "csr64": wide,
        "csr_matrix": csr_matrix(whole),
    }[kind]  # fmt: skip
    return given, meanings[codes] if kind == "coded" else whole


def lesson(
    random: np.random.Generator, dtype: Any, normalization: str | None = None, embedding: Embedding | None = None
) -> tuple[Network, Any, np.ndarray, np.ndarray]:
    network = dense_network(150, [37, 5], 3, "tanh", normalization=normalization, embedding=embedding)
    codes = bytes_of(random, 61, 150)
    return network, initial_parameters(network, "he", random, dtype), codes, np.eye(3, dtype=dtype)[np.arange(61) % 3]


def learned(engine: Engine, network: Network, start: Any, examples: Examples, rule: StepRule) -> list[np.ndarray]:
    descent = engine.begin(network, State(start, rule.optimizer.init(start), 0), examples, rule)
    costs = descent.train(np.arange(61)[::-1].copy(), np.full(5, 1e-3))
    return [costs, *descent.state().parameters.values()]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("normalization", "embedding"),
    [*((each, None) for each in (None, *NORMALIZATIONS)), (None, Embedding(150, ((40, 90), (131, 5)), 7))],
)
def test_every_kind_has_the_bits_of_plain_arrays(
    native: Engine,
    kind: str,
    normalization: str | None,
    embedding: Embedding | None,
    dtype: type,
    random: np.random.Generator,
) -> None:
    network, start, codes, Y = lesson(random, dtype, normalization, embedding)
    given, whole = as_kind(kind, codes, dtype)
    assert np.array_equal(plain(given, dtype), whole)
    every: list[dict[str, Any]] = [{}, {"l2": 0.1, "clip_norm": 0.5, "max_norm": 0.9, "dropout": 0.2}]
    for choices in every:
        rule = StepRule(OPTIMIZERS["adam"], 13, **choices)
        wanted = learned(native, network, start, Examples(whole, Y), rule)
        got = learned(native, network, start, Examples(given, Y), rule)
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(got, wanted, strict=True))
    assert np.array_equal(native.predict(network, start, given), native.predict(network, start, whole))
    assert np.array_equal(native.trace(network, start, given).z[0], native.trace(network, start, whole).z[0])
    mine, theirs = (native.gradients(network, start, Examples(X, Y)) for X in (given, whole))
    assert mine.cost == theirs.cost
    assert all(np.array_equal(mine.parameters[name], theirs.parameters[name]) for name in start)


@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_agree_on_every_kind(native: Engine, kind: str, random: np.random.Generator) -> None:
    network, start, codes, Y = lesson(random, np.float64)
    given, _ = as_kind(kind, codes, np.float64)
    rule, reference = StepRule(OPTIMIZERS["adamw"], 13, l2=0.1), find_engine("reference")
    mine, theirs = (learned(engine, network, start, Examples(given, Y), rule) for engine in (native, reference))
    for got, wanted in zip(mine, theirs, strict=True):
        assert_close(got, wanted, 1e-10, kind)
    assert_close(native.predict(network, start, given), reference.predict(network, start, given), 1e-12, "outputs")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("normalization", "embedding"),
    [*((each, None) for each in (None, *NORMALIZATIONS)), ("layer", Embedding(300, ((40, 250),), 7))],
)
def test_large_batches_of_sparse_rows_are_summed_as_dense_ones(
    native: Engine,
    normalization: str | None,
    embedding: Embedding | None,
    dtype: type,
    random: np.random.Generator,
) -> None:
    network = dense_network(300, [9], 2, normalization=normalization, embedding=embedding)
    start = initial_parameters(network, "he", random, dtype)
    codes = bytes_of(random, 1300, 300)
    Y: np.ndarray = np.eye(2, dtype=dtype)[np.arange(1300) % 2]
    rule = StepRule(OPTIMIZERS["momentum"], 1300)
    ends = set()
    for X in (csr_array(codes.astype(dtype)), codes, codes.astype(dtype)):
        descent = native.begin(network, State(start, rule.optimizer.init(start), 0), Examples(X, Y), rule)
        costs = descent.train(np.arange(1300), np.ones(1))
        ends.add(b"".join(array.tobytes() for array in descent.state().parameters.values()) + costs.tobytes())
    assert len(ends) == 1


def test_halves_of_every_size_are_read_right(native: Engine) -> None:
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = numbers[np.isfinite(numbers)][:, None]
    network = dense_network(1, [], 1, output="identity", cost="squared_error")
    one = {"W1": np.ones((1, 1)), "b1": np.zeros(1)}
    assert np.array_equal(native.predict(network, one, numbers), numbers.astype(np.float64))


def broken(**changes: Any) -> csr_array:
    """A (3, 4) array that SciPy would not make, with the parts in `changes`."""
    made = csr_array(np.array([[1.0, 0, 2, 0], [0, 0, 0, 0], [0, 3, 0, 4]], np.float32))
    for name, values in changes.items():
        setattr(made, name, np.asarray(values, getattr(made, name).dtype))
    made.has_canonical_format = True
    return made


@pytest.mark.parametrize(
    ("X", "told"),
    [
        (broken(data=[1, np.nan, 3, 4]), "X must be finite, got nan in row 0, column 2"),
        (broken(data=[1, 2, 3, np.inf]), "X must be finite, got inf in row 2, column 3"),
        (broken(data=[1, 2, 3]), r"X must have shape \(4,\), got \(3,\)"),
        (broken(indices=[0, 4, 1, 3]), "places must ascend in each row, from 0 to 3, got 4 after 0 in row 0"),
        (broken(indices=[2, 0, 1, 3]), "places must ascend in each row, from 0 to 3, got 0 after 2 in row 0"),
        (broken(indices=[0, 2, -1, 3]), "places must ascend in each row, from 0 to 3, got -1"),
        (broken(indptr=[0, 2, 1, 4]), "starts must ascend from 0 to 4, got 2 and 1 for row 1"),
        (broken(indptr=[0, 2, 2, 9]), "starts must ascend from 0 to 4, got 2 and 9 for row 2"),
        (csr_array(np.ones((3, 5))), r"X must have shape \(rows, 4\), got \(3, 5\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sparse_rows_that_do_not_fit_are_refused(X: csr_array, told: str) -> None:
    network = dense_network(4, [], 2)
    parameters = {"W1": np.ones((4, 2), np.float32), "b1": np.zeros(2, np.float32)}
    with pytest.raises(ValueError, match=told):
        find_engine("native").predict(network, parameters, X)


def test_sparse_kinds_become_canonical_rows() -> None:
    twice = csr_array(coo_array(([1.0, 2.0, 5.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 3)))
    unsorted = csr_array((np.array([1.0, 2.0]), np.array([2, 0]), np.array([0, 2])), shape=(1, 3))
    for given in (twice, unsorted, csc_array(np.eye(3))):
        assert np.array_equal(canonical(given).toarray(), given.toarray())
        assert canonical(given).has_canonical_format
    assert list(unsorted.indices) == [2, 0], "what was given stays as it was"


@pytest.fixture
def never_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has 30 columns refuses to become dense; scikit-learn makes its own labels so."""
    for kind in (csr_array, csr_matrix, csc_array):
        real = kind.toarray

        def toarray(self: Any, *rest: Any, real: Any = real, **named: Any) -> Any:
            assert self.shape[1] != 30, "sparse rows were made dense"
            return real(self, *rest, **named)

        monkeypatch.setattr(kind, "toarray", toarray)


@pytest.mark.parametrize("kind", [csr_array, csr_matrix, csc_array])
@pytest.mark.usefixtures("never_dense")
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # that five passes are too few
def test_estimators_never_make_sparse_rows_dense(kind: Any, random: np.random.Generator) -> None:
    dense = np.abs(random.normal(size=(80, 30))) * (random.uniform(size=(80, 30)) < 0.2)
    y = (dense.sum(axis=1) > dense.sum(axis=1).mean()).astype(int)
    choices: dict[str, Any] = {"hidden_layer_sizes": (6,), "random_state": 0, "tol": 0.0, "max_iter": 5}
    for early in (False, True):
        for estimator in (
            MLPClassifier(early_stopping=early, **choices),
            MLPRegressor(early_stopping=early, **choices),
        ):
            plainly = estimator.fit(dense, y).predict(dense)
            sparsely = estimator.fit(kind(dense), y).predict(kind(dense))
            assert np.array_equal(plainly, sparsely)


def test_an_estimator_sees_bytes_as_scikit_learn_would(random: np.random.Generator) -> None:
    codes = bytes_of(random, 60, 20)
    choices: dict[str, Any] = {"hidden_layer_sizes": (6,), "random_state": 0, "tol": 0.0, "max_iter": 5}
    fitted = []
    for X in (codes, codes.astype(np.float64), codes.astype(np.float16)):
        with pytest.warns(UserWarning, match="Maximum iterations"):
            fitted.append(MLPClassifier(**choices).fit(X, np.arange(60) % 3))
    for other in fitted[1:]:
        assert other.loss_curve_ == fitted[0].loss_curve_
        assert np.array_equal(other.predict_proba(codes), fitted[0].predict_proba(codes.astype(float)))


def test_scaling_keeps_bytes_and_sparse_rows_as_they_are(random: np.random.Generator) -> None:
    codes = bytes_of(random, 9, 12)
    scaled = Scaling.divide(12, 255).inputs(codes, np.float32)
    assert isinstance(scaled, Coded)
    assert scaled.codes is codes
    assert np.array_equal(plain(scaled, np.float32), codes.astype(np.float32) / np.float32(255))
    uneven = Scaling(np.zeros(12), np.arange(1.0, 13.0))
    assert isinstance(uneven.inputs(codes, np.float32), np.ndarray)
    sparse = csr_array(codes.astype(float))
    assert_close(uneven.inputs(sparse, np.float64).toarray(), uneven.apply(codes.astype(float), np.float64), 0.0)
    with pytest.raises(LimpidError, match="sparse inputs cannot be shifted"):
        Scaling.standard(codes).inputs(sparse, np.float64)


def test_a_model_answers_sparse_rows_and_refuses_other_widths(random: np.random.Generator) -> None:
    network = dense_network(12, [4], 3)
    parameters = initial_parameters(network, "he", random, np.float32)
    model = Model(network, parameters, "classification", Scaling.none(12), Scaling.none(3), np.arange(3))
    dense = bytes_of(random, 9, 12).astype(np.float32)
    assert np.array_equal(model.predict_proba(csr_array(dense)), model.predict_proba(dense))
    assert np.array_equal(model.trace(csr_array(dense)).a[0], dense)
    with pytest.raises(LimpidError, match=r"rows of 12 numbers, got shape \(9, 11\)"):
        model.predict(csr_array(dense[:, 1:]))
    dense[3, 5] = np.nan
    with pytest.raises(LimpidError, match="inputs must be finite, got nan in row 3, column 5"):
        model.predict(csr_array(dense))
