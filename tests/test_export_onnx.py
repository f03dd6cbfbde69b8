"""Exports to ONNX: checked by onnx, answered by onnxruntime as limpid answers, within 1e-5."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from limpid import LimpidError, export
from limpid.exports import onnx_network, self_test
from limpid.exports.onnx import KEY
from limpid.exports.subject import subject_of
from tests.exported import INPUTS, NO_MOMENT, cells, columns, encoded, models, rows

MODELS = models()
ALLOWED = 1e-5


def answered(path: Path, feeds: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def difference(got: NDArray[Any], wanted: NDArray[Any]) -> float:
    """The largest one; of numbers beyond 1 as a share."""
    assert got.shape == wanted.shape
    assert np.isfinite(got).all()
    return float((np.abs(got - wanted) / np.maximum(np.abs(wanted), 1)).max())


@pytest.mark.parametrize("name", MODELS)
def test_every_network_answers_as_limpid_does(name: str, tmp_path: Path) -> None:
    model, X = MODELS[name], rows()
    (path,) = export(model, tmp_path / "m.onnx", to="onnx")
    onnx.checker.check_model(path, full_check=True)
    shifted = model.input_scaling.shift.any()
    found = answered(path, {"x": X.astype(np.float64 if shifted else model.dtype)})
    told = subject_of(model, X).told
    wanted = {"probabilities": model.predict_proba, "prediction": model.predict, "outputs": model.outputs}[told](X)
    assert difference(found.pop(told), wanted) <= ALLOWED
    assert self_test(path) <= 1
    if name.startswith("shares_300"):  # many of its sigmoids are as good as 1
        likely = np.take_along_axis(wanted, found["label"][:, None], axis=1)
        assert (likely >= wanted.max(axis=1, keepdims=True) - ALLOWED).all()
    elif model.task != "regression":
        labels = np.concatenate([label.reshape(len(X), -1).astype(str) for label in found.values()], axis=1)
        assert np.array_equal(labels, np.array(subject_of(model, X).labels, object).astype(str))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_kind_of_column_is_encoded_as_limpid_does(dtype: type, tmp_path: Path) -> None:
    model, table = encoded(dtype), cells()
    (path,) = export(model, tmp_path / "m.onnx", to="onnx", rows=table)
    assert self_test(path) <= 1
    feeds: dict[str, NDArray[Any]] = {}
    for column in columns():
        given = table[column.name]
        if column.kind == "number":
            feeds[column.name] = given.numbers(column.name)
        elif column.kind == "category":
            feeds[column.name] = np.array(["", *given.texts], object)[given.values + 1]
        else:
            feeds[column.name] = np.where(given.values == NO_MOMENT, np.nan, given.values / 1e6)
    found = answered(path, {name: column[:, None] for name, column in feeds.items()})
    assert difference(found["prediction"], model.predict(table)) <= (1e-7 if dtype == np.float32 else 1e-15)


def test_inputs_are_floats_where_nothing_is_shifted(tmp_path: Path) -> None:
    model = MODELS["tiny_single"]
    (path,) = export(model, tmp_path / "m.onnx", to="onnx")
    assert onnxruntime.InferenceSession(path).get_inputs()[0].type == "tensor(float)"
    assert onnxruntime.InferenceSession(path).get_inputs()[0].shape == ["rows", INPUTS]


def test_the_file_is_of_the_year_2020(tmp_path: Path) -> None:
    (path,) = export(encoded(np.float32), tmp_path / "m.onnx", to="onnx")
    model = onnx.load(path)
    assert {each.domain: each.version for each in model.opset_import} == {"": 13, "ai.onnx.ml": 2}
    assert model.ir_version == 7


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    (path,) = export(encoded(np.float32), tmp_path / "é {0}.onnx", to="onnx")
    assert [each.name for each in onnx.load(path).graph.input] == [column.name for column in columns()]
    encoder = encoded(np.float32).encoder
    assert encoder is not None
    named = [replace(column, name=name) for column, name in zip(columns(), NAMES, strict=True)]
    model = replace(encoded(np.float32), encoder=replace(encoder, columns=tuple(named)))
    (path,) = export(model, tmp_path / "m.onnx", to="onnx")
    assert [each.name for each in onnx.load(path).graph.input] == ["prediction_", "column", "W0", "gemm1", "a", "label"]
    assert self_test(path) <= 1


NAMES = ("prediction", "", "W0", "gemm1", "a", "label")
"""Some that the graph itself uses."""


def test_a_wrong_graph_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(onnx_network.ACTIVATIONS, "tanh", onnx_network.ACTIVATIONS["sigmoid"])
    with pytest.raises(LimpidError, match="onnxruntime's answers differ from limpid's by .*, allowed are 1e-05"):
        export(MODELS["tanh_single"], tmp_path / "m.onnx", to="onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["best_of_single", "labels_single", "yes_or_no_single", "answers_double"])
def test_wrong_labels_are_seen(name: str, tmp_path: Path) -> None:
    (path,) = export(MODELS[name], tmp_path / "m.onnx", to="onnx")
    model = onnx.load(path)
    told = json.loads(model.metadata_props[0].value)
    labels = next(each for each in told["expected"].values() if "labels" in each)
    labels["labels"] = np.full_like(np.array(labels["labels"], object), "another").tolist()
    model.metadata_props[0].value = json.dumps(told)
    with pytest.raises(LimpidError, match="differ from limpid's by inf"):
        self_test(model.SerializeToString())


def test_what_rounding_costs_the_network_itself_is_allowed(tmp_path: Path) -> None:
    model = MODELS["to_identity_single"]
    large = replace(model, parameters={**model.parameters, "W1": model.parameters["W1"] * np.float32(1e4)})
    subject = subject_of(large)
    assert subject.rounding > 1e-5
    (path,) = export(large, tmp_path / "m.onnx", to="onnx")
    assert self_test(path) <= 1
    told = json.loads(onnx.load(path).metadata_props[0].value)["expected"]["prediction"]
    wanted = np.maximum(np.abs(subject.numbers), large.target_scaling.scale) * 4 * subject.rounding
    assert np.array_equal(told["allowed"], wanted)


def test_other_files_have_no_rows_to_test_by(tmp_path: Path) -> None:
    (path,) = export(MODELS["relu_single"], tmp_path / "m.onnx", to="onnx")
    model = onnx.load(path)
    assert model.metadata_props[0].key == KEY
    del model.metadata_props[:]
    with pytest.raises(LimpidError, match="carries no rows of limpid's"):
        self_test(model.SerializeToString())


def test_what_is_no_onnx_is_refused() -> None:
    with pytest.raises(LimpidError, match="onnxruntime cannot read the ONNX file"):
        self_test(b"no onnx")


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = export(MODELS["relu_single"], tmp_path / "m.onnx", to="onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    export(MODELS["relu_single"], path, to="onnx")
    with pytest.raises(LimpidError, match="pip install onnxruntime"):
        self_test(path)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(LimpidError, match=r"pip install 'limpid\[onnx\]'"):
        export(MODELS["relu_single"], tmp_path / "other.onnx", to="onnx")
    assert [each.name for each in tmp_path.iterdir()] == ["m.onnx"]


def test_what_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LimpidError, match=r"a name that ends in \.onnx, got 'm\.pb'"):
        export(MODELS["relu_single"], tmp_path / "m.pb", to="onnx")
    model = replace(MODELS["best_of_single"], classes=np.array([b"a", b"b", b"c"], object))
    with pytest.raises(LimpidError, match="labels of ONNX are texts, whole numbers, numbers or truth values, got b'a'"):
        export(model, tmp_path / "m.onnx", to="onnx")
    model = replace(MODELS["best_of_single"], classes=np.array(["a", "b", "\ud800"]))
    with pytest.raises(LimpidError, match=r"the text '\\ud800' cannot be exported to ONNX: it is no valid Unicode"):
        export(model, tmp_path / "m.onnx", to="onnx")
    monkeypatch.setattr("limpid.exports.onnx.LARGEST_FILE", 1000)
    with pytest.raises(LimpidError, match="an ONNX file holds less than 2 GiB; 3,152 parameters are too many"):
        export(MODELS["relu_single"], tmp_path / "m.onnx", to="onnx")
    assert list(tmp_path.iterdir()) == []
