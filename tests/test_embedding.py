"""Embedded categories: what is fixed stays fixed whatever is done, and what is learned comes back from a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid import LimpidError, Model, learn, load, save
from limpid.console import show
from limpid.dataset import Dataset
from limpid.embedding import Embedding
from limpid.engines import ENGINES, Engine, Examples, State, StepRule, find_engine
from limpid.errors import ModelFileError
from limpid.initializers import initial_parameters
from limpid.memory import memory_needed
from limpid.network import Network, dense_network
from limpid.optimizers import OPTIMIZERS
from limpid.report.page import report_page
from limpid.table import Column, Table
from limpid.training import LBFGS
from tests import trainings
from tests.helpers import EMBEDDINGS, assert_close
from tests.test_saving import change


def table(rows: int = 900, towns: int = 60, seed: int = 3) -> Dataset:
    """Prices by town, size and kind: each town has two numbers of its own, one of them times the size."""
    random = np.random.default_rng(seed)
    size, town, kind = random.normal(size=rows), np.arange(rows) % towns, random.integers(0, 3, rows)
    base, slope = random.normal(size=(2, towns))
    price = base[town] + slope[town] * size + 0.5 * kind + random.normal(size=rows) * 0.1
    columns = {
        "size": Column("number", size),
        "town": Column("text", town.astype(np.int32), tuple(f"town {number:03d}" for number in range(towns))),
        "age": Column("number", random.normal(size=rows)),
        "kind": Column("text", kind.astype(np.int32), ("flat", "house", "room")),
    }
    return Dataset("houses", Table(columns), price, "regression")


def learned(dataset: Dataset, **choices: Any) -> Model:
    learning = learn(dataset, **{"epochs": 3, "hidden": [6], **choices})
    list(learning)
    return learning.model


def assert_fixed(network: Network, parameters: Any) -> None:
    """Inputs pass on as they are, and nothing comes from where nothing is learned."""
    assert network.embedding is not None
    others = ~network.embedding.learned
    assert np.array_equal(parameters["W1"][others], network.embedding.fixed[others])
    assert not parameters["b1"].any()


def test_a_small_one_by_hand() -> None:
    embedding = Embedding(4, ((1, 2),), 1)
    assert (embedding.passed, embedding.units, embedding.count()) == (2, 3, 2)
    assert embedding.learned.tolist() == [[False] * 3, [False, False, True], [False, False, True], [False] * 3]
    assert embedding.fixed.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]]
    network = Network.from_description(dense_network(4, [], 1, output="identity", embedding=embedding).describe())
    parameters = {"W1": embedding.fixed + 0, "b1": np.zeros(3), "W2": np.array([[1.0], [10], [100]]), "b2": np.zeros(1)}
    parameters["W1"][1:3, 2] = 5, 7
    for engine in ENGINES:
        trace = find_engine(engine).trace(network, parameters, np.array([[2.0, 0, 1, 3], [4, 1, 0, 6]]))
        assert trace.a[1].tolist() == [[2, 3, 7], [4, 6, 5]]
        assert trace.a[2].tolist() == [[732], [564]]


def test_it_starts_small_and_other_layers_start_as_ever() -> None:
    network = dense_network(200, [50], 3, embedding=Embedding(200, ((10, 150), (170, 20)), 32))
    parameters = initial_parameters(network, "he", np.random.default_rng(0), np.float32)
    assert_fixed(network, parameters)
    lengths = np.linalg.norm(parameters["W1"], axis=1)
    assert_close(lengths[10:160], np.full(150, 0.3), 0.15)
    assert_close(parameters["W2"].std(), np.sqrt(2 / 94), 0.01)
    assert parameters["W1"].dtype == np.float32


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("choices", [{}, {"l2": 0.5, "clip_norm": 0.5, "max_norm": 0.1, "dropout": 0.3}], ids=str)
def test_no_optimizer_moves_what_is_fixed(
    engine: str, optimizer: str, choices: dict[str, Any], random: np.random.Generator
) -> None:
    network = dense_network(7, [5], 2, embedding=EMBEDDINGS[0])
    rule = StepRule(OPTIMIZERS[optimizer], 8, **choices)
    start = initial_parameters(network, "he", random)
    examples = Examples(random.normal(size=(40, 7)), np.eye(2)[np.arange(40) % 2])
    descent = find_engine(engine).begin(network, State(start, rule.optimizer.init(start), 0), examples, rule)
    descent.train(np.arange(40), np.full(5, 0.1))
    state = descent.state()
    assert_fixed(network, state.parameters)
    assert not any(slot["W1"][~EMBEDDINGS[0].learned].any() or slot["b1"].any() for slot in state.slots.values())
    assert not (state.parameters["W1"] == start["W1"])[EMBEDDINGS[0].learned].any()


def test_what_no_row_has_stays_where_it_began(native: Engine, random: np.random.Generator) -> None:
    """Weight decay, L2 and limits of norms leave an embedding alone."""
    network = dense_network(7, [5], 2, embedding=EMBEDDINGS[0])
    rule = StepRule(OPTIMIZERS["adamw"], 8, l2=0.5, max_norm=0.01)
    start = initial_parameters(network, "he", random)
    X = random.normal(size=(40, 7))
    X[:, 2] = 0
    for engine in (native, find_engine("reference")):
        state = State(start, rule.optimizer.init(start), 0)
        descent = engine.begin(network, state, Examples(X, np.eye(2)[np.arange(40) % 2]), rule)
        descent.train(np.arange(40), np.full(5, 0.1))
        after = descent.state().parameters
        assert np.array_equal(after["W1"][2], start["W1"][2])
        assert not (after["W1"] == start["W1"])[[1, 3]][:, 3:5].any()


@pytest.mark.parametrize("engine", ENGINES)
def test_lbfgs_moves_only_what_is_learned(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainings, "ENGINE", find_engine(engine))
    network = dense_network(4, [8], 3, "tanh", embedding=Embedding(4, ((1, 2),), 2))
    training = trainings.make(method=LBFGS(), rule={"l2": 1.0}, epochs=30, network=network)
    costs = [epoch.cost for epoch in training]
    assert costs[-1] < 0.5 * costs[0]
    assert_fixed(network, training.parameters)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_fixed_is_checked_at_the_compiled_part(dtype: type, random: np.random.Generator) -> None:
    network = dense_network(7, [5], 2, embedding=EMBEDDINGS[0])
    start, engine = initial_parameters(network, "he", random, dtype), find_engine("native")
    X: np.ndarray = np.ones((3, 7), dtype)
    rule = StepRule(OPTIMIZERS["adam"], 2)
    for name, place, value in (
        ("W1", (0, 0), 2),
        ("W1", (4, 1), 0),
        ("W1", (0, 5), 1),
        ("W1", (1, 5), 1),
        ("b1", 3, 1),
    ):
        odd = {**start, name: start[name].copy()}
        odd[name][place] = value
        for call in (engine.predict, engine.trace):
            with pytest.raises(ValueError, match="W1 and b1 of the parameters must be as they are fixed"):
                call(network, odd, X)
        slots = rule.optimizer.init(start)
        slots["square"][name][place] = 1
        with pytest.raises(ValueError, match="W1 and b1 of the slots must be as they are fixed"):
            engine.begin(network, State(start, slots, 0), Examples(X, X[:, :2]), rule)


def test_columns_of_many_categories_are_embedded() -> None:
    dataset = table()
    assert str(learned(dataset).network) == "65>37-6-1 (1 column embedded by 32, silu, identity; squared_error)"
    assert str(learned(dataset, embedding=0).network) == "65-6-1 (silu, identity; squared_error)"
    assert learned(dataset, embedding=2).network.embedding == Embedding(65, ((1, 60), (62, 3)), 2)
    assert learned(table(towns=50), embedding=None).network.embedding is None


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"embedding": -1}, "the embedding must have at least 0 dimensions, got -1"),
        ({"embedding": 2.5}, "embedding must be an integer, got 2.5"),
        ({"embedding": "auto"}, "embedding must be an integer, got 'auto'"),
        ({"embedding": 2**31}, "at most"),
    ],
)
def test_an_embedding_that_cannot_be_is_refused(choices: dict[str, Any], told: str) -> None:
    with pytest.raises(LimpidError, match=told):
        learn(table(), **choices)
    numbers = Dataset("numbers", np.arange(20.0).reshape(10, 2), np.arange(10.0), "regression")
    with pytest.raises(LimpidError, match="embedding 4 needs a table with columns of categories, there are none"):
        learn(numbers, embedding=4)
    assert learn(numbers, embedding=0).network.embedding is None


def test_few_rows_a_category_are_learned_from_better() -> None:
    """A dozen rows a town: what is like in towns is found in fewer numbers than there are neurons."""
    dataset = table()
    scores = []
    plain = {"activation": "relu", "optimizer": "adam", "schedule": "constant"}
    for embedding in (0, 32):
        learning = learn(dataset, embedding=embedding, epochs=60, hidden=[64, 32], patience=0, **plain)
        list(learning)
        evaluation = learning.evaluate(learning.model)
        assert evaluation is not None
        assert evaluation.r2 is not None
        scores.append(evaluation.r2)
    assert scores[1] > scores[0] + 0.02


@pytest.mark.parametrize("optimizer_state", [False, True])
def test_a_model_comes_back(optimizer_state: bool, tmp_path: Path) -> None:
    model = learned(table())
    save(model, tmp_path / "m", optimizer_state=optimizer_state)
    again = load(tmp_path / "m")
    assert again.network == model.network
    row = {"size": [0.5, 1.5], "town": ["town 004", "Atlantis"], "age": [1.0, None], "kind": ["flat", "room"]}
    assert np.array_equal(again.predict(row), model.predict(row))
    traced = again.trace(row)
    assert traced.a[1].shape == (2, 37)
    assert np.array_equal(traced.a[1][:, :2], traced.a[0][:, [0, 61]])
    assert not traced.a[1][1, 5:].any(), "a town that was never met is no vector"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda d, a: a["W1"].__setitem__((0, 0), 2), "W1 or b1 differs from what is fixed in an embedding"),
        (lambda d, a: a["W1"].__setitem__((1, 0), 1), "W1 or b1 differs"),
        (lambda d, a: a["b1"].__setitem__(3, 1), "W1 or b1 differs"),
        (lambda d, a: a["descent.W1"].__setitem__((0, 0), 2), "descent.W1 or descent.b1 differs"),
        (lambda d, a: a["optimizer.mean.W1"].__setitem__((0, 0), 1), "optimizer.mean.W1 or optimizer.mean.b1 differs"),
        (lambda d, a: first(d).update(columns=[[1, 60], [62, 1]]), "W1 must be floats of shape"),
        (lambda d, a: first(d).update(columns=[[2, 60]]), "W1 or b1 differs"),
        (lambda d, a: first(d).update(columns=[[1]]), "told by its first input and its size"),
        (lambda d, a: first(d).update(columns=[[1, 10**12]]), "within 65 inputs"),
        (lambda d, a: first(d).update(columns="ab"), "told by its first input and its size"),
        (lambda d, a: first(d).update(columns=3), "lacks"),
        (lambda d, a: first(d).update(dimensions=10**12), "units at most"),
        (lambda d, a: first(d).update(inputs=66), "does not fit 65 inputs"),
        (lambda d, a: first(d).pop("dimensions"), "lacks 'dimensions'"),
        (lambda d, a: d["network"]["layers"].reverse(), "must be the first layer"),
    ],
)
def test_a_damaged_file_is_refused(edit: Any, told: str, tmp_path: Path) -> None:
    save(learned(table(), epochs=1), tmp_path / "m", optimizer_state=True)
    change(tmp_path / "m", edit)
    with pytest.raises(ModelFileError, match=told):
        load(tmp_path / "m")


def first(described: dict[str, Any]) -> dict[str, Any]:
    layer: dict[str, Any] = described["network"]["layers"][0]
    return layer


def test_it_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model = learned(table())
    show(model, tmp_path)
    told = capsys.readouterr().out
    assert "65>37-6-1" in told
    assert "1 column embedded by 32" in told
    assert "1,920" in told, "60 towns by 32"
    page = report_page(model, None)
    assert "A dense network with 1 column embedded by 32, 1 hidden layer (silu) and identity outputs" in page
    assert "town=town 004" in page


def test_memory_counts_what_is_fixed_too() -> None:
    network = dense_network(1000, [5], 2, embedding=Embedding(1000, ((0, 600),), 8))
    assert memory_needed(network, slots=2, batch_size=32, dtype=np.float32) > 4 * 3 * 4 * 1000 * 408
