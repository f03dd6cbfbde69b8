"""Model files: what goes in comes out, nothing damaged comes in, nothing in them runs."""

import json
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

import limpid
from limpid import model_file
from limpid.dataset import Dataset
from limpid.encoder import Scaling
from limpid.errors import LimpidError, ModelFileError
from limpid.learning import learn
from limpid.model import Model
from limpid.network import dense_network
from limpid.normalization import NORMALIZATIONS
from limpid.readers import read
from limpid.saving import load as load_model
from limpid.saving import save as save_model


@pytest.fixture(scope="module")
def model() -> Model:
    learning = learn(read("iris"), hidden=[4], epochs=3)
    list(learning)
    return learning.model


@pytest.fixture
def path(model: Model, tmp_path: Path) -> Path:
    save_model(model, tmp_path / "iris.limpid", optimizer_state=True)
    return tmp_path / "iris.limpid"


def test_everything_comes_back(model: Model, path: Path) -> None:
    again = limpid.load(path)
    X = read("iris").X
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(again.predict(X), model.predict(X))
    for name in ("network", "task", "features", "targets", "image_shape", "history"):
        assert getattr(again, name) == getattr(model, name), name
    assert again.origin == model.origin._replace(recipe={**model.origin.recipe, "hidden": [4]})
    assert model.state is not None
    assert again.state is not None
    assert again.state.step == model.state.step == 12
    assert all(
        np.array_equal(again.state.slots["mean"][name], model.state.slots["mean"][name]) for name in ("W1", "b2")
    )


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
def test_training_goes_on_from_a_file_with_the_same_bits(normalization: str | None, tmp_path: Path) -> None:
    dataset = read("iris")
    choices: dict[str, Any] = {
        "hidden": [5], "patience": 0, "dropout": 0.2, "epochs": 6, "normalization": normalization
    }  # fmt: skip
    whole = learn(dataset, **choices)
    list(whole)
    half = learn(dataset, **choices)
    epochs = iter(half)
    for _ in range(3):
        next(epochs)
    save_model(half.model, tmp_path / "half", optimizer_state=True)
    rest = learn(dataset, **choices)
    orders = rest.training.method.orders  # type: ignore[union-attr]
    for _ in range(3):
        next(orders)
    rest.training.state = load_model(tmp_path / "half").state  # type: ignore[assignment]
    for _, _ in zip(range(3), rest, strict=False):
        pass
    assert all(
        np.array_equal(rest.training.state.parameters[n], array) for n, array in whole.training.parameters.items()
    )


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_normalised_network_comes_back(normalization: str, tmp_path: Path) -> None:
    learning = learn(read("iris"), hidden=[6, 5], epochs=4, normalization=normalization)
    list(learning)
    save_model(learning.model, tmp_path / "iris", optimizer_state=True)
    again = load_model(tmp_path / "iris")
    assert again.network == learning.network
    assert again.parameters.keys() == learning.network.shapes().keys()
    X = read("iris").X
    assert np.array_equal(again.predict_proba(X), learning.model.predict_proba(X))
    if normalization == "batch":
        assert (again.parameters["mean1"] != 0).all()
        change(tmp_path / "iris", lambda d, a: a.update(variance2=-np.ones(5, np.float32)))
        with pytest.raises(ModelFileError, match="variance2 holds numbers below 0"):
            load_model(tmp_path / "iris")


def test_a_file_from_before_there_was_normalisation_is_read(model: Model, path: Path) -> None:
    change(path, lambda d, a: [layer.pop("normalization") for layer in d["network"]["layers"]])
    assert load_model(path).network == model.network


def test_outputs_in_groups_come_back(tmp_path: Path, random: np.random.Generator) -> None:
    """Two answers a row, one of two classes and one of three."""
    X = random.normal(size=(90, 3))
    Y = np.concatenate([np.eye(2)[(X[:, 0] > 0).astype(int)], np.eye(3)[np.digitize(X[:, 1], [-0.5, 0.5])]], axis=1)
    dataset = Dataset("two answers", X, Y, task="multilabel")
    learning = learn(dataset, hidden=[16], output="softmax:2,3", epochs=60, learning_rate=0.02)
    list(learning)
    save_model(learning.model, tmp_path / "two")
    again = load_model(tmp_path / "two")
    assert str(again.network) == "3-16-5 (relu, softmax:2,3; cross_entropy)"
    found = again.predict_proba(X)
    assert np.array_equal(found, learning.model.predict_proba(X))
    assert np.allclose([found[:, :2].sum(axis=1), found[:, 2:].sum(axis=1)], 1)
    assert (found[:, 2:].argmax(axis=1) == Y[:, 2:].argmax(axis=1)).mean() > 0.8


@pytest.mark.parametrize("step", [-1, 2**63, 1.5])
def test_a_step_that_no_descent_can_have_is_refused(step: Any, model: Model, tmp_path: Path) -> None:
    assert model.state is not None
    odd = replace(model, state=model.state._replace(step=step))
    save_model(odd, tmp_path / "odd.limpid", optimizer_state=True)
    with pytest.raises(ModelFileError, match="the descent's step must be from 0"):
        load_model(tmp_path / "odd.limpid")


@pytest.mark.parametrize(
    "classes", [np.array([False, True]), np.array([-1, 4]), np.array([0.5, 2.5]), np.array(["a", "ü"])]
)
def test_every_kind_of_label(classes: np.ndarray, tmp_path: Path) -> None:
    network = dense_network(1, [], 1, output="sigmoid")
    parameters = {"W1": np.ones((1, 1)), "b1": np.zeros(1)}
    model = Model(network, parameters, "classification", Scaling.none(1), Scaling.none(1), classes)
    save_model(model, tmp_path / "m")
    answers = load_model(tmp_path / "m").predict([[-1.0], [1.0]])
    assert answers.tolist() == classes.tolist()


def test_a_cost_that_was_not_finite_is_kept(model: Model, tmp_path: Path) -> None:
    odd = replace(model, history=[model.history[0]._replace(cost=float("nan"))], state=None)
    save_model(odd, tmp_path / "odd")
    assert np.isnan(load_model(tmp_path / "odd").history[0].cost)


def test_an_estimator_can_be_saved(tmp_path: Path) -> None:
    iris = read("iris")
    estimator = limpid.MLPClassifier(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=1000, random_state=0, alpha=1.0)
    estimator.fit(iris.X, iris.y)
    limpid.save(estimator, tmp_path / "m")
    assert np.array_equal(limpid.load(tmp_path / "m").predict(iris.X), estimator.predict(iris.X))


def test_what_is_no_model_is_not_saved(model: Model, tmp_path: Path) -> None:
    with pytest.raises(LimpidError, match="only a Model or a fitted estimator can be saved, got int"):
        save_model(3, tmp_path / "m")
    broken = replace(model, parameters={**model.parameters, "b1": np.full(4, np.inf, np.float32)})
    with pytest.raises(LimpidError, match="not saved: b1 hold numbers that are not finite"):
        save_model(broken, tmp_path / "m")
    alone = limpid.MLPClassifier(max_iter=200, tol=1.0).fit(np.zeros((5, 2)), ["a"] * 5)
    with pytest.raises(LimpidError, match="not saved: it knows one class only, a"):
        save_model(alone, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_anywhere_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for length in [*range(0, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match="iris.limpid"):
            load_model(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(ModelFileError, match="iris.limpid"):
        load_model(path)


def change(path: Path, edit: Any) -> None:
    """Rewrite a model file with its description and arrays changed by `edit(description, arrays)`."""
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
    description, arrays = json.loads(header["__metadata__"]["limpid"]), load(content)
    edit(description, arrays)
    path.write_bytes(save(arrays, metadata={"limpid": json.dumps(description)}))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda d, a: d.update(format=99), "format 99; this limpid reads format 1"),
        (lambda d, a: d.pop("format"), "its description cannot be read"),
        (lambda d, a: d.pop("network"), "'network'"),
        (lambda d, a: d["network"]["layers"][0].update(kind="magic"), "unknown kind of layer 'magic'"),
        (lambda d, a: d["network"]["layers"][0].update(activation="relo"), "did you mean 'relu'"),
        (lambda d, a: d["network"]["layers"][0].update(units=10**12), "positive integer"),
        (lambda d, a: d["network"].update(inputs=5), "W1 must be floats of shape"),
        (lambda d, a: d.update(task="magic"), "unknown task 'magic'"),
        (lambda d, a: d.update(classes=None), "must have classes"),
        (lambda d, a: d["classes"].update(values=["a", "b"]), "3 outputs do not fit 2 classes"),
        (lambda d, a: d["classes"].update(values=["b", "a", "c"]), "sorted and differ"),
        (lambda d, a: d["classes"].update(values=[["a"], "b", "c"]), "plain values"),
        (lambda d, a: d["classes"].update(kind="object"), "'object'"),
        (lambda d, a: d.update(features=["a"]), "1 names do not fit 4 columns"),
        (lambda d, a: d.update(targets=["a", "b"]), "2 names do not fit 1 columns"),
        (lambda d, a: d["origin"]["recipe"].update(test_size="abc"), "test_size must be a number"),
        (lambda d, a: d.update(features="abcd"), "list of texts"),
        (lambda d, a: d.update(image_shape=[3, 3]), "does not fit 4 inputs"),
        (lambda d, a: d.update(history=[[1, 2]]), "each epoch"),
        (lambda d, a: d.update(history=[["x"] * 8]), "each epoch"),
        (lambda d, a: d["origin"].update(rows_train="many"), "rows_train must not be 'many'"),
        (lambda d, a: d["origin"].update(recipe=3), "recipe must not be 3"),
        (lambda d, a: d["descent"].update(slots=["mean"]), "not expected: optimizer.square"),
        (lambda d, a: a.pop("b1"), "missing or not expected: b1"),
        (lambda d, a: a.update(extra=np.zeros(1)), "missing or not expected: extra"),
        (lambda d, a: a.update(b1=np.full(4, np.nan, np.float32)), "b1 holds numbers that are not finite"),
        (lambda d, a: a.update(b1=np.zeros(4)), "differ in dtype"),
        (lambda d, a: a.update(b1=np.zeros(4, np.int64)), "b1 must be floats"),
        (lambda d, a: a.update({"input.scale": np.zeros(4)}), "input.scale must not be 0"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(edit: Any, told: str, path: Path) -> None:
    change(path, edit)
    with pytest.raises(ModelFileError, match=told):
        load_model(path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(save({"a": np.zeros(3)}))
    with pytest.raises(ModelFileError, match="not a limpid model"):
        load_model(foreign)
    foreign.write_bytes(b"\x80\x04\x95pickle?" * 9)
    with pytest.raises(ModelFileError, match="not a limpid model"):
        load_model(foreign)
    with pytest.raises(ModelFileError, match="cannot read the model .*absent: No such file"):
        load_model(tmp_path / "absent")
    with pytest.raises(ModelFileError, match="Is a directory"):
        load_model(tmp_path)
    with pytest.raises(LimpidError, match="unknown engine"):
        load_model(foreign, "warp")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.integers(0, 8))
def test_random_damage_never_gets_through_as_anything_else(place: float, byte: int, cut: int, path: Path) -> None:
    content = path.read_bytes()
    at = int(place * len(content))
    path.write_bytes(content[:at] + bytes([byte]) + content[at + 1 + cut :])
    try:
        damaged = load_model(path)
        # the row that the scaling calls 0: whatever finite numbers the damage left there, it has an answer
        damaged.predict(damaged.input_scaling.shift)
    except ModelFileError as error:
        assert "\n" not in str(error)
    finally:
        path.write_bytes(content)


def test_loading_runs_no_code(path: Path) -> None:
    events: list[str] = []
    watching = True
    sys.addaudithook(lambda event, _: events.append(event) if watching else None)
    load_model(path)
    watching = False
    assert {"open"} <= set(events)
    assert not {
        event for event in events if event.split(".")[0] in {"exec", "compile", "subprocess", "os", "pickle", "ctypes"}
    }


def test_plain_values_only(tmp_path: Path) -> None:
    model_file.write(
        tmp_path / "f", {"a": np.float32(1.5), "b": (1, float("inf")), "c": np.int64(3)}, {"x": np.ones(2)}
    )
    description, arrays = model_file.read(tmp_path / "f")
    assert description == {"a": 1.5, "b": [1, None], "c": 3}
    assert arrays["x"].tolist() == [1, 1]
