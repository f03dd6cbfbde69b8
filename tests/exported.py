"""Models to export: one for every activation, output and task, and one with every kind of column."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limpid.activations import ACTIVATIONS
from limpid.columns import Category, Date, Number
from limpid.embedding import Embedding
from limpid.encoder import Scaling
from limpid.model import Model
from limpid.network import Dense, Network, dense_network, hidden_activations, natural_cost
from limpid.normalization import NORMALIZATIONS
from limpid.table import Column, Table, text_column
from limpid.table_encoder import TableEncoder
from tests.helpers import make_parameters

INPUTS = 9
DTYPES = {"single": np.float32, "double": np.float64}
NO_MOMENT = np.iinfo(np.int64).min
HOSTILE = ('"', "\\", "*/ /* //", "??/", "</script><!--", "\n\r\t", "${x}`'%s{0}", "é日本\U0001f600\u2028", "__proto__")


def models() -> dict[str, Model]:
    """A model for each hidden activation beside each normalisation, each output and each task, in both precisions."""
    return {f"{name}_{precision}": model for precision in DTYPES for name, model in _models(DTYPES[precision])}


def rows(count: int = 60) -> NDArray[np.float64]:
    """(count, 9) inputs: ordinary, zero, tiny and huge."""
    random = np.random.default_rng(3)
    scales = random.choice([0, 1e-6, 0.1, 1, 3, 30], size=(count, INPUTS))
    return np.asarray(random.normal(size=(count, INPUTS)) * scales)


def model_of(network: Network, dtype: Any, task: str = "regression", **more: Any) -> Model:
    """Arbitrary numbers for a network; inputs and, of a regression, targets are scaled."""
    random = np.random.default_rng(5)
    parameters = make_parameters(network, random, dtype)
    inputs = Scaling(random.normal(size=network.inputs), random.uniform(0.5, 2, network.inputs))
    targets = Scaling.none(network.outputs)
    if task == "regression":
        targets = Scaling(random.normal(size=network.outputs), random.uniform(0.5, 2, network.outputs))
    return Model(network, parameters, task, inputs, targets, **more)


def _models(dtype: Any) -> Iterator[tuple[str, Model]]:
    for activation in hidden_activations():
        layers = [Dense(35, activation, normalization) for normalization in (None, *NORMALIZATIONS)]
        yield activation, model_of(Network(INPUTS, (*layers, Dense(2, "identity")), "squared_error"), dtype)
    for output in ACTIVATIONS:
        if output != "softmax":
            before = "tanh" if output == "exp" else "relu"  # the relative error of e^z is the error of z
            yield f"to_{output}", model_of(dense_network(INPUTS, (5,), 3, before, output), dtype)
    yield "one_layer", model_of(dense_network(INPUTS, (), 1, output="identity"), dtype)
    for outputs in (2, 40):
        yield f"softmax_{outputs}", _classifier(dtype, "softmax", outputs, np.arange(outputs) - 1)
        yield f"shares_{outputs}", _classifier(dtype, "sigmoid", outputs, np.arange(outputs) / 2)
    yield "shares_300", _classifier(dtype, "sigmoid", 300, np.arange(300))
    yield "yes_or_no", _classifier(dtype, "sigmoid", 1, np.array([False, True]))
    yield "two_signs", _classifier(dtype, "tanh", 1, np.array(["minus", "plus"]))
    yield "best_of", _classifier(dtype, "identity", 3, np.array(HOSTILE[:3]))
    network = dense_network(INPUTS, (5,), 4, output="sigmoid")
    yield "labels", model_of(network, dtype, "multilabel", targets=HOSTILE[:4])
    network = dense_network(INPUTS, (5,), 9, output="softmax:3,4,2")
    several = (np.array(["a", "b", "c"]), np.arange(4), np.array([False, True]))
    yield "answers", model_of(network, dtype, "multioutput", several_classes=several, targets=HOSTILE[4:7])
    embedding = Embedding(INPUTS, ((1, 4), (6, 2)), 3)
    yield "embedded", model_of(dense_network(INPUTS, (5,), 2, "silu", "identity", embedding=embedding), dtype)
    yield "tiny", _tiny(dtype)


def _classifier(dtype: Any, output: str, outputs: int, classes: NDArray[Any]) -> Model:
    network = dense_network(
        INPUTS, (5,), outputs, output=output, cost=None if output != "tanh" else natural_cost("tanh")
    )
    return model_of(network, dtype, "classification", classes=classes)


def _tiny(dtype: Any) -> Model:
    """Weights whose products with inputs, and sums of these, are not normal now and then."""
    model = model_of(dense_network(INPUTS, (6,), 3, "leaky_relu", "identity"), dtype)
    model.input_scaling, model.target_scaling = Scaling.none(INPUTS), Scaling.none(3)
    random = np.random.default_rng(6)
    least = float(np.finfo(dtype).smallest_normal)
    sizes = least * 10.0 ** random.integers(-2, 4, (INPUTS, 6))
    model.parameters["W1"] = (random.normal(size=(INPUTS, 6)) * sizes).astype(dtype)
    model.parameters["b1"] = (random.normal(size=6) * least * 10.0 ** random.integers(-1, 3, 6)).astype(dtype)
    model.parameters["b2"] = np.zeros(3, dtype)
    return model


def cells(count: int = 400) -> Table:
    """Rows of every kind of column: ordinary, missing, extreme and unseen cells, dates from the year 1 to 9999."""
    random = np.random.default_rng(7)
    first, last = (np.datetime64(f"{year}-01-01", "us").astype(np.int64) for year in ("0001", "9999"))
    days = random.integers(first // 86_400_000_000, last // 86_400_000_000, count)
    days[:60] = np.arange("2000-02-20", "2000-04-20", dtype="M8[D]").astype(np.int64)
    days[60:70] = np.arange("1900-02-25", "1900-03-07", dtype="M8[D]").astype(np.int64)
    moments = random.integers(-(2**32), 2**32, count) * 1_000_000 + random.integers(0, 1_000_000, count)
    numbers = random.normal(size=count) * 10.0 ** random.integers(-3, 12, count)
    texts = [*HOSTILE, "one", "two", "no category"]
    gone = random.uniform(size=(4, count)) < 0.1
    return Table(
        {
            "number": Column("number", np.where(gone[0], np.nan, numbers)),
            "whole": Column("number", random.integers(0, 2, count)),
            HOSTILE[0]: text_column(np.where(gone[1], -1, random.integers(0, len(texts), count)), texts),
            HOSTILE[2]: text_column(np.where(gone[1], -1, random.integers(0, len(texts), count)), texts),
            HOSTILE[3]: Column("moment", np.where(gone[2], NO_MOMENT, days * 86_400_000_000)),
            "moment": Column("moment", np.where(gone[3], NO_MOMENT, moments)),
        }
    )


def columns() -> tuple[Number | Category | Date, ...]:
    """How `cells` are encoded."""
    return (
        Number("number", 0.5, 1.75, True),
        Number("whole", 0.0, 1.0, False),
        Category(HOSTILE[0], ("two", *(text.strip() for text in HOSTILE if text.strip())), True, True),
        Category(HOSTILE[2], ("one",), False, False),
        Date(HOSTILE[3], 11_000.25, 3000.5, False, False),
        Date("moment", 0.1, 20_000.0, True, True),
    )


def encoded(dtype: Any) -> Model:
    """A model of `columns` that predicts what they are encoded as."""
    encoder = TableEncoder(columns())
    network = Network(encoder.outputs, (Dense(encoder.outputs, "identity"),), "squared_error")
    parameters = {"W1": np.eye(encoder.outputs, dtype=dtype), "b1": np.zeros(encoder.outputs, dtype)}
    none = Scaling.none(encoder.outputs)
    return Model(network, parameters, "regression", none, none, features=encoder.names, encoder=encoder)
